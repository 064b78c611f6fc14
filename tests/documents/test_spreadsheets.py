"""Lists as people export them are read to the cell; a file that is none, or a trap, is told in one sentence."""

import io
import zipfile
from datetime import date

import pytest
import xlsxwriter

from intake.documents.spreadsheets import (
    A_LIST,
    Sheet,
    UnreadableSpreadsheet,
    as_csv,
    read_spreadsheet,
)


def workbook(**sheets: list[list[object]]) -> bytes:
    """An .xlsx file. A name that begins with "hidden" is a hidden sheet's."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(number, place, cell, day)
                    elif cell is not None:
                        sheet.write(number, place, cell)
            if name.startswith("hidden"):
                sheet.hide()
    return content.getvalue()


def rows(content: bytes) -> tuple[tuple[str, ...], ...]:
    [sheet] = read_spreadsheet(content)
    return sheet.rows


@pytest.mark.parametrize(
    "content",
    [
        b"Name,Email\r\nYsgol Bryn,a@b.example\r\n",
        b"\xef\xbb\xbfName,Email\nYsgol Bryn,a@b.example",
        b"Name;Email\nYsgol Bryn;a@b.example\n",
        b"Name\tEmail\nYsgol Bryn\ta@b.example\n",
        "Name\tEmail\r\nYsgol Bryn\ta@b.example\r\n".encode("utf-16"),
        b'"Name","Email"\n" Ysgol Bryn ","a@b.example",,\n\n\n',
    ],
)
def test_csv_is_read_however_a_program_wrote_it(content: bytes) -> None:
    assert rows(content) == (("Name", "Email"), ("Ysgol Bryn", "a@b.example"))


def test_letters_of_an_old_windows_file_are_read() -> None:
    assert rows("Name,Email\nÉcole – François,a@b.example".encode("cp1252"))[1][0] == "École – François"


def test_line_breaks_within_quotes_stay_in_their_cell_and_rows_keep_their_number() -> None:
    assert rows(b'Name,Email\n\n"A","a@b.example\nc@d.example"\nB,"say ""hello"""') == (
        ("Name", "Email"),
        (),
        ("A", "a@b.example\nc@d.example"),
        ("B", 'say "hello"'),
    )


def test_several_addresses_in_a_cell_do_not_pass_for_columns() -> None:
    content = b"Name,Email\nA,a@b.example;c@d.example;e@f.example\nB,g@h.example\nC,i@j.example;k@l.example\n"
    assert rows(content)[1] == ("A", "a@b.example;c@d.example;e@f.example")


def test_cells_of_a_workbook_become_text_as_people_see_them() -> None:
    content = workbook(Schools=[[], ["Name", "URN", "Opened", "Open"], ["A", 137204.0, date(2020, 1, 9), True]])
    assert rows(content) == ((), ("Name", "URN", "Opened", "Open"), ("A", "137204", "2020-01-09", "True"))
    assert rows(workbook(Schools=[["Name", "Share"], ["A", 0.5]]))[1] == ("A", "0.5")


def test_open_document_spreadsheet_is_read() -> None:
    kind, urn = "application/vnd.oasis.opendocument.spreadsheet", "urn:oasis:names:tc:opendocument:xmlns"
    names = "".join(f' xmlns:{name}="{urn}:{name}:1.0"' for name in ("office", "table", "text"))
    cells = (
        '<table:table-cell office:value-type="string"><text:p>URN</text:p></table:table-cell>',
        '<table:table-cell office:value-type="float" office:value="137204"/>',
    )
    table = "".join(f"<table:table-row>{cell}</table:table-row>" for cell in cells)
    sheet = f'<office:spreadsheet><table:table table:name="Schools">{table}</table:table></office:spreadsheet>'
    content = f"<office:document-content{names}><office:body>{sheet}</office:body></office:document-content>"
    entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as parts:
        parts.writestr("mimetype", kind)
        manifest = f'<manifest:manifest xmlns:manifest="{urn}:manifest:1.0">{entry}</manifest:manifest>'
        parts.writestr("META-INF/manifest.xml", manifest)
        parts.writestr("content.xml", content)
    assert read_spreadsheet(packed.getvalue()) == [Sheet("Schools", (("URN",), ("137204",)))]


def test_every_sheet_with_something_in_it_is_read_but_the_hidden_ones() -> None:
    content = workbook(Notes=[["Read me"]], Empty=[], hidden=[["Name"]], Schools=[["Name"], ["A"]])
    assert [sheet.name for sheet in read_spreadsheet(content)] == ["Notes", "Schools"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "There is nothing in this file"),
        (b"\n\r\n ,, \n", "There is nothing in this file"),
        (b"%PDF-1.4 list", "This is a PDF, not a list"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "This is no list that can be read"),
        (b"PK\x03\x04 and no more", "This is no list that can be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and no more", "This is no list that can be read"),
        (b"\xff\xfe\x00", "This is no list that can be read"),
        (b"a," * (A_LIST.file // 2) + b"a", "This file is larger than 10 MB"),
        (b"A\n" * (A_LIST.rows + 1), "This list is longer than 20,000 rows"),
    ],
)
def test_file_that_is_no_list_is_told_in_one_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableSpreadsheet, match=sentence):
        read_spreadsheet(content)


def test_workbook_that_unpacks_to_far_more_than_it_is_stops_at_its_limit() -> None:
    with zipfile.ZipFile(io.BytesIO(workbook(S=[["Name"]]))) as small:
        parts = {name: small.read(name) for name in small.namelist()}
    before, _, after = parts.pop("xl/sharedStrings.xml").partition(b"Name")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name, part in parts.items():
            packed.writestr(name, part)
        with packed.open("xl/sharedStrings.xml", "w") as names:
            for piece in (before, *[b"A" * 1_000_000] * 600, after):
                names.write(piece)
    assert len(bomb.getvalue()) < A_LIST.file
    with pytest.raises(UnreadableSpreadsheet, match="takes more room or time to open than a list should"):
        read_spreadsheet(bomb.getvalue())


def test_workbook_with_one_cell_at_the_far_end_is_refused_rather_than_filled_in() -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "Name")
        sheet.write(1_048_575, 16_383, "far away")
    with pytest.raises(UnreadableSpreadsheet, match="copy the list"):
        read_spreadsheet(content.getvalue())


def test_formulas_are_made_text_in_what_is_written_and_read_back_as_they_were() -> None:
    cells = [("Name", "Email"), ("=HYPERLINK(1)", "@SUM(1)"), ("-1", "+44 1632 960123"), ("Ysgol Llŷn", "a@b.example")]
    written = as_csv(cells)
    assert written.startswith(b"\xef\xbb\xbf")
    assert b"\r\n'=HYPERLINK(1),'@SUM(1)\r\n'-1,'+44" in written
    assert read_spreadsheet(written) == [Sheet("", tuple(cells))]
