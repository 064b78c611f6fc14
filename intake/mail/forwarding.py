"""Reads a letter someone forwarded inline: who wrote the original, when, to whom, and what the forwarder added above.

Describes content only, and content can be forged: whose response a forward becomes is decided elsewhere. Nothing is
invented: what the forwarding program left out stays None or empty. Times written without an offset are taken as
Europe/London.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from intake.mail.header_blocks import (
    INVISIBLE,
    HeaderBlock,
    is_header_line,
    read_block_in_any_language,
    read_header_block,
    read_label,
    split_glued_headers,
)
from intake.mail.lead_ins import AMBIGUOUS_PREFIX, FORWARD_PREFIXES, REPLY_PREFIXES
from intake.mail.message import Address
from intake.mail.quotations import (
    LINES_READ,
    is_blank,
    is_closing,
    is_dated_divider,
    is_quoted,
    is_rule,
    may_begin,
    read_divider,
    read_lead_in,
)
from intake.mail.written_addresses import read_lead_in_address, read_written_address, read_written_addresses
from intake.mail.written_dates import read_written_date

# "[Fwd: …]" and "… (fwd)" are what old programs write; the rest comes from gateways.
_MARKS: Final = re.compile(
    r"\s*(?:\[[^\]:：]{1,40}\]\s*|\*{2,5}[^*:]{1,20}\*{2,5}\s*|(?:external|ext|spam)\s?:\s*){1,3}", re.I
)
_PREFIX: Final = re.compile(r"\s*\[?\s*([^\W\d_][^:：\[\](]{0,23}?)\.?\s?(?:[\[(]\d{1,3}[\])])?\s?[:：]\s*")
_MARKED_AT_END: Final = re.compile(r"\S\s*\(fwd\)\s*$", re.IGNORECASE)
_MARK: Final = re.compile(rf"^[{INVISIBLE}]{{0,4}}(?:>|&gt;) ?")
_NEAR: Final = 8  # lines between a divider and its headers; seen in practice: five blank ones


@dataclass(frozen=True, slots=True)
class ForwardedSender:
    """The original's sender as the forwarding program wrote it; `address` is None when it wrote only the name."""

    name: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Forwarded:
    """`text` is the original's text, `note` what the forwarder wrote above it."""

    sender: ForwardedSender | None
    sent_at: datetime | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str | None
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class _Opening:
    """Where the forward begins, and what its opening says; the original's text begins at `end`."""

    start: int
    end: int
    block: HeaderBlock | None = None
    lead_in: str | None = None
    divider: str = ""

    @property
    def is_convincing(self) -> bool:
        return self.block is not None and self.block.is_convincing


_Kind = Literal["forward", "reply", "either", "plain"]


def read_forward(subject: str | None, text: str) -> Forwarded | None:
    """None for a reply, which quotes with the same headers, and for any text that is not a forward."""
    kind = _kind_of(subject or "")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    opening = None if kind == "reply" else _find_opening(lines, kind) or _find_quoted_lead_in(lines, kind)
    if opening is None or (kind == "either" and _is_finnish(lines, opening)):
        return None
    fields = opening.block.fields if opening.block else {}
    original, below = _split_original(lines, opening)
    return Forwarded(
        sender=_read_sender(fields.get("from"), opening.lead_in),
        sent_at=read_written_date(fields.get("sent") or opening.lead_in or opening.divider),
        to=read_written_addresses(fields.get("to", "")),
        cc=read_written_addresses(fields.get("cc", "")),
        subject=fields.get("subject") or (_without_prefix(subject or "") if kind == "forward" else None) or None,
        text=_trim(original),
        note="\n\n".join(part for part in (_trim(lines[: opening.start]), _trim(below)) if part),
    )


def _kind_of(subject: str) -> _Kind:
    """Judged by the first prefix only: "Fw: Re: …" is a forward of a reply."""
    prefix = _PREFIX.match(_MARKS.sub("", subject[:500], count=1))
    word = prefix[1].strip().casefold() if prefix else ""
    if word == AMBIGUOUS_PREFIX:
        return "either"
    if word in REPLY_PREFIXES:
        return "reply"
    return "forward" if word in FORWARD_PREFIXES or _MARKED_AT_END.search(subject[:500]) else "plain"


def _without_prefix(subject: str) -> str:
    unmarked = _MARKS.sub("", subject[:2000], count=1)
    found = _PREFIX.match(unmarked)
    bare = unmarked[found.end() :].strip() if found else re.sub(r"\s*\(fwd\)\s*$", "", unmarked, flags=re.IGNORECASE)
    return bare.removesuffix("]") if found and "[" in found[0] else bare


def _is_finnish(lines: list[str], opening: _Opening) -> bool:
    return any(line.strip("> *").casefold().startswith("lähettäjä") for line in lines[opening.start : opening.end])


def _find_opening(lines: list[str], kind: _Kind) -> _Opening | None:
    """The first thing that begins a quotation decides: under a plain subject only a forward's own divider counts."""
    is_forward = kind in {"forward", "either"}
    for at, line in enumerate(lines[:LINES_READ]):
        if not may_begin(lines, at):
            continue
        if divider := read_divider(lines, at):
            opening = _after_divider(lines, at, divider.rest)
            if is_forward or (divider.is_forward and (not is_quoted(line) or opening.is_convincing)):
                return opening
            if not is_quoted(line):
                return None
        elif (is_forward or not is_quoted(line)) and (undivided := _undivided_opening(lines, at)):
            return undivided if is_forward else None
    return _opening_in_any_language(lines) if is_forward else None


def _undivided_opening(lines: list[str], at: int) -> _Opening | None:
    block = read_header_block(lines, at)
    if block and block.is_convincing:
        return _Opening(at, block.end, block=block)
    lead_in = read_lead_in(lines, at)
    if lead_in is None or not (lead_in.is_certain or (lead_in.is_strong and _is_quoted_next(lines, lead_in.end))):
        return None
    return _Opening(at, lead_in.end, lead_in=lead_in.text)


def _is_quoted_next(lines: list[str], at: int) -> bool:
    return next((is_quoted(line) for line in lines[at : at + _NEAR] if not is_blank(line)), False)


def _find_quoted_lead_in(lines: list[str], kind: _Kind) -> _Opening | None:
    """Some programs quote all of what they forward, its lead-in too."""
    if kind == "plain" or not any(is_quoted(line) for line in lines):
        return None
    return _find_opening([_without_mark(line) for line in lines], kind)


def _opening_in_any_language(lines: list[str]) -> _Opening | None:
    for at, line in enumerate(lines[:LINES_READ]):
        if ":" in line or "：" in line:
            block = read_block_in_any_language(lines, at)
            if block:
                return _Opening(at, block.end, block=block)
    return None


def _after_divider(lines: list[str], at: int, rest: str) -> _Opening:
    if rest and (opening := _on_the_dividers_line(lines, at, rest)):
        return opening
    for below in range(at + 1, min(at + _NEAR, len(lines))):
        block = read_header_block(lines, below, is_announced=True) or read_block_in_any_language(lines, below)
        if block:
            dated = lines[at] if is_dated_divider(lines[at]) else ""
            return _Opening(at, block.end, block=block, divider=dated)
        lead_in = read_lead_in(lines, below)
        if lead_in and lead_in.is_strong:
            return _Opening(at, lead_in.end, lead_in=lead_in.text)
        if not (is_rule(lines[below]) or not lines[below].replace("&gt;", ">").strip(INVISIBLE + ">|")):
            break
    return _Opening(at, at + 1)


def _on_the_dividers_line(lines: list[str], at: int, rest: str) -> _Opening | None:
    """Yahoo runs all headers together behind its divider; what wraps that line may break them anywhere."""
    below = at + 1
    glued = split_glued_headers(rest)
    while below < min(at + _NEAR, len(lines)) and not is_blank(lines[below]):
        if any(map(_is_subject, glued)) and not is_header_line(lines[below]):
            break
        rest = f"{rest} {lines[below].strip()}"
        glued = split_glued_headers(rest)
        below += 1
    block = read_header_block(glued, 0)
    return _Opening(at, below, block=block) if block else None


def _is_subject(header: str) -> bool:
    label = read_label(header)
    return label is not None and label[0] == "subject"


def _read_sender(written: str | None, lead_in: str | None) -> ForwardedSender | None:
    if written is not None:
        sender = read_written_address(written)
    else:
        sender = read_lead_in_address(lead_in) if lead_in else None
    return ForwardedSender(sender.name, sender.address or None) if sender else None


def _split_original(lines: list[str], opening: _Opening) -> tuple[list[str], list[str]]:
    """The original's lines, and what stands below its end where the program marked that."""
    begin = opening.end
    while begin < len(lines) and (is_blank(lines[begin]) or is_rule(lines[begin]) or is_closing(lines[begin])):
        begin += 1
    end = next((at for at in range(begin, len(lines)) if is_closing(lines[at])), len(lines))
    original, below = lines[begin:end], lines[end + 1 :]
    if not original or not is_quoted(original[0]):
        return original, below
    if not (is_quoted(lines[opening.end - 1]) or _is_all_quoted(original)):
        return original, below
    last = max(at for at, line in enumerate(original) if is_quoted(line))
    if last + 1 < len(original) and is_blank(original[last + 1]):
        below = [*original[last + 1 :], *below]
        original = original[: last + 1]
    return [_without_mark(line) for line in original], below


def _without_mark(line: str) -> str:
    """Takes off one level of the quote marks a program put on what it forwarded (Apple Mail does)."""
    return _MARK.sub("", line, count=1)


def _is_all_quoted(lines: list[str]) -> bool:
    return all(is_quoted(line) or is_blank(line) for line in lines)


def _trim(lines: Sequence[str]) -> str:
    kept = [line.rstrip() for line in lines]
    while kept and (is_blank(kept[-1]) or is_rule(kept[-1])):
        kept.pop()
    while kept and is_blank(kept[0]):
        kept.pop(0)
    return "\n".join(kept)
