"""The texts officers start a reply from."""

from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.reply_templates import (
    add_reply_template,
    change_reply_template,
    digest,
    remove_reply_template,
    reply_template,
    reply_templates,
)
from intake.responses.finding import visible_consultations
from intake.store.consultations import ReplyTemplate, consultation_by_slug
from intake.web.asking import Administrator, Asking, RowId
from intake.web.editing import Done, attempt
from intake.web.forms import Form, Sent
from intake.web.showing import page

router = APIRouter()


@router.get("/reply-templates")
def listed(asking: Administrator) -> Response:
    with asking.this.database.reading() as session:
        rows = reply_templates(session)
    return page(asking, "reply_templates.html", rows=rows)


@router.get("/reply-templates/new")
def new(asking: Administrator) -> Response:
    return _show(asking, None, chosen=asking.request.query_params.get("consultation", ""))


@router.post("/reply-templates/new")
def add(asking: Administrator, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row = add_reply_template(
            session, _consultation_id(session, form), _given(form), user=asking.user, now=asking.now
        )
        return Done("/reply-templates", f"The template “{row.name}” was added.")

    return attempt(asking, change, lambda **more: _show(asking, None, given=form, **more))


@router.get("/reply-templates/{template_id}")
def one(asking: Administrator, template_id: RowId) -> Response:
    return _show(asking, template_id)


@router.post("/reply-templates/{template_id}")
def save(asking: Administrator, template_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row, own = reply_template(session, template_id), _consultation_id(session, form)
        changed = change_reply_template(
            session, row, own, _given(form), seen=form.text("seen"), user=asking.user, now=asking.now
        )
        return Done("/reply-templates", "Saved." if changed else "Nothing was different.")

    return attempt(asking, change, lambda **more: _show(asking, template_id, given=form, **more))


@router.post("/reply-templates/{template_id}/remove")
def remove(asking: Administrator, template_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row = reply_template(session, template_id)
        remove_reply_template(session, row, user=asking.user, now=asking.now)
        return Done("/reply-templates", f"The template “{row.name}” was removed.")

    return attempt(asking, change, lambda **more: _show(asking, template_id, given=form, **more))


def _given(form: Form) -> dict[str, object]:
    return {"name": form.text("name"), "text": form.long_text("text")}


def _consultation_id(session: Session, form: Form) -> int | None:
    slug = form.text("consultation")
    return consultation_by_slug(session, slug).id if slug else None


def _show(asking: Asking, template_id: int | None, chosen: str = "", **more: Any) -> Response:
    row: ReplyTemplate | None = None
    with asking.this.database.reading() as session:
        consultations = visible_consultations(session, asking.access)
        if template_id is not None:
            row = reply_template(session, template_id)
            chosen = next((one.slug for one in consultations if one.id == row.consultation_id), "")
    fields: dict[str, Any] = {"row": row, "seen": digest(row) if row else "", "chosen": chosen}
    return page(asking, "reply_template.html", consultations=consultations, **fields, **more)
