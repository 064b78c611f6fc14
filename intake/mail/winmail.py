"""Reads winmail.dat (TNEF, MS-OXTNEF): the envelope Outlook puts around rich text and its files.

Reads only; what it finds is an email in Outlook's form (`outlook_items.py`). What is broken ends the reading there: all
found before stays. Work is bounded by the size of the file, whatever counts it claims.
"""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime

from intake.mail.charsets import decode_text
from intake.mail.outlook_items import (
    BODY,
    FILE_CONTENT,
    FILE_SHORT_NAME,
    SUBJECT,
    SUBMITTED_AT,
    Item,
    Value,
    charset_of,
    instant_of,
)

SIGNATURE = b"\x78\x9f\x3e\x22"
_EMBEDDED_EMAIL = bytes.fromhex("0703020000000000c000000000000046")  # IID_IMessage
_DEEPEST = 5
# Attributes, MS-OXTNEF section 2.1.3.2.
_SUBJECT, _DATE_SENT, _BODY = 0x8004, 0x8005, 0x800C
_FILE_CONTENT, _FILE_TITLE, _NEW_FILE, _FILE_PROPERTIES = 0x800F, 0x8010, 0x9002, 0x9005
_PROPERTIES, _RECIPIENTS, _CODE_PAGE = 0x9003, 0x9004, 0x9007
# Types of properties, MS-OXCDATA section 2.11.1.
_INTEGER, _OBJECT, _STRING_8, _STRING, _TIME, _BINARY, _MANY = 0x03, 0x0D, 0x1E, 0x1F, 0x40, 0x102, 0x1000
_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x0A: 4, 0x0B: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, _TIME: 8, 0x48: 16}
_OF_ANY_LENGTH = frozenset({_OBJECT, _STRING_8, _STRING, _BINARY})
_FIRST_NAMED = 0x8000
_MAX_FILES = 1_000
_MAX_VALUES = 10_000


def read_winmail(content: bytes, *, depth: int = 0) -> Item | None:
    """What is inside; None for what is no TNEF, and where nothing at all could be read."""
    if not content.startswith(SIGNATURE):
        return None
    reader = _Reader(depth)
    for name, data in _attributes(content):
        reader.take(name, data)
        if len(reader.item.files) > _MAX_FILES:
            return None
    return reader.item if reader.item.properties or reader.item.files else None


def _attributes(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Section 2.1.3: level, number, type, length, then as many bytes and a checksum, which nobody keeps right."""
    position = 6
    while position + 9 <= len(content):
        _level, name, _type, length = struct.unpack_from("<BHHI", content, position)
        yield name, content[position + 9 : position + 9 + length]
        position += 9 + length + 2


class _Reader:
    def __init__(self, depth: int) -> None:
        self.item = Item()
        self._depth = depth
        self._charset = "windows-1252"

    def take(self, name: int, data: bytes) -> None:
        """One attribute, which is of the file that was opened last or of the email."""
        properties = self.item.properties
        if name == _CODE_PAGE and len(data) >= 4:
            self._charset = charset_of(int.from_bytes(data[:4], "little"))
        elif name == _SUBJECT:
            properties.setdefault(SUBJECT, self._text(data))
        elif name == _BODY:
            properties.setdefault(BODY, self._text(data))
        elif name == _DATE_SENT and (date := _written_date(data)):
            properties.setdefault(SUBMITTED_AT, date)
        elif name == _PROPERTIES:
            properties.update(_Properties(data, self._charset).read())
        elif name == _RECIPIENTS:
            self._recipients(data)
        elif name in {_NEW_FILE, _FILE_CONTENT, _FILE_TITLE, _FILE_PROPERTIES}:
            self._take_of_file(name, data)

    def _take_of_file(self, name: int, data: bytes) -> None:
        files = self.item.files
        if name == _NEW_FILE or not files:
            files.append(Item())
        if name == _FILE_CONTENT:
            files[-1].properties[FILE_CONTENT] = data
        elif name == _FILE_TITLE:
            files[-1].properties[FILE_SHORT_NAME] = self._text(data)
        elif name == _FILE_PROPERTIES:
            self._file_properties(files[-1], data)

    def _file_properties(self, file: Item, data: bytes) -> None:
        found = _Properties(data, self._charset)
        content = file.content(FILE_CONTENT)
        file.properties.update(found.read())
        if len(content) > len(file.content(FILE_CONTENT)):
            file.properties[FILE_CONTENT] = content
        if found.has_embedded_email and self._depth < _DEEPEST:
            file.enclosed = read_winmail(file.content(FILE_CONTENT), depth=self._depth + 1)

    def _recipients(self, data: bytes) -> None:
        rows = _Properties(data[4:], self._charset)
        while not rows.is_at_end and (properties := rows.read()):
            self.item.recipients.append(Item(properties))

    def _text(self, data: bytes) -> str:
        return decode_text(data.rstrip(b"\x00"), self._charset)


class _Properties:
    """A list of properties (section 2.1.3.4), read from where the last one ended."""

    def __init__(self, data: bytes, charset: str) -> None:
        self._data = data
        self._charset = charset
        self._position = 0
        self.has_embedded_email = False

    @property
    def is_at_end(self) -> bool:
        return self._position + 4 > len(self._data)

    def read(self) -> dict[int, Value]:
        """Those whose type is known here, by number. A broken one ends the list."""
        found: dict[int, Value] = {}
        try:
            for _ in range(min(self._integer(), _MAX_VALUES)):
                kind, number = struct.unpack_from("<HH", self._data, self._position)
                self._position += 4
                if number >= _FIRST_NAMED:
                    self._pass_name()
                for value in self._values(kind):
                    if value is not None and number < _FIRST_NAMED:
                        found.setdefault(number, value)
        except (struct.error, ValueError):
            self._position = len(self._data)
        return found

    def _values(self, kind: int) -> Iterator[Value | None]:
        single = kind & ~_MANY
        if single in _OF_ANY_LENGTH:
            for _ in range(self._count()):
                yield self._of_any_length(single)
        elif single not in _SIZES:
            raise ValueError
        else:
            for _ in range(self._count() if kind & _MANY else 1):
                yield self._of_fixed_size(single)

    def _of_any_length(self, kind: int) -> Value:
        data = self._bytes(self._integer())
        if kind == _STRING:
            return decode_text(data[: len(data) // 2 * 2], "utf-16-le").rstrip("\x00")
        if kind == _STRING_8:
            return decode_text(data.rstrip(b"\x00"), self._charset)
        if kind == _OBJECT:  # the first bytes say what it is an object of
            self.has_embedded_email = self.has_embedded_email or data.startswith(_EMBEDDED_EMAIL)
            return data[16:]
        return data

    def _of_fixed_size(self, kind: int) -> Value | None:
        number = int.from_bytes(self._bytes(_SIZES[kind]), "little")
        return instant_of(number) if kind == _TIME else number if kind == _INTEGER else None

    def _pass_name(self) -> None:
        self._bytes(16)
        if self._integer():
            self._bytes(self._integer())
        else:
            self._bytes(4)

    def _count(self) -> int:
        count = self._integer()
        if count > _MAX_VALUES:
            raise ValueError
        return count

    def _integer(self) -> int:
        return int.from_bytes(self._bytes(4), "little")

    def _bytes(self, length: int) -> bytes:
        """What is read is padded to four bytes."""
        end = self._position + length
        if end > len(self._data):
            raise ValueError
        data = self._data[self._position : end]
        self._position = end + -length % 4
        return data


def _written_date(data: bytes) -> datetime | None:
    """Section 2.1.3.3: year, month, day, hour, minute, second."""
    try:
        year, month, day, hour, minute, second = struct.unpack_from("<6H", data)
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except (struct.error, ValueError):
        return None
