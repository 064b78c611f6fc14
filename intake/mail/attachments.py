"""What an email carries besides its readable text, and safe names for it.

Names from mail are for people to read: they are made inert here, and no path is ever built from them.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from intake.mail.charsets import decode_words, repair_western

NAME_LENGTH = 150
_EXTENSION_LENGTH = 20
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])\s*(\.|$)")
_EXTENSIONS = {
    "application/msword": ".doc",
    "application/ms-tnef": ".dat",
    "application/pdf": ".pdf",
    "application/pgp-signature": ".asc",
    "application/pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/rtf": ".rtf",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-outlook": ".msg",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/x-pkcs7-signature": ".p7s",
    "application/xml": ".xml",
    "application/zip": ".zip",
    "audio/mpeg": ".mp3",
    "image/jpeg": ".jpg",
    "image/svg+xml": ".svg",
    "image/tiff": ".tif",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/x-vcard": ".vcf",
    "video/quicktime": ".mov",
}
_EMAIL_TYPES = {"application/vnd.ms-outlook", "message/global", "message/rfc822"}
_NAMED_BY_SUBTYPE = {"bmp", "csv", "css", "gif", "heic", "html", "json", "mp4", "png", "rtf", "vcard", "wav", "webp"}


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """Everything in an email that is not its readable text. `filename` is safe, stable and readable."""

    filename: str
    content_type: str
    content: bytes

    @property
    def size(self) -> int:
        """In bytes, decoded."""
        return len(self.content)

    @property
    def sha256(self) -> str:
        """In hexadecimal digits, of the decoded content."""
        return hashlib.sha256(self.content).hexdigest()


def safe_filename(name: str) -> str:
    """The last part of a name without anything that could act: "" when nothing readable is left."""
    readable = unicodedata.normalize("NFC", repair_western(decode_words(name)))
    inert = "".join(map(_inert, readable)).replace("\\", "/")
    last = next(filter(None, (part.strip(" .") for part in reversed(inert.split("/")))), "")
    allowed = " ".join(_FORBIDDEN.sub("_", last).split())
    if _RESERVED.match(allowed):  # devices on Windows, whatever their extension
        allowed = f"_{allowed}"
    return _shortened(allowed)


def is_email_file(filename: str, content_type: str) -> bool:
    """Whether a file is itself an email, by what it says it is: .eml, or Outlook's .msg."""
    return content_type.lower() in _EMAIL_TYPES or filename.lower().endswith((".eml", ".msg"))


def name_by_position(position: int, content_type: str) -> str:
    """A stable name for a part that has none: the second part of an email, a PDF, is `part-2.pdf`."""
    return f"part-{position}{_extension(content_type)}"


def with_distinct_names(files: Iterable[AttachedFile]) -> Iterator[AttachedFile]:
    """The second `plan.pdf` becomes `plan (2).pdf`; case does not tell names apart."""
    taken: set[str] = set()
    counts: dict[str, int] = {}
    for file in files:
        stem, dot, extension = _split(file.filename)
        name, key = file.filename, file.filename.casefold()
        while name.casefold() in taken:
            counts[key] = counts.get(key, 1) + 1
            name = f"{stem} ({counts[key]}){dot}{extension}"
        taken.add(name.casefold())
        yield file if name == file.filename else replace(file, filename=name)


def _inert(character: str) -> str:
    """Controls, invisible marks and direction overrides (fdp.exe shown as exe.pdf) go; odd spaces become spaces."""
    category = unicodedata.category(character)
    if category in {"Cc", "Cf", "Cs", "Co", "Cn"}:
        return " " if character in "\r\n\t" else ""
    return " " if category.startswith("Z") else character


def _shortened(name: str) -> str:
    if len(name) <= NAME_LENGTH:
        return name
    stem, dot, extension = _split(name)
    return stem[: NAME_LENGTH - len(dot + extension)].rstrip(" .") + dot + extension


def _split(name: str) -> tuple[str, str, str]:
    stem, dot, extension = name.rpartition(".")
    return (stem, dot, extension) if stem and len(extension) <= _EXTENSION_LENGTH else (name, "", "")


def _extension(content_type: str) -> str:
    if known := _EXTENSIONS.get(content_type):
        return known
    family, _, subtype = content_type.partition("/")
    if subtype in _NAMED_BY_SUBTYPE:
        return f".{subtype}"
    return ".txt" if family in {"text", "message"} else ".bin"
