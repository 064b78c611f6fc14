"""Fetch large emails: a part at a time into the file store, and after all those that were held as too large.

Never decides which emails are wanted.
"""

import shutil
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.inbound.poll import Poll
from intake.mail.mailbox import FolderState
from intake.store.emails import EmailStatus, InboundEmail, LedgerEntry, MailboxFolder
from intake.store.files import telling_when_full
from intake.store.history import note
from intake.store.reasons import Reason
from intake.store.transitions import move_email


def request_oversize(session: Session, *, now: datetime, actor: str) -> int:
    """Ask for every email held as too large; the next poll of its mailbox fetches it. Returns how many."""
    held = session.exec(select(InboundEmail).where(_held_oversize())).all()
    for email in held:
        request_fetch(session, email, now=now, actor=actor)
    return len(held)


def request_fetch(session: Session, email: InboundEmail, *, now: datetime, actor: str) -> None:
    """Ask for one of them."""
    email.fetch_requested_at = now
    note(session, email, "fetch-requested", now=now, actor=actor)


def fetch_requested(this: Poll, folder: MailboxFolder, state: FolderState) -> None:
    """Fetch the requested emails of the folder that is open. They are then read like any other."""
    with this.database.reading() as session:
        wanted = session.exec(
            select(InboundEmail.id, LedgerEntry.uid)
            .join(LedgerEntry, col(LedgerEntry.email_id) == InboundEmail.id)
            .where(_held_oversize())
            .where(LedgerEntry.folder_id == folder.id, LedgerEntry.uid_validity == state.uid_validity)
            .where(col(InboundEmail.fetch_requested_at).is_not(None))
        ).all()
    for email_id, uid in wanted:
        if sha256 := fetch_large(this, uid):
            _replace_headers(this, email_id, sha256)


def fetch_large(this: Poll, uid: int) -> str | None:
    """Bring one email into the file store without ever holding it in memory; None when it is gone from the server."""
    spool = this.files.spool()
    try:
        with telling_when_full():
            if not this.server.fetch_to_file(uid, spool / "raw", after_each_part=this.keep_lease):
                return None
        [sha256] = this.files.adopt_many([spool / "raw"])
        return sha256
    finally:
        shutil.rmtree(spool)


def _held_oversize() -> sa.ColumnElement[bool]:
    return sa.and_(
        col(InboundEmail.is_headers_only),
        col(InboundEmail.status) == EmailStatus.held,
        col(InboundEmail.reason) == Reason.oversize,
    )


def _replace_headers(this: Poll, email_id: int, sha256: str) -> None:
    now = this.clock()
    with this.database.transaction() as session:
        this.renew(session)
        email = session.get_one(InboundEmail, email_id)
        same = select(InboundEmail.id).where(
            InboundEmail.mailbox_id == email.mailbox_id, InboundEmail.raw_sha256 == sha256
        )
        first = session.exec(same).first()
        if first is not None:
            move_email(session, email, EmailStatus.ignored, now=now, reason=Reason.duplicate, duplicate_of_id=first)
        else:
            values: dict[str, Any] = {"header_sha256": email.raw_sha256, "raw_sha256": sha256, "is_headers_only": False}
            move_email(session, email, EmailStatus.received, now=now, **values)
