"""The documents of a consultation: kept by an administrator, downloaded by anybody."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.store.mailings import ConsultationDocument
from tests.office import OPENS_AT
from tests.people import ASHA, OLGA
from tests.web.desk import REVIEW_SLUG, Desk, open_desk
from tests.web.shown import form_of, text_of

PAGE = f"/consultations/{REVIEW_SLUG}/documents"
PDF = b"%PDF-1.4 the draft"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def _add_file(desk: Desk, content: bytes = PDF, filename: str = "The draft.pdf") -> LexborHTMLParser:
    fields = form_of(desk.adam.page(PAGE), PAGE) | {"name": "The draft"}
    return desk.adam.follow(desk.adam.send(PAGE, fields, filename, content))


def test_file_is_added_and_anybody_downloads_it(desk: Desk) -> None:
    assert "“The draft” was added." in text_of(_add_file(desk))
    answer = desk.nobody.get("/documents/1")
    assert (answer.status_code, answer.content) == (200, PDF)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''The%20draft.pdf"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_file_that_could_act_in_a_browser_is_only_bytes(desk: Desk) -> None:
    _add_file(desk, b"<script>alert(1)</script>", "page.html")
    assert desk.nobody.get("/documents/1").headers["content-type"] == "application/octet-stream"


def test_page_elsewhere_is_listed_and_is_no_download(desk: Desk) -> None:
    fields = form_of(desk.adam.page(PAGE), PAGE) | {"name": "The website", "url": "https://www.county.example/review"}
    page = desk.adam.follow(desk.adam.post(PAGE, fields))
    assert page.css_first("dd a[href='https://www.county.example/review']") is not None
    assert desk.nobody.get("/documents/1").status_code == 404


def test_before_the_opening_only_those_who_prepare_it_can_fetch_it(desk: Desk) -> None:
    _add_file(desk)
    desk.office.now = OPENS_AT - timedelta(days=1)
    early = desk.nobody.get("/documents/1")
    assert (early.status_code, "once the consultation has opened" in early.text) == (404, True)
    assert desk.sign_in(ASHA).get("/documents/1").content == PDF
    assert desk.sign_in(OLGA).get("/documents/1").status_code == 404


def test_document_is_changed_moved_and_removed(desk: Desk) -> None:
    _add_file(desk)
    _add_file(desk, PDF, "second.pdf")
    own = f"{PAGE}/2"
    moved = desk.adam.post(f"{own}/move", form_of(desk.adam.page(PAGE), f"{own}/move") | {"to": "up"})
    assert "“The draft” is number 1 now." in text_of(desk.adam.follow(moved))
    fields = form_of(desk.adam.page(own), own)
    desk.adam.follow(desk.adam.send(own, fields | {"name": "The second draft"}, "newer.pdf", b"%PDF-1.4 newer"))
    assert desk.nobody.get("/documents/2").content == b"%PDF-1.4 newer"
    assert desk.adam.post(own, fields).status_code == 409
    removal = form_of(desk.adam.page(own), f"{own}/remove")
    assert "“The second draft” was removed." in text_of(desk.adam.follow(desk.adam.post(f"{own}/remove", removal)))
    assert desk.nobody.get("/documents/2").status_code == 404


def test_mistakes_are_told_beside_their_fields(desk: Desk) -> None:
    answer = desk.adam.post(PAGE, name="", url="", version="0")
    assert answer.status_code == 422
    page = LexborHTMLParser(answer.text)
    links = [one.attributes.get("href") or "" for one in page.css(".govuk-error-summary a")]
    assert links == ["#name", "#file"]
    assert all(page.css_first(f"form {link}") is not None for link in links)


def test_officer_reads_the_list_and_changes_nothing(desk: Desk) -> None:
    _add_file(desk)
    assert "The draft.pdf" in text_of(desk.asha.page(PAGE))
    assert desk.asha.page(PAGE).css_first("main form") is None
    assert desk.asha.send(PAGE, {"name": "Other", "version": "1"}, "a.pdf", PDF).status_code == 403
    assert desk.olga.get(PAGE).status_code == 404


def test_public_download_answers_head_and_sets_no_cookie(desk: Desk) -> None:
    _add_file(desk)
    for method in ("HEAD", "GET"):
        answer = desk.nobody.ask(method, "/documents/1")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert answer.headers["content-length"] == str(len(PDF))
        assert "set-cookie" not in answer.headers
    assert desk.nobody.ask("HEAD", "/documents/1").content == b""
    assert "set-cookie" not in desk.nobody.get("/documents/2").headers


def test_file_that_is_missing_is_told_without_its_place(desk: Desk) -> None:
    _add_file(desk)
    [row] = desk.office.rows(ConsultationDocument)
    desk.office.files.path(row.sha256 or "").unlink()
    answer = desk.nobody.get("/documents/1")
    assert (answer.status_code, "missing or damaged" in answer.text) == (500, True)
    assert (row.sha256 or "") not in answer.text
