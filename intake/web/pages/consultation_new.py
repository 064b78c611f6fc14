"""A consultation set up through one short form, or made from an earlier one. Warnings are shown once."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.copied_mailings import invited, texts_of_its_own
from intake.administration.copying import brought_along, copy_consultation, personal_addresses, reply_templates_of
from intake.administration.ordering import rows_of
from intake.administration.rules import rules_of
from intake.administration.setting_up import set_up, typed_consultation
from intake.administration.warnings import Warn, closing_warnings, instant_warnings
from intake.errors import IntakeError
from intake.store.consultation_file import ConsultationFile
from intake.store.consultations import Consultation, Question, StakeholderGroup
from intake.web.asking import Administrator, Asking
from intake.web.editing import Done, attempt, typed_moment
from intake.web.forms import Form, Sent
from intake.web.showing import LONDON, page

router = APIRouter()
STARTING = {
    "next_steps": "We read every response after the consultation closes. We then publish what we were told, what we "
    "decided and why, on our website.",
    "privacy_notice": "We use your response, and the name and address you sent it from, to carry out this "
    "consultation. This is part of our public task. We keep responses for two years after the decision, and then "
    "delete them. You may ask to see, correct or delete what we hold about you: write to our contact.",
}


class Unconfirmed(IntakeError):
    """There is something to think of before the consultation is set up; nothing was changed yet."""

    def __init__(self, warnings: list[Warn], seen: str) -> None:
        super().__init__()
        self.warnings, self.seen = warnings, seen


@router.get("/consultations/new")
def new(asking: Administrator) -> Response:
    return page(asking, "consultation_new.html", starting=STARTING)


@router.post("/consultations/new")
def create(asking: Administrator, form: Sent) -> Response:
    def change(session: Session) -> Done:
        file = _typed(form, {**_texts(form), "addresses": _own_addresses(form)}, _zone(form))
        _show_warnings_once(session, asking, form, file)
        made = set_up(session, file, user=asking.user, now=asking.now)
        notice = "The consultation is set up. Read it once more, and give officers their access under Users."
        return Done(f"/consultations/{made.slug}", notice)

    return _attempt(asking, form, change, "consultation_new.html", starting=STARTING)


@router.get("/consultations/{slug}/copy")
def copy(asking: Administrator, slug: str) -> Response:
    with asking.this.database.reading() as session:
        return page(asking, "consultation_copy.html", **_source(session, asking, slug))


@router.post("/consultations/{slug}/copy")
def make_copy(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        source = visible_consultation(session, asking.access, slug)
        file = _typed(form, brought_along(session, source, _own_addresses(form)), source.zone)
        _show_warnings_once(session, asking, form, file)
        along = form.is_ticked("consultees")
        made = copy_consultation(session, source, file, with_consultees=along, user=asking.user, now=asking.now)
        rules = (
            " Its reminders are turned off; look at their dates and turn them on." if rules_of(session, made) else ""
        )
        notice = f"The copy is made. Read its texts: they were written for the other.{rules}"
        return Done(f"/consultations/{made.slug}", notice)

    with asking.this.database.reading() as session:
        fields = _source(session, asking, slug)
    return _attempt(asking, form, change, "consultation_copy.html", **fields)


def _attempt(asking: Asking, form: Form, change: Callable[[Session], Done], template: str, **fields: Any) -> Response:
    def show_again(**more: Any) -> Response:
        return page(asking, template, **{**fields, "given": form, **more})

    try:
        return attempt(asking, change, show_again)
    except Unconfirmed as first:
        return show_again(warnings=first.warnings, seen=first.seen)


def _typed(form: Form, given: Mapping[str, object], zone: ZoneInfo) -> ConsultationFile:
    named = {name: form.text(name) for name in ("title", "slug")} | {
        "reference_prefix": form.text("reference_prefix").upper()
    }
    return typed_consultation(
        {**given, **named}, typed_moment(form, "opens"), typed_moment(form, "closes"), timezone=zone
    )


def _texts(form: Form) -> dict[str, object]:
    contact = {name: form.text(f"contact_{name}") for name in ("name", "address")}
    return {
        "timezone": form.text("timezone"),
        "late_policy": form.text("late_policy"),
        "contact": {**contact, "phone": form.text("contact_phone") or None},
        **{name: form.long_text(name) for name in STARTING},
    }


def _own_addresses(form: Form) -> list[dict[str, object]]:
    if not form.text("address"):
        return []
    named = {"address": form.text("address"), "officer_name": form.text("officer_name") or None}
    return [{**named, "kind": form.text("kind")}]


def _zone(form: Form) -> ZoneInfo:
    """A zone that does not exist is told with the other mistakes."""
    try:
        return ZoneInfo(form.text("timezone"))
    except (KeyError, ValueError, OSError):
        return LONDON


def _show_warnings_once(session: Session, asking: Asking, form: Form, file: ConsultationFile) -> None:
    seen = f"{file.opens_at.isoformat()} {file.closes_at.isoformat()}"
    found = instant_warnings(file.opens_at, file.closes_at, now=asking.now)
    found += closing_warnings(session, file.closes_at, ZoneInfo(file.timezone))
    if found and form.text("seen") != seen:
        raise Unconfirmed(found, seen)


def _source(session: Session, asking: Asking, slug: str) -> dict[str, Any]:
    source: Consultation = visible_consultation(session, asking.access, slug)
    return {
        "source": source,
        "personal": personal_addresses(session, source),
        "questions": len(rows_of(session, source, Question)),
        "groups": len(rows_of(session, source, StakeholderGroup)),
        "templates": reply_templates_of(session, source),
        "rules": len(rules_of(session, source)),
        "email_texts": len(texts_of_its_own(session, source)),
        "consultees": len(invited(session, source)),
    }
