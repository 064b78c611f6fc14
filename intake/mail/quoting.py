"""Finds what the writer of an email wrote this time, without quotations, signature and notices.

A view beside the whole text, never a replacement for it. In doubt a line stays: showing too much costs an officer a
glance, cutting a person's sentence costs them their say. Every line returned is a line of the text, in order, and the
time taken grows with the text's length only.
"""

import re
from typing import Final

from intake.mail.header_blocks import read_header_block
from intake.mail.quotations import (
    LINES_READ,
    LeadIn,
    is_blank,
    is_quoted,
    is_rule,
    may_begin,
    read_divider,
    read_lead_in,
)
from intake.mail.signatures import without_banners, without_footers

REPLY_MARKER: Final = "--- Please write your reply above this line ---"

_DASHES: Final = "- "
_NEAR: Final = 4  # lines
# "My answers are below in red": what was cut would be the answer.
_ANSWERS_INSIDE: Final = re.compile(
    r"\b(?:answer|comment|response|repl|respond|feedback|ateb|sylwadau)\w*\b.{0,40}\b(?:in-?line|in line|"
    r"in (?:red|blue|green|purple|bold|italics?|capitals|caps|colou?r)|mewn (?:coch|glas|gwyrdd|du))\b",
    re.IGNORECASE,
)


def own_words(text: str, *, marker: str = REPLY_MARKER) -> str:
    """What was written this time. Everything from `marker` down is our own acknowledgement. Answers written between
    quoted lines keep the quoted lines they answer; a text that is nothing but one quotation without a lead-in is
    kept, as nobody else is named as its writer."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > LINES_READ:
        return "\n".join(lines)
    letter = without_footers(without_banners(_above_marker(lines, marker)))
    kept = without_footers(_without_trailing_quotation(_without_quotations(letter)))
    while kept and is_blank(kept[0]):
        kept.pop(0)
    return "\n".join(kept)


def _above_marker(lines: list[str], marker: str) -> list[str]:
    """Where the marker itself is quoted and something unquoted follows, the answer may stand below it. Word makes
    other dashes of those around it."""
    called = marker.strip(_DASHES)
    last_unquoted = max((at for at, line in enumerate(lines) if not (is_blank(line) or is_quoted(line))), default=-1)
    for at, line in enumerate(lines):
        if called and called in line and not (is_quoted(line) and at < last_unquoted):
            return lines[:at]
    return lines


def _without_quotations(lines: list[str]) -> list[str]:
    kept: list[str] = []
    last_quoted = max((at for at, line in enumerate(lines) if is_quoted(line)), default=-1)
    has_words = False
    at = 0
    while at < len(lines):
        if not may_begin(lines, at):
            kept.append(lines[at])
            has_words = has_words or not is_blank(lines[at])
            at += 1
            continue
        if has_words and _begins_quotation(lines, at) and not _is_pasted(lines, at, kept):
            return lines if _ANSWERS_INSIDE.search(" ".join(kept)[-2000:]) else _without_rules(kept)
        following = (
            _after_quoted_opening(lines, at, last_quoted, has_words=has_words)
            if is_quoted(lines[at])
            else _after_opening(lines, at, last_quoted, has_words=has_words)
        )
        if following == len(lines):
            return _without_rules(kept)
        if following is None:
            kept.append(lines[at])
            has_words = has_words or not (is_blank(lines[at]) or is_rule(lines[at]))
        at = following or at + 1
    return kept


def _begins_quotation(lines: list[str], at: int) -> bool:
    """Whether a mail program's divider or block of headers stands here: it is never followed by own words."""
    if is_quoted(lines[at]):
        return False
    if read_divider(lines, at):
        return True
    block = read_header_block(lines, at)
    return block is not None and block.is_convincing


def _is_pasted(lines: list[str], at: int, kept: list[str]) -> bool:
    """An older email the writer copied into the letter, after "I then got this answer:". What follows may be own."""
    above = next((line.strip() for line in reversed(kept[-_NEAR:]) if not is_blank(line)), "")
    return above.endswith(":") and not read_divider(lines, at)


def _after_quoted_opening(lines: list[str], at: int, last_quoted: int, *, has_words: bool) -> int | None:
    """Where to go on when all of a quoted email stands at the top, its divider too, and the answer below."""
    if has_words or read_divider(lines, at) is None:
        return None
    end = _end_of_run(lines, at)
    return end if last_quoted < end < len(lines) else None


def _after_opening(lines: list[str], at: int, last_quoted: int, *, has_words: bool) -> int | None:
    """Where to go on when the quotation, or only its opening, is dropped here; None where there is none."""
    if (divider := read_divider(lines, at)) and not has_words:
        return _after_quotation(lines, at + 1, last_quoted, otherwise=len(lines)) if divider else None
    block = read_header_block(lines, at)
    if block and block.is_convincing and not has_words:
        return _after_quotation(lines, block.end, last_quoted, otherwise=block.end)
    lead_in = read_lead_in(lines, at)
    return _after_lead_in(lines, lead_in, last_quoted, has_words=has_words) if lead_in else None


def _after_lead_in(lines: list[str], lead_in: LeadIn, last_quoted: int, *, has_words: bool) -> int | None:
    below = _next_written(lines, lead_in.end)
    if below == len(lines):
        return below
    if not _is_marked(lines[below]):
        if not lead_in.is_certain:
            return None
        return len(lines) if has_words else lead_in.end
    end = _end_of_run(lines, below)
    if end == len(lines) or (lead_in.is_strong and not has_words and last_quoted < end):
        return end
    return lead_in.end if lead_in.is_strong else None


def _after_quotation(lines: list[str], at: int, last_quoted: int, *, otherwise: int) -> int:
    """A quotation at the very top: with quote marks it ends where they end, so that an answer below it is found."""
    below = _next_written(lines, at)
    if below == len(lines) or not _is_marked(lines[below]):
        return otherwise
    end = _end_of_run(lines, below)
    return end if last_quoted < end else at


def _next_written(lines: list[str], at: int) -> int:
    while at < len(lines) and is_blank(lines[at]):
        at += 1
    return at


def _is_marked(line: str) -> bool:
    return is_quoted(line) or line.lstrip().startswith("| ")


def _end_of_run(lines: list[str], at: int) -> int:
    mark = lines[at].lstrip()[:1]
    while at < len(lines) and (is_blank(lines[at]) or is_quoted(lines[at]) or lines[at].lstrip().startswith(mark)):
        at += 1
    return at


def _without_rules(lines: list[str]) -> list[str]:
    """The rule above what was quoted. Notices stand between rules of their own, and are taken out with them."""
    for _ in range(3):
        lines = without_footers(lines)
        if lines and is_rule(lines[-1]):
            lines.pop()
    while lines and (is_blank(lines[-1]) or is_rule(lines[-1])):
        lines.pop()
    return lines


def _without_trailing_quotation(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and (is_blank(lines[end - 1]) or is_quoted(lines[end - 1])):
        end -= 1
    return lines[:end] if end else lines
