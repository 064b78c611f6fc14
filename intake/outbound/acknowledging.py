"""Acknowledgements: whether one is owed, to whom, and the fields its template is filled with when it is sent.

Owns the rules of RFC 3834 and our limits. Never sends and never judges whether an email is a response.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.deadlines import closing_wording, moment_wording, timing
from intake.mail.quoting import REPLY_MARKER
from intake.mail.usable_addresses import is_usable_address
from intake.outbound.composing import MASK
from intake.outbound.outbox import Owed, queue_owed
from intake.outbound.receipts import give_receipt
from intake.outbound.rendering import inert_name, person_name, size_wording
from intake.outbound.texts import greeting, language_of
from intake.store.consultations import Consultation
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.history import Note, note_each
from intake.store.reasons import Reason
from intake.store.responses import Addition, Attachment, Response

KIND = "acknowledgement"
# RFC 3834, section 2: do not answer "owner-*", "*-request" and MAILER-DAEMON; the rest never is a person either.
ROBOT = re.compile(
    r"(mailer-daemon|postmaster|double-bounce|bounces?|listserv|majordomo|(no|do-?not)[-_.]?reply|owner-.+|.+-request"
    r"|bounces?[-+=].+|.+-bounces?)@",
    re.IGNORECASE,
)
# Of a return path only what names a machine for certain: newsletters and relays put "bounces+…" before people's mail.
ROBOT_RETURN_PATH = re.compile(r"(mailer-daemon|listserv|majordomo|owner-.+|.+-request)@", re.IGNORECASE)
# Sender Rewriting Scheme, and BATV's "prvs=1234567890=asha@county.example".
SRS = re.compile(
    r"SRS(?:0|1[=+-][^=]+=[^=]+=)[=+-][^=]+=[^=]+=(?P<domain>[^=]+)=(?P<local>[^@]+)@",
    re.IGNORECASE,
)
BATV = re.compile(r"(?:(?:ms)?prvs1?=[^=]+=|btv1==[^=]+==)(?=.+@)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AcknowledgementRules:
    """What is the same for every acknowledgement; `own_addresses` in lower case."""

    per_sender_a_day: int
    message_id_domain: str
    own_addresses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Answered:
    """What is answered: an email, or what was given in a form. `address` is an email's From, never Reply-To;
    `references` oldest first."""

    name: str
    address: str
    email_id: int | None = None
    addition_id: int | None = None
    message_id: str | None = None
    references: tuple[str, ...] = ()
    return_path: str | None = None
    dmarc: Literal["pass", "fail", "none"] = "none"
    held_reason: Reason | None = None
    declined: Reason | None = None  # why none is to be sent, whatever the address

    @classmethod
    def by_form(cls, response: Response, addition: Addition | None = None) -> "Answered":
        address = response.respondent_address or ""
        return cls(response.respondent_name, address, addition_id=addition.id if addition else None)

    def once_key(self, response: Response) -> str:
        if self.email_id is not None:
            return f"{KIND}:{self.email_id}:{response.id}"
        return f"{KIND}:addition:{self.addition_id}" if self.addition_id else f"{KIND}:response:{response.id}"


def acknowledge_recorded(
    session: Session, recorded: Sequence[tuple[Response, Answered]], rules: AcknowledgementRules, *, now: datetime
) -> None:
    """Queue the acknowledgements of emails that were recorded, or note in the history why one is not owed."""
    sent = _sent_today(session, {canonical_address(answered.address) for _, answered in recorded}, now)
    owed, suppressed = list[Owed](), list[Note]()
    for response, answered in recorded:
        address = canonical_address(answered.address)
        if reason := suppression_reason(answered, rules, sent[address]):
            detail = {"reason": reason} | ({"email": answered.email_id} if answered.email_id else {})
            suppressed.append(Note(response, "acknowledgement-suppressed", detail))
        else:
            owed.append(replace(_owed(response, answered, rules), secret=give_receipt(session, response, now=now)))
            sent[address] += 1
    note_each(session, suppressed, now=now)
    queue_owed(session, owed, now=now)


def suppression_reason(answered: Answered, rules: AcknowledgementRules, sent_today: int) -> Reason | None:
    """Why this email gets no acknowledgement; None when it gets one."""
    if answered.declined:
        return answered.declined
    address = canonical_address(answered.address)
    if not is_usable_address(address):
        return Reason.no_usable_address
    if answered.return_path == "":
        return Reason.automatic_mail
    if address in rules.own_addresses:
        return Reason.our_own_address
    if ROBOT.match(address) or ROBOT_RETURN_PATH.match(canonical_address(answered.return_path or "")):
        return Reason.robot_address
    if answered.dmarc == "fail":
        return Reason.failed_dmarc
    if sent_today >= rules.per_sender_a_day:
        return Reason.sender_limit
    return None


def canonical_address(address: str) -> str:
    """The address behind SRS and BATV rewriting, which differ from one email to the next, in lower case."""
    if rewritten := SRS.match(address):
        return f"{rewritten['local']}@{rewritten['domain']}".lower()
    return BATV.sub("", address).lower()


def fields(
    session: Session, outgoing: OutgoingEmail, now: datetime, *, base_url: str, language: str | None = None
) -> Mapping[str, object]:
    """What the template may say, as the record stands now. `language`: None for the one it is written in."""
    language = language or language_of(session, outgoing)
    consultation = session.get_one(Consultation, outgoing.consultation_id)
    response = session.get_one(Response, outgoing.response_id)
    addition = session.get(Addition, outgoing.addition_id or 0)
    received_at = addition.received_at if addition else response.received_at
    is_in_grace = response.is_in_grace and addition is None
    return {
        "greeting": greeting(response.respondent_name, language),
        "consultation_title": consultation.title,
        "reference": response.reference,
        "is_addition": addition is not None,
        "nature": response.nature.value,
        "received": moment_wording(received_at, consultation.zone, language) if received_at else None,
        "timing": timing(received_at, consultation.closes_at, is_in_grace=is_in_grace).value,
        "is_in_grace": is_in_grace,
        "closing": closing_wording(consultation.closes_at, consultation.zone, language),
        "has_closed": timing(now, consultation.closes_at) == "late",
        "late_policy": consultation.late_policy.value,
        "attachments": _attachments(session, response, addition),
        "next_steps": consultation.next_steps,
        "privacy_notice": consultation.privacy_notice,
        "contact_name": consultation.contact_name,
        "contact_address": consultation.contact_address,
        "contact_phone": consultation.contact_phone,
        "respondent_name": response.respondent_name,
        "receipt_url": receipt_url(base_url) if outgoing.secret else None,
        "reply_marker": REPLY_MARKER,
    }


def receipt_url(base_url: str) -> str:
    """As it is stored; the secret is put in when the email goes."""
    return f"{base_url}/receipt/{MASK}"


def _owed(response: Response, answered: Answered, rules: AcknowledgementRules) -> Owed:
    thread = (answered.message_id,) if answered.message_id else ()
    return Owed(
        kind=KIND,
        once_key=answered.once_key(response),
        consultation_id=response.consultation_id,
        response_id=response.id,
        email_id=answered.email_id,
        addition_id=answered.addition_id,
        recipient_name=person_name(answered.name),
        recipient_address=canonical_address(answered.address),
        in_reply_to=answered.message_id,
        references=(*answered.references, *thread),
        message_id_domain=rules.message_id_domain,
        held_reason=answered.held_reason,
    )


def _attachments(session: Session, response: Response, addition: Addition | None) -> list[dict[str, str]]:
    rows = session.exec(
        select(Attachment)
        .where(Attachment.response_id == response.id, Attachment.addition_id == (addition.id if addition else None))
        .order_by(col(Attachment.position))
    )
    return [{"name": inert_name(row.filename), "size": size_wording(row.size)} for row in rows]


def _sent_today(session: Session, addresses: Collection[str], now: datetime) -> Counter[str]:
    """How many acknowledgements each of these was owed in the last 24 hours, those that wait for a person aside."""
    counted = session.exec(
        select(OutgoingEmail.recipient_address, sa.func.count())
        .where(col(OutgoingEmail.recipient_address).in_(addresses), OutgoingEmail.kind == KIND)
        .where(OutgoingEmail.queued_at > now - timedelta(days=1))
        .where(col(OutgoingEmail.status).not_in([OutgoingStatus.held, OutgoingStatus.cancelled]))
        .group_by(OutgoingEmail.recipient_address)
    )
    return Counter(dict(counted.all()))
