"""Tokens: what lets another system hand responses over, or read the log. Made and revoked, never changed.

A token is shown once, when it is made; the table holds its SHA-256. Never judges what a system hands over.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.access import Access
from intake.accounts.sessions import token_sha256
from intake.errors import Mistakes, NotFound
from intake.store.consultations import Consultation
from intake.store.database import add_if_new
from intake.store.history import note
from intake.store.online import ApiToken
from intake.store.users import User

PREFIX = "intake_"
"""By which people, and programs that look for secrets in files, know a token of ours."""
USED_EVERY = timedelta(minutes=1)
"""How exactly `last_used_at` is kept: not every request writes."""
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Rights:
    """What a token is good for. `consultation_ids` is None for all, also those that are set up later."""

    may_write: bool = False
    may_read: bool = False
    sees_confidential: bool = False
    consultation_ids: Collection[int] | None = None


@dataclass(frozen=True, slots=True)
class ListedToken:
    """`consultations` is None for all."""

    token: ApiToken
    consultations: Sequence[Consultation] | None
    made_by: str


def make_token(session: Session, name: str, rights: Rights, *, user: User, now: datetime) -> tuple[ApiToken, str]:
    """The row, and the token itself, which nobody can read again. Raises Mistakes."""
    name = name.strip()
    if mistakes := _mistakes(name, rights):
        raise Mistakes(mistakes)
    secret = f"{PREFIX}{secrets.token_urlsafe(32)}"
    ids = rights.consultation_ids
    add_if_new(
        session,
        ApiToken,
        name=name,
        token_sha256=token_sha256(secret),
        consultation_ids=None if ids is None else sorted(set(ids)),
        may_write=rights.may_write,
        may_read=rights.may_read,
        sees_confidential=rights.sees_confidential and rights.may_read,
        created_by_id=user.id,
        created_at=now,
    )
    token = find_token(session, secret)
    if token is None:
        raise Mistakes({"name": "There is a token with this name already; choose another."})
    note(session, token, "token-made", now=now, actor=user.actor)
    return token, secret


def find_token(session: Session, secret: str) -> ApiToken | None:
    """None where there is none, and where it was revoked."""
    own = select(ApiToken).where(ApiToken.token_sha256 == token_sha256(secret))
    return session.exec(own.where(col(ApiToken.revoked_at).is_(None))).first()


def access_by(session: Session, token: ApiToken) -> Access:
    ids = None if token.consultation_ids is None else frozenset(token.consultation_ids)
    maker = session.get_one(User, token.created_by_id)
    return Access(maker, ids, hides_confidential=not token.sees_confidential)


def mark_used(session: Session, token: ApiToken, *, now: datetime) -> None:
    session.execute(sa.update(ApiToken).where(col(ApiToken.id) == token.id).values(last_used_at=now))


def revoke(session: Session, token_id: int, *, now: datetime, actor: str) -> ApiToken:
    """It is worth nothing any more. One that is revoked stays as it was. Raises NotFound."""
    token = session.exec(select(ApiToken).where(ApiToken.id == token_id).with_for_update()).first()
    if token is None:
        raise NotFound
    if token.revoked_at is None:
        token.revoked_at = now
        session.add(token)
        note(session, token, "token-revoked", now=now, actor=actor)
    return token


def list_tokens(session: Session) -> list[ListedToken]:
    """Those that are good first, by name."""
    named = {one.id: one for one in session.exec(select(Consultation).order_by(Consultation.title))}
    rows = session.exec(
        select(ApiToken, User.name)
        .join(User, col(User.id) == col(ApiToken.created_by_id))
        .order_by(col(ApiToken.revoked_at).is_not(None), ApiToken.name)
    )
    return [
        ListedToken(token, None if (ids := token.consultation_ids) is None else [named[one] for one in ids], maker)
        for token, maker in rows
    ]


def _mistakes(name: str, rights: Rights) -> dict[str, str]:
    mistakes = dict[str, str]()
    if not name:
        mistakes["name"] = "Enter the name of the system that gets the token."
    elif len(name) > LONGEST_NAME:
        mistakes["name"] = f"The name must have at most {LONGEST_NAME} characters; shorten it."
    if not (rights.may_write or rights.may_read):
        mistakes["rights"] = "Choose what the system may do."
    elif rights.sees_confidential and not rights.may_read:
        mistakes["rights"] = "To see confidential responses it must be able to read; choose that too."
    if rights.consultation_ids is not None and not rights.consultation_ids:
        mistakes["consultations"] = "Choose at least one consultation, or all of them."
    return mistakes
