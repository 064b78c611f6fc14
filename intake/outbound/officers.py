"""Which officers a consultation's reminders and digests go to, and what waits for each of them.

Never writes to consultees, and never sends.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.outbound.verdicts import Recipient, Verdict
from intake.store.consultations import Consultation
from intake.store.emails import IS_WAITING, InboundEmail
from intake.store.reasons import Reason
from intake.store.responses import Response, ResponseStatus
from intake.store.users import ConsultationAccess, Role, User


def officers_of(session: Session, consultation: Consultation) -> Sequence[User]:
    """Those given the consultation; where it is given to nobody, the administrators."""
    given = select(ConsultationAccess.user_id).where(ConsultationAccess.consultation_id == consultation.id)
    enabled = select(User).where(col(User.disabled_at).is_(None)).order_by(col(User.name), col(User.id))
    officers = session.exec(enabled.where(col(User.id).in_(given))).all()
    return officers or session.exec(enabled.where(User.role == Role.administrator)).all()


def judge_officers(session: Session, consultation: Consultation, *, only_waiting: bool) -> list[Verdict]:
    """With `only_waiting` it goes to those for whom something waits."""
    officers = officers_of(session, consultation)
    idle = {one.id for one in officers} - _waited_for(session, consultation, officers) if only_waiting else set()
    return [
        Verdict(_recipient(user), Reason.nothing_waits if user.id in idle else None, zone=consultation.zone)
        for user in officers
    ]


def judge_officer(session: Session, consultation: Consultation, address: str, *, only_waiting: bool) -> Reason | None:
    """Why the officer with this address is not written to; None when they are."""
    officers = [one for one in officers_of(session, consultation) if one.address == address]
    if not officers:
        return Reason.no_access
    return Reason.nothing_waits if only_waiting and not _waited_for(session, consultation, officers) else None


def _recipient(user: User) -> Recipient:
    return Recipient(user.address, user.name, user_id=user.id)


def _waited_for(session: Session, consultation: Consultation, officers: Sequence[User]) -> set[int]:
    """Those with an unread response of their own, or one nobody has; everybody while an email is held or failed."""
    everybody = {one.id for one in officers}
    held = select(InboundEmail.id).where(IS_WAITING, InboundEmail.consultation_id == consultation.id)
    if session.exec(held.limit(1)).first():
        return everybody
    unread = (
        sa.select(col(Response.officer_id))
        .where(col(Response.consultation_id) == consultation.id, col(Response.status) == ResponseStatus.unread)
        .where(col(Response.withdrawn_at).is_(None))
        .distinct()
    )
    theirs = set(session.execute(unread).scalars())
    return everybody if None in theirs else everybody & theirs
