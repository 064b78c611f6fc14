"""Record: turn received emails into responses, additions, held and ignored ones, each whole or not at all.

Owns attempts, batches and the one transaction an email's outcome is written in. Reads emails only in child processes
(`reading.py`), decides nothing (`routing.py`) and sends nothing: what is owed goes into the outbox.
"""

import shutil
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlmodel import Session, col, select

from intake.errors import ChildDied, LostRace
from intake.inbound.circumstances import Knowledge, load_knowledge
from intake.inbound.reading import EmailToRead, HeaderToRead, NotAsStored, ReadEmail
from intake.inbound.writing import Writing, write_outcome
from intake.mail.automatic import OwnMail
from intake.mail.understanding import Understood
from intake.outbound.acknowledging import AcknowledgementRules
from intake.sandbox import ChildFailed, Sandbox
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
    while not this.stopped() and (claimed := _claim(this)):
        _record_claimed(this, claimed)
    return this.done


def _revive_failed(this: Recording) -> None:
    now = this.clock()
    with this.database.transaction() as session:
        due = select(InboundEmail).where(
            InboundEmail.status == EmailStatus.failed, col(InboundEmail.next_attempt_at) <= now
        )
        for email in session.exec(due.with_for_update(skip_locked=True)):
            move_email(session, email, EmailStatus.received, now=now, next_attempt_at=None)


def _claim(this: Recording) -> list[InboundEmail]:
    """Take waiting emails, counting the attempt before any of them is read.

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
        if emails and emails[-1].attempts > 0:
            emails = [email for email in emails if email.attempts == 0] or emails[:1]
        for email in emails:
            email.attempts += 1
            email.next_attempt_at = now + this.claim_lasts
    return emails


def _record_claimed(this: Recording, claimed: Sequence[InboundEmail]) -> None:
    left = {email.id: email for email in claimed}
    spool = this.files.spool()
    try:
        batch: list[_Read] = []
        for item in _read_each(this, claimed, spool):
            left.pop(item.email.id)
            batch.append(item)
            if len(batch) >= WRITE_AT_ONCE:
                _write_batch(this, batch)
                batch = []
        _write_batch(this, batch)
    finally:
        _put_back(this, list(left.values()))
        shutil.rmtree(spool, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Read:
    email: InboundEmail
    result: ReadEmail | NotAsStored | ChildDied | ChildFailed


def _read_each(this: Recording, claimed: Sequence[InboundEmail], spool: Path) -> Iterator[_Read]:
    emails = {email.id: email for email in claimed}
    jobs = (
        EmailToRead(email.id or 0, this.files.path(email.raw_sha256), email.raw_sha256, spool, this.own)
        for email in claimed
        if not this.stopped()
    )
    for job, result in this.parsers.run_each(jobs):
        assert isinstance(job, EmailToRead)
        assert not isinstance(result, Understood)
        yield _Read(emails[job.email_id], result)


def _write_batch(this: Recording, batch: Sequence[_Read]) -> None:
    """One transaction for the batch, a savepoint for each email: one that breaks takes no other with it."""
    read = [item.result for item in batch if isinstance(item.result, ReadEmail)]
    this.files.adopt_many([file.path for one in read for file in one.files])
    now = this.clock()
    with this.database.transaction() as session:
        known = load_knowledge(session, authserv_id=this.authserv_id)
        writing = Writing(known, this.rules(known), now)
        for item in sorted(batch, key=lambda item: item.email.id):
            status = _write(session, item, writing)
            setattr(this.done, status, getattr(this.done, status) + 1)


def _write(session: Session, item: _Read, writing: Writing) -> str:
    email = session.merge(item.email, load=False)
    match item.result:
        case ReadEmail() as read:
            return _write_read(session, email, read, writing)
        case NotAsStored():
            _fail(session, email, Reason.file_missing, writing.now)
            return "failed"
        case ChildDied() | ChildFailed() as death:
            log.warning("record", email=email.id, attempt=email.attempts, cause=str(death))
            if email.attempts < LAST_ATTEMPT:
                email.next_attempt_at = None
                return "postponed"
            _fail(session, email, Reason.reader_died, writing.now)
            return "failed"


def _write_read(session: Session, email: InboundEmail, read: ReadEmail, writing: Writing) -> str:
    for is_last in (False, True):
        try:
            with session.begin_nested():
                write_outcome(session, email, read, writing)
        except LostRace:
            return "postponed"
        except sa.exc.IntegrityError as error:
            # Another worker wrote the same letter between our look and our insert: the second look finds it.
            if is_last:
                return _note_broken(session, email, error, writing)
        except sa.exc.OperationalError:
            raise  # the database is away: nothing is wrong with this email
        except Exception as error:
            return _note_broken(session, email, error, writing)
        else:
            return email.status.value
    raise AssertionError("unreachable")


def _note_broken(session: Session, email: InboundEmail, error: Exception, writing: Writing) -> str:
    # The kind and the place only: an error's text may quote the letter.
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    log.error("record", email=email.id, attempt=email.attempts, error=type(error).__name__, where=where)
    _fail(session, email, Reason.recording_broke, writing.now)
    return "failed"


def _fail(session: Session, email: InboundEmail, reason: Reason, now: datetime) -> None:
    wait = WAITS[min(max(email.attempts - 1, 0), len(WAITS) - 1)]
    move_email(session, email, EmailStatus.failed, now=now, reason=reason, next_attempt_at=now + wait)


def _put_back(this: Recording, emails: Sequence[InboundEmail]) -> None:
    """Claimed but not reached: as if never claimed."""
    if not emails:
        return
    with this.database.transaction() as session:
        session.execute(
            sa.update(InboundEmail)
            .where(col(InboundEmail.id).in_([email.id for email in emails]))
            .where(col(InboundEmail.status) == EmailStatus.received)
            .values(attempts=InboundEmail.attempts - 1, next_attempt_at=None)
        )
