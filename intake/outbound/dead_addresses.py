"""Addresses that mail came back from for good: no mailing goes there until an officer says that it works again.

An address is dead for all consultations. It never stops an acknowledgement or an officer's reply.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from intake.errors import NotFound
from intake.store.consultations import Consultation
from intake.store.database import add_if_new
from intake.store.emails import OutgoingEmail
from intake.store.history import WORKER, note
from intake.store.people import Consultee, ConsulteeAddress, DeadAddress
from intake.store.responses import Response
from intake.store.users import User

SOME = 1000
"""As many addresses as any database takes in one statement, or fewer."""
_IS_DEAD = sa.or_(col(DeadAddress.revived_at).is_(None), col(DeadAddress.bounced_at) > col(DeadAddress.revived_at))


@dataclass(frozen=True, slots=True)
class Dead:
    """A dead address of a consultation, the email that came back, and whose the address is there."""

    row: DeadAddress
    outgoing: OutgoingEmail
    contacts: Sequence[tuple[ConsulteeAddress, Consultee]]
    responses: Sequence[Response]


def mark_dead(session: Session, outgoing: OutgoingEmail, *, now: datetime) -> bool:
    """This email came back for good, or its recipient was refused as unknown. Says whether that makes it dead.

    What was sent before an officer said that the address works again says nothing new, however late its report comes.
    """
    address = outgoing.recipient_address.lower()
    add_if_new(session, DeadAddress, address=address, bounced_at=now, outgoing_id=outgoing.id)
    own = select(DeadAddress).where(DeadAddress.address == address)
    row = session.exec(own.with_for_update().execution_options(populate_existing=True)).one()
    went_at = outgoing.sent_at or outgoing.attempted_at
    if row.revived_at and went_at and went_at <= row.revived_at:
        return False
    row.bounced_at, row.outgoing_id = now, outgoing.id
    session.flush()
    note(session, row, "bounced", now=now, actor=WORKER, outgoing=outgoing.id)
    return True


def revive(session: Session, row: DeadAddress, *, user: User, now: datetime) -> None:
    """Mail goes there again, until the next comes back."""
    row.revived_at, row.revived_by_id = now, user.id
    session.flush()
    note(session, row, "revived", now=now, actor=user.actor)


def dead(session: Session, addresses: Collection[str]) -> set[str]:
    """Those of these addresses that are dead, in lower case."""
    wanted = sorted({address.lower() for address in addresses})
    parts = (wanted[start : start + SOME] for start in range(0, len(wanted), SOME))
    found = (select(DeadAddress.address).where(col(DeadAddress.address).in_(part), _IS_DEAD) for part in parts)
    return {address for some in found for address in session.exec(some)}


def dead_addresses(session: Session, consultation: Consultation) -> list[Dead]:
    """Those of its consultees' contacts and of its respondents, the latest first."""
    rows = session.exec(_of(consultation).order_by(col(DeadAddress.bounced_at).desc(), col(DeadAddress.id))).all()
    return [_dead(session, consultation, row) for row in rows]


def dead_address(session: Session, consultation: Consultation, dead_id: int) -> Dead:
    """One of them, nobody else's to change until the transaction ends. Raises NotFound, also where it was revived."""
    row = session.exec(_of(consultation).where(DeadAddress.id == dead_id).with_for_update()).first()
    if row is None:
        raise NotFound
    return _dead(session, consultation, row)


def _of(consultation: Consultation) -> SelectOfScalar[DeadAddress]:
    contacts = _contacts(consultation).with_only_columns(col(ConsulteeAddress.address))
    respondents = _responses(consultation).with_only_columns(col(Response.respondent_address))
    address = col(DeadAddress.address)
    return select(DeadAddress).where(_IS_DEAD, sa.or_(address.in_(contacts), address.in_(respondents)))


def _dead(session: Session, consultation: Consultation, row: DeadAddress) -> Dead:
    contacts = _contacts(consultation).where(col(ConsulteeAddress.address) == row.address)
    responses = _responses(consultation).where(col(Response.respondent_address) == row.address)
    return Dead(
        row,
        session.get_one(OutgoingEmail, row.outgoing_id),
        [(contact, consultee) for contact, consultee in session.execute(contacts)],
        session.execute(responses).scalars().all(),
    )


def _contacts(consultation: Consultation) -> sa.Select[ConsulteeAddress, Consultee]:
    return (
        sa.select(ConsulteeAddress, Consultee)
        .join(Consultee, col(Consultee.id) == ConsulteeAddress.consultee_id)
        .where(col(Consultee.consultation_id) == consultation.id, col(Consultee.removed_at).is_(None))
        .order_by(col(ConsulteeAddress.id))
    )


def _responses(consultation: Consultation) -> sa.Select[Response]:
    own = sa.select(Response).where(col(Response.consultation_id) == consultation.id)
    return own.where(col(Response.withdrawn_at).is_(None)).order_by(col(Response.id))
