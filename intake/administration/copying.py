"""A consultation made from an earlier one: its questions, groups, texts, templates and officers' personal addresses,
what it has for its mailings, and its consultees where an administrator wants them.

Never copies responses, documents, officers' access, or a dedicated address, which belongs to one consultation.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from intake.administration.addresses import addresses
from intake.administration.copied_mailings import copy_consultees, copy_mailings
from intake.administration.ordering import rows_of
from intake.administration.setting_up import set_up
from intake.store.consultation_file import ConsultationFile
from intake.store.consultation_keys import QuestionPart
from intake.store.consultations import (
    AddressKind,
    Consultation,
    PublishedAddress,
    Question,
    ReplyTemplate,
    StakeholderGroup,
)
from intake.store.history import note
from intake.store.users import User

_ASKED = set(QuestionPart.model_fields)


def brought_along(
    session: Session, source: Consultation, own_addresses: Sequence[Mapping[str, object]]
) -> dict[str, object]:
    """What a copy takes over, as keys of a consultation's file; the addresses with those of its own first."""
    plain = ("timezone", "late_policy", "acknowledges_forwards", "about", "online_form", "grace_minutes")
    texts = ("next_steps", "privacy_notice")
    return {
        **{name: getattr(source, name) for name in (*plain, *texts)},
        "contact": {name: getattr(source, f"contact_{name}") for name in ("name", "address", "phone")},
        "questions": [row.model_dump(include=_ASKED) for row in rows_of(session, source, Question)],
        "stakeholder_groups": [row.name for row in rows_of(session, source, StakeholderGroup)],
        "addresses": [*own_addresses, *_personal(session, source, own_addresses)],
    }


def copy_consultation(
    session: Session,
    source: Consultation,
    file: ConsultationFile,
    *,
    with_consultees: bool = False,
    user: User,
    now: datetime,
) -> Consultation:
    """`file` is made with what is brought along. Raises Mistakes like any set-up."""
    new = set_up(session, file, user=user, now=now)
    for row in session.exec(select(ReplyTemplate).where(ReplyTemplate.consultation_id == source.id)):
        session.add(ReplyTemplate(consultation_id=new.id, name=row.name, text=row.text))
    session.flush()
    copy_mailings(session, source, new, user=user, now=now)
    if with_consultees:
        copy_consultees(session, source, new, user=user, now=now)
    note(session, new, "copied-from", now=now, actor=user.actor, consultation=source.id)
    return new


def personal_addresses(session: Session, source: Consultation) -> list[PublishedAddress]:
    return [row for row in addresses(session, source) if row.kind is AddressKind.personal]


def reply_templates_of(session: Session, source: Consultation) -> int:
    """How many it has of its own."""
    return len(session.exec(select(ReplyTemplate.id).where(col(ReplyTemplate.consultation_id) == source.id)).all())


def _personal(session: Session, source: Consultation, own: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    taken = {str(part.get("address", "")).lower() for part in own}
    return [
        {"address": row.address, "kind": row.kind, "officer_name": row.officer_name}
        for row in personal_addresses(session, source)
        if row.address not in taken
    ]
