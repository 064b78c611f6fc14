"""The versions of a text: listed, read, compared with the one before or any other, restored as a new one."""

import re
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.email_texts import (
    Saving,
    compared,
    restore_version,
    version_of,
    versions,
    visible_template,
)
from intake.administration.text_examples import to_try
from intake.errors import NotFound
from intake.outbound.texts import KINDS, LANGUAGES
from intake.store.consultations import Consultation
from intake.store.mailings import EmailTemplate, EmailTemplateVersion
from intake.store.people import ENGLISH
from intake.web.asking import Administrator, Asking, Officer, RowId
from intake.web.editing import Done, attempt
from intake.web.forms import Form, Sent
from intake.web.showing import page

router = APIRouter()


@router.get("/texts/{text_id}/versions")
def listed(asking: Officer, text_id: RowId) -> Response:
    return _show(asking, text_id)


@router.post("/texts/{text_id}/versions")
def restore(asking: Administrator, text_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row = visible_template(session, asking.access, text_id)
        consultation = session.get_one(Consultation, row.consultation_id)
        language, number = _language(row, form.text("language")), form.number("number") or 0
        renderer, base_url = asking.this.renderer, asking.this.settings.web.base_url
        saving = Saving(asking.user, asking.now, renderer, base_url, [], form.version)
        saving = replace(saving, examples=to_try(session, consultation, row.kind, asking.user))
        version = restore_version(session, row, language, number, saving)
        notice = f"Version {number} was restored: it is version {version.number} now."
        return Done(f"/texts/{text_id}/versions?language={language}", notice)

    return attempt(asking, change, lambda **more: _show(asking, text_id, form, **more))


def _show(asking: Asking, text_id: int, form: Form | None = None, **more: Any) -> Response:
    asked = asking.request.query_params
    with asking.this.database.reading() as session:
        row = visible_template(session, asking.access, text_id)
        consultation = session.get_one(Consultation, row.consultation_id)
        language = _language(row, form.text("language") if form else asked.get("language", ""))
        listed = versions(session, row, language)
        shown = _asked(session, row, language, asked.get("show"))
        former = _asked(session, row, language, asked.get("with")) or (_before(session, row, shown) if shown else None)
    fields: dict[str, Any] = {
        "row": row,
        "consultation": consultation,
        "zone": consultation.zone,
        "kind": KINDS[row.kind],
        "language": language,
        "languages": {one: LANGUAGES[one] for one in KINDS[row.kind].languages},
        "versions": listed,
        "shown": shown,
        "former": former,
        "lines": compared(former, shown) if shown and former else [],
    }
    return page(asking, "text_versions.html", **fields, **more)


def _asked(session: Session, row: EmailTemplate, language: str, number: str | None) -> EmailTemplateVersion | None:
    """Raises NotFound for a number that no version has."""
    if not number:
        return None
    if not re.fullmatch("[0-9]{1,9}", number):
        raise NotFound
    return version_of(session, row, language, int(number))


def _before(session: Session, row: EmailTemplate, version: EmailTemplateVersion) -> EmailTemplateVersion | None:
    return version_of(session, row, version.language, version.number - 1) if version.number > 1 else None


def _language(row: EmailTemplate, asked: str) -> str:
    return asked if asked in KINDS[row.kind].languages else ENGLISH
