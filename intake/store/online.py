"""Tables of what comes beside email: forms that are being filled in, receipts, imported rows, meetings, and what other
systems hand over.

Of the secrets in links and tokens only their SHA-256. Never holds an answer that was handed in.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from intake.store.database import UtcDateTime


class FormDraft(SQLModel, table=True):
    """A form that somebody fills in, by the secret in its address. Once handed in it only leads to its response."""

    __tablename__ = "form_draft"

    id: int = Field(default=None, primary_key=True)
    token_sha256: str = Field(unique=True, max_length=64)
    consultation_id: int = Field(foreign_key="consultation.id")
    begun_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime, index=True)
    fields: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)  # emptied when it is handed in
    response_id: int | None = Field(default=None, foreign_key="response.id")


class DraftFile(SQLModel, table=True):
    """A file given in a form that is not handed in yet."""

    __tablename__ = "draft_file"

    id: int = Field(default=None, primary_key=True)
    draft_id: int = Field(foreign_key="form_draft.id", index=True)
    question_id: int | None = Field(default=None, foreign_key="question.id")
    filename: str = Field(max_length=200)
    content_type: str = Field(max_length=200)
    size: int
    sha256: str = Field(max_length=64)


class Receipt(SQLModel, table=True):
    """A link to the page on which respondents see what was received of them. A response may have several."""

    id: int = Field(default=None, primary_key=True)
    token_sha256: str = Field(unique=True, max_length=64)
    response_id: int = Field(foreign_key="response.id", index=True)
    made_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    code_sha256: str | None = Field(default=None, max_length=64)  # mailed to confirm a withdrawal
    code_expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    code_tries: int = 0  # wrong ones since it was mailed


class ImportedRow(SQLModel, table=True):
    """A row of another platform's export that was taken in: the same row again is the same response."""

    __tablename__ = "imported_row"
    __table_args__ = (sa.UniqueConstraint("consultation_id", "key"),)

    id: int = Field(default=None, primary_key=True)
    consultation_id: int = Field(foreign_key="consultation.id")
    key: str = Field(max_length=220)  # the platform's identifier, else the row's digest and its number among equals
    row_sha256: str = Field(max_length=64)  # of its cells, to tell whether it changed
    response_id: int = Field(foreign_key="response.id", index=True)


class Meeting(SQLModel, table=True):
    """A meeting at which people answered; several responses may come of it."""

    id: int = Field(default=None, primary_key=True)
    consultation_id: int = Field(foreign_key="consultation.id", index=True)
    title: str = Field(max_length=200)
    held_on: date
    place: str = Field(max_length=200)
    officers: str = Field(max_length=500)  # who took part for the council
    attendance: int | None = None  # how many people came
    notes: str = ""
    created_by_id: int = Field(foreign_key="user_account.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 0


class ApiToken(SQLModel, table=True):
    """What lets one other system hand responses over, or read the log."""

    __tablename__ = "api_token"

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=80)  # of the system
    token_sha256: str = Field(unique=True, max_length=64)
    consultation_ids: list[int] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))  # None: every one
    may_write: bool = False
    may_read: bool = False
    sees_confidential: bool = False
    created_by_id: int = Field(foreign_key="user_account.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiRequest(SQLModel, table=True):
    """A request that was carried out. The same key again gets the same answer, and makes nothing twice."""

    __tablename__ = "api_request"

    token_id: int = Field(primary_key=True, foreign_key="api_token.id")
    key: str = Field(primary_key=True, max_length=200)
    body_sha256: str = Field(max_length=64)
    response_id: int | None = Field(default=None, foreign_key="response.id")  # None only while it is carried out
    at: datetime = Field(sa_type=UtcDateTime)
