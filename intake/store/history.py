"""The history: who did what to what, when. Entries are added, never edited, in the transaction of the change itself.

Holds ids, names of fields and reasons; never a person's words or address.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel

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


def note(session: Session, row: SQLModel, action: str, *, now: datetime, actor: str = WORKER, **detail: Any) -> None:
    """Add to the history of a stored row (one that has its id)."""
    session.add(
        HistoryEntry(
            at=now,
            actor=actor,
            action=action,
            subject_kind=str(row.__tablename__),
            subject_id=row.id,  # type: ignore[attr-defined]  # SQLModel itself has none, every table noted here has
            detail=detail,
        )
    )
