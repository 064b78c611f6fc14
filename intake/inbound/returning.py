"""Mail of ours that came back: shown at the email it is about, and remembered of its address when it is for good.

What may yet arrive is marked as such, and nothing is concluded from it. Never decides what becomes of the report.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from intake.mail.bounces import Bounce, BouncedRecipient, server_answer
from intake.mail.understanding import Understood
from intake.outbound.acknowledging import canonical_address
from intake.outbound.dead_addresses import mark_dead
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.history import note
from intake.store.reasons import Reason
from intake.store.transitions import move_outgoing

_WENT = (OutgoingStatus.sent, OutgoingStatus.bounced)


def reported_address(email: Understood) -> str:
    """The order in which reports are noted: two workers that mark addresses dead in two orders would wait for each
    other."""
    return (email.bounce.recipients[0].address or "").lower() if email.bounce else ""


def note_returned(session: Session, report: Understood, *, now: datetime) -> None:
    """Nothing for a report about an email that is not ours, or about one that is known to be lost."""
    bounce, outgoing = report.bounce, _ours(session, report)
    if bounce is None or outgoing is None or not bounce.recipients:
        return
    recipient = _decisive(bounce, outgoing.recipient_address)
    answer = server_answer(recipient, outgoing.recipient_address)
    reason = Reason.bounce if recipient.permanent else Reason.bounced_for_now
    if outgoing.status is OutgoingStatus.sent:
        move_outgoing(session, outgoing, OutgoingStatus.bounced, now=now, reason=reason, answer=answer)
    elif recipient.permanent and outgoing.reason == Reason.bounced_for_now:
        outgoing.reason, outgoing.answer = reason.value, answer
        note(session, outgoing, "given-up", now=now, reason=reason.value)
    else:
        return
    if recipient.permanent:
        mark_dead(session, outgoing, now=now)


def _ours(session: Session, report: Understood) -> OutgoingEmail | None:
    """Named by the report, or by its thread: many mail systems answer the email that failed. It is locked."""
    named = report.bounce.original_message_id if report.bounce else None
    ids = [key for key in (named, *report.answers) if key]
    found = select(OutgoingEmail).where(col(OutgoingEmail.message_id).in_(ids), col(OutgoingEmail.status).in_(_WENT))
    rows = session.exec(found.with_for_update(key_share=True).execution_options(populate_existing=True)).all()
    return min(rows, key=lambda row: ids.index(row.message_id), default=None)


def _decisive(bounce: Bounce, address: str) -> BouncedRecipient:
    """What happened to the address we wrote to. Of others that its mail was handed on to, the one that had it best."""
    theirs = [one for one in bounce.recipients if one.address and _is(one.address, address)]
    return _least(theirs or bounce.recipients)


def _least(recipients: Sequence[BouncedRecipient]) -> BouncedRecipient:
    return min(recipients, key=lambda one: one.permanent)


def _is(written: str, address: str) -> bool:
    return canonical_address(written) == canonical_address(address)
