"""Writes the bytes of an outgoing email. Says nothing of its own, sends nothing, lets no field become a second header.

Every value may come from outside: names, addresses and ids are read from other people's mail.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Literal

from intake.errors import IntakeError
from intake.mail.message import Address

# Mail programs need the first and the nearest ids of a thread; servers have been seen to refuse headers of many kB.
_MOST_REFERENCES = 20
_LONGEST_ID = 250


class UnwritableAddress(IntakeError):
    """The address cannot be written into an email; correct it."""


def compose(  # noqa: PLR0913  # an email has these eleven fields
    *,
    message_id: str,
    sender: Address,
    recipient: Address,
    subject: str,
    text: str,
    html: str | None,
    in_reply_to: str | None,
    references: Sequence[str],
    sent_at: datetime,
    auto_submitted: Literal["auto-replied", "auto-generated"] | None,
    one_click_url: str | None = None,
) -> bytes:
    """An email in plain text and, if given, HTML, ready for SMTP: CRLF lines, and ASCII unless an address is not.

    `auto_submitted` (RFC 3834 section 5) is None for what a person wrote; otherwise no automatic answer is wanted.
    `one_click_url` is where a POST asks for no more such emails (RFC 8058). Raises UnwritableAddress.
    """
    from_address, to_address = _header_address(sender), _header_address(recipient)
    is_ascii = from_address.username.isascii() and to_address.username.isascii()
    email = EmailMessage(policy=SMTP if is_ascii else SMTPUTF8)
    email["From"] = from_address
    email["To"] = to_address
    email["Subject"] = _on_one_line(subject)
    email["Date"] = sent_at
    if auto_submitted:
        email["Auto-Submitted"] = auto_submitted
        # Exchange obeys this, not the line above. No Precedence header: RFC 3834 section 3.1.8 advises against it.
        email["X-Auto-Response-Suppress"] = "All"
    email.set_content(_encodable(text), charset="utf-8", cte="quoted-printable")
    if html is not None:
        email.add_alternative(_encodable(html), subtype="html", charset="utf-8", cte="quoted-printable")
        # The same at every try, so that a second copy is the same email to the letter.
        email.set_boundary(f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}")
    return _thread_headers(message_id, in_reply_to, references) + _unsubscribe_headers(one_click_url) + email.as_bytes()


def new_message_id(kind: str, domain: str) -> str:
    """Such as <intake.acknowledgement.5f…@consultations.example>: what our own mail is known by when it comes back."""
    return f"<intake.{kind}.{secrets.token_hex(10)}@{domain}>"


def _header_address(address: Address) -> HeaderAddress:
    local_part, _, domain = address.address.rpartition("@")
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError:
        raise UnwritableAddress from None
    if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]|^$", local_part) or not re.fullmatch(r"[\w.:\[\]-]+", domain):
        raise UnwritableAddress
    if quoted := re.fullmatch(r'"(.*)"', local_part):
        local_part = re.sub(r"\\(.)", r"\1", quoted[1])
    return HeaderAddress(_on_one_line(address.name), local_part, domain)


def _on_one_line(value: str) -> str:
    """Control characters and line breaks of every script become spaces."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", _encodable(value)).split())


def _encodable(value: str) -> str:
    """Half characters, which a badly decoded email leaves behind, become question marks."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _thread_headers(message_id: str, in_reply_to: str | None, references: Sequence[str]) -> bytes:
    """Message-ID, In-Reply-To and References, an id a line.

    The standard library would encode an id above 78 letters as a word, and fold a shorter one behind its header's name,
    which some mail programs are seen to take for an empty Message-ID.
    """
    parent = _well_formed([in_reply_to or ""])
    ids = _well_formed(references)
    if len(ids) > _MOST_REFERENCES:
        ids = ids[:1] + ids[1 - _MOST_REFERENCES :]
    fields = {"Message-ID": [message_id], "In-Reply-To": parent, "References": ids}
    return b"".join(_field(name, values) for name, values in fields.items() if values)


def _unsubscribe_headers(url: str | None) -> bytes:
    """Both or none; written here, as the standard library would fold or encode a long address."""
    if url is None:
        return b""
    return f"List-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode("ascii")


def _well_formed(ids: Sequence[str]) -> list[str]:
    return [one for one in ids if len(one) <= _LONGEST_ID and re.fullmatch(r"<[!-;=?-~]+>", one)]


def _field(name: str, ids: list[str]) -> bytes:
    return f"{name}: ".encode() + b"\r\n ".join(one.encode() for one in ids) + b"\r\n"
