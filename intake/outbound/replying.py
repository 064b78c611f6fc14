"""Officers' replies to a respondent: proposed from a template, put into the outbox once, written out when sent.

Goes to the respondent's address and into the thread of what they wrote. Never sends, and never quotes their words: an
answer that comes back is trimmed at our own marker line.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.deadlines import closing_wording
from intake.errors import NotPossible
from intake.mail.quoting import REPLY_MARKER
from intake.mail.usable_addresses import is_usable_address
from intake.outbound.acknowledging import canonical_address
from intake.outbound.outbox import Owed, queue_owed
from intake.outbound.rendering import fill_text, person_name
from intake.store.consultations import Consultation, ReplyTemplate
from intake.store.emails import InboundEmail, OutgoingEmail
from intake.store.response_changes import Change, lock_consultations, lock_responses, write_changes
from intake.store.responses import Addition, Response
from intake.store.users import User

KIND = "reply"
LONGEST_SUBJECT = 200
LONGEST_TEXT = 50_000
PLACEHOLDERS = ("respondent_name", "reference", "consultation", "closes", "officer")
"""What a template for replies may name, as {{ respondent_name }}."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an officer wrote. `token` is the same whenever the same form is sent again: the same words go once."""

    subject: str
    text: str
    token: str


def recipient(response: Response) -> str | None:
    """Where a reply goes; None when no usable address is known."""
    address = canonical_address(response.respondent_address or "")
    return address if is_usable_address(address) else None


def proposed_subject(response: Response, consultation: Consultation) -> str:
    return f"Re: {consultation.title} ({response.reference})"


def templates_for(session: Session, consultation_id: int) -> Sequence[ReplyTemplate]:
    """The consultation's own, then those for all, each by name."""
    fitting = sa.or_(
        col(ReplyTemplate.consultation_id) == consultation_id, col(ReplyTemplate.consultation_id).is_(None)
    )
    own_first = col(ReplyTemplate.consultation_id).is_(None)
    return session.exec(select(ReplyTemplate).where(fitting).order_by(own_first, col(ReplyTemplate.name))).all()


def filled(template: ReplyTemplate, response: Response, consultation: Consultation, user: User) -> str:
    """The template's text about this response. Raises TemplateBroken."""
    values = (
        response.respondent_name,
        response.reference,
        consultation.title,
        closing_wording(consultation.closes_at, consultation.zone),
        user.name,
    )
    return fill_text(template.text, dict(zip(PLACEHOLDERS, values, strict=True)))


def mistakes_in(reply: Reply) -> dict[str, str]:
    """Sentences by field; empty when it can be sent."""
    mistakes = dict[str, str]()
    if not reply.subject.strip():
        mistakes["subject"] = "Write a subject."
    elif len(reply.subject) > LONGEST_SUBJECT:
        mistakes["subject"] = f"The subject has at most {LONGEST_SUBJECT} characters."
    if not reply.text.strip():
        mistakes["text"] = "Write your reply."
    elif len(reply.text) > LONGEST_TEXT:
        mistakes["text"] = f"A reply has at most {LONGEST_TEXT:,} characters."
    elif left := re.search(r"{{[^{}]*}}|{%[^{}]*%}", reply.text):
        mistakes["text"] = f"“{left[0][:40]}” was not filled in; write what belongs there."
    return mistakes


def queue_reply(
    session: Session,
    response: Response,
    reply: Reply,
    *,
    message_id_domain: str,
    user: User,
    now: datetime,
    version: int | None = None,
) -> OutgoingEmail:
    """Put the reply into the outbox, and take the mark "needs a reply" off the response.

    Raises NotPossible, and Changed when somebody did something to the response since the officer saw `version` of it.
    """
    lock_consultations(session, [response.consultation_id])
    [row] = lock_responses(session, [response])
    once_key = _once_key(row, reply)
    if sent := session.exec(select(OutgoingEmail).where(OutgoingEmail.once_key == once_key)).first():
        return sent
    lock_responses(session, [row], version)
    address = recipient(row)
    if address is None:
        raise NotPossible("There is no email address to reply to; correct the respondent's first.")
    if mistakes := mistakes_in(reply):
        raise NotPossible(next(iter(mistakes.values())))
    parent, thread = _thread(session, row)
    owed = Owed(
        kind=KIND,
        once_key=once_key,
        consultation_id=row.consultation_id,
        response_id=row.id,
        recipient_name=person_name(row.respondent_name),
        recipient_address=address,
        message_id_domain=message_id_domain,
        in_reply_to=parent,
        references=thread,
        user_id=user.id,
        given_subject=reply.subject,
        given_text=reply.text,
    )
    [outgoing] = queue_owed(session, [owed], now=now, actor=user.actor)
    change = Change(row, "replied", {"needs_reply": False}, {"outgoing": outgoing.id})
    write_changes(session, [change], user=user, now=now)
    return outgoing


def fields(session: Session, outgoing: OutgoingEmail, _now: datetime) -> Mapping[str, object]:
    """What the template may say, as the record stands now. `outgoing` may be one that is only looked at."""
    consultation = session.get_one(Consultation, outgoing.consultation_id)
    response = session.get_one(Response, outgoing.response_id)
    text, officer = (outgoing.given_text or "").rstrip(), session.get_one(User, outgoing.user_id).name
    return {
        "reply_marker": REPLY_MARKER,
        "subject": outgoing.given_subject,
        "text": text,
        "officer_name": "" if text.endswith(officer) else officer,  # not twice, where they signed it themselves
        "consultation_title": consultation.title,
        "reference": response.reference,
        "contact_name": "" if consultation.contact_name == officer else consultation.contact_name,
        "contact_address": consultation.contact_address,
        "contact_phone": consultation.contact_phone,
    }


def _once_key(response: Response, reply: Reply) -> str:
    """With the words: a form that is gone back to and changed is another reply, and must not be taken for the first."""
    words = hashlib.sha256(f"{reply.subject}\0{reply.text}".encode()).hexdigest()
    return f"{KIND}:{response.id}:{reply.token[:40]}:{words[:40]}"


def _thread(session: Session, response: Response) -> tuple[str | None, tuple[str, ...]]:
    """In-Reply-To, what the respondent wrote last, and References, the whole correspondence, oldest first (RFC 5322,
    section 3.6.4)."""
    added = select(Addition.email_id).where(Addition.response_id == response.id)
    is_theirs = sa.or_(col(InboundEmail.id) == response.email_id, col(InboundEmail.id).in_(added))
    theirs = [
        (email.received_at or email.collected_at, email.message_id)
        for email in session.exec(select(InboundEmail).where(is_theirs).order_by(col(InboundEmail.id)))
        if email.message_id
    ]
    sent = session.exec(
        select(OutgoingEmail.sent_at, OutgoingEmail.message_id)
        .where(OutgoingEmail.response_id == response.id)
        .where(col(OutgoingEmail.sent_at).is_not(None))
    )
    ours = [(at, message_id) for at, message_id in sent if at is not None]
    *_, parent = (None, *(message_id for _, message_id in sorted(theirs, key=_at)))
    ids = [message_id for _, message_id in sorted([*theirs, *ours], key=_at) if message_id != parent]
    return parent, (*ids, *([parent] if parent else []))


def _at(moment: tuple[datetime, str]) -> datetime:
    return moment[0]
