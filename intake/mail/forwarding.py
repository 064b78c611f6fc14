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

from intake.mail.header_blocks import HeaderBlock, read_header_block, split_glued_headers
from intake.mail.lead_ins import AMBIGUOUS_PREFIX, FORWARD_PREFIXES, REPLY_PREFIXES
from intake.mail.message import Address
from intake.mail.quotations import is_blank, is_quoted, is_rule, read_divider, read_lead_in
from intake.mail.written_addresses import read_lead_in_address, read_written_address, read_written_addresses
from intake.mail.written_dates import read_written_date

_PREFIX: Final = re.compile(r"\s*([^\W\d_][^\s:：\[\]]{0,16})\s?(?:[\[(]\d{1,3}[\])])?\s?[:：]\s*")
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


_Kind = Literal["forward", "reply", "either", "plain"]


def read_forward(subject: str | None, text: str) -> Forwarded | None:
    """None for a reply, which quotes with the same headers, and for any text that is not a forward."""
    kind = _kind_of(subject or "")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    opening = None if kind == "reply" else _find_opening(lines, kind)
    if opening is None or (kind == "either" and _is_finnish(lines, opening)):
        return None
    fields = opening.block.fields if opening.block else {}
    original = _unquoted(lines[opening.start : opening.end], lines[opening.end :])
    return Forwarded(
        sender=_read_sender(fields.get("from"), opening.lead_in),
        sent_at=read_written_date(fields.get("sent") or opening.lead_in or ""),
        to=read_written_addresses(fields.get("to", "")),
        cc=read_written_addresses(fields.get("cc", "")),
        subject=fields.get("subject") or (_without_prefix(subject or "") if kind == "forward" else None) or None,
        text=_trim(original),
        note=_trim(lines[: opening.start]),
    )


def _kind_of(subject: str) -> _Kind:
    """Judged by the first prefix only: "Fw: Re: …" is a forward of a reply."""
    prefix = _PREFIX.match(re.sub(r"^\s*(?:\[[^\]]{1,40}\]\s*){1,3}", "", subject[:500]))
    word = prefix[1].casefold() if prefix else ""
    if word == AMBIGUOUS_PREFIX:
        return "either"
    if word in REPLY_PREFIXES:
        return "reply"
    return "forward" if word in FORWARD_PREFIXES else "plain"


def _without_prefix(subject: str) -> str:
    found = _PREFIX.match(subject)
    return subject[found.end() :].strip() if found else subject.strip()


def _is_finnish(lines: list[str], opening: _Opening) -> bool:
    return any(line.strip("> *").casefold().startswith("lähettäjä") for line in lines[opening.start : opening.end])


def _find_opening(lines: list[str], kind: _Kind) -> _Opening | None:
    """The first thing that begins a quotation decides: under a plain subject only a forward's own divider counts."""
    is_forward = kind in {"forward", "either"}
    for at, line in enumerate(lines):
        if divider := read_divider(lines, at):
            if divider.is_forward and (is_forward or not is_quoted(line)):
                return _after_divider(lines, at, divider.rest)
            if not is_quoted(line):
                return _after_divider(lines, at, divider.rest) if is_forward else None
        opening = _undivided_opening(lines, at) if is_forward or not is_quoted(line) else None
        if opening:
            return opening if is_forward else None
    return None


def _undivided_opening(lines: list[str], at: int) -> _Opening | None:
    block = read_header_block(lines, at)
    if block and block.is_convincing:
        return _Opening(at, block.end, block=block)
    lead_in = read_lead_in(lines, at)
    return _Opening(at, lead_in.end, lead_in=lead_in.text) if lead_in and lead_in.is_strong else None


def _after_divider(lines: list[str], at: int, rest: str) -> _Opening:
    if rest:
        glued = split_glued_headers(rest)
        return _Opening(at, at + 1, block=read_header_block(glued, 0))
    for below in range(at + 1, min(at + _NEAR, len(lines))):
        if block := read_header_block(lines, below):
            return _Opening(at, block.end, block=block)
        lead_in = read_lead_in(lines, below)
        if lead_in and lead_in.is_strong:
            return _Opening(at, lead_in.end, lead_in=lead_in.text)
        if not (is_blank(lines[below]) or not lines[below].strip("> |")):
            break
    return _Opening(at, at + 1)


def _read_sender(written: str | None, lead_in: str | None) -> ForwardedSender | None:
    if written is not None:
        sender = read_written_address(written)
    else:
        sender = read_lead_in_address(lead_in) if lead_in else None
    return ForwardedSender(sender.name, sender.address or None) if sender else None


def _unquoted(opening: Sequence[str], lines: list[str]) -> list[str]:
    """Takes one level of quote marks off when the program quoted what it forwarded (Apple Mail does)."""
    first = next((line for line in lines if not is_blank(line)), "")
    if not is_quoted(first) or not (is_quoted(opening[-1]) or _is_all_quoted(lines)):
        return lines
    return [re.sub(r"^\s{0,3}> ?", "", line, count=1) for line in lines]


def _is_all_quoted(lines: list[str]) -> bool:
    return all(is_quoted(line) or is_blank(line) for line in lines)


def _trim(lines: Sequence[str]) -> str:
    kept = [line.rstrip() for line in lines]
    while kept and (is_blank(kept[-1]) or is_rule(kept[-1])):
        kept.pop()
    while kept and is_blank(kept[0]):
        kept.pop(0)
    return "\n".join(kept)
