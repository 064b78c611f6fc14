"""What stops working is told to administrators once, by whatever way works, and once when it is over."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlmodel import select

from intake import jobs
from intake.errors import MailboxUnavailable, SignInRefused
from intake.outbound.alarms import Told, Watch, standing, watch
from intake.outbound.outbox import PAUSE
from intake.settings import MailboxSettings, SmtpSettings
from intake.store.alarms import Alarm
from intake.store.emails import Mailbox
from intake.store.users import Role
from tests.accounts.staff import add
from tests.building import raw_email
from tests.databases import both_databases
from tests.fakes import FakeSender
from tests.office import DURING, Office, open_office
from tests.people import ADAM, ASHA, BEN, DAN, REVIEW

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        add(opened, ADAM, role=Role.administrator)
        add(opened, ASHA)
        yield opened


def keys(office: Office) -> list[str]:
    with office.database.reading() as session:
        return [one.key for one in standing(session)]


def mails(office: Office) -> list[tuple[str, str, str]]:
    """Recipient, subject and text of each alarm that went."""
    parsed = [(one.recipient, message_from_bytes(one.raw)) for one in office.sender.sent]
    own = [(to, one) for to, one in parsed if "intake.alarm" in one["Message-ID"]]
    return [(to, one["Subject"], one.get_payload(decode=True).decode()) for to, one in own]  # type: ignore[union-attr]


def later(office: Office, **by: int) -> Told:
    office.now += timedelta(**by)
    return jobs.alarms(office.this)


def poll_all(office: Office) -> None:
    for name in office.this.settings.mailboxes:
        office.collect(name)


def test_nothing_is_told_while_everything_works(office: Office) -> None:
    poll_all(office)
    assert later(office, minutes=5) == Told()
    assert mails(office) == []


def test_silent_mailbox_is_told_once_and_once_when_it_is_read_again(office: Office) -> None:
    poll_all(office)
    assert later(office, minutes=31).raised == len(office.this.settings.mailboxes)
    assert "silent:review" in keys(office)
    for _ in range(3):
        assert later(office, minutes=5).sent == 0
    poll_all(office)
    assert later(office, minutes=1).over == len(office.this.settings.mailboxes)
    (to, subject, began), (again, over_subject, ended) = mails(office)
    assert {to, again} == {ADAM}, "officers are not told"
    assert subject.startswith("intake: Mailbox")
    assert "Mailbox review has not been read for" in began
    assert over_subject.startswith("intake: over: Mailbox")
    assert "This is over" in ended
    assert keys(office) == []


def test_refused_sign_in_is_told_at_once_and_a_server_that_is_away_only_after_a_while(office: Office) -> None:
    poll_all(office)
    for error, standing_then in ((MailboxUnavailable, []), (SignInRefused, ["sign-in:review"])):

        def fail(settings: MailboxSettings, *, name: str, error: type[MailboxUnavailable] = error) -> Any:
            raise error(f"Mailbox {name}: this is why.")

        with pytest.raises(MailboxUnavailable):
            jobs.collect(replace(office.this, connect=fail), "review")
        later(office, minutes=1)
        assert keys(office) == standing_then
    assert [subject for _, subject, _ in mails(office)] == ["intake: Mailbox review: this is why."]


def test_what_waits_for_longer_than_it_should_is_told(office: Office) -> None:
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.collect()
    office.now += timedelta(minutes=61)
    poll_all(office)
    jobs.alarms(office.this)
    assert keys(office) == ["recording"]
    jobs.record(office.this)
    later(office, minutes=1)
    assert keys(office) == []
    office.now += timedelta(minutes=61)
    poll_all(office)
    jobs.alarms(office.this)
    assert keys(office) == ["sending"]


def test_sending_that_is_refused_is_told_at_once_until_an_email_goes(office: Office) -> None:
    poll_all(office)
    office.sender.refusal = "No email can be sent: the secret has expired."
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.cycle()
    jobs.alarms(office.this)
    assert keys(office) == ["sending-refused"]
    with office.database.reading() as session:
        assert [one.sentence for one in standing(session)] == [office.sender.refusal]
    office.now += PAUSE
    poll_all(office)
    office.sender.refusal, office.sender.is_unavailable = None, True
    office.cycle()
    jobs.alarms(office.this)
    assert keys(office) == ["sending-refused"], "nothing shows yet that it is over"
    office.now += PAUSE
    office.sender.is_unavailable = False
    office.cycle()
    jobs.alarms(office.this)
    assert keys(office) == []


def test_what_lies_with_a_person_for_a_day_is_told(office: Office) -> None:
    office.receive(raw_email(sender=DAN, to=ASHA), mailbox="asha")
    office.cycle()
    office.now += timedelta(hours=25)
    poll_all(office)
    jobs.alarms(office.this)
    assert keys(office) == ["held-long"]
    assert "1 email held for a person to decide for longer than a day: see Held." in mails(office)[0][2]


def test_full_disk_and_a_clock_that_is_off_are_told(office: Office) -> None:
    ahead = DURING + timedelta(minutes=20)
    office.receive(raw_email(sender=BEN, to=REVIEW), received_at=ahead)
    office.cycle()
    found = Watch(office.database, office.this.settings, [lambda: office.sender], free_bytes=lambda _: 5_000_000)
    watch(found, now=office.now)
    assert sorted(keys(office)) == ["clock", "disk"]
    sentences = " ".join(text for _, _, text in mails(office))
    assert "has 5 MB left; make room before it is full" in sentences
    assert "clock is about 20 minutes behind a mail server" in sentences


def test_disk_of_the_database_is_told_where_it_is_another(office: Office) -> None:
    poll_all(office)
    with TemporaryDirectory(dir="/dev/shm") as elsewhere:  # another disk, as Linux sees it
        files = office.this.settings.files.model_copy(update={"path": Path(elsewhere)})
        settings = office.this.settings.model_copy(update={"files": files})
        watch(Watch(office.database, settings, [], free_bytes=lambda _: 5_000_000), now=office.now)
    assert sorted(keys(office)) == (["disk", "disk-database"] if office.database.file else ["disk"])


def test_alarm_goes_by_the_other_server_where_the_usual_one_fails(office: Office) -> None:
    away = FakeSender()
    away.is_unavailable = True
    usual = office.this.settings.smtp
    other = SmtpSettings(host="smtp.elsewhere.example")
    settings = office.this.settings.model_copy(update={"other_smtp": other})
    this = replace(office.this, settings=settings, make_sender=lambda one: away if one is usual else office.sender)
    poll_all(office)
    office.now += timedelta(minutes=31)
    alone = replace(this, settings=office.this.settings)
    assert jobs.alarms(alone).sent == 0
    assert [row.told_at for row in office.rows(Alarm)] == [None] * len(office.rows(Alarm)), "nobody was told yet"
    assert jobs.alarms(this).sent == 1
    assert len(mails(office)) == 1


def test_named_addresses_are_told_instead_of_administrators(office: Office) -> None:
    alarms = office.this.settings.alarms.model_copy(update={"to": ["duty@county.example", "ict@county.example"]})
    office.this = replace(office.this, settings=office.this.settings.model_copy(update={"alarms": alarms}))
    poll_all(office)
    later(office, minutes=31)
    assert [to for to, _, _ in mails(office)] == ["duty@county.example", "ict@county.example"]


def test_mailbox_that_was_never_read_is_told_with_its_reason(tmp_path: Path) -> None:
    with open_office(tmp_path, polled=False) as office:
        with office.database.transaction() as session:
            session.add(Mailbox(name="review", last_error="Mailbox review: check host."))
        jobs.alarms(office.this)
        with office.database.reading() as session:
            [alarm] = session.exec(select(Alarm)).all()
        assert alarm.sentence == "Mailbox review has never been read. Mailbox review: check host."
        assert isinstance(alarm.since, datetime)
