"""The documents of a consultation: the list, which an administrator keeps, and the download for everybody."""

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.documents import (
    NotPublishedYet,
    add_document,
    change_document,
    document,
    move_document,
    published_document,
    remove_document,
    stored_document,
)
from intake.documents.kinds import GivenFile
from intake.errors import FileMissing, FileTorn
from intake.outbound.documents import address_of, documents_of
from intake.store.mailings import ConsultationDocument
from intake.web.asking import Administrator, Asking, Officer, Public, RowId, signed_in
from intake.web.editing import Done, attempt, edit_of
from intake.web.forms import Form, Sent, SentWithFile
from intake.web.pages.attachments import download_of, told_kind
from intake.web.showing import page, page_by_link

router = APIRouter()
log = structlog.get_logger()


@router.get("/consultations/{slug}/documents")
def listed(asking: Officer, slug: str) -> Response:
    return _show(asking, slug)


@router.post("/consultations/{slug}/documents")
def add(asking: Administrator, slug: str, form: SentWithFile) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        edit = edit_of(asking, form)
        row = add_document(session, asking.this.files, consultation, _given(form), _file(form), edit)
        return Done(f"/consultations/{slug}/documents", f"“{row.name}” was added.")

    return attempt(asking, change, lambda **more: _show(asking, slug, given=form, **more))


@router.get("/consultations/{slug}/documents/{document_id}")
def one(asking: Administrator, slug: str, document_id: RowId) -> Response:
    return _show_one(asking, slug, document_id)


@router.post("/consultations/{slug}/documents/{document_id}")
def save(asking: Administrator, slug: str, document_id: RowId, form: SentWithFile) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = document(session, consultation, document_id)
        edit = edit_of(asking, form)
        changed = change_document(session, asking.this.files, consultation, row, _given(form), _file(form), edit)
        return Done(f"/consultations/{slug}/documents", "Saved." if changed else "Nothing was different.")

    return attempt(asking, change, lambda **more: _show_one(asking, slug, document_id, given=form, **more))


@router.post("/consultations/{slug}/documents/{document_id}/move")
def move(asking: Administrator, slug: str, document_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = document(session, consultation, document_id)
        move_document(session, consultation, row, edit_of(asking, form), places=-1 if form.text("to") == "up" else 1)
        return Done(f"/consultations/{slug}/documents", f"“{row.name}” is number {row.position} now.")

    return attempt(asking, change, lambda **more: _show(asking, slug, **more))


@router.post("/consultations/{slug}/documents/{document_id}/remove")
def remove(asking: Administrator, slug: str, document_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = document(session, consultation, document_id)
        remove_document(session, consultation, row, edit_of(asking, form))
        return Done(f"/consultations/{slug}/documents", f"“{row.name}” was removed.")

    return attempt(asking, change, lambda **more: _show_one(asking, slug, document_id, **more))


@router.head("/documents/{document_id}")
@router.get("/documents/{document_id}")
def download(this: Public, request: Request, document_id: RowId) -> Response:
    """For everybody from the opening on; before it for those who may see the consultation. It sets no cookie."""
    with this.database.reading() as session:
        try:
            row = published_document(session, document_id, now=this.clock())
        except NotPublishedYet as early:
            row, consultation = stored_document(session, document_id)
            asking = signed_in(request)
            if asking is None or not asking.access.may_see(consultation.id):
                return page_by_link(request, "mishap.html", status=404, title="Not published yet", sentence=str(early))
    assert row.sha256 is not None
    kind = told_kind(row.content_type or "")
    try:
        return download_of(this.files, row.sha256, filename=row.filename or row.name, kind=kind)
    except (FileMissing, FileTorn) as error:
        log.error("download", document=row.id, error=type(error).__name__)
        sentence = "It is missing or damaged here. Ask the council for it."
        return page_by_link(
            request, "mishap.html", status=500, title="This file cannot be downloaded", sentence=sentence
        )


def _given(form: Form) -> dict[str, object]:
    return {"name": form.text("name"), "url": form.text("url")}


def _file(form: Form) -> GivenFile | None:
    return form.file("file")


def _show(asking: Asking, slug: str, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        rows = documents_of(session, consultation)
    return page(asking, "documents.html", consultation=consultation, rows=_with_addresses(asking, rows), **more)


def _show_one(asking: Asking, slug: str, document_id: int, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        row = document(session, consultation, document_id)
    [(_, address)] = _with_addresses(asking, [row])
    return page(asking, "document.html", consultation=consultation, row=row, address=address, **more)


def _with_addresses(asking: Asking, rows: Sequence[ConsultationDocument]) -> list[tuple[ConsultationDocument, str]]:
    base_url = asking.this.settings.web.base_url
    return [(row, address_of(row, base_url=base_url)) for row in rows]
