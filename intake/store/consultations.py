"""Tables of what people answer: consultations, their published addresses and questions,
stakeholder groups, changed deadlines, templates for replies, days off, and the reference counter.

Never judges an email; the dates' meaning is in `intake/deadlines.py`.
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col, select

from intake.errors import NotFound
from intake.store.database import UtcDateTime, name_type


class LatePolicy(StrEnum):
    """What becomes of a response received after closing. Each is recorded and acknowledged whatever the policy."""

    accept = "accept"  # counted like any other
    discretion = "discretion"  # an officer decides, by name and with a reason
    strict = "strict"  # kept and marked, not counted


class AddressKind(StrEnum):
    """How sure mail to a published address is meant for the consultation."""

    dedicated = "dedicated"  # only for this consultation
    personal = "personal"  # an officer's own


class OnlineForm(StrEnum):
    """How a consultation is answered on its public page."""

    off = "off"  # not at all: the page says how else
    question_a_page = "question-a-page"
    one_page = "one-page"


class QuestionKind(StrEnum):
    """What answers a question."""

    text = "text"  # free text
    choice = "choice"  # one of its options
    choices = "choices"  # any of its options
    scale = "scale"  # one of its options, which are in an order from one end to the other
    file = "file"  # files

    @property
    def has_options(self) -> bool:
        return self in (QuestionKind.choice, QuestionKind.choices, QuestionKind.scale)


class Consultation(SQLModel, table=True):
    """What people answer. `last_number` is the last reference given out; a number is never used again."""

    id: int = Field(default=None, primary_key=True)
    slug: str = Field(unique=True, max_length=80)
    title: str = Field(max_length=200)
    reference_prefix: str = Field(unique=True, max_length=8)
    timezone: str = Field(default="Europe/London", max_length=40)
    opens_at: datetime = Field(sa_type=UtcDateTime)
    closes_at: datetime = Field(sa_type=UtcDateTime)
    late_policy: LatePolicy = Field(default=LatePolicy.accept, sa_type=name_type(LatePolicy))
    about: str = ""  # what it is about, in a few paragraphs for everybody
    online_form: OnlineForm = Field(default=OnlineForm.off, sa_type=name_type(OnlineForm))
    grace_minutes: int = 30  # after closing: a form begun before may be handed in until then
    acknowledges_forwards: bool = False  # whether the writer of a letter that an officer forwarded is told
    subject_words: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    contact_name: str = Field(max_length=200)
    contact_address: str = Field(max_length=320)
    contact_phone: str | None = Field(default=None, max_length=40)
    next_steps: str
    privacy_notice: str
    last_number: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # no longer worked on, still kept
    version: int = 0  # counts the changes, so that of two at once the second is told
    quiet_from: time = time(20)  # local time: mailings wait from then
    quiet_until: time = time(8)  # until then; the same as `quiet_from`: they never wait
    outcome_url: str | None = Field(default=None, max_length=2000)  # the final document
    outcome_note: str | None = None  # what people are told with it
    outcome_published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    restored_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # what was due before may have gone out

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def reference(self, number: int) -> str:
        return f"{self.reference_prefix}-{number:04d}"


class PublishedAddress(SQLModel, table=True):
    """An address people are told to write to, in lower case."""

    __tablename__ = "published_address"
    __table_args__ = (
        sa.UniqueConstraint("consultation_id", "address"),
        # A dedicated address says by itself which consultation is meant, so it belongs to one only.
        sa.Index(
            "uq_published_address_dedicated",
            "address",
            unique=True,
            sqlite_where=sa.text("kind = 'dedicated'"),
            postgresql_where=sa.text("kind = 'dedicated'"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    consultation_id: int = Field(foreign_key="consultation.id", index=True)
    address: str = Field(max_length=320, index=True)
    kind: AddressKind = Field(sa_type=name_type(AddressKind))
    officer_name: str | None = Field(default=None, max_length=200)


class Question(SQLModel, table=True):
    """One question of a consultation, in its order."""

    __table_args__ = (sa.UniqueConstraint("consultation_id", "key"),)

    id: int = Field(default=None, primary_key=True)
    consultation_id: int = Field(foreign_key="consultation.id")
    position: int
    key: str = Field(max_length=40)
    text: str
    kind: QuestionKind = Field(default=QuestionKind.text, sa_type=name_type(QuestionKind))
    hint: str | None = None  # what helps to answer it, shown below it
    is_required: bool = False
    options: list[str] = Field(default_factory=list, sa_type=sa.JSON)  # in the order they are shown


class StakeholderGroup(SQLModel, table=True):
    """A kind of respondent, such as “school”, in the order officers are shown them."""

    __tablename__ = "stakeholder_group"
    __table_args__ = (sa.UniqueConstraint("consultation_id", "name"),)

    id: int = Field(default=None, primary_key=True)
    consultation_id: int = Field(foreign_key="consultation.id")
    position: int
    name: str = Field(max_length=80)


class DeadlineChange(SQLModel, table=True):
    """A closing time that was changed: what people had been told before, and why."""

    __tablename__ = "deadline_change"

    id: int = Field(default=None, primary_key=True)
    consultation_id: int = Field(foreign_key="consultation.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    user_id: int = Field(foreign_key="user_account.id")
    before: datetime = Field(sa_type=UtcDateTime)
    after: datetime = Field(sa_type=UtcDateTime)
    reason: str


class ReplyTemplate(SQLModel, table=True):
    """A text officers start a reply from. Without a consultation it serves them all."""

    __tablename__ = "reply_template"
    __table_args__ = (sa.UniqueConstraint("consultation_id", "name"),)

    id: int = Field(default=None, primary_key=True)
    consultation_id: int | None = Field(default=None, foreign_key="consultation.id")
    name: str = Field(max_length=80)
    text: str


class DayOff(SQLModel, table=True):
    """A day that counts as no working day beside England's bank holidays: proclaimed, or a school holiday."""

    __tablename__ = "day_off"

    day: date = Field(primary_key=True)
    name: str = Field(max_length=80)
    added_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # None: before reminders were


def consultation_by_slug(session: Session, slug: str) -> Consultation:
    """Raises NotFound naming the slug."""
    found = session.exec(select(Consultation).where(Consultation.slug == slug)).first()
    if found is None:
        raise NotFound(f"There is no consultation “{slug}”; intake consultation list shows them all.")
    return found


def next_references(session: Session, consultation: Consultation, count: int) -> list[str]:
    """Take so many. One statement, so two writers never get the same number."""
    last = session.execute(
        sa.update(Consultation)
        .where(col(Consultation.id) == consultation.id)
        .values(last_number=Consultation.last_number + count)
        .returning(col(Consultation.last_number)),
        execution_options={"synchronize_session": False},
    ).scalar_one()
    return [consultation.reference(number) for number in range(last - count + 1, last + 1)]


def questions_asked(session: Session, consultation: Consultation) -> Sequence[Question]:
    """In their order."""
    own = select(Question).where(Question.consultation_id == consultation.id)
    return session.exec(own.order_by(col(Question.position))).all()


def own_addresses(session: Session) -> frozenset[str]:
    """Every published address: what comes from one of them is our own, and gets no acknowledgement."""
    return frozenset(session.exec(select(PublishedAddress.address)))


def sending_address(session: Session, consultation: Consultation) -> str:
    """The address the consultation's own mail comes from: its first dedicated one, else the contact's."""
    dedicated = session.exec(
        select(PublishedAddress.address)
        .where(PublishedAddress.consultation_id == consultation.id, PublishedAddress.kind == AddressKind.dedicated)
        .order_by(col(PublishedAddress.id))
    ).first()
    return dedicated or consultation.contact_address
