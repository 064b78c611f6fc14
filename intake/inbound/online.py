"""A form is handed in: once, however often it is sent. Its secret opens the receipt from then on.

Judges the whole form once more; what the pages let through before is not relied on.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from intake.errors import Mistakes, NotPossible
from intake.inbound.drafts import Draft, DraftState, draft_state, find_draft
from intake.inbound.entering import Entry, GivenAnswer, StoredFile, enter
from intake.inbound.form_rules import chosen, mistakes_in
from intake.outbound.acknowledging import AcknowledgementRules
from intake.outbound.receipts import make_receipt
from intake.store.consultations import Question
from intake.store.online import DraftFile
from intake.store.responses import Channel, Response

RESPONDENT = "respondent"
"""How the history names whoever used a form or a receipt's link."""


class FormOver(NotPossible):
    """The consultation has closed; this form can no longer be handed in."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """The response of a form; `is_new` where this very call made it."""

    response: Response
    is_new: bool


def hand_in(session: Session, slug: str, token: str, *, rules: AcknowledgementRules, now: datetime) -> HandedIn:
    """Of two at once the second waits, and gets the first one's. Raises NotFound, FormOver, or Mistakes."""
    draft = find_draft(session, slug, token, lock=True)
    state = draft_state(draft, now)
    if state is DraftState.handed_in:
        return HandedIn(session.get_one(Response, draft.row.response_id), is_new=False)
    if state is DraftState.over:
        raise FormOver
    if mistakes := mistakes_in(draft):
        raise Mistakes(mistakes)
    entry = _entry(draft, is_in_grace=state is DraftState.grace, now=now)
    [response] = enter(session, draft.consultation, [entry], now=now, actor=RESPONDENT, rules=rules)
    make_receipt(session, response, draft.consultation.closes_at, token, now=now)
    draft.row.response_id, draft.row.fields = response.id, {}
    session.execute(sa.delete(DraftFile).where(col(DraftFile.draft_id) == draft.row.id))
    session.flush()
    return HandedIn(response, is_new=True)


def _entry(draft: Draft, *, is_in_grace: bool, now: datetime) -> Entry:
    given = draft.given
    is_for_organisation = given["is_for_organisation"] == "yes"
    return Entry(
        Channel.online,
        received_at=now,
        name=given.get("name", ""),
        address=given.get("address") or None,
        organisation=given.get("organisation") if is_for_organisation else None,
        stakeholder_group=given["group"] if given.get("group") in draft.groups else None,
        is_for_organisation=is_for_organisation,
        may_publish=given["may_publish"] == "yes",
        is_in_grace=is_in_grace,
        answers=[_answer(draft, question) for question in draft.questions],
        files=[
            StoredFile(file.filename, file.content_type, file.size, file.sha256, file.question_id)
            for file in draft.files
        ],
    )


def _answer(draft: Draft, question: Question) -> GivenAnswer:
    text = "" if question.kind.has_options else draft.given.get(f"question-{question.id}", "")
    return GivenAnswer(question.text, text, tuple(chosen(question, draft.given)), question.id or None)
