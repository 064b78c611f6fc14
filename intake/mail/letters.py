"""What an officer needs to know of an email to decide about it. Never its HTML (`showing.py`), never a file's bytes."""

from dataclasses import dataclass, replace

from intake.mail.understanding import Understood, understand


@dataclass(frozen=True, slots=True)
class NamedFile:
    """An attachment, without its bytes."""

    filename: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class ReadLetter:
    """`understood` is without HTML and attachments; these are named in `files`."""

    understood: Understood
    files: tuple[NamedFile, ...]


def read_letter(raw: bytes) -> ReadLetter:
    """Never raises, like `understand`."""
    understood = understand(raw)
    files = tuple(NamedFile(file.filename, file.content_type, file.size) for file in understood.attachments)
    return ReadLetter(replace(understood, html=None, attachments=()), files)
