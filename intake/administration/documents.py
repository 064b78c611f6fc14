"""The documents of a consultation: a page elsewhere or a file kept here, added, changed, put in order, removed.

A stored file stays in the file store when nothing names it any more: files are shared by their content.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from sqlmodel import Session

from intake.administration.changing import Edit, change
from intake.administration.mistakes import checked
from intake.administration.ordering import move_row, number, row_of
from intake.documents.kinds import LONGEST_FILE, GivenFile, content_type
from intake.errors import Mistakes, NotFound
from intake.mail.attachments import safe_filename
from intake.outbound.documents import documents_of
from intake.store.consultation_keys import Line, Part
from intake.store.consultations import Consultation
from intake.store.files import FileStore
from intake.store.mailings import ConsultationDocument


def https_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme == "https" and "." in (parts.hostname or "") and parts.username is None
    except ValueError:  # half an IPv6 address, a port that is no number
        is_whole = False
    if not is_whole or " " in url:
        raise ValueError("must begin with https:// and name a website")
    return url


class _Typed(Part):
    name: Line = Field(max_length=200)
    url: Annotated[
        Annotated[Line, Field(max_length=2000), AfterValidator(https_address)] | None,
        BeforeValidator(lambda text: text or None),
    ] = None


class NotPublishedYet(NotFound):
    """This document can be read once the consultation has opened."""


def document(session: Session, consultation: Consultation, document_id: int) -> ConsultationDocument:
    """Raises NotFound for another consultation's."""
    return row_of(session, consultation, ConsultationDocument, document_id)


def published_document(session: Session, document_id: int, *, now: datetime) -> ConsultationDocument:
    """A stored file that anybody may fetch. Raises NotFound, before the opening NotPublishedYet."""
    row, consultation = stored_document(session, document_id)
    if now < consultation.opens_at:
        raise NotPublishedYet
    return row


def stored_document(session: Session, document_id: int) -> tuple[ConsultationDocument, Consultation]:
    """With its consultation. Raises NotFound for one that is elsewhere, too."""
    row = session.get(ConsultationDocument, document_id)
    if row is None or row.sha256 is None:
        raise NotFound
    return row, session.get_one(Consultation, row.consultation_id)


def add_document(
    session: Session,
    files: FileStore,
    consultation: Consultation,
    given: Mapping[str, object],
    file: GivenFile | None,
    edit: Edit,
) -> ConsultationDocument:
    """`given`: name, url; either `url` or `file`. Raises Mistakes or ChangedMeanwhile."""
    values = _checked(given, file, has_file=False)
    position = len(documents_of(session, consultation)) + 1
    stored = _stored(files, file)
    row = ConsultationDocument(consultation_id=consultation.id, position=position, **values, **stored)
    session.add(row)
    session.flush()
    change(session, consultation, "document-added", edit, document=row.id)
    return row


def change_document(
    session: Session,
    files: FileStore,
    consultation: Consultation,
    row: ConsultationDocument,
    given: Mapping[str, object],
    file: GivenFile | None,
    edit: Edit,
) -> list[str]:
    """Says which fields changed. Another file takes the place of the first under the same address."""
    values = _checked(given, file, has_file=row.sha256 is not None)
    values |= dict.fromkeys(_NO_FILE) if values["url"] else _stored(files, file)
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if changed:
        detail: dict[str, Any] = {"document": row.id, "fields": changed}
        change(session, consultation, "document-changed", edit, **detail)
        row.sqlmodel_update(values)
        session.flush()
    return changed


def move_document(
    session: Session, consultation: Consultation, row: ConsultationDocument, edit: Edit, *, places: int
) -> None:
    change(session, consultation, "document-moved", edit, document=row.id)
    move_row(session, consultation, row, places=places)


def remove_document(session: Session, consultation: Consultation, row: ConsultationDocument, edit: Edit) -> None:
    """Emails that were sent go on naming its address, which then leads nowhere."""
    change(session, consultation, "document-removed", edit, document=row.id)
    session.delete(row)
    session.flush()
    number(session, documents_of(session, consultation))


_NO_FILE = ("filename", "content_type", "size", "sha256")


def _checked(given: Mapping[str, object], file: GivenFile | None, *, has_file: bool) -> dict[str, Any]:
    mistakes: dict[str, str] = {}
    try:
        values = checked(_Typed, given).model_dump()
    except Mistakes as wrong:
        values, mistakes = {"url": given.get("url")}, wrong.by_field
    if file and len(file.content) > LONGEST_FILE:
        mistakes["file"] = "The file is larger than 25 MB; publish it on a website and give the address of the page."
    elif file and not file.content:
        mistakes["file"] = "There is nothing in this file; choose another."
    elif file and values["url"]:
        mistakes["file"] = "Choose a file or give an address, not both."
    elif not (file or values["url"] or has_file):
        mistakes["file"] = "Choose a file, or give the address of a page."
    if mistakes:
        raise Mistakes(mistakes)
    return values


def _stored(files: FileStore, file: GivenFile | None) -> dict[str, Any]:
    """On the disk for good before a row names it."""
    if file is None:
        return {}
    filename = safe_filename(file.filename) or "document"
    [sha256] = files.put_many([file.content])
    return {"filename": filename, "content_type": content_type(filename), "size": len(file.content), "sha256": sha256}
