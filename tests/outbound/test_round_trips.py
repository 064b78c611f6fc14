"""intake writes to its own addresses and sounds the alarm when an email does not come in again; nobody sees them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from intake import jobs
from intake.outbound.alarms import standing
from intake.store.alarms import RoundTrip
from intake.store.consultations import PublishedAddress
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import MAIL_DOMAIN, Office, open_office
from tests.people import ADMISSIONS, ASHA, BEN, REVIEW

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        alarms = opened.this.settings.alarms.model_copy(update={"round_trip_minutes": 60, "silent_minutes": 600})
        opened.this = replace(opened.this, settings=opened.this.settings.model_copy(update={"alarms": alarms}))
        for name in opened.this.settings.mailboxes:
            opened.collect(name)
        yield opened


def allow_removing(office: Office, **mailboxes: dict[str, Any]) -> None:
    """In these, whose settings change as given."""
    given = office.this.settings.mailboxes
    changed = {n: given[n].model_copy(update={"remove_round_trips": True, **more}) for n, more in mailboxes.items()}
    settings = office.this.settings.model_copy(update={"mailboxes": {**given, **changed}})
    office.this = replace(office.this, settings=settings)


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


def test_every_dedicated_address_is_tried_and_no_officer_is_bothered(office: Office) -> None:
    jobs.alarms(office.this)
    assert sorted(recipient for recipient, _ in sent(office)) == [ADMISSIONS, REVIEW]


@pytest.mark.parametrize("action", ["leave", "flag", "move:Done"])
def test_what_came_back_is_removed_from_the_mailbox_where_that_is_allowed(office: Office, action: str) -> None:
    allow_removing(office, review={"server_action": action})
    mailbox = office.mailboxes["review"]
    mailbox.contents["Done"] = {}
    jobs.alarms(office.this)
    [raw] = [raw for recipient, raw in sent(office) if recipient == REVIEW]
    office.receive(raw, received_at=office.now)
    letter = raw_email(sender=BEN, to=REVIEW)
    office.receive(letter, received_at=office.now)
    office.cycle()
    office.collect()
    office.collect()
    left = [left for folder in mailbox.contents.values() for left, _ in folder.values()]
    assert left == [letter]
    assert len(mailbox.removed) == 1
    assert len(office.responses()) == 1


def test_nothing_is_removed_unless_it_is_allowed(office: Office) -> None:
    jobs.alarms(office.this)
    for _, raw in sent(office):
        office.receive(raw, received_at=office.now)
    office.cycle()
    office.collect()
    assert office.mailboxes["review"].removed == []


def test_letter_that_pretends_to_be_a_test_of_ours_is_not_removed(office: Office) -> None:
    """Only what we know to have sent, and set aside as our own."""
    allow_removing(office, review={})
    made_up = f"<intake.round-trip.made-up@{MAIL_DOMAIN}>"
    office.receive(raw_email(sender=BEN, to=REVIEW, message_id=made_up))
    office.cycle()
    office.collect()
    assert office.mailboxes["review"].removed == []


def test_officers_own_mailbox_is_tried_where_the_email_may_be_removed_again(office: Office) -> None:
    allow_removing(office, asha={"username": ASHA, "take": "matching"})
    settings = office.this.settings
    parsers = {**office.this.collecting_parsers, "asha": office.this.parsers}
    office.this = replace(office.this, settings=settings, collecting_parsers=parsers)
    jobs.alarms(office.this)
    [raw] = [raw for recipient, raw in sent(office) if recipient == ASHA]
    mailbox = office.mailboxes["asha"]
    office.receive(raw, mailbox="asha", received_at=office.now)
    private = raw_email(
        sender="sam@friends.example", to=ASHA, text="See you on Saturday.\n", message_id="<p@x.example>"
    )
    office.receive(private, mailbox="asha", received_at=office.now)
    office.cycle()
    office.collect("asha")
    office.now += timedelta(minutes=20)
    jobs.alarms(office.this)
    assert f"round-trip:{ASHA}" not in keys(office)
    assert [raw for raw, _ in mailbox.contents["INBOX"].values()] == [private]
    assert len(office.emails()) == 1, "private mail is not copied"


def test_address_that_is_no_longer_published_raises_no_alarm(office: Office) -> None:
    jobs.alarms(office.this)
    office.now += timedelta(minutes=20)
    jobs.alarms(office.this)
    assert f"round-trip:{ADMISSIONS}" in keys(office)
    with office.database.transaction() as session:
        session.execute(sa.delete(PublishedAddress).where(col(PublishedAddress.address) == ADMISSIONS))
    jobs.alarms(office.this)
    assert f"round-trip:{ADMISSIONS}" not in keys(office)


@pytest.mark.parametrize(("came", "is_told"), [(timedelta(minutes=-9), True), (timedelta(minutes=1), False)])
def test_clock_ahead_of_the_mail_servers_is_told(office: Office, came: timedelta, is_told: bool) -> None:
    jobs.alarms(office.this)
    [raw] = [raw for recipient, raw in sent(office) if recipient == REVIEW]
    office.receive(raw, received_at=office.now + came)
    office.now += timedelta(minutes=2)
    office.cycle()
    jobs.alarms(office.this)
    with office.database.reading() as session:
        told = [one.sentence for one in standing(session) if one.key == "clock"]
    assert told == (["This machine’s clock is about 9 minutes ahead of a mail server’s; set it by NTP."] * is_told)
