"""The emails that wait for a person, and those that could not be read. Never decides about one."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from intake.store.consultations import Consultation
from intake.store.emails import EmailStatus, InboundEmail


def emails_held(session: Session) -> Sequence[tuple[InboundEmail, Consultation | None]]:
    """Oldest first, each with the consultation it seems meant for."""
    return session.exec(
        select(InboundEmail, Consultation)
        .join(Consultation, col(Consultation.id) == InboundEmail.consultation_id, isouter=True)
        .where(col(InboundEmail.status).in_([EmailStatus.held, EmailStatus.failed]))
        .order_by(col(InboundEmail.id))
    ).all()
