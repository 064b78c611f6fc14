"""The log as it is filtered goes into a file: what may be seen, and nothing else; and who took it is noted."""

from collections.abc import Iterator

import pytest

from intake.documents.spreadsheets import Sheet, read_spreadsheet
from tests.building import raw_email
from tests.people import BEN, DAN, REVIEW
from tests.web.desk import Desk, Visitor, open_desk

PAGE = "/responses/download"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk")) as desk:
        for number, sender in enumerate((BEN, DAN)):
            desk.office.receive(raw_email(sender=sender, to=REVIEW, message_id=f"<{number}@x.example>"))
        desk.office.cycle()
        yield desk


def downloaded(visitor: Visitor, **fields: str) -> Sheet:
    answer = visitor.post(PAGE, {**fields})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    [sheet] = read_spreadsheet(answer.content)
    return sheet


def addresses(sheet: Sheet) -> list[str]:
    place = sheet.rows[0].index("Email address")
    return [row[place] for row in sheet.rows[1:]]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_all_that_is_found_is_in_the_file(desk: Desk, kind: str) -> None:
    assert addresses(downloaded(desk.asha, format=kind)) == [BEN, DAN]
    assert addresses(downloaded(desk.asha, format=kind, query=f"q={DAN}")) == [DAN]


def test_officer_who_was_given_nothing_gets_nothing(desk: Desk) -> None:
    assert addresses(downloaded(desk.olga, format="csv")) == []


def test_who_took_the_file_is_noted(desk: Desk) -> None:
    before = len(desk.office.history("responses-exported"))
    downloaded(desk.asha, format="csv")
    assert len(desk.office.history("responses-exported")) == before + 1


def test_the_log_offers_it(desk: Desk) -> None:
    page = desk.asha.page(f"/responses?q={BEN}")
    form = page.css_first(f"form[action='{PAGE}'] input[name=query]")
    assert form is not None
    assert "q=" in (form.attributes["value"] or "")
