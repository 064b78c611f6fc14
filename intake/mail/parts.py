"""Takes the body of an email apart into readable text and attached files.

Nested emails are never opened: their bytes stay as they came, one attachment each. Depth and count are bounded;
what lies beyond a bound is kept whole as an attachment and named in the defects. Decides nothing about the text.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.feedparser import BytesFeedParser
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import Compat32
from functools import cached_property
from typing import Any

from intake.mail.attachments import AttachedFile, name_by_position, safe_filename, with_distinct_names
from intake.mail.charsets import decode_text, readable_header

MAX_DEPTH = 50
MAX_PARTS = 1_000
_LONGEST_TYPE = 200
_CHUNK = 65_536
_HEADER_BYTES = 65_536
# A line that opens a part although no boundary was declared, or another one was.
_LOST_BOUNDARY = re.compile(rb"^--([^\s][^\r\n]{0,200}?)[ \t]*\r?\n(?=content-)", re.IGNORECASE | re.MULTILINE)


class _ReadableHeaders(Compat32):
    """Header values as text even where raw 8-bit bytes were sent; the standard library would show question marks."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return readable_header(value)


_POLICY = _ReadableHeaders()


class Part(Message):
    """A part that the parser leaves closed when it is a nested message or lies too deep.

    The parser asks `get_content_type` whether to go on inside; `declared_type` is what the part says of itself.
    """

    depth = 0

    @cached_property
    def declared_type(self) -> str:
        return super().get_content_type()

    @property
    def is_too_deep(self) -> bool:
        return self.depth >= MAX_DEPTH and self.declared_type.startswith("multipart/")

    def get_content_type(self) -> str:
        declared = self.declared_type
        return "application/octet-stream" if declared.startswith("message/") or self.is_too_deep else declared

    def get_param(self, *args: Any, **options: Any) -> Any:
        """Mixed-up RFC 2231 continuations make the standard library raise, even while it parses."""
        try:
            return super().get_param(*args, **options)
        except Exception:
            return None

    def get_boundary(self, failobj: Any = None) -> Any:
        """As `get_param`: seen with charsets that cannot be decoded."""
        try:
            return super().get_boundary(failobj) or failobj
        except Exception:
            return failobj

    def attach(self, payload: "Part") -> None:  # type: ignore[override]
        payload.depth = self.depth + 1
        super().attach(payload)


@dataclass(frozen=True, slots=True)
class TextPart:
    """One stretch of the body. Parts of one `alternative` say the same thing in different forms."""

    content_type: str
    text: str
    flowed: bool = False
    delsp: bool = False
    alternative: int | None = None


@dataclass(slots=True)
class Parts:
    """What the walk found, in the order of the email. `named_text` is the body if nothing else is.

    Some programs give a file name to the only text they send: it is then read as well as attached.
    """

    texts: list[TextPart] = field(default_factory=list)
    files: list[AttachedFile] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    named_text: TextPart | None = None


def parse_tree(raw: bytes) -> Part:
    """The email as a tree. Fed in pieces: the standard library's own entry point needs five times the memory."""
    parser = BytesFeedParser(_factory=Part, policy=_POLICY)
    start = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    while raw[start : start + 1] in {b"\r", b"\n"}:  # blank lines above the headers: seen in exported files
        start += 1
    for position in range(start, len(raw), _CHUNK):
        parser.feed(raw[position : position + _CHUNK])
    root = parser.close()
    assert isinstance(root, Part)
    return root


def take_apart(root: Part, raw: bytes) -> Parts:
    """The readable text and the files of a tree, whose payloads are let go on the way. `raw` is kept for the worst."""
    found = Parts()
    leaves = _leaves(root, found.defects)
    for position, (part, alternative) in enumerate(leaves, start=1):
        if position > MAX_PARTS:
            found.defects.append("too-many-parts")
            found.files.append(AttachedFile("whole-email.eml", "message/rfc822", raw))
            break
        _take(part, position, alternative, found)
        part.set_payload("")
    if not found.texts and found.named_text:
        found.texts.append(found.named_text)
    found.files[:] = with_distinct_names(found.files)
    return found


def subject_of(nested: bytes) -> str:
    """The subject of a nested email, not yet decoded."""
    return str(BytesHeaderParser(_class=Part, policy=_POLICY).parsebytes(nested[:_HEADER_BYTES]).get("subject", ""))


def _leaves(root: Part, defects: list[str]) -> Iterator[tuple[Part, int | None]]:
    """Every part without parts of its own, in order, with the outermost alternative it belongs to."""
    alternatives = 0
    waiting: list[tuple[Part, int | None]] = [(root, None)]
    while waiting:
        part, alternative = waiting.pop()
        defects.extend(map(_defect_name, part.defects))
        children = _children(part)
        if not children:
            yield part, alternative
            continue
        if alternative is None and part.declared_type == "multipart/alternative":
            alternatives += 1
            alternative = alternatives
        waiting.extend((child, alternative) for child in reversed(children))


def _children(part: Part) -> list[Part]:
    if not part.declared_type.startswith("multipart/") or part.is_too_deep:
        return []
    inside = _parts_of(part)
    unread = (part.epilogue or "").encode("utf-8", "surrogateescape") if inside else _decoded(part)
    return inside + _recovered(part, unread)


def _parts_of(part: Part) -> list[Part]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Part)] if isinstance(payload, list) else []


def _recovered(part: Part, unread: bytes) -> list[Part]:
    """Parts behind a boundary other than the declared one, or after the closing one: seen from broken gateways."""
    boundary = _LOST_BOUNDARY.search(unread)
    if boundary is None:
        return []
    head = b'Content-Type: %s; boundary="%s"\n\n' % (part.declared_type.encode("utf-8"), boundary[1])
    children = _parts_of(parse_tree(head + unread))
    for child in children:
        child.depth = max(child.depth, part.depth + 1)
    return children


def _take(part: Part, position: int, alternative: int | None, found: Parts) -> None:
    content = _decoded(part)
    name = _declared_name(part)
    if part.is_too_deep:
        found.defects.append("nested-too-deeply")
    elif _is_readable(part):
        text = _text_part(part, content, alternative)
        if not name and not _is_file(part):
            found.texts.append(text)
            return
        if found.named_text is None and (part.depth == 0 or not _is_file(part)):
            found.named_text = text
    filename = safe_filename(name) or _name_for(part, content, position)
    found.files.append(AttachedFile(filename, part.declared_type[:_LONGEST_TYPE], content))


def _is_readable(part: Part) -> bool:
    """A multipart in which no part could be found counts as text: all of it is to be read."""
    return part.declared_type in {"text/plain", "text/html"} or part.declared_type.startswith("multipart/")


def _is_file(part: Part) -> bool:
    return part.get_content_disposition() == "attachment"


def _text_part(part: Part, content: bytes, alternative: int | None) -> TextPart:
    return TextPart(
        content_type="text/html" if part.declared_type == "text/html" else "text/plain",
        text=decode_text(content, _parameter(part, "charset")),
        flowed=(_parameter(part, "format") or "").lower() == "flowed",
        delsp=(_parameter(part, "delsp") or "").lower() == "yes",
        alternative=alternative,
    )


def _decoded(part: Part) -> bytes:
    try:
        content = part.get_payload(decode=True)
    except Exception:  # the standard library trips over some broken encodings; the encoded form is still the mail
        content = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return content if isinstance(content, bytes) else b""


def _declared_name(part: Part) -> str:
    try:
        return readable_header(part.get_filename() or "")
    except Exception:  # seen with mixed-up RFC 2231 continuations
        return ""


def _parameter(part: Part, name: str) -> str | None:
    value = part.get_param(name)
    return str(value[2] if isinstance(value, tuple) else value) if value else None


def _name_for(part: Part, content: bytes, position: int) -> str:
    if part.declared_type == "message/rfc822" and (subject := safe_filename(subject_of(content))):
        return safe_filename(f"{subject}.eml")
    return name_by_position(position, part.declared_type)


def _defect_name(defect: object) -> str:
    """CloseBoundaryNotFoundDefect is told as close-boundary-not-found."""
    words = re.findall(r"[A-Z][a-z0-9]*", type(defect).__name__.removesuffix("Defect"))
    return "-".join(words).lower()


def distinct(defects: list[str]) -> tuple[str, ...]:
    """Each defect once, in the order found."""
    return tuple(Counter(defects))
