"""The bytes of one outgoing email: its text as it is stored, with the secret it carries put in, its headers.

The same at every try. Never sends it, and never changes its row.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from intake.mail.compose import compose
from intake.mail.message import Address
from intake.outbound.texts import PUBLIC_MAILINGS
from intake.store.consultations import Consultation, sending_address
from intake.store.emails import OutgoingEmail

MASK = "secret-not-kept"
"""In place of the secret of a link, or of a code, in every email as it is stored."""
# RFC 3834, section 5. What an officer wrote is no automatic mail.
AUTO_SUBMITTED: Mapping[str, Literal["auto-replied"] | None] = {"acknowledgement": "auto-replied", "reply": None}


def composed(session: Session, outgoing: OutgoingEmail, *, base_url: str, now: datetime) -> tuple[str, bytes]:
    """The address it comes from, and the email. Raises UnwritableAddress."""
    consultation = session.get_one(Consultation, outgoing.consultation_id)
    sender = sending_address(session, consultation)
    raw = compose(
        message_id=outgoing.message_id,
        sender=Address(consultation.title, sender),
        recipient=Address(outgoing.recipient_name, outgoing.recipient_address),
        subject=outgoing.subject or "",
        text=_with_secret(outgoing, outgoing.text),
        html=_with_secret(outgoing, outgoing.html),
        in_reply_to=outgoing.in_reply_to,
        references=tuple(outgoing.references),
        sent_at=outgoing.written_at or now,
        auto_submitted=AUTO_SUBMITTED.get(outgoing.kind, "auto-generated"),
        one_click_url=_one_click_url(outgoing, base_url),
    )
    return sender, raw


def _with_secret(outgoing: OutgoingEmail, text: str | None) -> str:
    return (text or "").replace(MASK, outgoing.secret) if outgoing.secret else text or ""


def _one_click_url(outgoing: OutgoingEmail, base_url: str) -> str | None:
    """RFC 8058, section 3.1: an HTTPS address, by which a mail program asks for no more."""
    may_ask = outgoing.kind in PUBLIC_MAILINGS and outgoing.opt_out_token and base_url.startswith("https://")
    return f"{base_url}/stop/{outgoing.opt_out_token}" if may_ask else None
