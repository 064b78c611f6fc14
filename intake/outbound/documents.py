"""The documents of a consultation, as pages and emails name them: what each is called and where it can be read.

Never changes one; `intake/administration/documents.py` does.
"""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from intake.store.consultations import Consultation
from intake.store.mailings import ConsultationDocument


def documents_of(session: Session, consultation: Consultation) -> Sequence[ConsultationDocument]:
    """In their order."""
    own = select(ConsultationDocument).where(ConsultationDocument.consultation_id == consultation.id)
    return session.exec(own.order_by(col(ConsultationDocument.position), col(ConsultationDocument.id))).all()


def documents_for(session: Session, consultation: Consultation, *, base_url: str) -> list[tuple[str, str]]:
    """Name and whole address of each, in their order. `base_url` is where the pages are served."""
    return [(row.name, address_of(row, base_url=base_url)) for row in documents_of(session, consultation)]


def address_of(row: ConsultationDocument, *, base_url: str) -> str:
    """Where anybody can read it: elsewhere, or the download of a stored file."""
    return row.url or f"{base_url}/documents/{row.id}"
