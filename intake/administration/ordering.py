"""The order of a consultation's questions, groups and documents: positions without gaps, moved one place at a time."""

from collections.abc import Sequence
from typing import TypeVar

from sqlmodel import Session, col, select

from intake.errors import NotFound
from intake.store.consultations import Consultation, Question, StakeholderGroup
from intake.store.mailings import ConsultationDocument

Row = TypeVar("Row", Question, StakeholderGroup, ConsultationDocument)


def rows_of(session: Session, consultation: Consultation, table: type[Row]) -> Sequence[Row]:
    """In their order."""
    own = select(table).where(table.consultation_id == consultation.id)
    return session.exec(own.order_by(col(table.position), col(table.id))).all()


def row_of(session: Session, consultation: Consultation, table: type[Row], row_id: int) -> Row:
    """Raises NotFound for another consultation's."""
    found = session.get(table, row_id)
    if found is None or found.consultation_id != consultation.id:
        raise NotFound
    return found


def move_row(session: Session, consultation: Consultation, row: Row, *, places: int) -> None:
    """Up by negative places; past an end it stays there."""
    rows = [one for one in rows_of(session, consultation, type(row)) if one.id != row.id]
    before = [one.id for one in rows_of(session, consultation, type(row))].index(row.id)
    rows.insert(max(0, min(before + places, len(rows))), row)
    number(session, rows)


def number(session: Session, rows: Sequence[Row]) -> None:
    for position, row in enumerate(rows, start=1):
        row.position = position
    session.flush()
