"""Tables of those invited: consultees and their contacts' addresses, who wants no more mail, and which addresses are
dead. Never says who has answered.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col, select

from intake.store.consultations import StakeholderGroup
from intake.store.database import UtcDateTime

ENGLISH, WELSH = "en", "cy"


class Consultee(SQLModel, table=True):
    """An organisation or person invited to one consultation.

    One that is no longer invited keeps its row, as responses and sent mail point at it.
    """

    __table_args__ = (
        sa.UniqueConstraint("consultation_id", "organisation"),
        sa.Index("uq_consultee_consultation_id_key", "consultation_id", "key", unique=True),
    )

    id: int = Field(default=None, primary_key=True)
    consultation_id: int = Field(foreign_key="consultation.id")
    organisation: str = Field(max_length=200)
    stakeholder_group: str = Field(max_length=80)
    key: str | None = Field(default=None, max_length=80)  # the council's own number for it, such as a school's URN
    domain: str | None = Field(default=None, max_length=255)  # of its addresses; several consultees may share one
    language: str = Field(default=ENGLISH, max_length=8)  # of what is written to it: "en" or "cy" (BCP 47)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # no longer invited
    version: int = 0  # counts the changes to it and its contacts, so that of two at once the second is told


class ConsulteeAddress(SQLModel, table=True):
    """A contact: an address a consultee writes from, in lower case, and whose it is."""

    __tablename__ = "consultee_address"
    __table_args__ = (sa.UniqueConstraint("consultee_id", "address"),)

    id: int = Field(default=None, primary_key=True)
    consultee_id: int = Field(foreign_key="consultee.id")
    address: str = Field(max_length=320, index=True)
    name: str = Field(default="", max_length=200)
    is_mailed: bool = True  # False: only known to write from it


class OptOut(SQLModel, table=True):
    """Somebody wants no more mailings about a consultation. Undone by an officer, it keeps its row and the reason."""

    __tablename__ = "opt_out"
    __table_args__ = (sa.UniqueConstraint("consultation_id", "address"),)

    id: int = Field(default=None, primary_key=True)
    consultation_id: int = Field(foreign_key="consultation.id")
    address: str = Field(max_length=320)  # lower case
    at: datetime = Field(sa_type=UtcDateTime)
    user_id: int | None = Field(default=None, foreign_key="user_account.id")  # None: the person, by the link
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    undone_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    undone_reason: str | None = None


class DeadAddress(SQLModel, table=True):
    """An address mail came back from for good, whatever the consultation: skipped until an officer says it works."""

    __tablename__ = "dead_address"

    id: int = Field(default=None, primary_key=True)
    address: str = Field(unique=True, max_length=320)  # lower case
    bounced_at: datetime = Field(sa_type=UtcDateTime)
    outgoing_id: int = Field(foreign_key="outgoing_email.id")  # the email that came back
    revived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revived_by_id: int | None = Field(default=None, foreign_key="user_account.id")


def named_groups(session: Session, consultation_id: int) -> Sequence[str]:
    """The stakeholder groups of a consultation in their order."""
    own = select(StakeholderGroup.name).where(StakeholderGroup.consultation_id == consultation_id)
    return session.exec(own.order_by(col(StakeholderGroup.position))).all()


def groups_of(session: Session, consultation_id: int) -> list[str]:
    """The same, and after them those that only its consultees name."""
    used = select(Consultee.stakeholder_group).where(Consultee.consultation_id == consultation_id).distinct()
    return list(
        dict.fromkeys(
            [*named_groups(session, consultation_id), *session.exec(used.order_by(col(Consultee.stakeholder_group)))]
        )
    )
