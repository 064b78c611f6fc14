"""What officers do with outgoing mail: cancel it, release one that is held, or send it again to a corrected address.

What a mail server took stays as it went. To send it again makes a new email, with a Message-ID of its own; that of a
mailing stays one of it, under its rules, and the consultee's contact is corrected with it. Never changes a response.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from intake.errors import NotFound, NotPossible
from intake.mail.usable_addresses import is_usable_address
from intake.outbound.acknowledging import KIND as ACKNOWLEDGEMENT
from intake.outbound.mailings import REMINDER, new_token
from intake.outbound.outbox import Owed, queue_owed, release
from intake.outbound.receipts import give_receipt
from intake.outbound.recipients import day_key
from intake.outbound.texts import OFFICERS_MAILINGS
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.history import note
from intake.store.mailings import Mailing
from intake.store.people import Consultee, ConsulteeAddress
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
    is_corrected = address.lower() != outgoing.recipient_address.lower()
    if mistake := _mailing_mistake(session, outgoing, address.lower(), now, is_corrected=is_corrected):
        raise NotPossible(mistake)
    consultation_id = _consultation_now(session, outgoing)
    if outgoing.status is OutgoingStatus.failed:
        if not is_corrected:
            values = {**_afresh(now), "consultation_id": consultation_id}
            move_outgoing(session, outgoing, OutgoingStatus.queued, now=now, actor=user.actor, **values)
            return outgoing
        reason = Reason.corrected
        move_outgoing(session, outgoing, OutgoingStatus.cancelled, now=now, actor=user.actor, reason=reason)
    owed = _copy(outgoing, consultation_id, address, message_id_domain)
    if outgoing.kind == ACKNOWLEDGEMENT and outgoing.response_id is not None:
        response = session.get_one(Response, outgoing.response_id)
        owed = replace(owed, secret=give_receipt(session, response, now=now))
    if outgoing.mailing_id:
        owed = _of_mailing(session, outgoing, owed)
    [again] = queue_owed(session, [owed], now=now, actor=user.actor)
    if is_corrected:
        _correct_contact(session, outgoing, address.lower(), user=user, now=now)
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
    """Where the response is that it is about: it is written anew, and must not speak of where that was before.

    A mailing is of one consultation.
    """
    if outgoing.mailing_id:
        return outgoing.consultation_id
    response = session.get(Response, outgoing.response_id) if outgoing.response_id else None
    return response.consultation_id if response else outgoing.consultation_id


def _of_mailing(session: Session, outgoing: OutgoingEmail, owed: Owed) -> Owed:
    """With a way out of its own, under the mailing's rules, and instead of this one in its day."""
    mailing = session.get_one(Mailing, outgoing.mailing_id)
    is_free = owed.recipient_address.lower() != outgoing.recipient_address
    return replace(
        owed,
        recipient_address=owed.recipient_address.lower(),
        mailing_id=mailing.id,
        consultee_id=outgoing.consultee_id,
        opt_out_token=new_token() if outgoing.opt_out_token else None,
        day_key=_day_key(mailing, owed.recipient_address.lower()) if is_free else None,
    )


def _mailing_mistake(
    session: Session, outgoing: OutgoingEmail, address: str, now: datetime, *, is_corrected: bool
) -> str | None:
    """Why one of a mailing cannot go again, to this address."""
    if outgoing.mailing_id is None:
        return None
    if is_corrected and outgoing.kind in OFFICERS_MAILINGS:
        return "This went to an officer: their address is corrected on the page of users."
    mailing = session.get_one(Mailing, outgoing.mailing_id)
    if mailing.cancelled_at:
        return "The mailing that it is one of was cancelled."
    if mailing.expires_at and mailing.expires_at <= now:
        return (
            "It is too late to send this again. Correct the address of the contact instead: what comes next goes there."
        )
    key = _day_key(mailing, address)
    if is_corrected and key and session.exec(select(OutgoingEmail.id).where(OutgoingEmail.day_key == key)).first():
        return "This address gets another reminder on the same day, and nobody gets two."
    return None


def _day_key(mailing: Mailing, address: str) -> str | None:
    return day_key(mailing.due_on, address) if mailing.due_on and mailing.kind == REMINDER else None


def _correct_contact(session: Session, outgoing: OutgoingEmail, address: str, *, user: User, now: datetime) -> None:
    """So that what comes next goes to the corrected address too."""
    consultee = session.get(Consultee, outgoing.consultee_id, with_for_update=True) if outgoing.consultee_id else None
    if consultee is None:
        return
    own = select(ConsulteeAddress).where(ConsulteeAddress.consultee_id == consultee.id)
    contacts = {contact.address: contact for contact in session.exec(own)}
    wrong, right = contacts.get(outgoing.recipient_address), contacts.get(address)
    if right is not None:
        right.is_mailed = True
    if wrong is not None:
        wrong.is_mailed, wrong.address = right is None, wrong.address if right else address
    elif right is None:
        right = ConsulteeAddress(consultee_id=consultee.id, address=address, name=outgoing.recipient_name)
        session.add(right)
    consultee.version += 1
    session.flush()
    changed = wrong or right
    assert changed
    note(session, consultee, "contact-changed", now=now, actor=user.actor, contact=changed.id, fields=["address"])


def _copy(outgoing: OutgoingEmail, consultation_id: int, address: str, message_id_domain: str) -> Owed:
    return Owed(
        kind=outgoing.kind,
        once_key=_once_key(outgoing),
        consultation_id=consultation_id,
        response_id=outgoing.response_id,
        email_id=outgoing.email_id,
        addition_id=outgoing.addition_id,
        recipient_name=outgoing.recipient_name,
        recipient_address=address,
        message_id_domain=message_id_domain,
        in_reply_to=outgoing.in_reply_to,
        references=tuple(outgoing.references),
        user_id=outgoing.user_id,
        given_subject=outgoing.given_subject,
        given_text=outgoing.given_text,
    )
