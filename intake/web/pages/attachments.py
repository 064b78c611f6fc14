"""Attached files to download. Nothing is ever shown in the browser: what a stranger sent stays outside our pages."""

import structlog
from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from intake.documents.kinds import ANY_KIND
from intake.errors import FileMissing, FileTorn
from intake.mail.attachments import safe_filename
from intake.responses.thread import find_attachment
from intake.store.files import FileStore
from intake.web.asking import Asking, Officer, RowId
from intake.web.showing import page

DOWNLOAD_HEADERS = {"Content-Security-Policy": "default-src 'none'; sandbox", "Referrer-Policy": "no-referrer"}
# Told truly so that a phone opens the right program; everything else is bytes.
_KNOWN_KINDS = frozenset(
    {
        "application/msword",
        "application/pdf",
        "application/rtf",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
    }
)

router = APIRouter()
log = structlog.get_logger()


@router.get("/attachments/{attachment_id}")
def download(asking: Officer, attachment_id: RowId) -> Response:
    with asking.this.database.reading() as session:
        attachment = find_attachment(session, asking.access, attachment_id)
    kind = told_kind(attachment.content_type)
    return stored_file(asking, attachment.sha256, filename=attachment.filename, kind=kind)


def told_kind(content_type: str) -> str:
    """What a browser is told that a stranger's file is."""
    return content_type if content_type in _KNOWN_KINDS else ANY_KIND


def stored_file(asking: Asking, sha256: str, *, filename: str, kind: str) -> Response:
    """A stored file as a download; a page with one sentence where it is not whole."""
    try:
        return download_of(asking.this.files, sha256, filename=filename, kind=kind)
    except (FileMissing, FileTorn) as error:
        log.error("download", file=sha256, error=type(error).__name__)
        sentence = "It is missing from where intake keeps files, or damaged. An administrator can restore it."
        return page(asking, "mishap.html", status=500, title="This file cannot be downloaded", sentence=sentence)


def download_of(files: FileStore, sha256: str, *, filename: str, kind: str) -> Response:
    """A stored file, checked before its first byte goes. Raises FileMissing or FileTorn.

    RFC 6266: the name goes as `filename*`, percent-encoded, wherever it is not plain ASCII.
    """
    path, name = files.whole(sha256), safe_filename(filename) or "attachment"
    return FileResponse(path, headers=DOWNLOAD_HEADERS, media_type=kind, filename=name)
