"""Attempts: an email that kills the worker itself is set aside like one that kills its reader."""

from datetime import timedelta
from pathlib import Path

from sqlmodel import select

from intake import jobs
from intake.store.emails import InboundEmail
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import Office, open_office
from tests.people import DAN, REVIEW

pytestmark = both_databases


def claim_and_die(office: Office) -> None:
    """What a worker leaves behind that was killed right after its claim."""
    with office.database.transaction() as session:
        email = session.exec(select(InboundEmail)).one()
        email.attempts += 1


def test_an_email_that_kills_the_worker_three_times_is_failed_and_tried_once_more_later(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        office.receive(raw_email(sender=DAN, to=REVIEW))
        office.collect()
        for _ in range(3):
            claim_and_die(office)
        jobs.record(office.this)
        assert office.outcomes() == [("failed", "reader-died")]
        office.now += timedelta(minutes=6)
        jobs.record(office.this)
        assert office.outcomes() == [("recorded", None)]


def test_each_failure_waits_longer_than_the_last(tmp_path: Path) -> None:
    waits = []
    with open_office(tmp_path) as office:
        office.receive(raw_email(sender=DAN, to=REVIEW))
        office.collect()
        office.files.path(office.emails()[0].raw_sha256).unlink()
        for _ in range(6):
            jobs.record(office.this)
            [email] = office.emails()
            assert email.next_attempt_at
            waits.append((email.next_attempt_at - office.now) / timedelta(minutes=1))
            office.now = email.next_attempt_at
    assert waits == [5, 30, 120, 720, 1440, 1440]
