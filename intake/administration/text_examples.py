"""Whom an administrator looks at a text with: consultees, responses of the consultation, oneself, or one made up.

A text is tried with some of them before it is saved, among them those most likely to break it. Changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from intake.outbound.testing_texts import Example, example_fields
from intake.outbound.texts import KINDS, OFFICERS_MAILINGS
from intake.store.consultations import Consultation
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.responses import Nature, Response
from intake.store.users import User

MOST_OFFERED = 50
MOST_TRIED = 5
LONGEST_VALUE = 120


@dataclass(frozen=True, slots=True)
class Choice:
    """One that can be chosen. `key` is what the form sends; "" for the one made up."""

    key: str
    name: str
    example: Example


@dataclass(frozen=True, slots=True)
class FieldHelp:
    """A field a text may name, and what it holds for the example."""

    name: str
    meaning: str
    value: str


def choices(session: Session, consultation: Consultation, kind: str, user: User) -> list[Choice]:
    """The consultees, or for what is sent to those who answered the latest responses; never none."""
    if kind in OFFICERS_MAILINGS:
        return [Choice("", f"{user.name} (you)", Example(kind, user))]
    found = _responses(session, consultation, kind, user) if kind in ("acknowledgement", "outcome") else []
    found = found or ([] if kind == "acknowledgement" else _consultees(session, consultation, kind, user))
    return found or [Choice("", "Alex Example, made up", Example(kind, user))]


def chosen(offered: Sequence[Choice], key: str) -> Choice:
    """The one that was chosen, else the first."""
    return next((one for one in offered if one.key == key), offered[0])


def to_try(session: Session, consultation: Consultation, kind: str, user: User) -> list[Example]:
    """The first few and somebody made up: with and without a name, an organisation, a file."""
    offered = choices(session, consultation, kind, user)[:MOST_TRIED]
    return [*(one.example for one in offered if one.key), Example(kind, user)]


def helps(
    session: Session, consultation: Consultation, example: Example, language: str, *, now: datetime, base_url: str
) -> tuple[list[FieldHelp], Sequence[str]]:
    """Every field of the kind with what it holds for this example, and in sentences what of it is made up."""
    shown = example_fields(session, consultation, example, now=now, base_url=base_url, language=language)
    meanings = KINDS[example.kind].fields
    return [FieldHelp(name, sense, _value(shown.fields.get(name))) for name, sense in meanings.items()], shown.made_up


def _consultees(session: Session, consultation: Consultation, kind: str, user: User) -> list[Choice]:
    invited = (
        select(Consultee, ConsulteeAddress)
        .join(ConsulteeAddress, col(ConsulteeAddress.consultee_id) == col(Consultee.id))
        .where(Consultee.consultation_id == consultation.id, col(Consultee.removed_at).is_(None))
        .where(col(ConsulteeAddress.is_mailed))
        .order_by(col(Consultee.organisation), col(Consultee.id), col(ConsulteeAddress.id))
        .limit(MOST_OFFERED)
    )
    return [
        Choice(
            f"contact-{contact.id}",
            f"{consultee.organisation}, {contact.name or contact.address}",
            Example(kind, user, consultee_id=consultee.id, address=contact.address),
        )
        for consultee, contact in session.exec(invited)
    ]


def _responses(session: Session, consultation: Consultation, kind: str, user: User) -> list[Choice]:
    """The latest."""
    answers = select(Response.id, Response.reference, Response.respondent_name, Response.organisation).where(
        Response.consultation_id == consultation.id, col(Response.withdrawn_at).is_(None)
    )
    if kind == "outcome":
        answers = answers.where(Response.nature == Nature.response)
    latest = session.exec(answers.order_by(col(Response.id).desc()).limit(MOST_OFFERED))
    return [
        Choice(
            f"response-{key}",
            ", ".join([reference, *(part for part in (organisation, name) if part)]),
            Example(kind, user, response_id=key),
        )
        for key, reference, name, organisation in latest
    ]


def _value(value: object) -> str:
    """What the field reads like in the email; lists and truths in words."""
    match value:
        case None | "":
            return "(nothing)"
        case bool():
            return "true" if value else "false"
        case list():
            return "; ".join(f"{one['name']} ({one['size']})" for one in value) or "(nothing)"
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
