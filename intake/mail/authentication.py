"""Reads what the receiving mail server found about the sender's domain: the DMARC result in Authentication-Results.

Only the topmost header of our own server counts: anyone can write such a header into a mail, and a server removes
forged ones that carry its own name (RFC 8601 section 5). Says nothing about whether the email may be believed.
"""

import re
from collections.abc import Sequence
from typing import Literal

DmarcResult = Literal["pass", "fail", "none"]

MICROSOFT = "microsoft"
"""The `authserv_id` to configure for Microsoft 365, whose headers name no server and start with a result at once."""

_METHOD = re.compile(r"dmarc\s*(?:/\s*\d+\s*)?=\s*([a-z]+)", re.IGNORECASE)


def dmarc_result(headers: Sequence[str], *, authserv_id: str | None) -> DmarcResult:
    """The DMARC result of our own server from the header values, topmost first; "none" where it says nothing.

    Without an `authserv_id` nothing is believed. For `MICROSOFT` only the very topmost header counts, as it has no name
    to tell it from others. Microsoft's `bestguesspass`, temporary and permanent errors are "none".
    """
    if authserv_id is None:
        return "none"
    is_nameless = authserv_id.lower() == MICROSOFT
    for header in headers[:1] if is_nameless else headers:
        server, results = _read(header)
        if server == ("" if is_nameless else authserv_id.lower()):
            return _dmarc(results)
    return "none"


def _read(header: str) -> tuple[str, list[str]]:
    """The server's name in lower case, "" without one, and its results. A version may follow the name."""
    segments = _segments(header)
    name = segments[0].partition(" ")[0]
    return ("", segments) if "=" in name else (name.lower(), segments[1:])


def _dmarc(results: list[str]) -> DmarcResult:
    for result in results:
        if method := _METHOD.match(result):
            said = method[1].lower()
            return "pass" if said == "pass" else "fail" if said == "fail" else "none"
    return "none"


def _segments(header: str) -> list[str]:
    """Cut at semicolons, without comments; a semicolon in a comment or in quotes cuts nothing."""
    segments: list[list[str]] = [[]]
    depth, quoted, escaped = 0, False, False
    for character in header:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"' and not depth:
            quoted = not quoted
        elif character == "(" and not quoted:
            depth += 1
        elif character == ")" and depth:
            depth -= 1
            segments[-1].append(" ")
        elif character == ";" and not depth and not quoted:
            segments.append([])
        elif not depth:
            segments[-1].append(character)
    return ["".join(segment).strip() for segment in segments]
