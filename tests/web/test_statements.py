"""The statements everybody may read, and what tells a watcher that the pages can work."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from intake.web.asking import cookie_name
from tests.people import ASHA
from tests.web.desk import Desk, open_desk

WEB = {"organisation": "Riverford <b>County</b> Council", "contact": "help@riverford.example"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path, settings={"web": WEB}) as desk:
        yield desk


@pytest.mark.parametrize("path", ["/accessibility", "/privacy"])
def test_statements_are_for_everybody_and_name_whom_to_ask(desk: Desk, path: str) -> None:
    for visitor in (desk.nobody, desk.asha):
        page = visitor.page(path)
        main = page.css("main")[0]
        assert "Riverford <b>County</b> Council" in main.text()
        assert main.css("a[href='mailto:help@riverford.example']")
        assert len(page.css("h1")) == 1
    assert not desk.nobody.page(path).css("nav")
    assert desk.asha.page(path).css("nav")


@pytest.mark.parametrize("path", ["/accessibility", "/privacy"])
def test_statements_without_a_contact_set_leave_nothing_open(tmp_path: Path, path: str) -> None:
    with open_desk(tmp_path) as desk:
        said = desk.nobody.page(path).css("main")[0].text()
    assert "None" not in said
    assert "The council" in said


def test_the_accessibility_statement_has_what_the_regulations_ask_for(desk: Desk) -> None:
    page = desk.nobody.page("/accessibility")
    headings = [one.text() for one in page.css("h2, h3")]
    for wanted in ("Feedback and contact", "Enforcement", "Compliance status", "not accessible", "Preparation"):
        assert any(wanted in heading for heading in headings), wanted
    assert "2.2, level AA" in page.css("main")[0].text()


def test_every_cookie_that_is_set_is_named_in_the_privacy_page(desk: Desk) -> None:
    page = desk.nobody.page("/privacy")
    named = {one.text() for one in page.css("table:last-of-type tbody th")}
    fresh = desk.sign_in(ASHA)
    assert cookie_name(desk.office.this.settings.web) in named
    for path in ("/privacy", "/", "/sign-in"):
        for visitor in (desk.nobody, fresh):
            for cookie in visitor.get(path).cookies:
                assert cookie in named


def test_the_cookies_life_is_the_one_that_is_set(tmp_path: Path) -> None:
    with open_desk(tmp_path, settings={"web": {"idle_minutes": 1, "session_hours": 8}}) as desk:
        said = " ".join(desk.nobody.page("/privacy").css("main")[0].text().split())
    assert "after 1 minute without use, and after 8 hours in any case" in said


def test_health_is_ok_while_the_database_is_there_and_new_enough(desk: Desk) -> None:
    answer = desk.nobody.get("/health")
    assert (answer.status_code, answer.text) == (200, "ok")
    with desk.office.database.transaction() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    answer = desk.nobody.get("/health")
    assert (answer.status_code, answer.text) == (503, "The database cannot be used now.")


def test_health_says_nothing_but_that_the_database_is_away(desk: Desk, tmp_path: Path) -> None:
    desk.office.database.close()
    for file in tmp_path.glob("intake.sqlite3*"):
        file.unlink()
    answer = desk.nobody.get("/health")
    assert (answer.status_code, answer.text) == (503, "The database cannot be used now.")
