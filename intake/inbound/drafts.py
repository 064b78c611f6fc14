"""A form that is being filled in: begun, saved and found again by the secret in its address.

What was typed is kept as it is, right or wrong. Never judges an answer and never writes a response.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.sessions import token_sha256
from intake.deadlines import late_from
from intake.documents.kinds import MOST_FILES
from intake.errors import Mistakes, NotFound, NotPossible
from intake.inbound.entering import StoredFile
from intake.store.consultations import Consultation, OnlineForm, Question, questions_asked
from intake.store.online import DraftFile, FormDraft
from intake.store.people import named_groups

LONGEST_KEPT = 200_000  # characters of all fields together
KEPT = timedelta(days=90)
"""After its last change, and at least until the consultation has closed."""
_AFTER_CLOSING = timedelta(days=30)


class FormState(StrEnum):
    """Whether a consultation's form can be begun."""

    coming = "coming"
    open = "open"
    closed = "closed"
    off = "off"  # it is answered in other ways only


class DraftState(StrEnum):
    """Whether a form that was begun can be handed in."""

    open = "open"
    grace = "grace"  # closed, but not for forms begun before
    over = "over"
    handed_in = "handed-in"


@dataclass(frozen=True, slots=True)
class Draft:
    """A form with its questions in order; where the consultation asks none, with the one that takes any answer."""

    row: FormDraft
    consultation: Consultation
    questions: Sequence[Question]
    groups: Sequence[str]
    files: Sequence[DraftFile]

    @property
    def given(self) -> Mapping[str, Any]:
        """By the fields' names: "question-12" a text, an option or a list of them; name, address, organisation, …"""
        return self.row.fields

    def files_of(self, question: Question) -> list[DraftFile]:
        return [file for file in self.files if file.question_id == question.id]


def form_state(consultation: Consultation, now: datetime) -> FormState:
    if now >= late_from(consultation.closes_at):
        return FormState.closed
    if consultation.online_form is OnlineForm.off or consultation.archived_at:
        return FormState.off
    return FormState.open if now >= consultation.opens_at else FormState.coming


def draft_state(draft: Draft, now: datetime) -> DraftState:
    if draft.row.response_id is not None:
        return DraftState.handed_in
    late = late_from(draft.consultation.closes_at)
    if now < late:
        return DraftState.open
    is_in_grace = draft.row.begun_at < late and now < late + timedelta(minutes=draft.consultation.grace_minutes)
    return DraftState.grace if is_in_grace else DraftState.over


def begin(session: Session, consultation: Consultation, *, now: datetime) -> str:
    """A new form; the secret for its address. Raises NotPossible where the form cannot be begun."""
    if form_state(consultation, now) is not FormState.open:
        raise NotPossible("This form cannot be filled in now.")
    token = secrets.token_urlsafe(32)
    session.add(
        FormDraft(token_sha256=token_sha256(token), consultation_id=consultation.id, begun_at=now, changed_at=now)
    )
    session.flush()
    return token


def find_draft(session: Session, slug: str, token: str, *, lock: bool = False) -> Draft:
    """`lock`: nobody else changes it, or hands it in, until the transaction ends. Raises NotFound."""
    own = (
        select(FormDraft, Consultation)
        .join(Consultation, col(Consultation.id) == FormDraft.consultation_id)
        .where(FormDraft.token_sha256 == token_sha256(token), Consultation.slug == slug)
    )
    if lock:
        own = own.with_for_update(of=FormDraft).execution_options(populate_existing=True)
    found = session.exec(own).first()
    if found is None:
        raise NotFound
    row, consultation = found
    files = select(DraftFile).where(DraftFile.draft_id == row.id).order_by(col(DraftFile.id))
    return Draft(
        row,
        consultation,
        asked(session, consultation),
        named_groups(session, consultation.id),
        session.exec(files).all(),
    )


def asked(session: Session, consultation: Consultation) -> Sequence[Question]:
    return questions_asked(session, consultation) or [
        Question(
            id=0, consultation_id=consultation.id, position=1, key="response", text="Your response", is_required=True
        )
    ]


def save(session: Session, draft: Draft, fields: Mapping[str, Any], *, now: datetime) -> None:
    """Keep these fields, right or wrong. The draft must be locked. Raises Mistakes where they are too much to keep."""
    if draft_state(draft, now) in (DraftState.handed_in, DraftState.over):
        return
    merged = {**draft.row.fields, **fields}
    if sum(map(_length, merged.values())) > LONGEST_KEPT:
        raise Mistakes({next(iter(fields)): "This is more than one form can hold; shorten it, or attach it as a file."})
    draft.row.fields, draft.row.changed_at = merged, now
    session.flush()


def add_files(session: Session, draft: Draft, files: Sequence[StoredFile], *, now: datetime) -> None:
    """Raises Mistakes where they would be too many."""
    if draft_state(draft, now) in (DraftState.handed_in, DraftState.over) or not files:
        return
    if len(draft.files) + len(files) > MOST_FILES:
        raise Mistakes({f"question-{files[0].question_id}": f"One form may have {MOST_FILES} files; remove some."})
    session.add_all(
        DraftFile(
            draft_id=draft.row.id,
            question_id=file.question_id,
            filename=file.filename,
            content_type=file.content_type,
            size=file.size,
            sha256=file.sha256,
        )
        for file in files
    )
    draft.row.changed_at = now
    session.flush()


def remove_file(session: Session, draft: Draft, file_id: int) -> None:
    """What is not there is removed already. Its bytes stay in the file store, as others may share them."""
    for file in draft.files:
        if file.id == file_id:
            session.delete(file)
    session.flush()


def forget_drafts(session: Session, *, now: datetime) -> None:
    """What nobody handed in, long after it was left; of what was handed in, that it was a form."""
    closed = select(Consultation.id).where(col(Consultation.closes_at) < now - _AFTER_CLOSING)
    old = select(FormDraft.id).where(col(FormDraft.changed_at) < now - KEPT, col(FormDraft.consultation_id).in_(closed))
    session.execute(sa.delete(DraftFile).where(col(DraftFile.draft_id).in_(old)))
    session.execute(sa.delete(FormDraft).where(col(FormDraft.id).in_(old)))


def _length(value: object) -> int:
    return sum(map(len, value)) if isinstance(value, list) else len(str(value))
