"""What officers do with outgoing mail: what went stays as it went, and nothing goes twice."""

import email
from collections.abc import Iterator
from pathlib import Path

import pytest

from intake import jobs
from intake.errors import NotPossible
from intake.outbound.correcting import (
    cancel,
    lock_outgoing,
    may_cancel,
    may_release,
    may_send_again,
    mistake_in,
    release_one,
    send_again,
    sent_again,
)
from intake.responses.handling_moves import move_to
from intake.store.consultations import consultation_by_slug
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.reasons import Reason
from intake.store.responses import Response
from intake.store.transitions import move_outgoing
from intake.store.users import Role, User
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import DURING, MAIL_DOMAIN, Office, open_office
from tests.people import ASHA, BEN, REVIEW

pytestmark = both_databases
RIGHT = "ben.hughes@heathfield-school.example"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Ben's acknowledgement is queued."""
    with open_office(tmp_path) as opened:
        opened.receive(raw_email(sender=f"Ben Hughes <{BEN}>", to=REVIEW, message_id="<letter@heathfield.example>"))
        opened.collect()
        jobs.record(opened.this)
        yield opened


@pytest.fixture
def asha(office: Office) -> User:
    with office.database.transaction() as session:
        user = User(address=ASHA, name="Asha Rahman", role=Role.officer, created_at=DURING)
        session.add(user)
    return user


def fail(office: Office) -> None:
    office.sender.refuses = {BEN}
    jobs.send(office.this)


def bounce(office: Office) -> None:
    jobs.send(office.this)
    with office.database.transaction() as session:
        move_outgoing(session, lock_outgoing(session, 1), OutgoingStatus.bounced, now=DURING, reason=Reason.bounce)


def again(office: Office, asha: User, address: str) -> OutgoingEmail:
    with office.database.transaction() as session:
        return send_again(
            session, lock_outgoing(session, 1), address, message_id_domain=MAIL_DOMAIN, user=asha, now=office.now
        )


def statuses(office: Office) -> list[tuple[str, str | None]]:
    return [(row.status.value, row.reason) for row in office.outgoing()]


def test_a_queued_email_is_cancelled_and_never_sent(office: Office, asha: User) -> None:
    with office.database.transaction() as session:
        cancel(session, lock_outgoing(session, 1), user=asha, now=DURING)
    jobs.send(office.this)
    assert office.sender.sent == []
    assert [entry.actor for entry in office.history("cancelled")] == [asha.actor]


def test_what_has_gone_cannot_be_cancelled(office: Office, asha: User) -> None:
    jobs.send(office.this)
    assert not may_cancel(office.outgoing()[0])
    with pytest.raises(NotPossible), office.database.transaction() as session:
        cancel(session, lock_outgoing(session, 1), user=asha, now=DURING)
    assert statuses(office) == [("sent", None)]


def test_what_came_back_goes_again_as_a_new_email_to_the_corrected_address(office: Office, asha: User) -> None:
    bounce(office)
    new = again(office, asha, RIGHT)
    jobs.send(office.this)
    assert statuses(office) == [("bounced", "bounce"), ("sent", None)]
    message = email.message_from_bytes(office.sender.sent[-1].raw)
    assert office.sender.sent[-1].recipient == RIGHT
    assert message["Message-ID"] == new.message_id != office.outgoing()[0].message_id
    assert message["In-Reply-To"] == "<letter@heathfield.example>"
    assert message["Auto-Submitted"] == "auto-replied"
    assert office.outgoing()[-1].response_id == 1


def test_what_failed_is_cancelled_when_it_goes_to_another_address(office: Office, asha: User) -> None:
    fail(office)
    again(office, asha, RIGHT)
    assert statuses(office) == [("cancelled", "corrected"), ("queued", None)]


def test_what_failed_goes_again_to_the_same_address_as_the_same_email(office: Office, asha: User) -> None:
    fail(office)
    message_id = office.outgoing()[0].message_id
    office.sender.refuses = set()
    assert again(office, asha, BEN).id == 1
    jobs.send(office.this)
    assert statuses(office) == [("sent", None)]
    assert email.message_from_bytes(office.sender.sent[-1].raw)["Message-ID"] == message_id


@pytest.mark.parametrize("address", [BEN, RIGHT])
def test_what_goes_again_speaks_of_the_consultation_its_response_is_in_now(
    office: Office, asha: User, address: str
) -> None:
    fail(office)
    with office.database.transaction() as session:
        response, admissions = session.get_one(Response, 1), consultation_by_slug(session, "school-admissions")
        move_to(session, [response], admissions, user=asha, now=DURING)
        title = admissions.title
    office.sender.refuses = set()
    again(office, asha, address)
    jobs.send(office.this)
    said = email.message_from_bytes(office.sender.sent[-1].raw)
    assert title in str(said["Subject"])
    assert "ADM-0001" in str(said["Subject"])
    assert office.outgoing()[-1].consultation_id == admissions.id


def test_a_form_sent_twice_queues_one_email(office: Office, asha: User) -> None:
    bounce(office)
    first, second = again(office, asha, RIGHT), again(office, asha, "other@heathfield.example")
    assert first.id == second.id
    assert len(office.outgoing()) == 2
    with office.database.reading() as session:
        old = session.get_one(OutgoingEmail, 1)
        assert not may_send_again(session, old)
        assert (found := sent_again(session, old)) is not None
        assert found.id == first.id


def test_only_what_failed_or_came_back_is_sent_again(office: Office, asha: User) -> None:
    with pytest.raises(NotPossible):
        again(office, asha, RIGHT)
    jobs.send(office.this)
    with pytest.raises(NotPossible):
        again(office, asha, RIGHT)


@pytest.mark.parametrize(
    "address", ["", "ben", "ben@heathfield", "ben@x.example, carol@x.example", "b" * 320 + "@x.example"]
)
def test_an_address_nobody_can_have_is_refused(office: Office, asha: User, address: str) -> None:
    fail(office)
    assert mistake_in(address)
    with pytest.raises(NotPossible):
        again(office, asha, address)
    assert statuses(office) == [("failed", "mail-server-refused")]


def test_only_an_email_held_for_its_template_is_released_alone(office: Office, asha: User) -> None:
    for reason, is_possible in ((Reason.backlog, False), (Reason.template_error, True)):
        with office.database.transaction() as session:
            row = lock_outgoing(session, 1)
            if row.status is OutgoingStatus.queued:
                move_outgoing(session, row, OutgoingStatus.held, now=DURING, reason=reason)
            row.reason = reason
            assert may_release(row) is is_possible
    with office.database.transaction() as session:
        release_one(session, lock_outgoing(session, 1), user=asha, now=DURING)
    jobs.send(office.this)
    assert statuses(office) == [("sent", None)]
    with pytest.raises(NotPossible), office.database.transaction() as session:
        release_one(session, lock_outgoing(session, 1), user=asha, now=DURING)
