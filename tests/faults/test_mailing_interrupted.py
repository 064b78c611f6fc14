"""Planning and sending a mailing is killed, raced and shared out: everybody gets it, and nobody gets two."""

import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from intake import jobs
from intake.schedules import Anchor, OffDays, Schedule
from intake.store.emails import OutgoingStatus
from intake.store.mailings import Mailing
from tests.consulted import add_consultee, add_rule, change, reminders, review_of
from tests.databases import both_databases
from tests.faults.points import PLANNING_POINTS, POINTS, Point
from tests.faults.settled import copies
from tests.faults.site import Kill, Site, open_site, wait_until
from tests.people import BEN, CAROL
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink

pytestmark = both_databases

RECIPIENTS = [BEN, CAROL, *(f"head@school-{number}.example" for number in range(6))]
SENDING = [point for point in POINTS.values() if point.command == "send"]


@pytest.fixture
def site(dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path) -> Iterator[Site]:
    """Its clock is the machine's, so the consultation is put where it is noon now, and a rule is due."""
    with open_site(dovecot, smtp_sink, tmp_path, smtp={"per_minute": 1000}) as site:
        office, offset = site.office, 12 - site.office.now.hour
        opens_at, closes_at = (office.now + timedelta(days=days) for days in (-2, 20))
        zone = f"Etc/GMT{-offset:+d}"  # the signs of these names are those of POSIX
        change(office, review_of(office), timezone=zone, opens_at=opens_at, closes_at=closes_at)
        for number, address in enumerate(RECIPIENTS[2:]):
            add_consultee(office, f"School {number}", address)
        add_due_rule(site)
        office.collect()
        yield site


def add_due_rule(site: Site) -> None:
    """Due a minute ago; nothing older counts."""
    office = site.office
    clock = (office.now - timedelta(minutes=1)).astimezone(review_of(office).zone).time()
    schedule = Schedule(Anchor.opening, clock.replace(second=0, microsecond=0), 2, off_days=OffDays.keep)
    add_rule(office, "Now", schedule, set_at=office.now - timedelta(days=1))


def assert_everybody_has_one(site: Site, expected: list[int] | None = None) -> None:
    """One email each, of which the mail server may have copies."""
    assert copies(site.acknowledgements) == (expected or [1] * len(RECIPIENTS))
    assert {sent.recipients[0] for sent in site.sink.emails} == set(RECIPIENTS)
    rows = [row for row in reminders(site.office) if row.status is OutgoingStatus.sent]
    assert sorted(row.recipient_address for row in rows) == sorted(RECIPIENTS)


@pytest.mark.parametrize("point", PLANNING_POINTS.values(), ids=lambda point: point.name)
def test_planning_that_is_killed_has_queued_all_or_nothing_and_the_next_tick_nothing_twice(
    point: Point, kill: Kill, site: Site
) -> None:
    kill(site, point)
    queued = len(RECIPIENTS) if point.name == "mailing committed" else 0
    assert (len(reminders(site.office)), len(site.office.rows(Mailing))) == (queued, bool(queued))
    assert jobs.remind(site.office.this).queued == len(RECIPIENTS) - queued
    assert jobs.remind(site.office.this).queued == 0
    site.settle()
    assert len(site.office.rows(Mailing)) == 1
    assert_everybody_has_one(site)


@pytest.mark.parametrize("point", SENDING, ids=lambda point: point.name)
def test_a_mailing_whose_sender_is_killed_goes_on_and_comes_to_everybody_as_one_email(
    point: Point, kill: Kill, site: Site
) -> None:
    jobs.remind(site.office.this)
    kill(site, point)
    site.settle()
    one_copied = [*[1] * (len(RECIPIENTS) - 1), 2]
    may_be_copied = point.is_handed_over and len(site.acknowledgements) > len(RECIPIENTS)
    assert_everybody_has_one(site, one_copied if may_be_copied else None)


def test_of_two_workers_that_find_the_same_rules_due_one_queues_each(site: Site) -> None:
    """Two rules for the same people on one day, too: each person is reminded once that day."""
    add_due_rule(site)
    looked = PLANNING_POINTS["rules looked at"]
    with site.paused_at(looked) as first, site.paused_at(looked) as second:
        for process in (first, second):
            process.send(signal.SIGCONT)
        ended = [process.ended() for process in (first, second)]
    assert [ran.code for ran in ended] == [0, 0], ended
    assert len(site.office.rows(Mailing)) == 2
    site.settle()
    assert_everybody_has_one(site)


def test_two_workers_plan_and_send_a_mailing_to_each_recipient_once(site: Site) -> None:
    with site.started("work") as first, site.started("work") as second:
        wait_until(lambda: len(site.sink.emails) >= len(RECIPIENTS))
        for worker in (first, second):
            worker.send(signal.SIGTERM)
        assert [worker.ended().code for worker in (first, second)] == [0, 0]
    site.settle()
    assert len(site.office.rows(Mailing)) == 1
    assert_everybody_has_one(site)
