"""Tables of what was said: responses, their additions and attachments, what officers noted on them, and the digests
that make a letter count once.

Never holds an answer's bytes, and never an email's status.
"""

from collections.abc import Sequence
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


KEYED_CHANNELS = (Channel.letter, Channel.phone, Channel.meeting)
"""Those of what officers key in, whose receipt is their word."""


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


class LateDecision(StrEnum):
    """What an officer decided of a late response, where the consultation leaves it to their discretion."""

    counted = "counted"
    not_counted = "not_counted"


class Wish(StrEnum):
    """What a respondent asks for in an email, as an officer deals with it."""

    withdrawal = "withdrawal"
    replacement = "replacement"
    confidentiality = "confidentiality"


class Response(SQLModel, table=True):
    """One answer of one respondent to one consultation, by any channel."""

    __table_args__ = (
        sa.Index("ix_response_consultation_id_respondent_address", "consultation_id", "respondent_address"),
        sa.Index(
            "ix_response_in_grace",
            "consultation_id",
            sqlite_where=sa.text("is_in_grace = 1"),
            postgresql_where=sa.text("is_in_grace"),
        ),
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
    is_uninvited: bool = False  # an officer said that it is no consultee's, so that none is proposed again
    subject: str | None = None
    text: str
    own_words: str
    email_id: int | None = Field(default=None, foreign_key="inbound_email.id", index=True)
    possible_duplicate_of_id: int | None = Field(default=None, foreign_key="response.id")
    forwarded_by: str | None = Field(default=None, max_length=320)  # the officer's address it was handed on from
    forwarded_note: str | None = None  # what that officer wrote above it
    may_publish: bool | None = None  # whether they agreed to that; None: nobody asked
    is_for_organisation: bool | None = None  # as they said themselves
    is_in_grace: bool = False  # a form begun before closing and handed in soon after: it is in time
    meeting_id: int | None = Field(default=None, foreign_key="meeting.id", index=True)  # at which it was said
    original_sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # as the forward says: anybody's word
    contains_forward: bool = False  # a respondent passed on somebody else's letter; it stays the respondent's
    added_words: str = ""  # the own words of all its additions, to be searched with its own
    version: int = 0  # counts officers' changes, so that of two at once the second is told
    officer_id: int | None = Field(default=None, foreign_key="user_account.id", index=True)
    is_confidential: bool = False
    is_abusive: bool = False
    needs_reply: bool = False
    late_decision: LateDecision | None = Field(default=None, sa_type=name_type(LateDecision))
    late_decision_reason: str | None = None
    late_decided_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    late_decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Addition(SQLModel, table=True):
    """What came later and belongs to a response: an email, or what was written on its receipt's page.

    Judged by its own receipt; it never makes the response late.
    """

    __table_args__ = (sa.UniqueConstraint("response_id", "email_id"),)

    id: int = Field(default=None, primary_key=True)
    response_id: int = Field(foreign_key="response.id", index=True)
    email_id: int | None = Field(default=None, foreign_key="inbound_email.id", index=True)
    channel: Channel = Field(default=Channel.email, sa_type=name_type(Channel))
    received_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    subject: str | None = None
    text: str
    own_words: str


def answer_words(chosen: Sequence[str], text: str) -> str:
    """What was said to one question: the options first, then what was written."""
    return "\n".join(filter(None, (", ".join(chosen), text)))


class Answer(SQLModel, table=True):
    """What a response says to one question. It keeps the question as it was asked."""

    __table_args__ = (sa.Index("ix_answer_response_id_position", "response_id", "position"),)

    id: int = Field(default=None, primary_key=True)
    response_id: int = Field(foreign_key="response.id")
    question_id: int | None = Field(default=None, foreign_key="question.id", index=True)
    position: int
    question: str
    text: str = ""  # free text; of a question with options, whatever was said beside them
    chosen: list[str] = Field(default_factory=list, sa_type=sa.JSON)  # of the question's options

    @property
    def words(self) -> str:
        return answer_words(self.chosen, self.text)


class Attachment(SQLModel, table=True):
    """A file given with a response or an addition; `sha256` names its bytes in the file store."""

    id: int = Field(default=None, primary_key=True)
    response_id: int = Field(foreign_key="response.id", index=True)
    addition_id: int | None = Field(default=None, foreign_key="addition.id")
    question_id: int | None = Field(default=None, foreign_key="question.id")  # that it answers
    position: int
    filename: str = Field(max_length=200)
    content_type: str = Field(max_length=200)
    size: int
    sha256: str = Field(max_length=64)


class RespondentWish(SQLModel, table=True):
    """What an email asks for beside its answer, open until an officer settled it."""

    __tablename__ = "respondent_wish"
    __table_args__ = (sa.UniqueConstraint("response_id", "email_id", "wish"),)

    id: int = Field(default=None, primary_key=True)
    response_id: int = Field(foreign_key="response.id")
    email_id: int = Field(foreign_key="inbound_email.id", index=True)
    wish: Wish = Field(sa_type=name_type(Wish))
    sentence: str = Field(max_length=300)  # in which it was asked
    asked_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_by_id: int | None = Field(default=None, foreign_key="user_account.id")


class LetterDigest(SQLModel, table=True):
    """A letter already taken in. Unique, so that of two copies by two routes the database lets only one through."""

    __tablename__ = "letter_digest"

    consultation_id: int = Field(primary_key=True, foreign_key="consultation.id")
    digest: str = Field(primary_key=True, max_length=64, index=True)
    email_id: int = Field(foreign_key="inbound_email.id")


class ResponseNote(SQLModel, table=True):
    """What an officer wrote beside a response, for other officers."""

    __tablename__ = "response_note"

    id: int = Field(default=None, primary_key=True)
    response_id: int = Field(foreign_key="response.id", index=True)
    user_id: int = Field(foreign_key="user_account.id")
    at: datetime = Field(sa_type=UtcDateTime)
    text: str


class ResponseTag(SQLModel, table=True):
    """A word officers find responses by, in lower case with single spaces."""

    __tablename__ = "response_tag"

    response_id: int = Field(primary_key=True, foreign_key="response.id")
    tag: str = Field(primary_key=True, max_length=40, index=True)


class FormerReference(SQLModel, table=True):
    """A reference given out for a response before it was moved to another consultation. It still finds it."""

    __tablename__ = "former_reference"

    reference: str = Field(primary_key=True, max_length=20)
    response_id: int = Field(foreign_key="response.id", index=True)


class ResponseViewing(SQLModel, table=True):
    """A user who has a response open, for the others who open it; forgotten after minutes, so no record of reading."""

    __tablename__ = "response_viewing"

    response_id: int = Field(primary_key=True, foreign_key="response.id")
    user_id: int = Field(primary_key=True, foreign_key="user_account.id")
    at: datetime = Field(sa_type=UtcDateTime)
