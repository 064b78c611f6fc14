"""Hold every email, attachment and document against its stored file, and bring the same bytes again where they are.

Emails come again from a server, attachments out of their email. Bytes that do not hash to the file's name are let go.
"""

import hashlib
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import col

from intake.errors import LostRace
from intake.inbound.poll import Poll
from intake.inbound.reconciliation import Difference, Kind, Reconciling, Row, some_at_a_time
from intake.mail.mailbox import FolderMissing, FolderRefused
from intake.store.emails import InboundEmail, LedgerEntry, Mailbox, MailboxFolder
from intake.store.files import FileStore
from intake.store.mailings import ConsultationDocument
from intake.store.responses import Addition, Attachment, Response

# The attachment of a campaign's letter comes with each copy of the letter.
REMEMBERED = 10_000

_Damaged = dict[str, list[Difference]]  # by SHA-256


def check_email_files(this: Reconciling) -> None:
    """The hash alone is held against the name: an email's `size` is what its server said, and servers err."""
    damaged: _Damaged = defaultdict(list)
    for chunk in this.chunks(sa.select(col(InboundEmail.id), col(InboundEmail.raw_sha256)), by=InboundEmail.id):
        for email_id, sha256 in chunk:
            if kind := _damage(this.files, sha256):
                damaged[sha256].append(this.found.add(kind, f"email {email_id}"))
    if this.mend and damaged:
        _fetch_again(this, list(damaged))
        _take_out_again(this, list(damaged))
        _note_mended(this.files, damaged)


def check_attachment_files(this: Reconciling) -> None:
    damaged: _Damaged = defaultdict(list)
    damage = lru_cache(REMEMBERED)(_damage)
    rows = sa.select(col(Attachment.id), col(Attachment.sha256), col(Response.reference)).join(
        Response, col(Response.id) == Attachment.response_id
    )
    for chunk in this.chunks(rows, by=Attachment.id):
        for attachment_id, sha256, reference in chunk:
            if kind := damage(this.files, sha256):
                damaged[sha256].append(this.found.add(kind, f"{reference}, attachment {attachment_id}"))
    if this.mend and damaged:
        _extract_again(this, damaged)
        _note_mended(this.files, damaged)


def check_document_files(this: Reconciling) -> None:
    """What an administrator put there came from nowhere that it could be fetched from again."""
    rows = sa.select(col(ConsultationDocument.id), col(ConsultationDocument.sha256))
    stored = rows.where(col(ConsultationDocument.sha256).is_not(None))
    for chunk in this.chunks(stored, by=ConsultationDocument.id):
        for document_id, sha256 in chunk:
            if kind := _damage(this.files, sha256):
                this.found.add(kind, f"document {document_id}")


def _damage(files: FileStore, sha256: str) -> Kind | None:
    try:
        is_whole = _sha256(files.path(sha256)) == sha256
    except FileNotFoundError:
        return Kind.file_missing
    except OSError:  # a disk that cannot read it
        return Kind.file_torn
    return None if is_whole else Kind.file_torn


def _note_mended(files: FileStore, damaged: _Damaged) -> None:
    for sha256, differences in damaged.items():
        is_whole = _damage(files, sha256) is None
        for difference in differences:
            difference.mended = is_whole


# Emails, from their servers


def _fetch_again(this: Reconciling, damaged: Sequence[str]) -> None:
    places = [place for some in some_at_a_time(damaged) for place in _places(this, some)]
    places.sort(key=lambda place: (place.mailbox, place.folder, place.uid))
    for name, in_mailbox in groupby(places, lambda place: str(place.mailbox)):
        if name in this.mailboxes:
            # A worker at this mailbox has it to itself; what is not fetched now stays a difference.
            with suppress(LostRace), this.noting_unavailable(name), this.poll(name) as poll:
                _fetch_from(poll, list(in_mailbox))


def _places(this: Reconciling, damaged: Sequence[str]) -> Sequence[Row]:
    """Where on the servers emails of these bytes were last seen, whichever mailbox they came by."""
    with this.database.reading() as session:
        return session.execute(
            sa.select(
                col(InboundEmail.raw_sha256),
                col(InboundEmail.is_headers_only),
                col(Mailbox.name).label("mailbox"),
                col(MailboxFolder.name).label("folder"),
                col(LedgerEntry.uid),
                col(LedgerEntry.uid_validity),
            )
            .join(LedgerEntry, col(LedgerEntry.email_id) == InboundEmail.id)
            .join(MailboxFolder, col(MailboxFolder.id) == LedgerEntry.folder_id)
            .join(Mailbox, col(Mailbox.id) == MailboxFolder.mailbox_id)
            .where(col(InboundEmail.raw_sha256).in_(damaged))
        ).all()


def _fetch_from(poll: Poll, places: Sequence[Row]) -> None:
    spool = poll.files.spool()
    try:
        for folder, in_folder in groupby(places, lambda place: str(place.folder)):
            try:
                state = poll.server.open_folder(folder)
            except (FolderMissing, FolderRefused):
                continue
            for place in in_folder:
                # Under another UIDVALIDITY the same UID is another message.
                if place.uid_validity == state.uid_validity:
                    _fetch(poll, place, spool / "raw")
    finally:
        shutil.rmtree(spool)


def _fetch(poll: Poll, place: Row, path: Path) -> None:
    if _damage(poll.files, place.raw_sha256) is None or not _bring(poll, place, path):
        return
    if _sha256(path) == place.raw_sha256:
        poll.files.adopt_many([path])
    else:
        path.unlink()


def _bring(poll: Poll, place: Row, path: Path) -> bool:
    if not place.is_headers_only:
        return poll.server.fetch_to_file(place.uid, path, after_each_part=poll.keep_lease)
    for email in poll.server.fetch_headers([place.uid]):
        path.write_bytes(email.raw)
        return True
    return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Attachments out of their emails, and letters out of the forwards they were attached to


def _extract_again(this: Reconciling, damaged: _Damaged) -> None:
    _read_for(this, set(damaged), _brought(this, damaged))


def _take_out_again(this: Reconciling, damaged: Sequence[str]) -> None:
    _read_for(this, set(damaged), _handed_on(this, damaged))


def _read_for(this: Reconciling, wanted: set[str], brought: Iterator[Row]) -> None:
    """Reads emails until each file was found once: thousands may have brought the same."""
    emails = ((email_id, raw_sha256) for sha256, email_id, raw_sha256 in brought if sha256 in wanted)
    for _, read in this.read_again(emails):
        found = [file for file in read.files if file.sha256 in wanted]
        this.files.adopt_many([file.path for file in found])
        wanted -= {file.sha256 for file in found}


def _handed_on(this: Reconciling, damaged: Sequence[str]) -> Iterator[Row]:
    """Letter, and id and SHA-256 of the forward that it was attached to."""
    forward = sa.orm.aliased(InboundEmail)
    for some in some_at_a_time(damaged):
        with this.database.reading() as session:
            rows = session.execute(
                sa.select(col(InboundEmail.raw_sha256), col(forward.id), col(forward.raw_sha256))
                .join(forward, col(forward.id) == InboundEmail.enclosed_in_id)
                .where(col(InboundEmail.raw_sha256).in_(some))
            ).all()
        yield from rows


def _brought(this: Reconciling, damaged: _Damaged) -> Iterator[Row]:
    """Attachment, and id and SHA-256 of an email that brought it."""
    for some in some_at_a_time(list(damaged)):
        with this.database.reading() as session:
            rows = session.execute(
                sa.select(col(Attachment.sha256), col(InboundEmail.id), col(InboundEmail.raw_sha256))
                .select_from(Attachment)
                .join(Response, col(Response.id) == Attachment.response_id)
                .join(Addition, col(Addition.id) == Attachment.addition_id, isouter=True)
                .join(InboundEmail, col(InboundEmail.id) == sa.func.coalesce(Addition.email_id, Response.email_id))
                .where(col(Attachment.sha256).in_(some))
            ).all()
        yield from rows
