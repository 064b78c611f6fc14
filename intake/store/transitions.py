"""The only place where a status moves: compare-and-set with its history entry, in the caller's transaction.

Never decides that a status should move.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from intake.errors import LostRace
from intake.store.emails import EmailStatus, InboundEmail, OutgoingEmail, OutgoingStatus
from intake.store.history import WORKER, note

EMAIL_MOVES: Mapping[EmailStatus, frozenset[EmailStatus]] = {
    EmailStatus.received: frozenset(
        {EmailStatus.recorded, EmailStatus.held, EmailStatus.ignored, EmailStatus.failed},
    ),
    # held → received: fetched whole after all, or to be understood again.
    EmailStatus.held: frozenset({EmailStatus.recorded, EmailStatus.ignored, EmailStatus.received}),
    EmailStatus.failed: frozenset({EmailStatus.received, EmailStatus.held, EmailStatus.ignored}),
    EmailStatus.recorded: frozenset({EmailStatus.held}),
    EmailStatus.ignored: frozenset({EmailStatus.received}),
}
OUTGOING_MOVES: Mapping[OutgoingStatus, frozenset[OutgoingStatus]] = {
    OutgoingStatus.queued: frozenset(
        {OutgoingStatus.sending, OutgoingStatus.held, OutgoingStatus.cancelled, OutgoingStatus.missed},
    ),
    OutgoingStatus.sending: frozenset({OutgoingStatus.sent, OutgoingStatus.queued, OutgoingStatus.failed}),
    OutgoingStatus.held: frozenset({OutgoingStatus.queued, OutgoingStatus.cancelled}),
    OutgoingStatus.sent: frozenset({OutgoingStatus.bounced}),
    OutgoingStatus.failed: frozenset({OutgoingStatus.queued, OutgoingStatus.cancelled}),
    OutgoingStatus.cancelled: frozenset(),
    OutgoingStatus.missed: frozenset(),
    OutgoingStatus.bounced: frozenset(),
}


def move_email(
    session: Session,
    email: InboundEmail,
    to: EmailStatus,
    *,
    now: datetime,
    actor: str = WORKER,
    reason: str | None = None,
    **values: Any,
) -> None:
    """Move an inbound email and set `values` on it. Raises LostRace when its status is no longer the one read."""
    _move(session, email, EMAIL_MOVES, to, now=now, actor=actor, reason=reason, values=values)


def move_outgoing(
    session: Session,
    outgoing: OutgoingEmail,
    to: OutgoingStatus,
    *,
    now: datetime,
    actor: str = WORKER,
    reason: str | None = None,
    **values: Any,
) -> None:
    """Move an outgoing email and set `values` on it. Raises LostRace when its status is no longer the one read."""
    _move(session, outgoing, OUTGOING_MOVES, to, now=now, actor=actor, reason=reason, values=values)


def _move(
    session: Session,
    row: InboundEmail | OutgoingEmail,
    moves: Mapping[Any, frozenset[Any]],
    to: EmailStatus | OutgoingStatus,
    *,
    now: datetime,
    actor: str,
    reason: str | None,
    values: dict[str, Any],
) -> None:
    before, table = row.status, type(row)
    if to not in moves[before]:
        raise ValueError(f"{table.__tablename__} {row.id} cannot move from {before} to {to}")
    reason = str(reason) if reason else None
    values |= {"status": to, "reason": reason}
    changed = session.execute(
        sa.update(table).where(col(table.id) == row.id, col(table.status) == before).values(**values),
        execution_options={"synchronize_session": False},
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise LostRace
    for name, value in values.items():
        sa.orm.attributes.set_committed_value(row, name, value)
    detail = {"from": before.value, "reason": reason} if reason else {"from": before.value}
    note(session, row, to.value, now=now, actor=actor, **detail)
