"""What every page is guarded by: who may ask, from where, and what a browser is told it may do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from intake.store.responses import ResponseStatus
from tests.building import raw_email
from tests.people import REVIEW
from tests.web.desk import BASE_URL, Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def test_a_stranger_is_asked_to_sign_in_and_comes_back_to_the_page_he_wanted(desk: Desk) -> None:
    answer = desk.nobody.get("/responses?q=bus")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?wanted=/responses%3Fq%3Dbus")


def test_an_answer_tells_the_browser_to_run_nothing_of_a_stranger_and_to_keep_nothing(desk: Desk) -> None:
    headers = desk.asha.get("/responses").headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")


def test_a_name_that_is_not_ours_is_not_answered(desk: Desk) -> None:
    answer = desk.asha.get("/responses", host="rebound.example")
    assert answer.status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": BASE_URL, "sec-fetch-site": "cross-site"},
        {"origin": "null"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_sent_from_another_site_changes_nothing(desk: Desk, headers: dict[str, str]) -> None:
    before = desk.asha.get("/responses").status_code
    answer = desk.asha.post_bare("/sign-out", {"form_token": desk.asha.form_token}, **headers)
    assert (answer.status_code, desk.asha.get("/responses").status_code) == (403, before)


@pytest.mark.parametrize("fields", [{}, {"form_token": ""}, {"form_token": "guessed"}])
def test_a_form_without_the_sessions_token_changes_nothing(desk: Desk, fields: dict[str, str]) -> None:
    answer = desk.asha.post_bare("/sign-out", fields, origin=BASE_URL)
    assert (answer.status_code, desk.asha.get("/responses").status_code) == (403, 200)


def test_a_form_too_large_to_be_one_is_refused_before_it_is_read(desk: Desk) -> None:
    answer = desk.asha.post("/sign-out", {"much": "x" * 4_000_001})
    assert answer.status_code == 413


def test_a_form_whose_answer_breaks_off_is_not_said_to_have_changed_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("UPDATE", {}, Exception("database is locked"))

    desk.office.receive(raw_email(to=REVIEW))
    desk.office.cycle()
    monkeypatch.setattr("intake.web.showing.leave_notice", break_off)
    answer = desk.asha.post("/responses/IEO-0001/status", {"status": "read", "version": "0"})
    assert (answer.status_code, desk.office.responses()[0].status) == (503, ResponseStatus.read)
    assert "Nothing was changed" not in answer.text
    assert "may have been done" in answer.text


def test_what_is_printed_of_an_error_holds_no_one_time_link(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_off(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("intake.web.pages.signing_in.open_link", break_off)
    assert desk.nobody.get("/link/the-token-of-a-link").status_code == 500
    printed = capsys.readouterr()
    assert "RuntimeError" in printed.out + printed.err
    assert "the-token-of-a-link" not in printed.out + printed.err


def test_an_address_that_does_not_exist_is_answered_with_a_page(desk: Desk) -> None:
    assert "There is no such page" in desk.asha.page("/nowhere", status=404).text()
    assert "There is no such page" in desk.nobody.page("/nowhere", status=404).text()


def test_a_session_ends_after_an_hour_without_use_and_after_twelve_hours_of_use(desk: Desk) -> None:
    from datetime import timedelta

    desk.office.now += timedelta(minutes=59)
    assert desk.asha.get("/responses").status_code == 200
    desk.office.now += timedelta(minutes=61)
    assert desk.asha.get("/responses").status_code == 303
    for _ in range(13):
        desk.office.now += timedelta(minutes=55)
        last = desk.adam.get("/responses").status_code
    assert last == 303
