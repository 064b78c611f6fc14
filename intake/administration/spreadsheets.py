"""Reads what people export as a list: CSV, XLSX, XLS and ODS, as sheets of text. The one door to python-calamine.

Reading runs in a child process, as a file of a few kilobytes can unpack to gigabytes. Knows no column's meaning and
no database.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import python_calamine

from intake.errors import ChildDied, NotPossible
from intake.sandbox import ChildFailed, Sandbox
from intake.wording import plural

LONGEST_FILE = 10_000_000  # bytes
MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 20_000, 200, 5_000
_SECONDS, _MEMORY_MB = 20.0, 512
_DELIMITERS = ",;\t"
_TELLING_ROWS = 50
_UNPACKED = "an .xlsx, .xls, .ods or .csv file"


class UnreadableSpreadsheet(NotPossible):
    """This file cannot be read as a list; choose an .xlsx, .xls, .ods or .csv file."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Every row from the first on, blank ones too: a row's number, as people see it, is its place counted from 1."""

    name: str  # empty in a CSV file
    rows: tuple[tuple[str, ...], ...]


def read_spreadsheet(content: bytes) -> list[Sheet]:
    """The sheets that are not hidden and hold anything. Raises UnreadableSpreadsheet with what to do instead."""
    _refuse_at_sight(content)
    with Sandbox(_read, children=1, seconds=_SECONDS, memory_mb=_MEMORY_MB) as reader:
        [(_, outcome)] = reader.run_each([content])
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


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """For spreadsheet programs: UTF-8 with a byte order mark. What they would take for a formula is made text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_inert(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _inert(cell: str) -> str:
    """OWASP, "CSV injection". `_text` takes the mark off again."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _refuse_at_sight(content: bytes) -> None:
    if len(content) > LONGEST_FILE:
        raise UnreadableSpreadsheet("This file is larger than 10 MB; copy the list alone into a new file.")
    if content.startswith(b"%PDF"):
        raise UnreadableSpreadsheet(f"This is a PDF, not a list; ask whoever sent it for {_UNPACKED}.")


# From here on: the child's side.


def _read(content: bytes) -> list[Sheet] | str:
    """The sheets, or a sentence about why there are none."""
    try:
        sheets = _workbook(content) if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) else [_csv(content)]
    except python_calamine.PasswordError:
        return "This file is locked with a password; take the password off, or save the list as a new file."
    except (python_calamine.CalamineError, UnicodeError, csv.Error):
        return f"This is no list that can be read; choose {_UNPACKED}."
    except UnreadableSpreadsheet as unreadable:
        return str(unreadable)
    return [sheet for sheet in sheets if any(map(any, sheet.rows))]


def _workbook(content: bytes) -> list[Sheet]:
    with python_calamine.load_workbook(io.BytesIO(content)) as book:
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible == python_calamine.SheetVisibleEnum.Visible
            and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        ]
        return [_sheet(name, _cells(book.get_sheet_by_name(name))) for name in visible]


def _cells(sheet: python_calamine.CalamineSheet) -> Iterable[Sequence[object]]:
    if sheet.total_height > MOST_ROWS * 2 and sheet.total_width > MOST_COLUMNS:
        raise UnreadableSpreadsheet("A sheet of this file is far larger than a list; copy the list into a new file.")
    return sheet.to_python(skip_empty_area=False)


def _csv(content: bytes) -> Sheet:
    text = _decoded(content)
    csv.field_size_limit(LONGEST_FILE)
    tables: list[list[list[str]]] = [
        list(csv.reader(io.StringIO(text, newline=""), delimiter=one, strict=False)) for one in _DELIMITERS
    ]
    rows = max(tables, key=_regularity)
    return _sheet("", rows)


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
    widths = Counter(len(row) for row in rows[:_TELLING_ROWS] if any(row))
    width, times = widths.most_common(1)[0] if widths else (1, 0)
    return (times / widths.total(), width) if width > 1 else (0.0, 1)


def _sheet(name: str, cells: Iterable[Sequence[object]]) -> Sheet:
    rows = [_row(row) for row in cells]
    while rows and not rows[-1]:
        rows.pop()
    if len(rows) > MOST_ROWS:
        raise UnreadableSpreadsheet(f"This list is longer than {plural(MOST_ROWS, 'row')}; take it in in parts.")
    return Sheet(name, tuple(rows))


def _row(cells: Sequence[object]) -> tuple[str, ...]:
    """Without the empty cells at its end."""
    texts = [_text(cell) for cell in cells[:MOST_COLUMNS]]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _text(cell: object) -> str:
    match cell:
        case float() if cell.is_integer():  # every number is a float in these files
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime() | date() | time():
            return cell.isoformat()
    text = str(cell)[:LONGEST_CELL].strip()
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@") else text
