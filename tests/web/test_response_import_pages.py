"""An export of another platform taken in through the pages: chosen, its columns named, looked at, confirmed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.store.consultations import Question, StakeholderGroup, consultation_by_slug
from intake.store.emails import OutgoingEmail
from intake.store.responses import Channel, Response
from intake.web.pages import response_import
from tests.documents.test_spreadsheets import workbook
from tests.inbound import exports
from tests.people import BEN, CAROL
from tests.web.desk import REVIEW_SLUG, Desk, open_desk
from tests.web.shown import form_of, text_of

PAGE = f"/consultations/{REVIEW_SLUG}/import"
CONFIRM, TO_CORRECT, MAPPING = f"{PAGE}/confirm", f"{PAGE}/rows-to-correct", f"{PAGE}/mapping"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        with desk.office.database.transaction() as session:
            own = consultation_by_slug(session, REVIEW_SLUG).id
            session.add(StakeholderGroup(consultation_id=own, position=1, name="school"))
            session.add(Question(consultation_id=own, position=9, key="priorities", text="What of the priorities?"))
        yield desk


def look(desk: Desk, content: bytes = exports.PLAIN, filename: str = "export.csv") -> LexborHTMLParser:
    answer = desk.adam.send(PAGE, {}, filename, content)
    assert answer.status_code == 200, answer.text
    return LexborHTMLParser(answer.text)


def imported(desk: Desk) -> list[Response]:
    return [row for row in desk.office.rows(Response) if row.channel is Channel.imported]


def again(desk: Desk, page: LexborHTMLParser, **fields: str) -> LexborHTMLParser:
    return LexborHTMLParser(desk.adam.post(PAGE, form_of(page, PAGE) | fields).text)


def test_export_is_looked_at_before_anything_is_done(desk: Desk) -> None:
    page = look(desk)
    assert "1 response would be imported, from 2 rows" in text_of(page, "#summary")
    assert "1 row cannot be imported as it stands" in text_of(page, "#summary")
    assert "Its group is none of this consultation’s" in text_of(page)
    assert "Which groups are these?" in text_of(page)
    assert "9:30am on Wednesday 12 February 2020" in text_of(page)
    assert imported(desk) == []


def test_what_is_chosen_for_groups_and_columns_decides_what_is_imported(desk: Desk) -> None:
    page = again(desk, look(desk), **{"group-0": "-", "column-8": "question:priorities"})
    assert "2 responses would be imported, from 2 rows" in text_of(page, "#summary")
    done = desk.adam.post(CONFIRM, form_of(page, CONFIRM))
    assert done.headers["location"] == f"/responses?consultation={REVIEW_SLUG}&channel=import"
    assert "2 responses imported." in text_of(desk.adam.follow(done))
    first, second = imported(desk)
    assert (first.respondent_address, first.stakeholder_group) == (BEN, "school")
    assert second.stakeholder_group == "trust", "as a consultee she has one, whatever the file says"
    assert desk.office.rows(OutgoingEmail) == []
    page = again(desk, look(desk), **{"group-0": "-"})
    assert "There is nothing new to import." in text_of(page)
    assert "2 rows were imported before" in text_of(page, "#summary")


def test_acknowledgements_go_only_where_the_box_is_ticked(desk: Desk) -> None:
    page = again(desk, look(desk), **{"group-0": "-"})
    desk.adam.post(CONFIRM, form_of(page, CONFIRM) | {"acknowledge": "yes"})
    assert {row.recipient_address for row in desk.office.rows(OutgoingEmail)} == {BEN, CAROL}


def test_mapping_is_downloaded_and_read_again_with_the_next_export(desk: Desk) -> None:
    page = again(desk, look(desk), **{"group-0": "-"})
    answer = desk.adam.post(MAPPING, form_of(page, MAPPING))
    assert answer.headers["content-disposition"] == f'attachment; filename="{REVIEW_SLUG}-mapping.toml"'
    assert 'identifier = "Response ID"' in answer.text
    fields = {"mapping_file": ("mapping.toml", answer.content), "file": ("export.csv", exports.PLAIN)}
    page = LexborHTMLParser(desk.adam.send_all(PAGE, {}, fields).text)
    assert "2 responses would be imported" in text_of(page, "#summary")


def test_rows_to_correct_are_downloaded_with_what_is_wrong(desk: Desk) -> None:
    answer = desk.adam.post(TO_CORRECT, form_of(look(desk), TO_CORRECT))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].endswith(",What is wrong")
    assert lines[1].startswith("r-2,")


def test_another_sheet_and_other_rows_of_headings_can_be_chosen(desk: Desk) -> None:
    notes: list[list[object]] = [["Read me first"], ["This is no export."]]
    rows = [line.split(",") for line in exports.TWO_ROWS_OF_HEADINGS.decode().splitlines() if '"' not in line]
    sheet: list[list[object]] = [list(row) for row in rows]
    page = look(desk, workbook(Notes=notes, Data=sheet), "export.xlsx")
    page = again(desk, page, sheet="Data")
    assert "What is your name?" in text_of(page)
    page = again(desk, page, headings="1")
    assert "Ident 1" in text_of(page)
    page = again(desk, page, headings="2")
    assert "would be imported" in text_of(page, "#summary")


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({f"column-{place}": "" for place in range(10)}, "Choose at least one column that holds what people answered."),
        ({"column-9": "identifier"}, "Another column holds “Identifier” too; choose one of them."),
        ({"without-day": "31", "without-month": "2", "without-year": "2020"}, "is not a date that exists"),
    ],
)
def test_choices_that_make_no_sense_are_told_beside_their_field(
    desk: Desk, columns: dict[str, str], sentence: str
) -> None:
    answer = desk.adam.post(PAGE, form_of(look(desk), PAGE) | columns)
    assert answer.status_code == 422
    page = LexborHTMLParser(answer.text)
    assert sentence in text_of(page, ".govuk-error-summary")
    assert page.css_matches("select[name=column-0]")


@pytest.mark.parametrize(
    ("filename", "content", "sentence"),
    [
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "This is no list that can be read"),
        ("empty.csv", b"", "There is nothing in this file"),
    ],
)
def test_file_that_is_no_export_is_told(desk: Desk, filename: str, content: bytes, sentence: str) -> None:
    answer = desk.adam.send(PAGE, {}, filename, content)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Choose a file." in desk.adam.post(PAGE).text


def test_wrong_mapping_file_is_told_and_changes_nothing(desk: Desk) -> None:
    for mapping, sentence in ((b"identifer = 1", "there is no key identifer"), (b"\xff\xfe", "The mapping is no text")):
        fields = {"mapping_file": ("mapping.toml", mapping), "file": ("export.csv", exports.PLAIN)}
        answer = desk.adam.send_all(PAGE, {}, fields)
        assert answer.status_code == 422
        assert sentence in answer.text
    assert imported(desk) == []


def test_long_export_is_taken_in_part_by_part_and_never_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_import, "_STEP", 0.0)
    lines = "".join(f"r-{number},Answer {number}\n" for number in range(700))
    page = look(desk, f"ID,What do you think?\n{lines}".encode())
    going_on = LexborHTMLParser(desk.adam.post(CONFIRM, form_of(page, CONFIRM)).text)
    assert "300 of 700 responses are in." in text_of(going_on)
    repeated = desk.adam.post(CONFIRM, form_of(page, CONFIRM))
    assert repeated.status_code == 409
    assert "changed since you looked at it" in repeated.text
    going_on = LexborHTMLParser(desk.adam.post(CONFIRM, form_of(going_on, CONFIRM)).text)
    done = desk.adam.post(CONFIRM, form_of(going_on, CONFIRM))
    assert "700 responses imported." in text_of(desk.adam.follow(done))
    assert len(imported(desk)) == 700


def test_column_of_many_words_is_no_column_of_groups(desk: Desk) -> None:
    lines = "".join(f"Group {number},Answer\n" for number in range(50))
    page = look(desk, f"Group,What do you think?\n{lines}".encode())
    assert "holds 50 different words, so it may be another column that you mean" in text_of(page)
