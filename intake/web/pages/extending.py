"""When a consultation opens and closes: opened, extended, shortened, closed, archived.

What a new closing time changes is shown before it is done.
"""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.consultations import State, state_of, visible_consultation
from intake.administration.extending import change_closing, closing_now, effects_of_closing, may_be_told
from intake.administration.moments import TypedMoment, instant
from intake.administration.opening import archive, change_opening, unarchive
from intake.administration.warnings import closing_warnings
from intake.deadlines import closing_wording, this_minute
from intake.errors import Mistakes, NotPossible
from intake.store.consultations import Consultation
from intake.web.asking import Administrator, Asking
from intake.web.editing import Done, attempt, edit_of, typed_moment
from intake.web.forms import Form, Sent
from intake.web.showing import page, redirect
from intake.wording import plural

router = APIRouter()
SHOWN_REFERENCES = 30


@router.get("/consultations/{slug}/opening")
def opening(asking: Administrator, slug: str) -> Response:
    return _show_opening(asking, slug)


@router.post("/consultations/{slug}/opening")
def move_opening(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        typed = typed_moment(form, "opens")
        opens_at = instant(typed, timezone=consultation.zone, field="opens", name="The opening time")
        again = change_opening(session, consultation, opens_at, edit_of(asking, form))
        return _opened(consultation, again)

    return attempt(asking, change, lambda **more: _show_opening(asking, slug, given=form, **more))


@router.post("/consultations/{slug}/open")
def open_now(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        again = change_opening(session, consultation, this_minute(asking.now, consultation.zone), edit_of(asking, form))
        return _opened(consultation, again)

    return attempt(asking, change, lambda **more: _show_opening(asking, slug, **more))


@router.get("/consultations/{slug}/closing")
def closing(asking: Administrator, slug: str) -> Response:
    return _show_closing(asking, slug)


@router.get("/consultations/{slug}/closing/check")
def check(asking: Administrator, slug: str) -> Response:
    """What the time in the address would change. Shows, and changes nothing."""
    form = Form(asking.request.query_params)
    if not any((form.text("closes-day"), form.text("closes-clock"))):
        return redirect(asking, f"/consultations/{slug}/closing")
    return _check(asking, slug, form)


@router.post("/consultations/{slug}/closing")
def move_closing(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        closes_at = _typed_closing(consultation, form)
        made = change_closing(session, consultation, closes_at, form.long_text("reason"), edit_of(asking, form))
        done = f"It closes at {closing_wording(closes_at, consultation.zone)} now."
        if told := may_be_told(session, consultation, made, now=asking.now):
            done += f" {plural(told, 'person', 'people')} can be told; look at the notice below."
            return Done(f"/consultations/{slug}/closing/notice?change={made.id}", done)
        return Done(f"/consultations/{slug}", done)

    return attempt(asking, change, lambda **more: _check(asking, slug, form, **more))


@router.get("/consultations/{slug}/close")
def close(asking: Administrator, slug: str) -> Response:
    return _check(asking, slug, None)


@router.post("/consultations/{slug}/close")
def close_now(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        closes_at = closing_now(consultation, asking.now)
        change_closing(session, consultation, closes_at, form.long_text("reason"), edit_of(asking, form))
        has_closed = state_of(consultation, asking.now) is State.closed
        said = "It closed at" if has_closed else "It closes within a minute: its closing time is"
        return Done(f"/consultations/{slug}", f"{said} {closing_wording(closes_at, consultation.zone)}.")

    return attempt(asking, change, lambda **more: _check(asking, slug, None, given=form, **more))


@router.post("/consultations/{slug}/archive")
def put_away(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        archive(session, visible_consultation(session, asking.access, slug), edit_of(asking, form))
        return Done(f"/consultations/{slug}", "It is archived. Mail to it is still recorded and acknowledged.")

    return attempt(asking, change, lambda **more: _show_again(asking, slug, **more))


@router.post("/consultations/{slug}/unarchive")
def take_out(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        unarchive(session, visible_consultation(session, asking.access, slug), edit_of(asking, form))
        return Done(f"/consultations/{slug}", "It is in the lists again.")

    return attempt(asking, change, lambda **more: _show_again(asking, slug, **more))


def _opened(consultation: Consultation, again: int) -> Done:
    notice = f"It opens at {closing_wording(consultation.opens_at, consultation.zone)}."
    if again:
        notice += (
            f" {plural(again, 'email')} that came too early until now {'is' if again == 1 else 'are'} judged again."
        )
    return Done(f"/consultations/{consultation.slug}", notice)


def _typed_closing(consultation: Consultation, form: Form) -> datetime:
    return instant(typed_moment(form, "closes"), timezone=consultation.zone, field="closes", name="The closing time")


def _show_opening(asking: Asking, slug: str, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
    fields: dict[str, Any] = {
        "typed": TypedMoment.of(consultation.opens_at, consultation.zone),
        "has_opened": state_of(consultation, asking.now) is not State.coming,
    }
    return page(asking, "extending_opening.html", consultation=consultation, **fields, **more)


def _show_closing(asking: Asking, slug: str, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        warnings = closing_warnings(session, consultation.closes_at, consultation.zone)
    typed = TypedMoment.of(consultation.closes_at, consultation.zone)
    return page(asking, "extending.html", consultation=consultation, typed=typed, warnings=warnings, **more)


def _check(asking: Asking, slug: str, form: Form | None, **more: Any) -> Response:
    """The second step; without a form, of closing now. Back to the first where the time cannot be the closing time."""
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        try:
            closes_at = _typed_closing(consultation, form) if form else closing_now(consultation, asking.now)
            effects = effects_of_closing(session, consultation, closes_at, now=asking.now)
        except (Mistakes, NotPossible) as wrong:
            mistakes = wrong.by_field if isinstance(wrong, Mistakes) else {"main-content": str(wrong)}
            return _show_closing(asking, slug, status=422, mistakes=mistakes, given=form)
        warnings = closing_warnings(session, closes_at, consultation.zone)
    fields: dict[str, Any] = {
        "effects": effects,
        "shown": effects.turned[:SHOWN_REFERENCES],
        "warnings": warnings if form else [],
        "typed": TypedMoment.of(closes_at, consultation.zone),
        "is_now": form is None,
        "will_pass": closes_at <= asking.now,
        "given": form,
    }
    return page(asking, "extending_check.html", consultation=consultation, **{**fields, **more})


def _show_again(asking: Asking, slug: str, **more: Any) -> Response:
    """A button needs no form again, only the sentence."""
    conflict = more.get("conflict")
    sentence = (
        f"{conflict.sentence} That was while you had the page open." if conflict else more["mistakes"]["main-content"]
    )
    return page(asking, "extending_not_done.html", status=more["status"], slug=slug, sentence=sentence)
