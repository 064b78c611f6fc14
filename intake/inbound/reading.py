"""What the sandbox's children run: read one stored email, or one header, and say what is in it.

Owns the way attachments leave the child: written to a spool folder, never sent through the pipe. Knows no database.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from intake.mail.attachments import is_email_file
from intake.mail.automatic import OwnMail
from intake.mail.message import AttachedFile
from intake.mail.understanding import Understood, understand


@dataclass(frozen=True, slots=True)
class EmailToRead:
    """A stored email: where its bytes are, what they must hash to, and where its attachments are to be put.

    `forward` is path and SHA-256 of the forward it was attached to, to be read with it.
    """

    email_id: int
    path: Path
    sha256: str
    spool: Path
    own: OwnMail
    forward: tuple[Path, str] | None = None


@dataclass(frozen=True, slots=True)
class HeaderToRead:
    """The header of a message that may not be copied unless it is meant for a consultation."""

    uid: int
    raw: bytes
    own: OwnMail


@dataclass(frozen=True, slots=True)
class SpooledFile:
    """An attachment as the child left it in the spool folder."""

    filename: str
    content_type: str
    size: int
    sha256: str
    path: Path


@dataclass(frozen=True, slots=True)
class Forward:
    """The email that an enclosed letter was attached to, without its files; `letters` is how many were."""

    understood: Understood
    letters: int


@dataclass(frozen=True, slots=True)
class ReadEmail:
    """What an email says, but for its HTML; `understood.attachments` is empty, the files are in `files`."""

    understood: Understood
    files: tuple[SpooledFile, ...]
    digest: str
    forward: Forward | None = None


@dataclass(frozen=True, slots=True)
class NotAsStored:
    """The stored bytes are missing or are not those that were stored."""


def read(job: EmailToRead | HeaderToRead) -> ReadEmail | Understood | NotAsStored:
    """Runs in a child process: nothing it does can stop or stall the worker."""
    match job:
        case HeaderToRead():
            return understand(job.raw, own=job.own)
        case EmailToRead():
            return _read_stored(job)


def _read_stored(job: EmailToRead) -> ReadEmail | NotAsStored:
    raw, forward = _stored(job.path, job.sha256), None
    if raw is None or (job.forward and (forward := _stored(*job.forward)) is None):
        return NotAsStored()
    understood = understand(raw, own=job.own)
    del raw
    files = tuple(_spool(job, position, file) for position, file in enumerate(understood.attachments))
    digest = letter_digest(understood, files)
    around = _forward(understand(forward, own=job.own)) if forward else None
    return ReadEmail(replace(understood, attachments=(), html=None), files, digest, around)


def _stored(path: Path, sha256: str) -> bytes | None:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    return raw if hashlib.sha256(raw).hexdigest() == sha256 else None


def _forward(understood: Understood) -> Forward:
    letters = [file for file in understood.attachments if is_email_file(file.filename, file.content_type)]
    return Forward(replace(understood, attachments=(), html=None), len({file.sha256 for file in letters}))


def _spool(job: EmailToRead, position: int, file: AttachedFile) -> SpooledFile:
    path = job.spool / f"{job.email_id}-{position}"
    path.write_bytes(file.content)
    return SpooledFile(file.filename, file.content_type, file.size, file.sha256, path)


def letter_digest(understood: Understood, files: tuple[SpooledFile, ...]) -> str:
    """SHA-256 of the letter itself, the same whatever route it came by and whatever a gateway stamped on it.

    Without a Message-ID the sender and the date stand in, and every word counts: two people who send one campaign's
    text wrote two letters, and so did one person who hands on two of other people's.
    """
    sender = understood.sender.address.lower() if understood.sender else ""
    identity = understood.message_id or f"{sender} {understood.sent_at}"
    is_known_by_id = understood.message_id and understood.own_words
    words = " ".join((understood.own_words if is_known_by_id else understood.text).split())
    parts = [identity, words, *sorted(file.sha256 for file in files)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
