"""Opens what stands around an email, or around parts of it: Outlook's two forms, and S/MIME that is only signed.

Each is given back as an ordinary email or part, for the one reader of these. The libraries for them are loaded when one
is met. Never raises, and opens nothing that is encrypted.
"""

import codecs
from typing import NamedTuple

MAX_ENVELOPES = 5
"""In one another."""

_OUTLOOK_FILE = bytes.fromhex("d0cf11e0a1b11ae1")
_WINMAIL_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_SIGNED_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
# Gateways that do not know these types call them this.
_UNKNOWN_TYPES = frozenset({"application/octet-stream", "application/x-unknown", "application/x-octet-stream"})
_WINMAIL_NAMES = frozenset({"winmail.dat", "win.dat"})
_SIGNED_NAME = "smime.p7m"


class Envelope(NamedTuple):
    """`entity` is what was inside, as the bytes of an email or a part of one; None where it stays closed."""

    entity: bytes | None = None
    is_winmail: bool = False
    is_kept: bool = True
    """Whether the envelope is a file of the email in itself."""
    defect: str | None = None


def may_be_envelope(content_type: str, name: str) -> bool:
    """By what it says it is."""
    if content_type in _UNKNOWN_TYPES:
        return name.lower() in {*_WINMAIL_NAMES, _SIGNED_NAME}
    return content_type in _WINMAIL_TYPES or content_type in _SIGNED_TYPES


def open_envelope(content_type: str, name: str, content: bytes) -> Envelope:
    """For parts that `may_be_envelope`."""
    if content_type in _WINMAIL_TYPES or name.lower() in _WINMAIL_NAMES:
        return _open_winmail(content)
    from intake.mail.secured import open_signed

    inside = open_signed(content)
    if inside == "encrypted":
        return Envelope(defect="encrypted")
    return Envelope(inside if isinstance(inside, bytes) else None)


def is_outlook_file(raw: bytes) -> bool:
    """Whether these are the bytes of a .msg file, or of another document in the same container."""
    return raw.startswith(_OUTLOOK_FILE)


def as_ordinary_email(raw: bytes) -> bytes:
    """An email saved by Outlook as an ordinary one; any other as it is. What cannot be read becomes its only file."""
    if is_outlook_file(raw):
        from intake.mail.outlook import read_outlook
        from intake.mail.outlook_items import as_email

        item = read_outlook(raw)
        return as_email(item) if item else b"Content-Type: application/vnd.ms-outlook\r\n\r\n" + raw
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # seen in exported files
        return raw.decode("utf-16", "replace").encode("utf-8", "replace")
    return raw


def _open_winmail(content: bytes) -> Envelope:
    from intake.mail.outlook_items import as_email
    from intake.mail.winmail import read_winmail

    item = read_winmail(content)
    if item is None:
        return Envelope(defect="unreadable-tnef")
    return Envelope(as_email(item), is_winmail=True, is_kept=False) if item.has_content else Envelope()
