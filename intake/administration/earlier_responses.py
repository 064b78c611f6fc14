"""What a changed consultee means for responses that are there already: an address it is given claims those that came
from it, and a corrected name or group is corrected on them too.

The caller holds the consultation's lock: recording takes it before any response's, too.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from intake.store.people import Consultee, ConsulteeAddress
from intake.store.response_changes import Change, lock_responses, some_at_a_time, write_changes_by
from intake.store.responses import Response


def claim_responses(session: Session, added: Mapping[str, Consultee], *, now: datetime, actor: str) -> int:
    """`added`: addresses of one consultation's consultees, stored just now. Returns how many responses were matched.

    An address that several consultees share says nothing certain, and neither does one of a response that has its
    consultee already.
    """
    if not added:
        return 0
    consultation_id = next(iter(added.values())).consultation_id
    found = list[Response]()
    for addresses in some_at_a_time(list(added)):
        own = select(Response).where(Response.consultation_id == consultation_id, col(Response.consultee_id).is_(None))
        found += session.exec(own.where(col(Response.respondent_address).in_(addresses)))
    shared = _shared(session, consultation_id, {row.respondent_address or "" for row in found})
    claimed = [row for row in found if row.respondent_address not in shared]
    rows = [row for row in lock_responses(session, claimed) if row.consultee_id is None]
    changes = [_claim(row, added[row.respondent_address or ""]) for row in rows]
    return write_changes_by(session, changes, now=now, actor=actor)


def carry_along(session: Session, corrected: Mapping[int, Mapping[str, str]], *, now: datetime, actor: str) -> int:
    """`corrected`: by the consultee's id what its name or group was before. On how many responses it is corrected.

    What an officer wrote on a response, and the consultee never was called, stays.
    """
    theirs = list[Response]()
    for ids in some_at_a_time(list(corrected)):
        theirs += session.exec(select(Response).where(col(Response.consultee_id).in_(ids))).all()
    changes = list[Change]()
    for row in lock_responses(session, theirs):
        consultee = session.get_one(Consultee, row.consultee_id)
        before = corrected[consultee.id]
        values = {name: getattr(consultee, name) for name, text in before.items() if getattr(row, name) == text}
        if values:
            changes.append(Change(row, "corrected", values, {"fields": sorted(values), "kind": "consultee"}))
    return write_changes_by(session, changes, now=now, actor=actor)


def _claim(row: Response, consultee: Consultee) -> Change:
    values = {
        "consultee_id": consultee.id,
        "organisation": row.organisation or consultee.organisation,
        "stakeholder_group": row.stakeholder_group or consultee.stakeholder_group,
        "is_uninvited": False,
    }
    return Change(row, "address-matched", values, {"consultee": consultee.id})


def _shared(session: Session, consultation_id: int, addresses: Collection[str]) -> set[str]:
    """Those that are several consultees' of the consultation."""
    used = Counter[str]()
    for some in some_at_a_time(sorted(addresses)):
        own = select(ConsulteeAddress.address).join(Consultee).where(Consultee.consultation_id == consultation_id)
        used.update(session.exec(own.where(col(ConsulteeAddress.address).in_(some))))
    return {address for address, times in used.items() if times > 1}
