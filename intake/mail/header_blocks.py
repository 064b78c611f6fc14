"""Reads the block of header lines ("From: … Sent: … To: … Subject: …") a mail program copies above what it quotes or
forwards. Owns the block's lines and their meaning in any language; decides nothing about the text around it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from intake.mail.lead_ins import HEADER_LABELS, HeaderName, phrases

_LABELS: Final[dict[str, HeaderName]] = {
    phrase: name for name in reversed(HEADER_LABELS) for phrase in phrases(HEADER_LABELS[name])
}
_LONGEST_FIRST: Final = sorted(_LABELS, key=len, reverse=True)
_UNKNOWN: Final = "unknown"  # a label in a language that HEADER_LABELS does not speak
_SECOND_MEANING: Final[dict[str, HeaderName]] = {"da": "to"}  # Breton, where Italian names the sender
_GLUED: Final = re.compile(
    "(?:" + "|".join(re.escape(word[0].upper() + word[1:]) for word in _LONGEST_FIRST) + r"|CC|DW)\s?[:：]|"
    # Seen in practice from Yahoo in Polish and Portuguese: no colon, and no space before it.
    r"(?<=[>A-Z\d])(?:Dw|Assunto)(?=\s)"
)
_UNKNOWN_LABEL: Final = re.compile(r"[^\W\d_][^:：<>@\"/\d]{0,23}[:：][*_]{0,2}(?:\s|$)")
_LONGEST_LABEL: Final = 24
_LONGEST_BLOCK: Final = 80  # lines; seen in practice: fifty recipients, one a line
_LONGEST_FOLD: Final = 12  # lines of one header
_FEWEST_IN_ANY_LANGUAGE: Final = 4
# Zero-width characters and marks of writing direction, which programs put around what they copy.
INVISIBLE: Final = (
    " \t\r\xa0\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2063\u2066\u2067\u2068\u2069\ufeff"
)
_EDGE: Final = INVISIBLE + ">|*_"
_NAMED_ADDRESS: Final = re.compile(r".{0,200}[<\[(]\s?(?:mailto:)?[^\s<>@]{1,64}@")  # a form has its address alone
_LONGEST_NAME: Final = 200
_LONGEST_TABLE: Final = 30  # lines
_ALONE: Final[dict[str, HeaderName]] = {"to": "to", "cc": "cc", "bcc": "other", "subject": "subject"}
_DATE_ALONE: Final = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4} \d{1,2}:\d\d(?::\d\d)?(?: ?[AP]M)?$", re.IGNORECASE)
_MOST_BLANKS: Final = 3  # between two headers
_ADDRESS_ALONE: Final = re.compile(r"[<\[(]\s?(?:mailto:)?[^\s<>]{1,64}@[^\s<>]{1,255}[>\])]{1,3}[,;]?$")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\]\"',;:]{1,64}@[^\s<>()\[\]\"',;:@]{1,255}")
_TIME: Final = re.compile(r"(?<![\d.])\d{1,2}\s?[:.hH時点]\s?\d{2}(?![.\d])")
_DATE: Final = re.compile(r"(?:19|20)\d\d|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """Values by the names in HEADER_LABELS, unfolded; `end` is the first line after the block."""

    fields: Mapping[HeaderName, str]
    end: int

    @property
    def is_convincing(self) -> bool:
        """Whether a mail program wrote it. A person may head a letter "From: … To: … Date: …", but gives no address
        there; a program that gives none (Outlook, within one office) writes when it was sent right below the name."""
        sent = self.fields.get("sent", "")
        has_time = has_time_in(sent)
        if has_address_in(self.fields.get("from", "")):
            return has_time or "subject" in self.fields or len(self.fields.keys() - {"other", _UNKNOWN}) >= 3
        order = [name for name in self.fields if name != "reply-to"]
        return has_time and has_date_in(sent) and len(order) >= 3 and order[:2] == ["from", "sent"]


def has_address_in(text: str) -> bool:
    return "@" in text[:2000] and _ADDRESS.search(text[:2000]) is not None


def has_date_in(text: str) -> bool:
    return _DATE.search(text[:2000]) is not None


def has_time_in(text: str) -> bool:
    return _TIME.search(text[:2000]) is not None


def read_header_block(lines: Sequence[str], at: int, *, is_announced: bool = False) -> HeaderBlock | None:
    """The block that begins on line `at`: a sender and at least one other header, each once. Quote marks, bold stars
    and a few blank lines between the headers are allowed for, and so are folded lists of recipients. Where a divider
    announced it, labels may lack their colon and the sender may be all."""
    if read_label(lines[at], is_announced=is_announced) is None:
        return _read_labels_alone(lines, at)
    if lines[at].count(":") > 3 and (on_one_line := _read_glued(lines, at)):
        return on_one_line
    fields: dict[HeaderName, str] = {}
    end = at
    while end < len(lines) and end - at < _LONGEST_BLOCK:
        following = _skip_blanks(lines, end) if fields else end
        found = _next_label(lines, following, fields, is_announced=is_announced)
        if found is not None and found[0] in fields:
            found = _in_its_second_meaning(lines[following], found, fields)
        if found is None:
            break
        name, value = found
        end = _end_of_fold(lines, following + 1, name, value, is_announced=is_announced)
        fold = (_bare(line) for line in lines[following + 1 : end])
        fields.setdefault(name, " ".join(part for part in (value, *fold) if part))
    return HeaderBlock(fields, end) if "from" in fields and (len(fields) > 1 or is_announced) else None


def read_block_in_any_language(lines: Sequence[str], at: int) -> HeaderBlock | None:
    """A block whose labels may all be unknown, for a text that is a forward: at least four lines "label: value", one
    with an address and one with a date and a time. Every program names the sender before the recipients."""
    values: list[tuple[HeaderName, str]] = []
    end = at
    while end < len(lines) and end - at < _LONGEST_FOLD:
        following = _skip_blanks(lines, end) if values else end
        found = _any_label(lines[following]) if following < len(lines) else None
        if found is None:
            break
        values.append(found)
        end = following + 1
    if len(values) < _FEWEST_IN_ANY_LANGUAGE:
        return None
    block = HeaderBlock(_named(values), end)
    is_whole = has_address_in(block.fields.get("from", "")) and has_time_in(block.fields.get("sent", ""))
    return block if is_whole else None


def split_glued_headers(line: str) -> list[str]:
    """The headers of a line on which they run together: "From: Ben <ben@…>To: Carol …Subject: Parking"."""
    starts: list[int] = []
    seen: set[HeaderName] = set()
    for found in _GLUED.finditer(line[:4000]):
        name = _LABELS[found[0].rstrip(":： \xa0").casefold()]
        if name not in seen:
            seen.add(name)
            starts.append(found.start())
    if not starts:
        return [line]
    parts = [line[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    return [
        part if ":" in part[:_LONGEST_LABEL] or "：" in part else re.sub(r"\s", ": ", part, count=1) for part in parts
    ]


def is_header_line(line: str) -> bool:
    return read_label(line) is not None


def read_label(line: str, *, is_announced: bool = False) -> tuple[HeaderName, str] | None:
    """What a header line is called and says; None for any other line."""
    bare = _bare(line[:4000])
    label, colon, value = bare.replace("：", ":", 1).partition(":")
    if colon and len(label) <= _LONGEST_LABEL:
        name = _LABELS.get(label.replace("\xa0", " ").strip(" *_\t").casefold())
        if name is not None:
            return name, value.strip(" *_\xa0\t|")
    return _label_without_colon(bare) if is_announced else None


def _label_without_colon(bare: str) -> tuple[HeaderName, str] | None:
    """ "From "Ben" <ben@…>", as eM Client writes it: only where the value is of the header's kind."""
    label, _, value = bare.partition(" ")
    name = _LABELS.get(label.casefold()) if label[:1].isupper() and len(label) > 1 else None
    if name is None or name == "other" or not value:
        return None
    fits = (
        has_address_in(value) if name in {"from", "to", "cc", "reply-to"} else name == "subject" or has_time_in(value)
    )
    return (name, value.strip()) if fits else None


def _read_labels_alone(lines: Sequence[str], at: int) -> HeaderBlock | None:
    """The table of Lotus Notes, made text: the sender and the date on lines of their own, then "To", "cc" and
    "Subject", each above its value."""
    sender = _bare(lines[at][:_LONGEST_NAME])
    ahead = [_bare(line[:4000]) for line in lines[at + 1 : at + _LONGEST_TABLE]] if has_address_in(sender) else []
    dated = next((number for number, bare in enumerate(ahead[:_LONGEST_FOLD]) if _DATE_ALONE.match(bare)), None)
    if dated is None:
        return None
    fields: dict[HeaderName, str] = {"from": sender, "sent": ahead[dated]}
    label = None
    for number, bare in enumerate(ahead[dated + 1 :], start=at + dated + 2):
        if alone := _ALONE.get(bare.casefold()):
            label = alone
            fields.setdefault(label, "")
        elif bare and label:
            fields[label] = f"{fields[label]} {bare}".strip()
        if fields.get("subject"):
            return HeaderBlock(fields, number + 1) if "to" in fields else None
    return None


def _read_glued(lines: Sequence[str], at: int) -> HeaderBlock | None:
    """A whole block on one line, as programs leave it that make text of HTML carelessly."""
    parts = split_glued_headers(_bare(lines[at]))
    found = [label for part in parts if (label := read_label(part))]
    block = HeaderBlock(dict(found), at + 1)
    return block if len(found) >= 3 and len(found) == len(parts) and block.is_convincing else None


def _next_label(
    lines: Sequence[str], at: int, fields: Mapping[HeaderName, str], *, is_announced: bool
) -> tuple[HeaderName, str] | None:
    if at >= len(lines):
        return None
    if found := read_label(lines[at], is_announced=is_announced):
        return found
    unknown = _any_label(lines[at]) if fields else None
    if unknown is None:
        return None
    goes_on = at + 1 < len(lines) and is_header_line(lines[at + 1])
    return unknown if goes_on or has_address_in(unknown[1]) else None


def _any_label(line: str) -> tuple[HeaderName, str] | None:
    bare = _bare(line[:4000])
    if known := read_label(bare):
        return known
    found = _UNKNOWN_LABEL.match(bare)
    if found is None or found[0].count(" ") > 3:
        return None
    return _UNKNOWN, bare[found.end() :].strip(" *_\xa0\t|")


def _named(values: Sequence[tuple[HeaderName, str]]) -> dict[HeaderName, str]:
    """Names for the values of unknown labels, from what they look like and where they stand: the subject is the first
    header or the last."""
    fields = {name: value for name, value in reversed(values) if name != _UNKNOWN}
    unknown = [value for name, value in values if name == _UNKNOWN]
    for value in unknown:
        if "from" not in fields and _NAMED_ADDRESS.match(value):
            fields["from"] = value
        elif has_address_in(value):
            fields.setdefault("to" if "to" not in fields else "cc", value)
        elif has_time_in(value) and has_date_in(value):
            fields.setdefault("sent", value)
    rest = [value for value in unknown if value not in fields.values()]
    if rest:
        fields.setdefault("subject", rest[0] if rest[0] == values[0][1] else rest[-1])
    return fields


def _bare(line: str) -> str:
    return line.replace("&gt;", ">").strip(_EDGE) if "&gt;" in line else line.strip(_EDGE)


def _bare_of_marks(line: str) -> str:
    return line.lstrip(INVISIBLE + ">").rstrip(INVISIBLE)


def _skip_blanks(lines: Sequence[str], at: int) -> int:
    below = at
    while below < len(lines) and below <= at + _MOST_BLANKS and not _bare(lines[below]):
        below += 1
    return below


def _in_its_second_meaning(
    line: str, found: tuple[HeaderName, str], fields: Mapping[HeaderName, str]
) -> tuple[HeaderName, str] | None:
    name, value = found
    if name in {"other", _UNKNOWN}:
        return found
    second = _SECOND_MEANING.get(_bare(line).partition(":")[0].casefold().strip(" *_\t"))
    return None if second is None or second in fields else (second, value)


def _end_of_fold(lines: Sequence[str], at: int, name: HeaderName, value: str, *, is_announced: bool) -> int:
    """A line without a label still belongs to the header above it when another header follows soon, when the list of
    recipients stopped at a comma or inside an address, or when the label stood alone on its line."""
    if not value and at < len(lines) and name != "subject" and _may_be_value(lines, at, name):
        at += 1
    torn_off = _skip_blanks(lines, at) if name == "from" else at
    if torn_off < len(lines) and _ADDRESS_ALONE.match(_bare_of_marks(lines[torn_off])):
        at = torn_off + 1
    for ahead in range(at, min(at + _LONGEST_FOLD, len(lines))):
        if not _bare(lines[ahead]):
            break
        if read_label(lines[ahead], is_announced=is_announced):
            unknown = (fold for fold in range(at, ahead) if _any_label(lines[fold]))
            return next(unknown, ahead)
    while name in {"to", "cc"} and at < len(lines) and _goes_on(lines[at - 1], lines[at]):
        at += 1
    return at


def _may_be_value(lines: Sequence[str], at: int, name: HeaderName) -> bool:
    """Of a label alone on its line. Nobody may be named there either ("To:"), then the letter may follow at once."""
    if not _bare(lines[at]) or is_header_line(lines[at]):
        return False
    if name not in {"to", "cc"} or has_address_in(lines[at]):
        return True
    return any(is_header_line(line) for line in lines[at + 1 : at + 3])


def _goes_on(line: str, following: str) -> bool:
    return bool(_bare(following)) and line.rstrip().endswith((",", ";", "<")) and not is_header_line(following)
