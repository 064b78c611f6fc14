"""One change of a consultation, or of a consultee, at a time: whoever changed it first wins, the second is told who
and what.

`Consultation.version` counts the changes of the consultation itself and of its addresses, questions, groups and
documents, `Consultee.version` those of the consultee and its contacts; a form carries the version it was filled in
from. Every change is noted in the history by its fields' names, never by what they hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col

from intake.errors import Changed
from intake.store.consultations import Consultation
from intake.store.history import HistoryEntry, history_of, note
from intake.store.online import Meeting
from intake.store.people import Consultee
from intake.store.users import User

Versioned = Consultation | Consultee | Meeting


@dataclass(frozen=True, slots=True)
class Edit:
    """Who makes a change, when, and which version of the row they had before them."""

    user: User
    version: int
    now: datetime


class ChangedMeanwhile(Changed):
    """Somebody else changed this while you had it open; nothing of yours was saved."""

    def __init__(self, last: HistoryEntry | None) -> None:
        super().__init__()
        self.last = last


def change(
    session: Session,
    row: Versioned,
    action: str,
    edit: Edit,
    *,
    values: Mapping[str, Any] | None = None,
    **detail: Any,
) -> None:
    """The next version of the row, with `values` set on it and `action` noted.

    Raises ChangedMeanwhile when it is no longer the version that the form was filled in from.
    """
    new = {**(values or {}), "version": edit.version + 1}
    table = type(row)
    done = session.execute(
        sa.update(table).where(col(table.id) == row.id, col(table.version) == edit.version).values(**new),
        execution_options={"synchronize_session": False},
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise ChangedMeanwhile(last_change(session, row))
    for name, value in new.items():
        sa.orm.attributes.set_committed_value(row, name, value)
    note(session, row, action, now=edit.now, actor=edit.user.actor, **detail)


def last_change(session: Session, row: SQLModel) -> HistoryEntry | None:
    """What was done to it last, to be told after the transaction, which is rolled back."""
    last = next(iter(history_of(session, row, most=1)), None)
    if last:
        session.expunge(last)
    return last
