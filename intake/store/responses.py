"""Tables of what was said: responses, their additions and attachments, and the digests that make a letter count once.

Never holds an answer's bytes, and never an email's status.
"""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from intake.store.database import UtcDateTime, name_type


class Channel(StrEnum):
    """The way a response came."""

    email = "email"
    online = "online"
    imported = "import"
    meeting = "meeting"
    phone = "phone"
    letter = "letter"


class Nature(StrEnum):
    """What a response is. Only `response` counts and stops reminders."""

    response = "response"
    question = "question"
    neither = "neither"


class ResponseStatus(StrEnum):
    """How far officers are with a response. Whether it is withdrawn is `withdrawn_at`, beside it."""

    unread = "unread"
    read = "read"
    considered = "considered"


class Response(SQLModel, table=True):
    """One answer of one respondent to one consultation, by any channel."""

    __table_args__ = (
        sa.Index("ix_response_consultation_id_respondent_address", "consultation_id", "respondent_address"),
    )

    id: int = Field(default=None, primary_key=True)
    consultation_id: int = Field(foreign_key="consultation.id", index=True)
    reference: str = Field(unique=True, max_length=20)
    nature: Nature = Field(default=Nature.response, sa_type=name_type(Nature))
    channel: Channel = Field(sa_type=name_type(Channel))
    status: ResponseStatus = Field(default=ResponseStatus.unread, sa_type=name_type(ResponseStatus))
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    received_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime
    )  # None: not known, so neither late nor in time
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    respondent_name: str = ""
    respondent_address: str | None = Field(default=None, max_length=320)  # lower case
    organisation: str | None = Field(default=None, max_length=200)
    stakeholder_group: str | None = Field(default=None, max_length=80)
    consultee_id: int | None = Field(default=None, foreign_key="consultee.id", index=True)
    subject: str | None = None
    text: str
    own_words: str
    email_id: int | None = Field(default=None, foreign_key="inbound_email.id", index=True)
    possible_duplicate_of_id: int | None = Field(default=None, foreign_key="response.id")


class Addition(SQLModel, table=True):
    """A later email that belongs to a response. Judged by its own receipt; it never makes the response late."""

    __table_args__ = (sa.UniqueConstraint("response_id", "email_id"),)

    id: int = Field(default=None, primary_key=True)
    response_id: int = Field(foreign_key="response.id", index=True)
    email_id: int | None = Field(default=None, foreign_key="inbound_email.id", index=True)
    received_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    subject: str | None = None
    text: str
    own_words: str


class Attachment(SQLModel, table=True):
    """A file given with a response or an addition; `sha256` names its bytes in the file store."""

    id: int = Field(default=None, primary_key=True)
    response_id: int = Field(foreign_key="response.id", index=True)
    addition_id: int | None = Field(default=None, foreign_key="addition.id")
    position: int
    filename: str = Field(max_length=200)
    content_type: str = Field(max_length=200)
    size: int
    sha256: str = Field(max_length=64)


class LetterDigest(SQLModel, table=True):
    """A letter already taken in. Unique, so that of two copies by two routes the database lets only one through."""

    __tablename__ = "letter_digest"

    consultation_id: int = Field(primary_key=True, foreign_key="consultation.id")
    digest: str = Field(primary_key=True, max_length=64, index=True)
    email_id: int = Field(foreign_key="inbound_email.id")
