"""Writes a table as an .xlsx workbook, row by row in little memory. The one door to XlsxWriter.

Whatever a cell holds is text: neither a formula nor a link is ever made of it.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import xlsxwriter

LONGEST_CELL = 32_767  # characters, as Excel has it
CUT = " … (shortened)"
_WIDTHS = (12, 40)


def write_workbook(path: Path, name: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """One sheet called `name`, with headings that stay in sight. Returns how many cells had to be shortened."""
    shortened, number = 0, 0
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet(name)
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for place, heading in enumerate(headings):
            sheet.set_column(place, place, min(max(len(heading), _WIDTHS[0]), _WIDTHS[1]))
            sheet.write_string(0, place, heading[:LONGEST_CELL], bold)
        sheet.freeze_panes(1, 1)
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                if len(cell) > LONGEST_CELL:
                    shortened += 1
                sheet.write_string(number, place, _fitting(cell))
        sheet.autofilter(0, 0, number, len(headings) - 1)
    return shortened


def _fitting(cell: str) -> str:
    return cell if len(cell) <= LONGEST_CELL else cell[: LONGEST_CELL - len(CUT)] + CUT
