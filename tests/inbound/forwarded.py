"""Forwards as officers send them, and what the county's own mail server wrote on top of them."""

from typing import Any

from tests.building import raw_email
from tests.people import ASHA, BEN, REVIEW

PROVEN = {"Authentication-Results": "mx.county.example; dmarc=pass header.from=county.example"}
NOTE = "Please log this one."
WORDS = "We support the draft."


def inline(
    *, sender: str = f"Ben Hughes <{BEN}>", words: str = WORDS, note: str = NOTE, by: str = ASHA, **built: Any
) -> bytes:
    """A letter that was quoted in an email."""
    text = (
        f"{note}\n\n---------- Forwarded message ---------\nFrom: {sender}\nDate: Mon, 3 Feb 2020 at 09:12\n"
        f"Subject: Our view\nTo: Asha Rahman <{ASHA}>\n\n{words}\n"
    )
    given = {"to": REVIEW, "subject": "Fwd: Our view", "headers": PROVEN, "message_id": "<forward@county.example>"}
    return raw_email(sender=f"Asha Rahman <{by}>", text=text, **{**given, **built})


def letter(number: int = 1, **built: Any) -> bytes:
    """A letter as it lay in Asha's own mailbox."""
    given = {"sender": f"Ben Hughes <{BEN}>", "to": ASHA, "message_id": f"<letter-{number}@heathfield.example>"}
    return raw_email(**{**given, "subject": "Our view", "text": f"We support the draft, {number}.\n", **built})


def attaching(*letters: bytes, files: list[Any] | None = None, by: str = ASHA, **built: Any) -> bytes:
    """An email with other emails attached to it, as files of the kind that mail programs make of them."""
    given = {"to": REVIEW, "subject": "For the log", "text": f"{NOTE}\n", "headers": PROVEN}
    attached = [(f"letter-{at}.eml", "application/octet-stream", one) for at, one in enumerate(letters)]
    given["message_id"] = "<forward@county.example>"
    return raw_email(sender=f"Asha Rahman <{by}>", **{**given, **built}, attachments=[*attached, *(files or [])])
