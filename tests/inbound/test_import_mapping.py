"""Columns are found by heading or letter; a mapping reads back as it was written; a wrong one is told in a sentence."""

from pathlib import Path

import pytest

from intake.documents.spreadsheets import Sheet
from intake.errors import WrongConfiguration
from intake.inbound.import_mapping import Headings, WrongMapping, letter, read_mapping, read_mapping_file
from tests.inbound import exports

SHEET = Sheet("", (("Ident 1", "Ident 2", "", "Why?"), ("What is\nyour name?", "Why?", "", ""), ("a", "b", "c", "d")))


@pytest.mark.parametrize("text", [exports.PLAIN_MAPPING, exports.TWO_ROWS_MAPPING, exports.SEVERAL_MAPPING])
def test_mapping_reads_back_as_it_was_written(text: str) -> None:
    mapping = read_mapping(text)
    assert read_mapping(mapping.to_toml()) == mapping


@pytest.mark.parametrize(
    ("name", "place"),
    [("Ident 2", 1), ("what is your name?", 0), ("C", 2), ("column d", 3), ("ident 1", 0)],
)
def test_columns_are_found_by_any_heading_above_them_or_by_their_letter(name: str, place: int) -> None:
    assert Headings(SHEET, 2).place(name) == place


def test_each_column_has_a_name_that_finds_it_again() -> None:
    headings = Headings(SHEET, 2)
    assert [headings.name(place) for place in range(4)] == ["What is your name?", "B", "C", "D"]
    letters = Headings(Sheet("", (("B", "Same", "Same"), ("x", "y", "z"))), 1)
    assert [letters.name(place) for place in range(3)] == ["B", "column B", "C"]
    assert [letters.place(letters.name(place)) for place in range(3)] == [0, 1, 2]


def test_letters_count_on_as_in_spreadsheet_programs() -> None:
    assert [letter(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", r"has no \[\[answers\]\]; say which columns"),
        ("headings = -1\n[[answers]]\ncolumns = 'A'", "headings should be greater than or equal to 0"),
        ("identifer = 'A'\n[[answers]]\ncolumns = 'B'", 'there is no key identifer; did you mean "identifier"'),
        ("[[answers]]\nquestion = 'a'", "columns in 1 in answers is missing; add it"),
        ("[[answers]]\ncolumns = ['A', 'B']", "has several columns; say which question they answer"),
        ("[[answers]]\nquestion = 'a'\nasked = 'b'\ncolumns = 'A'", "has both question and asked"),
        ("[[answers]\n", "The mapping is not valid TOML"),
    ],
)
def test_wrong_mapping_is_told_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(WrongMapping, match=sentence):
        read_mapping(text)


def test_mapping_file_that_is_wrong_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text("headings = 1\n")
    with pytest.raises(WrongConfiguration, match=r"mapping\.toml: The mapping has no \[\[answers\]\]"):
        read_mapping_file(file)
    with pytest.raises(WrongConfiguration, match=r"none\.toml cannot be read"):
        read_mapping_file(tmp_path / "none.toml")
