"""All that is known of one consultee: whether it answered, what it wrote, what was and will be sent to it, and what was
done to its record. Changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.outbound.recipients import is_open_to_others
from intake.outbound.reminding import Planned, planned_for
from intake.responses.answering import Standing, standing_of
from intake.responses.recounting import Told, tell
from intake.responses.thread import Outgoing
from intake.store.consultations import Consultation
from intake.store.emails import OutgoingEmail
from intake.store.history import history_of
from intake.store.people import Consultee
from intake.store.responses import Response
from intake.store.users import User

MOST = 200  # of what was sent, and of what was done


@dataclass(frozen=True, slots=True)
class ConsulteeRecord:
    """`responses`: of any nature, withdrawn ones too. What was sent and done: the latest first."""

    standing: Standing
    responses: Sequence[Response]
    sent: Sequence[Outgoing]
    planned: Sequence[Planned]
    history: Sequence[Told]

    @property
    def next_reminder(self) -> Planned | None:
        """The next that goes to any of its contacts, as things stand."""
        return next((one for one in self.planned if any(verdict.goes for verdict in one.verdicts)), None)


def record_of(session: Session, consultation: Consultation, consultee: Consultee, *, now: datetime) -> ConsulteeRecord:
    standing = standing_of(session, consultation, consultee)
    addresses = [contact.row.address for contact in standing.contacts]
    return ConsulteeRecord(
        standing,
        _responses(session, consultee, addresses),
        _sent(session, consultee, addresses),
        planned_for(session, consultee, now=now) if consultation.archived_at is None else [],
        _history(session, consultee),
    )


def _responses(session: Session, consultee: Consultee, addresses: Sequence[str]) -> Sequence[Response]:
    """Those matched to it, and those from one of its addresses that are nobody else's: all that may be its answer."""
    is_open = sa.and_(is_open_to_others(), ~col(Response.is_uninvited))
    from_them = sa.and_(col(Response.respondent_address).in_(addresses), is_open)
    found = select(Response).where(
        Response.consultation_id == consultee.consultation_id,
        sa.or_(col(Response.consultee_id) == consultee.id, from_them),
    )
    return session.exec(found.order_by(col(Response.id))).all()


def _sent(session: Session, consultee: Consultee, addresses: Sequence[str]) -> list[Outgoing]:
    """Mailings to it, and what else went to its contacts about the consultation, such as an acknowledgement."""
    to_them = sa.and_(col(OutgoingEmail.consultee_id).is_(None), col(OutgoingEmail.recipient_address).in_(addresses))
    found = (
        select(OutgoingEmail, User.name)
        .outerjoin(User, col(User.id) == OutgoingEmail.user_id)
        .where(OutgoingEmail.consultation_id == consultee.consultation_id)
        .where(sa.or_(col(OutgoingEmail.consultee_id) == consultee.id, to_them))
        .order_by(col(OutgoingEmail.id).desc())
    )
    return [Outgoing(row, name) for row, name in session.exec(found.limit(MOST))]


def _history(session: Session, consultee: Consultee) -> list[Told]:
    return tell(session, history_of(session, consultee, most=MOST))
