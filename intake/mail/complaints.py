"""Reads the addresses that a mail system's notice in plain words says could not be reached.

Only for notices: whether an email is one is told by `bounce_texts`. Knows no RFC 3464 report.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Final

from intake.mail.bounce_texts import speaks_of_delay

ADDRESS: Final = re.compile(r"[^\s<>()\[\]\"',;:=]{1,64}@[^\s<>()\[\]\"',;:@]{1,254}[^\s<>()\[\]\"',;:@.]")

_MOST_LINES: Final = 400
_LONGEST_LINE: Final = 2000
_LINES_ABOUT_ONE: Final = 20

_COPY_BEGINS: Final = re.compile(
    r"\s*(?:-{2,}|={2,}|\|-{2,}|\*{2,})[ -]*(?:below this line|below the next line|this is a copy|original"
    r" message|message (?:header|text)|forwarded message|enclosed is|"
    r"(?:the )?header|returned (?:message|mail)|unsent message|included is|start of returned|non-?delivered"
    r" message)"
    r"|\s*(?:original message (?:headers|follows)|original mail as follows|message headers follow|(?:bounced"
    r"|original) e-?mail:|the first \d+ lines of|"
    r"(?:en-t.tes de message d'origine|ursprüngliche nachrichten?kopfzeilen|encabezados de mensajes? original)"
    r"|reporting-mta:|received: (?:from|by)|return-path:|"
    r"message-id:|content-type:|original message as received|old message:|your message reads)",
    re.IGNORECASE,
)
# Words straight before the address that failed, on its line.
_LABELLED: Final = re.compile(
    r"(?:rcpt to|addressed to|intended recipient|failed recipient|undeliverable address|unknown user|invalid"
    r" final delivery userid|error-for|target mail address|recipient(?: address)?|"
    r"email address|(?:could not|cannot|can't|couldn't) be delivered to|wasn['’]t delivered to|undeliverable"
    r" to|(?:unable to|failed to|cannot|could not) deliver (?:the |your )?(?:message|mail)? ?to(?: this address)?|"
    r"mailbox is full|permanent errors|did not reach the following recipient|e?mail to this address|your"
    r" message to|not deliver(?:ed)? to|empfänger|destinataire|destinatario|получател\w+)"
    r"(?: \(?is\)?| address)?\s{0,3}[:=]?\s{0,3}(?:\[?smtp:)?[<\"'\[(*]{0,3}(?=[^\s<>\"'@]{1,64}@)",
    re.IGNORECASE,
)
# An address that opens its line, and what system's lists put after it.
_LISTED: Final = re.compile(
    r"\s{0,12}(?:[*•>-]{1,3}\s{0,4})?(?:-- )?[<\"'\[(]{0,2}(?:smtp:"
    r"|mailto:)?(?P<address>[^\s<>()\[\]\"',;:=]{1,64}@[^\s<>()\[\]\"',;:@]{1,254}[^\s<>()\[\]\"',;:@.])[>\"'\])]{0,2}"
    r"\s{0,8}(?::|,|\.{0,3}$|\.\.\.|\(|\[|;|[-–] |on (?:mon|tue|wed|thu|fri|sat|sun)\b|delivery failed|<)",
    re.IGNORECASE,
)
_X400: Final = re.compile(r"smtp=(?P<address>[^\s;<>]{1,64}@[^\s;<>]{1,254})", re.IGNORECASE)
_FIELD: Final = re.compile(
    r"\s{0,8}[|>]?\s{0,4}(?:to|from|cc|bcc|sender|subject|sent|date|reply-to|mail from|return-path|an|von"
    r"|betreff|à|de|objet|asunto|para|oggetto|aan|onderwerp|till|från)\s{0,4}:",
    re.IGNORECASE,
)
_TO_FIELD: Final = re.compile(r"\s{0,8}(?:to|rcpt to|x-envelope-to)\s{0,4}:(?P<value>.{0,500})", re.IGNORECASE)
# Named in a notice for whom to ask, unless nobody else is named.
_HELPERS: Final = frozenset({"postmaster", "mailer-daemon", "abuse", "uucp", "name"})


@dataclass(frozen=True, slots=True)
class Complaint:
    """One address the text names as failed, with the words about it."""

    address: str
    words: str
    is_delay: bool


def read_complaints(parsed: Message, text: str, found: Sequence[str] = ()) -> list[Complaint]:
    """The failed addresses in a mail system's notice, in order. `found` is what another reader found: then only the
    words about those are looked for."""
    lines = list(_own_lines(text))
    is_delay = speaks_of_delay(str(parsed.get("Subject", ""))[:300], "\n".join(lines[:40]))
    own_words = "\n".join(lines).casefold()
    found = [address for address in found if address.casefold() in own_words] or found
    addresses = found or _named(lines, _our_addresses(parsed))
    if not addresses and parsed.get_param("report-type") is None:  # a report would have named them
        addresses = _written_to(text)
    return [Complaint(address, _words_about(address, lines), is_delay) for address in addresses]


def _own_lines(text: str) -> Iterator[str]:
    """The notice itself, without the copy of the email it is about."""
    for line in text.splitlines()[:_MOST_LINES]:
        if _COPY_BEGINS.match(line):
            return
        if line.strip() and not re.match(r"\s*>(?!>)", line):
            yield line[:_LONGEST_LINE]


def _our_addresses(parsed: Message) -> frozenset[str]:
    fields = (str(value) for name in ("From", "To", "Cc", "Delivered-To") for value in parsed.get_all(name, []))
    return frozenset(address.casefold() for value in fields for address in ADDRESS.findall(value[:4000]))


def _named(lines: Sequence[str], ours: frozenset[str]) -> list[str]:
    """By label or place in a list, where even an address of ours may be meant; else by being there at all."""
    if addresses := _distinct(address for line in lines for address in (*_labelled(line), *_listed(line))):
        return [address for address in addresses if address.casefold() not in ours] or addresses
    anywhere = (address for line in lines if not _FIELD.match(line) for address in _first(line))
    return [address for address in _distinct(anywhere) if address.casefold() not in ours]


def _labelled(line: str) -> Iterator[str]:
    for label in _LABELLED.finditer(line):
        if found := ADDRESS.match(line, label.end()):
            yield found[0]


def _listed(line: str) -> Iterator[str]:
    if not _FIELD.match(line) and (found := _X400.search(line) or _LISTED.match(line)):
        yield found["address"]


def _first(line: str) -> Iterator[str]:
    """Not one in the address of a page."""
    for found in ADDRESS.finditer(line):
        if not line[: found.start()].rstrip().endswith("/"):
            yield found[0]
            return


def _written_to(text: str) -> list[str]:
    """Whom the returned copy is addressed to, when that is one address: a notice that names nobody means them."""
    for line in text.splitlines()[:_MOST_LINES]:
        if field := _TO_FIELD.match(line):
            addresses = _distinct(ADDRESS.findall(field["value"]))
            return addresses if len(addresses) == 1 else []
    return []


def _distinct(addresses: Iterator[str] | list[str]) -> list[str]:
    known: dict[str, str] = {}
    for written in addresses:
        address = written.removeprefix("mailto:").strip("*.")
        known.setdefault(address.casefold(), address)
    meant = [address for address in known.values() if address.partition("@")[0].casefold() not in _HELPERS]
    return (meant or list(known.values()))[:200]


def _words_about(address: str, lines: Sequence[str]) -> str:
    """From the line that names it on, up to one that opens with another address."""
    wanted = address.casefold()
    start = next((number for number, line in enumerate(lines) if wanted in line.casefold()), None)
    if start is None:
        return "\n".join(lines[:_LINES_ABOUT_ONE])
    about = [lines[start]]
    for line in lines[start + 1 : start + _LINES_ABOUT_ONE]:
        if any(other.casefold() != wanted for other in _listed(line)):
            break
        about.append(line)
    return "\n".join(about)
