"""The addresses people are told to write to: added, changed, removed. Mail left in place is then judged anew.

Never removes the last one: a consultation without an address could not be written out and read back.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from intake.administration.changing import Edit, change
from intake.administration.mistakes import checked, one_at_a_time
from intake.errors import Mistakes, NotFound, NotPossible
from intake.store.consultation_keys import AddressPart
from intake.store.consultations import AddressKind, Consultation, PublishedAddress
from intake.store.ledger import look_again


def addresses(session: Session, consultation: Consultation) -> Sequence[PublishedAddress]:
    """In the order they were added."""
    own = select(PublishedAddress).where(PublishedAddress.consultation_id == consultation.id)
    return session.exec(own.order_by(col(PublishedAddress.id))).all()


def address(session: Session, consultation: Consultation, address_id: int) -> PublishedAddress:
    """Raises NotFound for another consultation's."""
    found = session.get(PublishedAddress, address_id)
    if found is None or found.consultation_id != consultation.id:
        raise NotFound
    return found


def add_address(
    session: Session, consultation: Consultation, given: Mapping[str, object], edit: Edit
) -> PublishedAddress:
    """`given`: address, kind, officer_name. Raises Mistakes or ChangedMeanwhile."""
    part = check_address(session, given, consultation_id=consultation.id)
    with one_at_a_time():
        row = PublishedAddress(consultation_id=consultation.id, **part.model_dump())
        session.add(row)
        session.flush()
    change(session, consultation, "address-added", edit, address=row.id, kind=row.kind.value)
    look_again(session, since=consultation.opens_at)
    return row


def change_address(
    session: Session, consultation: Consultation, row: PublishedAddress, given: Mapping[str, object], edit: Edit
) -> list[str]:
    """Whose it is and of which kind; another address is another row. Says which fields changed."""
    part = check_address(session, {**given, "address": row.address}, consultation_id=consultation.id, but=row.id)
    changed = [name for name in ("kind", "officer_name") if getattr(row, name) != getattr(part, name)]
    if not changed:
        return []
    detail: dict[str, Any] = {"address": row.id, "fields": changed, "kind": part.kind.value}
    change(session, consultation, "address-changed", edit, **detail)
    row.kind, row.officer_name = part.kind, part.officer_name
    with one_at_a_time():
        session.flush()
    if "kind" in changed:
        look_again(session, since=consultation.opens_at)
    return changed


def remove_address(session: Session, consultation: Consultation, row: PublishedAddress, edit: Edit) -> None:
    """Mail to it is held as unknown from now on, unless another consultation publishes it too."""
    if len(addresses(session, consultation)) == 1:
        raise NotPossible("This is the only address; add another before you remove it.")
    change(session, consultation, "address-removed", edit, address=row.id)
    session.delete(row)
    session.flush()
    look_again(session, since=consultation.opens_at)


def check_address(
    session: Session, given: Mapping[str, object], *, consultation_id: int | None = None, but: int | None = None
) -> AddressPart:
    """The values, checked against the rules of the table. Raises Mistakes."""
    part = checked(AddressPart, {**given, "officer_name": given.get("officer_name") or None})
    published = session.exec(
        select(PublishedAddress, Consultation.title).join(Consultation).where(PublishedAddress.address == part.address)
    )
    for row, title in published:
        if row.id == but:
            continue
        if row.consultation_id == consultation_id:
            raise Mistakes({"address": "This address is already in the list."})
        if row.kind is AddressKind.dedicated:
            raise Mistakes({"address": f"This address belongs to the consultation “{title}” alone; choose another."})
        if part.kind is AddressKind.dedicated:
            raise Mistakes(
                {"kind": f"The consultation “{title}” publishes this address too, so it can only be a personal one."}
            )
    return part
