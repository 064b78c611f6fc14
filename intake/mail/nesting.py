"""Keeps HTML from nesting deeper than anyone reads, before it is parsed: parsers take ever longer the deeper it goes.

Only tags are taken out, never a word. Neither parses HTML nor cleans it.
"""

import re
from collections.abc import Iterator

MAX_DEPTH = 1_000
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})[^<>]*>?")
# Nothing nests in the first; the others are closed by the next of their kind, and often by nothing else.
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_CLOSED_BY_THE_NEXT = frozenset({"p", "li", "td", "th", "tr", "dt", "dd", "option", "tbody", "thead", "tfoot"})
_NOT_COUNTED = _VOID | _CLOSED_BY_THE_NEXT


def without_deep_nesting(html: str) -> str:
    """The same HTML without the tags that open or close what lies deeper than `MAX_DEPTH`. Takes one pass."""
    if html.count("<") <= MAX_DEPTH:
        return html
    return "".join(_kept(html))


def _kept(html: str) -> Iterator[str]:
    depth = end = 0
    for tag in _TAG.finditer(html):
        if tag[2].lower() in _NOT_COUNTED:
            continue
        is_closing = bool(tag[1])
        depth = max(depth + (-1 if is_closing else 1), 0)
        if depth + is_closing > MAX_DEPTH:
            yield html[end : tag.start()] + " "  # what it parted stays parted
            end = tag.end()
    yield html[end:]
