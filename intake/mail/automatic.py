"""Judges whether an email was written by a person or sent by a machine: away notes, bounces, lists, our own mail.

The verdict carries one reason from a fixed list. It only says what the email is; what becomes of it is decided in
recording, which ignores mail for a reason in `CERTAIN_REASONS` and lets an officer look at the rest: a respondent's
real letter must never vanish on a guess. `X-Auto-Response-Suppress` alone, and `List-Unsubscribe` alone, mean nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Final, Literal

from intake.mail.away_texts import is_away_note, is_away_subject, is_receipt
from intake.mail.bounce_texts import Notice, is_failure_notice, is_forward, is_mail_system
from intake.mail.message import Address, ParsedEmail

Kind = Literal["auto-reply", "bounce", "list", "own"]

CERTAIN_REASONS = frozenset(
    {
        *("own-message-id", "delivery-status-report", "failed-recipients", "feedback-report", "read-receipt"),
        "auto-submitted-auto-replied",
    }
)
"""Reasons stated by the sending machine itself. Web forms and forwarding rules say `auto-generated`: not certain."""

_OPENING: Final = 2500
_OPENING_OF_HTML: Final = 20_000


@dataclass(frozen=True, slots=True)
class Automatic:
    """That an email was sent by a machine, and the one reason for saying so."""

    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True)
class OwnMail:
    """How our own mail is recognised: `<intake.KIND.RANDOM@message_id_domain>`."""

    message_id_domain: str


def judge_automatic(parsed: ParsedEmail, *, bounce: bool, own: OwnMail | None) -> Automatic | None:
    """The first reason that holds, the most certain first. `bounce`: it `looks_like_bounce`."""
    if own is not None and _is_own(parsed, own):
        return Automatic("own", "own-message-id")
    if bounce:
        return Automatic("bounce", _bounce_reason(parsed))
    for kind, reason, holds in _RULES:
        if holds(parsed):
            return Automatic(kind, reason)
    return None


def looks_like_bounce(parsed: ParsedEmail) -> bool:
    """Whether a mail server seems to report on delivery; only then is it worth reading for failed recipients."""
    return bool(
        _has_delivery_status(parsed) or parsed.header("x-failed-recipients") or is_failure_notice(_notice(parsed))
    )


def _is_own(parsed: ParsedEmail, own: OwnMail) -> bool:
    pattern = rf"<intake\.[a-z-]+\.[^@>\s]+@{re.escape(own.message_id_domain)}>"
    return re.fullmatch(pattern, parsed.message_id or "", re.IGNORECASE) is not None


def _bounce_reason(parsed: ParsedEmail) -> str:
    if _has_delivery_status(parsed):
        return "delivery-status-report"
    return "failed-recipients" if parsed.header("x-failed-recipients") else "delivery-failure-notice"


def _has_delivery_status(parsed: ParsedEmail) -> bool:
    """RFC 3464; some gateways send the report under multipart/mixed, some leave out the machine-readable part.

    A person may attach such a report to a letter ("my first try came back"), which is a letter all the same.
    """
    if parsed.report_type == "delivery-status":
        return True
    if parsed.report_type is not None or _is_forward(parsed) or not is_mail_system(_notice(parsed)):
        return False
    return _has_part(parsed, "message/delivery-status", "message/global-delivery-status")


def _has_part(parsed: ParsedEmail, *content_types: str) -> bool:
    return any(file.content_type in content_types for file in parsed.attachments)


def _notice(parsed: ParsedEmail) -> Notice:
    sender = parsed.sender or Address("", "")
    return Notice(sender.name, sender.address, parsed.return_path, parsed.subject or "", _opening(parsed))


def _opening(parsed: ParsedEmail) -> str:
    """As much of the text as it takes to tell a machine's: its plain form, else what HTML has between the tags."""
    forms = {part.content_type: part.text for part in reversed(parsed.texts) if part.text.strip()}
    plain = forms.get("text/plain")
    return plain[:_OPENING] if plain else _between_tags(forms.get("text/html", "")[:_OPENING_OF_HTML])


def _between_tags(html: str) -> str:
    shown = re.sub(r"<(?:style|script|title)\b[^<]*(?:<(?!/)[^<]*)*", " ", html, flags=re.IGNORECASE)
    return unescape(re.sub(r"<[^<>]*>", " ", shown))[:_OPENING]


def _is_forward(parsed: ParsedEmail) -> bool:
    return is_forward(parsed.subject or "")


def _is_feedback_report(parsed: ParsedEmail) -> bool:
    """RFC 5965: someone called mail of ours unwanted. Hotmail's own form has no report type."""
    if parsed.report_type == "feedback-report" or _has_part(parsed, "message/feedback-report"):
        return not _is_forward(parsed)
    return (parsed.subject or "").lower().startswith("complaint about message from ")


def _auto_submitted(parsed: ParsedEmail) -> str:
    """The keyword of RFC 3834 section 5 without parameters and comments."""
    return re.split(r"[;(\s]", parsed.header("auto-submitted").strip().lower(), maxsplit=1)[0]


def _is_auto_reply_by_header(parsed: ParsedEmail) -> bool:
    """Headers of vacation programs older than RFC 3834 or deaf to it. "no" and "none" are seen and mean no."""
    if any(parsed.header(name).lower() not in {"", "no", "none", "false"} for name in _AUTOREPLY_HEADERS):
        return True
    return (
        {_precedence(parsed), parsed.header("preference").lower()} & {"auto_reply", "auto-reply", "autoreply"} != set()
        or "autoresponder" in parsed.header("x-post-messageclass").lower()
        or parsed.header("x-autogenerated").lower() == "reply"
        or parsed.header("x-apple-action").lower() == "vacation"
        or parsed.header("x-mailer").lower().startswith(("vacation", "autoresponder", "auto-responder"))
        or any(address.startswith("autoresponder@") for address in parsed.delivered_to)
    )


def _is_exchange_away_note(parsed: ParsedEmail) -> bool:
    """Exchange marks its away notes so; rules that redirect a person's letter set only the first of the two."""
    suppressed = parsed.header("x-auto-response-suppress").lower()
    return bool(parsed.header("x-ms-exchange-inbox-rules-loop")) and "all" in suppressed and not _is_forward(parsed)


def _is_from_exchange_rules(parsed: ParsedEmail) -> bool:
    return "rules agent" in parsed.header("x-ms-exchange-generated-message-source").lower() and not _is_forward(parsed)


def _has_list_headers(parsed: ParsedEmail) -> bool:
    """RFC 2919 and RFC 2369, and what list managers wrote before them."""
    return any(
        parsed.header(name) for name in ("list-id", "list-post", "mailing-list", "x-mailing-list", "x-beenthere")
    )


def _precedence(parsed: ParsedEmail) -> str:
    return (parsed.header("precedence") or parsed.header("x-precedence")).strip().lower()


_AUTOREPLY_HEADERS: Final = (
    *("x-autoreply", "x-auto-reply", "x-autorespond", "x-autoresponder", "x-autoresponse", "x-mail-autoreply"),
    *("x-autoreply-from", "x-autoreply-domain", "x-auto-reply-from", "x-auto-response", "x-vacation"),
    "x-fc-machinegenerated",
)

# The kind, the reason, and when it holds; the most telling first.
_RULES: Final[tuple[tuple[Kind, str, Callable[[ParsedEmail], object]], ...]] = (
    ("bounce", "feedback-report", _is_feedback_report),
    ("auto-reply", "read-receipt", lambda parsed: parsed.report_type == "disposition-notification"),
    (
        "auto-reply",
        "auto-submitted-auto-replied",
        lambda parsed: _auto_submitted(parsed) in {"auto-replied", "vacation"},
    ),
    ("auto-reply", "auto-submitted-auto-generated", lambda parsed: _auto_submitted(parsed) not in {"", "no"}),
    ("auto-reply", "autoreply-headers", _is_auto_reply_by_header),
    ("auto-reply", "exchange-away-note", _is_exchange_away_note),
    ("auto-reply", "exchange-rules-agent", _is_from_exchange_rules),
    ("auto-reply", "away-subject", lambda parsed: is_away_subject(parsed.subject or "")),
    ("auto-reply", "receipt-text", lambda parsed: is_receipt(parsed.subject or "", _opening(parsed))),
    ("list", "list-headers", _has_list_headers),
    ("auto-reply", "away-text", lambda parsed: is_away_note(_opening(parsed))),
    ("auto-reply", "null-return-path", lambda parsed: parsed.return_path == ""),
    ("list", "precedence-list", lambda parsed: _precedence(parsed) in {"list", "bulk", "junk"}),
)
