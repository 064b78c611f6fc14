"""One-time links: to choose a password, or to sign in once. To open one changes nothing; the form on its page acts.

The table holds the SHA-256 of a link's token, so that nobody who reads it can use the link. Never sends a link: an
administrator hands it over.
"""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.sessions import token_sha256
from intake.accounts.users import FromElsewhere
from intake.errors import IntakeError
from intake.store.history import note
from intake.store.users import LinkPurpose, OneTimeLink, User

LASTS = {
    LinkPurpose.set_password: timedelta(days=7),
    LinkPurpose.sign_in: timedelta(minutes=15),
    LinkPurpose.code: timedelta(minutes=5),
}
_KEPT = timedelta(days=90)


class LinkOver(IntakeError):
    """This link was used already, or it is too old. Ask an administrator for a new one."""


def make_link(session: Session, user: User, purpose: LinkPurpose, *, now: datetime, actor: str) -> str:
    """The token of a new link; earlier ones for the same purpose are worth nothing any more. Raises FromElsewhere."""
    if purpose is LinkPurpose.set_password and user.identity is not None:
        raise FromElsewhere
    _forget_links(session, user, purpose, now=now)
    token = secrets.token_urlsafe(32)
    row = OneTimeLink(
        token_sha256=token_sha256(token), user_id=user.id, purpose=purpose, expires_at=now + LASTS[purpose]
    )
    session.add(row)
    if purpose is not LinkPurpose.code:
        note(session, user, "link-made", now=now, actor=actor, purpose=purpose.value)
    return token


def link_address(base_url: str, token: str) -> str:
    return f"{base_url}/link/{token}"


def open_link(session: Session, token: str, *purposes: LinkPurpose, now: datetime) -> tuple[OneTimeLink, User]:
    """The link, of one of these purposes, and whom it lets in. Raises LinkOver."""
    found = session.exec(
        select(OneTimeLink, User)
        .join(User)
        .where(
            OneTimeLink.token_sha256 == token_sha256(token),
            col(OneTimeLink.purpose).in_(purposes),
            col(OneTimeLink.used_at).is_(None),
            col(OneTimeLink.expires_at) > now,
            col(User.disabled_at).is_(None),
        )
    ).first()
    if found is None:
        raise LinkOver
    return found


def use_link(session: Session, link: OneTimeLink, *, now: datetime) -> None:
    """Raises LinkOver when somebody else used it in the meantime."""
    used = session.execute(
        sa.update(OneTimeLink)
        .where(col(OneTimeLink.token_sha256) == link.token_sha256, col(OneTimeLink.used_at).is_(None))
        .values(used_at=now)
        .returning(col(OneTimeLink.token_sha256))
    ).first()
    if used is None:
        raise LinkOver


def forget_links(session: Session, user: User) -> None:
    """Whatever links this user has are worth nothing any more."""
    session.execute(sa.delete(OneTimeLink).where(col(OneTimeLink.user_id) == user.id))


def _forget_links(session: Session, user: User, purpose: LinkPurpose, *, now: datetime) -> None:
    """Those a new one replaces, and very old ones. Two browsers may each wait for a code."""
    session.execute(sa.delete(OneTimeLink).where(col(OneTimeLink.expires_at) < now - _KEPT))
    if purpose is not LinkPurpose.code:
        replaced = sa.delete(OneTimeLink).where(col(OneTimeLink.user_id) == user.id)
        session.execute(replaced.where(col(OneTimeLink.purpose) == purpose, col(OneTimeLink.used_at).is_(None)))
