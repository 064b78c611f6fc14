"""Write what becomes of emails: responses, additions, attachments, what is owed, status moves and history, together.

Everything happens in the caller's transaction. What an officer decided is obeyed, all else is routed. Never decides
what an email is, never reads one.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from intake.inbound.circumstances import (
    Knowledge,
    Related,
    circumstances,
    consultee_of,
    handed_on_by,
    load_related,
)
from intake.inbound.duplicates import (
    Letter,
    TakenIn,
    forwarded_unanswered,
    keep_earliest_receipt,
    look_for_duplicates,
    settle_held_copies,
)
from intake.inbound.entering import mark_unread
from intake.inbound.handing_on import Way, as_handed_on, holds_a_letter
from intake.inbound.noting_wishes import Asked, note_wishes
from intake.inbound.obeying import as_confirmed, note_carried_out, obey, pending_decisions
from intake.inbound.outcomes import Considered, Outcome, Written
from intake.inbound.returning import note_returned, reported_address
from intake.inbound.routing import Circumstances, Hold, Ignore, Record, TakeOut, meant_for, route
from intake.inbound.taking_out import take_out_letters, would_reach
from intake.inbound.wishes import wishes
from intake.mail.message import Address
from intake.outbound.acknowledging import AcknowledgementRules, Answered, acknowledge_recorded
from intake.store.consultations import AddressKind, Consultation, next_references
from intake.store.decisions import Decision
from intake.store.emails import EmailStatus
from intake.store.history import WORKER, Note, note_each
from intake.store.reasons import Reason
from intake.store.response_changes import lock_responses
from intake.store.responses import Addition, Attachment, Channel, LetterDigest, Nature, Response
from intake.store.transitions import Move, move_emails


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


def write_outcomes(session: Session, letters: Sequence[Letter], this: Writing) -> None:
    """Decide and write: each email's status has moved when this returns. The letters have no mark in common.

    LostRace when another worker was first with one of them, IntegrityError when with a copy; the caller rolls back.
    """
    decisions = pending_decisions(session, [letter.email.id for letter in letters])
    considered = [_consider(letter, decisions.get(letter.email.id), this.known) for letter in letters]
    related = load_related(session, [one.said for one in considered], this.known)
    handed_on = [one.said for one in considered if one.is_handed_on]
    batch = _Batch(session, this, related, look_for_duplicates(session, letters, handed_on))
    outcomes = [_decide(batch, one) for one in considered]
    written = _add(batch, outcomes)
    session.add_all(digest for outcome in outcomes for digest in _digests(batch, outcome))
    session.add_all(attachment for one in written for attachment in _attachments(one))
    note_each(session, [_note(one) for one in written], now=this.now)
    _mark_unread(batch, written)
    note_wishes(session, [_asked(one) for one in written], now=this.now)
    owed = [(one.response, _answered(batch, one)) for one in (*written, *_came_directly(batch, outcomes))]
    acknowledge_recorded(session, owed, this.rules, now=this.now)
    _note_reports(batch, outcomes)
    for outcome in outcomes:
        if outcome.reason is Reason.duplicate:
            keep_earliest_receipt(session, outcome.values["duplicate_of_id"], outcome.received_at, now=this.now)
        if outcome.reason is Reason.handed_on:
            take_out_letters(session, outcome.of.letter.email, outcome.of.letter.read, now=this.now)
    taken_in = [(one.response.consultation_id, one.outcome.of.letter) for one in written]
    settle_held_copies(session, taken_in, now=this.now)
    move_emails(session, [_move(outcome) for outcome in outcomes], now=this.now)
    note_carried_out(session, decisions, now=this.now)


def _consider(letter: Letter, decision: Decision | None, known: Knowledge) -> Considered:
    understood, handed_on = letter.read.understood, handed_on_by(letter.read, known)
    if handed_on and handed_on.way is Way.inline:
        understood = as_handed_on(understood)
    is_enclosed = letter.read.forward is not None
    return Considered(letter, decision, as_confirmed(understood, decision, is_whole=is_enclosed), handed_on)


def _decide(batch: _Batch, one: Considered) -> Outcome:
    letter, taken = one.letter, batch.taken
    given = circumstances(
        one.said,
        batch.this.known,
        batch.related,
        received_at=_received_at(letter, batch.this.known.authserv_id),
        is_junk=letter.email.is_junk,
        has_files=bool(letter.read.files),
        handed_on=one.handed_on,
    )
    match obey(batch.session, one.decision, one.said) or route(one.said, given):
        case Record(targets):
            fresh = tuple(target for target in targets if taken.first_copy(letter, target.consultation_id) is None)
            if fresh:
                return Outcome(one, given, EmailStatus.recorded, targets=fresh)
            return _duplicate(one, given, taken.first_copy(letter, targets[0].consultation_id))
        case Hold(reason, consultation_id):
            first = taken.first_copy(letter, consultation_id) if consultation_id else None
            if first is not None:
                return _duplicate(one, given, first)
            return Outcome(one, given, EmailStatus.held, reason, {"consultation_id": consultation_id})
        case Ignore(reason):
            return Outcome(one, given, EmailStatus.ignored, reason)
        case TakeOut(consultation_id):
            values = {"consultation_id": consultation_id}
            if not would_reach(batch.session, letter.email, letter.read, _surely_meant(one, given, consultation_id)):
                return Outcome(one, given, EmailStatus.held, Reason.forwarded_by_officer, values)
            return Outcome(one, given, EmailStatus.ignored, Reason.handed_on, values)


def _surely_meant(one: Considered, given: Circumstances, likely: int | None) -> set[int]:
    dedicated = {m.consultation_id for m in meant_for(one.said, given) if m.kind is AddressKind.dedicated}
    return dedicated | ({likely} if likely else set())


def _received_at(letter: Letter, authserv_id: str | None) -> datetime | None:
    """Of a dropped file that does not say: what our own server wrote on top of it. Anybody can write such a line."""
    email, understood = letter.email, letter.read.understood
    if email.received_at is not None or email.mailbox_id is not None or email.enclosed_in_id is not None:
        return email.received_at
    is_ours = authserv_id is not None and understood.received_by == authserv_id.lower()
    return understood.received_at if is_ours else None


def _duplicate(one: Considered, given: Circumstances, first: int | None) -> Outcome:
    return Outcome(one, given, EmailStatus.ignored, Reason.duplicate, {"duplicate_of_id": first})


def _add(batch: _Batch, outcomes: Sequence[Outcome]) -> list[Written]:
    """The responses and additions, in the letters' order and with their ids."""
    references, joined = _references(batch, outcomes), _joined(batch, outcomes)
    written = list[Written]()
    for outcome in outcomes:
        for target in outcome.targets:
            if target.joins is None:
                reference = next(references[target.consultation_id])
                written.append(Written(outcome, _response(batch, outcome, target.consultation_id, reference)))
            else:
                response, addition = joined[target.joins], _addition(batch, outcome, target.joins)
                response.added_words = f"{response.added_words}\n{addition.own_words}".strip()
                response.version += 1  # whoever has it open must not mark as read what they have not seen
                written.append(Written(outcome, response, addition))
    batch.session.add_all(one.addition or one.response for one in written)
    batch.session.flush()
    return written


def _references(batch: _Batch, outcomes: Sequence[Outcome]) -> dict[int, Iterator[str]]:
    """As many references of each consultation as there are new responses to it."""
    wanted = Counter(target.consultation_id for one in outcomes for target in one.targets if target.joins is None)
    consultations = batch.this.known.consultations
    # In one order everywhere: two workers that lock consultations in different orders would wait for each other.
    return {key: iter(next_references(batch.session, consultations[key], wanted[key])) for key in sorted(wanted)}


def _joined(batch: _Batch, outcomes: Sequence[Outcome]) -> dict[int, Response]:
    """The responses that something is added to, locked: what officers do to them meanwhile is not written over."""
    ids = {target.joins for outcome in outcomes for target in outcome.targets if target.joins is not None}
    responses = [batch.session.get_one(Response, response_id) for response_id in sorted(ids)]
    return {response.id: response for response in lock_responses(batch.session, responses)}


def _response(batch: _Batch, outcome: Outcome, consultation_id: int, reference: str) -> Response:
    letter, said, decision = outcome.of.letter, outcome.of.said, outcome.of.decision
    assert said.sender
    address = said.sender.address.lower() or None
    consultee = consultee_of(batch.related.consultees, address, consultation_id)
    return Response(
        consultation_id=consultation_id,
        reference=reference,
        channel=Channel.email,
        received_at=outcome.received_at,
        recorded_at=batch.this.now,
        nature=decision.nature if decision and decision.nature else Nature.response,
        respondent_name=said.sender.name,
        respondent_address=address,
        organisation=consultee.organisation if consultee else None,
        stakeholder_group=consultee.stakeholder_group if consultee else None,
        consultee_id=consultee.id if consultee else None,
        subject=said.subject,
        text=said.text,
        own_words=said.own_words,
        email_id=letter.email.id,
        possible_duplicate_of_id=batch.taken.possible_duplicate(letter, said, consultation_id),
        contains_forward=not outcome.of.is_quoted and holds_a_letter(letter.read),
        **(outcome.of.handed_on_as.columns if outcome.of.handed_on_as else {}),
    )


def _addition(batch: _Batch, outcome: Outcome, response_id: int) -> Addition:
    said = outcome.of.said
    return Addition(
        response_id=response_id,
        email_id=outcome.of.letter.email.id,
        received_at=outcome.received_at,
        recorded_at=batch.this.now,
        subject=said.subject,
        text=said.text,
        own_words=said.own_words,
    )


def _asked(written: Written) -> Asked:
    outcome = written.outcome
    said, asked_at = outcome.of.said, outcome.received_at or outcome.given.received_at
    asked = wishes(said.own_words, said.subject)
    return Asked(written.response, outcome.of.letter.email.id, asked, asked_at)


def _digests(batch: _Batch, outcome: Outcome) -> Iterator[LetterDigest]:
    letter = outcome.of.letter
    for target in outcome.targets:
        if not batch.taken.has_noted(letter, target.consultation_id):
            yield LetterDigest(
                consultation_id=target.consultation_id, digest=letter.read.digest, email_id=letter.email.id
            )


def _attachments(written: Written) -> Iterator[Attachment]:
    for position, file in enumerate(written.outcome.of.letter.read.files):
        yield Attachment(
            response_id=written.response.id,
            addition_id=written.addition.id if written.addition else None,
            position=position,
            filename=file.filename,
            content_type=file.content_type,
            size=file.size,
            sha256=file.sha256,
        )


def _note(written: Written) -> Note:
    decision = written.outcome.of.decision
    detail: dict[str, int | None] = {"email": written.outcome.of.letter.email.id}
    detail |= {"decision": decision.id} if decision else {}
    detail |= written.outcome.of.handed_on_as.detail if written.outcome.of.handed_on_as else {}
    if written.addition:
        detail |= {"addition": written.addition.id, "version": written.response.version}
        return Note(written.response, "added-to", detail)
    return Note(written.response, "recorded", detail)


def _mark_unread(batch: _Batch, written: Sequence[Written]) -> None:
    added_to = {one.response.id: one.response for one in written if one.addition}
    mark_unread(batch.session, list(added_to.values()), now=batch.this.now, actor=WORKER)


def _answered(batch: _Batch, written: Written) -> Answered:
    outcome = written.outcome
    said, email = outcome.of.said, outcome.of.letter.email
    sender = said.sender or Address("", "")
    is_quoted = outcome.of.is_quoted  # whoever wrote the letter never saw the forward
    return Answered(
        email_id=email.id,
        addition_id=written.addition.id if written.addition else None,
        name=sender.name,
        address=sender.address,
        message_id=None if is_quoted else said.message_id,
        references=() if is_quoted else tuple(reversed(said.answers)),
        return_path=None if outcome.of.is_handed_on else said.return_path,
        # An address that an officer confirmed, or quoted, is not what the headers say it is.
        dmarc="none" if outcome.of.is_confirmed or outcome.of.is_handed_on else outcome.given.dmarc,
        held_reason=Reason.backlog if email.is_backlog else None,
        declined=_declined(outcome.of, batch.this.known.consultations[written.response.consultation_id]),
    )


def _came_directly(batch: _Batch, outcomes: Sequence[Outcome]) -> list[Written]:
    """Letters that are here as an officer's forward already: their writers wrote to us, and are owed an answer."""
    copies = [one for one in outcomes if one.reason is Reason.duplicate and not one.of.is_handed_on]
    return [
        Written(one, response)
        for one in copies
        for response in forwarded_unanswered(batch.session, one.values["duplicate_of_id"])
        if one.of.said.sender and one.of.said.sender.address.lower() == response.respondent_address
    ]


def _declined(one: Considered, consultation: Consultation) -> Reason | None:
    """RFC 3834, section 2: mail that may be automatic is never answered, whatever an officer takes it for."""
    if one.said.automatic:
        return Reason.automatic_mail
    if one.is_handed_on and not consultation.acknowledges_forwards:
        return Reason.forwarded_letter
    return Reason.officer_declined if one.decision and not one.decision.is_acknowledged else None


def _note_reports(batch: _Batch, outcomes: Sequence[Outcome]) -> None:
    """In one order everywhere: two workers that mark addresses dead in different orders would wait for each other."""
    reports = [
        one.of.letter.read.understood
        for one in outcomes
        if one.to is EmailStatus.ignored and one.reason is not Reason.duplicate
    ]
    for report in sorted(reports, key=reported_address):
        note_returned(batch.session, report, now=batch.this.now)


def _move(outcome: Outcome) -> Move:
    letter, understood = outcome.of.letter, outcome.of.letter.read.understood
    read = {
        # Of a forward, when the forward came: its letter's own receipt stands with the response.
        "received_at": outcome.given.received_at if outcome.of.is_handed_on else outcome.received_at,
        "dmarc": outcome.given.dmarc,
        "next_attempt_at": None,
        "letter_digest": letter.read.digest,
        "message_id": understood.message_id,
        "sent_at": understood.sent_at,
        "sender_address": understood.sender.address.lower() if understood.sender else None,
        "sender_name": understood.sender.name if understood.sender else None,
        "subject": understood.subject,
    }
    return Move(letter.email, outcome.to, outcome.reason, {**read, **outcome.values})
