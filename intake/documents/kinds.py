"""Files that people give: what their names say they are, and which of them a form takes.

What is refused is told in a sentence with the way out. Never opens a file, and never says that one is harmless.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from mimetypes import guess_type

LONGEST_FILE = 25_000_000  # bytes
MOST_FILES = 10  # in one form


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file as it was sent: the name is what the sender says, and nothing to build a path from."""

    filename: str
    content: bytes


# By ending: what a browser is told that it is, and how the content begins where that is certain.
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
_KINDS: Mapping[str, tuple[str, bytes]] = {
    "pdf": ("application/pdf", b"%PDF"),
    "doc": ("application/msword", _OLE),
    "docx": (f"{_OFFICE}wordprocessingml.document", _ZIP),
    "xls": ("application/vnd.ms-excel", _OLE),
    "xlsx": (f"{_OFFICE}spreadsheetml.sheet", _ZIP),
    "ppt": ("application/vnd.ms-powerpoint", _OLE),
    "pptx": (f"{_OFFICE}presentationml.presentation", _ZIP),
    "odt": (f"{_OPEN}text", _ZIP),
    "ods": (f"{_OPEN}spreadsheet", _ZIP),
    "odp": (f"{_OPEN}presentation", _ZIP),
    "rtf": ("application/rtf", b"{\\rtf"),
    "txt": ("text/plain", b""),
    "csv": ("text/csv", b""),
    "jpg": ("image/jpeg", b"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    "png": ("image/png", b"\x89PNG"),
    "gif": ("image/gif", b"GIF8"),
    "webp": ("image/webp", b"RIFF"),
    "heic": ("image/heic", b""),
    "tif": ("image/tiff", b""),
    "tiff": ("image/tiff", b""),
}
# Programs, whatever they are called: Windows, Linux, macOS, scripts.
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!")
_PDF_WITHIN = 1024  # bytes: a PDF may have a little before its first line (ISO 32000, annex H)

ANY_KIND = "application/octet-stream"
ACCEPT = ",".join(f".{ending}" for ending in _KINDS)
"""For a browser's `accept`."""
HINT = "PDF, Word, Excel, PowerPoint, OpenDocument, text or a picture; up to 10 files, at most 25 MB at a time."


def content_type(filename: str) -> str:
    """What its name says that it is; what a browser says of the same file differs from browser to browser."""
    known = _KINDS.get(_ending(filename))
    return known[0] if known else guess_type(filename)[0] or ANY_KIND


def refusal(filename: str, content: bytes) -> str | None:
    """Why the file is not taken, and what to do instead; None where it is."""
    if not content:
        return "There is nothing in this file; choose another."
    if len(content) > LONGEST_FILE:
        return "This file is larger than 25 MB; make it smaller, or send it in parts."
    kind = _KINDS.get(_ending(filename))
    if kind is None or content.startswith(_PROGRAMS):
        return f"Files of this kind are not taken; save it as a PDF and choose that. Taken are: {HINT}"
    if not _begins(content, kind[1]):
        return "This file is not what its name says; open it, save it again and choose that, or save it as a PDF."
    return None


def _ending(filename: str) -> str:
    return filename.rpartition(".")[2].lower()


def _begins(content: bytes, beginning: bytes) -> bool:
    return beginning in content[:_PDF_WITHIN] if beginning == b"%PDF" else content.startswith(beginning)
