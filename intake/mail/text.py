"""The readable text of an email: which form of it to read, its lines, and HTML as plain text.

Nothing a person wrote is left out. Knows nothing of quotes and signatures (`quoting.py`), and HTML it returns is
not safe to show.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from selectolax.lexbor import LexborHTMLParser, LexborNode

from intake.mail.nesting import without_deep_nesting
from intake.mail.parts import TextPart

# A plain part with less than half of the HTML's words says "your program shows no HTML", not the letter.
_POORER = 2
_MAX_QUOTE_DEPTH = 10
_RULE = "_" * 32
_SILENT = frozenset({"head", "style", "script", "title", "template", "object", "meta", "link", "iframe", "select"})
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "pre", "blockquote"})
_LINES = frozenset(
    {"div", "tr", "li", "dt", "dd", "section", "article", "header", "footer", "main", "aside", "nav", "address"}
    | {"center", "form", "fieldset", "legend", "caption", "figure", "figcaption", "body", "hr", "details", "summary"}
)
_HIDING_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|(?<![\w-])opacity\s*:\s*0(?:\.0*)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
_NO_HEIGHT = re.compile(r"max-height\s*:\s*0(?:px|pt|em)?\s*(?:;|!|$)", re.IGNORECASE)
_NO_OVERFLOW = re.compile(r"overflow\s*:\s*hidden", re.IGNORECASE)
_FONT_SIZE = re.compile(r"(?<![\w-])font(?:-size)?\s*:\s*([^;]*)", re.IGNORECASE)
_NO_SIZE = re.compile(r"0(?:\.0*)?(?:px|pt|em|rem|%)?\s*(?:!.*)?", re.IGNORECASE)
_LONGEST_STYLE = 2_000
_NO_MARGIN = re.compile(r"margin(?:-bottom)?\s*:\s*0(?!\.)", re.IGNORECASE)
_TARGET = re.compile(r"(?:https?://|mailto:|tel:)\S+$", re.IGNORECASE)


def readable_text(texts: Sequence[TextPart]) -> str:
    """Every stretch of the body in order, with one form of each alternative, and lines ended by \\n."""
    stretches: list[str] = []
    for stretch in _stretches(texts):
        if stretch and "".join(stretch.split()) not in {"".join(earlier.split()) for earlier in stretches}:
            stretches.append(stretch)
    return "\n\n".join(stretches)


def html_source(texts: Iterable[TextPart]) -> str | None:
    """The HTML as it was sent, decoded; not sanitised."""
    return "\n".join(part.text for part in texts if part.content_type == "text/html") or None


def html_to_text(html: str) -> str:
    """HTML as a person would copy it out: blocks as lines, lists with dashes, table cells between bars.

    A page that hides everything is read whole: programs show such pages by a script, which nobody runs here.
    """
    page = LexborHTMLParser(without_deep_nesting(html))
    return _text_of(page) or _text_of(page, with_hidden=True)


def unwrap_flowed(text: str, *, delsp: bool = False) -> str:
    """Paragraphs that were wrapped for sending (RFC 3676 section 4) as one line each; quote marks stay."""
    paragraphs: list[list[str]] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        is_signature_mark = content == "-- "  # section 4.3: never flowed
        if open_depth == depth and not is_signature_mark:
            paragraphs[-1].append(content)
        else:
            paragraphs.append([f"{'>' * depth} {content}" if depth else content])
        flows = content.endswith(" ") and not is_signature_mark
        if flows and delsp:
            paragraphs[-1][-1] = paragraphs[-1][-1][:-1]
        open_depth = depth if flows else None
    return "\n".join("".join(pieces) for pieces in paragraphs)


def _stretches(texts: Sequence[TextPart]) -> Iterator[str]:
    for alternative, group in groupby(texts, key=lambda part: part.alternative):
        parts = list(group)
        if alternative is None:
            yield from map(_as_text, parts)
        else:
            yield _better_form(parts)


def _better_form(parts: Sequence[TextPart]) -> str:
    plain = _joined(_plain(part) for part in parts if part.content_type == "text/plain")
    pages = [LexborHTMLParser(without_deep_nesting(part.text)) for part in parts if part.content_type == "text/html"]
    words = sum(len(page.text(separator=" ").split()) for page in map(_visible, pages))
    if pages and len(plain.split()) * _POORER < words:
        return _joined(map(_text_of, pages)) or plain or _joined(_text_of(page, with_hidden=True) for page in pages)
    return plain


def _as_text(part: TextPart) -> str:
    return html_to_text(part.text) if part.content_type == "text/html" else _plain(part)


def _plain(part: TextPart) -> str:
    text = unwrap_flowed(part.text, delsp=part.delsp) if part.flowed else part.text
    return text.strip("\n")


def _joined(stretches: Iterable[str]) -> str:
    return "\n\n".join(filter(None, stretches))


def _visible(page: LexborHTMLParser) -> LexborHTMLParser:
    page.strip_tags(list(_SILENT), recursive=True)
    return page


def _text_of(page: LexborHTMLParser, *, with_hidden: bool = False) -> str:
    """Walks without recursion: mail nests blocks thousands deep."""
    writer = _Writer(with_hidden=with_hidden)
    waiting = [(page.body or page.root, True)]
    while waiting:
        node, entering = waiting.pop()
        if node is None:
            continue
        if not entering:
            writer.leave(node)
        elif writer.enter(node):
            waiting.append((node, False))
            waiting.extend((child, True) for child in reversed(list(node.iter(include_text=True))))
    return writer.text()


class _Writer:
    """Lines of text as the walk goes by. A break is only asked for; the next words settle how much of it is made.

    `_breaks` is 1 for a new line and 2 for an empty line between. At the start of a list item or a cell breaks are
    swallowed: Outlook wraps the words of each in paragraphs of their own.
    """

    def __init__(self, *, with_hidden: bool = False) -> None:
        self._with_hidden = with_hidden
        self._has_no_size = [False]
        self._lines: list[tuple[int, str]] = []
        self._line: list[str] = []
        self._breaks = 0
        self._gap = False
        self._at_start = False
        self._before = ""
        self._quotes = 0
        self._preformatted = 0
        self._counters: list[int | None] = []
        self._rows: list[bool] = []
        self._link: list[str] = []

    def enter(self, node: LexborNode) -> bool:
        """Whether there is something to read inside."""
        tag = node.tag or ""
        if tag == "-text":
            self._write(node.text_content or "")
            return False
        style = _style(node)
        if tag in _SILENT or (not self._with_hidden and _is_hidden(node, style)):
            return False
        if font := _font_size(style):
            self._has_no_size.append(not self._with_hidden and bool(_NO_SIZE.fullmatch(font)))
        self._break(_breaks_around(node, tag, in_list=bool(self._counters)))
        if opens := _OPENS.get(tag):
            opens(self, node)
        self._preformatted += _is_preformatted(node, tag)
        return True

    def leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if _font_size(_style(node)):
            self._has_no_size.pop()
        self._preformatted -= _is_preformatted(node, tag)
        if closes := _CLOSES.get(tag):
            closes(self, node)
        self._break(_breaks_around(node, tag, in_list=bool(self._counters)))

    def text(self) -> str:
        self._end_line()
        return "\n".join(("> " * depth + line).rstrip() for depth, line in self._lines).strip("\n")

    def _write(self, text: str) -> None:
        if self._has_no_size[-1]:
            return
        if self._preformatted and "\n" in text.strip("\n"):
            self._write_lines(text)
            return
        words = " ".join(text.split())
        if not words:
            self._gap = self._gap or bool(text)
            if "\xa0" in text and not self._at_start and (self._breaks or not self._line):
                self._breaks = 2  # Outlook's and Gmail's way of leaving a line empty
            return
        self._settle()
        if self._line and (self._gap or text[0].isspace()):
            self._line.append(" ")
        self._say(words)
        self._gap = text[-1].isspace()

    def _write_lines(self, text: str) -> None:
        for number, line in enumerate(text.split("\n")):
            if number:
                self._end_line(even_if_empty=True)
            if line.strip():
                self._settle()
                self._say(line.rstrip())

    def _say(self, words: str) -> None:
        self._line.append(self._before + words)
        self._link.append(words)
        self._before, self._at_start, self._gap = "", False, False
        if self._rows:
            self._rows[-1] = True

    def _break(self, breaks: int) -> None:
        if not self._at_start:
            self._breaks = max(self._breaks, breaks)

    def _settle(self) -> None:
        if self._breaks:
            self._end_line()
        if self._breaks == 2 and self._lines and self._lines[-1][1]:
            self._lines.append((min(self._lines[-1][0], self._quotes), ""))
        self._breaks = 0

    def _end_line(self, *, even_if_empty: bool = False) -> None:
        if self._line or even_if_empty:
            self._lines.append((min(self._quotes, _MAX_QUOTE_DEPTH), "".join(self._line)))
        self._line, self._gap = [], False

    def open_line_break(self, _node: LexborNode) -> None:
        if self._at_start:
            return
        if self._breaks:
            self._settle()
        self._end_line(even_if_empty=True)

    def open_rule(self, _node: LexborNode) -> None:
        self._write(_RULE)

    def open_image(self, node: LexborNode) -> None:
        """Pictures of emoji carry the character as their text; other pictures carry file names and slogans."""
        alternative = node.attributes.get("alt") or ""
        if alternative and not any(letter.isascii() for letter in alternative):
            self._write(alternative)

    def open_quote(self, _node: LexborNode) -> None:
        self._end_line()
        self._quotes += 1

    def close_quote(self, _node: LexborNode) -> None:
        self._end_line()
        self._quotes -= 1

    def open_list(self, node: LexborNode) -> None:
        start = node.attributes.get("start") or "1"
        first = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
        self._counters.append(first if node.tag == "ol" else None)

    def close_list(self, _node: LexborNode) -> None:
        self._counters.pop()
        self._at_start = False

    def open_item(self, _node: LexborNode) -> None:
        self._at_start = True
        number = self._counters[-1] if self._counters else None
        self._before = "  " * min(len(self._counters) - 1, 8) + (f"{number}. " if number is not None else "- ")
        if number is not None:
            self._counters[-1] = number + 1

    def close_item(self, _node: LexborNode) -> None:
        self._at_start, self._before, self._breaks = False, "", 1

    def open_row(self, _node: LexborNode) -> None:
        self._rows.append(False)

    def close_row(self, _node: LexborNode) -> None:
        written = self._rows.pop()
        self._before = ""
        if written:
            self._breaks = 1
            if self._rows:
                self._rows[-1] = True

    def open_cell(self, _node: LexborNode) -> None:
        if self._line and self._rows and self._rows[-1]:
            self._breaks, self._before = 0, " | "
        self._at_start = True

    def close_cell(self, _node: LexborNode) -> None:
        self._at_start = False

    def open_link(self, _node: LexborNode) -> None:
        self._link = []

    def close_link(self, node: LexborNode) -> None:
        """The target is told where the words do not already tell it."""
        target = (node.attributes.get("href") or "").strip()
        words = "".join(self._link).lower()
        bare = re.sub("^(?:mailto:|tel:|https?://)(?:www[.])?", "", target.lower()).rstrip("/")
        if words and _TARGET.match(target) and bare not in words:
            self._line.append(
                f" <{target.removeprefix('mailto:').partition('?')[0] if 'mailto:' in target else target}>"
            )


_OPENS: dict[str, Callable[[_Writer, LexborNode], None]] = {
    "br": _Writer.open_line_break,
    "hr": _Writer.open_rule,
    "img": _Writer.open_image,
    "blockquote": _Writer.open_quote,
    "ul": _Writer.open_list,
    "ol": _Writer.open_list,
    "li": _Writer.open_item,
    "tr": _Writer.open_row,
    "td": _Writer.open_cell,
    "th": _Writer.open_cell,
    "a": _Writer.open_link,
}
_CLOSES: dict[str, Callable[[_Writer, LexborNode], None]] = {
    "blockquote": _Writer.close_quote,
    "ul": _Writer.close_list,
    "ol": _Writer.close_list,
    "li": _Writer.close_item,
    "tr": _Writer.close_row,
    "td": _Writer.close_cell,
    "th": _Writer.close_cell,
    "a": _Writer.close_link,
}


def _breaks_around(node: LexborNode, tag: str, *, in_list: bool) -> int:
    if tag in _LINES:
        return 1
    if tag not in _PARAGRAPHS:
        return 0
    is_tight = in_list if tag in {"ul", "ol"} else tag == "p" and _is_word_paragraph(node)
    return 1 if is_tight else 2


def _is_word_paragraph(node: LexborNode) -> bool:
    """Word and Outlook set their paragraphs without a space between."""
    attributes = node.attributes
    return "Mso" in (attributes.get("class") or "") or bool(_NO_MARGIN.search(_style(node)))


def _style(node: LexborNode) -> str:
    return (node.attributes.get("style") or "")[:_LONGEST_STYLE]


def _is_hidden(node: LexborNode, style: str) -> bool:
    if "hidden" in node.attributes or not style:
        return "hidden" in node.attributes
    return bool(_HIDING_STYLE.search(style) or (_NO_HEIGHT.search(style) and _NO_OVERFLOW.search(style)))


def _font_size(style: str) -> str:
    """As written, also in "font: 12px/1.4 Arial"; "" where none is set. Inner elements may set another."""
    found = _FONT_SIZE.findall(style) if "font" in style.lower() else ()
    return found[-1].strip() if found else ""


def _is_preformatted(node: LexborNode, tag: str) -> bool:
    return tag == "pre" or "white-space:pre" in _style(node).replace(" ", "").lower()
