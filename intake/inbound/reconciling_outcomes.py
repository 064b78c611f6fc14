"""Hold every email against its outcome, every response against its email and acknowledgement, the outbox against time.

Mending records again and owes again. What it owes is held until an administrator releases it, like a backlog: a damaged
database must not mail everybody a second time.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.errors import LostRace
from intake.inbound.circumstances import Knowledge, dmarc_found, handed_on_by, load_knowledge
from intake.inbound.reading import ReadEmail
from intake.inbound.reconciliation import OVERDUE, Difference, Kind, Reconciling, some_at_a_time
from intake.outbound.acknowledging import KIND, Answered, acknowledge_recorded
from intake.store.emails import EmailStatus, InboundEmail, OutgoingEmail, OutgoingStatus
from intake.store.history import HistoryEntry
from intake.store.reasons import Reason
from intake.store.responses import Addition, Channel, Response
from intake.store.transitions import move_email

_HAS_RESPONSE = sa.or_(
    sa.exists().where(col(Response.email_id) == col(InboundEmail.id)),
    sa.exists().where(col(Addition.email_id) == col(InboundEmail.id)),
)
_IS_SETTLED = sa.or_(
    col(InboundEmail.status).in_((EmailStatus.held, EmailStatus.ignored)),
    sa.and_(col(InboundEmail.status) == EmailStatus.recorded, _HAS_RESPONSE),
)


def check_outcomes(this: Reconciling) -> None:
    """An email that waits for the first time in this hour is not stuck, nor is one that was put back within it."""
    unsettled = _unsettled(this)
    with this.database.reading() as session:
        for reference in session.scalars(_responses_without_email()):
            this.found.add(Kind.response_without_email, reference)
    if this.mend:
        _put_back(this, list(unsettled))
        this.record()
        _note_settled(this, unsettled)


def check_outgoing(this: Reconciling) -> None:
    """Those in the outbox long past their time. What is held or failed for good is counted, and waits for a person."""
    since = this.clock() - OVERDUE
    overdue = sa.or_(
        sa.and_(col(OutgoingEmail.status) == OutgoingStatus.queued, col(OutgoingEmail.due_at) < since),
        sa.and_(col(OutgoingEmail.status) == OutgoingStatus.sending, col(OutgoingEmail.claimed_until) < since),
    )
    with this.database.reading() as session:
        ids = sa.select(col(OutgoingEmail.id)).where(overdue).order_by(col(OutgoingEmail.id))
        for outgoing_id in session.scalars(ids):
            this.found.add(Kind.not_sent, f"outgoing email {outgoing_id}")


# Emails


def _unsettled(this: Reconciling) -> dict[int, Difference]:
    """By email id."""
    since = this.clock() - OVERDUE
    put_back = sa.exists().where(
        col(HistoryEntry.subject_kind) == InboundEmail.__tablename__,
        col(HistoryEntry.subject_id) == col(InboundEmail.id),
        col(HistoryEntry.action) == EmailStatus.received.value,
        col(HistoryEntry.at) > since,
    )
    status, found = col(InboundEmail.status), this.found
    stuck = sa.and_(status == EmailStatus.received, col(InboundEmail.collected_at) < since, ~put_back)
    empty = sa.and_(status == EmailStatus.recorded, ~_HAS_RESPONSE)
    with this.database.reading() as session:
        return {
            **{key: found.add(Kind.stuck, f"email {key}") for key, _ in _emails(session, stuck)},
            **{
                key: found.add(Kind.failed, f"email {key}, {reason}")
                for key, reason in _emails(session, status == EmailStatus.failed)
            },
            **{key: found.add(Kind.recorded_without_response, f"email {key}") for key, _ in _emails(session, empty)},
        }


def _emails(session: Session, condition: sa.ColumnElement[bool]) -> Sequence[tuple[int, str | None]]:
    """Id and reason."""
    rows = sa.select(col(InboundEmail.id), col(InboundEmail.reason)).where(condition).order_by(col(InboundEmail.id))
    return [(key, reason) for key, reason in session.execute(rows)]


def _responses_without_email() -> sa.Select[str]:
    return (
        sa.select(col(Response.reference))
        .join(InboundEmail, col(InboundEmail.id) == Response.email_id, isouter=True)
        .where(col(Response.channel) == Channel.email, col(InboundEmail.id).is_(None))
        .order_by(col(Response.id))
    )


def _put_back(this: Reconciling, email_ids: Sequence[int]) -> None:
    """Among what waits, by moves that leave their history. Another worker's move in between is as good."""
    for some in some_at_a_time(email_ids):
        with this.database.transaction() as session:
            for email in session.exec(select(InboundEmail).where(col(InboundEmail.id).in_(some))):
                with suppress(LostRace):
                    _move_back(this, session, email)


def _move_back(this: Reconciling, session: Session, email: InboundEmail) -> None:
    now = this.clock()
    values: dict[str, Any] = {"next_attempt_at": None, "attempts": 0}
    if email.status is EmailStatus.recorded:
        move_email(session, email, EmailStatus.held, now=now, actor=this.actor)
        # Whoever wrote it may have been acknowledged already: what is owed for it again waits for a person.
        values["is_backlog"] = True
    if email.status in (EmailStatus.held, EmailStatus.failed):
        move_email(session, email, EmailStatus.received, now=now, actor=this.actor, **values)


def _note_settled(this: Reconciling, unsettled: Mapping[int, Difference]) -> None:
    for some in some_at_a_time(list(unsettled)):
        with this.database.reading() as session:
            for key, _ in _emails(session, sa.and_(col(InboundEmail.id).in_(some), _IS_SETTLED)):
                unsettled[key].mended = True


# Acknowledgements

_Owed = tuple[int, int]  # email and response


def check_acknowledgements(this: Reconciling) -> None:
    """Each response and addition that came by email is acknowledged, or the history says why not. Withdrawn ones are
    past that."""
    missing: dict[_Owed, Difference] = {}
    for owed in _owed(this):
        answered = _answered(this, owed)
        missing |= {
            key: this.found.add(Kind.no_acknowledgement, where) for key, where in owed.items() if key not in answered
        }
    if this.mend and missing:
        _owe_again(this, missing)


def _owed(this: Reconciling) -> Iterator[dict[_Owed, str]]:
    """A chunk at a time, each with the place it is named by."""
    stands = col(Response.withdrawn_at).is_(None)
    responses = sa.select(col(Response.id), col(Response.email_id), col(Response.reference)).where(
        stands, col(Response.channel) == Channel.email, col(Response.email_id).is_not(None)
    )
    for chunk in this.chunks(responses, by=Response.id):
        yield {(row.email_id, row.id): row.reference for row in chunk}
    additions = (
        sa.select(col(Addition.id), col(Addition.email_id), col(Addition.response_id), col(Response.reference))
        .join(Response, col(Response.id) == Addition.response_id)
        .where(stands, col(Addition.email_id).is_not(None))
    )
    for chunk in this.chunks(additions, by=Addition.id):
        yield {(row.email_id, row.response_id): f"{row.reference}, addition {row.id}" for row in chunk}


def _answered(this: Reconciling, owed: Mapping[_Owed, str]) -> set[_Owed]:
    email_ids, response_ids = [email_id for email_id, _ in owed], [response_id for _, response_id in owed]
    queued = sa.select(col(OutgoingEmail.email_id), col(OutgoingEmail.response_id)).where(
        col(OutgoingEmail.kind) == KIND, col(OutgoingEmail.email_id).in_(email_ids)
    )
    suppressed = sa.select(col(HistoryEntry.detail), col(HistoryEntry.subject_id)).where(
        col(HistoryEntry.subject_kind) == Response.__tablename__,
        col(HistoryEntry.subject_id).in_(response_ids),
        col(HistoryEntry.action) == f"{KIND}-suppressed",
    )
    with this.database.reading() as session:
        answered: set[Any] = {(email_id, response_id) for email_id, response_id in session.execute(queued)}
        return answered | {(detail["email"], response_id) for detail, response_id in session.execute(suppressed)}


def _owe_again(this: Reconciling, missing: Mapping[_Owed, Difference]) -> None:
    email_ids = sorted({email_id for email_id, _ in missing})
    for some in some_at_a_time(email_ids):
        with this.database.reading() as session:
            rows = session.execute(
                sa.select(col(InboundEmail.id), col(InboundEmail.raw_sha256)).where(col(InboundEmail.id).in_(some))
            ).all()
        for email_id, read in this.read_again((key, sha256) for key, sha256 in rows):
            response_ids = [response_id for other, response_id in missing if other == email_id]
            _acknowledge(this, email_id, response_ids, read)
            for response_id in response_ids:
                missing[email_id, response_id].mended = True


def _acknowledge(this: Reconciling, email_id: int, response_ids: Sequence[int], read: ReadEmail) -> None:
    with this.database.transaction() as session:
        known = load_knowledge(session, authserv_id=this.authserv_id)
        email = session.get_one(InboundEmail, email_id)
        responses = session.exec(select(Response).where(col(Response.id).in_(response_ids)))
        added = dict(session.exec(select(Addition.response_id, Addition.id).where(Addition.email_id == email.id)).all())
        recorded = [
            (response, replace(_answer(known, email, response, read), addition_id=added.get(response.id)))
            for response in responses
        ]
        acknowledge_recorded(session, recorded, this.rules(known), now=this.clock())


def _answer(known: Knowledge, email: InboundEmail, response: Response, read: ReadEmail) -> Answered:
    understood, handed_on = read.understood, handed_on_by(read, known)
    written = understood.sender.address if understood.sender else ""
    # The letter's own spelling; another address, such as a forwarded letter's, stands with the response only.
    is_writer = written.lower() == response.respondent_address
    # Of an addition nothing but its email tells.
    is_addition = response.email_id != email.id
    is_handed_on = email.enclosed_in_id is not None or handed_on is not None
    is_forwarded = is_handed_on if is_addition else response.forwarded_by is not None
    is_told = not is_forwarded or known.consultations[response.consultation_id].acknowledges_forwards
    return Answered(
        email_id=email.id,
        name=response.respondent_name,
        address=written if is_writer else response.respondent_address or "",
        message_id=understood.message_id if is_writer else None,
        references=tuple(reversed(understood.answers)) if is_writer else (),
        return_path=None if is_forwarded else understood.return_path,
        dmarc="none" if is_forwarded else dmarc_found(understood, known.authserv_id, handed_on),
        held_reason=Reason.owed_again,
        declined=None if is_told else Reason.forwarded_letter,
    )
