"""Tables of those invited: consultees and their addresses. Never says who has answered."""

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class Consultee(SQLModel, table=True):
    """An organisation or person invited to one consultation."""

    __table_args__ = (sa.UniqueConstraint("consultation_id", "organisation"),)

    id: int = Field(default=None, primary_key=True)
    consultation_id: int = Field(foreign_key="consultation.id")
    organisation: str = Field(max_length=200)
    stakeholder_group: str = Field(max_length=80)


class ConsulteeAddress(SQLModel, table=True):
    """An address a consultee writes from, in lower case."""

    __tablename__ = "consultee_address"
    __table_args__ = (sa.UniqueConstraint("consultee_id", "address"),)

    id: int = Field(default=None, primary_key=True)
    consultee_id: int = Field(foreign_key="consultee.id")
    address: str = Field(max_length=320, index=True)
