"""What an administrator may write emails of, and which text an email is written from: theirs, or the product's own.

The names of fields stand here once: the page shows them, a text that names another is refused, and what fills them in
(`acknowledging.py`, `mailing_fields.py`) gives no others. Never fills in a text, and never changes one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, select

from intake.outbound.names import person_name
from intake.store.emails import OutgoingEmail
from intake.store.mailings import EmailTemplate, EmailTemplateVersion, Mailing
from intake.store.people import ENGLISH, WELSH, Consultee
from intake.store.responses import Response

LANGUAGES: Mapping[str, str] = {ENGLISH: "English", WELSH: "Welsh"}
PUBLIC_MAILINGS = ("invitation", "reminder", "deadline-extended", "outcome")
"""To consultees and respondents: each carries the way out of them, whatever its text says, and is stopped by it."""
OFFICERS_MAILINGS = ("officer-reminder", "digest")


@dataclass(frozen=True, slots=True)
class OwnText:
    """A text an administrator wrote; `subject` and `text` are templates."""

    subject: str
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of email that may be worded anew. `recipients` follows "It goes to"; `fields`: what each holds; `needs`:
    which its text must name."""

    name: str
    sentence: str
    recipients: str
    fields: Mapping[str, str]
    needs: tuple[str, ...] = ()
    languages: tuple[str, ...] = (ENGLISH, WELSH)


_CONSULTATION = {
    "consultation_title": "the title of the consultation",
    "closing": "its closing time as it stands when the email goes",
    "has_closed": "true once it has closed; for {% if has_closed %}",
}
_CONTACT = {
    "contact_name": "who helps with questions",
    "contact_address": "their email address",
    "contact_phone": "their telephone number, or nothing",
}
_GREETING = {"greeting": "“Dear” and the name, or “Hello” where no name is known; with its comma"}
_MAILED = {
    **_GREETING,
    "recipient_name": "the name of whom it goes to, or nothing",
    "organisation": "their organisation, or nothing",
    "group": "their stakeholder group, or nothing",
    **_CONSULTATION,
    "opening": "when the consultation opens or opened",
    "has_opened": "true once it is open; for {% if has_opened %}",
    "days_to_closing": "“today”, “tomorrow” or “in 5 days”: when it closes, by the calendar",
    "about": "what the consultation is about, as its public page says it; or nothing",
    "form_url": "where it is answered online; or nothing",
    "answer_to": "the published addresses people may respond to, with “or” between them",
    "documents": "the consultation’s documents, one a line, each with its address; or nothing",
    **_CONTACT,
    "next_steps": "what happens next, as the consultation says it",
    "privacy_notice": "the consultation’s privacy notice",
}
_OFFICERS = {
    "greeting": "“Dear” and the officer’s name, with its comma",
    "officer_name": "the name of the officer it goes to",
    **_CONSULTATION,
    "days_to_closing": "“today”, “tomorrow”, “in 5 days”, “3 days ago”: when it closes or closed",
    "responses": "how many responses there are",
    "unread": "how many responses and questions are unread",
    "needs_reply": "how many responses and questions need a reply",
    "held": "how many emails are held for a person to decide",
    "failed": "how many emails could not be read",
    "undelivered": "how many of our emails were refused or came back",
    "responses_link": "the address of the responses’ page",
    "unread_link": "the address of the list of unread responses and questions",
    "held_link": "the address of the page of held emails",
    "outgoing_link": "the address of the page of emails that failed",
    "consultation_link": "the address of the consultation’s page",
}
_RECEIPT = {
    **_GREETING,
    "reference": "the reference of the response",
    "respondent_name": "the respondent’s name, or nothing",
    **_CONSULTATION,
    "is_addition": "true where it was added to an earlier response; for {% if is_addition %}",
    "nature": "“response”, “question” or “neither”",
    "received": "when it reached us, or nothing where that is not known",
    "timing": "“in_time”, “late” or “unknown”",
    "is_in_grace": "true where a form was begun before closing and handed in soon after, in time",
    "late_policy": "“accept”, “discretion” or “strict”: what becomes of late responses",
    "receipt_url": "the address of the respondent’s receipt, or nothing",
    "attachments": "the files that came with it: each has a name and a size",
    "next_steps": "what happens next, as the consultation says it",
    "privacy_notice": "the consultation’s privacy notice",
    **_CONTACT,
}

KINDS: Mapping[str, Kind] = {
    "acknowledgement": Kind(
        "Acknowledgement",
        "Says that a response has arrived, its reference, and whether it was in time.",
        "everybody who responds, within minutes",
        _RECEIPT,
        needs=("reference",),
    ),
    "invitation": Kind(
        "Invitation",
        "Asks for a response: what the consultation is about, how to respond, and by when.",
        "consultees, when an administrator sends invitations",
        _MAILED,
        needs=("closing",),
    ),
    "reminder": Kind(
        "Reminder",
        "Reminds those who have not answered of the closing time.",
        "consultees, on the days the reminder rules say",
        _MAILED,
        needs=("closing",),
    ),
    "deadline-extended": Kind(
        "New closing time",
        "Says that the closing time has moved: from when, to when.",
        "those who were told the old time, when an administrator sends the notice",
        {
            **_MAILED,
            "closing_before": "the closing time they were told",
            "is_later": "true where the new time is later than the old one; for {% if is_later %}",
        },
        needs=("closing", "closing_before"),
    ),
    "outcome": Kind(
        "Outcome",
        "Says that the final document is published, and where.",
        "everybody who answered, once, when an administrator sends it",
        {
            **_MAILED,
            "outcome_url": "the address of the final document",
            "outcome_note": "what an administrator wrote beside it, or nothing",
            "references": "the references of their responses, with commas between them; or nothing",
        },
        needs=("outcome_url",),
    ),
    "officer-reminder": Kind(
        "Officers’ reminder",
        "Says what waits for an officer: unread responses, and held or failed emails.",
        "officers of the consultation, on the days the reminder rules say, while something waits",
        _OFFICERS,
        languages=(ENGLISH,),
    ),
    "digest": Kind(
        "Officers’ digest",
        "Sums up what came in, what waits, and who has answered.",
        "officers of the consultation, on the days the reminder rules say",
        {
            **_OFFICERS,
            "new": "how many responses came since the last digest, or since the day before",
            "new_since": "from when they are counted",
            "answered": "how many consultees have answered",
            "invited": "how many consultees are invited",
            "rates": "a line for each stakeholder group: how many of its consultees have answered; or nothing",
        },
        languages=(ENGLISH,),
    ),
}


def own_text(session: Session, outgoing: OutgoingEmail) -> OwnText | None:
    """The text an administrator chose for its mailing, else theirs for its kind; None for the product's own.

    In the consultee's language where it is written in that, else in English.
    """
    template_id = _named_template(session, outgoing) or _default_template(session, outgoing)
    return newest_text(session, template_id, wanted_language(session, outgoing)) if template_id else None


def language_of(session: Session, outgoing: OutgoingEmail) -> str:
    """The language the email is written in."""
    own = own_text(session, outgoing)
    return own.language if own else wanted_language(session, outgoing)


def wanted_language(session: Session, outgoing: OutgoingEmail) -> str:
    """The consultee's, also of an email that answers their response."""
    consultee_id = outgoing.consultee_id
    if consultee_id is None and outgoing.response_id is not None:
        consultee_id = session.get_one(Response, outgoing.response_id).consultee_id
    return session.get_one(Consultee, consultee_id).language if consultee_id is not None else ENGLISH


def greeting(name: str, language: str) -> str:
    """ "Dear Carol Lewis,"; a stranger's name is repeated only where it is one."""
    name = person_name(name)
    if language == WELSH:
        return f"Annwyl {name}," if name else "Helo,"
    return f"Dear {name}," if name else "Hello,"


def newest_text(session: Session, template_id: int, language: str) -> OwnText | None:
    """What a template says now in this language, else in English."""
    for one in dict.fromkeys((language, ENGLISH)):
        if version := newest_version(session, template_id, one):
            return OwnText(version.subject, version.text, one)
    return None


def newest_version(session: Session, template_id: int, language: str) -> EmailTemplateVersion | None:
    return session.exec(
        select(EmailTemplateVersion)
        .where(EmailTemplateVersion.template_id == template_id, EmailTemplateVersion.language == language)
        .order_by(col(EmailTemplateVersion.number).desc())
        .limit(1)
    ).first()


def _named_template(session: Session, outgoing: OutgoingEmail) -> int | None:
    if outgoing.mailing_id is None:
        return None
    mailing = session.get_one(Mailing, outgoing.mailing_id)
    template = session.get(EmailTemplate, mailing.template_id) if mailing.template_id else None
    return template.id if template and template.removed_at is None else None


def _default_template(session: Session, outgoing: OutgoingEmail) -> int | None:
    return session.exec(
        select(EmailTemplate.id)
        .where(EmailTemplate.consultation_id == outgoing.consultation_id, EmailTemplate.kind == outgoing.kind)
        .where(col(EmailTemplate.is_default), col(EmailTemplate.removed_at).is_(None))
        .order_by(col(EmailTemplate.id))
        .limit(1)
    ).first()
