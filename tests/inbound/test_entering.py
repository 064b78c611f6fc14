"""What comes by any way but email is a response like any other: reference, answers, files, acknowledgement, history."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from intake import jobs
from intake.inbound.entering import Entry, GivenAnswer, StoredFile, add_to, enter
from intake.outbound.acknowledging import AcknowledgementRules
from intake.store.consultations import Consultation
from intake.store.history import history_of
from intake.store.responses import Addition, Answer, Attachment, Channel, Response, ResponseStatus
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import DURING, MAIL_DOMAIN, Office, open_office
from tests.people import BEN, DAN, REVIEW

pytestmark = both_databases

RULES = AcknowledgementRules(5, MAIL_DOMAIN, frozenset({REVIEW}))
ENTRY = Entry(
    Channel.online,
    DURING,
    name="Dan Price",
    address=DAN.upper(),
    answers=(
        GivenAnswer("Do you agree?", "Only with the second.", ("Yes", "In part")),
        GivenAnswer("Anything else?"),
    ),
    files=(StoredFile("plan.pdf", "application/pdf", 12, "a" * 64),),
)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


def entered(office: Office, *entries: Entry, rules: AcknowledgementRules | None = RULES) -> list[Response]:
    with office.database.transaction() as session:
        consultation = session.exec(select(Consultation).where(Consultation.reference_prefix == "IEO")).one()
        return enter(session, consultation, entries, now=DURING, actor="respondent", rules=rules)


def test_entered_response_holds_questions_answers_and_files_as_they_were_given(office: Office) -> None:
    [row] = entered(office, ENTRY)
    assert (row.reference, row.channel, row.respondent_address) == ("IEO-0001", Channel.online, DAN)
    assert row.text == "Do you agree?\nYes, In part\nOnly with the second."
    assert row.own_words == "Yes, In part\nOnly with the second."
    assert [(one.question, one.chosen) for one in office.rows(Answer)] == [
        ("Do you agree?", ["Yes", "In part"]),
        ("Anything else?", []),
    ]
    assert [one.filename for one in office.rows(Attachment)] == ["plan.pdf"]
    with office.database.reading() as session:
        [entry] = history_of(session, row)
    assert (entry.actor, entry.action, entry.detail) == ("respondent", "recorded", {"channel": "online"})


def test_references_go_on_where_emails_left_off(office: Office) -> None:
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.cycle()
    assert [row.reference for row in entered(office, ENTRY, ENTRY)] == ["IEO-0002", "IEO-0003"]


def test_acknowledgement_goes_to_the_given_address_once_and_names_the_files(office: Office) -> None:
    entered(office, ENTRY)
    jobs.send(office.this)
    jobs.send(office.this)
    [sent] = office.outgoing()
    assert len(office.sender.sent) == 1
    assert sent.recipient_address == DAN
    assert "IEO-0001" in (sent.text or "")
    assert "plan.pdf" in (sent.text or "")


def test_nobody_is_written_to_without_an_address_or_where_none_is_wanted(office: Office) -> None:
    entered(office, replace(ENTRY, address=None))
    entered(office, ENTRY, rules=None)
    jobs.send(office.this)
    assert office.sender.sent == []


def test_a_consultees_address_makes_it_theirs(office: Office) -> None:
    [row] = entered(office, replace(ENTRY, address=BEN))
    assert row.consultee_id is not None
    assert row.organisation
    assert row.stakeholder_group


def test_what_is_added_waits_for_an_officer_again_and_is_acknowledged_as_an_addition(office: Office) -> None:
    [row] = entered(office, ENTRY)
    jobs.send(office.this)
    with office.database.transaction() as session:
        row = session.get_one(Response, row.id)
        row.status = ResponseStatus.considered
        session.flush()
        add_to(session, row, "One thing more.", now=DURING, actor="respondent", rules=RULES)
    jobs.send(office.this)
    [row] = office.rows(Response)
    assert (row.status, row.added_words) == (ResponseStatus.unread, "One thing more.")
    [addition] = office.rows(Addition)
    assert (addition.channel, addition.email_id) == (Channel.online, None)
    assert "Added to your response" in (office.outgoing()[-1].subject or "")
