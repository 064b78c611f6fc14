"""What a consultation is called, says and how it judges: one form for each section."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.sections import change_section, has_recorded
from intake.errors import NotFound
from intake.store.consultations import Consultation
from intake.web.asking import Administrator, Asking
from intake.web.editing import Done, attempt, edit_of
from intake.web.forms import Form, Sent
from intake.web.showing import page

router = APIRouter()


def _naming(form: Form) -> dict[str, object]:
    named = {name: form.text(name) for name in ("title", "slug")}
    return {**named, "reference_prefix": form.text("reference_prefix").upper()}


def _contact(form: Form) -> dict[str, object]:
    return {name: form.text(name) for name in ("contact_name", "contact_address", "contact_phone")}


def _texts(form: Form) -> dict[str, object]:
    return {name: form.long_text(name) for name in ("next_steps", "privacy_notice")}


def _judging(form: Form) -> dict[str, object]:
    lines = [line.strip() for line in form.long_text("subject_words").splitlines()]
    return {
        "late_policy": form.text("late_policy"),
        "acknowledges_forwards": form.is_ticked("acknowledges_forwards"),
        "subject_words": [line for line in lines if line],
    }


_READ: dict[str, Callable[[Form], dict[str, object]]] = {
    "naming": _naming,
    "contact": _contact,
    "texts": _texts,
    "judging": _judging,
}
_TITLES = {
    "naming": "Change its name",
    "contact": "Change the contact",
    "texts": "Change what people are told",
    "judging": "Change how its mail is judged",
}


@router.get("/consultations/{slug}/change/{section}")
def edit(asking: Administrator, slug: str, section: str) -> Response:
    return _show(asking, slug, section)


@router.post("/consultations/{slug}/change/{section}")
def save(asking: Administrator, slug: str, section: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        given = _given(form, section, consultation)
        changed = change_section(session, consultation, section, given, edit_of(asking, form))
        return Done(f"/consultations/{consultation.slug}", "Saved." if changed else "Nothing was different.")

    return attempt(asking, change, lambda **more: _show(asking, slug, section, given=form, **more))


def _given(form: Form, section: str, consultation: Consultation) -> dict[str, object]:
    if section not in _READ:
        raise NotFound
    given = _READ[section](form)
    if section == "naming" and has_recorded(consultation):
        # They cannot change any more, and the form has no fields for them.
        given |= {"slug": consultation.slug, "reference_prefix": consultation.reference_prefix}
    return given


def _show(asking: Asking, slug: str, section: str, **more: Any) -> Response:
    if section not in _READ:
        raise NotFound
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
    fields = {"section": section, "heading": _TITLES[section], "is_settled": has_recorded(consultation)}
    return page(asking, "consultation_edit.html", consultation=consultation, **fields, **more)  # type: ignore[arg-type]
