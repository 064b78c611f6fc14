"""The table of officers' decisions about held and failed emails.

The web writes one, the worker carries it out (`inbound/writing.py`). Kept for ever: it says what was decided and by
whom. Never an email's status.
"""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from intake.store.database import UtcDateTime, name_type
from intake.store.responses import Nature


class DecisionKind(StrEnum):
    """What is to become of the email."""

    record = "record"  # a response of its own to `consultation_id`
    addition = "addition"  # an addition to `response_id`
    ignore = "ignore"  # it needs nothing; `reason` and `words` say why
    again = "again"  # read and judged again, as if it had just come
    fetch = "fetch"  # fetched whole, however large


class Decision(SQLModel, table=True):
    """One decision of one user about one email. `carried_out_at` is None until its outcome is written."""

    __table_args__ = (sa.Index("ix_decision_email_id_carried_out_at", "email_id", "carried_out_at"),)

    id: int = Field(default=None, primary_key=True)
    email_id: int = Field(foreign_key="inbound_email.id")
    user_id: int = Field(foreign_key="user_account.id")
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    kind: DecisionKind = Field(sa_type=name_type(DecisionKind))
    consultation_id: int | None = Field(default=None, foreign_key="consultation.id")
    response_id: int | None = Field(default=None, foreign_key="response.id")
    nature: Nature | None = Field(default=None, sa_type=name_type(Nature))
    reason: str | None = Field(default=None, max_length=40)
    words: str | None = None
    # Of an officer's forward: who wrote the original and when it came, as the officer confirmed them.
    respondent_name: str | None = Field(default=None, max_length=200)
    respondent_address: str | None = Field(default=None, max_length=320)
    received_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_acknowledged: bool = True
    carried_out_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
