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
_GLUED: Final = re.compile(
    "(?:"
    + "|".join(re.escape(word[0].upper() + word[1:]) for word in sorted(_LABELS, key=len, reverse=True))
    + r")\s?:"
)
_LONGEST_LABEL: Final = 24
_LONGEST_BLOCK: Final = 80  # lines; seen in practice: fifty recipients, one a line
_LONGEST_FOLD: Final = 12  # lines of one header
_ADDRESS: Final = re.compile(r"[^\s<>()\[\]\"',;:]{1,64}@[^\s<>()\[\]\"',;:@]{1,255}")
_TIME: Final = re.compile(r"(?<![\d.])\d{1,2}\s?[:.hH時点]\s?\d{2}(?![.\d])")


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """Values by the names in HEADER_LABELS, unfolded; `end` is the first line after the block."""

    fields: Mapping[HeaderName, str]
    end: int

    @property
    def is_convincing(self) -> bool:
        """Whether a mail program wrote it. A person may head a letter "From: … To: … Date: …", but gives neither
        an address nor a time of day there."""
        has_address = has_address_in(self.fields.get("from", ""))
        has_time = _TIME.search(self.fields.get("sent", "")) is not None
        if len(self.fields.keys() - {"other"}) >= 3:
            return has_address or has_time
        return has_address and (has_time or "subject" in self.fields)


def has_address_in(text: str) -> bool:
    return _ADDRESS.search(text[:2000]) is not None


def has_time_in(text: str) -> bool:
    return _TIME.search(text[:2000]) is not None


def read_header_block(lines: Sequence[str], at: int) -> HeaderBlock | None:
    """The block that begins on line `at`: a sender and at least one other header, each once. Quote marks, bold stars
    and single blank lines between the headers are allowed for, and so are folded lists of recipients."""
    if _label(lines[at]) is None:
        return None
    fields: dict[HeaderName, str] = {}
    end = at
    while end < len(lines) and end - at < _LONGEST_BLOCK:
        following = _skip_one_blank(lines, end) if fields else end
        found = _label(lines[following]) if following < len(lines) else None
        if found is None or (found[0] in fields and found[0] != "other"):
            break
        name, value = found
        end = _end_of_fold(lines, following + 1, name, value)
        fold = (_bare(line) for line in lines[following + 1 : end])
        fields.setdefault(name, " ".join(part for part in (value, *fold) if part))
    return HeaderBlock(fields, end) if "from" in fields and len(fields) > 1 else None


def split_glued_headers(line: str) -> list[str]:
    """The headers of a line on which they run together: "From: Ben <ben@…>To: Carol …Subject: Parking"."""
    starts: list[int] = []
    seen: set[HeaderName] = set()
    for found in _GLUED.finditer(line[:4000]):
        name = _LABELS[found[0].rstrip(": \xa0").casefold()]
        if name not in seen:
            seen.add(name)
            starts.append(found.start())
    if not starts:
        return [line]
    return [line[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]


def is_header_line(line: str) -> bool:
    return _label(line) is not None


def _label(line: str) -> tuple[HeaderName, str] | None:
    bare = _bare(line[:4000]).replace("：", ":", 1)
    label, colon, value = bare.partition(":")
    if not colon or len(label) > _LONGEST_LABEL:
        return None
    name = _LABELS.get(label.strip(" *_\xa0\t").casefold())
    return None if name is None else (name, value.strip(" *_\xa0\t"))


def _bare(line: str) -> str:
    return line.strip("> |\t\xa0\r*_\u200b\u200e\u200f\u202a\u202c\ufeff")


def _skip_one_blank(lines: Sequence[str], at: int) -> int:
    return at + 1 if at < len(lines) and not _bare(lines[at]) else at


def _end_of_fold(lines: Sequence[str], at: int, name: HeaderName, value: str) -> int:
    """A line without a label still belongs to the header above it when another header follows soon, when the list of
    recipients stopped at a comma, or when the label stood alone on its line."""
    if not value and at < len(lines) and _bare(lines[at]) and not is_header_line(lines[at]) and name != "subject":
        at += 1
    for ahead in range(at, min(at + _LONGEST_FOLD, len(lines))):
        if not _bare(lines[ahead]):
            break
        if is_header_line(lines[ahead]):
            return ahead
    while name in {"to", "cc"} and at < len(lines) and _goes_on(lines[at - 1], lines[at]):
        at += 1
    return at


def _goes_on(line: str, following: str) -> bool:
    return bool(_bare(following)) and line.rstrip().endswith((",", ";")) and not is_header_line(following)
