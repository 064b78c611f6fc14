"""Emails that intake writes in its own name, to administrators and to itself: plain text, answering nothing.

Never used for a respondent or a consultee; what those get goes by the outbox.
"""

from datetime import datetime

from intake.mail.compose import compose
from intake.mail.message import Address
from intake.settings import Settings


def own_address(settings: Settings) -> str:
    """The account everything is sent through; else one at our domain, which may not exist."""
    username = settings.smtp.username or ""
    return username if "@" in username else f"intake@{settings.mail.message_id_domain}"


def plain_email(*, message_id: str, sender: str, recipient: str, subject: str, text: str, now: datetime) -> bytes:
    """Raises UnwritableAddress."""
    return compose(
        message_id=message_id,
        sender=Address("intake", sender),
        recipient=Address("", recipient),
        subject=subject,
        text=text,
        html=None,
        in_reply_to=None,
        references=[],
        sent_at=now,
        auto_submitted="auto-generated",
    )
