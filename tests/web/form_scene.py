"""Forms as they stand while the pages are looked at: begun, filled in, handed in, and too late."""

from typing import Any

from sqlmodel import select

from intake.inbound.drafts import add_files, find_draft
from intake.inbound.entering import StoredFile
from intake.store.consultations import Consultation, OnlineForm, Question, QuestionKind
from intake.store.online import FormDraft
from tests.inbound.filled_in import PERSON, begun, filled, handed_in
from tests.people import DAN
from tests.web.desk import ADMISSIONS_SLUG, REVIEW_SLUG, Desk


def set_forms(desk: Desk) -> dict[str, Any]:
    """Admissions, which is open, has a form with a question of each kind; the review has closed."""
    office, now = desk.office, desk.office.now
    asked = _turn_on(desk)
    empty, full, sent = (begun(office, ADMISSIONS_SLUG, at=now) for _ in range(3))
    answers = {f"question-{asked['text']}": "More time.", f"question-{asked['scale']}": "Agree", **PERSON}
    for token in (full, sent):
        filled(office, ADMISSIONS_SLUG, token, {**answers, "address": DAN}, at=now)
    plan = StoredFile("plan.pdf", "application/pdf", 5, "a" * 64, asked["file"])
    with office.database.transaction() as session:
        add_files(session, find_draft(session, ADMISSIONS_SLUG, full, lock=True), [plan], now=now)
    handed_in(office, ADMISSIONS_SLUG, sent, at=now)
    return {
        "empty_form": empty,
        "full_form": full,
        "sent_form": sent,
        "late_form": _late(desk),
        **{f"{kind}_question": key for kind, key in asked.items()},
    }


def _turn_on(desk: Desk) -> dict[str, int]:
    """By the kind, the questions' ids."""
    with desk.office.database.transaction() as session:
        consultation = session.exec(select(Consultation).where(Consultation.slug == ADMISSIONS_SLUG)).one()
        consultation.online_form, consultation.about = OnlineForm.question_a_page, "Who gets a place, and where."
        options = {QuestionKind.scale: ["Agree", "Disagree"], QuestionKind.choices: ["Primary", "Secondary"]}
        rows = [
            Question(
                consultation_id=consultation.id,
                position=position,
                key=kind.value,
                text=f"What do you say to the {kind.value}?",
                kind=kind,
                options=options.get(kind, []),
                is_required=kind is QuestionKind.scale,
            )
            for position, kind in enumerate(
                (QuestionKind.text, QuestionKind.scale, QuestionKind.choices, QuestionKind.file), start=1
            )
        ]
        session.add_all(rows)
        session.flush()
        return {row.kind.value: row.id for row in rows}


def _late(desk: Desk) -> str:
    """A form of the review that was begun in time and never handed in."""
    with desk.office.database.reading() as session:
        review = session.exec(select(Consultation).where(Consultation.slug == REVIEW_SLUG)).one()
    token = begun(desk.office, REVIEW_SLUG, at=review.opens_at)
    filled(desk.office, REVIEW_SLUG, token, {"question-1": "Too late.", **PERSON}, at=review.opens_at)
    assert desk.office.rows(FormDraft)
    return token
