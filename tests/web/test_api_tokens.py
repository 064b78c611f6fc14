"""An administrator makes a token, sees it once, and takes it back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.store.online import ApiToken
from tests.web.api_scene import RESPONSES, Caller
from tests.web.desk import Desk, open_desk
from tests.web.shown import text_of

PAGE = "/api-tokens"
CHOSEN = {"name": "The council's website", "may_read": "yes", "for": "all"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def test_token_is_shown_once_and_works_until_it_is_revoked(desk: Desk) -> None:
    page = LexborHTMLParser(desk.adam.post(PAGE, CHOSEN).text)
    field = page.css_first("input#token")
    assert field is not None
    secret = field.attributes["value"] or ""
    assert Caller(desk, secret).get(RESPONSES).status_code == 200
    listed = desk.adam.page(PAGE)
    assert secret not in (listed.html or "")
    assert "The council's website" in text_of(listed, "tbody")
    revoked = desk.adam.post(f"{PAGE}/1/revoke")
    assert "is worth nothing any more" in text_of(desk.adam.follow(revoked))
    assert Caller(desk, secret).get(RESPONSES).status_code == 401


def test_what_was_chosen_is_kept_where_something_is_missing(desk: Desk) -> None:
    answer = desk.adam.post(PAGE, {**CHOSEN, "name": "", "for": "some", "consultations": "1"})
    assert answer.status_code == 422
    page = LexborHTMLParser(answer.text)
    assert "Enter the name of the system" in text_of(page, ".govuk-error-summary")
    assert page.css_matches("#may_read[checked]")
    assert page.css_matches("#for-some[checked]")
    assert page.css_matches("#consultation-1[checked]")
    assert desk.office.rows(ApiToken) == []
