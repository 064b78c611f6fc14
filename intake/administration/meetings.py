"""The meetings of a consultation: when and where, who came, what was noted, and the responses that were given there.

A response given at one is keyed in like a letter (`inbound/keying.py`). Whoever may see the consultation keeps them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import BeforeValidator, Field
from sqlmodel import Session, col, select

from intake.accounts.access import Access
from intake.administration.changing import Edit, change
from intake.administration.mistakes import checked
from intake.errors import Mistakes, NotFound
from intake.store.consultation_keys import Line, Part
from intake.store.consultations import Consultation
from intake.store.history import note
from intake.store.online import Meeting
from intake.store.responses import Response

MOST_PEOPLE = 100_000


class _Typed(Part):
    title: Line = Field(max_length=200)
    held_on: date
    place: Line = Field(max_length=200)
    officers: Annotated[str, Field(max_length=500)] = ""
    attendance: Annotated[
        Annotated[int, Field(ge=0, le=MOST_PEOPLE)] | None, BeforeValidator(lambda text: text or None)
    ] = None
    notes: Annotated[str, Field(max_length=100_000)] = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A meeting, and how many responses were given there."""

    row: Meeting
    responses: int


def meetings_of(session: Session, consultation: Consultation) -> Sequence[Held]:
    """The latest first."""
    given = sa.func.count(col(Response.id))
    found = (
        select(Meeting, given)
        .join(Response, col(Response.meeting_id) == col(Meeting.id), isouter=True)
        .where(Meeting.consultation_id == consultation.id)
        .group_by(*sa.inspect(Meeting).columns)
        .order_by(col(Meeting.held_on).desc(), col(Meeting.id).desc())
    )
    return [Held(row, number) for row, number in session.exec(found)]


def find_meeting(session: Session, access: Access, meeting_id: int) -> Meeting:
    """Raises NotFound for what this user may not see, as for what is not there."""
    row = session.get(Meeting, meeting_id)
    if row is None:
        raise NotFound
    access.require(row.consultation_id)
    return row


def responses_of(session: Session, meeting: Meeting) -> Sequence[Response]:
    """In the order they were keyed in."""
    return session.exec(select(Response).where(Response.meeting_id == meeting.id).order_by(col(Response.id))).all()


def add_meeting(session: Session, consultation: Consultation, given: Mapping[str, object], edit: Edit) -> Meeting:
    """`given`: title, held_on, place, officers, attendance, notes. Raises Mistakes."""
    values = _checked(given, edit.now, consultation)
    row = Meeting(consultation_id=consultation.id, created_by_id=edit.user.id, created_at=edit.now, **values)
    session.add(row)
    session.flush()
    note(session, row, "added", now=edit.now, actor=edit.user.actor)
    return row


def change_meeting(
    session: Session, consultation: Consultation, row: Meeting, given: Mapping[str, object], edit: Edit
) -> list[str]:
    """The names of the fields that differ. Raises Mistakes or ChangedMeanwhile."""
    values = _checked(given, edit.now, consultation)
    changed = {name: value for name, value in values.items() if value != getattr(row, name)}
    if changed:
        change(session, row, "changed", edit, values=changed, fields=list(changed))
    return list(changed)


def _checked(given: Mapping[str, object], now: datetime, consultation: Consultation) -> dict[str, Any]:
    values = checked(_Typed, given).model_dump()
    if values["held_on"] > now.astimezone(consultation.zone).date():
        raise Mistakes({"held-day": "The meeting is still to come; note it once it was held."})
    return values
