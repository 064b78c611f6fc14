"""What a consultation is called, says, and how it judges: one section for each form, with the rules of its fields.

A web name and a reference prefix belong to one consultation, and stay once something was recorded.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from sqlmodel import Session, select

from intake.administration.changing import Edit, change
from intake.administration.mistakes import checked
from intake.errors import Mistakes, NotPossible
from intake.store.consultation_keys import (
    About,
    EmailAddress,
    GraceMinutes,
    Line,
    Part,
    Prefix,
    Slug,
    SubjectWords,
    Text,
)
from intake.store.consultations import Consultation, LatePolicy, OnlineForm
from intake.store.ledger import look_again


def _none_if_empty(value: object) -> object:
    return value or None


class Naming(Part):
    title: Line = Field(max_length=200)
    slug: Slug
    reference_prefix: Prefix


class ContactDetails(Part):
    contact_name: Line = Field(max_length=200)
    contact_address: EmailAddress
    contact_phone: Annotated[Line | None, Field(max_length=40), BeforeValidator(_none_if_empty)] = None


class Texts(Part):
    next_steps: Text
    privacy_notice: Text


class Judging(Part):
    """How its mail is judged: what becomes of late responses, whose letters are acknowledged, and which words in a
    subject tell that it is meant."""

    late_policy: LatePolicy
    acknowledges_forwards: bool = False
    subject_words: list[SubjectWords]


class OnlineAnswering(Part):
    """How it is answered online, and what its public page says it is about."""

    about: About
    online_form: OnlineForm
    grace_minutes: GraceMinutes


SECTIONS: dict[str, type[Part]] = {
    "naming": Naming,
    "contact": ContactDetails,
    "texts": Texts,
    "judging": Judging,
    "online-form": OnlineAnswering,
}


def change_section(
    session: Session, consultation: Consultation, section: str, given: Mapping[str, object], edit: Edit
) -> list[str]:
    """Set what differs, and say which fields that were. Raises Mistakes, NotPossible or ChangedMeanwhile."""
    values = checked(SECTIONS[section], given).model_dump()
    changed = {name: value for name, value in values.items() if value != getattr(consultation, name)}
    if not changed:
        return []
    if section == "naming":
        _refuse_new_name(session, consultation, changed)
    change(session, consultation, "changed", edit, values=changed, fields=list(changed))
    if "subject_words" in changed:
        look_again(session, since=consultation.opens_at)
    return list(changed)


def has_recorded(consultation: Consultation) -> bool:
    """Whether a reference was ever given out. Then its prefix and web name stay."""
    return consultation.last_number > 0


def refuse_taken(session: Session, names: dict[str, str], *, but: int | None = None) -> None:
    """A web name and a reference prefix belong to one consultation. Raises Mistakes."""
    sentences = {"slug": "The web name", "reference_prefix": "The reference prefix"}
    mistakes = {}
    for field, value in names.items():
        other = session.exec(select(Consultation).where(getattr(Consultation, field) == value)).first()
        if other and other.id != but:
            mistakes[field] = f"{sentences[field]} already belongs to the consultation “{other.title}”; choose another."
    if mistakes:
        raise Mistakes(mistakes)


def _refuse_new_name(session: Session, consultation: Consultation, changed: dict[str, Any]) -> None:
    named: dict[str, str] = {name: changed[name] for name in ("slug", "reference_prefix") if name in changed}
    if named and has_recorded(consultation):
        raise NotPossible(
            "The web name and the reference prefix stay as they are once something was recorded: "
            "people hold references and links that name them."
        )
    refuse_taken(session, named, but=consultation.id)
