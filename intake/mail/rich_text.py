"""Reads the rich text that Outlook keeps as the body of an email: decompresses it, and gets its HTML or words out.

Most of it is HTML in disguise (MS-OXRTFEX), which comes back as it was sent. One pass over bounded input: what is too
large or broken is refused, never half read.
"""

import codecs
import re
from contextlib import suppress
from dataclasses import dataclass, replace

from intake.mail.charsets import clean_text

# Every two bytes may become seventeen.
MAX_COMPRESSED = 1_000_000
MAX_RICH_TEXT = 8_000_000

_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
_FONT_CHARSETS = {
    128: "cp932",
    129: "cp949",
    134: "gb18030",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
_CHARACTERS = {
    "par": "\n",
    "line": "\n",
    "sect": "\n\n",
    "page": "\n\n",
    "row": "\n",
    "tab": "\t",
    "cell": " | ",
    "nestcell": " | ",
    "emdash": "—",
    "endash": "–",
    "emspace": " ",
    "enspace": " ",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "~": "\xa0",
    "_": "-",
    "{": "{",
    "}": "}",
    "\\": "\\",
    "\n": "\n",
    "\r": "\n",
}
_SILENT = frozenset(
    "fonttbl colortbl stylesheet info pict object objdata header headerf headerl headerr footer footerf footerl "
    "footerr "
    "listtable listoverridetable revtbl rsidtbl themedata datastore latentstyles filetbl pntext pnseclvl xmlnstbl "
    "bkmkstart bkmkend mmathPr nonshppict fldinst".split()
)


@dataclass(frozen=True, slots=True)
class RichText:
    """What a person read: HTML as it was sent, or plain text."""

    is_html: bool
    text: str


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds until the closing brace."""

    is_silent: bool = False
    is_tag: bool = False
    is_only_rtf: bool = False
    is_font_table: bool = False
    font: int = 0
    after_unicode: int = 1


def decompress_rich_text(compressed: bytes) -> bytes | None:
    """MS-OXRTFCP. None where it is broken or larger than any letter."""
    from compressed_rtf import decompress  # type: ignore[import-untyped]

    if len(compressed) > MAX_COMPRESSED:
        return None
    try:
        return bytes(decompress(compressed))
    except Exception:  # a bare Exception on a wrong checksum, struct.error on too few bytes
        return None


def read_rich_text(rtf: bytes) -> RichText | None:
    """None where there is nothing to read."""
    if not rtf.lstrip().startswith(b"{\\rtf") or len(rtf) > MAX_RICH_TEXT:
        return None
    reader = _Reader(is_html=b"\\fromhtml" in rtf[:500])
    text = clean_text(reader.read(rtf))
    return RichText(reader.is_html, text) if text.strip() else None


class _Reader:
    """Bytes are gathered until the way to read them changes: a character may be written in two tokens."""

    def __init__(self, *, is_html: bool) -> None:
        self.is_html = is_html
        self._written: list[str] = []
        self._bytes = bytearray()
        self._group = _Group()
        self._outer: list[_Group] = []
        self._fonts: dict[int, str] = {}
        self._charset = "cp1252"
        self._font_in_table = 0
        self._to_skip = 0
        self._may_be_unknown = False

    def read(self, rtf: bytes) -> str:
        position = 0
        while position < len(rtf):
            token = _TOKEN.match(rtf, position)
            position = token.end() if token else position + 1
            if token:
                position += self._take(token)
        self._flush()
        return "".join(self._written)

    def _take(self, token: re.Match[bytes]) -> int:
        """How many bytes to leap over: only \\bin has any."""
        word, number, code, symbol, brace, text = token.groups()
        if brace:
            self._open() if brace == b"{" else self._close()
        elif word:
            return self._word(word.decode("ascii"), int(number) if number else None)
        elif code:
            self._say(bytes.fromhex(code.decode("ascii")))
        elif symbol:
            self._symbol(symbol)
        elif text:
            self._say(text)
        return 0

    def _open(self) -> None:
        self._flush()
        self._to_skip = 0
        self._outer.append(self._group)

    def _close(self) -> None:
        self._flush()
        self._to_skip = 0
        if self._outer:
            self._group = self._outer.pop()

    def _symbol(self, symbol: bytes) -> None:
        character = symbol.decode("latin-1")
        if character == "*":
            self._may_be_unknown = True
        elif character in _CHARACTERS:
            self._say_text(_CHARACTERS[character])

    def _word(self, word: str, number: int | None) -> int:
        is_optional, self._may_be_unknown = self._may_be_unknown, False
        if self.is_html and word in {"htmltag", "htmlrtf"}:
            self._change_html(word, number)
        elif word in _SILENT or (is_optional and word != "htmltag"):
            self._flush()
            self._group = replace(self._group, is_silent=True, is_font_table=word == "fonttbl")
        elif word in _CHARACTERS:
            self._say_text(_CHARACTERS[word])
        elif word == "u" and number is not None:
            self._say_text(chr(number % 0x10000))
            self._to_skip = self._group.after_unicode
        elif word == "bin":
            return max(number or 0, 0)
        else:
            self._setting(word, number or 0)
        return 0

    def _change_html(self, word: str, number: int | None) -> None:
        self._flush()
        if word == "htmltag":
            self._group = replace(self._group, is_tag=True, is_silent=False, is_only_rtf=False)
        else:
            self._group = replace(self._group, is_only_rtf=number != 0)

    def _setting(self, word: str, number: int) -> None:
        if word == "f":
            self._flush()
            self._font_in_table = number
            self._group = replace(self._group, font=number)
        elif word == "fcharset" and self._group.is_font_table and number in _FONT_CHARSETS:
            self._fonts[self._font_in_table] = _FONT_CHARSETS[number]
        elif word == "ansicpg":
            with suppress(LookupError):
                self._charset = codecs.lookup("utf-8" if number == 65001 else f"cp{number}").name
        elif word == "uc":
            self._group = replace(self._group, after_unicode=min(max(number, 0), 10))

    def _say(self, encoded: bytes) -> None:
        if self._to_skip:  # what programs without Unicode show in place of the character before
            skipped, self._to_skip = self._to_skip, max(self._to_skip - len(encoded), 0)
            encoded = encoded[skipped:]
        if not (self._group.is_silent or self._group.is_only_rtf):
            self._bytes += encoded

    def _say_text(self, text: str) -> None:
        if self._to_skip:
            self._to_skip -= 1
        elif not (self._group.is_silent or self._group.is_only_rtf):
            self._flush()
            self._written.append(text)

    def _flush(self) -> None:
        if self._bytes:
            charset = self._charset if self._group.is_tag else self._fonts.get(self._group.font, self._charset)
            self._written.append(self._bytes.decode(charset, "replace"))
            self._bytes.clear()
