"""Hold every message on a mailbox's server against the ledger. Collecting again is left to collecting."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from sqlmodel import Session, col, select

from intake.errors import LostRace
from intake.inbound.collecting import collect_mailbox, watched_folders
from intake.inbound.poll import Poll
from intake.inbound.reconciliation import OVERDUE, Difference, Kind, Reconciled, Reconciling
from intake.mail.mailbox import FolderMissing, FolderRefused
from intake.store.emails import LedgerEntry, Mailbox, MailboxFolder
from intake.store.leases import mailbox_row
from intake.store.ledger import LOOK_AGAIN

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Compared:
    """One folder: how many messages it holds, and the differences by UID."""

    folder: str
    uid_validity: int
    on_server: int
    missing: dict[int, Difference]


def compare_mailbox(this: Reconciling, name: str) -> None:
    """Compare every watched folder under the mailbox's lease; skip a mailbox that another worker holds."""
    with this.noting_unavailable(name):
        try:
            with this.poll(name) as poll:
                compared = _compare(poll, this.found)
                missing = [folder for folder in compared if folder.missing]
                if this.mend and missing:
                    _forget_uid_next(poll, missing)
                    _collect_again(poll, missing)
                _remember(poll, compared)
        except LostRace:
            this.found.counts.skipped.append(name)
            log.info("reconcile", mailbox=name, skipped="another worker is at it")


def _compare(poll: Poll, found: Reconciled) -> list[_Compared]:
    folders = watched_folders(poll.settings, poll.server.folders())
    compared = [_compare_folder(poll, folder.name, found) for folder in folders]
    return [folder for folder in compared if folder]


def _remember(poll: Poll, compared: Sequence[_Compared]) -> None:
    with poll.database.transaction() as session:
        mailbox = poll.renew(session)
        mailbox.reconciled_at = poll.clock()
        mailbox.messages_on_server = sum(folder.on_server for folder in compared)
        mailbox.messages_missing = sum(not one.mended for folder in compared for one in folder.missing.values())


def _compare_folder(poll: Poll, folder: str, found: Reconciled) -> _Compared | None:
    place = f"{poll.name}/{folder}"
    try:
        uid_validity = poll.server.open_folder(folder).uid_validity
    except FolderMissing:
        found.add(Kind.folder_missing, place)
        return None
    except FolderRefused:
        found.add(Kind.folder_refused, place)
        return None
    with poll.database.transaction() as session:
        poll.renew(session)
        seen_to = _gone_through_to(session, poll, folder, uid_validity)
        known = _uids(session, poll, folder, uid_validity)
    on_server = set(poll.server.uids())
    unknown = sorted(on_server - known)
    # The next poll has yet to see them, however old their mail is: it may have been moved here a moment ago.
    new = {uid for uid in unknown if uid >= seen_to}
    found.counts.on_servers += len(on_server)
    found.counts.in_ledger += len(on_server & known)
    found.counts.just_arrived += len(new)
    # People delete and move mail: what is gone from the server is stored here and no difference.
    found.counts.gone_from_servers += len(known - on_server)
    overlooked = {uid: found.add(Kind.not_in_ledger, f"{place}/{uid}") for uid in unknown if uid not in new}
    return _Compared(folder, uid_validity, len(on_server), overlooked)


def _gone_through_to(session: Session, poll: Poll, folder: str, uid_validity: int) -> int:
    """Below this UID a poll has seen everything; without a limit where there was none within the hour."""
    polled_at = mailbox_row(session, poll.name).last_polled_at
    if polled_at is None or polled_at < poll.clock() - OVERDUE:
        return sys.maxsize
    row = session.exec(
        select(MailboxFolder.gone_through_to)
        .where(sa.func.coalesce(MailboxFolder.uid_next, -1) != LOOK_AGAIN)
        .join(Mailbox, col(Mailbox.id) == MailboxFolder.mailbox_id)
        .where(Mailbox.name == poll.name, MailboxFolder.name == folder, MailboxFolder.uid_validity == uid_validity)
    )
    return row.first() or 0


def _uids(session: Session, poll: Poll, folder: str, uid_validity: int) -> set[int]:
    return set(
        session.exec(
            select(LedgerEntry.uid)
            .join(MailboxFolder, col(MailboxFolder.id) == LedgerEntry.folder_id)
            .join(Mailbox, col(Mailbox.id) == MailboxFolder.mailbox_id)
            .where(Mailbox.name == poll.name, MailboxFolder.name == folder, LedgerEntry.uid_validity == uid_validity)
        )
    )


# Mending


def _forget_uid_next(poll: Poll, missing: Sequence[_Compared]) -> None:
    """Make the next poll list these folders from the beginning."""
    with poll.database.transaction() as session:
        mailbox = poll.renew(session)
        session.execute(
            sa.update(MailboxFolder)
            .where(col(MailboxFolder.mailbox_id) == mailbox.id)
            .where(col(MailboxFolder.name).in_([one.folder for one in missing]))
            .values(uid_next=None)
        )


def _collect_again(poll: Poll, missing: Sequence[_Compared]) -> None:
    try:
        collect_mailbox(poll)
    finally:
        with poll.database.reading() as session:
            for one in missing:
                known = _uids(session, poll, one.folder, one.uid_validity)
                for uid, difference in one.missing.items():
                    difference.mended = uid in known
