"""How a consultation is answered online, and what its public page says it is about."""

from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.sections import change_section
from intake.web.asking import Administrator, Asking
from intake.web.editing import Done, attempt, edit_of
from intake.web.forms import Form, Sent
from intake.web.showing import page

router = APIRouter()


@router.get("/consultations/{slug}/online-form")
def edit(asking: Administrator, slug: str) -> Response:
    return _show(asking, slug)


@router.post("/consultations/{slug}/online-form")
def save(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        changed = change_section(session, consultation, "online-form", _given(form), edit_of(asking, form))
        return Done(f"/consultations/{slug}", "Saved." if changed else "Nothing was different.")

    return attempt(asking, change, lambda **more: _show(asking, slug, given=form, **more))


def _given(form: Form) -> dict[str, object]:
    return {
        "about": form.long_text("about"),
        "online_form": form.text("online_form"),
        "grace_minutes": form.number("grace_minutes"),
    }


def _show(asking: Asking, slug: str, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
    base_url = asking.this.settings.web.base_url
    return page(asking, "consultation_online.html", consultation=consultation, base_url=base_url, **more)
