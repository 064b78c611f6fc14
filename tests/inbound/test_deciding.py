"""Officers decide what becomes of held emails; the worker carries it out, once and as decided."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from intake import jobs
from intake.errors import LostRace, Mistakes, NotFound
from intake.inbound.choices import Choice
from intake.inbound.deciding import Given, decide
from intake.inbound.dropping import drop_files
from intake.store.consultations import AddressKind, PublishedAddress
from intake.store.decisions import Decision
from intake.store.emails import EmailStatus, OutgoingStatus
from intake.store.reasons import Reason
from intake.store.responses import Addition, Nature
from tests.building import raw_email
from tests.databases import both_databases
from tests.inbound.decided import ADM, IEO, carried_out, decided, officer, seen
from tests.inbound.forwarded import NOTE, WORDS, inline
from tests.inbound.reconciled import named, reconcile
from tests.office import DURING, OPENS_AT, Office, open_office
from tests.people import ADAM, ASHA, BEN, CAROL, DAN, OLGA, REVIEW

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


def held_question(office: Office, number: int = 1, **given: Any) -> int:
    """Dan's email to Asha's own address waits; its id."""
    raw = raw_email(**{"sender": f"Dan Morris <{DAN}>", "to": ASHA, "message_id": f"<q{number}@x.example>", **given})
    office.receive(raw, mailbox="asha")
    office.cycle()
    email = office.emails()[-1]
    assert email.status is EmailStatus.held
    return email.id


def test_a_held_email_is_recorded_as_the_question_it_was_decided_to_be_and_acknowledged(office: Office) -> None:
    email_id = held_question(office)
    carried_out(office, email_id, Choice.question, consultation_id=IEO)
    [response] = office.responses()
    assert (response.reference, response.nature, response.email_id) == ("IEO-0001", Nature.question, email_id)
    assert (response.respondent_name, response.respondent_address) == ("Dan Morris", DAN)
    assert [sent.recipient for sent in office.sender.sent] == [DAN]
    assert office.outcomes() == [("recorded", None)]
    assert office.rows(Decision)[0].carried_out_at == office.now


def test_the_history_tells_the_decision_from_its_outcome(office: Office) -> None:
    email_id = held_question(office)
    carried_out(office, email_id, Choice.response, consultation_id=IEO)
    [decision] = office.rows(Decision)
    [entry] = office.history("decided")
    assert (entry.actor, entry.subject_id) == (f"user {decision.user_id}", email_id)
    assert entry.detail == {"decision": decision.id, "kind": "record", "nature": "response", "consultation_id": IEO}
    outcome = office.history("recorded")[0]
    assert (outcome.actor, outcome.detail) == ("worker", {"email": email_id, "decision": decision.id})


def test_no_acknowledgement_goes_where_the_officer_wants_none_and_the_history_says_why(office: Office) -> None:
    carried_out(office, held_question(office), Choice.response, consultation_id=IEO, is_acknowledged=False)
    assert office.outgoing() == []
    assert office.history("acknowledgement-suppressed")[0].detail["reason"] == "officer-declined"
    assert named(reconcile(office)) == []


def test_mail_that_may_be_automatic_is_recorded_but_never_answered(office: Office) -> None:
    office.receive(raw_email(sender=DAN, to=REVIEW, headers={"List-Id": "<governors.county.example>"}))
    office.cycle()
    carried_out(office, office.emails()[0].id, Choice.response, consultation_id=IEO)
    assert office.outcomes() == [("recorded", None)]
    assert office.outgoing() == []
    assert office.history("acknowledgement-suppressed")[0].detail["reason"] == "automatic-mail"


def test_an_acknowledgement_of_old_mail_still_waits_for_an_administrator(tmp_path: Path) -> None:
    with open_office(tmp_path, polled=False) as office:
        carried_out(office, held_question(office), Choice.response, consultation_id=IEO)
        assert [(row.status, row.reason) for row in office.outgoing()] == [(OutgoingStatus.held, "backlog")]


def test_an_email_joins_the_response_it_was_decided_to_belong_to(office: Office) -> None:
    office.receive(raw_email(sender=BEN, to=REVIEW, text="We agree.\n"))
    office.cycle()
    office.receive(
        raw_email(sender=CAROL, to=REVIEW, subject="For IEO-0001", text="One more.\n", message_id="<2@x.example>")
    )
    office.cycle()
    assert office.outcomes()[1] == ("held", "names-a-reference")
    carried_out(office, office.emails()[1].id, Choice.addition, reference="ieo-0001")
    [response] = office.responses()
    [addition] = office.rows(Addition)
    assert (addition.response_id, addition.own_words, response.added_words) == (response.id, "One more.", "One more.")
    assert [sent.recipient for sent in office.sender.sent] == [BEN, CAROL]


def test_what_was_to_join_a_response_withdrawn_meanwhile_is_held_again(office: Office) -> None:
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.cycle()
    email_id = held_question(office)
    decided(office, email_id, Choice.addition, reference="IEO-0001")
    with office.database.transaction() as session:
        response = session.merge(office.responses()[0])
        response.withdrawn_at = office.now
    jobs.record(office.this)
    assert office.outcomes()[1] == ("held", "answers-withdrawn")
    assert office.rows(Decision)[0].carried_out_at is not None


def test_a_forward_whose_writer_has_no_address_becomes_the_response_of_whom_the_officer_names(office: Office) -> None:
    office.receive(inline(sender="Ben Hughes"))
    office.cycle()
    assert office.outcomes() == [("held", "forwarded-by-officer")]
    came_at = datetime(2020, 2, 3, 9, 12, tzinfo=UTC)
    writer: dict[str, Any] = {"respondent_name": "Ben Hughes", "respondent_address": BEN, "received_at": came_at}
    carried_out(office, office.emails()[0].id, Choice.response, consultation_id=IEO, **writer)
    [response] = office.responses()
    assert (response.respondent_name, response.respondent_address, response.received_at) == ("Ben Hughes", BEN, came_at)
    assert (response.organisation, response.subject) == ("Heathfield Primary School", "Our view")
    assert (response.own_words, response.forwarded_note) == (WORDS, NOTE)
    assert office.history("acknowledgement-suppressed")[0].detail["reason"] == "forwarded-letter"
    [email] = office.emails()
    assert (email.sender_address, email.received_at) == (ASHA, DURING)
    assert named(reconcile(office)) == []


def test_a_forward_whose_receipt_nobody_knows_is_neither_late_nor_in_time(office: Office) -> None:
    office.receive(inline(headers={}))
    office.cycle()
    carried_out(office, office.emails()[0].id, Choice.response, consultation_id=IEO, respondent_address=BEN)
    assert office.responses()[0].received_at is None


def test_a_letter_is_not_said_to_have_come_before_there_was_anything_to_answer(office: Office) -> None:
    office.receive(inline(headers={}))
    office.cycle()
    writer: dict[str, Any] = {"respondent_address": BEN, "received_at": OPENS_AT - timedelta(days=300)}
    with pytest.raises(Mistakes) as raised:
        decided(office, office.emails()[0].id, Choice.response, consultation_id=IEO, **writer)
    assert "opened only at 9am on Thursday 9 January 2020" in raised.value.by_field["received_at"]
    assert office.outcomes() == [("held", "unproven-officer")]


def test_the_unknown_receipt_of_a_dropped_email_can_be_told(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "one.eml"
    path.write_bytes(raw_email(sender=DAN, to="old.address@county.example"))
    drop_files([path], office.database, office.files, now=office.now, actor="Asha")
    jobs.record(office.this)
    came_at = DURING - timedelta(days=9)
    carried_out(office, office.emails()[0].id, Choice.response, ADAM, consultation_id=IEO, received_at=came_at)
    assert office.responses()[0].received_at == came_at


def test_an_email_without_a_sender_needs_a_respondent(office: Office) -> None:
    office.receive(raw_email(sender="undisclosed", to=REVIEW))
    office.cycle()
    email_id = office.emails()[0].id
    with pytest.raises(Mistakes) as raised:
        decided(office, email_id, Choice.response, consultation_id=IEO)
    assert list(raised.value.by_field) == ["respondent_name"]
    carried_out(office, email_id, Choice.response, consultation_id=IEO, respondent_name="A parent")
    [response] = office.responses()
    assert (response.respondent_name, response.respondent_address) == ("A parent", None)
    assert office.history("acknowledgement-suppressed")[0].detail["reason"] == "no-usable-address"


def test_a_copy_of_what_was_taken_in_is_not_recorded_twice_whatever_was_decided(office: Office) -> None:
    email_id = held_question(office)
    decided(office, email_id, Choice.response, consultation_id=IEO)
    # The same letter arrives at the consultation's own address, and the worker takes it first.
    office.receive(
        b"Received: from mx by review\r\n"
        + raw_email(sender=f"Dan Morris <{DAN}>", to=REVIEW, message_id="<q1@x.example>")
    )
    jobs.collect(office.this, "review")
    jobs.record(office.this)
    assert sorted(office.outcomes()) == [("ignored", "duplicate"), ("recorded", None)]
    assert len(office.responses()) == 1


def test_ignoring_takes_effect_at_once_and_can_be_taken_back(office: Office) -> None:
    email_id = held_question(office)
    decided(office, email_id, Choice.ignore, reason=Reason.private)
    assert office.outcomes() == [("ignored", "private")]
    assert office.rows(Decision)[0].carried_out_at == office.now
    carried_out(office, email_id, Choice.response, consultation_id=IEO)
    assert office.outcomes() == [("recorded", None)]


def test_judging_again_finds_an_address_that_was_published_meanwhile(office: Office) -> None:
    office.receive(raw_email(sender=DAN, to="schools@county.example"))
    office.cycle()
    assert office.outcomes() == [("held", "unknown-address")]
    with office.database.transaction() as session:
        session.add(PublishedAddress(consultation_id=ADM, address="schools@county.example", kind=AddressKind.dedicated))
    carried_out(office, office.emails()[0].id, Choice.again, ADAM)
    assert [response.reference for response in office.responses()] == ["ADM-0001"]
    assert office.rows(Decision)[0].carried_out_at is not None


def test_of_two_officers_the_second_is_told_what_the_first_decided(office: Office) -> None:
    email_id = held_question(office)
    shown, adam = seen(office, email_id), officer(office, ADAM)
    decided(office, email_id, Choice.question, consultation_id=IEO)
    office.now += timedelta(minutes=1)
    given = Given(choice=Choice.ignore, reason=Reason.spam)
    with pytest.raises(LostRace) as raised, office.database.transaction() as session:
        decide(session, email_id, given, seen=shown, access=adam, now=office.now)
    expected = "Asha Rahman decided this a minute ago: record it as a question to Improving education outcomes."
    assert str(raised.value) == expected
    assert len(office.rows(Decision)) == 1


def test_an_officer_whom_the_worker_overtook_looks_again(office: Office) -> None:
    email_id = held_question(office)
    shown, asha = seen(office, email_id), officer(office)
    # Its copy is recorded, so that it waits for nothing.
    office.receive(raw_email(sender=f"Dan Morris <{DAN}>", to=REVIEW, message_id="<q1@x.example>"))
    office.cycle()
    assert office.outcomes()[0] == ("ignored", "duplicate")
    with pytest.raises(LostRace, match="meanwhile"), office.database.transaction() as session:
        decide(
            session,
            email_id,
            Given(choice=Choice.response, consultation_id=IEO),
            seen=shown,
            access=asha,
            now=office.now,
        )


def test_another_consultations_officer_cannot_find_the_email(office: Office) -> None:
    email_id = held_question(office)
    with pytest.raises(NotFound):
        decided(office, email_id, Choice.ignore, OLGA, reason=Reason.spam)


def test_an_officer_cannot_record_to_a_consultation_not_given_to_them(office: Office) -> None:
    email_id = held_question(office)
    with pytest.raises(Mistakes):
        decided(office, email_id, Choice.response, consultation_id=ADM)


@pytest.mark.parametrize(
    ("choice", "given", "field"),
    [
        (Choice.fetch, {}, "choice"),
        (Choice.response, {}, "consultation_id"),
        (Choice.addition, {}, "reference"),
        (Choice.addition, {"reference": "IEO-9999"}, "reference"),
        (Choice.ignore, {}, "reason"),
        (Choice.ignore, {"reason": Reason.bounce}, "reason"),
        (Choice.ignore, {"reason": Reason.other_reason}, "words"),
    ],
)
def test_a_decision_that_lacks_something_is_not_written(
    office: Office, choice: Choice, given: dict[str, Any], field: str
) -> None:
    email_id = held_question(office)
    with pytest.raises(Mistakes) as raised:
        decided(office, email_id, choice, **given)
    assert list(raised.value.by_field) == [field]
    assert (office.outcomes(), office.rows(Decision)) == ([("held", "possible-question")], [])
