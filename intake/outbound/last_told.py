"""Who was last told a closing time that there was before, by which of its changes, and has not heard of the new one.

Reads what was sent; never sends, and never reads the clock.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.deadlines import late_from
from intake.outbound.recipients import may_have_told, told_old_time
from intake.store.consultations import Consultation, DeadlineChange
from intake.store.emails import OutgoingEmail, OutgoingStatus


def last_told_before(
    session: Session, consultation: Consultation, *, now: datetime
) -> list[tuple[DeadlineChange, int]]:
    """The changes whose notice still goes to somebody who knows only the time before it, and to how many; in order."""
    own = select(DeadlineChange).where(DeadlineChange.consultation_id == consultation.id)
    changes = session.exec(own.order_by(col(DeadlineChange.id))).all()
    told_at = _told_at(session, consultation, [change.before for change in changes]) if changes else {}
    found = []
    for change in changes:
        # What was written before this change, and before none ahead of it, told the time there was between them.
        theirs = {address for address, at in told_at.items() if at < change.at}
        told_at = {address: at for address, at in told_at.items() if address not in theirs}
        if theirs and late_from(change.before) != late_from(consultation.closes_at):
            verdicts = told_old_time(session, consultation, change, now=now)
            found.append((change, sum(one.goes and one.recipient.address in theirs for one in verdicts)))
    return [(change, number) for change, number in found if number]


def _told_at(session: Session, consultation: Consultation, befores: list[datetime]) -> dict[str, datetime]:
    """When the last email that names a closing time was written, by address; none for whom a notice waits."""
    address = sa.func.lower(col(OutgoingEmail.recipient_address))
    waiting = sa.select(address).where(
        col(OutgoingEmail.consultation_id) == consultation.id,
        col(OutgoingEmail.kind) == "deadline-extended",
        col(OutgoingEmail.status).in_([OutgoingStatus.queued, OutgoingStatus.held]),
    )
    told = (
        sa.select(address.label("address"), sa.func.max(col(OutgoingEmail.written_at)).label("told_at"))
        .where(*may_have_told(consultation, [*befores, consultation.closes_at]), address.not_in(waiting))
        .group_by(address)
    )
    return {row.address: row.told_at for row in session.execute(told)}
