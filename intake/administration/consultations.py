"""The consultations as the pages list them: which a user may see, and where each stands.

Where a consultation stands is read off its instants and the clock; it is never stored.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from intake.accounts.access import Access
from intake.deadlines import clock_wording, day_wording, late_from
from intake.errors import NotFound
from intake.store.consultations import Consultation


class State(StrEnum):
    """Where a consultation stands now."""

    coming = "coming"  # not open yet
    open = "open"
    closed = "closed"
    archived = "archived"  # off the lists; its mail is still recorded


def state_of(consultation: Consultation, now: datetime) -> State:
    if consultation.archived_at:
        return State.archived
    if now < consultation.opens_at:
        return State.coming
    return State.open if now < late_from(consultation.closes_at) else State.closed


def state_wording(consultation: Consultation, now: datetime) -> str:
    """ "Open, closes in 5 days": whole days of its own calendar, and the time where the day is today or tomorrow."""
    match state_of(consultation, now):
        case State.coming:
            return f"Not open yet, opens {_when(consultation.opens_at, consultation, now)}"
        case State.open:
            if now >= consultation.closes_at:
                return "Closes within a minute"
            return f"Open, closes {_when(consultation.closes_at, consultation, now)}"
        case State.closed:
            return f"Closed {day_wording(consultation.closes_at, consultation.zone, now=now)}"
        case State.archived:
            return "Archived"


def visible(session: Session, access: Access, *, archived: bool) -> Sequence[Consultation]:
    """Those the user may see, the one that closes last first."""
    is_archived = col(Consultation.archived_at).is_not(None)
    return session.exec(
        select(Consultation)
        .where(is_archived if archived else ~is_archived, access.limit(Consultation.id))
        .order_by(col(Consultation.closes_at).desc(), col(Consultation.slug))
    ).all()


def visible_consultation(session: Session, access: Access, slug: str) -> Consultation:
    """Raises NotFound, in the same words for one that the user was not given."""
    if not slug.isprintable():  # PostgreSQL takes no NUL in a text
        raise NotFound
    found = session.exec(select(Consultation).where(Consultation.slug == slug)).first()
    if found is None or not access.may_see(found.id):
        raise NotFound
    return found


def _when(at: datetime, consultation: Consultation, now: datetime) -> str:
    day = day_wording(at, consultation.zone, now=now)
    return f"{day} at {clock_wording(at, consultation.zone)}" if day in ("today", "tomorrow") else day
