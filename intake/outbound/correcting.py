"""What officers do with outgoing mail: cancel it, release one that is held, or send it again to a corrected address.

What a mail server took stays as it went. To send it again makes a new email, with a Message-ID of its own. Never
changes a response.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from intake.errors import NotFound, NotPossible
from intake.mail.usable_addresses import is_usable_address
from intake.outbound.outbox import Owed, queue_owed, release
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.reasons import Reason
from intake.store.response_changes import lock_consultations
from intake.store.responses import Response
from intake.store.transitions import OUTGOING_MOVES, move_outgoing
from intake.store.users import User

# A whole backlog waits for an administrator who has seen the list; it is not let out one by one.
RELEASED_ALONE = (Reason.template_error,)
_AGAIN = "again"


def may_cancel(outgoing: OutgoingEmail) -> bool:
    return OutgoingStatus.cancelled in OUTGOING_MOVES[outgoing.status]


def may_release(outgoing: OutgoingEmail) -> bool:
    return outgoing.status is OutgoingStatus.held and outgoing.reason in RELEASED_ALONE


def may_send_again(session: Session, outgoing: OutgoingEmail) -> bool:
    """Once for each: what is wrong with the second is corrected there."""
    is_lost = outgoing.status in (OutgoingStatus.failed, OutgoingStatus.bounced)
    return is_lost and sent_again(session, outgoing) is None


def sent_again(session: Session, outgoing: OutgoingEmail) -> OutgoingEmail | None:
    """The email that went, or goes, in place of this one."""
    return session.exec(select(OutgoingEmail).where(OutgoingEmail.once_key == _once_key(outgoing))).first()


def instead_of(outgoing: OutgoingEmail) -> int | None:
    """The id of the email this one goes, or went, in place of."""
    word, _, key = outgoing.once_key.partition(":")
    return int(key) if word == _AGAIN and key.isdigit() else None


def cancel(session: Session, outgoing: OutgoingEmail, *, user: User, now: datetime) -> None:
    """It is never sent. Raises NotPossible for one that is being sent, went, or was cancelled."""
    if not may_cancel(outgoing):
        raise NotPossible("It is too late to cancel this email: it has gone, or is going this moment.")
    move_outgoing(session, outgoing, OutgoingStatus.cancelled, now=now, actor=user.actor)


def release_one(session: Session, outgoing: OutgoingEmail, *, user: User, now: datetime) -> None:
    """Queue an email that was held because of its template, to be written anew."""
    if not may_release(outgoing):
        raise NotPossible("This email is not one that can be released by itself.")
    release(session, [outgoing], now=now, actor=user.actor)


def mistake_in(address: str) -> str | None:
    """What is wrong with an address as an officer typed it."""
    return None if is_usable_address(address) else "Write an email address like name@example.com."


def send_again(
    session: Session, outgoing: OutgoingEmail, address: str, *, message_id_domain: str, user: User, now: datetime
) -> OutgoingEmail:
    """Queue it again: one that failed under the same address as the same email, any other as a new one. Locked before.

    A form that is sent twice queues it once. Raises NotPossible.
    """
    if before := sent_again(session, outgoing):
        return before
    if not may_send_again(session, outgoing):
        raise NotPossible("Only an email that failed or came back can be sent again.")
    if mistake := mistake_in(address):
        raise NotPossible(mistake)
    consultation_id = _consultation_now(session, outgoing)
    if outgoing.status is OutgoingStatus.failed:
        if address.lower() == outgoing.recipient_address.lower():
            values = {**_afresh(now), "consultation_id": consultation_id}
            move_outgoing(session, outgoing, OutgoingStatus.queued, now=now, actor=user.actor, **values)
            return outgoing
        reason = Reason.corrected
        move_outgoing(session, outgoing, OutgoingStatus.cancelled, now=now, actor=user.actor, reason=reason)
    [again] = queue_owed(
        session, [_copy(outgoing, consultation_id, address, message_id_domain)], now=now, actor=user.actor
    )
    return again


def lock_outgoing(session: Session, outgoing_id: int) -> OutgoingEmail:
    """The email as it stands now, and nobody else's to change until the transaction ends. Raises NotFound."""
    found = session.get(OutgoingEmail, outgoing_id)
    if found is None:
        raise NotFound
    lock_consultations(session, [found.consultation_id])
    wanted = select(OutgoingEmail).where(OutgoingEmail.id == outgoing_id).execution_options(populate_existing=True)
    return session.exec(wanted.with_for_update(key_share=True)).one()


def _once_key(outgoing: OutgoingEmail) -> str:
    return f"{_AGAIN}:{outgoing.id}"


def _afresh(now: datetime) -> Mapping[str, Any]:
    """Written anew, and with three days of its own."""
    return {"due_at": now, "written_at": None, "attempts": 0}


def _consultation_now(session: Session, outgoing: OutgoingEmail) -> int:
    """Where the response is that it is about: it is written anew, and must not speak of where that was before."""
    response = session.get(Response, outgoing.response_id) if outgoing.response_id else None
    return response.consultation_id if response else outgoing.consultation_id


def _copy(outgoing: OutgoingEmail, consultation_id: int, address: str, message_id_domain: str) -> Owed:
    return Owed(
        kind=outgoing.kind,
        once_key=_once_key(outgoing),
        consultation_id=consultation_id,
        response_id=outgoing.response_id,
        email_id=outgoing.email_id,
        recipient_name=outgoing.recipient_name,
        recipient_address=address,
        message_id_domain=message_id_domain,
        in_reply_to=outgoing.in_reply_to,
        references=tuple(outgoing.references),
        user_id=outgoing.user_id,
        given_subject=outgoing.given_subject,
        given_text=outgoing.given_text,
    )
