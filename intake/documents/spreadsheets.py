"""Reads what people export as a list: CSV, XLSX, XLS and ODS, as sheets of text. The one door to python-calamine.

Reading runs in a child process, as a file of a few kilobytes can unpack to gigabytes. Knows no column's meaning and
no database.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import islice

import python_calamine

from intake.errors import ChildDied, NotPossible
from intake.sandbox import ChildFailed, Sandbox
from intake.wording import plural

_DELIMITERS = ",;\t"
_TELLING_ROWS = 50
_UNPACKED = "an .xlsx, .xls, .ods or .csv file"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a file may be. A cell's text is cut one character beyond `cell`, so that it is seen to be longer."""

    file: int  # bytes, whole millions
    rows: int
    columns: int
    cell: int  # characters
    seconds: float = 20
    memory_mb: int = 512


WHAT_IS_WRONG = "What is wrong"
"""The heading under which we say it, in rows that are given back to be corrected."""
_HEADINGS_WITHIN = 20  # rows
A_LIST = Bounds(file=10_000_000, rows=20_000, columns=200, cell=5_000)


class UnreadableSpreadsheet(NotPossible):
    """This file cannot be read as a list; choose an .xlsx, .xls, .ods or .csv file."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Every row from the first on, blank ones too: a row's number, as people see it, is its place counted from 1."""

    name: str  # empty in a CSV file
    rows: tuple[tuple[str, ...], ...]


def read_spreadsheet(content: bytes, bounds: Bounds = A_LIST) -> list[Sheet]:
    """The sheets that are not hidden and hold anything. Raises UnreadableSpreadsheet with what to do instead."""
    _refuse_at_sight(content, bounds)
    with Sandbox(_read, children=1, seconds=bounds.seconds, memory_mb=bounds.memory_mb) as reader:
        [(_, outcome)] = reader.run_each([(content, bounds)])
    match outcome:
        case ChildDied() | ChildFailed():
            raise UnreadableSpreadsheet(
                "This file takes more room or time to open than a list should; copy the list alone into a new file."
            )
        case str():
            raise UnreadableSpreadsheet(outcome)
    if not outcome:
        raise UnreadableSpreadsheet("There is nothing in this file; choose the one with the list in it.")
    return outcome


def without_what_was_wrong(sheet: Sheet) -> Sheet:
    """Rows that were to be corrected, without the column in which we said what is wrong with each."""
    above = sheet.rows[:_HEADINGS_WITHIN]
    own = {place for row in above for place, heading in enumerate(row) if heading == WHAT_IS_WRONG}
    kept = [tuple(cell for place, cell in enumerate(row) if place not in own) for row in sheet.rows]
    return replace(sheet, rows=tuple(kept)) if own else sheet


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """For spreadsheet programs: UTF-8 with a byte order mark. What they would take for a formula is made text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([inert(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def inert(cell: str) -> str:
    """Never taken for a formula (OWASP, "CSV injection"). `_text` takes the mark off again."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _refuse_at_sight(content: bytes, bounds: Bounds) -> None:
    if len(content) > bounds.file:
        most = f"{bounds.file // 1_000_000} MB"
        raise UnreadableSpreadsheet(f"This file is larger than {most}; copy the list alone into a new file.")
    if content.startswith(b"%PDF"):
        raise UnreadableSpreadsheet(f"This is a PDF, not a list; ask whoever sent it for {_UNPACKED}.")


# From here on: the child's side.


def _read(item: tuple[bytes, Bounds]) -> list[Sheet] | str:
    """The sheets, or a sentence about why there are none."""
    content, bounds = item
    is_workbook = content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))
    try:
        sheets = _workbook(content, bounds) if is_workbook else [_csv(content, bounds)]
    except python_calamine.PasswordError:
        return "This file is locked with a password; take the password off, or save the list as a new file."
    except (python_calamine.CalamineError, UnicodeError, csv.Error):
        return f"This is no list that can be read; choose {_UNPACKED}."
    except UnreadableSpreadsheet as unreadable:
        return str(unreadable)
    return [sheet for sheet in sheets if any(map(any, sheet.rows))]


def _workbook(content: bytes, bounds: Bounds) -> list[Sheet]:
    with python_calamine.load_workbook(io.BytesIO(content)) as book:
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible == python_calamine.SheetVisibleEnum.Visible
            and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        ]
        return [_sheet(name, _cells(book.get_sheet_by_name(name), bounds), bounds) for name in visible]


def _cells(sheet: python_calamine.CalamineSheet, bounds: Bounds) -> Iterable[Sequence[object]]:
    if sheet.total_height > bounds.rows * 2 and sheet.total_width > bounds.columns:
        raise UnreadableSpreadsheet("A sheet of this file is far larger than a list; copy the list into a new file.")
    return sheet.to_python(skip_empty_area=False)


def _csv(content: bytes, bounds: Bounds) -> Sheet:
    text = _decoded(content)
    csv.field_size_limit(bounds.file)
    return _sheet("", csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=False), bounds)


def _delimiter(text: str) -> str:
    """That which takes the first rows apart most alike."""
    readers = {one: csv.reader(io.StringIO(text, newline=""), delimiter=one, strict=False) for one in _DELIMITERS}
    return max(readers, key=lambda one: _regularity(list(islice(readers[one], _TELLING_ROWS))))


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # what Excel calls "Unicode text"
        return content.decode("utf-16")
    if b"\0" in content:
        raise UnicodeError
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _regularity(rows: list[list[str]]) -> tuple[float, int]:
    """How alike its first rows are when they are taken apart, and into how many cells. One cell a row tells nothing."""
    widths = Counter(len(row) for row in rows if any(row))
    width, times = widths.most_common(1)[0] if widths else (1, 0)
    return (times / widths.total(), width) if width > 1 else (0.0, 1)


def _sheet(name: str, cells: Iterable[Sequence[object]], bounds: Bounds) -> Sheet:
    rows = [_row(row, bounds) for row in cells]
    while rows and not rows[-1]:
        rows.pop()
    if len(rows) > bounds.rows:
        raise UnreadableSpreadsheet(f"This list is longer than {plural(bounds.rows, 'row')}; take it in in parts.")
    if max(map(len, rows), default=0) > bounds.columns:
        most = plural(bounds.columns, "column")
        raise UnreadableSpreadsheet(f"This list is wider than {most}; take those out that nobody needs.")
    return Sheet(name, tuple(rows))


def _row(cells: Sequence[object], bounds: Bounds) -> tuple[str, ...]:
    """Without the empty cells at its end."""
    texts = [_text(cell, bounds.cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _text(cell: object, most: int) -> str:
    match cell:
        case float() if cell.is_integer():  # every number is a float in these files
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime() | date() | time():
            return cell.isoformat()
    text = str(cell).strip()[: most + 1]
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@") else text
