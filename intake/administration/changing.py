"""One change of a consultation at a time: whoever changed it first wins, the second is told who and what.

`Consultation.version` counts the changes of the consultation itself and of its addresses, questions and groups; a form
carries the version it was filled in from. Every change is noted in the history by its fields' names, never by what they
hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from intake.errors import Changed
from intake.store.consultations import Consultation
from intake.store.history import HistoryEntry, about, note
from intake.store.users import User


@dataclass(frozen=True, slots=True)
class Edit:
    """Who changes a consultation, when, and which version of it they had before them."""

    user: User
    version: int
    now: datetime


class ChangedMeanwhile(Changed):
    """Somebody else changed this consultation while you had it open; nothing of yours was saved."""

    def __init__(self, last: HistoryEntry | None) -> None:
        super().__init__()
        self.last = last


def change(
    session: Session,
    consultation: Consultation,
    action: str,
    edit: Edit,
    *,
    values: Mapping[str, Any] | None = None,
    **detail: Any,
) -> None:
    """The next version of the consultation, with `values` set on it and `action` noted.

    Raises ChangedMeanwhile when it is no longer the version that the form was filled in from.
    """
    new = {**(values or {}), "version": edit.version + 1}
    done = session.execute(
        sa.update(Consultation)
        .where(col(Consultation.id) == consultation.id, col(Consultation.version) == edit.version)
        .values(**new),
        execution_options={"synchronize_session": False},
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        last = last_change(session, consultation)
        if last:
            session.expunge(last)  # it outlives the transaction, which is rolled back
        raise ChangedMeanwhile(last)
    for name, value in new.items():
        sa.orm.attributes.set_committed_value(consultation, name, value)
    note(session, consultation, action, now=edit.now, actor=edit.user.actor, **detail)


def last_change(session: Session, consultation: Consultation) -> HistoryEntry | None:
    return session.exec(_entries(consultation).limit(1)).first()


def changes(session: Session, consultation: Consultation, *, most: int) -> Sequence[HistoryEntry]:
    """What was done to the consultation lately, in its order."""
    return session.exec(_entries(consultation).limit(most)).all()[::-1]


def _entries(consultation: Consultation) -> SelectOfScalar[HistoryEntry]:
    return select(HistoryEntry).where(about(consultation)).order_by(col(HistoryEntry.id).desc())
