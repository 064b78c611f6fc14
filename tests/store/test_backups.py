"""A backup holds what a restored installation needs; and restored, it sends nothing and gives no reference twice."""

import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from intake import jobs
from intake.accounts.links import LinkOver, make_link, open_link
from intake.accounts.sessions import SessionRules, begin_session, find_session
from intake.accounts.users import add_user
from intake.errors import NotPossible
from intake.schedules import Anchor
from intake.store.backing_up import BackedUp, back_up
from intake.store.consultations import Consultation
from intake.store.database import Database
from intake.store.emails import InboundEmail, OutgoingEmail, OutgoingStatus
from intake.store.files import FileStore
from intake.store.mailings import Audience, Mailing, ReminderRule
from intake.store.restoring import JUMP, Restored, restore
from intake.store.users import LinkPurpose, Role
from tests import databases
from tests.building import raw_email
from tests.databases import both_databases, sqlite_url
from tests.office import DURING, Office, open_office
from tests.people import ADAM, BEN, DAN, REVIEW

pytestmark = both_databases
PDF = ("plan.pdf", "application/pdf", b"%PDF-1.7 the plan")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path / "old") as opened:
        opened.receive(raw_email(sender=BEN, to=REVIEW, attachments=[PDF]))
        opened.cycle()
        opened.receive(raw_email(sender=DAN, to=REVIEW, message_id="<second@x.example>"))
        opened.collect()
        jobs.record(opened.this)
        yield opened


@pytest.fixture
def elsewhere(tmp_path: Path, database_kind: str) -> Iterator[tuple[Database, FileStore]]:
    """An empty installation."""
    is_file = database_kind == "sqlite"
    database = Database(sqlite_url(tmp_path / "new") if is_file else databases.new_url(tmp_path, _nothing))
    yield database, FileStore(tmp_path / "new" / "files")
    database.close()


def _nothing(_url: str) -> None:
    """An empty database is filled with nothing."""


def backed_up(office: Office, file: Path) -> BackedUp:
    return back_up(office.database, office.files, file, now=DURING)


def restored(elsewhere: tuple[Database, FileStore], file: Path) -> Restored:
    return restore(*elsewhere, file, now=DURING, actor="command line")


def test_restored_installation_has_everything_and_sends_nothing_by_itself(
    office: Office, elsewhere: tuple[Database, FileStore], tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar"
    stored = [path.name for path in office.files.every()]
    assert backed_up(office, file).files == len(stored)
    assert [one.status for one in office.outgoing()] == [OutgoingStatus.sent, OutgoingStatus.queued]
    assert restored(elsewhere, file) == Restored(DURING.isoformat(), len(stored), held=1)
    database, files = elsewhere
    assert [path.name for path in files.every()] == stored
    with database.reading() as session:
        review = session.exec(select(Consultation).where(Consultation.reference_prefix == "IEO")).one()
        assert review.last_number == 2 + JUMP
    database.require_newest_schema()


def test_what_was_collected_but_not_recorded_yet_counts_as_old_after_a_restore(
    office: Office, elsewhere: tuple[Database, FileStore], tmp_path: Path
) -> None:
    """Its writer may have been answered between the backup and the loss."""
    office.receive(raw_email(sender=DAN, to=REVIEW, message_id="<third@x.example>"))
    office.collect()
    backed_up(office, tmp_path / "backup.tar")
    restored(elsewhere, tmp_path / "backup.tar")
    again = replace(office.this, database=elsewhere[0], files=elsewhere[1])
    jobs.record(again)
    jobs.send(again)
    with elsewhere[0].reading() as session:
        outgoing = session.exec(select(OutgoingEmail).order_by(col(OutgoingEmail.id))).all()
        assert [(one.status.value, one.reason) for one in outgoing] == [
            ("sent", None),
            ("held", "restored"),
            ("held", "backlog"),
        ]


def test_reminders_of_the_time_that_was_lost_wait_for_a_person(
    office: Office, elsewhere: tuple[Database, FileStore], tmp_path: Path
) -> None:
    backed_up(office, tmp_path / "backup.tar")
    office.now = DURING + timedelta(days=1)
    restore(*elsewhere, tmp_path / "backup.tar", now=office.now, actor="command line")
    with elsewhere[0].transaction() as session:
        session.add(rule(session, clock=time(9), on=DURING + timedelta(days=1)))
        session.add(rule(session, clock=time(9), on=DURING + timedelta(days=2)))
    again = replace(office.this, database=elsewhere[0], files=elsewhere[1])
    jobs.remind(again)
    office.now += timedelta(days=1)
    jobs.remind(again)
    with elsewhere[0].reading() as session:
        made = session.exec(select(Mailing).order_by(col(Mailing.due_at))).all()
        assert [mailing.paused_at is not None for mailing in made] == [True, False]


def rule(session: Session, *, clock: time, on: datetime) -> ReminderRule:
    """So many days before closing, that it is due on that day."""
    review = session.exec(select(Consultation).where(Consultation.reference_prefix == "IEO")).one()
    days = (review.closes_at.date() - on.date()).days
    return ReminderRule(
        consultation_id=review.id,
        name=f"{days} days before",
        audience=Audience.unanswered,
        anchor=Anchor.closing,
        amount=-days,
        clock=clock,
        set_at=DURING - timedelta(days=1),
    )


def test_whoever_was_signed_in_when_the_backup_was_made_signs_in_again(
    office: Office, elsewhere: tuple[Database, FileStore], tmp_path: Path
) -> None:
    """The session may have been ended, and the link used, between the backup and the loss."""
    rules = SessionRules(timedelta(hours=1), timedelta(hours=1))
    with office.database.transaction() as session:
        adam = add_user(session, address=ADAM, name="", role=Role.administrator, now=office.now, actor="cli")
        cookie = begin_session(session, adam, browser="Test browser", now=office.now)
        link = make_link(session, adam, LinkPurpose.set_password, now=office.now, actor="command line")
    backed_up(office, tmp_path / "backup.tar")
    restored(elsewhere, tmp_path / "backup.tar")
    with office.database.reading() as session:
        assert find_session(session, cookie, rules, now=office.now)
    with elsewhere[0].reading() as session:
        assert find_session(session, cookie, rules, now=office.now) is None
        with pytest.raises(LinkOver):
            open_link(session, link, LinkPurpose.set_password, now=office.now)


def test_files_and_database_of_a_backup_belong_together_while_mail_comes_in(
    office: Office, elsewhere: tuple[Database, FileStore], tmp_path: Path
) -> None:
    stop = threading.Event()

    def go_on() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            raw = raw_email(sender=BEN, to=REVIEW, text=f"Letter {number}\n", message_id=f"<{number}@x.example>")
            office.receive(raw)
            office.collect()

    worker = threading.Thread(target=go_on)
    worker.start()
    try:
        for number in range(3):
            backed_up(office, tmp_path / f"{number}.tar")
    finally:
        stop.set()
        worker.join()
    restored(elsewhere, tmp_path / "2.tar")
    database, files = elsewhere
    with database.reading() as session:
        for sha256 in session.exec(select(InboundEmail.raw_sha256)):
            files.whole(sha256)


def test_nothing_is_written_over(office: Office, elsewhere: tuple[Database, FileStore], tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    backed_up(office, file)
    with pytest.raises(NotPossible, match="is there already; name a new file"):
        backed_up(office, file)
    with pytest.raises(NotPossible, match="There is a database already"):
        restored((office.database, office.files), file)
    elsewhere[1].put_many([b"something"])
    with pytest.raises(NotPossible, match="There are stored files already"):
        restored(elsewhere, file)


def _without_about(file: Path) -> None:
    with tarfile.open(file, "w"):
        pass


def _renamed(file: Path) -> None:
    """A file in it under another's name."""
    with tarfile.open(file) as tar:
        entries = [(entry, tar.extractfile(entry)) for entry in tar]
        contents = [(entry, content.read() if content else b"") for entry, content in entries]
    with tarfile.open(file, "w") as tar:
        for entry, content in contents:
            if entry.name.startswith("files/"):
                entry.name = "files/" + "0" * 64
            tar.addfile(entry, io.BytesIO(content))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda file: file.write_bytes(b"no tar"), "is damaged, or no backup of intake"),
        (_without_about, "is damaged, or no backup of intake"),
        (_renamed, "is not what its name says"),
        (lambda file: file.unlink(), "No such file or directory"),
    ],
)
def test_what_is_no_whole_backup_is_told(
    office: Office, elsewhere: tuple[Database, FileStore], tmp_path: Path, spoil: Callable[[Path], Any], sentence: str
) -> None:
    file = tmp_path / "backup.tar"
    backed_up(office, file)
    spoil(file)
    with pytest.raises(NotPossible, match=sentence):
        restored(elsewhere, file)
    assert elsewhere[0].revision() is None
    assert list(elsewhere[1].every()) == [], "the next try may begin"


def test_backup_says_of_itself_when_it_was_made(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    backed_up(office, file)
    with tarfile.open(file) as tar:
        content = tar.extractfile("backup.json")
        assert content
        about = json.load(content)
    assert about["made_at"] == DURING.isoformat()
    assert about["revision"] == office.database.revision()


def test_backup_of_another_kind_of_database_is_told_before_anything_is_written(
    office: Office, tmp_path: Path, database_kind: str
) -> None:
    file, files = tmp_path / "backup.tar", FileStore(tmp_path / "new" / "files")
    backed_up(office, file)
    is_file = database_kind == "sqlite"
    with tarfile.open(file) as tar:
        contents = [(entry, tar.extractfile(entry).read()) for entry in tar]  # type: ignore[union-attr]
    with tarfile.open(file, "w") as tar:
        for entry, content in contents:
            told = content
            if entry.name == "backup.json":
                other = "intake.dump" if is_file else "intake.sqlite3"
                told = json.dumps({**json.loads(content), "database": other}).encode()
                entry.size = len(told)
            tar.addfile(entry, io.BytesIO(told))
    database = Database(sqlite_url(tmp_path / "new") if is_file else databases.new_url(tmp_path, _nothing))
    with pytest.raises(NotPossible, match="The backup is of a database on"):
        restore(database, files, file, now=DURING, actor="command line")
    database.close()
    assert list(files.every()) == []


def test_folder_that_is_not_there_is_told(office: Office, tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match="There is no folder"):
        backed_up(office, tmp_path / "none" / "backup.tar")
