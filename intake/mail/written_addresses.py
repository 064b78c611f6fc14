"""Reads names and addresses as mail programs write them into a body: "Ben <ben@…>", "Ben [mailto:ben@…]", lists.

More forgiving than RFC 5322, which bodies do not follow, and never invents: a name without an address stays one.
"""

import html
import re
from typing import Final

from intake.mail.header_blocks import INVISIBLE
from intake.mail.lead_ins import WROTE, phrases
from intake.mail.message import Address

# With a dot behind the "@": "Ben Jones/Council@Council" is a name in Lotus Notes.
_ADDRESS: Final = re.compile(
    r"[^\s<>()\[\]\"',;:]{1,64}@[^\s<>()\[\]\"',;:@.]{1,100}(?:\.[^\s<>()\[\]\"',;:@.]{1,100}){1,10}"
)
_LONGEST_NAME: Final = 80
_IS_NAME: Final = re.compile(
    r"(?:[^\W\d_a-z][^\W\d_]*[.'’-]?(?:[^\W\d_]+)?(?: |$)|(?:de|da|do|van|von|der|den|ap|la|le|y) ){2,6}"
)
_DECORATION: Final = INVISIBLE + "\"'<>[]*_,;:‘’“”„«»，"
_AFTER_TIME: Final = re.compile(
    r".*\d[:.hH時点]\s?\d{2}(?::\d{2})?\s{0,2}(?:[ap]\.?\s?m\.?|uhr|ч\.?|г\.?)?\s{0,2}"
    r"(?:\(?(?:(?:gmt|utc|cet|cest|mez|mesz|seč|selč|bst|wet|west|eet|eest|msk|brt|brst|e[sd]t|c[sd]t|p[sd]t|ist|jst|kst)"
    r"(?!\w))?\s?(?:[+-]\d{1,2}:?(?:\d\d)?)?\)?)?",
    re.IGNORECASE,
)
_AFTER_DATE: Final = re.compile(r".*(?<!\d)(?:19|20)\d\d(?!\d)(?:\s?г\.?)?")
_VERBS: Final = "|".join(
    re.escape(verb)
    for verb in sorted({verb for table in WROTE.values() for verb in phrases(table)}, key=len, reverse=True)
)
_SAYING: Final = re.compile(
    rf"^(?:(?:{_VERBS}|пользователь|користувач|the user|ο χρήστης|používateľ|užívateľ|odesílatel|"
    r"odosielateľ|użytkownik|korisnik|je oseba|oseba|lietotājs|от|מאת|wiadomość napisana przez|missatge de|kontakt|—|"
    r"tarihinde|ο/η|hau idatzi du|sinulat ni|[μπ]\.μ\.|folgendes|a las|"
    r"kl\.?|um|à|at|времени|heeft|hat|időpontban|keltezéssel|에|г\.|р\.|\.|、)(?=\s|[\"“„«,、])[\s,、]*)+|"
    rf"\s+(?:{_VERBS})$|\s+via\s*$",
    re.IGNORECASE,
)
_ON_BEHALF: Final = re.compile(
    r"^(.{1,300}?[@\w>\])])\s+(?:on behalf of|im auftrag von|de la part de|namens|för)\s+(\S.{0,300})$", re.I
)


def read_written_addresses(text: str) -> tuple[Address, ...]:
    """The recipients of a To or Cc line; an address is "" where only a name was written."""
    return tuple(_read_one(part) for part in _split(html.unescape(text[:20_000])) if part.strip(_DECORATION))


def read_written_address(text: str) -> Address | None:
    """The one sender of a From line ("Ben <ben@…>"), or None where it is empty. Of "office@… on behalf of Ben" it is
    Ben, whose address nobody gave."""
    plain = html.unescape(text[:2000])
    behalf = _ON_BEHALF.match(plain)
    found = _read_one(behalf[2] if behalf and _ADDRESS.search(behalf[1]) else plain)
    return found if found.name or found.address else None


def read_lead_in_address(text: str) -> Address | None:
    """The sender named in "On 5 March 2020 at 10:15, Ben <ben@…> wrote:"; the address is "" where only a name was
    written."""
    text = html.unescape(text[:2000])
    found = _ADDRESS.search(text)
    before = text[: found.start()].rstrip(_DECORATION + "(") if found else text
    before = before.removesuffix("mailto").rstrip(_DECORATION + "([")
    for stamp in (_AFTER_TIME, _AFTER_DATE):
        if match := stamp.match(before):
            before = before[match.end() :]
            break
    name = _bare_name(_SAYING.sub("", _SAYING.sub("", before.strip(_DECORATION + "、"))))
    if found:
        return Address(name=name, address=found[0].removeprefix("mailto:").rstrip("."))
    return Address(name=name, address="") if len(name) <= _LONGEST_NAME and _IS_NAME.fullmatch(name) else None


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
        return Address(name=_bare_name(text), address="")
    address = found[0].removeprefix("mailto:").rstrip(".")
    before = re.split(r"[<\[(]\s?(?:mailto:)?\s?$|mailto:$", text[: found.start()], maxsplit=1)[0]
    name = _bare_name(before)
    return Address(name="" if name.casefold() == address.casefold() else name, address=address)


def _bare_name(text: str) -> str:
    """Without quotes and brackets around it; "Ben Jones (Mr)" keeps its own."""
    name = text.strip(_DECORATION)
    for opening, closing in ("()", ")("):
        if name.count(opening) > name.count(closing):
            name = name.strip(_DECORATION + opening)
    return name[1:-1].strip(_DECORATION) if re.fullmatch(r"\([^()]*\)", name) else name
