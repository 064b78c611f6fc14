"""Says what an email is: its readable text, who wrote it, what it answers, whether a machine sent it.

`understand` is pure: the same bytes give the same answer, and nothing is read or written. It never decides what
becomes of the email, and it never raises, whatever the bytes.
"""

from dataclasses import dataclass
from datetime import datetime

from intake.mail.attachments import is_email_file
from intake.mail.automatic import Automatic, OwnMail, judge_automatic, looks_like_bounce
from intake.mail.bounces import Bounce, read_bounce
from intake.mail.forwarding import Forwarded, ForwardedSender, read_forward
from intake.mail.message import Address, AttachedFile, ParsedEmail, parse_email, read_addresses
from intake.mail.parts import parse_with_enclosed
from intake.mail.quoting import own_words
from intake.mail.text import html_source, readable_text

# A bounce tells its recipients before it returns the email that failed, which may be large.
_BOUNCE_BYTES = 1_000_000
_MOST_READ = 3  # From headers
# Pictures and cards of a signature, and signatures that prove who wrote.
_ADDED_BY_PROGRAMS = (
    "image/",
    "text/vcard",
    "text/x-vcard",
    "application/pgp-signature",
    "application/pkcs7-",
    "application/x-pkcs7-",
)


@dataclass(frozen=True, slots=True)
class Understood:
    """Everything intake knows about an email before it looks at any consultation."""

    message_id: str | None
    """With angle brackets, as in the header."""
    sent_at: datetime | None
    """What the sender's clock said; when it arrived is for the mailbox to say."""
    subject: str | None
    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    delivered_to: tuple[str, ...]
    """Addresses noted by the receiving servers, in lower case, in header order."""
    answers: tuple[str, ...]
    """Message-IDs this email answers, the nearest parent first."""
    return_path: str | None
    """"" is the null return path, None is unknown."""
    received_at: datetime | None
    """The topmost Received date: as trustworthy as the server that wrote it."""
    received_by: str | None
    """That server, as it names itself."""
    text: str
    own_words: str
    """A view of `text` without quoted text, signature and disclaimer; never the record."""
    html: str | None
    """As sent: not safe to show."""
    attachments: tuple[AttachedFile, ...]
    automatic: Automatic | None
    bounce: Bounce | None
    forwarded: Forwarded | None
    authentication: tuple[str, ...]
    """Raw Authentication-Results values, topmost first."""
    defects: tuple[str, ...]
    is_encrypted: bool = False
    """The letter itself, or a part of it: it stays closed."""
    authors: tuple[str, ...] = ()
    """Every address that any From header names, in lower case, and "" for those of too many headers to read. Programs
    do not agree which of several is the sender."""
    exchange: tuple[str, ...] = ()
    """The values of X-MS-Exchange-Organization-AuthAs."""


def understand(raw: bytes, *, own: OwnMail | None = None) -> Understood:
    """What an email is, from its bytes. `own` tells how mail that we sent ourselves is recognised."""
    parsed = parse_email(raw)
    text = readable_text(parsed.texts)
    is_bounce = looks_like_bounce(parsed)
    bounce = _read_bounce(raw, text) if is_bounce else None
    forwarded = None if bounce else read_forward(parsed.subject, text) or _forwarded_as_attachment(parsed, text)
    return Understood(
        message_id=parsed.message_id,
        sent_at=parsed.sent_at,
        subject=parsed.subject,
        sender=parsed.sender,
        to=parsed.to,
        cc=parsed.cc,
        delivered_to=parsed.delivered_to,
        answers=parsed.answers,
        return_path=parsed.return_path,
        received_at=parsed.received_at,
        received_by=parsed.received_by,
        text=text,
        own_words=own_words(forwarded.note if forwarded else text),
        html=html_source(parsed.texts),
        attachments=parsed.attachments,
        automatic=judge_automatic(parsed, bounce=is_bounce, own=own),
        bounce=bounce,
        forwarded=forwarded,
        authentication=tuple(parsed.headers.get("authentication-results", ())),
        defects=_defects(parsed, text),
        is_encrypted="encrypted" in parsed.defects,
        authors=_authors(parsed),
        exchange=tuple(parsed.headers.get("x-ms-exchange-organization-authas", ())),
    )


def as_explained(file: str, understood: Understood) -> dict[str, object]:
    """The line `intake explain --json` prints; its keys are a contract with other programs."""
    return {
        "file": file,
        "message_id": understood.message_id,
        "sent_at": _instant(understood.sent_at),
        "subject": understood.subject or "",
        "from": _one_address(understood.sender),
        "to": _addresses(understood.to),
        "cc": _addresses(understood.cc),
        "text": understood.text,
        "own_words": understood.own_words,
        "attachments": [_attachment(attached) for attached in understood.attachments],
        "automatic": _automatic(understood.automatic),
        "bounce": _bounce(understood.bounce),
        "forwarded": _forwarded(understood.forwarded),
        "defects": list(understood.defects),
    }


def _authors(parsed: ParsedEmail) -> tuple[str, ...]:
    values = parsed.headers.get("from", ())
    if parsed.sender and len(values) == 1 and values[0].count("@") == 1:
        return (parsed.sender.address.lower(),)
    read = [address for value in values[:_MOST_READ] for address in read_addresses(value)]
    senders = [parsed.sender, *read] if parsed.sender else read
    # Nobody knows whom the others name, so that it is not this one alone.
    others = ("",) if len(values) > _MOST_READ else ()
    return (*dict.fromkeys(one.address.lower() for one in senders), *others)


def _read_bounce(raw: bytes, text: str) -> Bounce | None:
    try:
        return read_bounce(parse_with_enclosed(raw[:_BOUNCE_BYTES]), text)
    except Exception:  # RecursionError on a report nested hundreds of parts deep, others on charsets that are none
        return None


def _forwarded_as_attachment(parsed: ParsedEmail, note: str) -> Forwarded | None:
    """An email that carries one other email, and at most what mail programs add to any, hands that one on."""
    files = [file for file in parsed.attachments if not file.content_type.startswith(_ADDED_BY_PROGRAMS)]
    if "too-many-parts" in parsed.defects:  # what is attached is the email itself
        return None
    if len(files) != 1 or parsed.report_type or not is_email_file(files[0].filename, files[0].content_type):
        return None
    inner = parse_email(files[0].content)
    if not (inner.sender or inner.sent_at or inner.subject or files[0].content_type == "message/rfc822"):
        return None  # something else by the name of an email
    return Forwarded(
        sender=ForwardedSender(inner.sender.name, inner.sender.address) if inner.sender else None,
        sent_at=inner.sent_at,
        to=inner.to,
        cc=inner.cc,
        subject=inner.subject,
        text=readable_text(inner.texts),
        note=note,
    )


def _defects(parsed: ParsedEmail, text: str) -> tuple[str, ...]:
    """What is encrypted has a text, which nobody here can read."""
    has_no_text = not text.strip() and "encrypted" not in parsed.defects
    return (*parsed.defects, "no-text") if has_no_text else parsed.defects


def _instant(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _one_address(address: Address | ForwardedSender | None) -> dict[str, str | None] | None:
    return {"name": address.name, "address": address.address} if address else None


def _addresses(addresses: tuple[Address, ...]) -> list[dict[str, str | None] | None]:
    return [_one_address(address) for address in addresses]


def _attachment(attached: AttachedFile) -> dict[str, str | int]:
    return {
        "filename": attached.filename,
        "content_type": attached.content_type,
        "size": attached.size,
        "sha256": attached.sha256,
    }


def _automatic(automatic: Automatic | None) -> dict[str, str] | None:
    return {"kind": automatic.kind, "reason": automatic.reason} if automatic else None


def _bounce(bounce: Bounce | None) -> dict[str, object] | None:
    if bounce is None:
        return None
    fields = ("address", "status", "diagnostic", "permanent")
    return {"recipients": [{field: getattr(each, field) for field in fields} for each in bounce.recipients]}


def _forwarded(forwarded: Forwarded | None) -> dict[str, object] | None:
    if forwarded is None:
        return None
    return {
        "from": _one_address(forwarded.sender),
        "sent_at": _instant(forwarded.sent_at),
        "to": _addresses(forwarded.to),
        "cc": _addresses(forwarded.cc),
        "subject": forwarded.subject,
        "text": forwarded.text,
        "note": forwarded.note,
    }
