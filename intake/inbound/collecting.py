"""Collect: bring every message of a mailbox into the file store and the ledger, then, and only then, touch the server.

Owns the order of those steps and the mailbox's lease. Never reads what an email says, except the headers that decide
whether a message in an officer's own mailbox may be copied at all. The server's flags are never its memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.inbound.fetching import fetch_large, fetch_requested
from intake.inbound.poll import Collected, Poll
from intake.inbound.server_actions import act_on_server
from intake.mail.folders import Folder, Role
from intake.mail.mailbox import FetchedEmail, FolderMissing, FolderRefused, FolderState, ListedEmail
from intake.settings import MailboxSettings
from intake.store.emails import (
    EmailStatus,
    InboundEmail,
    LedgerEntry,
    Mailbox,
    MailboxFolder,
    ServerAction,
)
from intake.store.history import note
from intake.store.reasons import Reason

LIST_AT_ONCE = 1000
CHUNK_EMAILS = 200
CHUNK_BYTES = 8_000_000
STREAM_ABOVE = 4_000_000
OLD_AFTER = timedelta(days=1)
NEVER_WATCHED = frozenset({Role.sent, Role.drafts, Role.trash})


def collect_mailbox(this: Poll) -> Collected:
    """Collect what is new in every watched folder. One that is refused keeps no other from being collected.

    Raises LostRace when another worker took the lease over, MailboxUnavailable when the server fails, StoreFull when
    the disk is; what was committed before that stays, and the next poll goes on from there.
    """
    collected: list[MailboxFolder] = []
    refused: FolderRefused | None = None
    for folder in watched_folders(this.settings, this.server.folders()):
        try:
            if row := _collect_folder(this, folder):
                collected.append(row)
        except FolderRefused as error:
            refused = error
        if this.stopped():
            return this.found
    _finish(this, was_success=refused is None)
    act_on_server(this, collected)
    if refused is not None:
        raise refused
    return this.found


def watched_folders(settings: MailboxSettings, folders: Sequence[Folder]) -> list[Folder]:
    """The folders to poll: those configured, else all but Sent, Drafts and Trash. Junk is watched: rules move mail.

    The folder that collected mail is moved to is watched too: officers put mail there by hand.
    """
    if settings.folders:
        by_name = {folder.name: folder for folder in folders}
        return [by_name.get(name, Folder(name, Role.other)) for name in settings.folders]
    return [f for f in folders if f.role not in NEVER_WATCHED and f.name not in settings.skip_folders]


def _finish(this: Poll, *, was_success: bool) -> None:
    now = this.clock()
    with this.database.transaction() as session:
        mailbox = this.renew(session)
        mailbox.first_poll_completed_at = mailbox.first_poll_completed_at or now
        if was_success:
            mailbox.last_polled_at, mailbox.last_error = now, _missing(this.found.missing_folders)
            mailbox.is_refused = False
            mailbox.last_poll_began_at = mailbox.last_tried_at  # set when the lease of this poll was taken


def _missing(folders: Sequence[str]) -> str | None:
    return f"There is no folder “{folders[0]}” to watch; make it, or correct the configuration." if folders else None


# One folder


def _collect_folder(this: Poll, folder: Folder) -> MailboxFolder | None:
    """The folder's row; None when there is no such folder, or the worker was asked to stop half-way."""
    try:
        state = this.server.open_folder(folder.name)
    except FolderMissing:
        this.found.missing_folders.append(folder.name)
        return None
    this.found.folders.append(folder.name)
    row, new = _new_uids(this, folder, state)
    kept = 0
    for listed in _chunks(this, new):
        if this.stopped():
            return None
        this.keep_lease()
        kept += _collect_chunk(this, folder, row, state, listed)
    fetch_requested(this, row, state)
    this.found.not_given += len(new) - kept
    _remember_place(this, row, state, is_complete=kept == len(new))
    return row


def _new_uids(this: Poll, folder: Folder, state: FolderState) -> tuple[MailboxFolder, list[int]]:
    """The folder's row, and the UIDs on the server that the ledger lacks."""
    with this.database.transaction() as session:
        mailbox = this.renew(session)
        row = session.exec(
            select(MailboxFolder).where(MailboxFolder.mailbox_id == mailbox.id, MailboxFolder.name == folder.name)
        ).first()
        if row is None:
            row = MailboxFolder(mailbox_id=mailbox.id, name=folder.name)
            session.add(row)
        if row.uid_validity != state.uid_validity:
            row.uid_validity, row.uid_next, row.gone_through_to = state.uid_validity, None, None
        session.flush()
        # RFC 3501, 2.3.1.1: UIDNEXT grows with every new message, so an unchanged one means nothing new.
        if row.uid_next is not None and row.uid_next == state.uid_next:
            return row, []
        known = set(
            session.exec(
                select(LedgerEntry.uid).where(
                    LedgerEntry.folder_id == row.id, LedgerEntry.uid_validity == state.uid_validity
                )
            )
        )
    return row, [uid for uid in this.server.uids() if uid not in known]


def _chunks(this: Poll, uids: Sequence[int]) -> Iterator[list[ListedEmail]]:
    """Chunks bounded by number and by bytes; a large message begins a new one."""
    for start in range(0, len(uids), LIST_AT_ONCE):
        chunk: list[ListedEmail] = []
        for listed in this.server.list_emails(uids[start : start + LIST_AT_ONCE]):
            size = sum(other.size for other in chunk) + listed.size
            if chunk and (len(chunk) >= CHUNK_EMAILS or size > CHUNK_BYTES or listed.size > STREAM_ABOVE):
                yield chunk
                chunk = []
            chunk.append(listed)
        if chunk:
            yield chunk


def _collect_chunk(
    this: Poll, folder: Folder, row: MailboxFolder, state: FolderState, listed: Sequence[ListedEmail]
) -> int:
    """Store the chunk and commit it. Returns how many got their place in the ledger."""
    left: list[ListedEmail] = []
    if this.may_copy is not None:
        allowed = this.may_copy(this.server.fetch_headers([email.uid for email in listed]))
        # Without a verdict a message is neither copied nor left in place for good: the next poll asks again.
        left = [email for email in listed if allowed.get(email.uid) is False]
        listed = [email for email in listed if allowed.get(email.uid)]
    stored = list(_store(this, listed))
    now = this.clock()
    with this.database.transaction() as session:
        mailbox = this.renew(session)
        emails = _email_rows(this, session, _Place(mailbox, row, folder.role), stored, now)
        action = _action(this.settings, folder)
        session.add_all(_entry(row, state, i.listed, now, email=emails[i.sha256], action=action) for i in stored)
        session.add_all(_entry(row, state, email, now) for email in left)
    this.found.left_in_place += len(left)
    return len(stored) + len(left)


def _remember_place(this: Poll, row: MailboxFolder, state: FolderState, *, is_complete: bool) -> None:
    """Gone through; `uid_next` moves on only when all that was listed is in the ledger."""
    place = (state.uid_next if is_complete else row.uid_next, state.uid_next or 0)
    if place != (row.uid_next, row.gone_through_to):
        with this.database.transaction() as session:
            this.renew(session)
            fresh = session.get_one(MailboxFolder, row.id)
            fresh.uid_next, fresh.gone_through_to = place


# Storing


@dataclass(frozen=True, slots=True)
class _Stored:
    listed: ListedEmail
    sha256: str
    is_headers_only: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a chunk was found."""

    mailbox: Mailbox
    folder: MailboxFolder
    role: Role

    def may_be_old(self, received_at: datetime, now: datetime) -> bool:
        """Whether its writer may have given up hope of an answer: found on a mailbox's first poll, or not of today in a
        folder that is new, was restored or had its UIDs renumbered."""
        if self.mailbox.first_poll_completed_at is None:
            return True
        return self.folder.gone_through_to is None and received_at < now - OLD_AFTER


def _store(this: Poll, listed: Sequence[ListedEmail]) -> Iterator[_Stored]:
    """Fetch and make durable. A message that vanished from the server meanwhile is simply not there."""
    by_uid = {email.uid: email for email in listed}
    oversize = [email for email in listed if email.size > this.largest_email]
    large = [email for email in listed if STREAM_ABOVE < email.size <= this.largest_email]
    small = [email.uid for email in listed if email.size <= min(STREAM_ABOVE, this.largest_email)]
    for email in large:
        if sha256 := fetch_large(this, email.uid):
            yield _Stored(email, sha256)
    if small:
        yield from _put(this, by_uid, this.server.fetch(small))
    if oversize:
        headers = this.server.fetch_headers([email.uid for email in oversize])
        yield from _put(this, by_uid, headers, is_headers_only=True)


def _put(
    this: Poll, by_uid: dict[int, ListedEmail], fetched: Sequence[FetchedEmail], *, is_headers_only: bool = False
) -> Iterator[_Stored]:
    digests = this.files.put_many([email.raw for email in fetched])
    for email, sha256 in zip(fetched, digests, strict=True):
        yield _Stored(by_uid[email.uid], sha256, is_headers_only)


def _email_rows(
    this: Poll, session: Session, place: _Place, stored: Sequence[_Stored], now: datetime
) -> dict[str, InboundEmail]:
    """The rows by their bytes: the same bytes again in this mailbox are the same email, whatever became of it."""
    known = _known_emails(session, place.mailbox, [item.sha256 for item in stored])
    new = {item.sha256: _new_email(place, item, now) for item in stored if item.sha256 not in known}
    session.add_all(new.values())
    session.flush()
    for email in new.values():
        if email.is_headers_only:
            note(session, email, "held", now=now, reason=Reason.oversize)
            this.found.oversize += 1
    this.found.emails += len(new)
    this.found.again += len(stored) - len(new)
    return known | new


def _known_emails(session: Session, mailbox: Mailbox, digests: Sequence[str]) -> dict[str, InboundEmail]:
    """By the hash of their bytes, or of their header where they were once too large to be fetched whole."""
    known = select(InboundEmail).where(
        InboundEmail.mailbox_id == mailbox.id,
        sa.or_(col(InboundEmail.raw_sha256).in_(digests), col(InboundEmail.header_sha256).in_(digests)),
    )
    emails = session.exec(known).all()
    by_header = {email.header_sha256: email for email in emails if email.header_sha256 is not None}
    return by_header | {email.raw_sha256: email for email in emails}


def _new_email(place: _Place, item: _Stored, now: datetime) -> InboundEmail:
    return InboundEmail(
        mailbox_id=place.mailbox.id,
        raw_sha256=item.sha256,
        size=item.listed.size,
        is_headers_only=item.is_headers_only,
        is_backlog=place.may_be_old(item.listed.received_at, now),
        is_junk=place.role is Role.junk,
        received_at=item.listed.received_at,
        collected_at=now,
        status=EmailStatus.held if item.is_headers_only else EmailStatus.received,
        reason=str(Reason.oversize) if item.is_headers_only else None,
    )


def _entry(
    row: MailboxFolder,
    state: FolderState,
    listed: ListedEmail,
    now: datetime,
    *,
    email: InboundEmail | None = None,
    action: ServerAction = ServerAction.none,
) -> LedgerEntry:
    return LedgerEntry(
        folder_id=row.id,
        uid_validity=state.uid_validity,
        uid=listed.uid,
        received_at=listed.received_at,
        seen_at=now,
        email_id=email.id if email else None,
        server_action=action,
    )


def _action(settings: MailboxSettings, folder: Folder) -> ServerAction:
    """Owed to a collected message: nothing when left in place, or where it already lies in the folder to move to."""
    if settings.server_action in ("leave", f"move:{folder.name}"):
        return ServerAction.none
    return ServerAction.pending
