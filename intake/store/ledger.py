"""What the ledger forgets on purpose, so that it is looked at anew. Never forgets an email that was stored."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from intake.store.emails import LedgerEntry, Mailbox, MailboxFolder

LOOK_AGAIN = 0
"""As a folder's `uid_next`: the next poll lists it from the beginning, and nothing in it was overlooked until then."""


def look_again(session: Session, *, since: datetime) -> None:
    """Forget the messages left in place in officers' own mailboxes that were received since then.

    They were judged by the consultations, addresses and consultees of that time; the next poll judges their headers
    anew. A poll under way loses its lease: it knows only the time before.
    """
    left = sa.and_(col(LedgerEntry.email_id).is_(None), col(LedgerEntry.received_at) >= since)
    folders = col(MailboxFolder.id).in_(sa.select(col(LedgerEntry.folder_id)).where(left))
    mailboxes = col(Mailbox.id).in_(sa.select(col(MailboxFolder.mailbox_id)).where(folders))
    session.execute(sa.update(Mailbox).where(mailboxes).values(lease_owner=None, lease_until=None))
    session.execute(sa.update(MailboxFolder).where(folders).values(uid_next=LOOK_AGAIN))
    session.execute(sa.delete(LedgerEntry).where(left))
