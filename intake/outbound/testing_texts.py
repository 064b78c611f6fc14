"""What an email would say to somebody, without its being sent; and one of them, sent to whoever asks for it.

Where there is nobody to show it with yet, the example is made up, and says so. A test carries a way out that stops
nothing, goes to nobody but the user, and counts for nobody.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from intake.deadlines import closing_wording, moment_wording
from intake.mail.quoting import REPLY_MARKER
from intake.outbound import acknowledging, mailing_fields
from intake.outbound.outbox import Owed, queue_owed
from intake.outbound.rendering import Rendered, Renderer
from intake.outbound.texts import (
    OFFICERS_MAILINGS,
    OwnText,
    greeting,
    language_of,
    newest_text,
    own_text,
    wanted_language,
)
from intake.outbound.verdicts import Recipient
from intake.store.consultations import Consultation, DeadlineChange
from intake.store.emails import OutgoingEmail
from intake.store.people import ConsulteeAddress
from intake.store.responses import Response
from intake.store.users import User

KIND = "test"
MARK = "[Test]"
MADE_UP_DAYS = timedelta(days=14)
_MADE_UP_PERSON = {"organisation": "Example School", "group": "school"}
_MADE_UP_NAME = "Alex Example"


@dataclass(frozen=True, slots=True)
class Example:
    """Which email is shown, and with whom: a consultee, a response, or (with neither) somebody made up.

    Officers' emails are shown with the user who looks. It is worded by `own`, else by this template, else by what its
    kind uses now.
    """

    kind: str
    user: User
    consultee_id: int | None = None
    response_id: int | None = None
    address: str = ""  # of the consultee's contact; empty: the first one's
    template_id: int | None = None
    own: OwnText | None = None
    language: str = ""  # empty: the one it would be written in
    recipient: Recipient | None = None  # whom a mailing would go to, as it would name them
    change: DeadlineChange | None = None  # of the closing time, that a notice tells of; None: the latest

    @classmethod
    def to(cls, recipient: Recipient, kind: str, user: User, change: DeadlineChange | None = None) -> "Example":
        """The email that this recipient of a mailing would get."""
        ids = recipient.consultee_id, recipient.response_id
        return cls(kind, user, *ids, recipient.address, recipient=recipient, change=change)


@dataclass(frozen=True, slots=True)
class Shown:
    """The fields an example gives, and in a sentence each what of it is made up."""

    fields: Mapping[str, object]
    language: str
    made_up: Sequence[str] = field(default_factory=list)


def example_fields(
    session: Session,
    consultation: Consultation,
    example: Example,
    *,
    now: datetime,
    base_url: str,
    language: str | None = None,
) -> Shown:
    """What a text of this kind is filled with for this example. `language`: None for the one it would be written in."""
    outgoing = _looked_at(session, consultation, example, now)
    language = language or language_of(session, outgoing)
    if example.kind == acknowledging.KIND:
        if example.response_id is None:
            sentence = "There is no response yet to show it with: this one is made up."
            return Shown(_made_up_receipt(consultation, language, now, base_url), language, [sentence])
        given = acknowledging.fields(session, outgoing, now, base_url=base_url, language=language)
        return Shown({**given, "receipt_url": acknowledging.receipt_url(base_url)}, language)
    given = mailing_fields.fields(session, outgoing, now, base_url=base_url, language=language)
    if example.kind in OFFICERS_MAILINGS:
        return Shown(given, language)
    more, made_up = _made_up(session, consultation, example, given, language)
    return Shown({**given, **more}, language, made_up)


def preview(
    session: Session,
    renderer: Renderer,
    consultation: Consultation,
    example: Example,
    *,
    now: datetime,
    base_url: str,
) -> Rendered:
    """The email as this example would get it. Raises TemplateBroken."""
    own = _wording(session, consultation, example, now)
    outgoing = _looked_at(session, consultation, example, now)
    language = own.language if own else example.language or wanted_language(session, outgoing)
    shown = example_fields(session, consultation, example, now=now, base_url=base_url, language=language)
    return renderer.render(example.kind, shown.fields, slug=consultation.slug, language=shown.language, own=own)


def send_test(
    session: Session,
    renderer: Renderer,
    consultation: Consultation,
    example: Example,
    *,
    message_id_domain: str,
    now: datetime,
    base_url: str,
) -> OutgoingEmail:
    """Queue the email that `preview` shows, marked as a test, to the user's own address. Raises TemplateBroken."""
    rendered = preview(session, renderer, consultation, example, now=now, base_url=base_url)
    owed = Owed(
        kind=KIND,
        once_key=f"{KIND}:{secrets.token_hex(16)}",
        consultation_id=consultation.id,
        recipient_name=example.user.name,
        recipient_address=example.user.address,
        message_id_domain=message_id_domain,
        user_id=example.user.id,
        given_subject=f"{MARK} {rendered.subject}",
        given_text=rendered.text,
    )
    [outgoing] = queue_owed(session, [owed], now=now, actor=example.user.actor)
    return outgoing


def fields(_session: Session, outgoing: OutgoingEmail, _now: datetime) -> Mapping[str, object]:
    """Of a test: the email as it was shown."""
    return {"subject": outgoing.given_subject, "text": outgoing.given_text}


def _wording(session: Session, consultation: Consultation, example: Example, now: datetime) -> OwnText | None:
    if example.own:
        return example.own
    outgoing = _looked_at(session, consultation, example, now)
    if example.template_id is None:
        return own_text(session, outgoing)
    return newest_text(session, example.template_id, example.language or wanted_language(session, outgoing))


def _looked_at(session: Session, consultation: Consultation, example: Example, now: datetime) -> OutgoingEmail:
    """An email that is never stored."""
    address, name = _recipient(session, example)
    return OutgoingEmail(
        kind=example.kind,
        once_key="",
        consultation_id=consultation.id,
        consultee_id=example.consultee_id,
        response_id=example.response_id,
        user_id=example.user.id,
        recipient_address=address,
        recipient_name=name,
        message_id="",
        queued_at=now,
        due_at=now,
    )


def _recipient(session: Session, example: Example) -> tuple[str, str]:
    """Address and name."""
    if example.kind in OFFICERS_MAILINGS:
        return example.user.address, example.user.name
    if example.recipient:
        return example.recipient.address, example.recipient.name
    if example.consultee_id is not None:
        contacts = select(ConsulteeAddress).where(ConsulteeAddress.consultee_id == example.consultee_id)
        if example.address:
            contacts = contacts.where(ConsulteeAddress.address == example.address)
        contact = session.exec(
            contacts.order_by(col(ConsulteeAddress.is_mailed).desc(), col(ConsulteeAddress.id))
        ).first()
        return (contact.address, contact.name) if contact else ("", "")
    if example.response_id is not None:
        response = session.get_one(Response, example.response_id)
        return response.respondent_address or "", response.respondent_name
    return "", _MADE_UP_NAME


def _made_up(
    session: Session,
    consultation: Consultation,
    example: Example,
    given: Mapping[str, object],
    language: str,
) -> tuple[dict[str, object], list[str]]:
    """What stands in for what the consultation does not have yet."""
    more, made_up = dict[str, object](), list[str]()
    if example.consultee_id is None and example.response_id is None:
        more |= _MADE_UP_PERSON
        made_up.append(f"There is nobody to show it with yet: {_MADE_UP_NAME} of Example School is made up.")
    if example.kind == "outcome" and not given["outcome_url"]:
        more["outcome_url"] = "https://www.example.org/final-document"
        made_up.append("The final document’s address is made up: none is published yet.")
    if example.kind == "outcome" and not given["references"]:
        more["references"] = consultation.reference(42)
        made_up.append("The reference is made up.")
    if example.change:
        before = closing_wording(example.change.before, consultation.zone, language)
        more |= {"closing_before": before, "is_later": consultation.closes_at > example.change.before}
    elif example.kind == "deadline-extended" and not _has_moved(session, consultation):
        before = closing_wording(consultation.closes_at - MADE_UP_DAYS, consultation.zone, language)
        more |= {"closing_before": before, "is_later": True}
        made_up.append("The former closing time is made up: it has never moved.")
    return more, made_up


def _has_moved(session: Session, consultation: Consultation) -> bool:
    changes = select(DeadlineChange.id).where(DeadlineChange.consultation_id == consultation.id)
    return session.exec(changes.limit(1)).first() is not None


def _made_up_receipt(consultation: Consultation, language: str, now: datetime, base_url: str) -> Mapping[str, object]:
    return {
        "greeting": greeting(_MADE_UP_NAME, language),
        "consultation_title": consultation.title,
        "reference": consultation.reference(42),
        "is_addition": False,
        "nature": "response",
        "received": moment_wording(now, consultation.zone, language),
        "timing": "in_time",
        "is_in_grace": False,
        "closing": closing_wording(consultation.closes_at, consultation.zone, language),
        "has_closed": False,
        "late_policy": consultation.late_policy.value,
        "attachments": [{"name": "Our response.docx", "size": "34 kB"}],
        "next_steps": consultation.next_steps,
        "privacy_notice": consultation.privacy_notice,
        "contact_name": consultation.contact_name,
        "contact_address": consultation.contact_address,
        "contact_phone": consultation.contact_phone,
        "respondent_name": _MADE_UP_NAME,
        "receipt_url": acknowledging.receipt_url(base_url),
        "reply_marker": REPLY_MARKER,
    }
