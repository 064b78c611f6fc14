"""Take in mail from files, as if it had been collected: .eml files, mboxes and Maildirs.

Owns what a file says of when its mail was received. Its acknowledgements wait for an administrator, like all backlog.
"""

import mailbox
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Protocol

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from intake.errors import NotFound
from intake.store.database import Database
from intake.store.emails import InboundEmail
from intake.store.files import FileStore
from intake.store.history import note

AT_ONCE = 100
PIECE = 1_000_000


@dataclass(frozen=True, slots=True)
class DroppedEmail:
    """One email of a file. `received_at` is None where the file does not say."""

    pieces: Iterator[bytes]  # of its bytes, read from the file as they are asked for
    received_at: datetime | None = None


@dataclass(slots=True)
class Dropped:
    emails: int = 0
    again: int = 0


def drop_files(paths: Sequence[Path], database: Database, files: FileStore, *, now: datetime, actor: str) -> Dropped:
    """Store every email of these files, however large. All paths are looked at before the first email is stored."""
    emails = chain.from_iterable([read_dropped(path) for path in paths])
    dropped = Dropped()
    while chunk := _stored(files, islice(emails, AT_ONCE)):
        with database.transaction() as session:
            for sha256, received_at in chunk:
                row = InboundEmail(
                    raw_sha256=sha256,
                    size=files.path(sha256).stat().st_size,
                    is_backlog=True,
                    received_at=received_at,
                    collected_at=now,
                )
                is_new = _add(session, row, now=now, actor=actor)
                dropped.emails += is_new
                dropped.again += not is_new
    return dropped


def read_dropped(path: Path) -> Iterator[DroppedEmail]:
    """The emails of an .eml file, an mbox (by its first line) or a Maildir (by its folders). Raises NotFound at once.

    Each email's pieces are used up before the next email is asked for.
    """
    try:
        if path.is_dir():
            return _read_files(_maildir_files(path))
        return _read_mbox(path) if _starts_like_mbox(path) else _read_files([path])
    except OSError as error:
        raise NotFound(f"{path} cannot be read ({error.strerror}); nothing was taken in.") from None


def _maildir_files(path: Path) -> list[Path]:
    folders = [folder for folder in (path / "cur", path / "new") if folder.is_dir()]
    if not folders:
        raise NotFound(
            f"{path} is a folder but no Maildir: it has neither “cur” nor “new” in it; nothing was taken in."
        )
    return sorted(file for folder in folders for file in folder.iterdir() if file.is_file())


def _starts_like_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"From "


def _read_files(paths: Iterable[Path]) -> Iterator[DroppedEmail]:
    for path in paths:
        with path.open("rb") as file:
            yield DroppedEmail(_pieces(file))


def _read_mbox(path: Path) -> Iterator[DroppedEmail]:
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.iterkeys():
            from_line = box.get_file(key, from_=True).readline()
            yield DroppedEmail(_pieces(box.get_file(key)), _from_line_instant(from_line))
    finally:
        box.close()


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _pieces(file: _Readable) -> Iterator[bytes]:
    return iter(partial(file.read, PIECE), b"")


def _from_line_instant(line: bytes) -> datetime | None:
    """RFC 4155: "From asha@county.example Thu Jan  9 10:00:00 2020", in UTC."""
    # Seen in practice: names in the place of addresses, in whatever character set.
    words = line.decode("ascii", "replace").split()
    try:
        return datetime.strptime(" ".join(words[2:7]), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


def _stored(files: FileStore, emails: Iterator[DroppedEmail]) -> list[tuple[str, datetime | None]]:
    """Stores these emails a piece at a time, so that no more than one piece of one email is ever in memory."""
    received: list[datetime | None] = []

    def streams() -> Iterator[Iterator[bytes]]:
        for email in emails:
            received.append(email.received_at)
            yield email.pieces

    return list(zip(files.put_streams(streams()), received, strict=True))


def _add(session: Session, row: InboundEmail, *, now: datetime, actor: str) -> bool:
    """Whether it is new. The database decides: the same bytes dropped again are the same email."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    note(session, row, "dropped", now=now, actor=actor)
    return True
