"""Each mailbox as officers must know it: when it was last read, what is wrong in one sentence, what is accounted for.

Never speaks to a server, and knows of the settings only what is no secret.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.access import Access
from intake.settings import MailboxSettings, Settings
from intake.settings_sections import WorkerSettings, is_account_of
from intake.store.consultations import Consultation, PublishedAddress
from intake.store.emails import LedgerEntry, Mailbox, MailboxFolder
from intake.wording import length_wording

MISSED_POLLS = 3  # so many intervals without a successful poll are told
SHORTEST_SILENCE = timedelta(minutes=5)  # a poll that brings much mail may take as long


@dataclass(frozen=True, slots=True)
class Published:
    """An address people are told to write to, and what for."""

    address: str
    consultation: Consultation


@dataclass(frozen=True, slots=True)
class Watched:
    """One mailbox. `settings` is None when the configuration file no longer has it, `row` until it was first read.

    `trouble` is a sentence when mail may lie there unread; `published` are the addresses that are its user name.
    """

    name: str
    settings: MailboxSettings | None
    row: Mailbox | None
    left_in_place: int
    published: Sequence[Published]
    trouble: str | None


def watched_mailboxes(session: Session, access: Access, settings: Settings, *, now: datetime) -> list[Watched]:
    """Those of the configuration in its order, then those it no longer has. An officer is shown the mailboxes of the
    consultations they are given."""
    rows = {row.name: row for row in session.exec(select(Mailbox).order_by(col(Mailbox.name)))}
    left = _left_in_place(session)
    published = published_addresses(session)
    configured, watched = settings.mailboxes, []
    for name in (*configured, *(name for name in rows if name not in configured)):
        one, row = configured.get(name), rows.get(name)
        own = [address for address in published if one and is_account_of(one.username, address.address)]
        if access.consultation_ids is None or any(access.may_see(address.consultation.id) for address in own):
            trouble = _trouble(row, settings.worker, now=now) if one else None
            watched.append(Watched(name, one, row, left.get(row.id, 0) if row else 0, own, trouble))
    return watched


def published_addresses(session: Session) -> list[Published]:
    """Of every consultation that is not archived, by address."""
    found = session.exec(
        select(PublishedAddress.address, Consultation)
        .join(Consultation, col(Consultation.id) == PublishedAddress.consultation_id)
        .where(col(Consultation.archived_at).is_(None))
        .order_by(PublishedAddress.address, col(Consultation.id))
    )
    return [Published(address, consultation) for address, consultation in found]


def without_mailbox(published: Sequence[Published], mailboxes: Mapping[str, MailboxSettings]) -> list[Published]:
    """Published addresses that are no mailbox's user name: mail to them is read only if it is forwarded to one."""
    names = [one.username for one in mailboxes.values()]
    return [one for one in published if not any(is_account_of(name, one.address) for name in names)]


def _left_in_place(session: Session) -> dict[int, int]:
    """By the mailboxes' ids."""
    counted = (
        select(MailboxFolder.mailbox_id, sa.func.count())
        .join(LedgerEntry, col(LedgerEntry.folder_id) == MailboxFolder.id)
        .where(col(LedgerEntry.email_id).is_(None))
        .group_by(col(MailboxFolder.mailbox_id))
    )
    return dict(session.exec(counted).all())


def _trouble(row: Mailbox | None, worker: WorkerSettings, *, now: datetime) -> str | None:
    patience = max(MISSED_POLLS * timedelta(seconds=worker.collect_seconds), SHORTEST_SILENCE)
    polled_at = row.last_polled_at if row else None
    error = row.last_error if row else None
    if polled_at and now - polled_at <= patience:
        return error
    is_being_read = row is not None and row.lease_until is not None and row.lease_until > now
    if is_being_read and error is None:
        return None
    silent = f"No successful poll for {length_wording(now - polled_at)}." if polled_at else "It has not been read yet."
    return f"{silent} {error or 'The worker (intake work) may not be running.'}"
