"""What an officer's decision makes of an email that waits: routing is not asked where an officer has spoken.

Never writes an outcome (`writing.py` does), and never decides by itself but to hold what cannot be done any more.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.inbound.handing_on import as_handed_on
from intake.inbound.routing import Hold, Record, Target
from intake.mail.message import Address
from intake.mail.understanding import Understood
from intake.store.decisions import Decision, DecisionKind
from intake.store.reasons import Reason
from intake.store.responses import Response


def pending_decisions(session: Session, email_ids: Sequence[int]) -> Mapping[int, Decision]:
    """The decision about each email that is to be carried out: the newest, where “try again” takes nothing back."""
    pending = select(Decision).where(col(Decision.email_id).in_(email_ids), col(Decision.carried_out_at).is_(None))
    newest = dict[int, Decision]()
    for decision in session.exec(pending.order_by(col(Decision.id))):
        if decision.kind is not DecisionKind.again or decision.email_id not in newest:
            newest[decision.email_id] = decision
    return newest


def note_carried_out(session: Session, email_ids: Collection[int], *, now: datetime) -> None:
    """In the transaction of the outcomes. An earlier decision that a later one overtook is settled with it: “try
    again” must not do it."""
    if email_ids:
        pending = sa.and_(col(Decision.email_id).in_(email_ids), col(Decision.carried_out_at).is_(None))
        session.execute(sa.update(Decision).where(pending).values(carried_out_at=now))


def as_confirmed(email: Understood, decision: Decision | None, *, is_whole: bool) -> Understood:
    """What the email says once an officer confirmed who wrote it: of a forward, the letter that was handed on.

    `is_whole`: the email is that letter already.
    """
    if decision is None or decision.respondent_name is None:
        return email
    if email.forwarded is not None and not is_whole:
        email = as_handed_on(email)
    return replace(email, sender=Address(decision.respondent_name, decision.respondent_address or ""))


def obey(session: Session, decision: Decision | None, email: Understood) -> Record | Hold | None:
    """What was decided about the email `as_confirmed`; None where routing is to judge, as if it had just come."""
    match decision:
        case Decision(kind=DecisionKind.record, consultation_id=int(consultation_id)):
            if email.sender is None:
                return Hold(Reason.no_sender, consultation_id)
            return Record((Target(consultation_id),))
        case Decision(kind=DecisionKind.addition, response_id=int(response_id)):
            return _join(session, response_id)
        case _:
            return None


def _join(session: Session, response_id: int) -> Record | Hold:
    # Locked, so that nobody withdraws it or moves it to another consultation while it is added to.
    response = session.get_one(Response, response_id, with_for_update={"key_share": True}, populate_existing=True)
    if response.withdrawn_at is not None:
        return Hold(Reason.answers_withdrawn, response.consultation_id)
    return Record((Target(response.consultation_id, joins=response.id),))
