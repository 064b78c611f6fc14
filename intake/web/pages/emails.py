"""Whole emails: the frame with what one says, its headers, and the original file.

What is read here is read in a child process (`web/emails.py`) and made safe there (`mail/showing.py`).
"""

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from intake.responses.thread import find_email, recorded_as
from intake.store.emails import InboundEmail
from intake.web.asking import Asking, Officer, RowId
from intake.web.emails import EmailNotShown, EmailReader
from intake.web.pages.attachments import stored_file
from intake.web.showing import environment, page

# The second and the third fence around a letter, should the first (cleaning it) have a hole: nothing loads but what
# stands in it, and it runs no script, sends no form, opens no window and leads nowhere, whoever frames it.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)

router = APIRouter()


@router.get("/emails/{email_id}/html")
def frame(asking: Officer, email_id: RowId) -> Response:
    """The email by itself, as its sender laid it out, for the frame on a page; its text where it has no HTML."""
    email = _found(asking, email_id)
    shown, trouble = None, None
    try:
        shown = _reader(asking).body(email)
    except EmailNotShown as error:
        trouble = str(error)
    text = environment().get_template("email_frame.html").render(shown=shown, trouble=trouble)
    headers = {"Content-Security-Policy": FRAME_POLICY, "Referrer-Policy": "no-referrer"}
    return HTMLResponse(text, headers=headers)


@router.get("/emails/{email_id}/headers")
def headers(asking: Officer, email_id: RowId) -> Response:
    email = _found(asking, email_id)
    header, trouble = None, None
    try:
        header = _reader(asking).header(email)
    except EmailNotShown as error:
        trouble = str(error)
    with asking.this.database.reading() as session:
        references = recorded_as(session, asking.access, email)
    return page(asking, "email_headers.html", email=email, header=header, trouble=trouble, references=references)


@router.get("/emails/{email_id}/original")
def original(asking: Officer, email_id: RowId) -> Response:
    """The email's unaltered bytes, to be opened in a mail program or kept as evidence."""
    email = _found(asking, email_id)
    part = "-headers" if email.is_headers_only else ""
    return stored_file(asking, email.raw_sha256, filename=f"email-{email.id}{part}.eml", kind="message/rfc822")


def _found(asking: Asking, email_id: int) -> InboundEmail:
    with asking.this.database.reading() as session:
        return find_email(session, asking.access, email_id)


def _reader(asking: Asking) -> EmailReader:
    reader: EmailReader = asking.request.app.state.reader
    return reader
