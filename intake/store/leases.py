"""The lease on a mailbox: one worker at a time, for a limited time. Never speaks to the mailbox itself."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.errors import LostRace
from intake.store.database import add_if_new
from intake.store.emails import Mailbox


def take_lease(session: Session, name: str, *, owner: str, until: datetime, now: datetime) -> Mailbox:
    """Take the mailbox's lease if nobody holds it. Raises LostRace."""
    mailbox = mailbox_row(session, name)
    mailbox.last_tried_at = now
    session.flush()
    free = sa.or_(col(Mailbox.lease_until).is_(None), col(Mailbox.lease_until) < now)
    return _set_lease(session, mailbox, free, owner=owner, until=until)


def renew_lease(session: Session, name: str, *, owner: str, until: datetime) -> Mailbox:
    """Keep a lease, in the transaction that writes: a worker whose lease was taken over writes nothing (LostRace)."""
    return _set_lease(session, mailbox_row(session, name), col(Mailbox.lease_owner) == owner, owner=owner, until=until)


def give_up_lease(session: Session, name: str, *, owner: str) -> None:
    session.execute(
        sa.update(Mailbox)
        .where(col(Mailbox.name) == name, col(Mailbox.lease_owner) == owner)
        .values(lease_owner=None, lease_until=None)
    )


def mailbox_row(session: Session, name: str) -> Mailbox:
    """The row of a configured mailbox, made on first use."""
    wanted = select(Mailbox).where(Mailbox.name == name)
    mailbox = session.exec(wanted).first()
    if mailbox is None:
        add_if_new(session, Mailbox, name=name)
        mailbox = session.exec(wanted).one()
    return mailbox


def _set_lease(
    session: Session, mailbox: Mailbox, condition: sa.ColumnElement[bool], *, owner: str, until: datetime
) -> Mailbox:
    taken = session.execute(
        sa.update(Mailbox)
        .where(col(Mailbox.id) == mailbox.id, condition)
        .values(lease_owner=owner, lease_until=until)
        .returning(col(Mailbox.id)),
        execution_options={"synchronize_session": False},
    ).first()
    if taken is None:
        raise LostRace(f"Another worker is collecting mailbox “{mailbox.name}”.")
    return mailbox
