"""The queue of held and failed emails: what waits and why, what was decided lately, and one decision for many."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.accounts.access import Access
from intake.inbound.choices import Choice
from intake.inbound.deciding import Alike, Given, decide_alike, decision_in_words, open_consultations, state
from intake.inbound.queue import Decided, Filter, decided_lately, waiting_by, waiting_emails
from intake.outbound.backlog import backlog_count
from intake.responses.finding import visible_consultations
from intake.store.reasons import Reason
from intake.web.asking import Asking, Officer
from intake.web.forms import Form, Sent
from intake.web.showing import page, redirect, with_query
from intake.wording import plural

AT_ONCE = 50
NO_CONSULTATION = "none"
_ALIKE: Mapping[str, tuple[str, Choice, Reason | None]] = {
    "spam": ("Ignore them: they are spam", Choice.ignore, Reason.spam),
    "not-about-it": ("Ignore them: they are not about a consultation", Choice.ignore, Reason.not_about_it),
    "question": ("Record them as questions", Choice.question, None),
    "response": ("Record them as responses", Choice.response, None),
    "again": ("Try them again", Choice.again, None),
}
router = APIRouter()


@dataclass(frozen=True, slots=True)
class Shown:
    """The part of the queue that is looked at, and the same as it stands in an address."""

    which: Filter
    consultation: str = ""  # slug
    reason: str = ""

    @property
    def query(self) -> str:
        return urlencode({name: value for name in ("consultation", "reason") if (value := getattr(self, name))})

    def path(self, path: str, **more: object) -> str:
        return with_query(path, "&".join(part for part in (self.query, urlencode(more)) if part))


def shown_part(session: Session, access: Access, given: Mapping[str, str]) -> Shown:
    """What is not known, or not this user's to see, is left out."""
    asked = Form(given)
    slug, named = asked.text("consultation"), asked.text("reason")
    visible = {one.slug: one.id for one in visible_consultations(session, access)}
    consultation_id = 0 if slug == NO_CONSULTATION else visible.get(slug)
    reason = next((reason for reason in Reason if reason.value == named), None)
    return Shown(
        Filter(consultation_id, reason), slug if consultation_id is not None else "", reason.value if reason else ""
    )


@router.get("/held")
def held(asking: Officer) -> Response:
    if asking.request.query_params.get("show") == "decided":
        return _decided(asking)
    return _waiting(asking)


@router.post("/held/decisions")
def decide_many(asking: Officer, form: Sent) -> Response:
    """One decision for all that are ticked."""
    chosen = _ALIKE.get(form.text("alike"))
    seen = dict(part.split(":", 1) for part in form.many("email") if re.match("[0-9]{1,9}:", part))
    mistakes = _mistakes(asking, form, chosen is not None and chosen[1], bool(seen))
    if mistakes or chosen is None:
        return _waiting(asking, form=form, mistakes=mistakes, status=422)
    _, choice, reason = chosen
    given = Given(choice=choice, consultation_id=form.number("consultation_id"), reason=reason)
    with asking.this.database.transaction() as session:
        states = {int(email_id): shown for email_id, shown in seen.items()}
        done = decide_alike(session, states, given, access=asking.access, now=asking.now)
        shown = shown_part(session, asking.access, _own_filter(form))
    return redirect(asking, shown.path("/held"), notice=_told(done, choice))


def _waiting(
    asking: Asking, *, form: Form | None = None, mistakes: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    given = asking.request.query_params if form is None else _own_filter(form)
    after = Form(given).number("after") or 0
    with asking.this.database.reading() as session:
        shown = shown_part(session, asking.access, given)
        rows = waiting_emails(session, asking.access, shown.which, after=after, limit=AT_ONCE + 1)
        counts = waiting_by(session, asking.access)
        fields: dict[str, Any] = {
            "consultations": open_consultations(session, asking.access),
            "backlog": backlog_count(session) if asking.user.is_administrator else 0,
        }
    return page(
        asking,
        "held.html",
        status=status,
        rows=[(row, f"{row.email.id}:{state(row.email, row.latest)}") for row in rows[:AT_ONCE]],
        next_page=shown.path("/held", after=rows[AT_ONCE - 1].email.id) if len(rows) > AT_ONCE else None,
        is_first=after == 0,
        shown=shown,
        total=sum(counts.values()),
        number=sum(number for key, number in counts.items() if _is_shown(shown.which, *key)),
        by_consultation=_summed(counts, 0),
        by_reason=_summed(counts, 1),
        alike={name: label for name, (label, *_) in _ALIKE.items()},
        ticked=form.many("email") if form else [],
        given=form,
        mistakes=mistakes or {},
        **fields,
    )


def _decided(asking: Asking) -> Response:
    before = Form(asking.request.query_params).number("before")
    with asking.this.database.reading() as session:
        rows = decided_lately(session, asking.access, before=before, limit=AT_ONCE + 1)
    return page(
        asking,
        "held_decided.html",
        rows=[(row, words_of(row)) for row in rows[:AT_ONCE]],
        next_page=f"/held?show=decided&before={rows[AT_ONCE - 1].decision.id}" if len(rows) > AT_ONCE else None,
        is_first=before is None,
    )


def words_of(row: Decided) -> str:
    """What was decided, as the rest of a sentence."""
    titles = {row.consultation.id: row.consultation.title} if row.consultation else {}
    references = {row.response.id: row.response.reference} if row.response else {}
    return decision_in_words(row.decision, titles, references)


def _mistakes(asking: Asking, form: Form, choice: Choice | bool, has_ticked: bool) -> dict[str, str]:
    mistakes = {} if has_ticked else {"email": "Tick the emails this is to be done with."}
    if not choice:
        mistakes["alike"] = "Choose what becomes of the ticked emails."
    if choice in (Choice.response, Choice.question):
        with asking.this.database.reading() as session:
            allowed = {consultation.id for consultation in open_consultations(session, asking.access)}
        if form.number("consultation_id") not in allowed:
            mistakes["consultation_id"] = "Choose the consultation to record them to."
    return mistakes


def _own_filter(form: Form) -> Mapping[str, str]:
    """What part of the queue the form was shown with; its own consultation is the one to record to."""
    return {"consultation": form.text("shown_consultation"), "reason": form.text("shown_reason")}


def _told(done: Alike, choice: Choice) -> str:
    emails = plural(done.decided, "email")
    is_one = done.decided == 1
    match choice:
        case Choice.ignore:
            told = f"{emails} {'is' if is_one else 'are'} ignored now."
        case Choice.again:
            told = f"{emails} {'is' if is_one else 'are'} tried again within a minute."
        case _:
            told = f"{emails} will be recorded within a minute."
    if done.overtaken:
        told += f" {plural(done.overtaken, 'email')} changed meanwhile: look again."
    if done.left:
        told += f" {plural(done.left, 'email')} {'was' if done.left == 1 else 'were'} left: decide on each by itself."
    return told


def _is_shown(which: Filter, consultation_id: int, reason: str) -> bool:
    return which.consultation_id in (None, consultation_id) and which.reason in (None, reason)


def _summed(counts: Mapping[tuple[int, str], int], place: int) -> dict[int | str, int]:
    summed: dict[int | str, int] = {}
    for key, number in counts.items():
        summed[key[place]] = summed.get(key[place], 0) + number
    return summed
