"""Builds the files Outlook makes: .msg in its container (MS-CFB, MS-OXMSG) and winmail.dat (MS-OXTNEF)."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

Value = str | bytes | int | datetime
Properties = Mapping[int, Value]

_SECTOR, _MINI_SECTOR, _MINI_CUTOFF = 512, 64, 4096
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


@dataclass
class Storage:
    """A folder of the container."""

    streams: dict[str, bytes] = field(default_factory=dict)
    storages: dict[str, "Storage"] = field(default_factory=dict)


@dataclass
class Enclosed:
    """An email that is a file of another."""

    properties: Properties
    files: Sequence["Properties | Enclosed"] = ()


def filetime(instant: datetime) -> int:
    """Hundreds of nanoseconds since 1601."""
    return int((instant - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000


def msg_file(
    properties: Properties,
    *,
    recipients: Sequence[Properties] = (),
    files: Sequence[Properties | Enclosed] = (),
    charset: str = "",
) -> bytes:
    """The bytes of a .msg file. Texts are 16-bit, or in `charset` where that is given."""
    return container(_email(properties, recipients, files, charset, header=32))


def winmail(properties: Properties, *, files: Sequence[Properties | bytes] = (), code_page: int = 1252) -> bytes:
    """The bytes of a winmail.dat. A file that is bytes is an embedded email, itself built so."""
    attributes = [(1, 0x9007, struct.pack("<II", code_page, 0)), (1, 0x9003, _property_list(properties))]
    for file in files:
        attributes.append((2, 0x9002, bytes(14)))
        if isinstance(file, bytes):
            embedded = bytes.fromhex("0703020000000000c000000000000046") + file
            attributes.append((2, 0x9005, struct.pack("<I", 1) + _property(0x3701, 0x0D, [embedded])))
        else:
            content = file.get(0x3701, b"")
            assert isinstance(content, bytes)
            attributes.append((2, 0x800F, content))
            attributes.append((2, 0x9005, _property_list({key: file[key] for key in file if key != 0x3701})))
    written = (struct.pack("<BII", level, name, len(data)) + data + bytes(2) for level, name, data in attributes)
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(written)


def _property_list(properties: Properties) -> bytes:
    written = b"".join(_property(number, *_typed(value)) for number, value in properties.items())
    return struct.pack("<I", len(properties)) + written


def _typed(value: Value) -> tuple[int, list[bytes] | bytes]:
    match value:
        case str():
            return 0x1F, [value.encode("utf-16-le") + b"\0\0"]
        case bytes():
            return 0x102, [value]
        case datetime():
            return 0x40, struct.pack("<Q", filetime(value))
        case int():
            return 0x03, struct.pack("<I", value)


def _property(number: int, kind: int, value: list[bytes] | bytes) -> bytes:
    head = struct.pack("<HH", kind, number)
    if isinstance(value, bytes):
        return head + value
    padded = (struct.pack("<I", len(each)) + each + bytes(-len(each) % 4) for each in value)
    return head + struct.pack("<I", len(value)) + b"".join(padded)


def _email(
    properties: Properties,
    recipients: Sequence[Properties],
    files: Sequence[Properties | Enclosed],
    charset: str,
    *,
    header: int,
) -> Storage:
    email = _storage(properties, charset, header)
    for number, recipient in enumerate(recipients):
        email.storages[f"__recip_version1.0_#{number:08X}"] = _storage(recipient, charset, 8)
    for number, file in enumerate(files):
        name = f"__attach_version1.0_#{number:08X}"
        if isinstance(file, Enclosed):
            email.storages[name] = _storage({}, charset, 8)
            enclosed = _email(file.properties, (), file.files, charset, header=24)
            email.storages[name].storages["__substg1.0_3701000D"] = enclosed
        else:
            email.storages[name] = _storage(file, charset, 8)
    return email


def _storage(properties: Properties, charset: str, header: int) -> Storage:
    fixed, storage = bytes(header), Storage()
    for number, value in properties.items():
        match value:
            case str():
                kind, content = (0x1E, value.encode(charset)) if charset else (0x1F, value.encode("utf-16-le"))
                storage.streams[f"__substg1.0_{number:04X}{kind:04X}"] = content
            case bytes():
                storage.streams[f"__substg1.0_{number:04X}0102"] = value
            case datetime():
                fixed += struct.pack("<HHIQ", 0x40, number, 6, filetime(value))
            case int():
                fixed += struct.pack("<HHIQ", 0x03, number, 6, value)
    storage.streams["__properties_version1.0"] = fixed
    return storage


def container(root: Storage) -> bytes:
    """A compound file of version 3, with everything that is small in its mini stream."""
    return _Container().build(root)


class _Container:
    def __init__(self) -> None:
        self._sectors: list[bytes] = []
        self._fat: list[int] = []
        self._mini = b""
        self._mini_fat: list[int] = []
        self._entries: list[list[int | str]] = []  # name, kind, left, right, child, start, size

    def build(self, root: Storage) -> bytes:
        self._entries.append(["Root Entry", 5, _FREE, _FREE, _FREE, _END, 0])
        self._entries[0][4] = self._children(root)
        self._entries[0][5:] = [self._stream(self._mini), len(self._mini)]
        mini_fat = self._stream(_numbers(self._mini_fat)) if self._mini_fat else _END
        directory = self._stream(b"".join(map(_entry, self._entries)))
        needed = 1
        while len(self._fat) + needed > needed * _SECTOR // 4:
            needed += 1
        first = len(self._fat)
        fat = _numbers([*self._fat, *[_FAT] * needed])
        header = struct.pack("<8s16s5H6x", bytes.fromhex("d0cf11e0a1b11ae1"), b"", 0x3E, 3, 0xFFFE, 9, 6)
        mini_sectors = -(-len(self._mini_fat) * 4 // _SECTOR)
        header += struct.pack("<9I", 0, needed, directory, 0, _MINI_CUTOFF, mini_fat, mini_sectors, _END, 0)
        header += struct.pack("<109I", *range(first, first + needed), *[_FREE] * (109 - needed))
        return header + b"".join(self._sectors) + fat

    def _children(self, storage: Storage) -> int:
        """The names in order, each the right neighbour of the one before."""
        names = sorted([*storage.streams, *storage.storages], key=lambda name: (len(name), name.upper()))
        places = range(len(self._entries), len(self._entries) + len(names))
        self._entries += [[name, 2, _FREE, _FREE, _FREE, _END, 0] for name in names]
        for place, name in zip(places, names, strict=True):
            self._entries[place][3] = place + 1 if place + 1 in places else _FREE
            if name in storage.storages:
                self._entries[place][1] = 1
                self._entries[place][4:] = [self._children(storage.storages[name]), 0, 0]
            else:
                content = storage.streams[name]
                start = self._stream(content) if len(content) >= _MINI_CUTOFF else self._mini_stream(content)
                self._entries[place][5:] = [start, len(content)]
        return places[0] if names else _FREE

    def _stream(self, content: bytes) -> int:
        return _chained(content, _SECTOR, self._fat, self._sectors)

    def _mini_stream(self, content: bytes) -> int:
        sectors: list[bytes] = []
        start = _chained(content, _MINI_SECTOR, self._mini_fat, sectors)
        self._mini += b"".join(sectors)
        return start


def _chained(content: bytes, size: int, table: list[int], sectors: list[bytes]) -> int:
    pieces = [content[at : at + size].ljust(size, b"\0") for at in range(0, len(content), size)]
    if not pieces:
        return _END
    start = len(table)
    table += [*range(start + 1, start + len(pieces)), _END]
    sectors += pieces
    return start


def _numbers(table: list[int]) -> bytes:
    return struct.pack(f"<{len(table)}I", *table) + b"\xff" * (-len(table) * 4 % _SECTOR)


def _entry(entry: list[int | str]) -> bytes:
    name, kind, left, right, child, start, size = entry
    encoded = str(name).encode("utf-16-le")
    head = struct.pack("<64sHBBIII", encoded, len(encoded) + 2, kind, 1, left, right, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)
