"""Takes the body of an email apart into readable text and attached files.

Nested emails are never opened: their bytes stay as they came, one attachment each. Envelopes around parts of the email
itself are: winmail.dat and S/MIME that is only signed. Depth and count are bounded; what lies beyond a bound is kept
whole as an attachment and named in the defects. Decides nothing about the text.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from email.feedparser import BytesFeedParser
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import Compat32
from email.utils import collapse_rfc2231_value
from functools import cached_property
from typing import Any, NamedTuple

from intake.mail.attachments import AttachedFile, name_by_position, safe_filename, with_distinct_names
from intake.mail.charsets import charset_of_page, decode_text, readable_header
from intake.mail.envelopes import MAX_ENVELOPES, as_ordinary_email, is_outlook_file, may_be_envelope, open_envelope
from intake.mail.secured import is_encrypted_text, unwrap_signed_text
from intake.mail.transfer_encodings import decode_transfer
from intake.mail.uuencoded import take_out_blocks

MAX_DEPTH = 50
MAX_PARTS = 1_000
_LONGEST_TYPE = 200
_CHUNK = 65_536
_HEADER_BYTES = 65_536
_LONGEST_STRUCTURED = 16_384  # the standard library takes time by the square of a header's parameters
# Words in winmail.dat for one in the email itself: then the email says only that it is there.
_POORER = 2
_NAMES = {"content-disposition": ("filename", "name"), "content-type": ("name", "filename")}
# Exchange's names for the text that followed a picture in the middle of a letter.
_CONTINUED = re.compile(r"att[0-9]{5}\.(?:txt|html?)", re.IGNORECASE)
_LIKE_A_NAME = re.compile(r"[^@]*[^. @]\.[A-Za-z0-9]{2,5}")
# A line that opens a part although no boundary was declared, or another one was.
_LOST_BOUNDARY = re.compile(rb"^--([^\s][^\r\n]{0,200}?)[ \t]*\r?\n(?=content-)", re.IGNORECASE | re.MULTILINE)


class _ReadableHeaders(Compat32):
    """Header values as text even where raw 8-bit bytes were sent; the standard library would show question marks."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return readable_header(value[:_LONGEST_STRUCTURED] if name.lower().startswith("content-") else value)


_POLICY = _ReadableHeaders()


class _Forgiving(Message):
    """Where the standard library raises on what mail contains, it says that it found nothing."""

    def get_param(self, *args: Any, **options: Any) -> Any:
        """Mixed-up RFC 2231 continuations make the standard library raise, even while it parses."""
        try:
            return super().get_param(*args, **options)
        except Exception:
            return None

    def get_payload(self, *args: Any, **options: Any) -> Any:
        """As sent where the declared charset is a codec of Python that raises whatever it is told (punycode)."""
        try:
            return super().get_payload(*args, **options)
        except UnicodeError:
            return self.__dict__["_payload"]

    def get_boundary(self, failobj: Any = None) -> Any:
        """As `get_param`: seen with charsets that cannot be decoded."""
        try:
            return super().get_boundary(failobj) or failobj
        except Exception:
            return failobj


class Part(_Forgiving):
    """A part that the parser leaves closed when it is a nested message or lies too deep.

    The parser asks `get_content_type` whether to go on inside; `declared_type` is what the part says of itself.
    """

    depth = 0
    is_opened = False
    """An envelope whose content is read beside it: a file in itself."""

    @cached_property
    def declared_type(self) -> str:
        return super().get_content_type()

    @property
    def is_too_deep(self) -> bool:
        return self.depth >= MAX_DEPTH and self.declared_type.startswith("multipart/")

    def get_content_type(self) -> str:
        declared = self.declared_type
        return "application/octet-stream" if declared.startswith("message/") or self.is_too_deep else declared

    @property
    def encoded(self) -> bytes:
        """The content as it was sent; b"" where there are parts in its place."""
        payload = self.__dict__.get("_payload")  # get_payload() guesses at a charset
        return payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""

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


class _Place(NamedTuple):
    """Where a part stands: in which alternative, inside how many envelopes, and whether Outlook's is among them."""

    alternative: int | None = None
    envelopes: int = 0
    is_in_winmail: bool = False


@dataclass(slots=True)
class Parts:
    """What the walk found, in the order of the email. `named_text` is the body if nothing else is.

    Some programs give a file name to the only text they send: it is then read as well as attached. `winmail_texts` are
    what Outlook put into winmail.dat, which mostly says the same as the email.
    """

    texts: list[TextPart] = field(default_factory=list)
    winmail_texts: list[TextPart] = field(default_factory=list)
    files: list[AttachedFile] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    named_text: TextPart | None = None


def parse_tree(raw: bytes) -> Part:
    """The email as a tree. Fed in pieces: the standard library's own entry point needs five times the memory."""
    parser = BytesFeedParser(_factory=Part, policy=_POLICY)
    raw = as_ordinary_email(raw)
    start = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    while raw[start : start + 1] in {b"\r", b"\n"}:  # blank lines above the headers: seen in exported files
        start += 1
    for position in range(start, len(raw), _CHUNK):
        parser.feed(raw[position : position + _CHUNK])
    root = parser.close()
    assert isinstance(root, Part)
    return root


def parse_with_enclosed(raw: bytes) -> Message:
    """The email as the standard library reads it, what is enclosed in it too: for reports of delivery.

    Raises RecursionError on what is enclosed hundreds of times.
    """
    return BytesParser(_class=_Forgiving, policy=_POLICY).parsebytes(raw)


def take_apart(root: Part, raw: bytes) -> Parts:
    """The readable text and the files of a tree, whose payloads are let go on the way. `raw` is kept for the worst."""
    found = Parts()
    if is_outlook_file(raw) and root.declared_type == "application/vnd.ms-outlook":
        found.defects.append("unreadable-msg")
    for position, (part, place) in enumerate(_leaves(root, found.defects), start=1):
        if position > MAX_PARTS:
            found.defects.append("too-many-parts")
            found.files.append(AttachedFile("whole-email.eml", "message/rfc822", raw))
            break
        _take(part, position, place, found)
        part.set_payload("")
    if found.winmail_texts and _words(found.texts) * _POORER < _words(found.winmail_texts):
        found.texts[:] = [*found.winmail_texts, *(text for text in found.texts if text.text.strip())]
    if not found.texts and found.named_text:
        found.texts.append(found.named_text)
    found.files[:] = with_distinct_names(found.files)
    return found


def subject_of(nested: bytes) -> str:
    """The subject of a nested email, not yet decoded."""
    return str(BytesHeaderParser(_class=Part, policy=_POLICY).parsebytes(nested[:_HEADER_BYTES]).get("subject", ""))


def _leaves(root: Part, defects: list[str]) -> Iterator[tuple[Part, _Place]]:
    """Every part without parts of its own, in order. What was in an envelope comes before the envelope."""
    alternatives = 0
    waiting = [(root, _Place())]
    while waiting:
        part, place = waiting.pop()
        defects.extend(map(_defect_name, part.defects))
        if part.declared_type == "multipart/encrypted":
            defects.append("encrypted")
        children = _children(part)
        if not children:
            inside = None if part.is_opened else _opened(part, place, defects)
            if inside is None:
                yield part, place
            else:
                waiting.extend(inside)
            continue
        if place.alternative is None and part.declared_type == "multipart/alternative":
            alternatives += 1
            place = place._replace(alternative=alternatives)
        waiting.extend((child, place) for child in reversed(children))


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


def _opened(part: Part, place: _Place, defects: list[str]) -> list[tuple[Part, _Place]] | None:
    """What is to be read in place of an envelope: last what comes first. None for all that is none."""
    if place.envelopes >= MAX_ENVELOPES or part.declared_type.startswith("text/"):
        return None
    name = _declared_name(part)
    if not may_be_envelope(part.declared_type, name):
        return None
    envelope = open_envelope(part.declared_type, name, _decoded(part))
    if envelope.defect:
        defects.append(envelope.defect)
    if envelope.entity is None:
        return None
    inside = parse_tree(envelope.entity)
    inside.depth = part.depth + 1
    part.is_opened = True
    within = _Place(place.alternative, place.envelopes + 1, place.is_in_winmail or envelope.is_winmail)
    return [(part, place), (inside, within)] if envelope.is_kept else [(inside, within)]


def _take(part: Part, position: int, place: _Place, found: Parts) -> None:
    content = _decoded(part)
    name = _declared_name(part)
    if part.is_too_deep:
        found.defects.append("nested-too-deeply")
    elif _is_readable(part):
        text = _text_part(part, content, place.alternative)
        if not name and not _is_file(part):
            _take_text(text, position, place, found)
            return
        if _CONTINUED.fullmatch(name):
            _take_text(text, position, place, found)
        elif found.named_text is None and (part.depth == 0 or not _is_file(part)):
            found.named_text = text
    filename = safe_filename(name) or _name_for(part, content, position)
    if part.declared_type == "application/applefile":  # what a Mac knows of the file that follows, by the same name
        filename = safe_filename(f"{filename}.applefile")
    found.files.append(AttachedFile(filename, part.declared_type[:_LONGEST_TYPE], content))


def _take_text(part: TextPart, position: int, place: _Place, found: Parts) -> None:
    """Old programs write files, signatures and encrypted text into the plain text itself."""
    if part.content_type == "text/plain":
        text, signature = unwrap_signed_text(part.text)
        text, files = take_out_blocks(text)
        part = part if text == part.text else replace(part, text=text)
        if signature:
            found.files.append(AttachedFile("signature.asc", "application/pgp-signature", signature.encode("utf-8")))
        for name, content in files:
            filename = safe_filename(name) or name_by_position(position, "application/octet-stream")
            found.files.append(AttachedFile(filename, "application/octet-stream", content))
        if is_encrypted_text(text):
            found.defects.append("encrypted")
    (found.winmail_texts if place.is_in_winmail else found.texts).append(part)


def _words(texts: Iterable[TextPart]) -> int:
    return sum(len(part.text.split()) for part in texts)


def _is_readable(part: Part) -> bool:
    """A multipart in which no part could be found counts as text: all of it is to be read."""
    return part.declared_type in {"text/plain", "text/html"} or part.declared_type.startswith("multipart/")


def _is_file(part: Part) -> bool:
    return part.get_content_disposition() == "attachment"


def _text_part(part: Part, content: bytes, alternative: int | None) -> TextPart:
    return TextPart(
        content_type="text/html" if part.declared_type == "text/html" else "text/plain",
        text=decode_text(content, _parameter(part, "charset") or charset_of_page(content)),
        flowed=(_parameter(part, "format") or "").lower() == "flowed",
        delsp=(_parameter(part, "delsp") or "").lower() == "yes",
        alternative=alternative,
    )


def _decoded(part: Part) -> bytes:
    encoding = str(part.get("content-transfer-encoding", ""))
    return decode_transfer(part.encoded, encoding, is_text=part.declared_type.startswith("text/"))


def _declared_name(part: Part) -> str:
    """The first that is one: an empty name in one header does not hide that in another."""
    for header, parameters in _NAMES.items():
        if "name" not in str(part.get(header, "")).lower():
            continue
        values = filter(None, (part.get_param(parameter, None, header) for parameter in parameters))
        if name := next(filter(safe_filename, map(readable_header, map(_collapsed, values))), ""):
            return name
    return ""


def _collapsed(value: Any) -> str:
    try:
        return collapse_rfc2231_value(value).strip()
    except Exception:  # seen with mixed-up RFC 2231 continuations
        return ""


def _parameter(part: Part, name: str) -> str | None:
    if name not in part.get("content-type", "").lower():
        return None
    value = part.get_param(name)
    return str(value[2] if isinstance(value, tuple) else value) if value else None


def _name_for(part: Part, content: bytes, position: int) -> str:
    if part.declared_type == "message/rfc822" and (subject := safe_filename(subject_of(content))):
        return safe_filename(f"{subject}.eml")
    for header in ("content-description", "content-location"):  # where some programs write the name
        if _LIKE_A_NAME.fullmatch(name := safe_filename(str(part.get(header, "")))):
            return name
    return name_by_position(position, part.declared_type)


def _defect_name(defect: object) -> str:
    """CloseBoundaryNotFoundDefect is told as close-boundary-not-found."""
    words = re.findall(r"[A-Z][a-z0-9]*", type(defect).__name__.removesuffix("Defect"))
    return "-".join(words).lower()


def distinct(defects: list[str]) -> tuple[str, ...]:
    """Each defect once, in the order found."""
    return tuple(Counter(defects))
