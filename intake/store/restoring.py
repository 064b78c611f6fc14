"""A backup put back into an empty installation, such that nothing goes out twice and no reference is given twice.

What was given out, sent and read between the backup and the loss is not in it. So every counter of references jumps
ahead, all mail that waited is held for a person, what is due from before the restoring waits for one, and what lies in
the mailboxes, or was not recorded yet, counts as old.
"""

import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.errors import DatabaseUnavailable, NotPossible
from intake.store.backing_up import ABOUT, FILES, POSTGRESQL_FILE, SQLITE_FILE, run_postgresql
from intake.store.consultations import Consultation
from intake.store.database import Database
from intake.store.emails import EmailStatus, InboundEmail, Mailbox, MailboxFolder, OutgoingEmail, OutgoingStatus
from intake.store.files import FileStore
from intake.store.reasons import Reason
from intake.store.transitions import Move, move_outgoings
from intake.store.users import OneTimeLink, UserSession

JUMP = 1000
"""References that may have been given out since the backup."""
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Restored:
    made_at: str
    files: int
    held: int


def restore(database: Database, files: FileStore, source: Path, *, now: datetime, actor: str) -> Restored:
    """Raises NotPossible: it is no backup, or something is there already that it would write over."""
    _require_empty(database, files)
    try:
        with tarfile.open(source) as tar:
            about = _about(tar)
            _require_kind(database, about["database"])
            with _all_or_nothing(files):
                count = _restore_files(tar, files)
                _restore_database(tar, database, about["database"])
    except (tarfile.TarError, OSError, KeyError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged, or no backup of intake"
        raise NotPossible(f"{source} cannot be restored ({reason}).") from None
    database.upgrade()
    with database.transaction() as session:
        held = _make_safe(session, now=now, actor=actor)
    return Restored(about["made_at"], count, held)


def _require_empty(database: Database, files: FileStore) -> None:
    if database.revision() is not None:
        raise NotPossible("There is a database already; restore into an empty one, and move the old one away first.")
    if next(files.every(), None) is not None:
        raise NotPossible("There are stored files already (files.path); move them away first.")


def _about(tar: tarfile.TarFile) -> dict[str, str]:
    with _opened(tar, ABOUT) as file:
        about: dict[str, str] = json.load(file)
    if about["database"] not in (SQLITE_FILE, POSTGRESQL_FILE):
        raise ValueError
    return about


def _require_kind(database: Database, name: str) -> None:
    if bool(database.file) is not (name == SQLITE_FILE):
        kind = "SQLite" if name == SQLITE_FILE else "PostgreSQL"
        raise NotPossible(f"The backup is of a database on {kind}; set database.url to an empty one of that kind.")


@contextmanager
def _all_or_nothing(files: FileStore) -> Iterator[None]:
    """Where it breaks off, the store is as empty as it was, and the next try may begin."""
    try:
        yield
    except BaseException:
        for path in list(files.every()):
            path.unlink()
        raise


def _opened(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file


def _restore_files(tar: tarfile.TarFile, files: FileStore) -> int:
    """Each under the hash of what is in the backup, whatever its name there says."""
    names = [entry.name for entry in tar if entry.isfile() and entry.name.startswith(FILES)]
    for name in names:
        [stored] = files.put_streams([_pieces(tar, name)])
        if stored != name.removeprefix(FILES):
            raise NotPossible(f"A file in the backup is not what its name says ({stored[:12]}…); take another backup.")
    return len(names)


def _pieces(tar: tarfile.TarFile, name: str) -> Iterator[bytes]:
    with _opened(tar, name) as file:
        while piece := file.read(_PIECE):
            yield piece


def _restore_database(tar: tarfile.TarFile, database: Database, name: str) -> None:
    folder = database.file.parent if database.file else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as beside:
        copied = Path(beside) / name
        with _opened(tar, name) as file, copied.open("wb") as out:
            shutil.copyfileobj(file, out)
        if database.file:
            copied.chmod(0o600)
            copied.replace(database.file)
        else:
            options = ("--no-owner", "--exit-on-error", "--single-transaction")
            run_postgresql(database, "pg_restore", *options, f"--dbname={database.engine.url.database}", str(copied))
    if database.revision() is None:
        raise DatabaseUnavailable


def _make_safe(session: Session, *, now: datetime, actor: str) -> int:
    """How many emails are held."""
    session.execute(sa.update(Consultation).values(last_number=Consultation.last_number + JUMP, restored_at=now))
    # Those that no outcome was written of, as far as we know: they may have been answered since.
    undone = col(InboundEmail.status).in_([EmailStatus.received, EmailStatus.failed, EmailStatus.held])
    session.execute(sa.update(InboundEmail).where(undone).values(is_backlog=True))
    session.execute(sa.update(Mailbox).values(first_poll_completed_at=None, lease_owner=None, lease_until=None))
    session.execute(sa.update(MailboxFolder).values(gone_through_to=None))
    # What was ended or used since must not let anybody in again.
    session.execute(sa.update(UserSession).where(col(UserSession.ended_at).is_(None)).values(ended_at=now))
    session.execute(sa.update(OneTimeLink).where(col(OneTimeLink.used_at).is_(None)).values(used_at=now))
    sending = session.exec(select(OutgoingEmail).where(OutgoingEmail.status == OutgoingStatus.sending)).all()
    queued = OutgoingStatus.queued
    back = [Move(row, queued, Reason.claim_ran_out, {"claimed_until": None}) for row in sending]
    move_outgoings(session, back, now=now, actor=actor)
    waiting = session.exec(select(OutgoingEmail).where(OutgoingEmail.status == queued)).all()
    held = [Move(row, OutgoingStatus.held, Reason.restored) for row in waiting]
    move_outgoings(session, held, now=now, actor=actor)
    return len(waiting)
