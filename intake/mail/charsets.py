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
# RFC 2047 section 2; RFC 2231 section 5 adds "*language". Blanks inside Q words are seen in practice.
_ENCODED_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?([bBqQ])\?([^?]*)\?=")
_WESTERN = frozenset({"ascii", "iso8859-1", "cp1252", "utf-8"})
# Text codecs of Python that are no charsets of mail: slow on long input, or they warn.
_NOT_CHARSETS = frozenset({"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"})
_DETECTION_BYTES = 65_536


def decode_text(content: bytes, charset: str | None) -> str:
    """The declared charset where it fits, else UTF-8 with windows-1252 for the bytes that are not, else detected.

    ISO-8859-1 and ASCII mean windows-1252, as in browsers; real UTF-8 under those labels is read as UTF-8.
    """
    codec = _codec(charset)
    if codec not in _WESTERN:
        try:
            return clean_text(content.decode(codec))
        except (LookupError, ValueError):  # not in that charset, or hex and zlib: codecs, but not of text
            pass
    return clean_text(_decode_western(content))


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
    try:
        name = codecs.lookup((charset or "").strip("\"' ")).name
    except (LookupError, ValueError):
        return "utf-8"
    return "utf-8" if name.replace("-", "_") in _NOT_CHARSETS else name


_AS_1252 = {0xDC00 + byte: bytes([byte]).decode("windows-1252", "ignore") or chr(byte) for byte in range(128, 256)}


def _decode_western(content: bytes) -> str:
    with suppress(UnicodeDecodeError):
        return content.decode("utf-8")
    text = content.decode("utf-8", "surrogateescape")
    western = text.translate(_AS_1252)
    if _C1.search(western) and not _C1.search(text):
        return _detect(content) or western
    return western


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
