"""Write an email's outcome: responses, additions, attachments, what is owed, the status move and the history, together.

Everything happens in the caller's transaction. Never decides what an email is, never reads one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from intake.inbound.circumstances import Knowledge, circumstances
from intake.inbound.reading import ReadEmail
from intake.inbound.routing import Circumstances, Hold, Ignore, Record, Target, route
from intake.outbound.acknowledging import AcknowledgementRules, Answered, acknowledge
from intake.store.consultations import next_reference
from intake.store.emails import EmailStatus, InboundEmail, OutgoingEmail, OutgoingStatus
from intake.store.history import note
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.reasons import Reason
from intake.store.responses import Addition, Attachment, Channel, LetterDigest, Response
from intake.store.transitions import move_email, move_outgoing


@dataclass(frozen=True, slots=True)
class Writing:
    """What is the same for every email of a batch."""

    known: Knowledge
    rules: AcknowledgementRules
    now: datetime


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One email on its way into the store."""

    session: Session
    email: InboundEmail
    read: ReadEmail
    given: Circumstances
    this: Writing


def write_outcome(session: Session, email: InboundEmail, read: ReadEmail, this: Writing) -> None:
    """Decide and write: the email's status has moved when this returns. LostRace when another worker was first."""
    # A dropped file has no server that says when it came; its topmost Received line is the nearest there is.
    if email.received_at is None and email.mailbox_id is None:
        email.received_at = read.understood.received_at
    given = circumstances(
        session,
        read.understood,
        this.known,
        received_at=email.received_at,
        is_junk=email.is_junk,
        has_files=bool(read.files),
    )
    out = _Outcome(session, email, read, given, this)
    match route(read.understood, given):
        case Record(targets):
            _record(out, targets)
        case Hold(reason, consultation_id):
            _hold(out, reason, consultation_id)
        case Ignore(reason):
            _mark_bounced(out)
            _move(out, EmailStatus.ignored, reason=reason)


def _record(out: _Outcome, targets: tuple[Target, ...]) -> None:
    """In every consultation that has not taken in this letter already."""
    copies = {target: _first_copy(out, target.consultation_id) for target in targets}
    fresh = [target for target, first in copies.items() if first is None]
    if not fresh:
        _move(out, EmailStatus.ignored, reason=Reason.duplicate, duplicate_of_id=copies[targets[0]])
        return
    for target in fresh:
        out.session.merge(
            LetterDigest(consultation_id=target.consultation_id, digest=out.read.digest, email_id=out.email.id)
        )
        if target.joins is None:
            _record_response(out, target)
        else:
            _record_addition(out, target.joins)
    _move(out, EmailStatus.recorded)


def _hold(out: _Outcome, reason: Reason, consultation_id: int | None) -> None:
    first = _first_copy(out, consultation_id) if consultation_id else None
    if first is not None:
        _move(out, EmailStatus.ignored, reason=Reason.duplicate, duplicate_of_id=first)
    else:
        _move(out, EmailStatus.held, reason=reason, consultation_id=consultation_id)


def _first_copy(out: _Outcome, consultation_id: int) -> int | None:
    """The other email by which this consultation took in the same letter."""
    taken = out.session.get(LetterDigest, (consultation_id, out.read.digest))
    return taken.email_id if taken and taken.email_id != out.email.id else None


def _record_response(out: _Outcome, target: Target) -> None:
    understood, now = out.read.understood, out.this.now
    assert understood.sender
    consultation = out.this.known.consultations[target.consultation_id]
    consultee = _consultee(out, target.consultation_id)
    response = Response(
        consultation_id=target.consultation_id,
        reference=next_reference(out.session, consultation),
        channel=Channel.email,
        received_at=out.email.received_at,
        recorded_at=now,
        respondent_name=understood.sender.name,
        respondent_address=understood.sender.address.lower(),
        organisation=consultee.organisation if consultee else None,
        stakeholder_group=consultee.stakeholder_group if consultee else None,
        consultee_id=consultee.id if consultee else None,
        subject=understood.subject,
        text=understood.text,
        own_words=understood.own_words,
        email_id=out.email.id,
        possible_duplicate_of_id=_same_message_id(out, target.consultation_id),
    )
    out.session.add(response)
    out.session.flush()
    note(out.session, response, "recorded", now=now, email=out.email.id)
    _attach(out, response)
    acknowledge(out.session, response, _answered(out), out.this.rules, now=now)


def _record_addition(out: _Outcome, response_id: int) -> None:
    understood, now = out.read.understood, out.this.now
    response = out.session.get_one(Response, response_id)
    addition = Addition(
        response_id=response_id,
        email_id=out.email.id,
        received_at=out.email.received_at,
        recorded_at=now,
        subject=understood.subject,
        text=understood.text,
        own_words=understood.own_words,
    )
    out.session.add(addition)
    out.session.flush()
    note(out.session, response, "added-to", now=now, email=out.email.id, addition=addition.id)
    _attach(out, response, addition)
    acknowledge(out.session, response, _answered(out), out.this.rules, now=now)


def _attach(out: _Outcome, response: Response, addition: Addition | None = None) -> None:
    out.session.add_all(
        Attachment(
            response_id=response.id,
            addition_id=addition.id if addition else None,
            position=position,
            filename=file.filename,
            content_type=file.content_type,
            size=file.size,
            sha256=file.sha256,
        )
        for position, file in enumerate(out.read.files)
    )


def _answered(out: _Outcome) -> Answered:
    understood = out.read.understood
    assert understood.sender
    assert out.email.id
    return Answered(
        email_id=out.email.id,
        name=understood.sender.name,
        address=understood.sender.address,
        message_id=understood.message_id,
        references=tuple(reversed(understood.answers)),
        return_path=understood.return_path,
        dmarc=out.given.dmarc,
        is_backlog=out.email.is_backlog,
    )


def _consultee(out: _Outcome, consultation_id: int) -> Consultee | None:
    """The consultee whose address this is; an address that several share says nothing certain."""
    if consultation_id not in out.given.invited_to or out.read.understood.sender is None:
        return None
    found = out.session.exec(
        select(Consultee)
        .join(ConsulteeAddress, col(ConsulteeAddress.consultee_id) == Consultee.id)
        .where(Consultee.consultation_id == consultation_id)
        .where(ConsulteeAddress.address == out.read.understood.sender.address.lower())
    ).all()
    return found[0] if len(found) == 1 else None


def _same_message_id(out: _Outcome, consultation_id: int) -> int | None:
    """An earlier response under the same Message-ID but with other content: shown as a possible duplicate."""
    if out.read.understood.message_id is None:
        return None
    return out.session.exec(
        select(Response.id)
        .join(InboundEmail, col(InboundEmail.id) == Response.email_id)
        .where(Response.consultation_id == consultation_id)
        .where(InboundEmail.message_id == out.read.understood.message_id, InboundEmail.id != out.email.id)
        .order_by(col(Response.id))
    ).first()


def _mark_bounced(out: _Outcome) -> None:
    """A bounce for good of one of our own emails is shown at that email."""
    bounce = out.read.understood.bounce
    if bounce is None or not any(recipient.permanent for recipient in bounce.recipients):
        return
    outgoing = out.session.exec(
        select(OutgoingEmail)
        .where(OutgoingEmail.message_id == bounce.original_message_id)
        .where(OutgoingEmail.status == OutgoingStatus.sent)
    ).first()
    if outgoing:
        move_outgoing(out.session, outgoing, OutgoingStatus.bounced, now=out.this.now, reason=Reason.bounce)


def _move(out: _Outcome, to: EmailStatus, *, reason: Reason | None = None, **values: Any) -> None:
    understood = out.read.understood
    move_email(
        out.session,
        out.email,
        to,
        now=out.this.now,
        reason=reason,
        received_at=out.email.received_at,
        next_attempt_at=None,
        message_id=understood.message_id,
        sent_at=understood.sent_at,
        sender_address=understood.sender.address.lower() if understood.sender else None,
        sender_name=understood.sender.name if understood.sender else None,
        subject=understood.subject,
        **values,
    )
