"""Record: turn received emails into responses, additions, held and ignored ones, each whole or not at all.

Owns attempts, batches and the one transaction an email's outcome is written in. Reads emails only in child processes
(`reading.py`), decides nothing (`routing.py`) and sends nothing: what is owed goes into the outbox.
"""

import shutil
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlmodel import Session, col, select

from intake.errors import ChildDied, LostRace
from intake.inbound.circumstances import Knowledge, load_knowledge
from intake.inbound.duplicates import Letter, without_copies
from intake.inbound.reading import EmailToRead, HeaderToRead, NotAsStored, ReadEmail
from intake.inbound.writing import Writing, write_outcomes
from intake.mail.automatic import OwnMail
from intake.mail.understanding import Understood
from intake.outbound.acknowledging import AcknowledgementRules
from intake.sandbox import ChildFailed, Sandbox
from intake.store.consultations import Consultation
from intake.store.database import Database
from intake.store.emails import EmailStatus, InboundEmail
from intake.store.files import FileStore
from intake.store.reasons import Reason
from intake.store.transitions import move_email

CLAIM_AT_ONCE = 200
WRITE_AT_ONCE = 50
LAST_ATTEMPT = 3
WAITS = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=12), timedelta(days=1))

Parsers = Sandbox[EmailToRead | HeaderToRead, ReadEmail | Understood | NotAsStored]
log = structlog.get_logger()


@dataclass(slots=True)
class Recorded:
    """What one pass made of the waiting emails, by outcome; `postponed` are tried again."""

    recorded: int = 0
    held: int = 0
    ignored: int = 0
    failed: int = 0
    postponed: int = 0


@dataclass(frozen=True, slots=True)
class Recording:
    """What one pass works with."""

    database: Database
    files: FileStore
    parsers: Parsers
    own: OwnMail
    rules: Callable[[Knowledge], AcknowledgementRules]
    authserv_id: str | None
    claim_lasts: timedelta
    clock: Callable[[], datetime]
    stopped: Callable[[], bool]
    done: Recorded = field(default_factory=Recorded)


def record_waiting(this: Recording) -> Recorded:
    """Record everything that waits, until nothing does or the worker is asked to stop."""
    _revive_failed(this)
    while not this.stopped() and (claimed := _claim(this)) is not None:
        _record_claimed(this, claimed)
    return this.done


def _revive_failed(this: Recording) -> None:
    now = this.clock()
    with this.database.transaction() as session:
        due = select(InboundEmail).where(
            InboundEmail.status == EmailStatus.failed, col(InboundEmail.next_attempt_at) <= now
        )
        for email in session.exec(due.with_for_update(skip_locked=True)):
            # With one try left: should it kill the worker again, it is set aside at once, and for longer.
            values: dict[str, Any] = {"next_attempt_at": None, "attempts": min(email.attempts, LAST_ATTEMPT - 1)}
            move_email(session, email, EmailStatus.received, now=now, **values)


def _claim(this: Recording) -> list[InboundEmail] | None:
    """Take waiting emails, counting the attempt before any of them is read. None when nothing waits.

    One that was tried before is taken alone: if it is the one that kills the worker, no other is blamed for it.
    """
    now = this.clock()
    with this.database.transaction() as session:
        waiting = (
            select(InboundEmail)
            .where(InboundEmail.status == EmailStatus.received)
            .where(sa.or_(col(InboundEmail.next_attempt_at).is_(None), col(InboundEmail.next_attempt_at) <= now))
            .order_by(col(InboundEmail.attempts), col(InboundEmail.id))
            .limit(CLAIM_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        emails = list(session.exec(waiting))
        if not emails:
            return None
        if emails[-1].attempts > 0:
            emails = [email for email in emails if email.attempts == 0] or emails[:1]
        # Tried so often without an outcome: it killed not its reader but the worker.
        for email in [email for email in emails if email.attempts >= LAST_ATTEMPT]:
            _fail(session, email, Reason.reader_died, now)
            emails.remove(email)
            this.done.failed += 1
        for email in emails:
            email.attempts += 1
            email.next_attempt_at = now + this.claim_lasts
    return emails


def _record_claimed(this: Recording, claimed: Sequence[InboundEmail]) -> None:
    left = {email.id: email for email in claimed}
    spool = this.files.spool()
    try:
        # Written in a thread, so that the children read on meanwhile.
        with ThreadPoolExecutor(1) as writer:
            for written in _one_ahead(writer, partial(_write_batch, this), _batches(_read_each(this, claimed, spool))):
                for item in written:
                    left.pop(item.email.id)
    finally:
        shutil.rmtree(spool, ignore_errors=True)
        _put_back(this, list(left))


@dataclass(frozen=True, slots=True)
class _Read:
    email: InboundEmail
    result: ReadEmail | NotAsStored | ChildDied | ChildFailed


def _one_ahead(
    writer: ThreadPoolExecutor, write: Callable[[list[_Read]], list[_Read]], batches: Iterator[list[_Read]]
) -> Iterator[list[_Read]]:
    """Write one batch while the next is read, and no more: long letters would fill the memory."""
    under_way: Future[list[_Read]] | None = None
    for batch in batches:
        if under_way is not None:
            yield under_way.result()
        under_way = writer.submit(write, batch)
    if under_way is not None:
        yield under_way.result()


def _read_each(this: Recording, claimed: Sequence[InboundEmail], spool: Path) -> Iterator[_Read]:
    emails, forwards = {email.id: email for email in claimed}, _forwards(this, claimed)
    jobs = (
        EmailToRead(
            email.id, this.files.path(email.raw_sha256), email.raw_sha256, spool, this.own, forwards.get(email.id)
        )
        for email in claimed
        if not this.stopped()
    )
    for job, result in this.parsers.run_each(jobs):
        assert isinstance(job, EmailToRead)
        assert not isinstance(result, Understood)
        yield _Read(emails[job.email_id], result)


def _forwards(this: Recording, claimed: Sequence[InboundEmail]) -> dict[int, tuple[Path, str]]:
    """Path and SHA-256 of the forwards that some of these letters were attached to, by the letter's id."""
    enclosed = {email.id: email.enclosed_in_id for email in claimed if email.enclosed_in_id}
    if not enclosed:
        return {}
    with this.database.reading() as session:
        rows = select(InboundEmail.id, InboundEmail.raw_sha256).where(col(InboundEmail.id).in_(enclosed.values()))
        names = dict(session.exec(rows).all())
    return {key: (this.files.path(names[forward]), names[forward]) for key, forward in enclosed.items()}


def _batches(items: Iterator[_Read]) -> Iterator[list[_Read]]:
    while batch := list(islice(items, WRITE_AT_ONCE)):
        yield batch


def _write_batch(this: Recording, batch: list[_Read]) -> list[_Read]:
    """One transaction for the batch, in the order of arrival. Returns it."""
    batch.sort(key=lambda item: item.email.id)
    letters = [Letter(item.email, item.result) for item in batch if isinstance(item.result, ReadEmail)]
    if spooled := [file.path for letter in letters for file in letter.read.files]:
        this.files.adopt_many(spooled)
    now = this.clock()
    with this.database.transaction() as session:
        # All in one order, before anything else: two workers that each took one first would wait for each other.
        session.exec(select(Consultation.id).order_by(col(Consultation.id)).with_for_update()).all()
        session.add_all(item.email for item in batch)
        known = load_knowledge(session, authserv_id=this.authserv_id)
        writing = Writing(known, this.rules(known), now)
        statuses = [status for some in without_copies(letters) for status in _write_letters(session, some, writing)]
        statuses += [_note_unread(session, item, now) for item in batch if not isinstance(item.result, ReadEmail)]
    for status in statuses:
        setattr(this.done, status, getattr(this.done, status) + 1)
    return batch


def _write_letters(session: Session, letters: Sequence[Letter], writing: Writing) -> list[str]:
    """All in one savepoint; where that breaks, each in its own: one email that breaks takes no other with it."""
    try:
        with session.begin_nested():
            write_outcomes(session, letters, writing)
    except Exception as error:
        if _is_database_away(error):
            raise
        return [_write_alone(session, letter, writing) for letter in letters]
    return [letter.email.status.value for letter in letters]


def _write_alone(session: Session, letter: Letter, writing: Writing) -> str:
    email = letter.email
    for is_last in (False, True):
        session.refresh(email)
        if email.status is not EmailStatus.received:
            return "postponed"  # another worker was first
        try:
            with session.begin_nested():
                write_outcomes(session, [letter], writing)
        except LostRace:
            return "postponed"
        except sa.exc.IntegrityError as error:
            # Another worker wrote the same letter between our look and our insert: the second look finds it.
            if is_last:
                return _note_broken(session, email, error, writing)
        except Exception as error:
            if _is_database_away(error):
                raise
            return _note_broken(session, email, error, writing)
        else:
            return email.status.value
    raise AssertionError("unreachable")


def _is_database_away(error: Exception) -> bool:
    """Whether the database cannot work at all now, so that nothing is wrong with the email.

    PostgreSQL's classes 22 and 54 are about the values: those of this one email.
    """
    if not isinstance(error, sa.exc.OperationalError):
        return False
    return (getattr(error.orig, "sqlstate", None) or "08")[:2] not in {"22", "54"}


def _note_unread(session: Session, item: _Read, now: datetime) -> str:
    email = item.email
    if isinstance(item.result, NotAsStored):
        return _fail(session, email, Reason.file_missing, now)
    log.warning("record", email=email.id, attempt=email.attempts, cause=str(item.result))
    if email.attempts < LAST_ATTEMPT:
        email.next_attempt_at = None
        return "postponed"
    return _fail(session, email, Reason.reader_died, now)


def _note_broken(session: Session, email: InboundEmail, error: Exception, writing: Writing) -> str:
    # The kind and the place only: an error's text may quote the letter.
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    log.error("record", email=email.id, attempt=email.attempts, error=type(error).__name__, where=where)
    return _fail(session, email, Reason.recording_broke, writing.now)


def _fail(session: Session, email: InboundEmail, reason: Reason, now: datetime) -> str:
    """Says what became of it: another worker may have been first, which is no reason to undo the batch."""
    wait = WAITS[min(email.failures, len(WAITS) - 1)]
    values: dict[str, Any] = {"next_attempt_at": now + wait, "failures": email.failures + 1}
    try:
        with session.begin_nested():
            move_email(session, email, EmailStatus.failed, now=now, reason=reason, **values)
    except LostRace:
        return "postponed"
    return "failed"


def _put_back(this: Recording, email_ids: Sequence[int]) -> None:
    """Claimed but not reached: as if never claimed. By id: rows of a transaction that broke can no longer be read."""
    if not email_ids:
        return
    with this.database.transaction() as session:
        session.execute(
            sa.update(InboundEmail)
            .where(col(InboundEmail.id).in_(email_ids))
            .where(col(InboundEmail.status) == EmailStatus.received)
            .values(attempts=InboundEmail.attempts - 1, next_attempt_at=None)
        )
