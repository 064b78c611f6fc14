"""The history: who did what to what, when. Entries are added, never edited, in the transaction of the change itself.

Holds ids, names of fields and reasons; never a person's words or address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col, select

from intake.store.database import UtcDateTime

WORKER = "worker"


class HistoryEntry(SQLModel, table=True):
    """One thing that happened to one row. `subject_kind` is the row's table."""

    __tablename__ = "history_entry"
    __table_args__ = (sa.Index("ix_history_entry_subject", "subject_kind", "subject_id"),)

    id: int = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str = Field(max_length=80)
    action: str = Field(max_length=60)
    subject_kind: str = Field(max_length=40)
    subject_id: int
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)


def about(row: SQLModel) -> sa.ColumnElement[bool]:
    """The condition that an entry is about this stored row."""
    subject_id: int = row.id  # type: ignore[attr-defined]  # SQLModel itself has none, every table noted here has
    return sa.and_(col(HistoryEntry.subject_kind) == row.__tablename__, col(HistoryEntry.subject_id) == subject_id)


def history_of(session: Session, row: SQLModel, *, most: int | None = None) -> Sequence[HistoryEntry]:
    """What happened to a stored row, oldest first: all, or the last of it."""
    latest = select(HistoryEntry).where(about(row)).order_by(col(HistoryEntry.id).desc()).limit(most)
    return session.exec(latest).all()[::-1]


@dataclass(frozen=True, slots=True)
class Note:
    """An entry to be written about a stored row (one that has its id)."""

    row: SQLModel
    action: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def note(session: Session, row: SQLModel, action: str, *, now: datetime, actor: str = WORKER, **detail: Any) -> None:
    """Add to the history of a stored row."""
    note_each(session, [Note(row, action, detail)], now=now, actor=actor)


def note_rows(
    session: Session,
    table: type[SQLModel],
    ids: Sequence[int],
    action: str,
    *,
    now: datetime,
    actor: str,
    **detail: Any,
) -> None:
    """Add the same to the history of many stored rows, which need not be read for it."""
    one = {"at": now, "actor": actor, "action": action, "subject_kind": table.__tablename__, "detail": detail}
    if ids:
        session.execute(sa.insert(HistoryEntry.__table__), [{**one, "subject_id": key} for key in ids])  # type: ignore[attr-defined]


def note_each(session: Session, notes: Sequence[Note], *, now: datetime, actor: str = WORKER) -> None:
    """Add to the history of many rows in one statement."""
    entries = [
        {
            "at": now,
            "actor": actor,
            "action": one.action,
            "subject_kind": one.row.__tablename__,
            "subject_id": one.row.id,  # type: ignore[attr-defined]  # SQLModel itself has none, every table noted here has
            "detail": one.detail,
        }
        for one in notes
    ]
    if entries:
        session.execute(sa.insert(HistoryEntry.__table__), entries)  # type: ignore[attr-defined]
