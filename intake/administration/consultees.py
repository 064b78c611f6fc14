"""Consultees one at a time: added, corrected, no longer invited and invited again, and their contacts.

One that is no longer invited keeps its row, its contacts and its responses. Many at once come by `consultee_import.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import BeforeValidator, Field
from sqlmodel import Session, col, select

from intake.accounts.access import Access
from intake.administration.changing import Edit, change
from intake.administration.earlier_responses import carry_along, claim_responses
from intake.administration.mistakes import checked, one_at_a_time
from intake.errors import Mistakes, NotFound, NotPossible
from intake.mail.public_providers import is_public_domain
from intake.mail.usable_addresses import is_usable_address
from intake.store.consultation_keys import (
    ContactName,
    Domain,
    EmailAddress,
    GroupName,
    Language,
    Line,
    Part,
    split_address,
)
from intake.store.consultations import Consultation, PublishedAddress
from intake.store.history import note
from intake.store.ledger import look_again
from intake.store.people import Consultee, ConsulteeAddress, groups_of
from intake.store.response_changes import lock_consultations
from intake.store.users import User


def tidy_domain(text: object) -> object:
    """ "@School.example" and "https://www.school.example/contact" → "school.example"; nothing → None."""
    bare = str(text or "").strip().lower().partition("://")[2] or str(text or "").strip().lower()
    return bare.removeprefix("www.").rpartition("@")[2].partition("/")[0] or None


class TypedConsultee(Part):
    """A consultee as it is typed, or stands in a list."""

    organisation: Line = Field(max_length=200)
    stakeholder_group: GroupName
    consultee_key: Annotated[Line | None, Field(max_length=80), BeforeValidator(lambda text: text or None)] = None
    domain: Annotated[Domain | None, BeforeValidator(tidy_domain)] = None
    language: Language = "en"

    def values(self) -> dict[str, Any]:
        """By the names of the columns."""
        given = self.model_dump()
        key = given.pop("consultee_key")
        return {**given, "key": key}


class TypedContact(Part):
    address: EmailAddress
    name: ContactName = ""
    is_mailed: bool = True


def consultee(session: Session, access: Access, consultee_id: int) -> tuple[Consultee, Consultation]:
    """With its consultation. Raises NotFound, in the same words for one that the user was not given."""
    found = session.get(Consultee, consultee_id)
    if found is None or not access.may_see(found.consultation_id):
        raise NotFound
    return found, session.get_one(Consultation, found.consultation_id)


def contacts_of(session: Session, row: Consultee) -> Sequence[ConsulteeAddress]:
    """In the order they were added."""
    own = select(ConsulteeAddress).where(ConsulteeAddress.consultee_id == row.id)
    return session.exec(own.order_by(col(ConsulteeAddress.id))).all()


def contact(session: Session, row: Consultee, contact_id: int) -> ConsulteeAddress:
    """Raises NotFound for another consultee's."""
    found = session.get(ConsulteeAddress, contact_id)
    if found is None or found.consultee_id != row.id:
        raise NotFound
    return found


def add_consultee(
    session: Session,
    consultation: Consultation,
    given: Mapping[str, object],
    contacts: str,
    *,
    user: User,
    now: datetime,
) -> tuple[Consultee, int]:
    """`contacts`: an address a line, with a name before it or without. Also how many earlier responses are now its.

    Raises Mistakes.
    """
    lock_consultations(session, [consultation.id])
    try:
        typed = _checked(session, consultation, given)
    except Mistakes as wrong:
        raise Mistakes(wrong.by_field | _mistakes_in_people(session, consultation, contacts)) from None
    people = list(_people(session, consultation, contacts))
    row = Consultee(consultation_id=consultation.id, **typed.values())
    with one_at_a_time():
        session.add(row)
        session.flush()
    note(session, row, "added", now=now, actor=user.actor)
    session.add_all(ConsulteeAddress(consultee_id=row.id, **one.model_dump()) for one in people)
    session.flush()
    return row, _claimed(session, consultation, row, [one.address for one in people], now=now, actor=user.actor)


def change_consultee(
    session: Session, consultation: Consultation, row: Consultee, given: Mapping[str, object], edit: Edit
) -> list[str]:
    """Says which fields changed. A new name or group is carried to its responses. Raises Mistakes, ChangedMeanwhile."""
    lock_consultations(session, [consultation.id])
    values = _checked(session, consultation, given, but=row).values()
    before = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
    if before:
        with one_at_a_time():
            fields = list(before)
            change(session, row, "changed", edit, values={name: values[name] for name in before}, fields=fields)
        named = {name: text for name, text in before.items() if name in ("organisation", "stakeholder_group")}
        if named:
            carry_along(session, {row.id: named}, now=edit.now, actor=edit.user.actor)
    return list(before)


def remove_consultee(session: Session, row: Consultee, edit: Edit) -> None:
    """It is no longer invited: nothing is sent to it any more, and it is in no rate."""
    if row.removed_at:
        raise NotPossible("It is no longer invited already.")
    change(session, row, "no-longer-invited", edit, values={"removed_at": edit.now})


def restore_consultee(session: Session, row: Consultee, edit: Edit) -> None:
    if not row.removed_at:
        raise NotPossible("It is invited already.")
    change(session, row, "invited-again", edit, values={"removed_at": None})


def add_contact(
    session: Session, consultation: Consultation, row: Consultee, given: Mapping[str, object], edit: Edit
) -> tuple[ConsulteeAddress, int]:
    """`given`: address, name, is_mailed. Also how many earlier responses are now the consultee's. Raises Mistakes."""
    lock_consultations(session, [consultation.id])
    typed = _checked_contact(session, consultation, row, given)
    change(session, row, "contact-added", edit)
    made = ConsulteeAddress(consultee_id=row.id, **typed.model_dump())
    session.add(made)
    session.flush()
    actor = edit.user.actor
    return made, _claimed(session, consultation, row, [made.address], now=edit.now, actor=actor)


def change_contact(
    session: Session,
    consultation: Consultation,
    row: Consultee,
    person: ConsulteeAddress,
    given: Mapping[str, object],
    edit: Edit,
) -> tuple[list[str], int]:
    """Which fields changed, and how many earlier responses a new address made the consultee's. Raises Mistakes."""
    lock_consultations(session, [consultation.id])
    values = _checked_contact(session, consultation, row, given, but=person).model_dump()
    changed = {name: value for name, value in values.items() if getattr(person, name) != value}
    if not changed:
        return [], 0
    change(session, row, "contact-changed", edit, contact=person.id, fields=list(changed))
    person.sqlmodel_update(changed)
    session.flush()
    added = [person.address] if "address" in changed else []
    return list(changed), _claimed(session, consultation, row, added, now=edit.now, actor=edit.user.actor)


def remove_contact(session: Session, row: Consultee, person: ConsulteeAddress, edit: Edit) -> None:
    """What came from it stays the consultee's."""
    change(session, row, "contact-removed", edit, contact=person.id)
    session.delete(person)
    session.flush()


def refuse_address(session: Session, consultation: Consultation, address: str) -> None:
    """Raises Mistakes for one that cannot be written to, and for one at which the consultation is answered."""
    if not is_usable_address(address):
        raise Mistakes({"address": "Enter an email address like name@example.com."})
    if address.lower() in published(session, consultation):
        raise Mistakes({"address": "This is an address that people write to about the consultation; enter theirs."})


def published(session: Session, consultation: Consultation) -> set[str]:
    own = select(PublishedAddress.address).where(PublishedAddress.consultation_id == consultation.id)
    return set(session.exec(own))


def _checked(
    session: Session, consultation: Consultation, given: Mapping[str, object], *, but: Consultee | None = None
) -> TypedConsultee:
    typed = checked(TypedConsultee, given)
    names = {name.lower(): name for name in groups_of(session, consultation.id)}
    mistakes = {}
    if typed.stakeholder_group.lower() not in names:
        mistakes["stakeholder_group"] = "Choose one of the consultation’s stakeholder groups."
    if typed.domain and is_public_domain(typed.domain):
        mistakes["domain"] = "Anybody can have an address at this mail provider; leave the domain empty."
    mistakes |= _taken(session, consultation, typed, but)
    if mistakes:
        raise Mistakes(mistakes)
    return typed.model_copy(update={"stakeholder_group": names[typed.stakeholder_group.lower()]})


def _taken(
    session: Session, consultation: Consultation, typed: TypedConsultee, but: Consultee | None
) -> dict[str, str]:
    own = select(Consultee).where(Consultee.consultation_id == consultation.id)
    others = own.where(Consultee.id != but.id) if but else own
    same_name = sa.func.lower(Consultee.organisation) == typed.organisation.lower()
    mistakes = {}
    if found := session.exec(others.where(same_name)).first():
        what = (
            "is no longer invited; invite it again" if found.removed_at else "is on the list already; correct that one"
        )
        mistakes["organisation"] = f"A consultee of this name {what}, or add the place to the name."
    if typed.consultee_key and session.exec(others.where(Consultee.key == typed.consultee_key)).first():
        mistakes["consultee_key"] = "Another consultee has this key."
    return mistakes


def _checked_contact(
    session: Session,
    consultation: Consultation,
    row: Consultee,
    given: Mapping[str, object],
    *,
    but: ConsulteeAddress | None = None,
) -> TypedContact:
    typed = checked(TypedContact, given)
    refuse_address(session, consultation, typed.address)
    others = [one.address for one in contacts_of(session, row) if but is None or one.id != but.id]
    if typed.address in others:
        raise Mistakes({"address": "This consultee has this address already."})
    return typed


def _people(session: Session, consultation: Consultation, contacts: str) -> Iterator[TypedContact]:
    seen = set[str]()
    for number, line in enumerate(contacts.splitlines(), start=1):
        if not line.strip():
            continue
        name, address = split_address(line)
        try:
            typed = checked(TypedContact, {"name": name, "address": address})
            refuse_address(session, consultation, typed.address)
        except Mistakes as wrong:
            raise Mistakes({"contacts": f"In line {number}: {wrong}"}) from None
        if typed.address not in seen:
            seen.add(typed.address)
            yield typed


def _mistakes_in_people(session: Session, consultation: Consultation, contacts: str) -> dict[str, str]:
    try:
        list(_people(session, consultation, contacts))
    except Mistakes as wrong:
        return wrong.by_field
    return {}


def _claimed(
    session: Session, consultation: Consultation, row: Consultee, addresses: Sequence[str], *, now: datetime, actor: str
) -> int:
    """Mail from a consultee is judged otherwise than a stranger's, so what was left in place is looked at again."""
    if not addresses:
        return 0
    look_again(session, since=consultation.opens_at)
    return claim_responses(session, dict.fromkeys(addresses, row), now=now, actor=actor)
