"""Write down what an officer decides about an email that waits, and move the email, in one transaction.

The worker carries it out when it records (`obeying.py`). Never reads an email, and never writes into the log.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.access import Access
from intake.deadlines import closing_wording
from intake.errors import LostRace, Mistakes, NotFound
from intake.inbound.choices import IGNORE_REASONS, Choice, choices_for
from intake.inbound.fetching import request_fetch
from intake.inbound.obeying import note_carried_out
from intake.mail.usable_addresses import is_usable_address
from intake.store.consultations import Consultation, PublishedAddress
from intake.store.decisions import Decision, DecisionKind
from intake.store.emails import EmailStatus, InboundEmail
from intake.store.history import note
from intake.store.reasons import Reason
from intake.store.response_changes import lock_consultations
from intake.store.responses import FormerReference, Nature, Response
from intake.store.transitions import move_email
from intake.store.users import User

_FORWARDS = (Reason.forwarded_by_officer, Reason.unproven_officer)
_CHANGED = "Something happened to this email meanwhile; look at it as it stands now."


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the officer gave, as far as the choice asks for it."""

    choice: Choice | None
    consultation_id: int | None = None
    reference: str = ""  # of the response it is joined to
    reason: Reason | None = None
    words: str = ""
    respondent_name: str = ""
    respondent_address: str = ""
    received_at: datetime | None = None
    is_acknowledged: bool = True


@dataclass(slots=True)
class Alike:
    """What came of deciding many alike, in emails."""

    decided: int = 0
    overtaken: int = 0  # somebody else was first
    left: int = 0  # need something of their own


def decide(session: Session, email_id: int, given: Given, *, seen: str, access: Access, now: datetime) -> Decision:
    """`seen` is the `state` the officer was shown. Raises NotFound, Mistakes, or LostRace that says who was first."""
    lock_consultations(session, _concerned(session, given))
    email = session.get(InboundEmail, email_id, with_for_update=True, populate_existing=True)
    if email is None:
        raise NotFound
    access.require(email.consultation_id)
    latest = latest_decision(session, email)
    if seen != state(email, latest):
        is_decided = latest and seen.rpartition(".")[2] != str(latest.id)
        raise LostRace(_who_was_first(session, latest, now) if latest and is_decided else _CHANGED)
    decision = _checked(session, email, given, access, now)
    session.add(decision)
    session.flush()
    note(session, email, "decided", now=now, actor=access.user.actor, **_detail(decision))
    _move(session, email, decision, now=now, actor=access.user.actor)
    return decision


def decide_alike(session: Session, seen: Mapping[int, str], given: Given, *, access: Access, now: datetime) -> Alike:
    """One decision for many emails, by id with the `state` of each. Those it does not suit are left as they are."""
    done = Alike()
    lock_consultations(session, session.exec(select(Consultation.id)).all())
    for email_id in sorted(seen):
        if given.choice and given.choice.kind is DecisionKind.record and _needs_a_look(session, email_id):
            done.left += 1
            continue
        try:
            with session.begin_nested():
                decide(session, email_id, given, seen=seen[email_id], access=access, now=now)
            done.decided += 1
        except LostRace:
            done.overtaken += 1
        except Mistakes:
            done.left += 1
    return done


def _needs_a_look(session: Session, email_id: int) -> bool:
    email = session.get(InboundEmail, email_id)
    return email is None or asks_for_respondent(session, email)


def latest_decision(session: Session, email: InboundEmail) -> Decision | None:
    newest = select(Decision).where(Decision.email_id == email.id).order_by(col(Decision.id).desc())
    return session.exec(newest.limit(1)).first()


def state(email: InboundEmail, latest: Decision | None) -> str:
    """What a decision rests on: when it is another by then, the officer has to look again."""
    return f"{email.status.value}.{email.reason or ''}.{latest.id if latest else 0}"


def asks_for_respondent(session: Session, email: InboundEmail) -> bool:
    """Whether the email's own sender is not who wrote the letter, or somebody has to confirm it: an officer's mail, a
    letter that an officer handed on, or no sender at all."""
    if email.sender_address is None or email.enclosed_in_id is not None or email.reason in _FORWARDS:
        return True
    ours = sa.exists().where(col(PublishedAddress.address) == email.sender_address)
    return bool(session.execute(sa.select(ours)).scalar_one())


def asks_for_receipt(session: Session, email: InboundEmail) -> bool:
    return email.received_at is None or asks_for_respondent(session, email)


def open_consultations(session: Session, access: Access) -> list[Consultation]:
    """Those an officer may record to, however long they are closed: late letters are kept too."""
    standing = select(Consultation).where(col(Consultation.archived_at).is_(None), access.limit(Consultation.id))
    return list(session.exec(standing.order_by(col(Consultation.closes_at).desc(), col(Consultation.id))))


def decision_in_words(decision: Decision, titles: Mapping[int, str], references: Mapping[int, str]) -> str:
    """The rest of a sentence that begins with who decided: “record it as a question to School admissions”."""
    match decision.kind:
        case DecisionKind.record:
            return f"record it as a {decision.nature or Nature.response} to {titles[decision.consultation_id or 0]}"
        case DecisionKind.addition:
            return f"join it to {references[decision.response_id or 0]}"
        case DecisionKind.again:
            return "try again"
        case DecisionKind.fetch:
            return "fetch the whole email"
        case DecisionKind.ignore:
            label = IGNORE_REASONS[Reason.of(decision.reason or Reason.other_reason)]
            return f"ignore it: {label[0].lower()}{label[1:]}"


def _who_was_first(session: Session, latest: Decision, now: datetime) -> str:
    name = session.get_one(User, latest.user_id).name
    consultation = session.get(Consultation, latest.consultation_id) if latest.consultation_id else None
    response = session.get(Response, latest.response_id) if latest.response_id else None
    titles = {consultation.id: consultation.title} if consultation else {}
    references = {response.id: response.reference} if response else {}
    return f"{name} decided this {_ago(now - latest.at)}: {decision_in_words(latest, titles, references)}."


def _ago(passed: timedelta) -> str:
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return "a minute ago" if minutes == 1 else f"{minutes} minutes ago"
    hours = minutes // 60
    if hours < 24:
        return "an hour ago" if hours == 1 else f"{hours} hours ago"
    return "yesterday" if hours < 48 else f"{hours // 24} days ago"


# Checking


def _concerned(session: Session, given: Given) -> set[int]:
    """The consultations the decision will point at."""
    response = _named_response(session, given.reference)
    return {given.consultation_id or 0, response.consultation_id if response else 0}


def _named_response(session: Session, reference: str) -> Response | None:
    """By the reference it has, or had before it was moved to another consultation."""
    former = select(FormerReference.response_id).where(FormerReference.reference == reference.upper())
    named = sa.or_(col(Response.reference) == reference.upper(), col(Response.id).in_(former))
    found = select(Response).where(named).execution_options(populate_existing=True)
    return session.exec(found).first() if reference else None


def _checked(session: Session, email: InboundEmail, given: Given, access: Access, now: datetime) -> Decision:
    """The decision as it may be written. Raises Mistakes."""
    choices = choices_for(email)
    if choices is None or given.choice is None or given.choice not in choices.options:
        raise Mistakes({"choice": "Choose what becomes of this email."})
    kind, nature = given.choice.kind, given.choice.nature
    decision = Decision(
        email_id=email.id, user_id=access.user.id, at=now, kind=kind, nature=nature, words=given.words or None
    )
    mistakes: dict[str, str] = {}
    match kind:
        case DecisionKind.record:
            _set_consultation(session, decision, given, access, mistakes)
            _set_writer(session, decision, email, given, now, mistakes)
            _refuse_too_early(session, decision, mistakes)
        case DecisionKind.addition:
            _set_response(session, decision, given, access, mistakes)
            _set_writer(session, decision, email, given, now, mistakes)
        case DecisionKind.ignore:
            _set_reason(decision, given, mistakes)
    if mistakes:
        raise Mistakes(mistakes)
    return decision


def _set_consultation(
    session: Session, decision: Decision, given: Given, access: Access, mistakes: dict[str, str]
) -> None:
    if given.consultation_id not in {consultation.id for consultation in open_consultations(session, access)}:
        mistakes["consultation_id"] = "Choose the consultation it belongs to."
    decision.consultation_id = given.consultation_id


def _set_response(session: Session, decision: Decision, given: Given, access: Access, mistakes: dict[str, str]) -> None:
    reference = given.reference.upper()
    if not reference:
        mistakes["reference"] = "Write the reference of the response it belongs to, such as IEO-0042."
        return
    response = _named_response(session, reference)
    if response is None or not access.may_see(response.consultation_id):
        mistakes["reference"] = f"There is no response {reference}; check the reference."
    elif response.withdrawn_at:
        mistakes["reference"] = f"{reference} has been withdrawn; restore it first, or record the email on its own."
    else:
        decision.response_id, decision.consultation_id = response.id, response.consultation_id


def _set_writer(
    session: Session, decision: Decision, email: InboundEmail, given: Given, now: datetime, mistakes: dict[str, str]
) -> None:
    """Who wrote the letter and when it came, where the email itself cannot say."""
    decision.is_acknowledged = given.is_acknowledged
    if asks_for_receipt(session, email):
        decision.received_at = given.received_at
        if given.received_at and given.received_at > min(now, email.received_at or now):
            mistakes["received_at"] = "The letter cannot have come later than the email that brought it."
    if not asks_for_respondent(session, email):
        return
    name, address = given.respondent_name, given.respondent_address.lower()
    if name or address:
        decision.respondent_name, decision.respondent_address = name, address or None
    elif email.reason in (*_FORWARDS, Reason.no_sender) or email.sender_address is None:
        mistakes["respondent_name"] = "Write who the letter is from: a name, an address, or both."
    if len(name) > 200:
        mistakes["respondent_name"] = "Shorten the name to 200 letters."
    if address and not is_usable_address(address):
        mistakes["respondent_address"] = "Write an email address such as ben.hughes@school.example, or leave it empty."


def _refuse_too_early(session: Session, decision: Decision, mistakes: dict[str, str]) -> None:
    """A date read from a forwarded letter may be anybody's: its writer would be told that it came in time."""
    consultation = session.get(Consultation, decision.consultation_id or 0)
    if consultation and decision.received_at and decision.received_at < consultation.opens_at:
        opened = closing_wording(consultation.opens_at, consultation.zone)
        mistakes["received_at"] = f"The consultation opened only at {opened}; correct the date, or leave it empty."


def _set_reason(decision: Decision, given: Given, mistakes: dict[str, str]) -> None:
    if given.reason not in IGNORE_REASONS:
        mistakes["reason"] = "Choose why it is ignored."
    elif given.reason is Reason.other_reason and not given.words:
        mistakes["words"] = "Write why it is ignored."
    decision.reason = given.reason


# Moving


def _move(session: Session, email: InboundEmail, decision: Decision, *, now: datetime, actor: str) -> None:
    match decision.kind:
        case DecisionKind.ignore:
            note_carried_out(session, [email.id], now=now)
            values: dict[str, Any] = {"next_attempt_at": None, "fetch_requested_at": None}
            move_email(
                session,
                email,
                EmailStatus.ignored,
                now=now,
                actor=actor,
                reason=Reason.of(decision.reason or ""),
                **values,
            )
        case DecisionKind.fetch:
            if email.status is EmailStatus.ignored:
                _move_to_worker(session, email, now=now, actor=actor)
                move_email(session, email, EmailStatus.held, now=now, actor=actor, reason=Reason.oversize)
            request_fetch(session, email, now=now, actor=actor)
        case DecisionKind.record | DecisionKind.addition:
            _move_to_worker(session, email, now=now, actor=actor, consultation_id=decision.consultation_id)
        case DecisionKind.again:
            _move_to_worker(session, email, now=now, actor=actor)


def _move_to_worker(session: Session, email: InboundEmail, *, now: datetime, actor: str, **values: Any) -> None:
    """It is taken at the worker's next look, with all its tries before it."""
    values |= {"next_attempt_at": None, "attempts": 0, "duplicate_of_id": None}
    move_email(session, email, EmailStatus.received, now=now, actor=actor, **values)


def _detail(decision: Decision) -> dict[str, Any]:
    """Ids and names of kinds only, for the history."""
    fields = ("kind", "nature", "consultation_id", "response_id", "reason")
    given = {name: getattr(decision, name) for name in fields}
    return {"decision": decision.id} | {name: value for name, value in given.items() if value is not None}
