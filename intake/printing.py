"""How commands put what they found into words or JSON. Pure: text in, text out; never prints and never decides."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from intake.deadlines import closing_wording, moment_wording
from intake.outbound.reminding import Due
from intake.outbound.verdicts import Verdict
from intake.store.consultation_file import ListedConsultation
from intake.store.emails import EmailStatus, InboundEmail
from intake.store.reasons import Reason

LONDON = "Europe/London"


def as_json_line(value: object) -> str:
    """One line of ASCII; instants as ISO 8601."""
    return json.dumps(value, ensure_ascii=True, default=_plain)


def counts_in_words(counts: dict[str, Any]) -> str:
    return "\n".join(f"{name.replace('_', ' ')}: {_in_words(value)}" for name, value in counts.items())


def consultation_in_words(row: ListedConsultation) -> str:
    """Times as the consultation's own people read the clock."""
    opens, closes = local(row.opens_at, row.timezone), closing_wording(row.closes_at, ZoneInfo(row.timezone))
    return (
        f"{row.slug} ({row.reference_prefix}): {row.title}\n"
        f"  opens {opens}, closes {closes}\n"
        f"  {row.responses} responses; {', '.join(row.addresses)}"
    )


def held_in_words(email: InboundEmail, timezone: str) -> str:
    """What it is, and why it waits."""
    received = local(email.received_at, timezone) if email.received_at else "at an unknown time"
    waits = "waits for a person" if email.status is EmailStatus.held else "is tried again"
    return (
        f"{email.id}: {email.sender_name or ''} <{email.sender_address or 'no address'}>, received {received}\n"
        f"  {email.subject or '(no subject)'}\n"
        f"  {waits}: {Reason.of(email.reason).sentence if email.reason else ''}"
    )


def held_as_dict(email: InboundEmail) -> dict[str, object]:
    shown = ("id", "status", "reason", "received_at", "sender_name", "sender_address", "subject")
    return {name: getattr(email, name) for name in shown}


def due_in_words(due: Due, verdicts: Sequence[Verdict]) -> str:
    """A mailing that is due, and everybody it is for with the verdict; of one that was missed, that it was."""
    head = f"{due.rule.name}, of {due.consultation.slug}: due {local(due.at, due.consultation.timezone)}"
    if due.is_missed:
        return f"{head}. Missed: that day is over."
    goes = sum(verdict.goes for verdict in verdicts)
    lines = [f"{head}, to {goes} of {len(verdicts)}"]
    for verdict in verdicts:
        whom = " ".join(
            filter(None, [verdict.recipient.organisation, f"<{verdict.recipient.address or 'no address'}>"])
        )
        lines.append(f"  {'+' if verdict.goes else '-'} {whom}: {verdict.sentence}")
    return "\n".join(lines)


def due_as_dict(due: Due, verdicts: Sequence[Verdict]) -> dict[str, object]:
    """`verdict` is "goes" or the reason why it does not."""
    return {
        "rule": due.rule.name,
        "rule_id": due.rule.id,
        "consultation": due.consultation.slug,
        "kind": due.rule.audience.kind,
        "due_on": due.day.isoformat(),
        "due_at": due.at,
        "recipients": [
            {
                "address": verdict.recipient.address,
                "name": verdict.recipient.name,
                "organisation": verdict.recipient.organisation,
                "verdict": str(verdict.reason) if verdict.reason else "goes",
                "sentence": verdict.sentence,
            }
            for verdict in verdicts
        ],
    }


def explained_in_words(line: dict[str, Any]) -> str:
    """An explained email: what matters first, the words last."""
    sender = line["from"] or {"name": "", "address": "unknown sender"}
    automatic = f"{line['automatic']['kind']} ({line['automatic']['reason']})" if line["automatic"] else "no"
    head = [
        line["file"],
        f"  from: {sender['name']} <{sender['address']}>   sent: {line['sent_at'] or 'unknown'}",
        f"  subject: {line['subject'] or ''}   automatic: {automatic}",
        *(f"  attachment: {a['filename']}, {a['content_type']}, {a['size']} bytes" for a in line["attachments"]),
        *(f"  defect: {defect}" for defect in line["defects"]),
    ]
    return "\n".join([*head, *(f"  | {words}" for words in line["own_words"].splitlines()), ""])


def local(instant: datetime, timezone: str = LONDON) -> str:
    return moment_wording(instant, ZoneInfo(timezone))


def _in_words(value: object) -> str:
    if isinstance(value, dict):
        # A mailbox's counts on a line of their own.
        separator = "\n  " if any(isinstance(one, dict) for one in value.values()) else "; "
        return separator.join(["", *_each(value)][separator == "; " :]) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "another worker is at it" if value is None else str(value)


def _each(value: dict[str, object]) -> list[str]:
    return [f"{name.replace('_', ' ')} {_in_words(one)}" for name, one in value.items()]


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
