"""intake writes to its own addresses and sounds the alarm when an email does not come in again; nobody sees them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from intake import jobs
from intake.outbound.alarms import standing
from intake.store.alarms import RoundTrip
from tests.databases import both_databases
from tests.office import Office, open_office
from tests.people import REVIEW

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        alarms = opened.this.settings.alarms.model_copy(update={"round_trip_minutes": 60, "silent_minutes": 600})
        boxes = opened.this.settings.mailboxes
        boxes = {**boxes, "review": boxes["review"].model_copy(update={"username": REVIEW})}
        settings = opened.this.settings.model_copy(update={"alarms": alarms, "mailboxes": boxes})
        opened.this = replace(opened.this, settings=settings)
        for name in opened.this.settings.mailboxes:
            opened.collect(name)
        yield opened


def sent(office: Office) -> list[tuple[str, bytes]]:
    return [
        (one.recipient, one.raw)
        for one in office.sender.sent
        if "intake.round-trip" in message_from_bytes(one.raw)["Message-ID"]
    ]


def keys(office: Office) -> list[str]:
    with office.database.reading() as session:
        return [one.key for one in standing(session)]


def test_email_that_comes_back_is_no_response_and_no_alarm(office: Office) -> None:
    jobs.alarms(office.this)
    [(recipient, raw)] = [one for one in sent(office) if one[0] == REVIEW]
    office.now += timedelta(minutes=2)
    office.receive(raw, received_at=office.now)
    office.cycle()
    office.now += timedelta(minutes=20)
    jobs.alarms(office.this)
    [trip] = [row for row in office.rows(RoundTrip) if row.address == recipient]
    assert trip.came_at is not None
    assert f"round-trip:{REVIEW}" not in keys(office)
    assert office.responses() == []
    assert [one.status.value for one in office.emails()] == ["ignored"]


def test_email_that_does_not_come_back_is_an_alarm_until_a_later_one_does(office: Office) -> None:
    jobs.alarms(office.this)
    office.now += timedelta(minutes=10)
    jobs.alarms(office.this)
    assert keys(office) == [], "it may take as long"
    office.now += timedelta(minutes=10)
    jobs.alarms(office.this)
    assert f"round-trip:{REVIEW}" in keys(office)
    office.now += timedelta(minutes=60)
    jobs.alarms(office.this)
    later = [raw for recipient, raw in sent(office) if recipient == REVIEW][-1]
    office.receive(later, received_at=office.now)
    office.cycle()
    jobs.alarms(office.this)
    assert f"round-trip:{REVIEW}" not in keys(office)


def test_each_interval_sends_one_email_however_many_workers_there_are(office: Office) -> None:
    for _ in range(3):
        jobs.alarms(office.this)
    assert [recipient for recipient, _ in sent(office)].count(REVIEW) == 1
    office.now += timedelta(minutes=60)
    jobs.alarms(office.this)
    assert [recipient for recipient, _ in sent(office)].count(REVIEW) == 2


def test_nothing_is_sent_unless_it_is_switched_on(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        jobs.alarms(office.this)
        assert sent(office) == []
        assert office.rows(RoundTrip) == []
