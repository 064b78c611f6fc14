"""The pages of a consultation's questions, and how respondents see them."""

from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.questions import (
    add_question,
    answered,
    change_question,
    move_question,
    question,
    questions,
    remove_question,
)
from intake.documents import kinds
from intake.inbound.drafts import asked
from intake.inbound.form_rules import LONGEST_ANSWER
from intake.store.consultations import OnlineForm, Question, QuestionKind
from intake.web.asking import Administrator, Asking, RowId
from intake.web.editing import Done, attempt, edit_of
from intake.web.forms import Form, Sent
from intake.web.showing import page

router = APIRouter()


@router.get("/consultations/{slug}/questions")
def listed(asking: Administrator, slug: str) -> Response:
    return _show(asking, slug)


@router.post("/consultations/{slug}/questions")
def add(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        add_question(session, consultation, _given(form), edit_of(asking, form))
        return Done(f"/consultations/{slug}/questions", "The question was added.")

    return attempt(asking, change, lambda **more: _show(asking, slug, given=form, **more))


@router.get("/consultations/{slug}/questions/preview")
def preview(asking: Administrator, slug: str, question: int = 1) -> Response:
    """`question`: which of them, counted from 1, where each has a page of its own."""
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        rows = asked(session, consultation)
    place = None if consultation.online_form is OnlineForm.one_page else min(max(question, 1), len(rows))
    fields: dict[str, Any] = {"consultation": consultation, "questions": rows, "place": place}
    fields |= {"files_hint": kinds.HINT, "accept": kinds.ACCEPT, "longest": LONGEST_ANSWER}
    return page(asking, "consultation_questions_preview.html", **fields)


@router.get("/consultations/{slug}/questions/{question_id}")
def one(asking: Administrator, slug: str, question_id: RowId) -> Response:
    return _show_one(asking, slug, question_id)


@router.post("/consultations/{slug}/questions/{question_id}")
def save(asking: Administrator, slug: str, question_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = question(session, consultation, question_id)
        changed = change_question(session, consultation, row, _given(form), edit_of(asking, form))
        return Done(f"/consultations/{slug}/questions", "Saved." if changed else "Nothing was different.")

    return attempt(asking, change, lambda **more: _show_one(asking, slug, question_id, given=form, **more))


@router.post("/consultations/{slug}/questions/{question_id}/move")
def move(asking: Administrator, slug: str, question_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = question(session, consultation, question_id)
        places = -1 if form.text("to") == "up" else 1
        move_question(session, consultation, row, edit_of(asking, form), places=places)
        return Done(f"/consultations/{slug}/questions", f"The question is number {row.position} now.")

    return attempt(asking, change, lambda **more: _show(asking, slug, **more))


@router.post("/consultations/{slug}/questions/{question_id}/remove")
def remove(asking: Administrator, slug: str, question_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        remove_question(session, consultation, question(session, consultation, question_id), edit_of(asking, form))
        return Done(f"/consultations/{slug}/questions", "The question was removed.")

    return attempt(asking, change, lambda **more: _show_one(asking, slug, question_id, **more))


def _given(form: Form) -> dict[str, object]:
    lines = [line.strip() for line in form.long_text("options").splitlines()]
    return {
        "text": form.long_text("text"),
        "key": form.text("key"),
        "kind": form.text("kind") or QuestionKind.text,
        "hint": form.long_text("hint") or None,
        "is_required": form.is_ticked("is_required"),
        "options": [line for line in lines if line],
    }


def _show(asking: Asking, slug: str, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        rows = questions(session, consultation)
    new = Question(consultation_id=consultation.id, position=len(rows) + 1, key="", text="")
    fields: dict[str, Any] = {"consultation": consultation, "questions": rows, "new": new}
    return page(asking, "consultation_questions.html", **fields, **more)


def _show_one(asking: Asking, slug: str, question_id: int, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        row = question(session, consultation, question_id)
        given = answered(session, row)
    return page(asking, "consultation_question.html", consultation=consultation, row=row, answered=given, **more)
