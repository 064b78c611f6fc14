"""A consultation as a TOML file: read and checked, added to the database once, and written out again.

Once added, the database is the truth: the same file again changes nothing, a changed one is refused. Never edits or
removes a consultation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import BaseModel, ValidationError
from sqlmodel import Session, SQLModel, col, select

from intake.errors import WrongConfiguration
from intake.store.consultation_keys import (
    AddressPart,
    ConsultationFile,
    ConsulteePart,
    Contact,
    QuestionPart,
    named_address,
    split_address,
    what_is_wrong,
)
from intake.store.consultation_toml import local_instant, to_toml
from intake.store.consultations import (
    AddressKind,
    Consultation,
    PublishedAddress,
    Question,
    StakeholderGroup,
    consultation_by_slug,
    questions_asked,
)
from intake.store.history import note
from intake.store.ledger import look_again
from intake.store.people import Consultee, ConsulteeAddress, named_groups
from intake.store.responses import Nature, Response
from intake.toml_files import read_toml

__all__ = [
    "Added",
    "ConsultationFile",
    "ListedConsultation",
    "add_consultation",
    "export_consultation",
    "list_consultations",
    "read_consultation_file",
]


class Added(StrEnum):
    """What adding a consultation came to."""

    added = "added"  # it is in the database now
    unchanged = "unchanged"  # it already was, with this content


@dataclass(frozen=True, slots=True)
class ListedConsultation:
    """A line of the list. `responses` are those that count: no questions, nothing withdrawn."""

    slug: str
    reference_prefix: str
    title: str
    opens_at: datetime
    closes_at: datetime
    timezone: str
    addresses: tuple[str, ...]
    responses: int


def read_consultation_file(path: Path) -> ConsultationFile:
    """The consultation in this file; WrongConfiguration says in one sentence which key to correct and how."""
    given = read_toml(path)
    try:
        return ConsultationFile.model_validate(given)
    except ValidationError as invalid:
        sentence = what_is_wrong(invalid)
    except WrongConfiguration as wrong:
        sentence = str(wrong)
    # Raised outside the except clause: the first error carries what was given, addresses included.
    raise WrongConfiguration(f"{path}: {sentence}")


def add_consultation(session: Session, file: ConsultationFile, *, now: datetime, actor: str) -> Added:
    """Write a consultation with all that belongs to it; nothing where it is there already with the same content.

    Raises WrongConfiguration where it is there with other content, or takes an address or a prefix from another.
    """
    existing = session.exec(select(Consultation).where(Consultation.slug == file.slug)).first()
    if existing:
        _refuse_other_content(file, _content(session, existing))
        return Added.unchanged
    _refuse_taken_prefix(session, file)
    _refuse_taken_addresses(session, file)
    consultation = _consultation(file, now)
    session.add(consultation)
    session.flush()
    _add_parts(session, file, consultation.id)
    look_again(session, since=consultation.opens_at)
    note(session, consultation, Added.added, now=now, actor=actor)
    return Added.added


def export_consultation(session: Session, slug: str) -> str:
    """The consultation as a TOML file that reads back to the same content. Raises NotFound."""
    content = _content(session, consultation_by_slug(session, slug))
    zone = ZoneInfo(content["timezone"])
    return to_toml(content | {key: local_instant(content[key], zone) for key in ("opens_at", "closes_at")})


def list_consultations(session: Session) -> list[ListedConsultation]:
    """All consultations, the one that closes last first."""
    rows = session.exec(select(Consultation).order_by(col(Consultation.closes_at).desc(), col(Consultation.slug)))
    published: dict[int, list[str]] = {}
    for part in session.exec(select(PublishedAddress).order_by(col(PublishedAddress.id))):
        published.setdefault(part.consultation_id, []).append(part.address)
    counted = dict(
        session.exec(
            select(Response.consultation_id, sa.func.count())
            .where(Response.nature == Nature.response, col(Response.withdrawn_at).is_(None))
            .group_by(col(Response.consultation_id))
        ).all()
    )
    return [
        ListedConsultation(
            slug=row.slug,
            reference_prefix=row.reference_prefix,
            title=row.title,
            opens_at=row.opens_at,
            closes_at=row.closes_at,
            timezone=row.timezone,
            addresses=tuple(published.get(row.id, ())),
            responses=counted.get(row.id, 0),
        )
        for row in rows
    ]


def _refuse_other_content(file: ConsultationFile, stored: Mapping[str, object]) -> None:
    differing = [key for key, value in file.model_dump().items() if value != stored[key]]
    if differing:
        raise WrongConfiguration(
            f"Consultation “{file.slug}” is already there and differs in {', '.join(differing)}; nothing was changed: "
            "the database is the truth now, so change it on its page, or correct the file."
        )


def _refuse_taken_prefix(session: Session, file: ConsultationFile) -> None:
    other = session.exec(select(Consultation).where(Consultation.reference_prefix == file.reference_prefix)).first()
    if other:
        raise WrongConfiguration(
            f"reference_prefix {file.reference_prefix} of consultation “{file.slug}” already belongs to "
            f"“{other.slug}”; choose another."
        )


def _refuse_taken_addresses(session: Session, file: ConsultationFile) -> None:
    kinds = {part.address: part.kind for part in file.addresses}
    published = session.exec(
        select(PublishedAddress.address, PublishedAddress.kind, Consultation.slug)
        .join(Consultation)
        .where(col(PublishedAddress.address).in_(kinds))
    )
    for address, kind, slug in published:
        if AddressKind.dedicated in (kind, kinds[address]):
            raise WrongConfiguration(
                f"addresses number {list(kinds).index(address) + 1} of consultation “{file.slug}” is published by "
                f"“{slug}” too, and a dedicated address belongs to one consultation only."
            )


def _consultation(file: ConsultationFile, now: datetime) -> Consultation:
    plain = file.model_dump(exclude={"contact", "addresses", "questions", "consultees", "stakeholder_groups"})
    contact = {f"contact_{key}": value for key, value in file.contact.model_dump().items()}
    return Consultation(**plain, **contact, created_at=now)


def _add_parts(session: Session, file: ConsultationFile, consultation_id: int) -> None:
    for address in file.addresses:
        session.add(PublishedAddress(consultation_id=consultation_id, **address.model_dump()))
    for position, question in enumerate(file.questions, start=1):
        session.add(Question(consultation_id=consultation_id, position=position, **question.model_dump()))
    for position, name in enumerate(file.stakeholder_groups, start=1):
        session.add(StakeholderGroup(consultation_id=consultation_id, position=position, name=name))
    for part in file.consultees:
        own = part.model_dump(exclude={"addresses", "not_mailed"})
        consultee = Consultee(consultation_id=consultation_id, **own)
        session.add(consultee)
        session.flush()
        session.add_all(_contacts(consultee, part))


def _contacts(consultee: Consultee, part: ConsulteePart) -> Iterator[ConsulteeAddress]:
    for name, address in map(split_address, part.addresses):
        is_mailed = address not in (part.not_mailed or ())
        yield ConsulteeAddress(consultee_id=consultee.id, address=address, name=name, is_mailed=is_mailed)


def _content(session: Session, consultation: Consultation) -> dict[str, Any]:
    """What is stored, in the shape of a dumped ConsultationFile."""
    own, keys = consultation.id, ConsultationFile.model_fields
    content = {key: getattr(consultation, key, None) for key in keys}
    content["contact"] = {key: getattr(consultation, f"contact_{key}") for key in Contact.model_fields}
    addresses = select(PublishedAddress).where(PublishedAddress.consultation_id == own)
    by_id = addresses.order_by(col(PublishedAddress.id))
    content["addresses"] = [_part(AddressPart, row) for row in session.exec(by_id)]
    content["questions"] = [_part(QuestionPart, row) for row in questions_asked(session, consultation)]
    content["consultees"] = _consultees(session, own)
    content["stakeholder_groups"] = list(named_groups(session, own))
    return content


def _part(part: type[BaseModel], row: SQLModel) -> dict[str, Any]:
    return {key: getattr(row, key) for key in part.model_fields}


def _consultees(session: Session, consultation_id: int) -> list[dict[str, Any]]:
    """Those who are invited still."""
    rows = session.exec(
        select(Consultee, ConsulteeAddress)
        .join(ConsulteeAddress, isouter=True)
        .where(Consultee.consultation_id == consultation_id, col(Consultee.removed_at).is_(None))
        .order_by(col(Consultee.id), col(ConsulteeAddress.id))
    )
    found: dict[int, dict[str, Any]] = {}
    for row, contact in rows:
        given = {key: getattr(row, key, None) for key in ConsulteePart.model_fields} | {"addresses": []}
        part = found.setdefault(row.id, given)
        if contact:
            part["addresses"].append(named_address(contact.name, contact.address))
            if not contact.is_mailed:
                part["not_mailed"] = [*(part["not_mailed"] or []), contact.address]
    return list(found.values())
