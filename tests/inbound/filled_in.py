"""A consultation whose form is on, and somebody who fills it in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import select

from intake.inbound.drafts import begin, find_draft, save
from intake.inbound.online import HandedIn, hand_in
from intake.outbound.acknowledging import AcknowledgementRules
from intake.store.consultations import Consultation, OnlineForm, Question, QuestionKind
from tests.office import DURING, MAIL_DOMAIN, Office

RULES = AcknowledgementRules(5, MAIL_DOMAIN, frozenset())
OPTIONS = ["Strongly agree", "Agree", "Disagree"]
PERSON = {"is_for_organisation": "no", "may_publish": "yes"}


def turn_on(office: Office, layout: OnlineForm = OnlineForm.question_a_page, **changed: Any) -> str:
    """The review's form with a question of each kind; its slug."""
    with office.database.transaction() as session:
        consultation = session.exec(select(Consultation).where(Consultation.reference_prefix == "IEO")).one()
        consultation.online_form = layout
        consultation.sqlmodel_update(changed)
        for position, (kind, options) in enumerate(
            [
                (QuestionKind.text, []),
                (QuestionKind.scale, OPTIONS),
                (QuestionKind.choices, ["Primary", "Secondary"]),
                (QuestionKind.file, []),
            ],
            start=1,
        ):
            session.add(
                Question(
                    consultation_id=consultation.id,
                    position=position,
                    key=f"{kind}-one",
                    text=f"The {kind.value} question?",
                    kind=kind,
                    options=options,
                    is_required=kind is QuestionKind.scale,
                )
            )
        return consultation.slug


def question_ids(office: Office) -> dict[str, int]:
    """By the kind."""
    return {row.kind.value: row.id for row in office.rows(Question)}


def begun(office: Office, slug: str, *, at: datetime = DURING) -> str:
    with office.database.transaction() as session:
        return begin(session, session.exec(select(Consultation).where(Consultation.slug == slug)).one(), now=at)


def filled(office: Office, slug: str, token: str, fields: Mapping[str, Any], *, at: datetime = DURING) -> None:
    with office.database.transaction() as session:
        save(session, find_draft(session, slug, token, lock=True), fields, now=at)


def handed_in(office: Office, slug: str, token: str, *, at: datetime = DURING) -> HandedIn:
    with office.database.transaction() as session:
        return hand_in(session, slug, token, rules=RULES, now=at)


def whole(office: Office) -> dict[str, Any]:
    """Every field of a form that can be handed in."""
    ids = question_ids(office)
    return {f"question-{ids['text']}": "More time.", f"question-{ids['scale']}": "Agree", **PERSON}
