"""Recording in batches: what is written together stays as separate as if each email had come alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from intake import jobs
from intake.store.emails import EmailStatus, InboundEmail
from intake.store.transitions import move_email
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import DURING, Office, open_office
from tests.people import ASHA, DAN, REVIEW

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


def test_references_follow_the_order_of_arrival(office: Office) -> None:
    for number in range(20):
        office.receive(letter(number))
    office.cycle()
    assert [response.reference for response in office.responses()] == [f"IEO-{n:04}" for n in range(1, 21)]
    assert [response.email_id for response in office.responses()] == [email.id for email in office.emails()]


def test_of_many_copies_in_one_batch_the_first_is_recorded(office: Office) -> None:
    for number in range(6):
        office.receive(f"Received: from mx{number}.county.example\r\n".encode() + letter(0))
    office.receive(letter(1))
    office.cycle()
    first = office.emails()[0].id
    assert office.outcomes() == [("recorded", None), *[("ignored", "duplicate")] * 5, ("recorded", None)]
    assert {email.duplicate_of_id for email in office.emails()} == {None, first}


def test_two_different_letters_in_a_batch_under_one_message_id_are_possible_duplicates(office: Office) -> None:
    for text in ("We agree.\n", "We disagree.\n", "We do not know.\n"):
        office.receive(raw_email(sender=DAN, to=REVIEW, text=text))
    office.cycle()
    first = office.responses()[0].id
    assert [response.possible_duplicate_of_id for response in office.responses()] == [None, first, first]


def test_what_somebody_decided_meanwhile_stands_and_keeps_no_other_email_back(office: Office) -> None:
    office.receive(letter(1))
    office.receive(letter(2))
    office.collect()
    moments = iter(["revive", "claim", "write"])

    def clock() -> datetime:
        if next(moments, None) == "write":
            with office.database.transaction() as session:
                move_email(session, session.get_one(InboundEmail, 1), EmailStatus.held, now=DURING, actor=ASHA)
        return DURING

    jobs.record(replace(office.this, clock=clock))
    assert office.outcomes() == [("held", None), ("recorded", None)]
    assert [(response.reference, response.email_id) for response in office.responses()] == [("IEO-0001", 2)]


def test_many_emails_take_few_transactions(office: Office) -> None:
    for number in range(40):
        office.receive(letter(number))
    commits: list[object] = []
    sa.event.listen(office.database.engine, "commit", commits.append)
    jobs.collect(office.this, "review")
    jobs.record(office.this)
    assert len(office.responses()) == 40
    assert len(commits) < 20


def letter(number: int) -> bytes:
    return raw_email(sender=DAN, to=REVIEW, text=f"Thought {number}.\n", message_id=f"<{number}@x.example>")
