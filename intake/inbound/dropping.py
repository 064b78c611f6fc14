"""Take in mail from files, as if it had been collected: .eml files, mboxes and Maildirs.

Owns what a file says of when its mail was received. Its acknowledgements wait for an administrator, like all backlog.
"""

import mailbox
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from sqlmodel import Session, col, select

from intake.errors import NotFound
from intake.store.database import Database
from intake.store.emails import InboundEmail
from intake.store.files import FileStore
from intake.store.history import note

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class DroppedEmail:
    """One email of a file. `received_at` is None where the file does not say."""

    raw: bytes
    received_at: datetime | None


@dataclass(slots=True)
class Dropped:
    emails: int = 0
    again: int = 0


def drop_files(paths: Sequence[Path], database: Database, files: FileStore, *, now: datetime, actor: str) -> Dropped:
    """Store every email of these files. All paths are looked at before the first email is stored."""
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise NotFound(f"There is no file or folder {missing[0]}; nothing was taken in.")
    dropped = Dropped()
    emails = (email for path in paths for email in read_dropped(path))
    while chunk := list(islice(emails, AT_ONCE)):
        digests = files.put_many([email.raw for email in chunk])
        with database.transaction() as session:
            for email, sha256 in zip(chunk, digests, strict=True):
                is_new = _store(session, email, sha256, now=now, actor=actor)
                dropped.emails += is_new
                dropped.again += not is_new
    return dropped


def read_dropped(path: Path) -> Iterator[DroppedEmail]:
    """The emails of an .eml file, an mbox (by its first line) or a Maildir (by its folders)."""
    if path.is_dir():
        yield from _read_maildir(path)
    elif _starts_like_mbox(path):
        yield from _read_mbox(path)
    else:
        yield DroppedEmail(path.read_bytes(), None)


def _read_maildir(path: Path) -> Iterator[DroppedEmail]:
    folders = [folder for folder in (path / "cur", path / "new") if folder.is_dir()]
    if not folders:
        raise NotFound(f"{path} is a folder but no Maildir: it has neither “cur” nor “new” in it.")
    for file in sorted(file for folder in folders for file in folder.iterdir() if file.is_file()):
        yield DroppedEmail(file.read_bytes(), None)


def _starts_like_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"From "


def _read_mbox(path: Path) -> Iterator[DroppedEmail]:
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.iterkeys():
            yield DroppedEmail(box.get_bytes(key), _from_line_instant(box.get_message(key).get_from()))
    finally:
        box.close()


def _from_line_instant(line: str) -> datetime | None:
    """RFC 4155: "From asha@county.example Thu Jan  9 10:00:00 2020", in UTC."""
    words = line.split()
    try:
        return datetime.strptime(" ".join(words[1:6]), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


def _store(session: Session, email: DroppedEmail, sha256: str, *, now: datetime, actor: str) -> bool:
    known = select(InboundEmail.id).where(InboundEmail.raw_sha256 == sha256, col(InboundEmail.mailbox_id).is_(None))
    if session.exec(known).first() is not None:
        return False
    row = InboundEmail(
        raw_sha256=sha256, size=len(email.raw), is_backlog=True, received_at=email.received_at, collected_at=now
    )
    session.add(row)
    session.flush()
    note(session, row, "dropped", now=now, actor=actor)
    return True
