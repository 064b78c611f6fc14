"""Correct who responded: name, address, organisation, stakeholder group, and with the organisation the consultee.

The history names the fields that changed, never what they held. What the email itself said stays with the email.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.errors import NotPossible
from intake.mail.usable_addresses import is_usable_address
from intake.store.people import Consultee, groups_of
from intake.store.response_changes import Change, lock_responses, write_changes
from intake.store.responses import Response
from intake.store.users import User


@dataclass(frozen=True, slots=True)
class Respondent:
    """Who responded, as an officer has it. Empty text is "not known"."""

    respondent_name: str
    respondent_address: str
    organisation: str
    stakeholder_group: str


def mistakes_in(session: Session, response: Response, respondent: Respondent) -> dict[str, str]:
    """Sentences by field; empty when it can be written."""
    mistakes = dict[str, str]()
    if len(respondent.respondent_name) > 200:
        mistakes["respondent_name"] = "A name has at most 200 characters."
    address = respondent.respondent_address
    if address and not is_usable_address(address):
        mistakes["respondent_address"] = "Write an email address like name@example.com, or leave it empty."
    if len(respondent.organisation) > 200:
        mistakes["organisation"] = "The name of an organisation has at most 200 characters."
    group = respondent.stakeholder_group
    if group and group != response.stakeholder_group and group not in groups_of(session, response.consultation_id):
        mistakes["stakeholder_group"] = "Choose one of the consultation's groups."
    return mistakes


def correct_respondent(
    session: Session,
    response: Response,
    respondent: Respondent,
    *,
    user: User,
    now: datetime,
    version: int | None = None,
) -> int:
    """Write what `mistakes_in` found nothing wrong with. A new organisation decides which consultee it is."""
    [row] = lock_responses(session, [response], version)
    if mistakes := mistakes_in(session, row, respondent):
        raise NotPossible(next(iter(mistakes.values())))
    given = asdict(respondent)
    values = {name: given[name] or None for name in given} | {"respondent_name": respondent.respondent_name}
    values["respondent_address"] = respondent.respondent_address.lower() or None
    if values["organisation"] != row.organisation:
        values |= _as_consultee(session, row.consultation_id, respondent)
    return write_changes(session, _corrections([row], values), user=user, now=now)


def correct_address(session: Session, response: Response, address: str, *, user: User, now: datetime) -> int:
    """The respondent's address only, as when an email to it came back."""
    if not is_usable_address(address):
        raise NotPossible("Write an email address like name@example.com.")
    rows = lock_responses(session, [response])
    return write_changes(session, _corrections(rows, {"respondent_address": address.lower()}), user=user, now=now)


def find_consultee(session: Session, consultation_id: int, organisation: str | None) -> Consultee | None:
    """The consultee of this name, in capitals or not."""
    return session.exec(
        select(Consultee)
        .where(Consultee.consultation_id == consultation_id)
        .where(sa.func.lower(Consultee.organisation) == (organisation or "").lower())
        .order_by(col(Consultee.id))
    ).first()


def _as_consultee(session: Session, consultation_id: int, respondent: Respondent) -> dict[str, object]:
    consultee = find_consultee(session, consultation_id, respondent.organisation)
    if consultee is None:
        return {"consultee_id": None}
    return {
        "consultee_id": consultee.id,
        "is_uninvited": False,
        "organisation": consultee.organisation,
        "stakeholder_group": respondent.stakeholder_group or consultee.stakeholder_group,
    }


def _corrections(rows: Sequence[Response], values: Mapping[str, object]) -> list[Change]:
    """One for each row on which something differs."""
    changes = list[Change]()
    for row in rows:
        differing = {name: value for name, value in values.items() if getattr(row, name) != value}
        if differing:
            named = sorted(differing.keys() - {"is_uninvited"})  # which goes with the consultee
            changes.append(Change(row, "corrected", differing, {"fields": named}))
    return changes
