"""Take the letters attached to an officer's forward out of it: each becomes an email of its own that waits to be read.

Happens in the transaction in which the forward is settled, so that no letter is ever lost between the two. The files
are stored before. Never decides what becomes of a letter.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from intake.inbound.reading import ReadEmail
from intake.mail.attachments import is_email_file
from intake.store.database import add_if_new
from intake.store.emails import EmailStatus, InboundEmail
from intake.store.history import note


def take_out_letters(session: Session, forward: InboundEmail, read: ReadEmail, *, now: datetime) -> None:
    """What is here by the same bytes already, from a file or out of another forward, is not taken in again."""
    letters = {file.sha256: file for file in read.files if is_email_file(file.filename, file.content_type)}
    # In one order everywhere: two workers that take the same letters out of two forwards would wait for each other.
    for sha256 in sorted(letters):
        add_if_new(
            session,
            InboundEmail,
            raw_sha256=sha256,
            size=letters[sha256].size,
            is_backlog=forward.is_backlog,
            is_headers_only=False,
            is_junk=False,
            collected_at=now,
            status=EmailStatus.received,
            attempts=0,
            failures=0,
            enclosed_in_id=forward.id,
        )
    taken = select(InboundEmail).where(InboundEmail.enclosed_in_id == forward.id).order_by(col(InboundEmail.id))
    for letter in session.exec(taken):
        if letter.collected_at == now:
            note(session, letter, "taken-out", now=now, forward=forward.id)
