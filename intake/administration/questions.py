"""The questions a consultation asks: added, changed, put in order, removed.

An answer keeps its question as it was asked, whatever becomes of the question; one that was answered is never removed.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.administration.changing import Edit, change
from intake.administration.mistakes import checked, one_at_a_time
from intake.administration.ordering import move_row, number, row_of, rows_of
from intake.errors import Mistakes, NotPossible
from intake.store.consultation_keys import QuestionPart
from intake.store.consultations import Consultation, Question, QuestionKind
from intake.store.online import DraftFile
from intake.store.responses import Answer, Attachment
from intake.wording import plural

_LITTLE_WORDS = frozenset(
    "a about an and any are as at be by can could do does for from has have how if in is it of on or our should that "
    "the there they this to was we were what when where which who why will with would you your agree think us".split()
)


def questions(session: Session, consultation: Consultation) -> Sequence[Question]:
    return rows_of(session, consultation, Question)


def question(session: Session, consultation: Consultation, question_id: int) -> Question:
    """Raises NotFound."""
    return row_of(session, consultation, Question, question_id)


def answered(session: Session, row: Question) -> int:
    """How many responses say something to it, withdrawn ones among them."""
    answers = select(col(Answer.response_id)).where(Answer.question_id == row.id)
    files = select(col(Attachment.response_id)).where(Attachment.question_id == row.id)
    return session.exec(select(sa.func.count()).select_from(sa.union(answers, files).subquery())).one()


def add_question(session: Session, consultation: Consultation, given: Mapping[str, object], edit: Edit) -> Question:
    """`given`: the keys of a QuestionPart; `key` is proposed from the text when it is empty, and the options of a kind
    without any are left out. Raises Mistakes or ChangedMeanwhile."""
    existing = questions(session, consultation)
    part = _checked(existing, given)
    row = Question(consultation_id=consultation.id, position=len(existing) + 1, **part.model_dump())
    session.add(row)
    session.flush()
    change(session, consultation, "question-added", edit, question=row.id)
    return row


def change_question(
    session: Session, consultation: Consultation, row: Question, given: Mapping[str, object], edit: Edit
) -> list[str]:
    """Says which fields changed."""
    part = _checked([one for one in questions(session, consultation) if one.id != row.id], given)
    changed = {name: value for name, value in part.model_dump().items() if value != getattr(row, name)}
    if changed:
        detail: dict[str, Any] = {"question": row.id, "fields": list(changed)}
        change(session, consultation, "question-changed", edit, **detail)
        for name, value in changed.items():
            setattr(row, name, value)
        session.flush()
    return list(changed)


def move_question(session: Session, consultation: Consultation, row: Question, edit: Edit, *, places: int) -> None:
    change(session, consultation, "question-moved", edit, question=row.id)
    move_row(session, consultation, row, places=places)


def remove_question(session: Session, consultation: Consultation, row: Question, edit: Edit) -> None:
    """Files given to it in forms that are not handed in yet stay with those forms. Raises NotPossible once answered."""
    change(session, consultation, "question-removed", edit, question=row.id)
    if given := answered(session, row):
        raise NotPossible(
            f"{plural(given, 'response')} answered this question, so it stays. Change how it is asked from now on "
            "instead: each answer keeps the question as it was asked."
        )
    with one_at_a_time():
        session.execute(sa.update(DraftFile).where(col(DraftFile.question_id) == row.id).values(question_id=None))
        session.delete(row)
        session.flush()
    number(session, questions(session, consultation))


def proposed_key(text: str, taken: Sequence[str]) -> str:
    """The first telling word of a question, such as "priorities"; with a number where it is taken."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    base = next((word for word in words if word not in _LITTLE_WORDS), "question")[:30]
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(key for key in (base, *numbered) if key not in taken)


def _checked(others: Sequence[Question], given: Mapping[str, object]) -> QuestionPart:
    taken = [one.key for one in others]
    if not given.get("key"):
        given = {**given, "key": proposed_key(str(given.get("text", "")), taken)}
    if given.get("kind", "text") not in set(QuestionKind):
        raise Mistakes({"kind": "Choose how the question is answered."})
    if not QuestionKind(str(given.get("kind", "text"))).has_options:
        given = {**given, "options": []}
    part = checked(QuestionPart, given)
    if part.key in taken:
        raise Mistakes({"key": "Another question already has this short name; choose another."})
    return part
