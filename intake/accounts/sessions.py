"""Sessions: who is signed in at which browser, in a table, so that each can be ended at once.

The cookie holds a random token, the table its SHA-256: whoever reads the table cannot sign in with it. Never checks a
password.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.errors import NotFound
from intake.store.history import note
from intake.store.users import User, UserSession

SEEN_EVERY = timedelta(minutes=1)
"""How exactly `last_seen_at` is kept: not every page writes."""


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long a session lasts without use, and altogether."""

    idle: timedelta
    longest: timedelta


def token_sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def begin_session(session: Session, user: User, *, browser: str, now: datetime) -> str:
    """Sign the user in and return the cookie's token, always a new one: one planted before sign-in is worth nothing."""
    token = secrets.token_urlsafe(32)
    row = UserSession(
        token_sha256=token_sha256(token),
        form_token=secrets.token_urlsafe(32),
        user_id=user.id,
        began_at=now,
        last_seen_at=now,
        browser=browser[:200],
    )
    session.add(row)
    user.last_signed_in_at = now
    session.add(user)
    session.flush()
    note(session, user, "signed-in", now=now, actor=user.actor, user_session=row.id)
    return token


def find_session(
    session: Session, token: str, rules: SessionRules, *, now: datetime
) -> tuple[UserSession, User] | None:
    """Who this token signs in; None when it ran out, was ended, or its user was disabled."""
    return session.exec(
        select(UserSession, User)
        .join(User)
        .where(UserSession.token_sha256 == token_sha256(token), *_alive(rules, now), col(User.disabled_at).is_(None))
    ).first()


def live_sessions(session: Session, user_id: int, rules: SessionRules, *, now: datetime) -> list[UserSession]:
    """The user's sessions that still count, the one used last first."""
    found = select(UserSession).where(UserSession.user_id == user_id, *_alive(rules, now))
    return list(session.exec(found.order_by(col(UserSession.last_seen_at).desc(), col(UserSession.id))))


def own_session(session: Session, user: User, session_id: int) -> UserSession:
    """Raises NotFound, for another user's too."""
    row = session.get(UserSession, session_id)
    if row is None or row.user_id != user.id:
        raise NotFound
    return row


def keep_alive(session: Session, row: UserSession, *, now: datetime) -> None:
    session.execute(sa.update(UserSession).where(col(UserSession.id) == row.id).values(last_seen_at=now))


def end_session(session: Session, row: UserSession, *, now: datetime, actor: str) -> None:
    """From now on its cookie is worth nothing. One that ended already stays as it was."""
    ended = session.execute(
        sa.update(UserSession)
        .where(col(UserSession.id) == row.id, col(UserSession.ended_at).is_(None))
        .values(ended_at=now)
        .returning(col(UserSession.id))
    ).first()
    if ended:
        note(session, session.get_one(User, row.user_id), "signed-out", now=now, actor=actor, user_session=row.id)


def end_sessions(session: Session, user_id: int, *, now: datetime, actor: str, but: UserSession | None = None) -> None:
    """End all sessions of a user, except perhaps the one they are in."""
    rows = select(UserSession).where(UserSession.user_id == user_id, col(UserSession.ended_at).is_(None))
    for row in session.exec(rows).all():
        if but is None or row.id != but.id:
            end_session(session, row, now=now, actor=actor)


def leave_notice(session: Session, row: UserSession, notice: str) -> None:
    """A sentence for the next page this session opens."""
    session.execute(sa.update(UserSession).where(col(UserSession.id) == row.id).values(notice=notice))


def take_notice(session: Session, row: UserSession) -> None:
    """It has been shown."""
    session.execute(sa.update(UserSession).where(col(UserSession.id) == row.id).values(notice=None))


def forget_old_sessions(session: Session, *, before: datetime) -> None:
    """They are security records, and kept no longer than those."""
    session.execute(sa.delete(UserSession).where(col(UserSession.last_seen_at) < before))


def _alive(rules: SessionRules, now: datetime) -> list[sa.ColumnElement[bool]]:
    return [
        col(UserSession.ended_at).is_(None),
        col(UserSession.last_seen_at) > now - rules.idle,
        col(UserSession.began_at) > now - rules.longest,
    ]
