"""A list of consultees on the disk, read as the command line names it."""

from pathlib import Path

from intake.administration.consultee_columns import recognise
from intake.administration.consultee_plan import Listing
from intake.documents.spreadsheets import A_LIST, UnreadableSpreadsheet, read_spreadsheet, without_what_was_wrong
from intake.errors import NotPossible


def read_listing(file: Path, *, sheet: str = "", group: str = "") -> Listing:
    """Raises NotPossible with what to do: it cannot be read, there is no such sheet, or none with known headings."""
    try:
        with file.open("rb") as opened:
            content = opened.read(A_LIST.file + 1)
    except OSError as error:
        raise UnreadableSpreadsheet(f"{file} cannot be read ({error.strerror}).") from None
    sheets = [without_what_was_wrong(one) for one in read_spreadsheet(content)]
    if sheet and sheet not in (one.name for one in sheets):
        names = ", ".join(one.name for one in sheets if one.name)
        raise NotPossible(f"There is no sheet “{sheet}” in it; there is {names or 'none, as it is a CSV file'}.")
    layout = recognise([one for one in sheets if sheet in ("", one.name)])
    if not layout.is_known:
        raise NotPossible("No row has a heading such as “Organisation” or “Name of school”; give the column one.")
    return Listing(next(one for one in sheets if one.name == layout.sheet), layout, group)
