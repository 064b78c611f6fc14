"""Tables of what is written to many: reminder rules, mailings, the texts of emails with their versions, and documents.

Never says who is written to, nor when a rule is due.
"""

from datetime import date, datetime, time
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from intake.schedules import Anchor, DayUnit, OffDays, Schedule
from intake.store.database import UtcDateTime, name_type


class Audience(StrEnum):
    """Whom a rule is for."""

    unanswered = "unanswered"  # consultees who have not answered by any channel
    everyone = "everyone"  # all consultees
    officers_waiting = "officers-waiting"  # officers, while responses are unread or emails held
    officers_digest = "officers-digest"  # officers, whatever waits

    @property
    def is_officers(self) -> bool:
        return self in (Audience.officers_waiting, Audience.officers_digest)

    @property
    def kind(self) -> str:
        """Of the emails to them."""
        return {Audience.officers_waiting: "officer-reminder", Audience.officers_digest: "digest"}.get(self, "reminder")


class ReminderRule(SQLModel, table=True):
    """When which mail is due to whom. A rule that was removed keeps its row, as its mailings point at it."""

    __tablename__ = "reminder_rule"

    id: int = Field(default=None, primary_key=True)
    consultation_id: int = Field(foreign_key="consultation.id", index=True)
    name: str = Field(max_length=120)
    audience: Audience = Field(sa_type=name_type(Audience))
    groups: list[str] = Field(default_factory=list, sa_type=sa.JSON)  # of consultees; empty: all
    anchor: Anchor = Field(sa_type=name_type(Anchor))
    amount: int = 0  # of `unit`; below 0 before the anchor, above 0 after it
    unit: DayUnit = Field(default=DayUnit.days, sa_type=name_type(DayUnit))
    weekdays: list[int] = Field(default_factory=list, sa_type=sa.JSON)  # 0 is Monday
    clock: time  # local time of the consultation's timezone
    off_days: OffDays = Field(default=OffDays.earlier, sa_type=name_type(OffDays))
    template_id: int | None = Field(default=None, foreign_key="email_template.id")  # None: the text for its kind
    is_on: bool = True
    set_at: datetime = Field(sa_type=UtcDateTime)  # what was due before it was set, or turned on, is not sent
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 0

    @property
    def schedule(self) -> Schedule:
        days = frozenset(self.weekdays)
        return Schedule(self.anchor, self.clock, self.amount, self.unit, days, self.off_days)


class Mailing(SQLModel, table=True):
    """One email to many, queued at once: a rule's on one due day, an invitation, a notice.

    A rule's mailing of a due day is made once, whatever crashes and however many workers run.
    """

    __table_args__ = (sa.UniqueConstraint("rule_id", "due_on"),)

    id: int = Field(default=None, primary_key=True)
    consultation_id: int = Field(foreign_key="consultation.id", index=True)
    kind: str = Field(max_length=40)  # of its emails
    rule_id: int | None = Field(default=None, foreign_key="reminder_rule.id")
    due_on: date | None = None  # a rule's
    due_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # from then on it is missed
    deadline_change_id: int | None = Field(default=None, foreign_key="deadline_change.id")  # the change it tells of
    template_id: int | None = Field(default=None, foreign_key="email_template.id")
    user_id: int | None = Field(default=None, foreign_key="user_account.id")  # who started it; None: its rule
    created_at: datetime = Field(sa_type=UtcDateTime)
    missed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # noticed after its day: nothing was queued
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class EmailTemplate(SQLModel, table=True):
    """A text an administrator wrote for one kind of email of a consultation, in place of the product's own.

    What it says is in its versions, the newest of each language. One that was removed keeps its row.
    """

    __tablename__ = "email_template"

    id: int = Field(default=None, primary_key=True)
    consultation_id: int = Field(foreign_key="consultation.id", index=True)
    kind: str = Field(max_length=40)
    name: str = Field(max_length=80)
    is_default: bool = True  # used for its kind wherever no template is named
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class EmailTemplateVersion(SQLModel, table=True):
    """What a template said from one change to the next, in one language. Written once, never edited."""

    __tablename__ = "email_template_version"
    __table_args__ = (sa.UniqueConstraint("template_id", "language", "number"),)

    id: int = Field(default=None, primary_key=True)
    template_id: int = Field(foreign_key="email_template.id")
    language: str = Field(max_length=8)
    number: int
    subject: str
    text: str
    at: datetime = Field(sa_type=UtcDateTime)
    user_id: int = Field(foreign_key="user_account.id")


class ConsultationDocument(SQLModel, table=True):
    """What the consultation is about, to read: a page elsewhere (`url`), or a stored file that anybody may fetch."""

    __tablename__ = "consultation_document"

    id: int = Field(default=None, primary_key=True)
    consultation_id: int = Field(foreign_key="consultation.id", index=True)
    position: int
    name: str = Field(max_length=200)
    url: str | None = Field(default=None, max_length=2000)
    filename: str | None = Field(default=None, max_length=200)  # of a stored file:
    content_type: str | None = Field(default=None, max_length=200)
    size: int | None = None
    sha256: str | None = Field(default=None, max_length=64)
