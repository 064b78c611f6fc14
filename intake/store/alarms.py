"""Tables of what stopped working, of who looks, and of the emails we send to ourselves to see. Judges no alarm."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from intake.store.database import UtcDateTime


class Alarm(SQLModel, table=True):
    """One thing that is wrong, or was. Of each there is at most one that is not over."""

    __table_args__ = (
        sa.Index(
            "uq_alarm_standing",
            "key",
            unique=True,
            sqlite_where=sa.text("over_at IS NULL"),
            postgresql_where=sa.text("over_at IS NULL"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    key: str = Field(max_length=120)  # such as "mailbox-silent:office"
    sentence: str
    since: datetime = Field(sa_type=UtcDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # administrators, by email
    over_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    over_told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LastLook(SQLModel, table=True):
    """When a worker last looked for alarms: one row, so that it is seen when none runs any more."""

    __tablename__ = "last_look"

    id: int = Field(default=1, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)


class RoundTrip(SQLModel, table=True):
    """A marked email to a published address, to see whether it comes in again."""

    __tablename__ = "round_trip"
    __table_args__ = (sa.UniqueConstraint("address", "slot"),)

    id: int = Field(default=None, primary_key=True)
    address: str = Field(max_length=320)
    slot: int  # the number of its interval, so that of several workers one sends it
    message_id: str = Field(unique=True, max_length=200)
    sent_at: datetime = Field(sa_type=UtcDateTime)
    came_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
