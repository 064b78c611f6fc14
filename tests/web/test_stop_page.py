"""The page behind the link in every mailing: it asks, acts on POST alone, and needs nothing but its address."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.store.emails import OutgoingStatus
from intake.store.people import OptOut
from tests.office import Office
from tests.outbound.mailed import add_mailed, outgoing, set_language
from tests.people import CAROL
from tests.web.desk import Desk, open_desk

PAGE = "/stop/token-of-email-number-0001"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An invitation with its link went to Carol, and a reminder waits."""
    with open_desk(tmp_path) as desk:
        add_mailed(desk.office, kind="invitation", status=OutgoingStatus.sent, sent_at=desk.office.now)
        add_mailed(desk.office)
        yield desk


def _wishes(office: Office) -> list[tuple[str, bool]]:
    """Each address that opted out, and whether that stands."""
    return [(row.address, row.undone_at is None) for row in office.rows(OptOut)]


def _text(text: str, selector: str = "main") -> str:
    found = LexborHTMLParser(text).css_first(selector)
    assert found is not None
    return " ".join(found.text().split())


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_opening_the_link_stops_nothing_however_often_a_scanner_does_it(desk: Desk, method: str) -> None:
    for _ in range(3):
        desk.nobody.ask(method, PAGE)
    assert _wishes(desk.office) == []
    assert outgoing(desk.office, desk.office.outgoing()[1]).status is OutgoingStatus.queued


def test_page_asks_and_says_what_stops_and_what_does_not(desk: Desk) -> None:
    answer = desk.nobody.get(PAGE)
    text = _text(answer.text)
    assert "Stop emails about this consultation" in text
    assert "no more invitations, reminders or notices about this consultation to c…s@larkmead.example" in text
    assert CAROL not in answer.text
    assert "a response that was sent counts just the same" in text
    assert "We still acknowledge what you send us" in text


def test_page_is_kept_by_nobody_told_to_nobody_and_sets_no_cookie(desk: Desk) -> None:
    headers = desk.nobody.get(PAGE).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex"
    assert "set-cookie" not in headers


def test_button_acts_at_once_and_offers_to_take_it_back(desk: Desk) -> None:
    answer = desk.nobody.post_bare(PAGE, {"act": "stop"}, origin="null")
    assert answer.status_code == 200
    assert "You will get no more of these emails" in _text(answer.text)
    assert _wishes(desk.office) == [(CAROL, True)]
    assert desk.office.outgoing()[1].status is OutgoingStatus.cancelled
    assert "You will get no more of these emails" in _text(desk.nobody.get(PAGE).text)
    answer = desk.nobody.post_bare(PAGE, {"act": "undo"})
    assert "You will get these emails again" in _text(answer.text)
    assert _wishes(desk.office) == [(CAROL, False)]
    assert "Stop emails about this consultation" in _text(desk.nobody.get(PAGE).text)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://mail.provider.example", "sec-fetch-site": "cross-site"},
        {"content-type": "application/x-www-form-urlencoded"},
    ],
)
def test_one_click_of_a_mail_provider_needs_neither_cookie_origin_nor_form_token(
    desk: Desk, headers: dict[str, str]
) -> None:
    answer = desk.nobody.post_bare(PAGE, {"List-Unsubscribe": "One-Click"}, **headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert _wishes(desk.office) == [(CAROL, True)]


def test_one_click_in_parts_counts_too(desk: Desk) -> None:
    body = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    answer = desk.nobody.ask("POST", PAGE, body.encode(), **{"content-type": "multipart/form-data; boundary=b"})
    assert (answer.status_code, _wishes(desk.office)) == (200, [(CAROL, True)])


def test_twice_is_once_and_a_later_click_does_not_undo_it(desk: Desk) -> None:
    for _ in range(2):
        assert desk.nobody.post_bare(PAGE, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert _wishes(desk.office) == [(CAROL, True)]
    assert len(desk.office.history("opted-out")) == 1


@pytest.mark.parametrize(
    "path", ["/stop/unknown", "/stop/token-of-email-number-9999", "/stop/%00", "/stop/" + "x" * 900]
)
def test_unknown_link_is_said_to_be_unknown_and_whom_to_ask(desk: Desk, path: str) -> None:
    for answer in (desk.nobody.get(path), desk.nobody.post_bare(path, {"List-Unsubscribe": "One-Click"})):
        assert answer.status_code == 404
        assert "We do not know this link" in _text(answer.text, "h1")
        assert "answer the email and say so" in _text(answer.text)
    assert _wishes(desk.office) == []


def test_link_of_a_test_email_is_said_to_be_one(desk: Desk) -> None:
    assert "This link is from a test" in _text(desk.nobody.page("/stop/test", status=404).html or "", "h1")


def test_page_is_in_welsh_for_those_who_are_written_to_in_welsh(desk: Desk) -> None:
    set_language(desk.office, CAROL, "cy")
    tree = LexborHTMLParser(desk.nobody.get(PAGE).text)
    assert tree.css_first("html[lang=cy] h1") is not None
    assert "Peidiwch ag anfon y negeseuon hyn" in tree.text()
    assert "Ymatebion i ymgynghoriadau" in _text(tree.html or "", "title")


def test_page_in_welsh_can_be_read_in_english_and_back(desk: Desk) -> None:
    set_language(desk.office, CAROL, "cy")
    english = LexborHTMLParser(desk.nobody.get(f"{PAGE}?language=en").text)
    assert english.css_first("html[lang=en] a[lang=cy][href='?language=cy']") is not None
    assert "Stop emails about this consultation" in _text(english.html or "")
    assert "Read this page in English" in _text(desk.nobody.get(PAGE).text)
    answer = desk.nobody.post_bare(f"{PAGE}?language=en", {"act": "stop"})
    assert "You will get no more of these emails" in _text(answer.text)


def test_page_in_english_offers_no_welsh_to_those_who_are_written_to_in_english(desk: Desk) -> None:
    assert "Gymraeg" not in desk.nobody.get(PAGE).text


def test_no_other_form_is_taken_without_its_token(desk: Desk) -> None:
    for path in ("/sign-in", "/sign-out", "/link/guessed", "/stop"):
        assert desk.nobody.post_bare(path, {"List-Unsubscribe": "One-Click"}).status_code in (401, 403, 404, 405)


def test_link_is_not_printed_when_its_page_breaks_off(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_off(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("intake.web.pages.stop.by_token", break_off)
    assert desk.nobody.get(PAGE).status_code == 500
    printed = capsys.readouterr()
    assert "/stop/…" in printed.out + printed.err
    assert "token-of-email" not in printed.out + printed.err
