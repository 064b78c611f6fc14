"""From bytes to readable text, whatever they claim to be: bodies, header values and encoded words.

Never raises and never drops a letter: what no rule can read is shown as the replacement character.
"""

import base64
import codecs
import re
from binascii import a2b_qp
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

from charset_normalizer import from_bytes

_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff]")
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_FOLDS = re.compile("[\r\n]+")
_C1 = re.compile("[\x80-\x9f]")
_UPPER_HALF = re.compile("[\udc80-\udcff]")
# RFC 2047 section 2; RFC 2231 section 5 adds "*language". Blanks inside Q words are seen in practice.
_ENCODED_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?([bBqQ])\?([^?]*)\?=")
_WESTERN = frozenset({"ascii", "iso8859-1", "cp1252", "utf-8"})
# Text codecs of Python that are no charsets of mail: slow on long input, or they warn.
_WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})
_OF_TWO_BYTES = frozenset({"gb18030", "big5hkscs", "cp932", "cp949", "euc_jis_2004", "iso2022_jp_ext"})
# By the name as written or by Python's: what programs mean by it, mostly its later and larger edition.
_MEANT = {
    "ansi": "cp1252",
    "big5": "big5hkscs",
    "cp936": "gb18030",
    "cp950": "big5hkscs",
    "euc_jp": "euc_jis_2004",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-8-e": "cp1255",
    "iso-8859-8-i": "cp1255",
    "iso2022_jp": "iso2022_jp_ext",
    "iso8859-9": "cp1254",
    "ks_c_5601": "cp949",
    "shift_jis": "cp932",
    "tis-620": "cp874",
    "unicode": "utf-16",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "windows-874": "cp874",
    "x-gbk": "gb18030",
    "x-mac-ce": "mac_latin2",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-roman": "mac_roman",
    "x-sjis": "cp932",
    "x-windows-949": "cp949",
}
_PAGE_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_SAMPLE_BYTES = 4_096
_NOT_CHARSETS = frozenset({"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"})
_DETECTION_BYTES = 65_536
_TOO_MANY = 30


def decode_text(content: bytes, charset: str | None) -> str:
    """The declared charset where it fits, else UTF-8 with windows-1252 for the bytes that are not, else detected.

    ISO-8859-1 and ASCII mean windows-1252, as in browsers; real UTF-8 under any label is read as UTF-8.
    """
    codec = _codec(charset)
    if codec in _WIDE or (b"\x00" in content[:_SAMPLE_BYTES]):
        codec = _byte_order(content, codec)
    if codec not in _WESTERN and not _is_rather_utf_8(content, codec):
        try:
            return clean_text(content.decode(codec))
        except (LookupError, ValueError):  # not in that charset, or hex and zlib: codecs, but not of text
            if text := _nearly(content, codec):
                return clean_text(text)
    if b"\x1b$" in content:  # the shifts of ISO-2022-JP, which looks like ASCII
        with suppress(ValueError):
            return clean_text(content.decode("iso2022_jp_ext"))
    return clean_text(_decode_western(content))


def charset_of_page(content: bytes) -> str | None:
    """What an HTML page says of itself, for mail that does not say it."""
    head = content[:_SAMPLE_BYTES]
    declared = _PAGE_CHARSET.search(head) if b"charset" in head else None
    return declared[1].decode("ascii") if declared else None


def decode_words(value: str) -> str:
    """RFC 2047 encoded words made readable, also inside quotes and broken in the middle of a character."""
    if "=?" not in value:
        return value
    return "".join(_runs(value))


def readable_header(value: str) -> str:
    """One header value as it came from the parser: 8-bit bytes decoded, folding and controls taken out."""
    if value.isprintable():
        return value.strip()
    if not value.isascii():
        value = _decode_western(value.encode("utf-8", "surrogateescape"))
    return _CONTROLS.sub("", _FOLDS.sub("", value)).replace("\t", " ").strip()


def repair_western(text: str) -> str:
    """Text that was read as ISO-8859-1 though it was windows-1252 (curly quotes became control characters)."""
    return _C1.sub(lambda control: _AS_1252.get(0xDC00 + ord(control[0]), ""), text)


def clean_text(text: str) -> str:
    """Line ends as \\n, without control characters, byte order marks and halves of surrogate pairs."""
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))


@lru_cache(maxsize=256)
def _codec(charset: str | None) -> str:
    written = re.split(r"[\s;,\"']+", (charset or "").strip("\"' "))[0].lower()
    try:
        name = codecs.lookup(_MEANT.get(written, written)).name
    except (LookupError, ValueError):
        return "utf-8"
    return "utf-8" if name.replace("-", "_") in _NOT_CHARSETS else _MEANT.get(name, name)


def _byte_order(content: bytes, codec: str) -> str:
    """UTF-16 is sent without its mark, and under other names: every other byte is then nothing."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-32" if content.startswith(codecs.BOM_UTF32_LE) else "utf-16"
    sample = content[:_SAMPLE_BYTES]
    first, second = sample[::2].count(0), sample[1::2].count(0)
    if (
        codec.startswith("utf-32")
        or max(first, second) * 4 < len(sample)
        or min(first, second) * 4 > max(first, second)
    ):
        return "utf-8" if codec == "utf-16" and max(first, second) == 0 and sample.isascii() else codec
    return "utf-16-be" if first > second else "utf-16-le"


def _is_rather_utf_8(content: bytes, codec: str) -> bool:
    """Letters of one byte do not make valid UTF-8 by chance; those of two may, a few at a time."""
    if content.isascii() or codec in _WIDE or codec.startswith(("utf", "iso2022")):
        return False
    try:
        text = content.decode("utf-8")
    except ValueError:
        return False
    beyond = sum(not letter.isascii() for letter in text)
    return codec not in _OF_TWO_BYTES or (beyond >= 4 and any(letter > "\u0800" for letter in text))


def _nearly(content: bytes, codec: str) -> str | None:
    """Text that was cut in the middle of a letter, or has a letter of a newer edition of its charset."""
    if codec not in _OF_TWO_BYTES and codec not in _WIDE:
        return None
    text = content.decode(codec, "replace")
    return text if text.count("\ufffd") * 8 <= sum(not letter.isascii() for letter in text) else None


_AS_1252 = {0xDC00 + byte: bytes([byte]).decode("windows-1252", "ignore") or chr(byte) for byte in range(128, 256)}


def _decode_western(content: bytes) -> str:
    with suppress(UnicodeDecodeError):
        return content.decode("utf-8")
    text = content.decode("utf-8", "surrogateescape")
    western = text.translate(_AS_1252)
    if (_C1.search(western) and not _C1.search(text)) or _is_hardly_western(text):
        return _detect(content) or western
    return western


def _is_hardly_western(text: str) -> bool:
    """No language that is written in windows-1252 has every third letter from its upper half."""
    sample = text[:_SAMPLE_BYTES]
    upper = len(_UPPER_HALF.findall(sample))
    return upper >= _TOO_MANY and upper * 3 > len("".join(sample.split()))


def _detect(content: bytes) -> str | None:
    best = from_bytes(content[:_DETECTION_BYTES]).best()
    if best is None:
        return None
    return content.decode(best.encoding, "replace")


def _runs(value: str) -> Iterator[str]:
    """Neighbouring words in one charset are joined as bytes first: a character may be split between them."""
    end, run, charset = 0, b"", ""
    for word in _ENCODED_WORD.finditer(value):
        between = value[end : word.start()]
        if between.strip() or word[1].lower() != charset:
            yield decode_text(run, charset)
            run, charset = b"", word[1].lower()
        if between.strip() or end == 0:
            yield between
        run += _word_bytes(word[2], word[3])
        end = word.end()
    yield decode_text(run, charset)
    yield value[end:]


def _word_bytes(encoding: str, encoded: str) -> bytes:
    plain = encoded.encode("utf-8")
    if encoding in "qQ":
        return a2b_qp(plain, header=True)
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", plain)
    return base64.b64decode(letters[: len(letters) - (len(letters) % 4 == 1)] + b"==")
