"""Reads the files Outlook saves an email in (.msg, MS-OXMSG).

Reads only; what it finds is an email in Outlook's form (`outlook_items.py`). The container may name one stretch of
bytes a thousand times: all that is read together is bounded by the size of the file.
"""

import io
import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from olefile import STGTY_STORAGE, STGTY_STREAM, OleFileIO  # type: ignore[import-untyped]

from intake.mail.charsets import decode_text
from intake.mail.outlook_items import CODE_PAGE, INTERNET_CODE_PAGE, Item, Value, instant_of

SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
_DEEPEST = 5
_MAX_STORAGES = 2_000
_STREAM = re.compile(r"__substg1\.0_([0-9A-F]{4})(001E|001F|0102)", re.IGNORECASE)
_FIXED = "__properties_version1.0"
_ENCLOSED = "__substg1.0_3701000D"
# Section 2.4.1: the length of what stands above the properties, which differs by where they are.
_AT_TOP, _IN_ENCLOSED, _IN_OTHERS = 32, 24, 8
_INTEGER, _TIME = 0x03, 0x40


def read_outlook(content: bytes) -> Item | None:
    """The email in a .msg file; None for anything else, also for other documents in the same container."""
    if not content.startswith(SIGNATURE):
        return None
    try:
        with OleFileIO(io.BytesIO(content)) as container:
            return _Reader(container, len(content)).email(container.root, (), _AT_TOP)
    except Exception:  # OSError, IndexError, struct.error, RecursionError: the container is broken or a trap
        return None


class _Reader:
    """`_left` is how many bytes may still be read."""

    def __init__(self, container: Any, size: int) -> None:
        self._container = container
        self._left = 2 * size
        self._storages = 0

    def email(self, entry: Any, path: Sequence[str], header: int, depth: int = 0) -> Item | None:
        if not any(child.name == _FIXED for child in entry.kids):
            return None
        email = self._item(entry, path, header, Item())
        for child in entry.kids:
            if child.entry_type != STGTY_STORAGE:
                continue
            if child.name.startswith("__recip_version1.0_"):
                email.recipients.append(self._item(child, (*path, child.name), _IN_OTHERS, email))
            elif child.name.startswith("__attach_version1.0_"):
                email.files.append(self._file(child, (*path, child.name), email, depth))
        return email

    def _file(self, entry: Any, path: Sequence[str], email: Item, depth: int) -> Item:
        file = self._item(entry, path, _IN_OTHERS, email)
        enclosed = next((child for child in entry.kids if child.name.upper() == _ENCLOSED.upper()), None)
        if enclosed is not None and depth < _DEEPEST:
            file.enclosed = self.email(enclosed, (*path, enclosed.name), _IN_ENCLOSED, depth + 1)
        return file

    def _item(self, entry: Any, path: Sequence[str], header: int, email: Item) -> Item:
        """Text of 8 bits is in the charset of the email; that of the email itself is read first."""
        self._storages += 1
        if self._storages > _MAX_STORAGES:
            raise ValueError
        streams = {child.name: child for child in entry.kids if child.entry_type == STGTY_STREAM}
        item = Item()
        if _FIXED in streams:
            item.properties.update(_fixed(self._read(streams[_FIXED], path)[header:]))
        charset = (item if {CODE_PAGE, INTERNET_CODE_PAGE} & item.properties.keys() else email).charset()
        for name, child in streams.items():
            if number := _STREAM.fullmatch(name):
                content = self._read(child, path)
                item.properties[int(number[1], 16)] = _value(content, number[2].upper(), charset)
        return item

    def _read(self, entry: Any, path: Sequence[str]) -> bytes:
        self._left -= entry.size
        if self._left < 0:
            raise ValueError
        with self._container.openstream([*path, entry.name]) as stream:
            return bytes(stream.read())


def _fixed(properties: bytes) -> Iterator[tuple[int, Value]]:
    """Section 2.4.2: type, number, flags, and the value itself in eight bytes."""
    for position in range(0, len(properties) - 15, 16):
        kind, number, _flags, value = struct.unpack_from("<HHIQ", properties, position)
        if kind == _INTEGER:
            yield number, value & 0xFFFFFFFF
        elif kind == _TIME and (instant := instant_of(value)):
            yield number, instant


def _value(content: bytes, kind: str, charset: str) -> Value:
    if kind == "0102":
        return content
    if kind == "001F":
        return decode_text(content, "utf-16-le").rstrip("\x00")
    return decode_text(content, charset).rstrip("\x00")
