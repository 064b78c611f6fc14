"""The queue of held and failed emails, and what was decided lately. Never decides about one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.access import Access
from intake.inbound.circumstances import circumstances, load_knowledge, load_related
from intake.mail.understanding import Understood
from intake.store.consultations import Consultation
from intake.store.decisions import Decision
from intake.store.emails import IS_WAITING, EmailStatus, InboundEmail, Mailbox
from intake.store.reasons import Reason
from intake.store.responses import Addition, Response
from intake.store.users import User


@dataclass(frozen=True, slots=True)
class Filter:
    """Which of the waiting emails; None for all. Consultation 0: those that seem meant for none."""

    consultation_id: int | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """One email of the queue, with the consultation it seems meant for and the last decision about it."""

    email: InboundEmail
    consultation: Consultation | None
    mailbox: str | None  # None: taken in from a file
    latest: Decision | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an email so far: the responses recorded from it, and those it was added to."""

    recorded_as: tuple[Response, ...] = ()
    added_to: tuple[Response, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, by whom, and what became of its email. `is_latest`: no later one overtook it."""

    decision: Decision
    email: InboundEmail
    user: User
    consultation: Consultation | None
    response: Response | None
    outcome: Outcome
    is_latest: bool

    @property
    def is_pending(self) -> bool:
        """Whether the worker has still to carry it out. What ended otherwise, such as a copy, waits no more."""
        is_settled = self.email.status in (EmailStatus.ignored, EmailStatus.recorded)
        return self.is_latest and self.decision.carried_out_at is None and not is_settled


def waiting_count(session: Session, access: Access) -> int:
    """How many emails wait for a decision of this user, for the header of every page."""
    count = select(sa.func.count()).select_from(InboundEmail)
    return session.exec(count.where(IS_WAITING, access.limit(InboundEmail.consultation_id))).one()


def waiting_by(session: Session, access: Access) -> dict[tuple[int, str], int]:
    """The queue's numbers by consultation (0: none) and reason, for its filters."""
    counted = _counted_by(session, access, InboundEmail.reason)
    return {(consultation_id, reason or ""): number for consultation_id, reason, number in counted}


def waiting_by_status(session: Session, access: Access) -> dict[tuple[int, EmailStatus], int]:
    """The queue's numbers by consultation (0: none) and whether an email is held or could not be read."""
    counted = _counted_by(session, access, InboundEmail.status)
    return {(consultation_id, status): number for consultation_id, status, number in counted}


def waiting_emails(session: Session, access: Access, which: Filter, *, after: int = 0, limit: int) -> Sequence[Waiting]:
    """In the order they were taken in, those behind the email `after`."""
    rows = session.execute(
        sa.select(InboundEmail, Consultation, col(Mailbox.name))
        .join(Consultation, col(Consultation.id) == col(InboundEmail.consultation_id), isouter=True)
        .join(Mailbox, col(Mailbox.id) == col(InboundEmail.mailbox_id), isouter=True)
        .where(*_chosen(access, which), col(InboundEmail.id) > after)
        .order_by(col(InboundEmail.id))
        .limit(limit)
    ).all()
    latest = _latest_decisions(session, [email.id for email, _, _ in rows])
    return [Waiting(email, consultation, name, latest.get(email.id)) for email, consultation, name in rows]


def next_waiting(session: Session, access: Access, which: Filter, *, after: int) -> int | None:
    """The email behind this one in the queue, else the queue's first; None when no other waits."""
    ids = select(InboundEmail.id).where(*_chosen(access, which), InboundEmail.id != after)
    behind = session.exec(ids.where(col(InboundEmail.id) > after).order_by(col(InboundEmail.id)).limit(1)).first()
    return behind or session.exec(ids.order_by(col(InboundEmail.id)).limit(1)).first()


def mailbox_name(session: Session, email: InboundEmail) -> str | None:
    return session.get_one(Mailbox, email.mailbox_id).name if email.mailbox_id else None


def named_by(session: Session, email: Understood, access: Access) -> Response | None:
    """The response the email answers or names, if this user may see it."""
    known = load_knowledge(session, authserv_id=None)
    given = circumstances(email, known, load_related(session, [email], known), received_at=None)
    earlier = given.answers or given.names
    response = session.get(Response, earlier.response_id) if earlier and earlier.response_id else None
    return response if response and access.may_see(response.consultation_id) else None


def earlier_responses(session: Session, email: InboundEmail, access: Access) -> Sequence[Response]:
    """The latest that came from the same address and stand, to recognise what the email may belong to."""
    if email.sender_address is None:
        return []
    visible = select(Consultation.id).where(access.limit(Consultation.id))
    found = select(Response).where(
        col(Response.consultation_id).in_(visible),
        Response.respondent_address == email.sender_address,
        col(Response.withdrawn_at).is_(None),
        col(Response.email_id).is_distinct_from(email.id),
    )
    return session.exec(found.order_by(col(Response.id).desc()).limit(5)).all()


def only_response(session: Session, email: InboundEmail) -> Response | None:
    """The sender's one response that stands in the consultation it seems meant for; None where there are several."""
    if email.sender_address is None:
        return None
    found = select(Response).where(
        Response.consultation_id == email.consultation_id,
        Response.respondent_address == email.sender_address,
        col(Response.withdrawn_at).is_(None),
        col(Response.email_id).is_distinct_from(email.id),
    )
    rows = session.exec(found.limit(2)).all()
    return rows[0] if len(rows) == 1 else None


def letters_taken_out(session: Session, email: InboundEmail) -> Sequence[tuple[InboundEmail, Outcome]]:
    """The emails that were attached to a forward and taken in by themselves, with what became of each."""
    found = select(InboundEmail).where(InboundEmail.enclosed_in_id == email.id).order_by(col(InboundEmail.id))
    letters = session.exec(found).all()
    outcomes = outcomes_of(session, [letter.id for letter in letters])
    return [(letter, outcomes[letter.id]) for letter in letters]


def decided_lately(session: Session, access: Access, *, before: int | None = None, limit: int) -> Sequence[Decided]:
    """The newest first, those before the decision `before`."""
    conditions = [access.limit(InboundEmail.consultation_id)]
    if before is not None:
        conditions.append(col(Decision.id) < before)
    return _decided(session, conditions, limit)


def decisions_about(session: Session, email: InboundEmail) -> Sequence[Decided]:
    """The newest first."""
    return _decided(session, [col(Decision.email_id) == email.id], 100)


def outcomes_of(session: Session, email_ids: Sequence[int]) -> dict[int, Outcome]:
    """For each email, in as many queries as for one."""
    recorded, added = dict[int, tuple[Response, ...]](), dict[int, tuple[Response, ...]]()
    responses = select(Response).where(col(Response.email_id).in_(email_ids)).order_by(col(Response.id))
    for response in session.exec(responses):
        recorded[response.email_id or 0] = (*recorded.get(response.email_id or 0, ()), response)
    additions = select(Addition.email_id, Response).join(Response, col(Response.id) == Addition.response_id)
    for email_id, response in session.exec(additions.where(col(Addition.email_id).in_(email_ids))):
        added[email_id or 0] = (*added.get(email_id or 0, ()), response)
    return {key: Outcome(recorded.get(key, ()), added.get(key, ())) for key in email_ids}


def _counted_by(session: Session, access: Access, column: Any) -> Sequence[Any]:
    """Consultation (0: none), what the column holds, and how many wait."""
    keys = sa.func.coalesce(col(InboundEmail.consultation_id), 0), col(column)
    waiting = sa.select(*keys, sa.func.count()).where(IS_WAITING, access.limit(InboundEmail.consultation_id))
    return session.execute(waiting.group_by(*keys)).all()


def _chosen(access: Access, which: Filter) -> list[sa.ColumnElement[bool] | sa.TextClause]:
    conditions: list[sa.ColumnElement[bool] | sa.TextClause] = [IS_WAITING, access.limit(InboundEmail.consultation_id)]
    if which.consultation_id is not None:
        conditions.append(col(InboundEmail.consultation_id) == (which.consultation_id or None))
    if which.reason is not None:
        conditions.append(col(InboundEmail.reason) == which.reason.value)
    return conditions


def _latest_decisions(session: Session, email_ids: Sequence[int]) -> dict[int, Decision]:
    decisions = select(Decision).where(col(Decision.email_id).in_(email_ids)).order_by(col(Decision.id))
    return {decision.email_id: decision for decision in session.exec(decisions)}


def _decided(session: Session, conditions: Sequence[sa.ColumnElement[bool]], limit: int) -> Sequence[Decided]:
    rows = session.execute(
        sa.select(Decision, InboundEmail, User, Consultation, Response)
        .join(InboundEmail, col(InboundEmail.id) == col(Decision.email_id))
        .join(User, col(User.id) == col(Decision.user_id))
        .join(Consultation, col(Consultation.id) == col(Decision.consultation_id), isouter=True)
        .join(Response, col(Response.id) == col(Decision.response_id), isouter=True)
        .where(*conditions)
        .order_by(col(Decision.id).desc())
        .limit(limit)
    ).all()
    email_ids = [email.id for _, email, *_ in rows]
    outcomes, latest = outcomes_of(session, email_ids), _latest_decisions(session, email_ids)
    return [
        Decided(decision, email, user, consultation, response, outcomes[email.id], latest[email.id].id == decision.id)
        for decision, email, user, consultation, response in rows
    ]
