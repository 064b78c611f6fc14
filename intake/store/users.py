"""Tables of who works here: users, their sessions and one-time links, the consultations they are given, saved views.

Holds no secret that opens a door: of tokens only their SHA-256, of passwords only their argon2 hash. Never decides who
may do what (`intake/accounts` does).
"""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from intake.store.database import UtcDateTime, name_type


class Role(StrEnum):
    """What a user may do."""

    officer = "officer"  # works on the responses of the consultations they are given
    administrator = "administrator"  # sees all, and sets up consultations, mailboxes and users


class User(SQLModel, table=True):
    """One person who signs in. A user is disabled, never deleted: the history names them."""

    __tablename__ = "user_account"  # "user" is a reserved word in SQL

    id: int = Field(default=None, primary_key=True)
    address: str = Field(unique=True, max_length=320)  # lower case
    name: str = Field(max_length=200)
    role: Role = Field(sa_type=name_type(Role))
    password_hash: str | None = Field(default=None, max_length=200)  # None: none set, or signs in elsewhere
    totp_secret: str | None = Field(default=None, max_length=64)  # None: no second factor
    totp_last_step: int | None = Field(default=None, sa_type=sa.BigInteger)  # RFC 6238: a code is good once
    identity: str | None = Field(default=None, unique=True, max_length=500)  # issuer and subject of OpenID Connect
    created_at: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_signed_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def actor(self) -> str:
        """How the history names this user."""
        return f"user {self.id}"

    @property
    def is_administrator(self) -> bool:
        return self.role is Role.administrator


class ConsultationAccess(SQLModel, table=True):
    """A consultation an officer is given. Administrators need none."""

    __tablename__ = "consultation_access"

    user_id: int = Field(primary_key=True, foreign_key="user_account.id")
    consultation_id: int = Field(primary_key=True, foreign_key="consultation.id", index=True)


class UserSession(SQLModel, table=True):
    """One browser that is signed in. Its cookie's token is not kept, only the token's SHA-256."""

    __tablename__ = "user_session"

    id: int = Field(default=None, primary_key=True)
    token_sha256: str = Field(unique=True, max_length=64)
    form_token: str = Field(max_length=64)  # expected in every form that is sent from this session
    user_id: int = Field(foreign_key="user_account.id", index=True)
    began_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    browser: str = Field(default="", max_length=200)
    notice: str | None = None  # what the last form did, shown once on the next page


class LinkPurpose(StrEnum):
    """What a one-time link is for."""

    set_password = "set_password"  # noqa: S105  # a purpose, not a password
    sign_in = "sign_in"  # the demo's officer only
    code = "code"  # between a right password and the code of the second factor; in a cookie, not in an address


class OneTimeLink(SQLModel, table=True):
    """A link that lets somebody in once. To open it changes nothing; the form on its page does."""

    __tablename__ = "one_time_link"

    token_sha256: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    purpose: LinkPurpose = Field(sa_type=name_type(LinkPurpose))
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SignInAttempt(SQLModel, table=True):
    """A failed guess, under the SHA-256 of the account or the network address it is counted for."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (sa.Index("ix_sign_in_attempt_key_at", "key", "at"),)

    id: int = Field(default=None, primary_key=True)
    key: str = Field(max_length=64)
    at: datetime = Field(sa_type=UtcDateTime)


class ExternalSignIn(SQLModel, table=True):
    """A sign-in under way at the identity provider, under the SHA-256 of its `state`."""

    __tablename__ = "external_sign_in"

    state_sha256: str = Field(primary_key=True, max_length=64)
    nonce: str = Field(max_length=100)
    verifier: str = Field(max_length=128)  # RFC 7636
    wanted: str = Field(max_length=2000)  # the path that was asked for
    expires_at: datetime = Field(sa_type=UtcDateTime)


class SavedView(SQLModel, table=True):
    """Filters of the log that a user gave a name."""

    __tablename__ = "saved_view"
    __table_args__ = (sa.UniqueConstraint("user_id", "name"),)

    id: int = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id")
    name: str = Field(max_length=80)
    query: str = Field(max_length=2000)
