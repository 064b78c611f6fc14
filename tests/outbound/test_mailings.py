"""A mailing: queued whole and once, paused, gone on with, cancelled; and what its emails carry."""

import email
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from intake import jobs
from intake.errors import NotPossible
from intake.outbound.correcting import lock_outgoing, send_again
from intake.outbound.mailings import (
    Progress,
    cancel,
    mailings_of,
    once_key,
    pause,
    progress,
    resume,
    start_mailing,
)
from intake.outbound.recipients import Recipient, to_invite
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.mailings import Mailing
from intake.store.people import ConsulteeAddress, DeadAddress
from intake.store.reasons import Reason
from intake.store.transitions import move_outgoing
from tests.databases import both_databases
from tests.office import DURING, MAIL_DOMAIN, Office, open_office
from tests.outbound.mailed import asha, review
from tests.outbound.ruled import (
    DUE_AT,
    add_consultee,
    add_rule,
    add_user,
    answer,
    at,
    change_review,
    mailings,
    outcomes,
    remind,
    reminders,
)
from tests.people import ADAM, ASHA, BEN, CAROL, DAN

SECURE = {"web": {"base_url": "https://consultations.county.example"}}


@pytest.fixture
def office(tmp_path: Path, database_kind: str) -> Iterator[Office]:
    with open_office(tmp_path, settings=SECURE) as opened:
        yield opened


def invite(office: Office) -> int:
    """Invitations go to all who were not sent one."""
    user, consultation = asha(office), review(office)
    mailing = Mailing(
        consultation_id=consultation.id,
        kind="invitation",
        due_at=office.now,
        created_at=office.now,
        user_id=user.id,
    )
    with office.database.transaction() as session:
        goes = [one.recipient for one in to_invite(session, consultation, now=office.now) if one.goes]
        return start_mailing(session, mailing, goes, message_id_domain=MAIL_DOMAIN, now=office.now, actor=user.actor)


def act(office: Office, what: Callable[..., object], mailing_id: int = 1) -> None:
    user = asha(office)
    with office.database.transaction() as session:
        what(session, session.get_one(Mailing, mailing_id), user=user, now=office.now)


def progress_now(office: Office) -> Progress:
    with office.database.reading() as session:
        return progress(session, session.get_one(Mailing, 1))


def headers(office: Office) -> list[email.message.Message]:
    return [email.message_from_bytes(one.raw) for one in office.sender.sent]


@both_databases
def test_invitations_are_queued_once_for_each_contact(office: Office) -> None:
    assert invite(office) == 2
    assert invite(office) == 0
    assert [row.once_key for row in office.outgoing()] == [f"invitation:1:{BEN}", f"invitation:1:{CAROL}"]
    assert {(row.priority, row.consultee_id) for row in office.outgoing()} == {(2, 1), (2, 2)}
    assert mailings(office)[0].expires_at == at("2020-02-29 00:00")
    assert [entry.detail["number"] for entry in office.history("queued") if entry.subject_kind == "mailing"] == [2, 0]


@both_databases
def test_whose_invitation_was_cancelled_can_be_invited_again(office: Office) -> None:
    invite(office)
    act(office, cancel)
    assert set(outcomes(office).values()) == {("cancelled", "mailing-cancelled")}
    assert invite(office) == 2
    assert [row.once_key for row in office.outgoing()][:2] == ["given-up:1", "given-up:2"]


@both_databases
def test_a_paused_mailing_waits_while_other_mail_goes_and_goes_on_when_it_may(office: Office) -> None:
    invite(office)
    act(office, pause)
    act(office, pause)
    answer(office, DAN)
    jobs.send(office.this)
    assert [one.recipient for one in office.sender.sent] == [DAN]
    act(office, resume)
    jobs.send(office.this)
    assert progress_now(office) == Progress(sent=2)
    assert [entry.action for entry in office.history("paused") + office.history("resumed")] == ["paused", "resumed"]


def test_progress_tells_where_each_email_is(office: Office) -> None:
    add_consultee(office, "Ashford School", "head@ashford.example")
    invite(office)
    office.sender.refuses = {CAROL}
    office.sender.postpones = 1
    jobs.send(office.this)
    found = progress_now(office)
    assert found == Progress(waiting=1, sent=1, failed=1)
    assert (found.total, found.done, found.left) == (3, 2, 1)
    with office.database.reading() as session:
        assert [(row.kind, one) for row, one in mailings_of(session, review(office))] == [("invitation", found)]


def test_what_was_sent_stays_sent_when_the_rest_is_cancelled(office: Office) -> None:
    invite(office)
    office.sender.postpones = 1
    jobs.send(office.this)
    act(office, cancel)
    assert progress_now(office) == Progress(sent=1, cancelled=1)
    office.now += timedelta(hours=1)
    jobs.send(office.this)
    assert len(office.sender.sent) == 1


def test_a_mailing_of_which_nothing_waits_cannot_be_paused_or_cancelled(office: Office) -> None:
    invite(office)
    jobs.send(office.this)
    for what in (pause, cancel):
        with pytest.raises(NotPossible, match="Nothing of this mailing waits"):
            act(office, what)


def test_a_cancelled_mailing_cannot_go_on(office: Office) -> None:
    invite(office)
    act(office, cancel)
    act(office, cancel)
    with pytest.raises(NotPossible, match="was cancelled"):
        act(office, resume)


def test_what_a_worker_was_sending_when_the_mailing_was_cancelled_does_not_go_again(office: Office) -> None:
    invite(office)
    with office.database.transaction() as session:
        row = session.get_one(OutgoingEmail, 1)
        values: dict[str, Any] = {"claimed_until": office.now, "written_at": office.now, "attempts": 1}
        move_outgoing(session, row, OutgoingStatus.sending, now=office.now, **values)
    act(office, cancel)
    office.now += timedelta(minutes=1)
    jobs.send(office.this)
    assert set(outcomes(office).values()) == {("cancelled", "mailing-cancelled")}


@pytest.mark.parametrize("kind", ["invitation", "reminder", "officer-reminder", "digest", "acknowledgement"])
def test_only_mail_to_consultees_and_respondents_carries_the_way_out(office: Office, kind: str) -> None:
    add_user(office, ADAM)
    change_review(office, outcome_url="https://county.example/final")
    answer(office, DAN)
    jobs.send(office.this)
    invite(office)
    for audience in ("unanswered", "officers-waiting", "officers-digest"):
        add_rule(office, audience=audience)
    remind(office, DUE_AT)
    for name in office.this.settings.mailboxes:
        jobs.collect(office.this, name)
    jobs.send(office.this)
    tokens = {row.message_id: row.opt_out_token for row in office.outgoing()}
    found = [one for one in headers(office) if f"<intake.{kind}." in one["Message-ID"]]
    assert found
    for one in found:
        url = f"<https://consultations.county.example/stop/{tokens[one['Message-ID']]}>"
        asked = (url, "List-Unsubscribe=One-Click") if kind in ("invitation", "reminder") else (None, None)
        assert (one["List-Unsubscribe"], one["List-Unsubscribe-Post"]) == asked
        assert one["Auto-Submitted"] == ("auto-replied" if kind == "acknowledgement" else "auto-generated")


def test_where_the_pages_have_no_https_address_no_one_click_is_offered(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        invite(office)
        jobs.send(office.this)
        assert [one["List-Unsubscribe"] for one in headers(office)] == [None, None]
        assert "/stop/" in (office.outgoing()[0].text or "")


def test_each_email_has_a_token_of_its_own(office: Office) -> None:
    invite(office)
    tokens = {row.opt_out_token or "" for row in office.outgoing()}
    assert len(tokens) == 2
    assert all(re.fullmatch(r"[\w-]{32}", token) for token in tokens)


def test_a_long_address_has_a_key_that_fits() -> None:
    mailing = Mailing(consultation_id=1, kind="invitation", due_at=DURING, created_at=DURING)
    keys = {once_key(mailing, Recipient(f"{letter * 64}@{'d' * 60}.example")) for letter in "ab"}
    assert len(keys) == 2
    assert {len(key) for key in keys} == {53}


def send_one_again(office: Office, address: str) -> OutgoingEmail:
    user = asha(office)
    with office.database.transaction() as session:
        row = lock_outgoing(session, 1)
        return send_again(session, row, address, message_id_domain=MAIL_DOMAIN, user=user, now=office.now)


def bounce(office: Office) -> None:
    with office.database.transaction() as session:
        row = session.get_one(OutgoingEmail, 1)
        move_outgoing(session, row, OutgoingStatus.bounced, now=office.now, reason=Reason.bounce)


@both_databases
def test_one_that_came_back_goes_to_the_corrected_address_and_corrects_the_contact(office: Office) -> None:
    invite(office)
    jobs.send(office.this)
    bounce(office)
    again = send_one_again(office, "benjamin@heathfield.example")
    jobs.send(office.this)
    assert outcomes(office)["benjamin@heathfield.example"] == ("sent", None)
    assert again.mailing_id == 1
    assert again.opt_out_token not in (None, office.outgoing()[0].opt_out_token)
    assert [row.address for row in office.rows(ConsulteeAddress)] == ["benjamin@heathfield.example", CAROL]
    assert [entry.actor for entry in office.history("contact-changed")] == ["user 1"]
    assert invite(office) == 0


def test_a_contact_that_has_the_corrected_address_already_takes_the_others_place(office: Office) -> None:
    with office.database.transaction() as session:
        session.add(ConsulteeAddress(consultee_id=1, address=DAN, is_mailed=False))
    invite(office)
    jobs.send(office.this)
    bounce(office)
    send_one_again(office, DAN)
    found = {row.address: row.is_mailed for row in office.rows(ConsulteeAddress)}
    assert found == {BEN: False, CAROL: True, DAN: True}


@pytest.fixture
def bounced(office: Office) -> Office:
    """Reminders went, and Ben's came back."""
    add_rule(office)
    remind(office, DUE_AT)
    for name in office.this.settings.mailboxes:
        jobs.collect(office.this, name)
    jobs.send(office.this)
    bounce(office)
    return office


def test_a_reminder_that_goes_again_takes_the_day_of_its_new_address(bounced: Office) -> None:
    with pytest.raises(NotPossible, match="nobody gets two"):
        send_one_again(bounced, CAROL)
    send_one_again(bounced, DAN)
    assert [row.day_key for row in reminders(bounced)][-1] == f"2020-02-14 {DAN}"


def test_a_reminder_whose_day_is_over_is_not_sent_again(bounced: Office) -> None:
    bounced.now = at("2020-02-15 09:00")
    with pytest.raises(NotPossible, match="too late"):
        send_one_again(bounced, DAN)
    assert len(reminders(bounced)) == 2


def test_an_officers_address_is_not_corrected_here(office: Office) -> None:
    add_user(office, ASHA)
    add_rule(office, audience="officers-digest")
    remind(office, DUE_AT)
    jobs.send(office.this)
    bounce(office)
    with pytest.raises(NotPossible, match="page of users"):
        send_one_again(office, DAN)


def test_an_address_that_our_own_server_does_not_know_is_dead(office: Office) -> None:
    invite(office)
    office.sender.unknown = {BEN}
    jobs.send(office.this)
    assert outcomes(office) == {BEN: ("failed", "mail-server-refused"), CAROL: ("sent", None)}
    assert [row.address for row in office.rows(DeadAddress)] == [BEN]
