"""What intake noticed of a response, or of its emails, that an officer should know before they trust or count it.

Never judges: what an email asks for, who handed it on and whether it is proven was found when it was recorded.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from intake.store.emails import InboundEmail
from intake.store.responses import Addition, Nature, RespondentWish, Response

FORGED = "fail"  # a DMARC result: the domain it names as its sender's disowns it


class Noticed(StrEnum):
    """One thing noticed, as the log is filtered by it."""

    asks = "asks"  # and no officer has dealt with that yet
    forged = "forged"
    forwarded = "forwarded"
    contains_letter = "contains-letter"
    also_answered = "also-answered"  # the same address or consultee, by whatever way


def noticed_condition(noticed: Noticed, response_id: Any) -> sa.ColumnElement[bool]:
    """For a query of responses; `response_id` is their id as it stands in that query."""
    match noticed:
        case Noticed.asks:
            is_asking: sa.ColumnElement[bool] = response_id.in_(_asking())
            return is_asking
        case Noticed.forged:
            return sa.or_(*(response_id.in_(some) for some in _forged()))
        case Noticed.forwarded:
            return col(Response.forwarded_by).is_not(None)
        case Noticed.contains_letter:
            return col(Response.contains_forward).is_(True)
        case Noticed.also_answered:
            others = aliased(Response)
            is_other = sa.and_(stands(others), same_respondent(others, Response))
            return sa.and_(stands(Response), sa.exists().where(is_other))


def noticed_of(session: Session, ids: Sequence[int]) -> Mapping[int, Sequence[Noticed]]:
    """What was noticed of each of these responses, in the order of `Noticed`."""
    found = defaultdict[int, list[Noticed]](list)
    for noticed in Noticed:
        for response_id in sorted(set(session.scalars(_among(noticed, ids)))):
            found[response_id].append(noticed)
    return found


def same_respondent(other: Any, response: Any) -> sa.ColumnElement[bool]:
    """The condition that another response to the same consultation has the same address, or the same consultee.

    `response` is a row or, in a query, its class. What neither has is nobody's.
    """
    pairs = [(getattr(other, name), getattr(response, name)) for name in ("respondent_address", "consultee_id")]
    return sa.and_(
        other.id != response.id,
        other.consultation_id == response.consultation_id,
        sa.or_(sa.false(), *(theirs == ours for theirs, ours in pairs if ours is not None)),
    )


def stands(response: Any) -> sa.ColumnElement[bool]:
    """The condition that it is an answer to a consultation, and not withdrawn."""
    return sa.and_(response.nature == Nature.response, response.withdrawn_at.is_(None))


def _among(noticed: Noticed, ids: Sequence[int]) -> Any:
    """Looked up from these responses, never in all emails: a page of the log costs the same in a large one."""
    is_forged = InboundEmail.dmarc == FORGED
    made = select(Response.id).where(col(Response.id).in_(ids))
    if noticed is Noticed.asks:
        return _asking().where(col(RespondentWish.response_id).in_(ids))
    if noticed is not Noticed.forged:
        return made.where(noticed_condition(noticed, col(Response.id)))
    added = select(Addition.response_id).where(col(Addition.response_id).in_(ids))
    return sa.union_all(
        made.join(InboundEmail, col(InboundEmail.id) == Response.email_id).where(is_forged),
        added.join(InboundEmail, col(InboundEmail.id) == Addition.email_id).where(is_forged),
    )


def _asking() -> Any:
    return select(RespondentWish.response_id).where(col(RespondentWish.settled_at).is_(None))


def _forged() -> tuple[Any, Any]:
    """Those made of such an email, and those to which one was added."""
    emails = select(InboundEmail.id).where(InboundEmail.dmarc == FORGED)
    made = select(Response.id).where(col(Response.email_id).in_(emails))
    added = select(Addition.response_id).where(col(Addition.email_id).in_(emails))
    return made, added
