"""Responses in the wrong place: moved to another consultation and back, and put back among what is held."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intake import jobs
from intake.errors import LostRace, NotPossible
from intake.responses.handling import assign
from intake.responses.handling_moves import move_to, put_back
from intake.responses.handling_standing import restore
from intake.store.emails import EmailStatus, InboundEmail
from intake.store.reasons import Reason
from intake.store.responses import Addition, FormerReference, LetterDigest, Response
from intake.store.transitions import move_email
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import DURING, open_office
from tests.people import ADMISSIONS, BEN, DAN, REVIEW
from tests.responses.officers import Officers, open_officers

pytestmark = both_databases


@pytest.fixture
def officers(tmp_path: Path) -> Iterator[Officers]:
    with open_officers(tmp_path) as opened:
        opened.receive(f"Ben Hughes <{BEN}>", text="The catchment areas should change.\n")
        yield opened


def move(officers: Officers, reference: str, prefix: str) -> int:
    with officers.work() as session:
        target = officers.consultation(prefix)
        return move_to(session, [officers.response(reference)], target, user=officers.adam, now=DURING)


def put(officers: Officers, reference: str = "IEO-0001") -> None:
    with officers.work() as session:
        put_back(session, officers.response(reference), "Not a response.", user=officers.asha, now=DURING)


def write(officers: Officers, sender: str, **email: str) -> None:
    given = {"to": REVIEW, "message_id": "<later@x.example>", "text": "And one more thing.\n"}
    officers.office.receive(raw_email(sender=sender, **{**given, **email}))  # type: ignore[arg-type]
    officers.office.cycle()


def test_a_moved_response_gets_a_reference_of_its_new_consultation(officers: Officers) -> None:
    assert move(officers, "IEO-0001", "ADM") == 1
    row = officers.response("ADM-0001")
    assert row.consultation_id == officers.consultation("ADM").id
    assert [former.reference for former in officers.office.rows(FormerReference)] == ["IEO-0001"]
    [entry] = officers.office.history("moved")
    assert (entry.detail["before"], entry.detail["after"]) == ("IEO-0001", "ADM-0001")


def test_a_response_moved_back_has_the_reference_its_respondent_knows(officers: Officers) -> None:
    move(officers, "IEO-0001", "ADM")
    move(officers, "ADM-0001", "IEO")
    assert officers.response("IEO-0001").consultation_id == officers.consultation("IEO").id
    assert [former.reference for former in officers.office.rows(FormerReference)] == ["ADM-0001"]
    officers.receive(DAN)
    assert [row.reference for row in officers.office.responses()] == ["IEO-0001", "IEO-0002"]


def test_what_belonged_to_the_old_consultation_does_not_go_along(officers: Officers) -> None:
    with officers.work() as session:
        assign(session, [officers.response()], officers.asha, user=officers.adam, now=DURING)
    move(officers, "IEO-0001", "ADM")
    row = officers.response("ADM-0001")
    assert (row.consultee_id, row.stakeholder_group, row.officer_id) == (None, None, None)
    assert row.organisation == "Heathfield Primary School"
    move(officers, "ADM-0001", "IEO")
    row = officers.response("IEO-0001")
    assert (row.consultee_id, row.stakeholder_group) == (1, "school")


def test_an_email_that_names_the_old_reference_joins_the_moved_response(officers: Officers) -> None:
    move(officers, "IEO-0001", "ADM")
    passed = {"Authentication-Results": "mx.county.example; dmarc=pass header.from=heathfield.example"}
    officers.office.receive(
        raw_email(sender=BEN, to=REVIEW, subject="About IEO-0001", message_id="<later@x.example>", headers=passed)
    )
    officers.office.cycle()
    [addition] = officers.office.rows(Addition)
    assert addition.response_id == officers.response("ADM-0001").id


def test_a_copy_of_a_moved_letter_is_a_duplicate_where_it_is_now(officers: Officers) -> None:
    move(officers, "IEO-0001", "ADM")
    [digest] = officers.office.rows(LetterDigest)
    assert digest.consultation_id == officers.consultation("ADM").id
    copy = raw_email(
        sender=f"Ben Hughes <{BEN}>",
        to=ADMISSIONS,
        message_id="<letter-1@x.example>",
        text="The catchment areas should change.\n",
    )
    officers.office.receive(copy, mailbox="admissions")
    officers.office.cycle()
    assert officers.office.outcomes()[-1] == ("ignored", "duplicate")


def test_a_letter_that_is_in_the_other_consultation_already_is_not_moved_there(officers: Officers) -> None:
    officers.receive(DAN, to=f"{REVIEW}, {ADMISSIONS}")
    with pytest.raises(NotPossible, match=r"“School admissions” already, as ADM-0001"):
        move(officers, "IEO-0002", "ADM")
    assert officers.response("IEO-0002").consultation_id == officers.consultation("IEO").id


def test_an_acknowledgement_that_waits_speaks_of_the_new_consultation(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        officers = Officers(office)
        office.receive(raw_email(sender=BEN, to=REVIEW))
        office.collect()
        jobs.record(office.this)
        move(officers, "IEO-0001", "ADM")
        jobs.send(office.this)
        [outgoing] = office.outgoing()
        assert "ADM-0001" in (outgoing.text or "")
        assert "School admissions" in (outgoing.text or "")


def test_a_response_put_back_is_held_again_and_withdrawn(officers: Officers) -> None:
    put(officers)
    assert officers.office.outcomes() == [("held", "put-back")]
    assert officers.office.emails()[0].consultation_id == officers.consultation("IEO").id
    assert officers.response().withdrawn_at == DURING
    assert officers.done() == [(officers.asha.actor, "put-back")]


def test_its_email_can_be_recorded_again_under_a_new_reference(officers: Officers) -> None:
    put(officers)
    with officers.work() as session:
        move_email(session, session.get_one(InboundEmail, 1), EmailStatus.received, now=DURING, attempts=0)
    officers.office.cycle()
    assert [(row.reference, row.withdrawn_at is None) for row in officers.office.responses()] == [
        ("IEO-0001", False),
        ("IEO-0002", True),
    ]


def test_what_was_put_back_is_not_restored_beside_its_email(officers: Officers) -> None:
    put(officers)
    with pytest.raises(NotPossible, match="put back"), officers.work() as session:
        restore(session, [officers.response()], user=officers.asha, now=DURING)


def test_its_additions_are_put_back_with_it(officers: Officers) -> None:
    acknowledgement = officers.office.outgoing()[0].message_id
    officers.office.receive(
        raw_email(sender=BEN, to=REVIEW, message_id="<later@x.example>", headers={"In-Reply-To": acknowledgement})
    )
    officers.office.cycle()
    assert len(officers.office.rows(Addition)) == 1
    put(officers)
    assert officers.office.outcomes() == [("held", "put-back")] * 2
    assert officers.office.rows(LetterDigest) == []


def test_an_acknowledgement_that_has_not_gone_is_cancelled(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        officers = Officers(office)
        office.receive(raw_email(sender=BEN, to=REVIEW))
        office.collect()
        jobs.record(office.this)
        put(officers)
        jobs.send(office.this)
        [outgoing] = office.outgoing()
        assert (outgoing.status.value, outgoing.reason) == ("cancelled", Reason.response_put_back)
        assert office.sender.sent == []


def test_an_email_that_stands_in_two_consultations_is_not_put_back_from_one(officers: Officers) -> None:
    officers.receive(DAN, to=f"{REVIEW}, {ADMISSIONS}")
    with pytest.raises(NotPossible, match="another place"):
        put(officers, "IEO-0002")
    assert officers.office.outcomes() == [("recorded", None)] * 2


def test_what_is_put_back_already_is_not_put_back_again(officers: Officers) -> None:
    put(officers)
    with pytest.raises(NotPossible):
        put(officers)


def test_of_two_who_put_it_back_at_once_one_is_told(officers: Officers) -> None:
    seen = officers.response()
    move(officers, "IEO-0001", "ADM")
    with pytest.raises(LostRace), officers.work() as session:
        put_back(session, seen, "Not a response.", user=officers.asha, now=DURING, version=seen.version)
    assert officers.office.outcomes() == [("recorded", None)]
    assert [row.withdrawn_at for row in officers.office.rows(Response)] == [None]
