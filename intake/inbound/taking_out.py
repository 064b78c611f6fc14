"""Take the letters attached to an officer's forward out of it: each becomes an email of its own that waits to be read.

Happens in the transaction in which the forward is settled, so that no letter is ever lost between the two. The files
are stored before. Never decides what becomes of a letter.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from intake.inbound.reading import ReadEmail, SpooledFile
from intake.mail.attachments import is_email_file
from intake.store.database import add_if_new
from intake.store.emails import EmailStatus, InboundEmail
from intake.store.history import note
from intake.store.reasons import Reason
from intake.store.responses import LetterDigest

_NOBODYS = (Reason.auto_reply, Reason.own_mail, Reason.bounce)  # whatever it was sent to


def would_reach(session: Session, forward: InboundEmail, read: ReadEmail, consultation_ids: Collection[int]) -> bool:
    """Whether each letter in it comes to these consultations, or did: what is here by the same bytes already, for
    other consultations, would never be looked at for these."""
    around = aliased(InboundEmail)
    here = (
        select(InboundEmail, around)
        .outerjoin(around, col(around.id) == InboundEmail.enclosed_in_id)
        .where(col(InboundEmail.mailbox_id).is_(None), col(InboundEmail.raw_sha256).in_(_letters(read)))
    )
    return all(
        (other and (other.id == forward.id or other.letter_digest == read.digest))
        or letter.reason in _NOBODYS
        or _known_to(session, letter, other).issuperset(consultation_ids)
        for letter, other in session.exec(here)
    )


def take_out_letters(session: Session, forward: InboundEmail, read: ReadEmail, *, now: datetime) -> None:
    """What is here by the same bytes already, from a file or out of another forward, is not taken in again."""
    letters = _letters(read)
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


def _letters(read: ReadEmail) -> dict[str, SpooledFile]:
    return {file.sha256: file for file in read.files if is_email_file(file.filename, file.content_type)}


def _known_to(session: Session, letter: InboundEmail, forward: InboundEmail | None) -> set[int | None]:
    """The consultations that took the letter in, whichever copy of it, and the one it was looked at for."""
    taken_in = select(LetterDigest.consultation_id).where(LetterDigest.digest == (letter.letter_digest or ""))
    return {*session.exec(taken_in), letter.consultation_id, forward.consultation_id if forward else None}
