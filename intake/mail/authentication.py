"""Reads what the receiving mail server found about who sent an email, in Authentication-Results and Exchange's headers.

Only the topmost header of our own server counts: anyone can write such a header into a mail, and a server removes
forged ones that carry its own name (RFC 8601 section 5). Never decides what an email may do for being proven.
"""

import re
from collections.abc import Sequence
from typing import Literal

DmarcResult = Literal["pass", "fail", "none"]

MICROSOFT = "microsoft"
"""The `authserv_id` to configure for Microsoft 365, whose headers name no server and start with a result at once."""

_METHOD = re.compile(r"(dmarc|auth)\s*(?:/\s*\d+\s*)?=\s*([a-z]+)", re.IGNORECASE)
_HEADER_FROM = re.compile(r"\sheader\s*\.\s*from\s*=\s*\"?([^\s\"]+)", re.IGNORECASE)
_SMTP_AUTH = re.compile(r"\ssmtp\s*\.\s*auth\s*=\s*\"?([^\s\"]+)", re.IGNORECASE)


def dmarc_result(headers: Sequence[str], *, authserv_id: str | None, authors: Sequence[str]) -> DmarcResult:
    """The DMARC result of our own server from the header values, topmost first; "none" where it says nothing.

    Without an `authserv_id` nothing is believed. For `MICROSOFT` only the very topmost header counts, as it has no name
    to tell it from others. Microsoft's `bestguesspass`, temporary and permanent errors are "none", and so is a pass for
    another domain than that of the one address in From: of several `authors` nobody says which one was looked at
    (RFC 7489 section 6.6.1).
    """
    for result in _our_results(headers, authserv_id):
        if (method := _METHOD.match(result)) and method[1].lower() == "dmarc":
            if method[2].lower() == "pass":
                return "pass" if _is_about(result, authors) else "none"
            return "fail" if method[2].lower() == "fail" else "none"
    return "none"


def is_authenticated(
    headers: Sequence[str], *, authserv_id: str | None, authors: Sequence[str], exchange: Sequence[str] = ()
) -> bool:
    """Whether our own server vouches for the one address in From: by DMARC, because it signed in as exactly that
    address to hand the email over (RFC 8601 section 2.7.4), or because it never left the house.

    `exchange` are the values of X-MS-Exchange-Organization-AuthAs, which Exchange takes off whatever comes from outside
    (its header firewall), so it counts for `MICROSOFT` only.
    """
    if authserv_id is None or len(authors) != 1:
        return False
    if dmarc_result(headers, authserv_id=authserv_id, authors=authors) == "pass":
        return True
    if any(_has_signed_in(result, authors[0]) for result in _our_results(headers, authserv_id)):
        return True
    return authserv_id.lower() == MICROSOFT and [value.strip().lower() for value in exchange] == ["internal"]


def _our_results(headers: Sequence[str], authserv_id: str | None) -> list[str]:
    if authserv_id is None:
        return []
    is_nameless = authserv_id.lower() == MICROSOFT
    for header in headers[:1] if is_nameless else headers:
        server, results = _read(header)
        if server == ("" if is_nameless else authserv_id.lower()):
            return results
    return []


def _is_about(result: str, authors: Sequence[str]) -> bool:
    """Servers that do not say which domain they looked at are believed to have looked at the right one."""
    if len(authors) != 1:
        return False
    domain = authors[0].rpartition("@")[2].lower()
    return all(named.rpartition("@")[2].lower() == domain for named in _HEADER_FROM.findall(result))


def _has_signed_in(result: str, address: str) -> bool:
    method = _METHOD.match(result)
    is_passed = method is not None and (method[1].lower(), method[2].lower()) == ("auth", "pass")
    return is_passed and [named.lower() for named in _SMTP_AUTH.findall(result)] == [address.lower()]


def _read(header: str) -> tuple[str, list[str]]:
    """The server's name in lower case, "" without one, and its results. A version may follow the name."""
    segments = _segments(header)
    name = segments[0].partition(" ")[0]
    return ("", segments) if "=" in name else (name.lower(), segments[1:])


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
