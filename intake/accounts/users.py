"""Users: added, changed, given consultations, disabled; never deleted, because the history names them.

At least one administrator can always sign in. Never checks a password and never asks who is allowed to do this.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.sessions import end_sessions
from intake.errors import IntakeError, Mistakes, NotFound
from intake.mail.usable_addresses import is_usable_address
from intake.store.consultations import Consultation
from intake.store.history import note
from intake.store.users import ConsultationAccess, Role, User


class LastAdministrator(IntakeError):
    """This is the last administrator who can sign in: make somebody else one first."""


class FromElsewhere(IntakeError):
    """This person signs in with their council account: their role comes from its groups, and no password is kept."""


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user and the consultations they are given."""

    user: User
    consultations: Sequence[Consultation]


def user_by_id(session: Session, user_id: int, *, lock: bool = False) -> User:
    """Raises NotFound. Locked, two changes of one user wait for each other."""
    found = session.get(User, user_id, with_for_update=lock)
    if found is None:
        raise NotFound
    return found


def user_by_address(session: Session, address: str) -> User:
    """Raises NotFound, in words for the command line."""
    found = session.exec(select(User).where(User.address == address.strip().lower())).first()
    if found is None:
        raise NotFound("There is no user with this address; intake user list shows them all.")
    return found


def list_users(session: Session) -> list[ListedUser]:
    """All, those who are disabled last."""
    rows = select(ConsultationAccess.user_id, Consultation).join(Consultation).order_by(Consultation.title)
    given = defaultdict[int, list[Consultation]](list)
    for user_id, consultation in session.exec(rows):
        given[user_id].append(consultation)
    users = session.exec(select(User).order_by(col(User.disabled_at).is_not(None), User.name, User.address))
    return [ListedUser(user, given[user.id]) for user in users]


def consultations_of(session: Session, user: User) -> set[int]:
    given = select(ConsultationAccess.consultation_id).where(ConsultationAccess.user_id == user.id)
    return set(session.exec(given))


def consultations_to_give(session: Session) -> Sequence[Consultation]:
    """Those that are still worked on first."""
    return session.exec(
        select(Consultation).order_by(col(Consultation.archived_at).is_not(None), Consultation.title)
    ).all()


def add_user(
    session: Session, *, address: str, name: str, role: Role, now: datetime, actor: str, identity: str | None = None
) -> User:
    """Raises Mistakes. Without an identity the user needs a one-time link to choose a password."""
    address, name = address.strip().lower(), name.strip() or _name_in(address)
    mistakes = _address_mistake(session, address) | _name_mistake(name)
    if mistakes:
        raise Mistakes(mistakes)
    user = User(address=address, name=name, role=role, identity=identity, created_at=now)
    session.add(user)
    session.flush()
    note(session, user, "added", now=now, actor=actor, role=role.value)
    return user


def change_user(session: Session, user: User, *, name: str, role: Role, now: datetime, actor: str) -> None:
    """Raises Mistakes, LastAdministrator or FromElsewhere."""
    mistakes = _name_mistake(name.strip())
    if mistakes:
        raise Mistakes(mistakes)
    if role is not user.role and user.identity is not None:
        raise FromElsewhere
    if user.is_administrator and role is not Role.administrator:
        _require_another_administrator(session, user)
    change_fields(session, user, now=now, actor=actor, name=name.strip(), role=role)


def change_fields(session: Session, user: User, *, now: datetime, actor: str, **values: object) -> None:
    """Set what differs; the history gets the fields' names."""
    changed = [field for field, value in values.items() if getattr(user, field) != value]
    for field in changed:
        setattr(user, field, values[field])
    if changed:
        session.add(user)
        note(session, user, "changed", now=now, actor=actor, fields=changed)


def give_consultations(
    session: Session, user: User, consultation_ids: Collection[int], *, now: datetime, actor: str
) -> None:
    """From now on the user is given these and no others. Ids of no consultation are left out."""
    before = consultations_of(session, user)
    after = {consultation.id for consultation in consultations_to_give(session)} & set(consultation_ids)
    if before == after:
        return
    rows = sa.delete(ConsultationAccess).where(col(ConsultationAccess.user_id) == user.id)
    session.execute(rows.where(col(ConsultationAccess.consultation_id).in_(before - after)))
    session.add_all(ConsultationAccess(user_id=user.id, consultation_id=given) for given in after - before)
    note(session, user, "given", now=now, actor=actor, given=sorted(after - before), taken=sorted(before - after))


def disable(session: Session, user: User, *, now: datetime, actor: str) -> None:
    """Nobody signs in as this user any more, and who is signed in is out at once. Raises LastAdministrator."""
    if user.disabled_at is not None:
        return
    if user.is_administrator:
        _require_another_administrator(session, user)
    user.disabled_at = now
    session.add(user)
    note(session, user, "disabled", now=now, actor=actor)
    end_sessions(session, user.id, now=now, actor=actor)


def enable(session: Session, user: User, *, now: datetime, actor: str) -> None:
    if user.disabled_at is not None:
        user.disabled_at = None
        session.add(user)
        note(session, user, "enabled", now=now, actor=actor)


def _require_another_administrator(session: Session, user: User) -> None:
    """The rows are locked: of two administrators who disable each other at once, the second is refused."""
    able = select(User.id).where(User.role == Role.administrator, col(User.disabled_at).is_(None))
    if set(session.exec(able.order_by(col(User.id)).with_for_update())) <= {user.id}:
        raise LastAdministrator


def _address_mistake(session: Session, address: str) -> dict[str, str]:
    if not is_usable_address(address):
        return {"address": "Enter an email address, such as name@riverford.example."}
    if session.exec(select(User.id).where(User.address == address)).first():
        return {"address": "There is a user with this address already."}
    return {}


def _name_mistake(name: str) -> dict[str, str]:
    if not name:
        return {"name": "Enter a name."}
    return {"name": "The name must have at most 200 characters."} if len(name) > 200 else {}


def _name_in(address: str) -> str:
    """ "Asha Rahman" from asha.rahman@…, until somebody says better."""
    return " ".join(word.capitalize() for word in re.split(r"[._+-]+", address.partition("@")[0]) if word)
