"""The outgoing emails that wait for an administrator, as a list to look at, and what becomes of those listed.

Never releases or cancels an email that was not on the list somebody saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.outbound.outbox import RELEASABLE, release
from intake.store.consultations import Consultation
from intake.store.emails import InboundEmail, Mailbox, OutgoingEmail, OutgoingStatus
from intake.store.reasons import Reason
from intake.store.responses import Response
from intake.store.transitions import move_outgoing
from intake.store.users import User

LISTED_AT_ONCE = 500
_HELD = (
    col(OutgoingEmail.status) == OutgoingStatus.held,
    col(OutgoingEmail.reason).in_([reason.value for reason in RELEASABLE]),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One of them, with the response it answers and the email that came."""

    outgoing: OutgoingEmail
    reference: str | None
    answered: InboundEmail | None


@dataclass(frozen=True, slots=True)
class Group:
    """Those held for one reason, owed for mail to one consultation from one mailbox. `listed` are the first of them."""

    reason: Reason
    consultation: Consultation
    mailbox_id: int | None
    mailbox: str | None  # None: of what was taken in from files
    number: int
    listed: Sequence[Listed]

    @property
    def ids(self) -> Sequence[int]:
        return [one.outgoing.id for one in self.listed]


def backlog_count(session: Session) -> int:
    count = select(sa.func.count()).select_from(OutgoingEmail)
    return session.exec(count.where(*_HELD)).one()


def backlog(session: Session) -> Sequence[Group]:
    """Every group with its number, and at most LISTED_AT_ONCE of its emails, oldest first."""
    keys = col(OutgoingEmail.reason), col(OutgoingEmail.consultation_id), col(InboundEmail.mailbox_id)
    counted = session.execute(
        sa.select(*keys, sa.func.count(), sa.func.min(col(OutgoingEmail.id)).label("first"))
        .join(InboundEmail, col(InboundEmail.id) == col(OutgoingEmail.email_id), isouter=True)
        .where(*_HELD)
        .group_by(*keys)
        .order_by("first")
    ).all()
    return [_group(session, reason, of, mailbox_id, number) for reason, of, mailbox_id, number, _ in counted]


def release_listed(session: Session, ids: Sequence[int], *, user: User, now: datetime) -> int:
    """Queue those listed that are still held. Returns how many."""
    held = _still_held(session, ids)
    release(session, held, now=now, actor=user.actor)
    return len(held)


def cancel_listed(session: Session, ids: Sequence[int], *, user: User, now: datetime) -> int:
    """None of those listed is ever sent. Returns how many were still held."""
    held = _still_held(session, ids)
    for outgoing in held:
        move_outgoing(session, outgoing, OutgoingStatus.cancelled, now=now, actor=user.actor)
    return len(held)


def _group(session: Session, reason: str, consultation_id: int, mailbox_id: int | None, number: int) -> Group:
    rows = session.execute(
        sa.select(OutgoingEmail, col(Response.reference), InboundEmail)
        .join(Response, col(Response.id) == col(OutgoingEmail.response_id), isouter=True)
        .join(InboundEmail, col(InboundEmail.id) == col(OutgoingEmail.email_id), isouter=True)
        .where(
            col(OutgoingEmail.status) == OutgoingStatus.held,
            col(OutgoingEmail.reason) == reason,
            col(OutgoingEmail.consultation_id) == consultation_id,
            col(InboundEmail.mailbox_id).is_not_distinct_from(mailbox_id),
        )
        .order_by(col(OutgoingEmail.id))
        .limit(LISTED_AT_ONCE)
    )
    return Group(
        reason=Reason.of(reason),
        consultation=session.get_one(Consultation, consultation_id),
        mailbox_id=mailbox_id,
        mailbox=session.get_one(Mailbox, mailbox_id).name if mailbox_id else None,
        number=number,
        listed=[Listed(*row) for row in rows],
    )


def _still_held(session: Session, ids: Sequence[int]) -> Sequence[OutgoingEmail]:
    held = select(OutgoingEmail).where(col(OutgoingEmail.id).in_(ids), *_HELD)
    return session.exec(held.order_by(col(OutgoingEmail.id)).with_for_update()).all()
