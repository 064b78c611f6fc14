"""Whom the identity provider's claims mean here: which role their groups give, which user they are, made or linked.

Only claims that `external.py` proved come here. A user is known by issuer and subject, which are never given to
somebody else; an email address can be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.links import forget_links
from intake.accounts.sessions import begin_session, end_sessions
from intake.accounts.signing_in import Caller, SignedIn
from intake.accounts.users import add_user, change_fields
from intake.errors import IntakeError, LostRace
from intake.settings import SignInSettings
from intake.store.database import Database
from intake.store.history import note
from intake.store.users import Role, User


class InNoGroup(IntakeError):
    """Your council account is right, but it is in no group that may use this. Ask an administrator for access."""


class TooManyGroups(IntakeError):
    """Your council account is in more groups than the sign-in service lists. Ask whoever runs it to send only the
    groups assigned to this application, or app roles."""


class NoAddress(IntakeError):
    """Your council account has no email address, and one is needed here. Ask whoever runs the sign-in service."""


class AddressInUse(IntakeError):
    """There is a user with your email address already, and the sign-in service does not vouch that it is you. Ask an
    administrator."""


class Disabled(IntakeError):
    """Your user was disabled here. Ask an administrator."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as the provider describes them. `role` is None when they are in neither group."""

    key: str
    address: str
    is_address_proven: bool
    name: str
    role: Role | None


def identity_in(settings: SignInSettings, claims: Mapping[str, Any]) -> Identity:
    """Raises TooManyGroups or NoAddress."""
    address, is_proven = _address(settings, claims)
    return Identity(
        key=f"{claims['iss']} {claims['sub']}",
        address=address,
        is_address_proven=is_proven,
        name=" ".join(str(claims.get("name") or "").split())[:200],
        role=_role(settings, claims),
    )


def let_in_from_elsewhere(database: Database, identity: Identity, caller: Caller, *, now: datetime) -> SignedIn:
    """Raises InNoGroup, AddressInUse, Disabled or LostRace."""
    if identity.role is None:
        _put_out(database, identity, now=now)
        raise InNoGroup
    try:
        with database.transaction() as session:
            user = _user(session, identity, identity.role, now=now)
            if user.disabled_at is not None:
                raise Disabled
            change_fields(session, user, now=now, actor=user.actor, role=identity.role)
            return SignedIn(begin_session(session, user, browser=caller.browser, now=now))
    except sa.exc.IntegrityError:  # the same person's first sign-in, in two browsers at once
        raise LostRace from None


def _address(settings: SignInSettings, claims: Mapping[str, Any]) -> tuple[str, bool]:
    """Entra ID may send no `email`; its `preferred_username` looks like one, and is proven only by our trust."""
    for claim, is_verified in (("email", claims.get("email_verified") is True), ("preferred_username", False)):
        address = str(claims.get(claim) or "").strip().lower()
        if "@" in address:
            return address, is_verified or settings.trust_addresses
    raise NoAddress


def _role(settings: SignInSettings, claims: Mapping[str, Any]) -> Role | None:
    """The higher one, for somebody in both groups."""
    groups = claims.get(settings.groups_claim)
    if groups is None and _are_too_many(claims, settings.groups_claim):
        raise TooManyGroups
    groups = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    roles = {settings.officers_group: Role.officer, settings.administrators_group: Role.administrator}
    given = {roles.get(group) for group in groups if isinstance(group, str)}
    return Role.administrator if Role.administrator in given else Role.officer if Role.officer in given else None


def _are_too_many(claims: Mapping[str, Any], claim: str) -> bool:
    """Above 200 groups Entra ID sends only where they could be asked for ("groups overage")."""
    elsewhere = claims.get("_claim_names")
    return claims.get("hasgroups") is True or (isinstance(elsewhere, dict) and claim in elsewhere)


def _put_out(database: Database, identity: Identity, *, now: datetime) -> None:
    """Who was taken out of the groups is out here at once, in other browsers too."""
    with database.transaction() as session:
        user = _known(session, identity)
        if user is not None:
            end_sessions(session, user.id, now=now, actor=user.actor)


def _user(session: Session, identity: Identity, role: Role, *, now: datetime) -> User:
    known = _known(session, identity)
    same_address = session.exec(select(User).where(User.address == identity.address).with_for_update()).first()
    if known is not None:
        if same_address is None and identity.is_address_proven:
            change_fields(session, known, now=now, actor=known.actor, address=identity.address)
        return known
    if same_address is None:
        name, key = identity.name, identity.key
        return add_user(
            session, address=identity.address, name=name, role=role, identity=key, now=now, actor="identity provider"
        )
    if same_address.identity is not None or not identity.is_address_proven:
        raise AddressInUse
    _link(session, same_address, identity, now=now)
    return same_address


def _known(session: Session, identity: Identity) -> User | None:
    return session.exec(select(User).where(col(User.identity) == identity.key).with_for_update()).first()


def _link(session: Session, user: User, identity: Identity, *, now: datetime) -> None:
    """From now on there is one way in: who leaves the council's directory must not get in by an old password."""
    user.identity = identity.key
    user.password_hash = user.totp_secret = user.totp_last_step = None
    session.add(user)
    forget_links(session, user)
    end_sessions(session, user.id, now=now, actor=user.actor)
    note(session, user, "linked", now=now, actor=user.actor)
