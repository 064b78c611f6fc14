"""The overview's numbers: only responses count, each on the day it came by the calendar on the wall."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from intake.responses.counting import (
    Counted,
    count_log,
    received_by_day,
    timeline,
    together,
)
from intake.store.consultations import Consultation, LatePolicy
from intake.store.responses import Channel, LateDecision, Nature, Response, ResponseStatus
from tests.databases import both_databases
from tests.office import CLOSES_AT, DURING, OPENS_AT, Office, open_office

pytestmark = both_databases
LONDON = ZoneInfo("Europe/London")
LATE = CLOSES_AT + timedelta(minutes=1)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path, polled=False) as office:
        yield office


def add(office: Office, count: int = 1, *, slug: str = "improving-education-outcomes", **values: Any) -> None:
    with office.database.transaction() as session:
        consultation = session.exec(select(Consultation).where(Consultation.slug == slug)).one()
        for _ in range(count):
            consultation.last_number += 1
            given = {"channel": Channel.email, "received_at": DURING, "recorded_at": DURING, **values}
            reference = consultation.reference(consultation.last_number)
            session.add(Response(consultation_id=consultation.id, reference=reference, text="", own_words="", **given))


def consultations(office: Office) -> Sequence[Consultation]:
    return office.rows(Consultation)


def counted(office: Office) -> Counted:
    """Of the review."""
    with office.database.reading() as session:
        return count_log(session, consultations(office)[:1])[1]


def days(office: Office) -> Counter[tuple[date, Channel]]:
    with office.database.reading() as session:
        return received_by_day(session, consultations(office), zone=LONDON)


def test_only_responses_count_and_questions_stand_apart(office: Office) -> None:
    add(office, 2)
    add(office, nature=Nature.question)
    add(office, nature=Nature.question, status=ResponseStatus.read)
    add(office, nature=Nature.neither)
    add(office, withdrawn_at=DURING)
    numbers = counted(office)
    assert (numbers.responses, numbers.questions, numbers.unread_questions, numbers.withdrawn) == (2, 2, 1, 1)


def test_responses_are_counted_by_status_channel_and_group(office: Office) -> None:
    add(office, 3, stakeholder_group="school")
    add(office, 2, channel=Channel.letter, status=ResponseStatus.read)
    add(office, channel=Channel.letter, status=ResponseStatus.considered, stakeholder_group="")
    numbers = counted(office)
    assert numbers.statuses == {ResponseStatus.unread: 3, ResponseStatus.read: 2, ResponseStatus.considered: 1}
    assert numbers.channels == {Channel.email: 3, Channel.letter: 3}
    assert numbers.groups == {"school": 3, None: 3}


def test_what_came_in_the_minute_of_closing_is_not_late(office: Office) -> None:
    add(office, received_at=LATE - timedelta(microseconds=1))
    add(office, received_at=None)
    assert counted(office).late == 0
    add(office, received_at=LATE)
    assert counted(office).late == 1


def test_late_responses_wait_for_an_officer_only_where_it_is_left_to_them(office: Office) -> None:
    add(office, 2, received_at=LATE)
    add(office, received_at=LATE, late_decision=LateDecision.counted)
    assert counted(office).undecided == 0
    with office.database.transaction() as session:
        session.get_one(Consultation, 1).late_policy = LatePolicy.discretion
    assert (counted(office).late, counted(office).undecided) == (3, 2)


def test_each_consultation_is_counted_and_all_together(office: Office) -> None:
    add(office, 2, needs_reply=True)
    add(office, slug="school-admissions", nature=Nature.question, needs_reply=True)
    with office.database.reading() as session:
        numbers = count_log(session, consultations(office))
    assert [(one.responses, one.questions) for one in numbers.values()] == [(2, 0), (0, 1)]
    total = together(numbers.values())
    assert (total.responses, total.questions, total.needs_reply, total.unread) == (2, 1, 3, 2)


def test_nothing_is_counted_for_somebody_who_was_given_no_consultation(office: Office) -> None:
    add(office)
    with office.database.reading() as session:
        assert count_log(session, []) == {}
        assert received_by_day(session, [], zone=LONDON) == {}


def test_a_day_is_a_day_of_the_consultations_own_calendar(office: Office) -> None:
    summer = datetime.fromisoformat
    add(office, received_at=summer("2020-06-30T22:59:59.9+00:00"))  # 11:59pm in London
    add(office, received_at=summer("2020-06-30T23:00:00+00:00"))  # midnight
    add(office, channel=Channel.online, received_at=summer("2020-07-01T12:00:00+00:00"))
    add(office, received_at=None)
    add(office, nature=Nature.question)
    assert days(office) == {
        (date(2020, 6, 30), Channel.email): 1,
        (date(2020, 7, 1), Channel.email): 1,
        (date(2020, 7, 1), Channel.online): 1,
    }


def test_a_timeline_has_every_day_and_reaches_to_what_came_outside_it() -> None:
    received = {(date(2020, 1, 9), Channel.email): 2, (date(2020, 1, 12), Channel.letter): 1}
    line = timeline(received, first=date(2020, 1, 10), last=date(2020, 1, 11))
    assert (line.starts[0], len(line.starts), line.step_days) == (date(2020, 1, 9), 4, 1)
    assert line.channels == {Channel.email: [2, 0, 0, 0], Channel.letter: [0, 0, 0, 1]}
    assert line.totals == [2, 0, 0, 1]


def test_a_long_timeline_goes_by_weeks_from_monday() -> None:
    received = {(date(2020, 1, 9), Channel.email): 2, (date(2020, 6, 1), Channel.email): 1}
    line = timeline(received, first=OPENS_AT.date(), last=date(2020, 6, 5))
    assert (line.starts[0], line.starts[-1], line.step_days) == (date(2020, 1, 6), date(2020, 6, 1), 7)
    assert (line.totals[0], line.totals[-1], sum(line.totals)) == (2, 1, 3)


def test_a_timeline_before_the_first_response_is_empty() -> None:
    line = timeline({}, first=date(2020, 1, 9), last=date(2020, 1, 10))
    assert (line.channels, line.totals) == ({}, [0, 0])
