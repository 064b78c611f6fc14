"""Takes a list of consultees in, just as it was shown: new ones, corrections, new groups, and what that means for
responses that are there already.

All in one transaction, in which the list is judged again; where that comes to something else, nothing is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.administration.consultee_plan import Addition, Correction, Listing, Plan, plan_import
from intake.administration.earlier_responses import carry_along, claim_responses
from intake.administration.ordering import rows_of
from intake.errors import Changed
from intake.store.consultations import Consultation, StakeholderGroup
from intake.store.history import Note, note, note_each
from intake.store.ledger import look_again
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.response_changes import lock_consultations, some_at_a_time


class ListChanged(Changed):
    """The consultees changed since the list was looked at; look at it again before it is imported."""


@dataclass(frozen=True, slots=True)
class Imported:
    """`matched`: earlier responses that came from an address that is a consultee's now."""

    plan: Plan
    matched: int


def import_consultees(
    session: Session, consultation: Consultation, listing: Listing, *, seen: str | None, now: datetime, actor: str
) -> Imported:
    """Do what the plan with the digest `seen` says; without one, whatever it comes to now. Raises ListChanged."""
    lock_consultations(session, [consultation.id])
    plan = plan_import(session, consultation, listing, locked=True)
    if seen is not None and plan.digest != seen:
        raise ListChanged
    if not plan.does_anything:
        return Imported(plan, 0)
    _add_groups(session, consultation, plan.groups, now=now, actor=actor)
    addresses = _add(session, consultation, plan.added, now=now, actor=actor)
    addresses |= _correct(session, plan.changed, now=now, actor=actor)
    counts = {"added": len(plan.added), "changed": len(plan.changed)}
    note(session, consultation, "consultees-imported", now=now, actor=actor, **counts)
    if addresses:
        look_again(session, since=consultation.opens_at)
    return Imported(plan, claim_responses(session, addresses, now=now, actor=actor))


def _add_groups(
    session: Session, consultation: Consultation, names: Sequence[str], *, now: datetime, actor: str
) -> None:
    """Counted as a change of the consultation, whose groups somebody may be editing."""
    if not names:
        return
    positions = enumerate(names, start=len(rows_of(session, consultation, StakeholderGroup)) + 1)
    added = [StakeholderGroup(consultation_id=consultation.id, position=at, name=name) for at, name in positions]
    session.add_all(added)
    session.flush()
    newer = sa.update(Consultation).where(col(Consultation.id) == consultation.id)
    session.execute(newer.values(version=Consultation.version + 1))
    note_each(session, [Note(consultation, "group-added", {"group": row.id}) for row in added], now=now, actor=actor)


def _add(
    session: Session, consultation: Consultation, added: Sequence[Addition], *, now: datetime, actor: str
) -> dict[str, Consultee]:
    """The addresses that are consultees' now."""
    rows = [Consultee(consultation_id=consultation.id, **one.values) for one in added]
    session.add_all(rows)
    session.flush()
    note_each(session, [Note(row, "added", {"kind": "import"}) for row in rows], now=now, actor=actor)
    people = [(row, person) for row, one in zip(rows, added, strict=True) for person in one.people]
    session.add_all(ConsulteeAddress(consultee_id=row.id, **person.model_dump()) for row, person in people)
    session.flush()
    return {person.address: row for row, person in people}


def _correct(session: Session, changed: Sequence[Correction], *, now: datetime, actor: str) -> dict[str, Consultee]:
    """The addresses that are consultees' now."""
    former = {one.consultee.id: _former(one) for one in changed if _former(one)}
    for one in changed:
        one.consultee.sqlmodel_update({**one.values, "version": one.consultee.version + 1})
    addresses = _correct_people(session, changed)
    session.flush()
    note_each(session, [_note(one) for one in changed], now=now, actor=actor)
    carry_along(session, former, now=now, actor=actor)
    return addresses


def _former(one: Correction) -> dict[str, str]:
    """What stands on its responses too, as it was."""
    return {name: getattr(one.consultee, name) for name in ("organisation", "stakeholder_group") if name in one.values}


def _correct_people(session: Session, changed: Sequence[Correction]) -> dict[str, Consultee]:
    existing = dict[tuple[int, str], ConsulteeAddress]()
    for ids in some_at_a_time([one.consultee.id for one in changed if one.people]):
        for row in session.exec(select(ConsulteeAddress).where(col(ConsulteeAddress.consultee_id).in_(ids))):
            existing[row.consultee_id, row.address] = row
    added = dict[str, Consultee]()
    for consultee, person in ((one.consultee, person) for one in changed for person in one.people):
        if contact := existing.get((consultee.id, person.address)):
            contact.name = person.name
        else:
            session.add(ConsulteeAddress(consultee_id=consultee.id, **person.model_dump()))
            added[person.address] = consultee
    return added


def _note(one: Correction) -> Note:
    return Note(one.consultee, "changed", {"kind": "import", "fields": [change.name for change in one.changes]})
