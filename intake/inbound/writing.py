"""Write what becomes of emails: responses, additions, attachments, what is owed, status moves and history, together.

Everything happens in the caller's transaction. Never decides what an email is, never reads one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, select

from intake.inbound.circumstances import Knowledge, Related, circumstances, load_related
from intake.inbound.duplicates import (
    Letter,
    TakenIn,
    keep_earliest_receipt,
    look_for_duplicates,
    settle_held_copies,
)
from intake.inbound.routing import Circumstances, Hold, Ignore, Record, Target, route
from intake.outbound.acknowledging import AcknowledgementRules, Answered, acknowledge_recorded
from intake.store.consultations import next_references
from intake.store.emails import EmailStatus, OutgoingEmail, OutgoingStatus
from intake.store.history import Note, note_each
from intake.store.people import Consultee
from intake.store.reasons import Reason
from intake.store.responses import Addition, Attachment, Channel, LetterDigest, Response
from intake.store.transitions import Move, move_emails, move_outgoing


@dataclass(frozen=True, slots=True)
class Writing:
    """What is the same for every email of a batch."""

    known: Knowledge
    rules: AcknowledgementRules
    now: datetime


@dataclass(frozen=True, slots=True)
class _Batch:
    """Where letters are written, and what the store already holds that has to do with them."""

    session: Session
    this: Writing
    related: Related
    taken: TakenIn


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What becomes of one letter: the move of its email, and the consultations it is recorded in."""

    letter: Letter
    given: Circumstances
    to: EmailStatus
    reason: Reason | None = None
    values: Mapping[str, int | None] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class _Written:
    """A letter in one consultation: its response, or the addition to an earlier one."""

    outcome: _Outcome
    response: Response
    addition: Addition | None = None


def write_outcomes(session: Session, letters: Sequence[Letter], this: Writing) -> None:
    """Decide and write: each email's status has moved when this returns. The letters have no mark in common.

    LostRace when another worker was first with one of them, IntegrityError when with a copy; the caller rolls back.
    """
    related = load_related(session, [letter.read.understood for letter in letters], this.known)
    batch = _Batch(session, this, related, look_for_duplicates(session, letters))
    outcomes = [_decide(batch, letter) for letter in letters]
    written = _add(batch, outcomes)
    session.add_all(digest for outcome in outcomes for digest in _digests(batch, outcome))
    session.add_all(attachment for one in written for attachment in _attachments(one))
    note_each(session, [_note(one) for one in written], now=this.now)
    acknowledge_recorded(session, [(one.response, _answered(one.outcome)) for one in written], this.rules, now=this.now)
    for outcome in outcomes:
        _mark_bounced(batch, outcome)
        if outcome.reason is Reason.duplicate:
            keep_earliest_receipt(session, outcome.values["duplicate_of_id"], outcome.given.received_at, now=this.now)
    settle_held_copies(session, [(one.response.consultation_id, one.outcome.letter) for one in written], now=this.now)
    move_emails(session, [_move(outcome) for outcome in outcomes], now=this.now)


def _decide(batch: _Batch, letter: Letter) -> _Outcome:
    understood, taken = letter.read.understood, batch.taken
    given = circumstances(
        understood,
        batch.this.known,
        batch.related,
        received_at=_received_at(letter, batch.this.known.authserv_id),
        is_junk=letter.email.is_junk,
        has_files=bool(letter.read.files),
    )
    match route(understood, given):
        case Record(targets):
            fresh = tuple(target for target in targets if taken.first_copy(letter, target.consultation_id) is None)
            if fresh:
                return _Outcome(letter, given, EmailStatus.recorded, targets=fresh)
            return _duplicate(letter, given, taken.first_copy(letter, targets[0].consultation_id))
        case Hold(reason, consultation_id):
            first = taken.first_copy(letter, consultation_id) if consultation_id else None
            if first is not None:
                return _duplicate(letter, given, first)
            return _Outcome(letter, given, EmailStatus.held, reason, {"consultation_id": consultation_id})
        case Ignore(reason):
            return _Outcome(letter, given, EmailStatus.ignored, reason)


def _received_at(letter: Letter, authserv_id: str | None) -> datetime | None:
    """Of a dropped file that does not say: what our own server wrote on top of it. Anybody can write such a line."""
    email, understood = letter.email, letter.read.understood
    if email.received_at is not None or email.mailbox_id is not None:
        return email.received_at
    is_ours = authserv_id is not None and understood.received_by == authserv_id.lower()
    return understood.received_at if is_ours else None


def _duplicate(letter: Letter, given: Circumstances, first: int | None) -> _Outcome:
    return _Outcome(letter, given, EmailStatus.ignored, Reason.duplicate, {"duplicate_of_id": first})


def _add(batch: _Batch, outcomes: Sequence[_Outcome]) -> list[_Written]:
    """The responses and additions, in the letters' order and with their ids."""
    references = _references(batch, outcomes)
    written = list[_Written]()
    for outcome in outcomes:
        for target in outcome.targets:
            if target.joins is None:
                reference = next(references[target.consultation_id])
                written.append(_Written(outcome, _response(batch, outcome, target.consultation_id, reference)))
            else:
                response = batch.session.get_one(Response, target.joins)
                written.append(_Written(outcome, response, _addition(batch, outcome, target.joins)))
    batch.session.add_all(one.addition or one.response for one in written)
    batch.session.flush()
    return written


def _references(batch: _Batch, outcomes: Sequence[_Outcome]) -> dict[int, Iterator[str]]:
    """As many references of each consultation as there are new responses to it."""
    wanted = Counter(target.consultation_id for one in outcomes for target in one.targets if target.joins is None)
    consultations = batch.this.known.consultations
    # In one order everywhere: two workers that lock consultations in different orders would wait for each other.
    return {key: iter(next_references(batch.session, consultations[key], wanted[key])) for key in sorted(wanted)}


def _response(batch: _Batch, outcome: _Outcome, consultation_id: int, reference: str) -> Response:
    letter, understood = outcome.letter, outcome.letter.read.understood
    assert understood.sender
    address = understood.sender.address.lower()
    consultee = _consultee(batch.related, address, consultation_id)
    return Response(
        consultation_id=consultation_id,
        reference=reference,
        channel=Channel.email,
        received_at=outcome.given.received_at,
        recorded_at=batch.this.now,
        respondent_name=understood.sender.name,
        respondent_address=address,
        organisation=consultee.organisation if consultee else None,
        stakeholder_group=consultee.stakeholder_group if consultee else None,
        consultee_id=consultee.id if consultee else None,
        subject=understood.subject,
        text=understood.text,
        own_words=understood.own_words,
        email_id=letter.email.id,
        possible_duplicate_of_id=batch.taken.possible_duplicate(letter, consultation_id),
    )


def _consultee(related: Related, address: str, consultation_id: int) -> Consultee | None:
    """The consultee whose address this is; an address that several share says nothing certain."""
    found = [one for one in related.consultees.get(address, ()) if one.consultation_id == consultation_id]
    return found[0] if len(found) == 1 else None


def _addition(batch: _Batch, outcome: _Outcome, response_id: int) -> Addition:
    understood = outcome.letter.read.understood
    return Addition(
        response_id=response_id,
        email_id=outcome.letter.email.id,
        received_at=outcome.given.received_at,
        recorded_at=batch.this.now,
        subject=understood.subject,
        text=understood.text,
        own_words=understood.own_words,
    )


def _digests(batch: _Batch, outcome: _Outcome) -> Iterator[LetterDigest]:
    letter = outcome.letter
    for target in outcome.targets:
        if not batch.taken.has_noted(letter, target.consultation_id):
            yield LetterDigest(
                consultation_id=target.consultation_id, digest=letter.read.digest, email_id=letter.email.id
            )


def _attachments(written: _Written) -> Iterator[Attachment]:
    for position, file in enumerate(written.outcome.letter.read.files):
        yield Attachment(
            response_id=written.response.id,
            addition_id=written.addition.id if written.addition else None,
            position=position,
            filename=file.filename,
            content_type=file.content_type,
            size=file.size,
            sha256=file.sha256,
        )


def _note(written: _Written) -> Note:
    email_id = written.outcome.letter.email.id
    if written.addition:
        return Note(written.response, "added-to", {"email": email_id, "addition": written.addition.id})
    return Note(written.response, "recorded", {"email": email_id})


def _answered(outcome: _Outcome) -> Answered:
    understood, email = outcome.letter.read.understood, outcome.letter.email
    assert understood.sender
    assert email.id
    return Answered(
        email_id=email.id,
        name=understood.sender.name,
        address=understood.sender.address,
        message_id=understood.message_id,
        references=tuple(reversed(understood.answers)),
        return_path=understood.return_path,
        dmarc=outcome.given.dmarc,
        held_reason=Reason.backlog if email.is_backlog else None,
    )


def _mark_bounced(batch: _Batch, outcome: _Outcome) -> None:
    """A bounce for good of one of our own emails is shown at that email."""
    bounce = outcome.letter.read.understood.bounce
    if outcome.to is not EmailStatus.ignored or outcome.reason is Reason.duplicate or bounce is None:
        return
    if not any(recipient.permanent for recipient in bounce.recipients):
        return
    outgoing = batch.session.exec(
        select(OutgoingEmail)
        .where(OutgoingEmail.message_id == bounce.original_message_id)
        .where(OutgoingEmail.status == OutgoingStatus.sent)
    ).first()
    if outgoing:
        move_outgoing(batch.session, outgoing, OutgoingStatus.bounced, now=batch.this.now, reason=Reason.bounce)


def _move(outcome: _Outcome) -> Move:
    understood = outcome.letter.read.understood
    read = {
        "received_at": outcome.given.received_at,
        "next_attempt_at": None,
        "letter_digest": outcome.letter.read.digest,
        "message_id": understood.message_id,
        "sent_at": understood.sent_at,
        "sender_address": understood.sender.address.lower() if understood.sender else None,
        "sender_name": understood.sender.name if understood.sender else None,
        "subject": understood.subject,
    }
    return Move(outcome.letter.email, outcome.to, outcome.reason, {**read, **outcome.values})
