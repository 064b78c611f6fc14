"""Whose a response is, among the consultees: what proposes itself, an officer's word on it, and taking that back.

A response from an address of one consultee alone is theirs when it is recorded; everything here waits for an officer.
Whoever confirms may add the address to the consultee's contacts, as one that is written from and never written to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from intake.errors import NotPossible
from intake.outbound.recipients import has_answered
from intake.responses.proposing import Invited, Proposal, invited, propose
from intake.store.consultations import Consultation
from intake.store.history import HistoryEntry, about, note
from intake.store.ledger import look_again
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.response_changes import Change, lock_consultations, lock_responses, write_changes
from intake.store.responses import Nature, Response
from intake.store.users import User

PAGE = 25
LOOKED_AT = 1000
"""At most so many responses are read for one page: where most come from the public, few have a proposal."""
COUNTED = 300
"""Up to so many, those with a proposal are counted."""
MOST_FOUND = 20
_AT_A_TIME = 200
_FILLED = ("organisation", "stakeholder_group")


class Show(StrEnum):
    """Which of the responses that are no consultee's."""

    proposed = "proposed"  # that may be one's
    without = "without"  # for which nothing speaks
    nobody = "nobody"  # of which an officer said that they are none's


@dataclass(frozen=True, slots=True)
class Unmatched:
    response: Response
    proposals: Sequence[Proposal]


@dataclass(frozen=True, slots=True)
class Looked:
    """Responses as they were asked for, the latest first; `before` is the id to go on from, None at the end."""

    found: Sequence[Unmatched]
    before: int | None


def load_invited(session: Session, consultation_id: int) -> Invited:
    own = Consultee.consultation_id == consultation_id
    contacts = select(ConsulteeAddress.consultee_id, ConsulteeAddress.address).join(Consultee).where(own)
    answered = {key: response.id for key, response in has_answered(session, consultation_id).items()}
    return invited(session.exec(select(Consultee).where(own)), session.exec(contacts), answered=answered)


def has_consultees(session: Session, consultation: Consultation) -> bool:
    own = select(Consultee.id).where(Consultee.consultation_id == consultation.id, col(Consultee.removed_at).is_(None))
    return session.exec(own.limit(1)).first() is not None


def proposals_for(session: Session, response: Response) -> list[Proposal]:
    """None for a response that is somebody's, of which an officer said that it is nobody's, or that is withdrawn."""
    if response.consultee_id or response.is_uninvited or response.withdrawn_at:
        return []
    return propose(response, load_invited(session, response.consultation_id))


def unmatched(
    session: Session, consultation: Consultation, show: Show, *, before: int | None = None, among: Invited | None = None
) -> Looked:
    """A page of them: as many as it holds, or as are found among so many as are read for one page."""
    among = among or load_invited(session, consultation.id)
    found, seen = list[Unmatched](), 0
    while len(found) < PAGE and seen < LOOKED_AT:
        rows = session.exec(_unmatched(consultation, show, before).limit(_AT_A_TIME)).all()
        for row in rows:
            before, proposals = row.id, propose(row, among)
            if show is Show.nobody or bool(proposals) is (show is Show.proposed):
                found.append(Unmatched(row, proposals))
            if len(found) == PAGE:
                return Looked(found, before)
        if len(rows) < _AT_A_TIME:
            return Looked(found, None)
        seen += len(rows)
    return Looked(found, before)


def count_unmatched(session: Session, consultation: Consultation) -> int:
    """How many responses are no consultee's, and nobody has said that they are none's."""
    return _count(session, consultation, Show.proposed)


def count_each(session: Session, consultation: Consultation, among: Invited) -> Mapping[Show, int | None]:
    """How many each list holds; None where too many wait to look for the proposals of all."""
    waiting, proposed = count_unmatched(session, consultation), None
    if waiting <= COUNTED:
        rows = session.exec(_unmatched(consultation, Show.proposed, None))
        proposed = sum(bool(propose(row, among)) for row in rows)
    without = None if proposed is None else waiting - proposed
    return {Show.proposed: proposed, Show.without: without, Show.nobody: _count(session, consultation, Show.nobody)}


def _count(session: Session, consultation: Consultation, show: Show) -> int:
    counted = _unmatched(consultation, show, None).with_only_columns(sa.func.count()).order_by(None)
    number: int = session.execute(counted).scalar_one()
    return number


def find_consultees(among: Invited, text: str) -> list[Consultee]:
    """Those whose organisation, number or contact's address holds this, by name; at most MOST_FOUND."""
    wanted = " ".join(text.casefold().split())
    by_address = {key for address, keys in among.by_address.items() if wanted in address for key in keys}
    found = [
        one
        for key, one in among.consultees.items()
        if wanted
        and (wanted in one.organisation.casefold() or wanted == (one.key or "").casefold() or key in by_address)
    ]
    return sorted(found, key=lambda one: one.organisation.casefold())[:MOST_FOUND]


def confirm(
    session: Session,
    response: Response,
    consultee: Consultee,
    *,
    user: User,
    now: datetime,
    version: int | None = None,
    writes_from_it: bool = False,
) -> None:
    """It is this consultee's, whosever it was before. Organisation and group are filled in where none is given.

    `writes_from_it`: from now on what comes from this address is theirs by itself. Raises NotPossible.
    """
    row = _locked(session, response, version)
    if consultee.consultation_id != row.consultation_id or consultee.removed_at:
        raise NotPossible("Choose somebody who was invited to this consultation.")
    if row.consultee_id == consultee.id:
        return
    kept = _without_filled(session, row)
    filled = _filled({name: kept.get(name, getattr(row, name)) for name in _FILLED}, consultee)
    contact = _add_contact(session, row, consultee, user=user, now=now) if writes_from_it else None
    detail = {"consultee": consultee.id, "filled": sorted(filled)} | ({"contact": contact.id} if contact else {})
    values = {"consultee_id": consultee.id, "is_uninvited": False, **kept, **filled}
    write_changes(session, [Change(row, "matched", values, detail)], user=user, now=now)


def decline(session: Session, response: Response, *, user: User, now: datetime, version: int | None = None) -> None:
    """It is none of the consultees'; none is proposed any more."""
    row = _locked(session, response, version)
    if not row.is_uninvited:
        values = {"consultee_id": None, "is_uninvited": True, **_without_filled(session, row)}
        _remove_contact(session, row, user=user, now=now)
        write_changes(session, [Change(row, "matched-to-nobody", values)], user=user, now=now)


def take_back(session: Session, response: Response, *, user: User, now: datetime, version: int | None = None) -> None:
    """Open again whose it is: what was filled in goes, and the contact that was added with the match."""
    row = _locked(session, response, version)
    if row.consultee_id is None and not row.is_uninvited:
        return
    before = row.consultee_id
    values = {"consultee_id": None, "is_uninvited": False, **_without_filled(session, row)}
    _remove_contact(session, row, user=user, now=now)
    write_changes(session, [Change(row, "unmatched", values, {"consultee": before})], user=user, now=now)


def _locked(session: Session, response: Response, version: int | None) -> Response:
    """After its consultation, as whoever adds a contact does, and then claims its responses."""
    lock_consultations(session, [response.consultation_id])
    [row] = lock_responses(session, [response], version)
    return row


def _unmatched(consultation: Consultation, show: Show, before: int | None) -> SelectOfScalar[Response]:
    """Only what counts: a question stops no reminder."""
    wanted = select(Response).where(
        Response.consultation_id == consultation.id,
        col(Response.consultee_id).is_(None),
        col(Response.withdrawn_at).is_(None),
        Response.nature == Nature.response,
        col(Response.is_uninvited).is_(show is Show.nobody),
    )
    wanted = wanted.where(col(Response.id) < before) if before else wanted
    return wanted.order_by(col(Response.id).desc())


def _filled(given: dict[str, str | None], consultee: Consultee) -> dict[str, str]:
    return {name: getattr(consultee, name) for name in _FILLED if not given[name]}


def _without_filled(session: Session, row: Response) -> dict[str, None]:
    """What came from the consultee it was taken for, to be emptied again; what an officer wrote since stays."""
    consultee = session.get(Consultee, row.consultee_id or 0)
    if consultee is None:
        return {}
    match = _last_match(session, row, consultee.id)
    names = match.detail["filled"] if match else _FILLED  # matched when it was recorded: both
    return {name: None for name in names if getattr(row, name) == getattr(consultee, name)}


def _last_match(session: Session, row: Response, consultee_id: int) -> HistoryEntry | None:
    entries = select(HistoryEntry).where(about(row), HistoryEntry.action == "matched")
    last = session.exec(entries.order_by(col(HistoryEntry.id).desc())).first()
    return last if last and last.detail["consultee"] == consultee_id else None


def _add_contact(
    session: Session, row: Response, consultee: Consultee, *, user: User, now: datetime
) -> ConsulteeAddress | None:
    """None where there is no address, or it is theirs already."""
    address = row.respondent_address
    theirs = select(ConsulteeAddress.id).where(ConsulteeAddress.consultee_id == consultee.id)
    if not address or session.exec(theirs.where(ConsulteeAddress.address == address)).first():
        return None
    _next_version(session, consultee)
    contact = ConsulteeAddress(
        consultee_id=consultee.id, address=address, name=row.respondent_name[:200], is_mailed=False
    )
    session.add(contact)
    session.flush()
    note(session, consultee, "contact-added", now=now, actor=user.actor, contact=contact.id, response_id=row.id)
    # Mail from a consultee is judged otherwise than a stranger's.
    look_again(session, since=session.get_one(Consultation, row.consultation_id).opens_at)
    return contact


def _remove_contact(session: Session, row: Response, *, user: User, now: datetime) -> None:
    """Unless somebody has made it an address to write to since."""
    match = _last_match(session, row, row.consultee_id or 0)
    contact = session.get(ConsulteeAddress, match.detail.get("contact", 0)) if match else None
    if contact is None or contact.is_mailed:
        return
    consultee = session.get_one(Consultee, contact.consultee_id)
    _next_version(session, consultee)
    note(session, consultee, "contact-removed", now=now, actor=user.actor, contact=contact.id, response_id=row.id)
    session.delete(contact)


def _next_version(session: Session, consultee: Consultee) -> None:
    """Locked first, so that whoever has it open is told."""
    own = select(Consultee).where(Consultee.id == consultee.id)
    locked = session.exec(own.with_for_update(key_share=True).execution_options(populate_existing=True)).one()
    locked.version += 1
    session.flush()
