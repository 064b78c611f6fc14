"""A list of consultees taken in through the pages: chosen, looked at, its columns named, confirmed; and bad files."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.store.files import FileStore
from intake.store.people import Consultee
from intake.web.security import LONGEST_UPLOAD
from tests.documents.test_spreadsheets import workbook
from tests.people import BEN, CAROL
from tests.web.desk import REVIEW_SLUG, Desk, open_desk
from tests.web.shown import form_of, text_of

PAGE = f"/consultations/{REVIEW_SLUG}/consultees/import"
CONFIRM, WRONG_ROWS = f"{PAGE}/confirm", f"{PAGE}/wrong-rows"
LIST = f"""Name of school,Type,URN,Email
Heathfield Primary School,school,137204,{BEN}
Ysgol Bryn,academy,137205,head@bryn.example
Broken,school,137206,nobody
""".encode()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def _look(desk: Desk, content: bytes = LIST, filename: str = "schools.csv") -> LexborHTMLParser:
    answer = desk.adam.send(PAGE, {}, filename, content)
    assert answer.status_code == 200, answer.text
    return LexborHTMLParser(answer.text)


def test_list_is_looked_at_before_anything_is_done(desk: Desk) -> None:
    page = _look(desk)
    summary = text_of(page, "#summary")
    assert "1 consultee would be added" in summary
    assert "1 consultee would be changed" in summary
    assert "A stakeholder group would be added: academy" in summary
    assert "1 row cannot be imported as it stands" in summary
    assert "1 consultee is invited but not in this list; nothing changes for it" in summary
    assert "Heathfield Primary School Key none 137204" in text_of(page)
    assert "The email address cannot be used; write it like name@example.com." in text_of(page)
    assert len(desk.office.rows(Consultee)) == 2


def test_list_is_taken_in_as_it_was_shown(desk: Desk) -> None:
    page = _look(desk)
    answer = desk.adam.post(CONFIRM, form_of(page, CONFIRM))
    assert answer.headers["location"] == f"/consultations/{REVIEW_SLUG}/consultees"
    assert "1 consultee added, 1 changed." in text_of(desk.adam.follow(answer))
    assert [row.key for row in desk.office.rows(Consultee)] == ["137204", None, "137205"]
    assert "There is nothing to import." in text_of(_look(desk))


def test_list_is_shown_again_when_the_consultees_changed_meanwhile(desk: Desk) -> None:
    fields = form_of(_look(desk), CONFIRM)
    with desk.office.database.transaction() as session:
        session.get_one(Consultee, 1).organisation = "Heathfield"
    answer = desk.adam.post(CONFIRM, fields)
    assert answer.status_code == 409
    page = LexborHTMLParser(answer.text)
    assert "The consultees changed since the list was looked at" in text_of(page, ".govuk-error-summary")
    assert len(desk.office.rows(Consultee)) == 2
    assert desk.adam.post(CONFIRM, form_of(page, CONFIRM)).status_code == 303


def test_an_administrator_says_what_columns_hold_whose_headings_are_not_known(desk: Desk) -> None:
    page = _look(desk, b"Whom,What,Where to\nYsgol Bryn,school,head@bryn.example\n")
    assert "What do the columns of “schools.csv” hold?" in text_of(page, "h1")
    fields = form_of(page, PAGE)
    unsaid = desk.adam.post(PAGE, fields)
    assert unsaid.status_code == 422
    assert "Choose the column with the name of the organisation." in unsaid.text
    twice = desk.adam.post(PAGE, fields | {"place": ["0", "1"], "column-0": "organisation", "column-1": "organisation"})
    assert "Another column is to hold the same" in twice.text
    said = {"place": ["0", "1", "2"], "column-0": "organisation", "column-1": "group", "column-2": "address"}
    page = LexborHTMLParser(desk.adam.post(PAGE, fields | said).text)
    assert "1 consultee would be added" in text_of(page, "#summary")
    assert desk.adam.post(CONFIRM, form_of(page, CONFIRM)).status_code == 303
    assert desk.office.rows(Consultee)[2].organisation == "Ysgol Bryn"


def test_another_sheet_or_row_of_headings_can_be_chosen(desk: Desk) -> None:
    schools: list[list[object]] = [["Whom", "What"], ["School", "Kind"], ["Ysgol Bryn", "school"]]
    trusts: list[list[object]] = [["Trust", "Type"], ["New Trust", "trust"]]
    page = _look(desk, workbook(Trusts=trusts, Schools=schools), "lists.xlsx")
    assert "New Trust trust none no address" in text_of(page)
    page = LexborHTMLParser(desk.adam.post(PAGE, form_of(page, PAGE) | {"sheet": "Schools"}).text)
    assert "What do the columns of “lists.xlsx” hold?" in text_of(page, "h1")
    page = LexborHTMLParser(desk.adam.post(PAGE, form_of(page, PAGE) | {"header": "2", "group": "school"}).text)
    assert "1 consultee would be added" in text_of(page, "#summary")
    assert "No consultee would be changed" in text_of(page, "#summary")


def test_rows_without_a_group_take_the_one_that_is_chosen(desk: Desk) -> None:
    page = _look(desk, b"School,Email\nYsgol Bryn,head@bryn.example\n")
    assert "It has no stakeholder group" in text_of(page)
    page = LexborHTMLParser(desk.adam.post(PAGE, form_of(page, PAGE) | {"group": "school"}).text)
    assert "1 consultee would be added" in text_of(page, "#summary")
    desk.adam.post(CONFIRM, form_of(page, CONFIRM))
    assert desk.office.rows(Consultee)[2].stakeholder_group == "school"


def test_rows_to_correct_can_be_downloaded(desk: Desk) -> None:
    answer = desk.adam.post(WRONG_ROWS, form_of(_look(desk), WRONG_ROWS))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "Name of school,Type,URN,Email,What is wrong"
    assert lines[1].startswith("Broken,school,137206,nobody,The email address cannot be used")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.4 list", "This is a PDF, not a list"),
        (b"", "There is nothing in this file"),
        (b"A," * 5_000_001, "This file is larger than 10 MB"),
    ],
)
def test_file_that_is_no_list_is_told_in_one_sentence(desk: Desk, content: bytes, words: str) -> None:
    answer = desk.adam.send(PAGE, {}, "list.xlsx", content)
    assert answer.status_code == 422
    assert words in text_of(LexborHTMLParser(answer.text), ".govuk-error-summary")


def test_file_that_is_far_too_large_is_refused_before_it_is_read(desk: Desk) -> None:
    answer = desk.adam.send(PAGE, {}, "list.csv", b"A" * LONGEST_UPLOAD)
    assert (answer.status_code, answer.text) == (413, "This file is larger than 25 MB.")


def test_no_file_and_one_that_is_no_longer_kept_are_asked_for(desk: Desk) -> None:
    assert "Choose a file." in desk.adam.post(PAGE).text
    fields = form_of(_look(desk), CONFIRM)
    for spool in (desk.office.this.settings.files.path / "incoming").iterdir():
        shutil.rmtree(spool)
    answer = desk.adam.post(CONFIRM, fields)
    assert (answer.status_code, "no longer kept; choose it again" in answer.text) == (422, True)


@pytest.mark.parametrize("aside", ["../../intake.sqlite3", "tmpabc/" + "a" * 43, "/etc/passwd", "tmpabc/../x"])
def test_nobody_names_a_file_that_was_not_set_aside_for_them(desk: Desk, aside: str) -> None:
    assert "no longer kept; choose it again" in desk.adam.post(PAGE, aside=aside).text


def test_what_was_set_aside_is_cleared_with_what_else_came_in(desk: Desk) -> None:
    _look(desk)
    files: FileStore = desk.office.files
    assert files.clear_incoming(before=desk.office.now) == 0
    assert files.clear_incoming(before=desk.office.now.replace(year=2999)) == 1


@pytest.mark.parametrize("path", [PAGE, CONFIRM, WRONG_ROWS])
def test_officer_takes_in_no_list(desk: Desk, path: str) -> None:
    assert desk.asha.send(path, {}, "schools.csv", LIST).status_code == 403
    assert desk.nobody.send(path, {}, "schools.csv", LIST).status_code == 401


def test_form_with_a_file_is_refused_without_its_token_or_from_elsewhere(desk: Desk) -> None:
    token, desk.adam.form_token = desk.adam.form_token, "guessed"
    assert desk.adam.send(PAGE, {}, "schools.csv", LIST).status_code == 403
    foreign = desk.adam.post_bare(PAGE, {"form_token": token}, origin="https://elsewhere.example")
    assert foreign.status_code == 403


def test_words_of_a_file_are_shown_as_words(desk: Desk) -> None:
    page = _look(desk, b"School,Type\n<b>Bold</b>,<i>school</i>\n", "<script>.csv")
    assert page.css_first("main b, main i, main script") is None
    assert "<b>Bold</b>" in text_of(page)
    assert CAROL not in text_of(page)
