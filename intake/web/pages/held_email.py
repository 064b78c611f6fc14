"""One email that waits, or waited: what it says, why it waits, what may be decided, and what came of decisions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.moments import TypedMoment, instant
from intake.errors import LostRace, Mistakes, NotFound
from intake.inbound.choices import IGNORE_REASONS, Choice, choices_for
from intake.inbound.deciding import (
    Given,
    asks_for_receipt,
    asks_for_respondent,
    decide,
    latest_decision,
    open_consultations,
    state,
)
from intake.inbound.queue import (
    decisions_about,
    earlier_responses,
    letters_taken_out,
    mailbox_name,
    named_by,
    next_waiting,
    only_response,
    outcomes_of,
)
from intake.mail.attachments import is_email_file
from intake.mail.letters import ReadLetter
from intake.responses.noticed import FORGED
from intake.responses.thread import find_email
from intake.store.consultations import Consultation
from intake.store.decisions import Decision, DecisionKind
from intake.store.emails import EmailStatus, InboundEmail
from intake.store.reasons import Reason
from intake.store.responses import Nature
from intake.web.asking import Asking, Officer, RowId
from intake.web.editing import typed_moment
from intake.web.emails import EmailNotShown, EmailReader
from intake.web.forms import Form, Sent
from intake.web.pages.held import Shown, shown_part, words_of
from intake.web.showing import LONDON, page, redirect

_NOTICES: Mapping[DecisionKind, str] = {
    DecisionKind.record: "It will be recorded within a minute.",
    DecisionKind.addition: "It will be joined to the response within a minute.",
    DecisionKind.again: "It is tried again within a minute.",
    DecisionKind.fetch: "It will be fetched at the next look into its mailbox.",
    DecisionKind.ignore: "It is ignored now.",
}
_MAY_BE_AUTOMATIC = (Reason.list_mail, Reason.possible_auto_reply)
_FORWARDED = (Reason.forwarded_by_officer, Reason.unproven_officer)
_ASKING = (Reason.asks_to_withdraw, Reason.asks_to_replace)
router = APIRouter()


@router.get("/held/{email_id}")
def held_email(asking: Officer, email_id: RowId) -> Response:
    return _show(asking, email_id, asking.request.query_params)


@router.post("/held/{email_id}/decision")
def decide_one(asking: Officer, email_id: RowId, form: Sent) -> Response:
    """Then the next of the queue, in the part of it that was looked at."""
    part = dict(parse_qsl(form.text("part")))
    try:
        with asking.this.database.transaction() as session:
            find_email(session, asking.access, email_id)
            given = _given(session, asking, form)
            decision = decide(session, email_id, given, seen=form.text("seen"), access=asking.access, now=asking.now)
            shown = shown_part(session, asking.access, part)
            following = next_waiting(session, asking.access, shown.which, after=email_id)
    except Mistakes as wrong:
        return _show(asking, email_id, part, form=form, mistakes=wrong.by_field, status=422)
    except LostRace as race:
        return _show(asking, email_id, part, overtaken=str(race), status=409)
    return _go_on(asking, decision, shown, following)


def _go_on(asking: Asking, decision: Decision, shown: Shown, following: int | None) -> Response:
    notice = (
        f"{_NOTICES[decision.kind]} {'This is the next in the queue.' if following else 'Nothing else waits here.'}"
    )
    return redirect(asking, shown.path(f"/held/{following}" if following else "/held"), notice=notice)


def _given(session: Session, asking: Asking, form: Form) -> Given:
    """What the form says. Raises Mistakes for a moment that is none."""
    choice = _choice(form)
    typed = typed_moment(form, "received")
    consultation = session.get(Consultation, form.number("consultation_id") or 0)
    zone = consultation.zone if consultation and asking.access.may_see(consultation.id) else LONDON
    is_told = choice and choice.kind in (DecisionKind.record, DecisionKind.addition)
    is_told = is_told and any((typed.day, typed.month, typed.year, typed.clock))
    name = "The time the letter came"
    return Given(
        choice=choice,
        consultation_id=form.number("consultation_id"),
        reference=form.text("reference"),
        reason=form.choice("reason", Reason),
        words=form.long_text("words") if choice is Choice.ignore else "",
        respondent_name=form.text("respondent_name"),
        respondent_address=form.text("respondent_address"),
        received_at=instant(typed, timezone=zone, field="received", name=name) if is_told else None,
        is_acknowledged=form.is_ticked("join_acknowledged" if choice is Choice.addition else "acknowledged"),
    )


def _choice(form: Form) -> Choice | None:
    """Recording asks in a second question what it is."""
    if form.text("choice") == DecisionKind.record:
        return Choice.question if form.text("nature") == Nature.question else Choice.response
    return form.choice("choice", Choice)


def _show(asking: Asking, email_id: int, part: Mapping[str, str], *, status: int = 200, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        email = find_email(session, asking.access, email_id)
    letter, trouble = _read(asking, email)
    with asking.this.database.reading() as session:
        shown = shown_part(session, asking.access, part)
        fields: dict[str, Any] = {
            **_about(session, asking, email, letter),
            **_decisions(session, email),
            **_form(session, asking, email, letter),
            "next_id": next_waiting(session, asking.access, shown.which, after=email.id),
        }
    return page(
        asking,
        "held_email.html",
        status=status,
        email=email,
        letter=letter,
        attached_emails=_attached_emails(letter) if letter else (),
        trouble=trouble,
        shown=shown,
        given=more.get("form"),
        mistakes=more.get("mistakes", {}),
        overtaken=more.get("overtaken"),
        **fields,
    )


def _read(asking: Asking, email: InboundEmail) -> tuple[ReadLetter | None, str | None]:
    reader: EmailReader = asking.request.app.state.reader
    try:
        return reader.letter(email), None
    except EmailNotShown as error:
        return None, str(error)


def _attached_emails(letter: ReadLetter) -> list[int]:
    """Which of its files are emails, to be read in a page."""
    return [at for at, file in enumerate(letter.files) if is_email_file(file.filename, file.content_type)]


def _about(session: Session, asking: Asking, email: InboundEmail, letter: ReadLetter | None) -> dict[str, object]:
    consultation = session.get(Consultation, email.consultation_id) if email.consultation_id else None
    first_copy = session.get(InboundEmail, email.duplicate_of_id) if email.duplicate_of_id else None
    return {
        "consultation": consultation,
        "zone": consultation.zone if consultation else LONDON,
        "mailbox": mailbox_name(session, email),
        "named": named_by(session, letter.understood, asking.access) if letter else None,
        "earlier": earlier_responses(session, email, asking.access),
        "first_copy": first_copy,
        "copied": outcomes_of(session, [first_copy.id])[first_copy.id] if first_copy else None,
        "taken_out": letters_taken_out(session, email),
        "may_see_forward": _may_see(session, asking, email.enclosed_in_id),
    }


def _may_see(session: Session, asking: Asking, email_id: int | None) -> bool:
    try:
        return email_id is not None and bool(find_email(session, asking.access, email_id))
    except NotFound:
        return False


def _decisions(session: Session, email: InboundEmail) -> dict[str, object]:
    decisions = decisions_about(session, email)
    return {
        "decisions": [(decision, words_of(decision)) for decision in decisions],
        "outcome": outcomes_of(session, [email.id])[email.id],
        "is_pending": bool(decisions) and decisions[0].is_pending,
    }


def _form(session: Session, asking: Asking, email: InboundEmail, letter: ReadLetter | None) -> dict[str, object]:
    choices = choices_for(email)
    if choices is None:
        return {"choices": None}
    consultations = open_consultations(session, asking.access)
    forwarded = letter.understood.forwarded if letter else None
    meant = email.consultation_id or (consultations[0].id if len(consultations) == 1 else None)
    likely = next((one for one in consultations if one.id == meant), None)
    written = letter.understood if letter and email.enclosed_in_id else forwarded
    joined = only_response(session, email) if email.reason in _ASKING else None
    return {
        "choices": choices,
        "kinds": list(dict.fromkeys(option.kind.value for option in choices.options)),
        "consultations": consultations,
        "meant": meant,
        "asks_for_respondent": asks_for_respondent(session, email) and Choice.response in choices.options,
        "asks_for_receipt": asks_for_receipt(session, email) and Choice.response in choices.options,
        "unacknowledged": _unacknowledged(email, likely),
        "joined": joined.reference if joined and asking.access.may_see(joined.consultation_id) else "",
        "writer": written.sender if written else None,
        "came": _came(written.sent_at if written else None, likely),
        "ignore_reasons": IGNORE_REASONS,
        "seen": state(email, latest_decision(session, email)),
        "is_taking_back": email.status is EmailStatus.ignored,
    }


def _came(sent_at: datetime | None, likely: Consultation | None) -> TypedMoment | None:
    """When the letter says that it was sent, which is when it first came, or soon before."""
    return TypedMoment.of(sent_at, likely.zone if likely else LONDON) if sent_at else None


def _unacknowledged(email: InboundEmail, likely: Consultation | None) -> str:
    """Why no acknowledgement goes, whatever an officer decides; nothing where they may choose."""
    if email.reason in _MAY_BE_AUTOMATIC:
        return "Mail that may be automatic is never answered."
    if email.reason in _FORWARDED or email.enclosed_in_id:  # then its headers are not its writer's
        is_owed = likely is None or likely.acknowledges_forwards
        return "" if is_owed else Reason.forwarded_letter.sentence
    return Reason.failed_dmarc.sentence if email.dmarc == FORGED else ""
