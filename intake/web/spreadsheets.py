"""What the pages that take in a spreadsheet share: the file set aside between their steps, and its columns.

Never says what a column holds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from intake.documents.spreadsheets import Sheet, UnreadableSpreadsheet
from intake.errors import FileMissing, Mistakes
from intake.web.asking import Asking
from intake.web.forms import Form

_LOOKED_AT = 500  # rows
_SAMPLES = 3  # values of each column, to tell what it holds
Held = TypeVar("Held")


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file under the name `aside`, which only the page knows, and its sheets."""

    aside: str
    filename: str
    sheets: list[Sheet]


def set_aside(asking: Asking, form: Form, read: Callable[[bytes], list[Sheet]]) -> SetAside:
    """The file that was sent, or the one set aside before. Raises Mistakes: there is none, or none that can be read."""
    sent = form.file("file")
    try:
        content = sent.content if sent else asking.this.files.aside(form.text("aside"))
        sheets = read(content)
    except FileMissing:
        sentence = "The file is no longer kept; choose it again." if form.text("aside") else "Choose a file."
        raise Mistakes({"file": sentence}) from None
    except UnreadableSpreadsheet as unreadable:
        raise Mistakes({"file": str(unreadable)}) from None
    if sent:
        return SetAside(asking.this.files.set_aside(content), sent.filename, sheets)
    return SetAside(form.text("aside"), form.text("filename"), sheets)


def columns_of(
    sheet: Sheet, below: int, headings: Iterable[str], held: Sequence[Held]
) -> list[tuple[int, str, list[str], Held]]:
    """Place, heading, first values below that row, and what it holds, of each column that is not empty."""
    rows = list(islice((row for row in sheet.rows[below:] if any(row)), _LOOKED_AT))
    found = []
    for place, (heading, holds) in enumerate(zip(headings, held, strict=True)):
        values = [row[place] for row in rows if place < len(row) and row[place]]
        if heading or values:
            found.append((place, heading, values[:_SAMPLES], holds))
    return found
