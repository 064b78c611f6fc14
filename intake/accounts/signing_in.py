"""Signing in with a password: which check follows which, and what lets somebody in.

A password is judged between two transactions, because that takes a tenth of a second and SQLite has one writer. Until
the code of the second factor was right there is no session, only a one-time token that is good for the next step.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.links import forget_links, make_link, open_link, use_link
from intake.accounts.passwords import hashed, is_right, mistake_in
from intake.accounts.second_factor import WrongCode, turn_off, use_code
from intake.accounts.sessions import begin_session, end_sessions
from intake.accounts.throttling import account_key, code_key, count_guess, network_key, take_back
from intake.accounts.users import FromElsewhere, user_by_id
from intake.errors import IntakeError, Mistakes
from intake.store.database import Database
from intake.store.history import note
from intake.store.users import LinkPurpose, User, UserSession


class NotLetIn(IntakeError):
    """The email address or the password is not right."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session has begun; `token` goes into its cookie."""

    token: str


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The first factor was right; `token` is what the second is sent with."""

    token: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a guess comes from: the network address, and what the browser calls itself."""

    network: str
    browser: str


def sign_in(database: Database, address: str, password: str, caller: Caller, *, now: datetime) -> SignedIn | CodeNeeded:
    """Raises NotLetIn, the same for whatever is not right, or TooManyGuesses."""
    address = address.strip().lower()
    with database.transaction() as session:
        guess = count_guess(session, account_key(address), network_key(caller.network), now=now)
    with database.reading() as session:
        user = session.exec(select(User).where(User.address == address, col(User.disabled_at).is_(None))).first()
    right, renewed = is_right(password, user.password_hash if user else None)
    if user is None or not right:
        raise NotLetIn
    with database.transaction() as session:
        take_back(session, guess)
        if renewed:
            same = sa.update(User).where(col(User.id) == user.id, col(User.password_hash) == user.password_hash)
            session.execute(same.values(password_hash=renewed))
        return let_in(session, user_by_id(session, user.id, lock=True), caller, now=now)


def send_code(database: Database, token: str, code: str, caller: Caller, *, now: datetime) -> SignedIn:
    """The second step. Raises WrongCode, TooManyGuesses, or LinkOver when it is time to start again."""
    with database.transaction() as session:
        link, user = open_link(session, token, LinkPurpose.code, now=now)
        guess = count_guess(session, code_key(user.id), network_key(caller.network), now=now)
        if use_code(session, user, code, now=now):
            take_back(session, guess)
            use_link(session, link, now=now)
            return SignedIn(begin_session(session, user, browser=caller.browser, now=now))
    raise WrongCode  # after the commit: a wrong guess stays counted


def let_in(session: Session, user: User, caller: Caller, *, now: datetime) -> SignedIn | CodeNeeded:
    """What follows when the first factor was right."""
    if user.totp_secret is not None:
        return CodeNeeded(make_link(session, user, LinkPurpose.code, now=now, actor=user.actor))
    return SignedIn(begin_session(session, user, browser=caller.browser, now=now))


def follow_link(database: Database, token: str, caller: Caller, *, now: datetime) -> SignedIn | CodeNeeded:
    """Use up a link that signs in. Raises LinkOver."""
    with database.transaction() as session:
        link, user = open_link(session, token, LinkPurpose.sign_in, now=now)
        use_link(session, link, now=now)
        return let_in(session, user, caller, now=now)


def choose_password(
    database: Database, token: str, password: str, caller: Caller, *, now: datetime
) -> SignedIn | CodeNeeded:
    """Use up a link to choose a password with. Raises LinkOver, or Mistakes, after which the link is still good."""
    with database.reading() as session:
        _, user = open_link(session, token, LinkPurpose.set_password, now=now)
    password_hash = _good_hash(user, password)
    with database.transaction() as session:
        link, user = open_link(session, token, LinkPurpose.set_password, now=now)
        use_link(session, link, now=now)
        _set_password(session, user, password_hash, now=now)
        end_sessions(session, user.id, now=now, actor=user.actor)
        return let_in(session, user, caller, now=now)


def change_password(database: Database, own: UserSession, old: str, new: str, caller: Caller, *, now: datetime) -> None:
    """Change one's password; all one's other sessions end. Raises Mistakes or TooManyGuesses."""
    with database.transaction() as session:
        user = user_by_id(session, own.user_id, lock=True)
        if user.password_hash is None:
            raise FromElsewhere
        guess = count_guess(session, account_key(user.address), network_key(caller.network), now=now)
    if not is_right(old, user.password_hash)[0]:
        raise Mistakes({"old_password": "This is not your present password."})
    password_hash = _good_hash(user, new)
    with database.transaction() as session:
        take_back(session, guess)
        _set_password(session, user_by_id(session, user.id, lock=True), password_hash, now=now)
        end_sessions(session, user.id, now=now, actor=user.actor, but=own)


def end_second_factor(database: Database, own: UserSession, code: str, caller: Caller, *, now: datetime) -> None:
    """Switch one's own second factor off. Raises WrongCode or TooManyGuesses."""
    with database.transaction() as session:
        user = user_by_id(session, own.user_id, lock=True)
        guess = count_guess(session, code_key(user.id), network_key(caller.network), now=now)
        if use_code(session, user, code, now=now):
            take_back(session, guess)
            turn_off(session, user, now=now, actor=user.actor)
            return
    raise WrongCode


def _good_hash(user: User, password: str) -> str:
    mistake = mistake_in(password, name=user.name, address=user.address)
    if mistake:
        raise Mistakes({"password": mistake})
    return hashed(password)


def _set_password(session: Session, user: User, password_hash: str, *, now: datetime) -> None:
    user.password_hash = password_hash
    session.add(user)
    forget_links(session, user)
    note(session, user, "password-set", now=now, actor=user.actor)
