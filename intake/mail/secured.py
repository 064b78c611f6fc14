"""Opens what is only signed: S/MIME that holds its content (RFC 8551) and PGP signed text (RFC 9580 section 7).

No signature is verified and nothing is decrypted; what is encrypted is told apart and stays closed. Never raises.
"""

import re
from typing import Literal

# Object identifiers, RFC 5652 and RFC 5083, as they are written.
_PKCS_7, _CMS = bytes.fromhex("06092a864886f70d0107"), bytes.fromhex("060b2a864886f70d01091001")
_SIGNED = _PKCS_7 + b"\x02"
_ENVELOPED = frozenset({_PKCS_7 + b"\x03", _PKCS_7 + b"\x04", _PKCS_7 + b"\x06", _CMS + b"\x17"})
_SEQUENCE, _OCTETS, _OCTETS_IN_PIECES, _END = 0x30, 0x04, 0x24, 0x00
_HEAD_BYTES = 8_192
_HEADER = re.compile(rb"\s*[!-9;-~]+[ \t]*:")
_CONTENT_HEADER = re.compile(rb"^(?:content-type|mime-version)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SIGNED_LINE = re.compile(r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n", re.MULTILINE)
_ARMOUR_HEADERS = re.compile(r"(?:[A-Za-z]+: .*\n)*[ \t]*\n?")
_SIGNATURE, _SIGNATURE_END = "\n-----BEGIN PGP SIGNATURE-----", "\n-----END PGP SIGNATURE-----"
_ENCRYPTED_LINE = re.compile(r"^-----BEGIN PGP MESSAGE-----[ \t]*$", re.MULTILINE)
_ENCRYPTED_END = "\n-----END PGP MESSAGE-----"


def open_signed(content: bytes) -> bytes | Literal["encrypted"] | None:
    """The part of an email that an S/MIME message holds, "encrypted", or None for anything else.

    A signed file that is no email's part, as "contract.pdf.p7m", is left as it is.
    """
    try:
        kind, position = _identified(content, 0)
        if kind in _ENVELOPED:
            return "encrypted"
        if kind != _SIGNED:
            return None
        _, position, _ = _header(content, position)
        for _ in ("version", "digest algorithms"):
            position = _after(content, position)
        _, position = _identified(content, position)
        return _as_entity(_octets(content, position))
    except (IndexError, ValueError):
        return None


def unwrap_signed_text(text: str) -> tuple[str, str | None]:
    """PGP signed text as its writer saw it, and its signature; None where nothing was signed."""
    begin = _SIGNED_LINE.search(text) if "-----BEGIN PGP SIGNED" in text else None
    if begin is None:
        return text, None
    headers = _ARMOUR_HEADERS.match(text, begin.end())
    start = headers.end() if headers else begin.end()
    signature = text.find(_SIGNATURE, start - 1)
    end = text.find(_SIGNATURE_END, signature)
    if min(signature, end) < 0:
        return text, None
    end += len(_SIGNATURE_END)
    signed = re.sub(r"^- ", "", text[start:signature], flags=re.MULTILINE)  # section 7.1: dashes were escaped
    around = (text[: begin.start()].strip("\n"), signed.strip("\n"), text[end:].strip("\n"))
    return "\n\n".join(filter(None, around)), text[signature + 1 : end] + "\n"


def is_encrypted_text(text: str) -> bool:
    """Whether PGP armour stands in the text itself; in a quotation it says nothing of this email."""
    begin = _ENCRYPTED_LINE.search(text) if "-----BEGIN PGP MESSAGE" in text else None
    return begin is not None and text.find(_ENCRYPTED_END, begin.end()) > 0


def _as_entity(content: bytes) -> bytes | None:
    head = content[:_HEAD_BYTES]
    if _HEADER.match(head) and _CONTENT_HEADER.search(head):
        return content.lstrip(b"\r\n")
    return None if _BINARY.search(head) or not content.strip() else b"Content-Type: text/plain\r\n\r\n" + content


def _identified(content: bytes, position: int) -> tuple[bytes, int]:
    """What a sequence says it is, and where its explicitly tagged content starts (RFC 5652 section 3)."""
    tag, position, _ = _header(content, position)
    end = _after(content, position)
    if tag != _SEQUENCE:
        raise ValueError
    return content[position:end], _header(content, end)[1]


def _header(content: bytes, position: int) -> tuple[int, int, int | None]:
    """Tag, start and end of what stands here. No end where the length is left open (X.690 section 8.1.3)."""
    tag, length = content[position], content[position + 1]
    start = position + 2
    if length == 0x80:
        return tag, start, None
    if length > 0x80:
        count = length - 0x80
        length = int.from_bytes(content[start : start + count], "big")
        start += count
    if start + length > len(content):
        raise ValueError
    return tag, start, start + length


def _after(content: bytes, position: int) -> int:
    """Where the next begins."""
    open_ones = 0
    while True:
        tag, start, end = _header(content, position)
        open_ones += (end is None) - (tag == _END)
        position = start if end is None else end
        if open_ones <= 0:
            return position


def _octets(content: bytes, position: int) -> bytes:
    """Those of a string, which may be in pieces, and these again."""
    pieces: list[bytes] = []
    ends: list[int | None] = []
    while not pieces or ends:
        if ends and position == ends[-1]:
            ends.pop()
            continue
        tag, start, end = _header(content, position)
        if tag == _OCTETS_IN_PIECES:
            ends.append(end)
        elif tag == _END and ends and ends[-1] is None:
            ends.pop()
        elif tag == _OCTETS and end is not None:
            pieces.append(content[start:end])
        else:
            raise ValueError
        position = end if tag == _OCTETS and end is not None else start
    return b"".join(pieces)
