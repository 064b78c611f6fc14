"""Finds the files that old programs write into the text of an email (uuencode), and decodes them.

Only blocks that are whole and well formed are taken out; a line "begin 644 plan.doc" in a letter stays a line.
"""

import base64
import binascii
import re
from collections.abc import Iterator

# POSIX: begin, the mode in octal digits, the name; "begin-base64" for the newer form.
_BEGIN = re.compile(r"^begin(-base64)? [0-7]{3,4} ([^\n]{1,200})\n", re.MULTILINE)
_IN_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}\s*")
_LONGEST_LINE = 90
MAX_BLOCKS = 100


def take_out_blocks(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text without its uuencoded blocks, and their names and contents in order."""
    if "begin" not in text:
        return text, []
    kept: list[str] = []
    files: list[tuple[str, bytes]] = []
    position = 0
    for start, end, name, content in _blocks(text):
        kept.append(text[position:start].strip("\n"))
        files.append((name, content))
        position = end
    kept.append(text[position:].strip("\n"))
    return "\n\n".join(filter(None, kept)) if files else text, files


def decode_block(content: bytes) -> bytes:
    """The bytes of one block, with or without its begin and end lines; the content itself where it is none."""
    lines = content.replace(b"\r\n", b"\n").decode("latin-1").split("\n")
    first = next((n for n, line in enumerate(lines) if _BEGIN.match(f"{line}\n")), -1)
    return b"".join(_decoded_lines(lines[first + 1 :])) or content


def _blocks(text: str) -> Iterator[tuple[int, int, str, bytes]]:
    position = 0
    for _ in range(MAX_BLOCKS):
        begin = _BEGIN.search(text, position)
        if begin is None:
            return
        in_base64 = bool(begin[1])
        lines, position = _lines(text, begin.end(), in_base64=in_base64)
        if lines is not None:
            content = base64.b64decode("".join(lines)) if in_base64 else b"".join(_decoded_lines(lines))
            yield begin.start(), position, begin[2].strip(), content


def _lines(text: str, position: int, *, in_base64: bool) -> tuple[list[str] | None, int]:
    """The lines of a block up to its end, and where that is: None at the first line that cannot be one of it."""
    lines: list[str] = []
    while position < len(text):
        line, newline, _ = text[position : position + _LONGEST_LINE + 1].partition("\n")
        if line.rstrip() == ("====" if in_base64 else "end"):
            return lines, position + len(line) + len(newline)
        if line.strip() and not (_IN_BASE64.fullmatch(line) if in_base64 else _is_encoded(line)):
            return None, position
        lines.append(line)
        position += len(line) + 1
    return None, position


def _is_encoded(line: str) -> bool:
    """The first character tells how many bytes the line holds; blanks at its end get lost on the way."""
    count = (ord(line[0]) - 32) & 63
    encoded = line[1:].rstrip()
    is_in_range = all(" " <= character <= "`" for character in line.rstrip())
    return len(line) <= _LONGEST_LINE and is_in_range and len(encoded) <= (count + 2) // 3 * 4 + 2


def _decoded_lines(lines: list[str]) -> Iterator[bytes]:
    for line in lines:
        if line.strip() == "end":
            return
        if line.strip() and line.isascii():
            yield _decoded(line)


def _decoded(line: str) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:  # some encoders write more than the line says
        count = ((ord(line[0]) - 32) & 63) * 4 // 3
        try:
            return binascii.a2b_uu(line[: 1 + (count + 3) // 4 * 4])
        except binascii.Error:
            return b""
