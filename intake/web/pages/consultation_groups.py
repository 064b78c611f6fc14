"""The page of a consultation's stakeholder groups."""

from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.groups import add_group, group, groups, move_group, remove_group, rename_group
from intake.web.asking import Administrator, Asking, RowId
from intake.web.editing import Done, attempt, edit_of
from intake.web.forms import Sent
from intake.web.showing import page
from intake.wording import plural

router = APIRouter()


@router.get("/consultations/{slug}/groups")
def listed(asking: Administrator, slug: str) -> Response:
    return _show(asking, slug)


@router.post("/consultations/{slug}/groups")
def add(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = add_group(session, consultation, form.text("name"), edit_of(asking, form))
        return Done(f"/consultations/{slug}/groups", f"The group “{row.name}” was added.")

    return attempt(asking, change, lambda **more: _show(asking, slug, given=form, **more))


@router.get("/consultations/{slug}/groups/{group_id}")
def one(asking: Administrator, slug: str, group_id: RowId) -> Response:
    return _show_one(asking, slug, group_id)


@router.post("/consultations/{slug}/groups/{group_id}")
def rename(asking: Administrator, slug: str, group_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = group(session, consultation, group_id)
        renamed = rename_group(session, consultation, row, form.text("name"), edit_of(asking, form))
        along = f", also on {plural(renamed, 'response or consultee', 'responses and consultees')}" if renamed else ""
        return Done(f"/consultations/{slug}/groups", f"The group is called “{row.name}” now{along}.")

    return attempt(asking, change, lambda **more: _show_one(asking, slug, group_id, given=form, **more))


@router.post("/consultations/{slug}/groups/{group_id}/move")
def move(asking: Administrator, slug: str, group_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = group(session, consultation, group_id)
        places = -1 if form.text("to") == "up" else 1
        move_group(session, consultation, row, edit_of(asking, form), places=places)
        return Done(f"/consultations/{slug}/groups", f"The group “{row.name}” is number {row.position} now.")

    return attempt(asking, change, lambda **more: _show(asking, slug, **more))


@router.post("/consultations/{slug}/groups/{group_id}/remove")
def remove(asking: Administrator, slug: str, group_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = group(session, consultation, group_id)
        remove_group(session, consultation, row, edit_of(asking, form))
        return Done(f"/consultations/{slug}/groups", f"The group “{row.name}” was removed.")

    return attempt(asking, change, lambda **more: _show_one(asking, slug, group_id, **more))


def _show(asking: Asking, slug: str, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        uses = groups(session, consultation)
    return page(asking, "consultation_groups.html", consultation=consultation, uses=uses, **more)


def _show_one(asking: Asking, slug: str, group_id: int, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        row = group(session, consultation, group_id)
        use = next(use for use in groups(session, consultation) if use.row.id == row.id)
    return page(asking, "consultation_group.html", consultation=consultation, use=use, **more)
