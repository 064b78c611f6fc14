"""Responses in the scene that may be a consultee's, and one of which an officer said that it is nobody's."""

from typing import Any

from sqlmodel import col, select

from intake.store.consultations import consultation_by_slug
from intake.store.people import Consultee
from tests.responses.log_rows import add_responses
from tests.web.desk import ADMISSIONS_SLUG, Desk

OFFICE = "the.office.of.the.academies@larkmead.example"


def set_matching(desk: Desk) -> dict[str, Any]:
    """In the consultation that closes. Names for the addresses of pages."""
    words = "We welcome the draft.\n\nYours faithfully,\nJane Cole\nHeadteacher, Heathfield Primary School\n"
    proposed, _ = add_responses(
        desk.office.database,
        [
            {"respondent_name": "Jane Cole", "respondent_address": OFFICE, "own_words": words},
            {"respondent_name": "A parent", "is_uninvited": True},
        ],
    )
    with desk.office.database.reading() as session:
        open_one = consultation_by_slug(session, ADMISSIONS_SLUG).id
        unanswered = select(Consultee.id).where(Consultee.consultation_id == open_one).order_by(col(Consultee.id))
        return {"proposed": proposed.reference, "unanswered_id": session.exec(unanswered).first()}
