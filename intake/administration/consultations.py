"""The consultations as the pages list them: where each stands, and how much came in.

Where a consultation stands is read off its instants and the clock; it is never stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.access import Access
from intake.deadlines import clock_wording, late_from
from intake.errors import NotFound
from intake.store.consultations import Consultation
from intake.store.emails import EmailStatus, InboundEmail
from intake.store.responses import Nature, Response, ResponseStatus


class State(StrEnum):
    """Where a consultation stands now."""

    coming = "coming"  # not open yet
    open = "open"
    closed = "closed"
    archived = "archived"  # off the lists; its mail is still recorded


@dataclass(frozen=True, slots=True)
class Tally:
    """`responses` are those that count: no questions, nothing withdrawn; `unread` and `late` are among them.

    `held` are emails that seem meant for the consultation and wait for a person.
    """

    responses: int = 0
    unread: int = 0
    late: int = 0
    held: int = 0


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
            return f"Open, closes {_when(consultation.closes_at, consultation, now)}"
        case State.closed:
            days = _days(consultation.closes_at, consultation, now)
            return "Closed today" if days == 0 else "Closed yesterday" if days == -1 else f"Closed {-days:,} days ago"
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
    found = session.exec(select(Consultation).where(Consultation.slug == slug)).first()
    if found is None or not access.may_see(found.id):
        raise NotFound
    return found


def tallies(session: Session, consultations: Sequence[Consultation]) -> Mapping[int, Tally]:
    """By consultation id, for any number of them in two queries."""
    ids = [one.id for one in consultations]
    late = sa.or_(sa.false(), *(_is_late(one) for one in consultations))
    unread = Response.status == ResponseStatus.unread
    counted = session.execute(
        sa.select(col(Response.consultation_id), sa.func.count(), _count_if(unread), _count_if(late))
        .where(col(Response.consultation_id).in_(ids), col(Response.withdrawn_at).is_(None))
        .where(col(Response.nature) == Nature.response)
        .group_by(col(Response.consultation_id))
    ).all()
    held = dict(
        session.exec(
            select(InboundEmail.consultation_id, sa.func.count())
            .where(InboundEmail.status == EmailStatus.held, col(InboundEmail.consultation_id).in_(ids))
            .group_by(col(InboundEmail.consultation_id))
        ).all()
    )
    found = {own: Tally(responses, unread, late, held.get(own, 0)) for own, responses, unread, late in counted}
    return {one: found.get(one, Tally(held=held.get(one, 0))) for one in ids}


def _when(at: datetime, consultation: Consultation, now: datetime) -> str:
    days = _days(at, consultation, now)
    clock = clock_wording(at, consultation.zone)
    return f"today at {clock}" if days == 0 else f"tomorrow at {clock}" if days == 1 else f"in {days:,} days"


def _days(at: datetime, consultation: Consultation, now: datetime) -> int:
    return (at.astimezone(consultation.zone).date() - now.astimezone(consultation.zone).date()).days


def _is_late(consultation: Consultation) -> sa.ColumnElement[bool]:
    return sa.and_(
        col(Response.consultation_id) == consultation.id, col(Response.received_at) >= late_from(consultation.closes_at)
    )


def _count_if(condition: object) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)  # type: ignore[arg-type]
