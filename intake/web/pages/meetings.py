"""The pages of a consultation's meetings: their list, a new one, and one with the responses that were given there."""

from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.changing import Edit
from intake.administration.consultations import visible_consultation
from intake.administration.meetings import (
    add_meeting,
    change_meeting,
    find_meeting,
    meetings_of,
    responses_of,
)
from intake.administration.moments import typed_day
from intake.errors import Mistakes
from intake.store.consultations import Consultation
from intake.web.asking import Asking, Officer, RowId
from intake.web.editing import Done, attempt, edit_of
from intake.web.forms import Form, Sent
from intake.web.showing import page

router = APIRouter()


@router.get("/consultations/{slug}/meetings")
def listed(asking: Officer, slug: str) -> Response:
    return _show(asking, slug)


@router.post("/consultations/{slug}/meetings")
def add(asking: Officer, slug: str, form: Sent) -> Response:
    def do(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = add_meeting(session, consultation, _given(form), Edit(asking.user, 0, asking.now))
        return Done(f"/meetings/{row.id}", f"“{row.title}” was noted. Add what people said there.")

    return attempt(asking, do, lambda **more: _show(asking, slug, given=form, **more))


@router.get("/meetings/{meeting_id}")
def one(asking: Officer, meeting_id: RowId) -> Response:
    return _show_one(asking, meeting_id)


@router.post("/meetings/{meeting_id}")
def save(asking: Officer, meeting_id: RowId, form: Sent) -> Response:
    def do(session: Session) -> Done:
        row = find_meeting(session, asking.access, meeting_id)
        consultation = session.get_one(Consultation, row.consultation_id)
        changed = change_meeting(session, consultation, row, _given(form), edit_of(asking, form))
        return Done(f"/meetings/{row.id}", "Saved." if changed else "Nothing was different.")

    return attempt(asking, do, lambda **more: _show_one(asking, meeting_id, given=form, **more))


def _given(form: Form) -> dict[str, object]:
    """Raises Mistakes of the date. Who came may be left out; what is no number is a mistake below."""
    try:
        parts = (form.text(f"held-{part}") for part in ("day", "month", "year"))
        held_on = typed_day(*parts, field="held-day", name="The date")
    except Mistakes as wrong:
        if not form.text("title"):
            wrong = Mistakes({"title": "Enter the title.", **wrong.by_field})
        raise wrong from None
    texts = {name: form.text(name) for name in ("title", "place", "officers", "attendance")}
    return {**texts, "held_on": held_on, "notes": form.long_text("notes")}


def _show(asking: Asking, slug: str, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        rows = meetings_of(session, consultation)
    return page(asking, "meetings.html", consultation=consultation, rows=rows, **more)


def _show_one(asking: Asking, meeting_id: int, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        row = find_meeting(session, asking.access, meeting_id)
        consultation = session.get_one(Consultation, row.consultation_id)
        responses = responses_of(session, row)
    return page(asking, "meeting.html", consultation=consultation, row=row, responses=responses, **more)
