"""Emails of mailings as they lie in the outbox, for tests of what becomes of them there."""

from typing import Any

from sqlmodel import select

from intake.mail.compose import new_message_id
from intake.outbound.opting_out import opt_out
from intake.store.consultations import Consultation, consultation_by_slug
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.users import Role, User
from tests.office import MAIL_DOMAIN, Office
from tests.people import ASHA, CAROL

REVIEW_SLUG = "improving-education-outcomes"


def add_mailed(
    office: Office, address: str = CAROL, *, kind: str = "reminder", slug: str = REVIEW_SLUG, **given: Any
) -> OutgoingEmail:
    """An email of this kind that waits, with its link's token, as the mailing queued it."""
    number = len(office.outgoing()) + 1
    with office.database.transaction() as session:
        theirs = select(ConsulteeAddress.consultee_id).where(ConsulteeAddress.address == address)
        values: dict[str, Any] = {
            "kind": kind,
            "once_key": f"{kind}:{number}:{address}",
            "consultation_id": consultation_by_slug(session, slug).id,
            "recipient_address": address,
            "message_id": new_message_id(kind, MAIL_DOMAIN),
            "status": OutgoingStatus.queued,
            "queued_at": office.now,
            "due_at": office.now,
            "consultee_id": session.exec(theirs).first(),
            "opt_out_token": f"token-of-email-number-{number:04d}",
            **given,
        }
        row = OutgoingEmail(**values)
        session.add(row)
        session.flush()
        return row


def outgoing(office: Office, row: OutgoingEmail) -> OutgoingEmail:
    """As it stands now."""
    return next(one for one in office.outgoing() if one.id == row.id)


def review(office: Office, slug: str = REVIEW_SLUG) -> Consultation:
    with office.database.reading() as session:
        return consultation_by_slug(session, slug)


def asha(office: Office) -> User:
    """Asha's account, made when it is first asked for."""
    with office.database.transaction() as session:
        found = session.exec(select(User).where(User.address == ASHA)).first()
        found = found or User(address=ASHA, name="Asha Rahman", role=Role.officer, created_at=office.now)
        session.add(found)
        session.flush()
        return found


def set_language(office: Office, address: str, language: str) -> None:
    with office.database.transaction() as session:
        theirs = select(Consultee).join(ConsulteeAddress).where(ConsulteeAddress.address == address)
        session.exec(theirs).one().language = language


def opt_out_of(office: Office, address: str, *, slug: str = REVIEW_SLUG) -> None:
    """As the link in an email does."""
    with office.database.transaction() as session:
        opt_out(session, consultation_by_slug(session, slug).id, address, now=office.now)
