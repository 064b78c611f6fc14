"""What the ledger forgets on purpose, so that it is looked at anew. Never forgets an email that was stored."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from intake.store.emails import LedgerEntry, MailboxFolder


def look_again(session: Session, *, since: datetime) -> None:
    """Forget the messages left in place in officers' own mailboxes that were received since then.

    They were judged by the consultations, addresses and consultees of that time; the next poll judges their headers
    anew.
    """
    left = sa.and_(col(LedgerEntry.email_id).is_(None), col(LedgerEntry.received_at) >= since)
    folders = sa.select(col(LedgerEntry.folder_id)).where(left)
    session.execute(sa.update(MailboxFolder).where(col(MailboxFolder.id).in_(folders)).values(uid_next=None))
    session.execute(sa.delete(LedgerEntry).where(left))
