"""Reads names and addresses as mail programs write them into a body: "Ben <ben@…>", "Ben [mailto:ben@…]", lists.

More forgiving than RFC 5322, which bodies do not follow, and never invents: a name without an address stays one.
"""

import re
from typing import Final

from intake.mail.message import Address

_ADDRESS: Final = re.compile(r"[^\s<>()\[\]\"',;:]{1,64}@[^\s<>()\[\]\"',;:@]{1,255}")
_DECORATION: Final = " \t\xa0\"'<>[]()*_,;:‘’“”„\u200e\u200f\u202a\u202c"
_AFTER_TIME: Final = re.compile(
    r".*\d[:.hH時点]\s?\d{2}(?::\d{2})?\s{0,2}(?:[ap]\.?\s?m\.?|uhr|ч\.?|г\.?)?\s{0,2}"
    r"(?:\(?(?:gmt|utc|cet|cest|bst)?\s?(?:[+-]\d{1,2}:?(?:\d\d)?)?\)?)?",
    re.IGNORECASE,
)
_AFTER_DATE: Final = re.compile(r".*(?<!\d)(?:19|20)\d\d(?!\d)(?:\s?г\.?)?")
_SAYING: Final = re.compile(
    r"^(?:schrieb|skrev|schreef|napisał\(?a?\)?|пользователь|користувач|the user|a las|kl\.?|um|à|,|\.)\s+|"
    r"\s+(?:wrote|skrev|a écrit)$",
    re.IGNORECASE,
)


def read_written_addresses(text: str) -> tuple[Address, ...]:
    """The recipients of a To or Cc line; an address is "" where only a name was written."""
    return tuple(_read_one(part) for part in _split(text[:20_000]) if part.strip(_DECORATION))


def read_written_address(text: str) -> Address | None:
    """The one sender of a From line ("Ben <ben@…>"), or None where it is empty."""
    found = _read_one(text[:2000])
    return found if found.name or found.address else None


def read_lead_in_address(text: str) -> Address | None:
    """The sender named in "On 5 March 2020 at 10:15, Ben <ben@…> wrote:"."""
    found = _ADDRESS.search(text[:2000])
    if found is None:
        return None
    before = text[: found.start()].rstrip(_DECORATION + "mailto")
    for stamp in (_AFTER_TIME, _AFTER_DATE):
        if match := stamp.match(before):
            before = before[match.end() :]
            break
    name = _SAYING.sub("", before.strip(_DECORATION)).strip(_DECORATION)
    return Address(name=name, address=found[0].rstrip("."))


def _split(text: str) -> list[str]:
    """At semicolons where there are any, else at commas; "Jones, Ben <ben@…>" is one person."""
    if ";" in text:
        return text.split(";")
    parts: list[str] = []
    waiting = ""
    for part in text.split(","):
        whole = f"{waiting},{part}" if waiting else part
        if "@" in part or ('"' in whole and whole.count('"') % 2 == 0 and "<" in whole):
            parts.append(whole)
            waiting = ""
        else:
            waiting = whole
    return [*parts, waiting] if waiting else parts


def _read_one(text: str) -> Address:
    found = _ADDRESS.search(text)
    if found is None:
        return Address(name=text.strip(_DECORATION), address="")
    address = found[0].removeprefix("mailto:").rstrip(".")
    before = re.split(r"[<\[(]\s?(?:mailto:)?\s?$|mailto:$", text[: found.start()], maxsplit=1)[0]
    name = before.strip(_DECORATION)
    return Address(name="" if name.casefold() == address.casefold() else name, address=address)
