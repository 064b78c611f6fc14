"""The days off an administrator adds to England's bank holidays: proclaimed days, school holidays.

They warn, and reminder rules count and avoid them; no consultation is changed by them.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from pydantic import Field
from sqlmodel import Session, col, select

from intake.administration.mistakes import checked, one_at_a_time
from intake.errors import Mistakes, NotFound
from intake.store.consultation_keys import Line, Part
from intake.store.consultations import DayOff
from intake.store.history import HistoryEntry
from intake.store.users import User


class _Named(Part):
    name: Line = Field(max_length=80)


def days_off(session: Session) -> Sequence[DayOff]:
    """In their order."""
    return session.exec(select(DayOff).order_by(col(DayOff.day))).all()


def names_by_day(session: Session) -> Mapping[date, str]:
    return {row.day: row.name for row in days_off(session)}


def add_day_off(session: Session, day: date, name: str, *, user: User, now: datetime) -> DayOff:
    """Raises Mistakes."""
    name = checked(_Named, {"name": name}).name
    if session.get(DayOff, day):
        raise Mistakes({"day-day": "This day is already in the list."})
    row = DayOff(day=day, name=name, added_at=now)
    with one_at_a_time():
        session.add(row)
        session.flush()
    _note(session, row, "day-off-added", user, now)
    return row


def remove_day_off(session: Session, day: date, *, user: User, now: datetime) -> DayOff:
    """Raises NotFound."""
    row = session.get(DayOff, day)
    if row is None:
        raise NotFound("This day is no longer in the list.")
    _note(session, row, "day-off-removed", user, now)
    session.delete(row)
    session.flush()
    return row


def _note(session: Session, row: DayOff, action: str, user: User, now: datetime) -> None:
    session.add(
        HistoryEntry(
            at=now,
            actor=user.actor,
            action=action,
            subject_kind=str(DayOff.__tablename__),
            subject_id=row.day.toordinal(),  # a day has no number of its own
            detail={"day": row.day.isoformat()},
        )
    )
