"""Changes officers make to responses: rows locked, held against what the officer saw, written with their history.

Never decides what may change. A status moves in `transitions.py` only.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from intake.errors import Changed
from intake.store.consultations import Consultation
from intake.store.history import HistoryEntry, Note, history_of, note_each
from intake.store.responses import Response
from intake.store.users import User

SOME = 1000
Key = TypeVar("Key", int, str)


@dataclass(frozen=True, slots=True)
class Change:
    """What is set on a row, and what its history says: ids, names of fields and of choices, never a person's words."""

    row: Response
    action: str
    values: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)


def some_at_a_time(ids: Sequence[Key], most: int = SOME) -> Iterator[Sequence[Key]]:
    """As many as any database takes in one statement, or fewer."""
    return (ids[start : start + most] for start in range(0, len(ids), most))


def lock_consultations(session: Session, ids: Collection[int]) -> None:
    """Before any response of theirs is locked, as the recorder does: in another order two would wait for each other."""
    found = select(Consultation.id).where(col(Consultation.id).in_(set(ids))).order_by(col(Consultation.id))
    session.exec(found.with_for_update()).all()


def lock_responses(session: Session, responses: Sequence[Response], version: int | None = None) -> list[Response]:
    """The rows as they stand now, and nobody else's to change until the transaction ends.

    `version` is the one the officer saw of a single response. Raises Changed when it is another by now.
    """
    rows = list[Response]()
    for ids in some_at_a_time(sorted(response.id for response in responses)):
        found = select(Response).where(col(Response.id).in_(ids)).order_by(col(Response.id))
        # Not against rows that merely point at it: an email may be recorded as its addition meanwhile.
        rows += session.exec(found.with_for_update(key_share=True).execution_options(populate_existing=True))
    if version is not None and [row.version for row in rows] != [version]:
        raise Changed
    return rows


def write_changes(session: Session, changes: Sequence[Change], *, user: User, now: datetime) -> int:
    """Set the values on rows locked before, count each one's version up, and add to the history. Returns how many."""
    return write_changes_by(session, changes, actor=user.actor, now=now)


def write_changes_by(session: Session, changes: Sequence[Change], *, actor: str, now: datetime) -> int:
    """The same, also for whoever has no account, such as the command line."""
    for change in changes:
        for name, value in change.values.items():
            setattr(change.row, name, value)
        change.row.version += 1
    session.flush()
    notes = [Note(one.row, one.action, {**one.detail, "version": one.row.version}) for one in changes]
    note_each(session, notes, now=now, actor=actor)
    return len(changes)


def changes_since(session: Session, response: Response, version: int) -> list[HistoryEntry]:
    """What was done to the response after this version of it was seen, oldest first."""
    return [entry for entry in history_of(session, response, most=100) if entry.detail.get("version", 0) > version]
