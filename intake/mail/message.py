"""Reads an email from its bytes: addresses, dates, identifiers, text parts and attached files.

Everything is read and nothing judged. mail-parser reads the headers it is best at; the tree of parts is our own
(`parts.py`), because mail-parser mixes nested emails into the outer text and loses unnamed files. Never raises.
"""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from inspect import signature
from typing import Any

from mailparser import MailParser  # type: ignore[import-untyped]

from intake.mail.attachments import AttachedFile
from intake.mail.charsets import decode_words, repair_western
from intake.mail.parts import Part, TextPart, distinct, parse_tree, take_apart

__all__ = ["Address", "AttachedFile", "ParsedEmail", "parse_email", "read_addresses"]

# mail-parser writes header values into its error lines; process output holds no personal data.
logging.getLogger("mailparser").setLevel(logging.CRITICAL + 1)

_READ_BY_MAIL_PARSER = ("From", "To", "Cc", "Date", "Received")
_DELIVERY_HEADERS = frozenset({"delivered-to", "x-original-to", "envelope-to", "x-envelope-to"})
_BARE_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:]{1,64}@[^\s<>()\[\]\",;:]{1,255}")
_MESSAGE_ID = re.compile(r"<[^<>]{1,900}>")
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MAX_ANSWERS = 100
_LONGEST_NAME = 200
_LONGEST_ID = 900
_LONGEST_HEADER = 4_000_000  # 100,000 recipients
# Newer releases of Python, and Debian's, give up on every address of a header with one odd one unless told not to.
_LOOSELY: dict[str, Any] = {"strict": False} if "strict" in signature(getaddresses).parameters else {}


@dataclass(frozen=True, slots=True)
class Address:
    """An address as its writer gave it: the decoded name, and the address with surrounding white space removed."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class ParsedEmail:
    """Everything read from the bytes, nothing judged. `headers` has lower-case names and every occurrence."""

    headers: Mapping[str, Sequence[str]]
    message_id: str | None
    sent_at: datetime | None
    subject: str | None
    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    delivered_to: tuple[str, ...]
    answers: tuple[str, ...]
    return_path: str | None
    received_at: datetime | None
    received_by: str | None
    content_type: str
    report_type: str | None
    texts: tuple[TextPart, ...]
    attachments: tuple[AttachedFile, ...]
    defects: tuple[str, ...]

    def header(self, name: str) -> str:
        """The first header of that lower-case name, "" when there is none."""
        return next(iter(self.headers.get(name, ())), "")


def parse_email(raw: bytes) -> ParsedEmail:
    """Everything an email says, from its bytes. Holds for any bytes, none included."""
    root = parse_tree(raw)
    headers = _headers(root)
    parser = _mail_parser(headers)
    report_type = root.get_param("report-type") if "report-type" in root.get("content-type", "").lower() else None
    parts = take_apart(root, raw)
    return ParsedEmail(
        headers=headers,
        message_id=_message_id(headers),
        sent_at=_date(parser.date if parser else None, _first(headers, "date")),
        subject=_subject(headers),
        sender=next(iter(_addresses(parser.from_ if parser else (), _first(headers, "from"))), None),
        to=_addresses(parser.to if parser else (), _first(headers, "to")),
        cc=_addresses(parser.cc if parser else (), _first(headers, "cc")),
        delivered_to=_delivered_to(headers),
        answers=_answers(headers),
        return_path=_return_path(headers),
        received_at=_received_at(parser, _first(headers, "received")),
        received_by=_received_by(_first(headers, "received")),
        content_type=root.declared_type,
        report_type=report_type.lower() if isinstance(report_type, str) else None,
        texts=tuple(parts.texts),
        attachments=tuple(parts.files),
        defects=distinct([*_header_defects(headers, parser), *parts.defects]),
    )


def read_addresses(value: str) -> tuple[Address, ...]:
    """The addresses of one decoded header value, by the standard library, and bare ones where it finds none."""
    try:
        pairs = [pair for pair in getaddresses([value], **_LOOSELY) if _BARE_ADDRESS.fullmatch(pair[1])]
    except Exception:  # RecursionError on a few thousand brackets, IndexError on stray quotes
        pairs = []
    return tuple(map(_address, pairs or _bare_addresses(value)))


def _bare_addresses(value: str) -> list[tuple[str, str]]:
    found = list(_BARE_ADDRESS.finditer(value))
    if len(found) != 1:
        return [("", bare[0]) for bare in found]
    return [(re.sub(r"mailto:|[<>()\[\]\"]", " ", value[: found[0].start()]), found[0][0])]


def _headers(root: Part) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in root.items():
        headers.setdefault(name.lower(), []).append(value[:_LONGEST_HEADER])
    return headers


def _first(headers: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(headers.get(name, ())), "")


class _HeaderReader(MailParser):  # type: ignore[misc]
    """Without the summary of everything that mail-parser makes twice and nobody here asks for."""

    def _make_mail(self, complete: bool = True) -> dict[str, Any]:
        return {}


def _mail_parser(headers: Mapping[str, Sequence[str]]) -> MailParser | None:
    """mail-parser over the first occurrence of the headers it reads for us, and nothing else of the email.

    So no header name can collide with its attributes, no repeated header becomes a list, and no body is decoded twice.
    """
    block = Message()
    block.set_payload("")
    for name in _READ_BY_MAIL_PARSER:
        if value := _first(headers, name.lower()):
            block[name] = value
    try:
        return _HeaderReader(block)
    except Exception:  # measured: AttributeError and RecursionError on odd mail; the standard library reads it then
        return None


def _addresses(pairs: Iterable[tuple[str, str]], value: str) -> tuple[Address, ...]:
    found = tuple(_address(pair) for pair in pairs or () if pair[1])
    # mail-parser reads strictly where Python can: then a comma in "ben@school.example (Ben, Head)" costs the name.
    may_have_lost_names = "(" in value and not any(address.name for address in found)
    return (read_addresses(value) if value and (may_have_lost_names or not found) else ()) or found


def _address(pair: tuple[str, str]) -> Address:
    """Names are decoded once more: many programs put encoded words in quotes, where RFC 2047 forbids them."""
    name, address = pair
    return Address(_on_one_line(repair_western(decode_words(name)))[:_LONGEST_NAME], address.strip())


def _on_one_line(written: str) -> str:
    """Without overrides of direction, by which one name is shown as another."""
    return " ".join(_OVERRIDES.sub("", written).split())


def _date(by_mail_parser: datetime | None, value: str) -> datetime | None:
    if by_mail_parser is not None or not value:
        return by_mail_parser
    try:
        read = parsedate_to_datetime(value)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except Exception:  # ValueError, OverflowError, IndexError: all mean that it is no date
        return None


def _subject(headers: Mapping[str, Sequence[str]]) -> str | None:
    if "subject" not in headers:
        return None
    return _on_one_line(decode_words(_first(headers, "subject")))


def _message_id(headers: Mapping[str, Sequence[str]]) -> str | None:
    value = decode_words(_first(headers, "message-id"))
    bracketed = _MESSAGE_ID.search(value)
    return bracketed[0] if bracketed else value[:_LONGEST_ID] or None


def _answers(headers: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """RFC 5322 section 3.6.4: In-Reply-To names the parent, References the line of descent with the parent last."""
    # Python's own email package is seen to send long ids as encoded words, which RFC 2047 section 5 forbids.
    parents = _MESSAGE_ID.findall(decode_words(_first(headers, "in-reply-to")))
    line = _MESSAGE_ID.findall(decode_words(" ".join(headers.get("references", ()))))
    return tuple(dict.fromkeys([*parents, *reversed(line)]))[:_MAX_ANSWERS]


def _return_path(headers: Mapping[str, Sequence[str]]) -> str | None:
    value = _first(headers, "return-path")
    return value.strip("<> ") if value else None


def _delivered_to(headers: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    values = (value for name, each in headers.items() if name in _DELIVERY_HEADERS for value in each)
    return tuple(dict.fromkeys(address.lower() for value in values for address in _BARE_ADDRESS.findall(value)))


def _received_at(parser: MailParser | None, value: str) -> datetime | None:
    """The date of the topmost Received header: it stands after the last semicolon (RFC 5321 section 4.4)."""
    hop = parser.received[0] if parser and parser.received else {}
    by_mail_parser = datetime.fromisoformat(hop["date_utc"]) if hop.get("date_utc") else None
    return _date(by_mail_parser, value.rpartition(";")[2])


def _received_by(value: str) -> str | None:
    """The server that wrote the topmost Received header (RFC 5321 section 4.4), in lower case."""
    found = re.search(r"\bby\s+([\w.-]+)", value)
    return found[1].lower() if found else None


def _header_defects(headers: Mapping[str, Sequence[str]], parser: MailParser | None) -> list[str]:
    repeated = [
        f"repeated-{name}" for name in ("from", "subject", "date", "message-id") if len(headers.get(name, ())) > 1
    ]
    if any(len(value) == _LONGEST_HEADER for values in headers.values() for value in values):
        repeated.append("header-cut-short")
    if parser is None:
        return [*repeated, "unreadable-headers"]
    return [*repeated, *sorted(_CATEGORIES.get(name, name) for name in parser.defects_categories)]


_CATEGORIES = {
    "AddressHeaderDefect": "address-header",
    "DateHeaderDefect": "date-header",
    "ReceivedHeaderDefect": "received-header",
}
