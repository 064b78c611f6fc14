"""Takes the transfer encoding off the content of a part (RFC 2045 section 6), also where it is broken or a lie.

Never raises and never drops content: what cannot be decoded stays as it was written.
"""

import base64
import binascii
import re

from intake.mail.uuencoded import decode_block

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")
_PADDED = re.compile(rb"=[=\s]*")
_MAX_PIECES = 1_000
# A line of two words and more, or with a mark no base64 has: what a person or a list wrote.
_WRITTEN_LINE = re.compile(rb"[^A-Za-z0-9+/=\s]|\S[ \t]+\S")
_BASE64_LINES = re.compile(rb"\s*(?:[A-Za-z0-9+/]{60,76}\r?\n)+[A-Za-z0-9+/]{0,76}={0,2}\s*")
_SOFT_BREAK = re.compile(rb"[^=\s]=[ \t]*\r?\n")
_ESCAPED_BYTE = re.compile(rb"=(?:20|3D|0A|09|[89A-F][0-9A-F])")
_BARE_EQUALS = re.compile(rb"=(?![0-9A-F]{2}|[ \t]*\r?\n)")


def decode_transfer(content: bytes, encoding: str, *, is_text: bool) -> bytes:
    """`encoding` is the header's value as written: seen as "quoted printable", "base64;" and "7-bit"."""
    name = re.sub("[^a-z0-9]", "", encoding.lower())
    if name.startswith("base64"):
        return _text_in_base64(content) if is_text else _base64(content)
    if name.startswith("quotedprintable"):
        return binascii.a2b_qp(content)
    if name.startswith(("xuu", "uu")):
        return decode_block(content)
    return _undeclared(content) if is_text else content


def _text_in_base64(content: bytes) -> bytes:
    """Lists write their footer behind the encoded letter, and some programs call a letter encoded that is not."""
    lines = content.splitlines(keepends=True)
    last = next((n for n, line in enumerate(lines) if _WRITTEN_LINE.search(line.strip())), len(lines))
    encoded, written = b"".join(lines[:last]), b"".join(lines[last:])
    if not encoded.strip() or (written and len(max(encoded.split(), key=len)) < 20):  # a word or two, no encoded text
        return content
    if not written:
        return _base64(content)
    return _base64(encoded) + b"\r\n" + written


def _base64(content: bytes) -> bytes:
    """Padding in the middle ends a piece, not the content: some programs encode piece by piece."""
    padding = content.find(b"=")
    if padding < 0 or not content[padding:].strip(b"=\r\n\t "):
        return _base64_piece(content)
    pieces = _PADDED.split(content, maxsplit=_MAX_PIECES)
    return b"".join(_base64_piece(piece.replace(b"=", b"")) for piece in pieces)


def _base64_piece(encoded: bytes) -> bytes:
    try:
        return binascii.a2b_base64(encoded)
    except binascii.Error:  # the last letters are missing, or there is one too many
        if _WRITTEN_LINE.search(encoded):
            return encoded
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", encoded)
        return base64.b64decode(letters[: len(letters) - (len(letters) % 4 == 1)] + b"==")


def _undeclared(content: bytes) -> bytes:
    """Text that is encoded though its header does not say so: gateways are seen to lose it."""
    if len(content) < 200_000 and _BASE64_LINES.fullmatch(content):
        return _if_text(_base64(content), content)
    if b"=" in content and _SOFT_BREAK.search(content) and _ESCAPED_BYTE.search(content):
        return content if _BARE_EQUALS.search(content) else binascii.a2b_qp(content)
    return content


def _if_text(decoded: bytes, content: bytes) -> bytes:
    try:
        text = decoded.decode("utf-8")
    except UnicodeDecodeError:
        return content
    return decoded if " " in text and not re.search("[\x00-\x08\x0e-\x1f]", text) else content
