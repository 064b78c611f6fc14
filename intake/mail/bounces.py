"""Reads who an undeliverable email could not reach, and why: delivery reports (RFC 3464) first, then
X-Failed-Recipients, then the plain words of mail systems that send no report (flufl.bounce knows many of the old ones).

Owns the report's meaning only; what becomes of the recipient or the email that failed is decided elsewhere. Reports of
success and of reading (RFC 8098) are not bounces.
"""

import base64
import binascii
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser
from email.utils import parseaddr
from typing import Final

from intake.mail.bounce_texts import Notice, is_failure_notice
from intake.mail.complaints import ADDRESS, Complaint, read_complaints
from intake.mail.connecting import without_addresses

_STATUS: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_SMTP_CODE: Final = re.compile(r"(?<![\d.-])([45])\d\d(?![\d.])")
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{1,900}>")
_MESSAGE_ID_LINE: Final = re.compile(
    r"^[ \t>]{0,8}Message-ID:[ \t]*\r?\n?[ \t>]*(<[^<>\s]{1,900}>)", re.IGNORECASE | re.MULTILINE
)
_REPORTS: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_ORIGINALS: Final = frozenset({"message/rfc822", "message/global"})
_ORIGINAL_HEADERS: Final = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
_LONGEST_DIAGNOSTIC: Final = 1000
_OPENING: Final = 2000
_LONGEST_SECOND_READING: Final = 100_000
_RECIPIENT_FIELDS: Final = ("Original-Recipient", "Final-Recipient", "X-Actual-Recipient")


@dataclass(frozen=True, slots=True)
class BouncedRecipient:
    """`address` as the failed email was sent to it; `status` an enhanced status code (RFC 3463); `diagnostic` the
    mail system's words on one line; not `permanent` means delayed, or failed for a reason that may pass."""

    address: str | None
    status: str | None
    diagnostic: str | None
    permanent: bool


@dataclass(frozen=True, slots=True)
class Bounce:
    """At least one recipient; `original_message_id` of the email that failed, with angle brackets."""

    recipients: tuple[BouncedRecipient, ...]
    original_message_id: str | None


def read_bounce(parsed: Message, text: str) -> Bounce | None:
    """`text` is the email's readable text. None for anything else, an email that quotes or encloses a bounce too."""
    if _report_type(parsed) == "feedback-report" or (
        _report_type(parsed) == "disposition-notification" and "was automatically rejected" not in text[:_OPENING]
    ):  # Sieve refuses with a report of reading: RFC 5429 section 2.2
        return None
    blocks = _recipient_blocks(parsed)
    failed = [_read_block(block) for block in blocks if _is_failure(block)]
    if blocks and not failed:
        return None
    recipients = _distinct(failed) or _without_report(parsed, text)
    return Bounce(recipients, _original_message_id(parsed, text)) if recipients else None


def server_answer(recipient: BouncedRecipient, address: str) -> str | None:
    """Why it came back, as shown to people: the status and the mail system's words, without this or any address."""
    words = without_addresses(recipient.diagnostic or "", recipient.address or "", address)
    status = "" if recipient.status and recipient.status in words else recipient.status or ""
    return " ".join(part for part in (status, words) if part) or None


def _report_type(parsed: Message) -> str:
    return str(parsed.get_param("report-type") or "").casefold()


def _parts(parsed: Message) -> list[Message]:
    """The outermost parts: what lies deeper belongs to the email that is enclosed."""
    payload = parsed.get_payload()
    is_multipart = isinstance(payload, list) and parsed.get_content_maintype() == "multipart"
    return [part for part in payload if isinstance(part, Message)] if is_multipart else []


def _recipient_blocks(parsed: Message) -> list[Message]:
    """One a recipient. Seen in practice: a report whose boundary is damaged, so that it has no parts to look into."""
    reports = [part for part in _parts(parsed) if part.get_content_type() in _REPORTS]
    if not reports and _report_type(parsed) == "delivery-status" and isinstance(parsed.get_payload(), str):
        reports = [parsed]
    return [block for report in reports for block in _blocks(report) if _names_recipient(block)]


def _blocks(report: Message) -> Iterator[Message]:
    """The library parses the fields before it decodes them: an encoded report has to be read once more."""
    payload = report.get_payload()
    blocks = [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []
    if any(_names_recipient(block) for block in blocks):
        yield from blocks
        return
    written = payload if isinstance(payload, str) else "\n\n".join(str(block.get_payload()) for block in blocks)
    for paragraph in re.split(r"\n[ \t]{0,80}\n", _decoded(written)):
        if "recipient" in paragraph.casefold():
            yield HeaderParser().parsestr(paragraph.strip() + "\n\n")


def _decoded(written: str) -> str:
    try:
        decoded = base64.b64decode("".join(written.split()), validate=True)
    except (binascii.Error, ValueError):
        decoded = written.encode("utf-8", "replace")
    return decoded.decode("utf-8", "replace").replace("\r\n", "\n")


def _names_recipient(block: Message) -> bool:
    return any(field in block for field in _RECIPIENT_FIELDS)


def _is_failure(block: Message) -> bool:
    """RFC 3464 section 2.3.3. Without the required Action the status tells; success is class 2."""
    action = _field(block, "Action").casefold()
    if action.startswith(("delivered", "relayed", "expanded")):
        return False
    return bool(action) or not _field(block, "Status").startswith("2.")


def _read_block(block: Message) -> BouncedRecipient:
    diagnostic = re.sub(r"^[a-z0-9-]{1,20};\s*", "", _field(block, "Diagnostic-Code"), flags=re.IGNORECASE)
    found = _STATUS.search(_field(block, "Status"))
    status = found[1] if found else _status_in(diagnostic)
    is_delay = _field(block, "Action").casefold().startswith("delayed")
    is_permanent = not is_delay and _is_permanent(status, diagnostic, otherwise=True)
    return BouncedRecipient(_recipient(block), status, diagnostic[:_LONGEST_DIAGNOSTIC] or None, is_permanent)


def _field(block: Message, name: str) -> str:
    return " ".join(str(block.get(name, "")).split())


def _recipient(block: Message) -> str | None:
    """Where we sent it, which the original recipient says; the final one may be an internal address behind it."""
    for field in _RECIPIENT_FIELDS:
        written = _field(block, field).replace("+2B", "+").replace("+3D", "=")  # xtext, RFC 3461 section 4
        if found := ADDRESS.search(written.partition(";")[2] or written):
            return found[0].rstrip(".")
    return None


def _status_in(words: str) -> str | None:
    found = _STATUS.search(words)
    return found[1] if found else None


def _is_permanent(status: str | None, diagnostic: str, *, otherwise: bool) -> bool:
    """By the class of the status, or of the SMTP reply code where there is none."""
    if status is not None and status[0] != "2":
        return status[0] == "5"
    code = _SMTP_CODE.search(diagnostic)
    return code[1] == "5" if code else otherwise


def _without_report(parsed: Message, text: str) -> tuple[BouncedRecipient, ...]:
    is_report = _report_type(parsed) == "delivery-status"
    named = ADDRESS.findall(", ".join(str(value) for value in parsed.get_all("X-Failed-Recipients", []))[:20_000])
    if not (named or is_report or is_failure_notice(_notice(parsed, text))):
        return ()
    later, never = ((), ()) if named else _seen_by_second_reader(parsed, text)
    complaints = read_complaints(parsed, text, found=named or [*later, *never])
    recipients = [_from_complaint(complaint, is_delay=complaint.address in later) for complaint in complaints]
    return _distinct(recipients) or ((BouncedRecipient(None, None, None, permanent=False),) if is_report else ())


def _notice(parsed: Message, text: str) -> Notice:
    name, address = parseaddr(_header(parsed, "from"))
    return_path = str(parsed["Return-Path"]).strip(" <>") if "Return-Path" in parsed else None
    return Notice(name, address, return_path, _header(parsed, "subject"), text)


def _header(parsed: Message, name: str) -> str:
    """Decoded; some are written in raw UTF-8."""
    values = (value for field, value in parsed.raw_items() if field.casefold() == name)
    written = str(next(values, ""))[:2000].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        return str(make_header(decode_header(written)))
    except (MessageError, LookupError, ValueError):  # an unknown charset, one that is no name, broken base64
        return written


def _seen_by_second_reader(parsed: Message, text: str) -> tuple[list[str], list[str]]:
    """Those that may still be reached and those that may not, by flufl.bounce; it never names an address of ours.

    It raises on odd input and takes long over long texts: neither may cost us our own reading.
    """
    if len(text) > _LONGEST_SECOND_READING:
        return [], []
    from flufl.bounce import all_failures  # slow to import, and few emails are bounces

    logging.getLogger("flufl.bounce").disabled = True  # it would print the email it stumbles over
    try:
        failures = all_failures(parsed)
    except Exception:  # whatever it is
        return [], []
    ours = ",".join(str(value) for name in ("From", "To", "Delivered-To") for value in parsed.get_all(name, []))
    later, never = (
        [found[0] for each in sorted(seen) if (found := ADDRESS.fullmatch(each.decode("ascii", "replace")))]
        for seen in failures
    )
    theirs = [[address for address in seen if address.casefold() not in ours.casefold()] for seen in (later, never)]
    return theirs[0], [address for address in theirs[1] if address not in theirs[0]]


def _from_complaint(complaint: Complaint, *, is_delay: bool) -> BouncedRecipient:
    words = " ".join(complaint.words.split())
    status = _status_in(words)
    is_permanent = not (is_delay or complaint.is_delay) and _is_permanent(status, words, otherwise=True)
    return BouncedRecipient(complaint.address, status, words[:_LONGEST_DIAGNOSTIC] or None, is_permanent)


def _distinct(recipients: Iterable[BouncedRecipient]) -> tuple[BouncedRecipient, ...]:
    """One entry an address; what a later mention adds is kept."""
    by_address: dict[str, BouncedRecipient] = {}
    for recipient in recipients:
        key = (recipient.address or "").casefold()
        first = by_address.setdefault(key, recipient)
        if first.status is None and recipient.status is not None:
            by_address[key] = replace(recipient, diagnostic=first.diagnostic or recipient.diagnostic)
    return tuple(by_address.values())


def _original_message_id(parsed: Message, text: str) -> str | None:
    for part in _parts(parsed):
        if (found := _enclosed_message_id(part)) is not None:
            return found
    if found_line := _MESSAGE_ID_LINE.search(text):
        return found_line[1]
    answered = f"{parsed.get('In-Reply-To', '')} {parsed.get('References', '')}"
    ids = _MESSAGE_ID.findall(answered)
    return ids[-1] if ids else None


def _enclosed_message_id(part: Message) -> str | None:
    content_type, payload = part.get_content_type(), part.get_payload()
    if content_type in _ORIGINALS | _ORIGINAL_HEADERS and isinstance(payload, list) and payload:
        enclosed = payload[0]
        headers = enclosed if isinstance(enclosed, Message) else Message()
    elif content_type in _ORIGINAL_HEADERS | _ORIGINALS:
        decoded = part.get_payload(decode=True)
        headers = HeaderParser().parsestr(decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else "")
    else:
        return None
    found = _MESSAGE_ID.search(str(headers.get("Message-ID", "")))
    return found[0] if found else None
