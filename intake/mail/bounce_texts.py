"""Reads the sentences with which mail systems say in plain text that an email could not be delivered.

Only for mail from a mail system itself: a person who quotes such a sentence is a person. Knows no RFC 3464 report.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr
from typing import Final

ADDRESS: Final = re.compile(r"[^\s<>()\[\]\"',;:=]{1,64}@[^\s<>()\[\]\"',;:@]{1,254}[^\s<>()\[\]\"',;:@.]")

_SYSTEM_NAMES: Final = re.compile(
    r"mailer-?daemon|mail delivery (?:sub)?system|postmaster|mail-?daemon|mdaemon|mmdf|internet mail delivery|"
    r"mail (?:administrator|system|router)|system administrator|undeliver|bounce|microsoft outlook|"
    r"delivery (?:agent|service)",
    re.IGNORECASE,
)
_SYSTEM_SUBJECTS: Final = re.compile(
    r"(?:undeliver(?:able|ed)|non-?deliverable|returned mail|mail delivery (?:failed|failure|problem)|"
    r"delivery (?:status notification|failure|problem|notification|report)|failure notice|failed mail|"
    r"message (?:could not be|not) delivered|mail (?:could not be|not) delivered|unzustellbar|undelivered mail|"
    r"non remis|no se puede entregar|warning: (?:could not send|message)|mail system error|delayed mail|"
    r"message status|address not found|heb ei (?:d|dd)anfon)",
    re.IGNORECASE,
)
# Failures first; the words of a delay count when they stand near the beginning.
_FAILURES: Final = re.compile(
    r"this is the (?:qmail-send program|postfix program|mail system at)|could not be (?:delivered|sent|reached)|"
    r"couldn'?t be (?:delivered|found)|(?:was|were|been) (?:not delivered|undeliverable|returned|rejected|"
    r"unable to deliver)|(?:has|have) not been delivered|wasn'?t (?:able to be )?delivered|"
    r"following address(?:\(?es\)?)? (?:had|has|have|failed)|delivery (?:has failed|to the following|failed|"
    r"failure)|unable to deliver|not able to deliver|did not reach|not reach the following|"
    r"permanent (?:fatal )?error|cannot be delivered|can ?not be delivered|undeliverable|failed to deliver|"
    r"could not deliver|transcript of session follows|message not delivered|was not delivered|not deliverable|"
    r"recipient(?:s|\(s\))? (?:could not|cannot) be reached|konnte nicht zugestellt|n'a pas pu être|"
    r"no se ha podido entregar|non è stato possibile|kon niet worden|ni ellid danfon|heb ei danfon",
    re.IGNORECASE,
)
_DELAYS: Final = re.compile(
    r"\bdelayed\b|not (?:yet )?been delivered (?:yet|after|within)|has not yet been|still (?:being|trying|"
    r"in the queue)|will (?:keep trying|be retried|continue)|warning message only|do not need to (?:resend|retry)|"
    r"delivery incomplete|temporary (?:problem|error|failure)|transient (?:non-)?fatal",
    re.IGNORECASE,
)
_COPY_BEGINS: Final = re.compile(
    r"\s*-{2,}\s*(?:below this line|this is a copy|original message|message header|forwarded message|enclosed is|"
    r"the header|returned message|unsent message|included is)|\s*(?:original message headers|"
    r"message headers follow|reporting-mta:|received: (?:from|by)|return-path:|"
    r"message-id:|content-type:)|\s*-{3,} ?this is a copy",
    re.IGNORECASE,
)
_MOST_LINES: Final = 400
_LONGEST_LINE: Final = 2000


@dataclass(frozen=True, slots=True)
class Complaint:
    """One address the text names as failed, with the words about it."""

    address: str
    words: str
    is_delay: bool


def read_complaints(parsed: Message, text: str) -> list[Complaint]:
    """The failed addresses in the text of a mail system's notice, in order; empty for anything else."""
    lines = list(_own_lines(text))
    opening = " ".join(lines[:40])
    is_delay = _DELAYS.search(f"{parsed.get('Subject', '')} {opening}"[:3000]) is not None
    if not _is_from_system(parsed) or not (is_delay or _FAILURES.search(opening)):
        return []
    not_theirs = _our_addresses(parsed)
    complaints: list[tuple[str, list[str]]] = []
    for line in lines:
        address = _failed_address(line, not_theirs)
        if address and not any(address.casefold() == known.casefold() for known, _ in complaints[-50:]):
            complaints.append((address, []))
        if complaints:
            complaints[-1][1].append(line)
    return [Complaint(address, "\n".join(words[:20]), is_delay) for address, words in complaints[:200]]


def _own_lines(text: str) -> Iterator[str]:
    """The notice itself, without the copy of the email it is about."""
    for line in text.splitlines()[:_MOST_LINES]:
        if _COPY_BEGINS.match(line):
            return
        if line.strip() and not line.lstrip().startswith(">"):
            yield line[:_LONGEST_LINE]


def _is_from_system(parsed: Message) -> bool:
    """By its sender, or by an empty return path together with a subject no person writes."""
    name, address = parseaddr(str(parsed.get("From", "")))
    local = address.partition("@")[0].casefold()
    has_subject = _SYSTEM_SUBJECTS.match(str(parsed.get("Subject", "")).strip()) is not None
    if "mailer-daemon" in local or local in {"postmaster", "mail-daemon", "mmdf", "mdaemon", "maildaemon"}:
        return True
    is_null = str(parsed.get("Return-Path", "")).strip() == "<>" or not (address or name)
    is_machine = str(parsed.get("Auto-Submitted", "no")).strip().casefold() not in {"", "no"}
    return (is_null or is_machine or _SYSTEM_NAMES.search(f"{name} {local}") is not None) and (
        has_subject or "X-Failed-Recipients" in parsed
    )


def _our_addresses(parsed: Message) -> frozenset[str]:
    fields = (str(value) for name in ("From", "To", "Cc", "Delivered-To") for value in parsed.get_all(name, []))
    return frozenset(address.casefold() for value in fields for address in ADDRESS.findall(value[:4000]))


def _failed_address(line: str, not_theirs: frozenset[str]) -> str | None:
    for found in ADDRESS.finditer(line):
        address = found[0].removeprefix("mailto:").strip("*.")
        is_link = line[: found.start()].rstrip().endswith(("//", "/"))
        local = address.partition("@")[0].casefold()
        if (
            not is_link
            and address.casefold() not in not_theirs
            and local not in {"postmaster", "mailer-daemon", "abuse"}
        ):
            return address
    return None
