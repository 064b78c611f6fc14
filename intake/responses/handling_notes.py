"""What officers write beside a response. A note is never edited; its writer can take it away again.

The reason an officer gives for a decision is a note too, and stays. Never seen by respondents.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from intake.errors import NotFound, NotPossible
from intake.store.history import HistoryEntry, about, note
from intake.store.responses import Response, ResponseNote
from intake.store.users import User

LONGEST_NOTE = 10_000
_DECISIONS = ("late-decided", "withdrawn", "put-back")


def add_note(session: Session, response: Response, text: str, *, user: User, now: datetime) -> ResponseNote:
    """Raises NotPossible for a note that is empty or too long."""
    written = write_note(session, response, text, user=user, now=now)
    note(session, response, "noted", now=now, actor=user.actor, note=written.id)
    return written


def write_note(session: Session, response: Response, text: str, *, user: User, now: datetime) -> ResponseNote:
    """A note without a line of history of its own: that of the decision it gives the reason for names it."""
    if not text.strip():
        raise NotPossible("Write something first.")
    if len(text) > LONGEST_NOTE:
        raise NotPossible(f"A note has at most {LONGEST_NOTE:,} characters.")
    written = ResponseNote(response_id=response.id, user_id=user.id, at=now, text=text.strip())
    session.add(written)
    session.flush()
    return written


def remove_note(session: Session, response: Response, note_id: int, *, user: User, now: datetime) -> None:
    """Raises NotFound, or NotPossible when somebody else wrote it or it is the reason of a decision."""
    written = session.get(ResponseNote, note_id)
    if written is None or written.response_id != response.id:
        raise NotFound("This note has been removed already.")
    if written.user_id != user.id:
        raise NotPossible("Only its writer can remove a note.")
    if note_id in reasons_among_notes(session, response):
        raise NotPossible("This note gives the reason of a decision, so it stays.")
    session.delete(written)
    note(session, response, "note-removed", now=now, actor=user.actor, note=note_id)


def reasons_among_notes(session: Session, response: Response) -> set[int]:
    """The ids of the notes that are reasons of decisions."""
    details = session.exec(select(HistoryEntry.detail).where(about(response), col(HistoryEntry.action).in_(_DECISIONS)))
    return {detail["note"] for detail in details if detail.get("note")}
