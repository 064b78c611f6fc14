"""Nights on which the clocks change, minute by minute as the machine's own clock passes through them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine

from intake import jobs
from intake.schedules import Anchor, OffDays, Schedule
from intake.store.emails import OutgoingStatus
from intake.store.mailings import Audience, Mailing
from tests.consulted import add_rule, change, reminders, review_of
from tests.databases import both_databases
from tests.office import Office, open_office
from tests.people import BEN, CAROL

pytestmark = both_databases

SPRING, AUTUMN = date(2020, 3, 29), date(2020, 10, 25)
HALF_PAST_ONE = time(1, 30)
EVERY = timedelta(minutes=5)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Open all year, never quiet, and on the machine's clock."""
    with open_office(tmp_path) as office:
        ends = datetime(2020, 12, 31, 17, tzinfo=UTC)
        change(office, review_of(office), closes_at=ends, quiet_from=time(), quiet_until=time())
        office.this = replace(office.this, clock=jobs.utc_now)
        yield office


def live_through(office: Office, first: datetime, last: datetime) -> None:
    """The worker's jobs, every five minutes."""
    at = first
    while at <= last:
        with time_machine.travel(at, tick=False):
            jobs.remind(office.this)
            office.cycle()
        at += EVERY


@pytest.mark.parametrize(
    ("day", "at"),
    [
        (SPRING, datetime(2020, 3, 29, 1, tzinfo=UTC)),  # the clocks never show 1:30am; this is when they show 2am
        (AUTUMN, datetime(2020, 10, 25, 0, 30, tzinfo=UTC)),  # the first of two
    ],
)
def test_a_rule_at_half_past_one_goes_once_in_the_night_the_clocks_change(
    office: Office, day: date, at: datetime
) -> None:
    weekly = Schedule(Anchor.weekdays, HALF_PAST_ONE, weekdays=frozenset({6}), off_days=OffDays.keep)
    midnight = datetime.combine(day, time(), UTC)
    add_rule(office, "Sundays", weekly, set_at=midnight - timedelta(days=3), audience=Audience.everyone)
    live_through(office, midnight - timedelta(hours=2), midnight + timedelta(hours=5))
    [mailing] = office.rows(Mailing)
    assert (mailing.due_on, mailing.due_at, mailing.created_at) == (day, at, at)
    emails = reminders(office)
    assert {(row.recipient_address, row.status) for row in emails} == {
        (BEN, OutgoingStatus.sent),
        (CAROL, OutgoingStatus.sent),
    }
    assert {row.sent_at for row in emails} == {at}
    assert len(emails) == 2


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_nine_in_the_morning_stays_nine_over_the_change(office: Office, day: date) -> None:
    """The day before, the day and the day after: each its nine o'clock by the clocks on the wall."""
    daily = Schedule(Anchor.weekdays, time(9), weekdays=frozenset(range(7)), off_days=OffDays.keep)
    before = datetime.combine(day - timedelta(days=1), time(7), UTC)
    add_rule(office, "Daily", daily, set_at=before, audience=Audience.everyone)
    for number in range(3):
        morning = before + timedelta(days=number)
        live_through(office, morning, morning + timedelta(hours=2, minutes=30))
    zone = review_of(office).zone
    made = [mailing.created_at.astimezone(zone) for mailing in office.rows(Mailing)]
    assert [(at.date() - day).days for at in made] == [-1, 0, 1]
    assert {at.time() for at in made} == {time(9)}
    assert len({row.recipient_address for row in reminders(office)}) * 3 == len(reminders(office))


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_a_worker_that_was_down_through_the_change_sends_on_the_same_day_and_none_of_the_night_before(
    office: Office, day: date
) -> None:
    nightly = Schedule(Anchor.weekdays, HALF_PAST_ONE, weekdays=frozenset({5, 6}), off_days=OffDays.keep)
    noon = datetime.combine(day, time(12), UTC)
    add_rule(office, "Nightly", nightly, set_at=noon - timedelta(days=3), audience=Audience.everyone)
    live_through(office, noon, noon + timedelta(minutes=10))
    saturday, sunday = office.rows(Mailing)
    assert (saturday.due_on, bool(saturday.missed_at)) == (day - timedelta(days=1), True)
    assert (sunday.due_on, sunday.missed_at, sunday.created_at) == (day, None, noon)
    assert {row.mailing_id for row in reminders(office)} == {sunday.id}
    assert {row.sent_at for row in reminders(office)} == {noon}
