"""The only place where a status moves: compare-and-set with its history entry, in the caller's transaction.

Never decides that a status should move.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from intake.errors import LostRace
from intake.store.emails import EmailStatus, InboundEmail, OutgoingEmail, OutgoingStatus
from intake.store.history import WORKER, Note, note_each
from intake.store.responses import Response, ResponseStatus

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
# A step at a time: whoever considered a response has read it, and the history says both.
RESPONSE_MOVES: Mapping[ResponseStatus, frozenset[ResponseStatus]] = {
    ResponseStatus.unread: frozenset({ResponseStatus.read}),
    ResponseStatus.read: frozenset({ResponseStatus.unread, ResponseStatus.considered}),
    ResponseStatus.considered: frozenset({ResponseStatus.read}),
}
_Table = type[InboundEmail] | type[OutgoingEmail] | type[Response]


@dataclass(frozen=True, slots=True)
class Move:
    """A row, the status it is to move to, and what else is to be set on it."""

    row: InboundEmail | OutgoingEmail | Response
    to: EmailStatus | OutgoingStatus | ResponseStatus
    reason: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)  # what its history says beside where it came from


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
    move_emails(session, [Move(email, to, reason, values)], now=now, actor=actor)


def move_emails(session: Session, moves: Sequence[Move], *, now: datetime, actor: str = WORKER) -> None:
    """Move many inbound emails in few statements. After LostRace the caller rolls back, as some may have moved."""
    _move_each(session, InboundEmail, EMAIL_MOVES, moves, now=now, actor=actor)


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
    move_outgoings(session, [Move(outgoing, to, reason, values)], now=now, actor=actor)


def move_outgoings(session: Session, moves: Sequence[Move], *, now: datetime, actor: str = WORKER) -> None:
    """Move many outgoing emails in few statements, as `move_emails` does."""
    _move_each(session, OutgoingEmail, OUTGOING_MOVES, moves, now=now, actor=actor)


def move_responses(
    session: Session, responses: Sequence[Response], to: ResponseStatus, *, now: datetime, actor: str
) -> None:
    """Move responses one step, each counted as a change of its own. Raises LostRace like the others."""
    versions = [{"version": response.version + 1} for response in responses]
    moves = [Move(row, to, None, version, version) for row, version in zip(responses, versions, strict=True)]
    _move_each(session, Response, RESPONSE_MOVES, moves, now=now, actor=actor)


def _move_each(
    session: Session,
    table: _Table,
    allowed: Mapping[Any, frozenset[Any]],
    moves: Sequence[Move],
    *,
    now: datetime,
    actor: str,
) -> None:
    by_columns = defaultdict[tuple[str, ...], list[Move]](list)
    for move in moves:
        if move.to not in allowed[move.row.status]:
            raise ValueError(f"{table.__tablename__} {move.row.id} cannot move from {move.row.status} to {move.to}")
        by_columns[tuple(sorted(_values(move)))].append(move)
    for columns, some in by_columns.items():
        _compare_and_set(session, table, columns, some)
    note_each(session, [_note(move) for move in moves], now=now, actor=actor)
    for move in moves:
        for name, value in _values(move).items():
            sa.orm.attributes.set_committed_value(move.row, name, value)


def _compare_and_set(session: Session, table: _Table, columns: Sequence[str], moves: Sequence[Move]) -> None:
    """One statement for rows on which the same columns are set."""
    rows: sa.Table = table.__table__  # type: ignore[union-attr]
    changed = session.execute(
        sa.update(rows)
        .where(rows.c.id == sa.bindparam("row_id"), rows.c.status == sa.bindparam("before"))
        .values({name: sa.bindparam(f"new_{name}") for name in columns}),
        [
            {"row_id": move.row.id, "before": move.row.status}
            | {f"new_{name}": value for name, value in _values(move).items()}
            for move in moves
        ],
    )
    if changed.rowcount != len(moves):  # type: ignore[attr-defined]
        raise LostRace


def _values(move: Move) -> dict[str, Any]:
    reason = {} if isinstance(move.row, Response) else {"reason": str(move.reason) if move.reason else None}
    # What does not go leaves its day to another reminder.
    freed = {"day_key": None} if move.to in (OutgoingStatus.cancelled, OutgoingStatus.missed) else {}
    return {**move.values, "status": move.to, **reason, **freed}


def _note(move: Move) -> Note:
    detail = {"from": move.row.status.value, **move.detail}
    return Note(move.row, move.to.value, detail | {"reason": str(move.reason)} if move.reason else detail)
