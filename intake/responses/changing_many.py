"""Bulk actions: one change to many responses, those ticked or all that match, counted before and carried out after.

Each change is made by `handling.py`, some hundred responses in one transaction, so that nobody waits long for a lock.
Only responses the user may see are touched, and none that came after the user was shown how many there are.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import load_only
from sqlmodel import Session, col, select

from intake.accounts.access import Access, access_of
from intake.errors import NotPossible
from intake.responses import handling
from intake.responses.filters import NOBODY, Condition, Filters
from intake.responses.finding import matching_ids
from intake.responses.handling import FLAG_COLUMNS, Flag
from intake.store.database import Database
from intake.store.response_changes import some_at_a_time
from intake.store.responses import Nature, Response, ResponseStatus, ResponseTag
from intake.store.users import User

_A_BATCH = 500
Apply = Callable[[Session, Sequence[Response], User, datetime], int]


@dataclass(frozen=True, slots=True)
class Action:
    """`wording` follows "to". `is_so` holds for responses it would not change, `is_possible` for those it could."""

    wording: str
    is_so: Condition
    apply: Apply
    is_possible: Condition | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Ids of responses that will change, and how many others were chosen; `newest` is the last that was known then."""

    changing: Sequence[int]
    so_already: int
    impossible: int
    newest: int

    @property
    def chosen(self) -> int:
        return len(self.changing) + self.so_already + self.impossible


def parse_action(session: Session, text: str, tag: str) -> Action:
    """From the choices of the log's form: "status-read", "officer-12", "untag" and so on. Raises NotPossible."""
    kind, _, value = text.partition("-")
    match kind:
        case "status" if value in set(ResponseStatus):
            return _status(ResponseStatus(value))
        case "nature" if value in set(Nature):
            return _nature(Nature(value))
        case "flag" | "unflag" if value in set(Flag):
            return _flag(Flag(value), is_set=kind == "flag")
        case "officer" if value == NOBODY:
            return _assign(session, None)
        case "officer" if value.isascii() and value.isdigit() and len(value) < 10:
            return _assign(session, session.get(User, int(value)) or _no_officer())
        case "tag" | "untag" if not value:
            return _tag(handling.tags_in(tag), is_added=kind == "tag")
    raise NotPossible("Choose what to do with the responses.")


def plan_change(
    session: Session,
    access: Access,
    filters: Filters,
    action: Action,
    *,
    chosen: Collection[str] | None,
    newest: int | None,
) -> Plan:
    """`chosen` are references; None is all that match. `newest` is from the plan the user has seen."""
    ids = matching_ids(session, access, filters, references=chosen)
    if newest is not None:
        ids = [one for one in ids if one <= newest]
    last = session.exec(select(sa.func.max(Response.id))).one() or 0
    so_already = _among(session, ids, action.is_so)
    possible = _among(session, ids, action.is_possible) if action.is_possible is not None else set(ids)
    changing = [one for one in ids if one in possible and one not in so_already]
    return Plan(changing, len(so_already & possible), len(ids) - len(possible), newest if newest is not None else last)


def carry_out(database: Database, action: Action, ids: Sequence[int], *, user: User, now: datetime) -> int:
    """Returns how many changed: fewer than planned where somebody else was quicker."""
    changed = 0
    for some in some_at_a_time(ids, _A_BATCH):
        with database.transaction() as session:
            found = select(Response).where(col(Response.id).in_(some)).options(load_only(Response.id))  # type: ignore[arg-type]
            changed += action.apply(session, session.exec(found).all(), user, now)
    return changed


def _status(status: ResponseStatus) -> Action:
    return Action(
        f"mark as {status}",
        col(Response.status) == status,
        lambda session, rows, user, now: handling.set_status(session, rows, status, user=user, now=now),
    )


def _nature(nature: Nature) -> Action:
    named = {Nature.response: "a response", Nature.question: "a question", Nature.neither: "neither of the two"}
    return Action(
        f"treat as {named[nature]}",
        col(Response.nature) == nature,
        lambda session, rows, user, now: handling.set_nature(session, rows, nature, user=user, now=now),
    )


def _flag(flag: Flag, *, is_set: bool) -> Action:
    named = flag.replace("_", " ")
    return Action(
        f"flag as {named}" if is_set else f"take away the flag “{named}”",
        getattr(Response, FLAG_COLUMNS[flag]).is_(is_set),
        lambda session, rows, user, now: handling.set_flag(session, rows, flag, is_set=is_set, user=user, now=now),
    )


def _assign(session: Session, officer: User | None) -> Action:
    is_so = col(Response.officer_id).is_(None) if officer is None else col(Response.officer_id) == officer.id
    if officer is not None and officer.disabled_at:
        _no_officer()
    return Action(
        f"assign to {officer.name}" if officer else "assign to nobody",
        is_so,
        lambda session, rows, user, now: handling.assign(session, rows, officer, user=user, now=now),
        access_of(session, officer).limit(Response.consultation_id) if officer else None,
    )


def _tag(tags: Sequence[str], *, is_added: bool) -> Action:
    if not tags:
        raise NotPossible("Enter the tag.")
    if len(tags) > 1:
        raise NotPossible("Enter one tag at a time.")
    [tag] = tags
    tagged = col(Response.id).in_(select(ResponseTag.response_id).where(ResponseTag.tag == tag))
    change = handling.add_tag if is_added else handling.remove_tag
    return Action(
        f"{'add' if is_added else 'remove'} the tag “{tag}”",
        tagged if is_added else ~tagged,
        lambda session, rows, user, now: change(session, rows, tag, user=user, now=now),
    )


def _no_officer() -> User:
    raise NotPossible("Choose an officer who works here.")


def _among(session: Session, ids: Sequence[int], condition: Condition) -> set[int]:
    found = set[int]()
    for some in some_at_a_time(ids):
        found.update(session.exec(select(Response.id).where(col(Response.id).in_(some), condition)))
    return found
