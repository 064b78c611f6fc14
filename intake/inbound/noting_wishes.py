"""Write down what respondents ask for in their emails, open until an officer settles it.

To keep a response confidential is done at once, on the safe side; everything else waits for a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from intake.inbound.wishes import AskedFor
from intake.store.history import Note, note_each
from intake.store.responses import RespondentWish, Response, Wish


@dataclass(frozen=True, slots=True)
class Asked:
    """What one email that was recorded asks for; `at` is when it came, where that is known."""

    response: Response
    email_id: int
    wishes: Sequence[AskedFor]
    at: datetime | None


def note_wishes(session: Session, asked: Sequence[Asked], *, now: datetime) -> None:
    """Of emails that were just recorded, whose responses have their ids."""
    notes = list[Note]()
    for one in asked:
        for wish in one.wishes:
            session.add(
                RespondentWish(
                    response_id=one.response.id,
                    email_id=one.email_id,
                    wish=wish.wish,
                    sentence=wish.sentence,
                    asked_at=one.at or now,
                )
            )
            notes.append(Note(one.response, "asked", {"email": one.email_id, "wish": wish.wish.value}))
            if wish.wish is Wish.confidentiality and not one.response.is_confidential:
                one.response.is_confidential = True
                notes.append(Note(one.response, "flagged", {"flag": "confidential", "email": one.email_id}))
    note_each(session, notes, now=now)
