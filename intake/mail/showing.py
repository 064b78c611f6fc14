"""Makes a stored email safe to look at: its HTML cleaned, its own pictures put into it, its header as text.

Nothing in the result runs, loads, links or sends. This is the first of three fences; the frame's sandbox and its
Content-Security-Policy are the others, and each would do alone. Whatever is not allowed is left out, and what breaks
the reader is not shown at all. Never judges an email, and never changes what is stored.
"""

import base64
import binascii
import hashlib
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, unquote_to_bytes

import nh3

from intake.mail.attachments import AttachedFile, is_email_file
from intake.mail.envelopes import as_ordinary_email
from intake.mail.letters import ReadLetter, read_letter
from intake.mail.message import parse_email
from intake.mail.parts import Part, parse_tree
from intake.mail.text import html_source, readable_text
from intake.mail.understanding import understand

LONGEST_HTML = 2_000_000  # characters
LONGEST_SHOWN = 16_000_000  # characters, pictures included; a few tags can make a parser write millions
LARGEST_PICTURE = 3_000_000  # bytes
LARGEST_PICTURES = 9_000_000  # bytes, each counted as often as it is shown
LONGEST_HEADER = 200_000  # characters
DEEPEST = 200
DEEPEST_PLACE = 10  # emails in one another

_TAGS = frozenset(
    "a abbr address article b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl "
    "dt em figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp "
    "section small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var wbr".split()
)
_VOID = frozenset({"br", "col", "hr", "img", "wbr"})
# Left out with all they hold. Of any other element that is not allowed the words stay.
_SILENT = frozenset(
    "applet audio canvas embed frame frameset iframe math noembed noframes noscript object plaintext script select "
    "style svg template textarea title video xmp".split()
)
_ATTRIBUTES = {
    "*": {"align", "dir", "lang", "style", "valign"},
    "a": {"href"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "font": {"color", "face", "size"},
    "img": {"alt", "height", "src", "width"},
    "li": {"value"},
    "ol": {"start", "type"},
    "table": {"bgcolor", "border", "cellpadding", "cellspacing", "width"},
    "td": {"bgcolor", "colspan", "height", "rowspan", "width"},
    "th": {"bgcolor", "colspan", "height", "rowspan", "scope", "width"},
    "tr": {"bgcolor"},
}
# Only to be counted: each names a picture to load, and none is kept.
_BACKGROUNDS = ("table", "tbody", "td", "th", "thead", "tr")
_STYLES = frozenset(
    "background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width border-collapse "
    "border-color border-left border-left-color border-left-style border-left-width border-radius border-right "
    "border-right-color border-right-style border-right-width border-spacing border-style border-top border-top-color "
    "border-top-style border-top-width border-width color direction display font font-family font-size font-style "
    "font-variant font-weight height letter-spacing line-height list-style-type margin margin-bottom margin-left "
    "margin-right margin-top max-width padding padding-bottom padding-left padding-right padding-top table-layout "
    "text-align text-decoration text-indent text-transform vertical-align white-space width word-break word-spacing "
    "word-wrap".split()
)
# No function but a colour's, no escape, no comment, no negative length that would lay one thing over another.
_PLAIN_VALUE = re.compile(
    r"""(?:rgba?\([\d\s.,%/]*\)|"[\w\s-]*"|'[\w\s-]*'|[\w\s.,%#]|(?<=\w)-(?=\w))*(?:!\s*important)?"""
)
_REMOTE = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
_REMOTE_STYLE = re.compile(r"url\(\s*[\"']?\s*(?:https?:)?//", re.IGNORECASE)
_SCHEMES = {"http", "https", "mailto", "tel"}
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s[^<>]*)?)>")
_HREF = re.compile(r'\shref="([^"]*)"')
_RASTER = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


@dataclass(frozen=True, slots=True)
class StoredEmail:
    """Where an email's bytes are, what they must hash to, and what of it is to be shown."""

    path: Path
    sha256: str
    part: Literal["body", "header", "letter", "file"] = "body"
    place: tuple[int, ...] = ()
    """Of an attachment instead: (2, 1) is the first attachment of the email that is its second one."""


@dataclass(frozen=True, slots=True)
class ShownEmail:
    """`html` is safe to stand in a page's body. None where the email has no HTML of its own: `text` is all it says."""

    html: str | None
    text: str = ""
    remote_pictures: int = 0
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class CleanHtml:
    """`is_cut`: only its beginning is here."""

    html: str
    remote_pictures: int
    is_cut: bool


class TooMuchToShow(Exception):
    """Cleaning made more of it than a page can hold."""


class NothingThere:
    """No such thing is attached in this place."""


Shown = ShownEmail | ReadLetter | AttachedFile | NothingThere | str | None


def show_stored(job: StoredEmail) -> Shown:
    """The email, its header as text, or what is attached to it; None when the stored bytes are not those that were
    stored. For a child."""
    try:
        raw = job.path.read_bytes()
    except FileNotFoundError:
        return None
    if hashlib.sha256(raw).hexdigest() != job.sha256:
        return None
    file = _attached(raw, job.place)
    match job.part:
        case "header":
            return header_text(raw)
        case "body":
            return show_email(raw)
        case "file":
            return file or NothingThere()
        case "letter" if file:
            return read_letter(file.content) if is_email_file(file.filename, file.content_type) else NothingThere()
        case "letter":
            return NothingThere() if job.place else read_letter(raw)


def show_email(raw: bytes) -> ShownEmail:
    texts = parse_email(raw).texts
    source = html_source(texts)
    if source is None:
        return ShownEmail(None, readable_text(texts))
    clean = clean_html(source, _pictures_by_id(raw) if "cid:" in source.lower() else {})
    return ShownEmail(clean.html, remote_pictures=clean.remote_pictures, is_cut=clean.is_cut)


def header_text(raw: bytes) -> str:
    """The header, line by line as it was sent, with raw 8-bit bytes made readable."""
    header = _header_block(as_ordinary_email(raw))
    lines = [f"{name}: {value}" for name, value in parse_tree(header).items()]
    return "\n".join(lines)[:LONGEST_HEADER]


def clean_html(source: str, pictures: Mapping[str, bytes]) -> CleanHtml:
    """Allowed elements, attributes and styles only. Links become text followed by where they lead.

    `pictures` are the email's own, by Content-ID without brackets; they and `data:` pictures are kept where their bytes
    are a PNG, JPEG, GIF or WebP. Raises TooMuchToShow.
    """
    rules = _Rules(pictures)
    attributes = {tag: set(names) for tag, names in _ATTRIBUTES.items()}
    for tag in _BACKGROUNDS:
        attributes.setdefault(tag, set()).add("background")
    cleaned = nh3.clean(
        source[:LONGEST_HTML],
        tags=set(_TAGS),
        clean_content_tags=set(_SILENT),
        attributes=attributes,
        attribute_filter=rules.judge,
        # cid: and data: reach `judge`, which lets none of them stay as they are.
        url_schemes=_SCHEMES | {"cid", "data"},
        url_relative="pass_through",
        filter_style_properties=set(_STYLES),
        link_rel=None,
    )
    if len(cleaned) > LONGEST_SHOWN:
        raise TooMuchToShow
    return CleanHtml("".join(_Flattened(cleaned).pieces()), rules.remote_pictures, len(source) > LONGEST_HTML)


def picture_type(content: bytes) -> str | None:
    """The kind of raster picture, by its first bytes. SVG is a document that can run and load: never one."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _RASTER if content.startswith(start)), None)


def _attached(raw: bytes, place: tuple[int, ...]) -> AttachedFile | None:
    """The file in this place, step by step through the emails that hold it."""
    found: AttachedFile | None = None
    for number in place[:DEEPEST_PLACE]:
        if found and not is_email_file(found.filename, found.content_type):
            return None
        files = understand(found.content if found else raw).attachments
        if not 0 < number <= len(files):
            return None
        found = files[number - 1]
    return found


@dataclass(slots=True)
class _Rules:
    """Judges attribute by attribute. nh3 drops an attribute whose judge raises, so a mistake here shows less."""

    pictures: Mapping[str, bytes]
    remote_pictures: int = 0
    room: int = LARGEST_PICTURES
    _seen_styles: dict[str, str | None] = field(default_factory=dict)

    def judge(self, tag: str, name: str, value: str) -> str | None:
        match name:
            case "src":
                return self._picture(value)
            case "background":
                self.remote_pictures += bool(_REMOTE.match(value))
                return None
            case "style":
                self.remote_pictures += len(_REMOTE_STYLE.findall(value))
                if value not in self._seen_styles:
                    self._seen_styles[value] = _plain_style(value)
                return self._seen_styles[value]
            case "href":
                return value if value.partition(":")[0].strip().lower() in _SCHEMES else None
            case _:
                return value

    def _picture(self, address: str) -> str | None:
        if _REMOTE.match(address):
            self.remote_pictures += 1
            return None
        content = self._own_picture(address.strip())
        kind = picture_type(content) if content else None
        if content is None or kind is None or len(content) > min(LARGEST_PICTURE, self.room):
            return None
        self.room -= len(content)
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"

    def _own_picture(self, address: str) -> bytes | None:
        scheme, _, rest = address.partition(":")
        if scheme.lower() == "cid":
            return self.pictures.get(rest) or self.pictures.get(unquote(rest))  # RFC 2392: percent-encoded
        if scheme.lower() != "data" or len(rest) > 2 * LARGEST_PICTURE:
            return None
        described, _, data = rest.partition(",")
        if not described.lower().endswith(";base64"):
            return unquote_to_bytes(data)
        try:
            return base64.b64decode(unquote(data))
        except binascii.Error:
            return None


def _plain_style(value: str) -> str | None:
    declarations = (part.partition(":") for part in value.split(";"))
    plain = [
        f"{name.strip().lower()}:{given.strip()}"
        for name, _, given in declarations
        if name.strip().lower() in _STYLES and _PLAIN_VALUE.fullmatch(given.strip())
    ]
    return ";".join(plain) or None


class _Flattened:
    """One walk over what nh3 wrote: links made into text, and elements nested too deeply taken off their words.

    nh3 writes every tag in one form, closes what is open, and escapes `<`, `>` and `"` wherever they are no markup.
    """

    def __init__(self, cleaned: str) -> None:
        self._cleaned = cleaned
        self._depth = 0
        self._links: list[str | None] = []
        self._words: list[str] = []

    def pieces(self) -> Iterator[str]:
        end = 0
        for tag in _TAG.finditer(self._cleaned):
            yield self._text(self._cleaned[end : tag.start()])
            yield self._markup(tag)
            end = tag.end()
        yield self._text(self._cleaned[end:])

    def _text(self, text: str) -> str:
        if self._links:
            self._words.append(text)
        return text

    def _markup(self, tag: re.Match[str]) -> str:
        closing, name, attributes = tag.groups()
        if name == "a":
            return self._close_link() if closing else self._open_link(attributes)
        if name in _VOID:
            return tag[0]
        self._depth += -1 if closing else 1
        # A closing tag stands one less deep than its opening one.
        return tag[0] if self._depth + bool(closing) <= DEEPEST else ""

    def _open_link(self, attributes: str) -> str:
        found = _HREF.search(attributes)
        self._links.append(html.unescape(found[1]).strip() if found else None)
        self._words.clear()
        return '<span class="link">' if found else "<span>"

    def _close_link(self) -> str:
        target = self._links.pop() if self._links else None
        says_so = target and _bare(target) == _bare(html.unescape("".join(self._words)))
        if target is None or says_so:
            return "</span>"
        return f'</span><span class="target"> [{html.escape(_shortened(target))}]</span>'


def _bare(address: str) -> str:
    return re.sub(r"^(?:https?://|mailto:|tel:)|/$", "", "".join(address.split()).lower())


def _shortened(target: str) -> str:
    """The beginning says where it leads: the host stands there. Direction overrides would turn it round."""
    plain = "".join(c for c in target.removeprefix("mailto:") if c.isprintable())
    return plain if len(plain) <= 60 else f"{plain[:60]}…"


def _pictures_by_id(raw: bytes) -> dict[str, bytes]:
    pictures: dict[str, bytes] = {}
    for part in parse_tree(raw).walk():
        if isinstance(part, Part) and (content_id := str(part.get("Content-ID", "")).strip().strip("<>")):
            content = _content(part)
            if content and len(content) <= LARGEST_PICTURE and picture_type(content):
                pictures.setdefault(content_id, content)
    return pictures


def _content(part: Part) -> bytes | None:
    try:
        content = part.get_payload(decode=True)
    except Exception:  # the standard library trips over some broken encodings
        return None
    return content if isinstance(content, bytes) else None


def _header_block(raw: bytes) -> bytes:
    """Everything above the first empty line, blank lines at the very top set aside (`parts.py`)."""
    start = len(raw) - len(raw.lstrip(b"\r\n"))
    end = re.search(rb"\r?\n\r?\n", raw[start : start + LONGEST_HEADER])
    return raw[start : start + (end.start() if end else LONGEST_HEADER)] + b"\n\n"
