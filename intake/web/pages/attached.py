"""Emails that are attached to emails, at any depth: what one says, and the files it carries in turn.

A place such as "2.1" is the first attachment of the email that is the second one. Everything is read in a child process
(`web/emails.py`); whoever may see the email or the file around it may see what is in it.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import Response

from intake.errors import NotFound
from intake.mail.attachments import is_email_file, safe_filename
from intake.mail.letters import NamedFile
from intake.responses.thread import file_kind, find_attachment, find_email, recorded_as
from intake.store.consultations import Consultation
from intake.store.responses import Response as ResponseRow
from intake.web.asking import Asking, Officer, RowId
from intake.web.emails import EmailNotShown, EmailReader, Place
from intake.web.pages.attachments import DOWNLOAD_HEADERS, told_kind
from intake.web.showing import LONDON, page

_OF_EMAIL = "attached"
_PLACE = re.compile(r"[1-9][0-9]{0,3}(?:\.[1-9][0-9]{0,3}){0,8}")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class _Root:
    """The stored file that everything is within: where its pages and files are, and the page that leads here."""

    sha256: str
    path: str
    name: str  # of the pages below its path
    back: tuple[str, str]
    zone: ZoneInfo

    def page_of(self, place: Place) -> str:
        return f"{self.path}/{self.name}/{_written(place)}" if place else f"{self.path}/{self.name}"

    def file_of(self, place: Place) -> str:
        return f"{self.path}/files/{_written(place)}" if place else self.path

    def around(self, place: Place) -> tuple[str, str]:
        """The page an email in this place is reached from."""
        is_outermost = len(place) == (1 if self.name == _OF_EMAIL else 0)
        return self.back if is_outermost else (self.page_of(place[:-1]), "Back to the email it is attached to")


@router.get("/attachments/{attachment_id}/email")
def attachment(asking: Officer, attachment_id: RowId) -> Response:
    """The attachment of a response, where it is an email itself."""
    return _show(asking, _attachment(asking, attachment_id), ())


@router.get("/attachments/{attachment_id}/email/{place}")
def within_attachment(asking: Officer, attachment_id: RowId, place: str) -> Response:
    return _show(asking, _attachment(asking, attachment_id), _read_place(place))


@router.get("/attachments/{attachment_id}/files/{place}")
def file_within_attachment(asking: Officer, attachment_id: RowId, place: str) -> Response:
    return _send(asking, _attachment(asking, attachment_id), _read_place(place))


@router.get("/emails/{email_id}/attached/{place}")
def attached(asking: Officer, email_id: RowId, place: str) -> Response:
    """An email attached to one that is held, or to any other."""
    return _show(asking, _email(asking, email_id), _read_place(place))


@router.get("/emails/{email_id}/files/{place}")
def attached_file(asking: Officer, email_id: RowId, place: str) -> Response:
    return _send(asking, _email(asking, email_id), _read_place(place))


def _attachment(asking: Asking, attachment_id: int) -> _Root:
    with asking.this.database.reading() as session:
        row = find_attachment(session, asking.access, attachment_id)
        response = session.get_one(ResponseRow, row.response_id)
        zone = session.get_one(Consultation, response.consultation_id).zone
    if not is_email_file(row.filename, row.content_type):
        raise NotFound
    back = f"/responses/{response.reference}", f"Back to {response.reference}"
    return _Root(row.sha256, f"/attachments/{row.id}", "email", back, zone)


def _email(asking: Asking, email_id: int) -> _Root:
    with asking.this.database.reading() as session:
        email = find_email(session, asking.access, email_id)
        references = recorded_as(session, asking.access, email)
        consultation = session.get(Consultation, email.consultation_id or 0)
    back = f"/held/{email.id}", "Back to the email"
    if references:
        back = f"/responses/{references[0]}", f"Back to {references[0]}"
    zone = consultation.zone if consultation else LONDON
    return _Root(email.raw_sha256, f"/emails/{email.id}", _OF_EMAIL, back, zone)


def _read_place(text: str) -> Place:
    if not _PLACE.fullmatch(text):
        raise NotFound
    return tuple(int(number) for number in text.split("."))


def _show(asking: Asking, root: _Root, place: Place) -> Response:
    letter, trouble = None, None
    try:
        letter = _reader(asking).attached_letter(root.sha256, place)
    except EmailNotShown as error:
        trouble = str(error)
    return page(
        asking,
        "attached_email.html",
        letter=letter,
        trouble=trouble,
        files=[_File.of(root, place, *one) for one in enumerate(letter.files, start=1)] if letter else [],
        original=root.file_of(place),
        back_to=root.around(place),
        zone=root.zone,
    )


@dataclass(frozen=True, slots=True)
class _File:
    """One of the email's own attachments; `opened` is the page of one that is an email."""

    file: NamedFile
    kind: str
    path: str
    opened: str | None

    @classmethod
    def of(cls, root: _Root, place: Place, number: int, file: NamedFile) -> "_File":
        own = (*place, number)
        opened = root.page_of(own) if is_email_file(file.filename, file.content_type) else None
        return cls(file, file_kind(file.filename, file.content_type), root.file_of(own), opened)


def _send(asking: Asking, root: _Root, place: Place) -> Response:
    """As a download, never shown; a page with one sentence where it cannot be read."""
    try:
        file = _reader(asking).attached_file(root.sha256, place)
    except EmailNotShown as error:
        return page(asking, "mishap.html", status=500, title="This file cannot be downloaded", sentence=str(error))
    name = quote(safe_filename(file.filename) or "attachment", safe="")
    headers = {**DOWNLOAD_HEADERS, "Content-Disposition": f"attachment; filename*=utf-8''{name}"}
    return Response(file.content, media_type=told_kind(file.content_type), headers=headers)


def _written(place: Place) -> str:
    return ".".join(map(str, place))


def _reader(asking: Asking) -> EmailReader:
    reader: EmailReader = asking.request.app.state.reader
    return reader
