"""The page of one response, its whole emails and its files, as officers open them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode
from sqlmodel import select

from intake.store.emails import InboundEmail
from intake.store.responses import Channel, Response
from tests.building import File, raw_email
from tests.databases import both_databases
from tests.people import ADAM, ASHA, BEN, CAROL, DAN, OLGA, REVIEW
from tests.web.desk import Desk, open_desk

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FILES: list[File] = [
    ("Governors’ answer – final.docx", DOCX, b"PK answer"),
    ("page.html", "text/html", b"<script>alert(1)</script>"),
    ("../../etc/passwd", "application/pdf", b"%PDF-1.7"),
]
FRAME = "iframe.app-email-frame"


@both_databases
def test_officer_sees_who_when_what_and_what_was_sent(tmp_path: Path) -> None:
    with _answered(tmp_path) as desk:
        page = desk.asha.page("/responses/IEO-0001")
    shown = _text(page)
    assert _text(page, "h1") == "Ben Hughes Heathfield Primary School"
    assert "Improving education outcomes · IEO-0001" in shown
    assert "Received 10:30am on Wednesday 12 February 2020: in time." in shown
    assert "The consultation closes at 11:59pm on Friday 28 February 2020." in shown
    assert [_clean(one.text()) for one in page.css(".app-standing .app-tag")] == ["In time", "Unread"]
    assert _one(page, "#words ~ .app-letter").text() == "We support it,\n  and more."
    assert [_clean(one.text()) for one in page.css(".app-thread__title")] == [
        "Email from Ben Hughes",
        "Acknowledgement to Ben Hughes",
    ]
    assert page.css_first(".app-thread a[href^='/outgoing/']") is not None
    assert "Intake recorded it." in _text(page, "#history")


def test_links_in_their_words_are_not_live(tmp_path: Path) -> None:
    with open_desk(tmp_path) as desk:
        _receive(desk, text="See https://evil.example/ <a href='https://evil.example/'>here</a> & <b>there</b>.")
        page = desk.asha.page("/responses/IEO-0001")
    assert _one(page, "#words ~ .app-letter").text() == (
        "See https://evil.example/ <a href='https://evil.example/'>here</a> & <b>there</b>."
    )
    assert not page.css("a[href*='evil']")


def test_former_reference_leads_to_the_present_one_with_the_filter(tmp_path: Path) -> None:
    with _answered(tmp_path) as desk:
        move = desk.adam.page("/responses/IEO-0001")
        version = _one(move, "input[name=version]").attributes["value"] or ""
        moved = desk.adam.post("/responses/IEO-0001/move", consultation="2", version=version)
        assert moved.status_code == 303
        answer = desk.adam.get("/responses/IEO-0001?status=unread")
        assert (answer.status_code, answer.headers["location"]) == (303, "/responses/ADM-0001?status=unread")
        assert desk.asha.get("/responses/IEO-0001").status_code == 404
        page = desk.olga.page("/responses/ADM-0001")
    assert "IEO-0001" in _text(page, ".app-facts")


def test_neighbours_are_those_of_the_filter_and_carry_it_along(tmp_path: Path) -> None:
    with open_desk(tmp_path) as desk:
        for number, sender in enumerate((BEN, CAROL, DAN)):
            _receive(desk, sender=sender, message_id=f"<{number}@x.example>")
            desk.office.now += timedelta(minutes=1)
        everything = desk.asha.page("/responses/IEO-0002")
        filtered = desk.asha.page("/responses/IEO-0002?q=Nothing+like+that&consultation=improving-education-outcomes")
    assert _links(everything) == {"prev": "/responses/IEO-0003", "next": "/responses/IEO-0001"}
    assert _links(filtered) == {}
    back = _one(filtered, ".govuk-back-link").attributes["href"] or ""
    assert back.startswith("/responses?")
    assert "Nothing+like+that" in back


def test_officers_see_each_other(tmp_path: Path) -> None:
    with _answered(tmp_path) as desk:
        assert not desk.asha.page("/responses/IEO-0001").css(".app-viewers")
        desk.office.now += timedelta(minutes=2)
        seen = desk.adam.page("/responses/IEO-0001")
    assert _text(seen, ".app-viewers") == "Asha Rahman opened this 2 minutes ago."


def test_flags_tags_duplicate_and_withdrawal_are_told_at_the_top(tmp_path: Path) -> None:
    with open_desk(tmp_path) as desk:
        _receive(desk)
        _receive(desk, text="Other words.", subject="Again")
        with desk.office.database.transaction() as session:
            first, second = session.exec(select(Response)).all()
            second.is_confidential = second.is_abusive = second.needs_reply = True
            second.withdrawn_at = desk.office.now
            second.possible_duplicate_of_id = first.id
        page = desk.asha.page("/responses/IEO-0002")
    tags = [_clean(one.text()) for one in page.css(".app-standing .app-tag")]
    assert tags == ["In time", "Unread", "Needs a reply", "Confidential", "Abusive", "Withdrawn"]
    assert "it is not counted" in _text(page, ".govuk-warning-text")
    assert page.css_first(".govuk-inset-text a[href='/responses/IEO-0001']") is not None


def test_letter_on_paper_has_its_page_too(tmp_path: Path) -> None:
    with open_desk(tmp_path) as desk:
        with desk.office.database.transaction() as session:
            said: dict[str, Any] = {"text": "We agree.", "own_words": "We agree."}
            letter = {"consultation_id": 1, "reference": "IEO-0007", "channel": Channel.letter, **said}
            session.add(Response(recorded_at=desk.office.now, **letter))
        page = desk.asha.page("/responses/IEO-0007")
    assert _text(page, "h1") == "Somebody who gave no name"
    assert "Nobody knows when it was received, so it is neither in time nor late." in _text(page)
    assert [_clean(one.text()) for one in page.css(".app-thread__title")] == ["Letter from somebody who gave no name"]
    assert not page.css("iframe, .app-whole")


def test_frame_may_do_nothing_and_is_filled_on_demand(tmp_path: Path) -> None:
    with _answered(tmp_path) as desk:
        frame = _one(desk.asha.page("/responses/IEO-0001"), FRAME)
        assert frame.attributes["sandbox"] in ("", None)
        assert frame.attributes["loading"] == "lazy"
        answer = desk.asha.get(frame.attributes["src"] or "")
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "img-src data:", "frame-ancestors 'self'", "sandbox"} <= set(policy)
    assert not [rule for rule in policy if rule.startswith(("script-src", "allow"))]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "We support it" in answer.text


def test_headers_are_shown_on_demand(tmp_path: Path) -> None:
    with _answered(tmp_path) as desk:
        page = desk.asha.page("/emails/1/headers")
    assert "Message-ID: <response-1@school.example>" in _text(page, ".app-headers").split("  ")[0]
    assert (_one(page, ".govuk-back-link").attributes["href"]) == "/responses/IEO-0001"


def test_original_is_the_email_to_the_byte(tmp_path: Path) -> None:
    with _answered(tmp_path) as desk:
        answer = desk.asha.get("/emails/1/original")
        [email] = desk.office.emails()
    assert hashlib.sha256(answer.content).hexdigest() == email.raw_sha256
    assert answer.headers["content-disposition"] == 'attachment; filename="email-1.eml"'
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_files_are_downloads_with_safe_names_and_kinds(tmp_path: Path) -> None:
    with _answered(tmp_path) as desk:
        page = desk.asha.page("/responses/IEO-0001")
        answers = [desk.asha.get(link.attributes["href"] or "") for link in page.css(".app-files a")]
    assert [answer.content for answer in answers] == [content for _, _, content in FILES]
    assert [answer.headers["content-disposition"] for answer in answers] == [
        "attachment; filename*=utf-8''Governors%E2%80%99%20answer%20%E2%80%93%20final.docx",
        'attachment; filename="page.html"',
        'attachment; filename="passwd"',
    ]
    kinds = [answer.headers["content-type"] for answer in answers]
    assert kinds == [DOCX, "application/octet-stream", "application/pdf"]
    for answer in answers:
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "Word document, 9 bytes" in _text(page, ".app-files")


@pytest.mark.parametrize("damage", ["missing", "torn"])
def test_missing_or_torn_file_costs_one_sentence_and_not_the_page(tmp_path: Path, damage: str) -> None:
    with _answered(tmp_path) as desk:
        _damage(desk, damage)
        page = desk.asha.page("/responses/IEO-0001")
        assert "We support it" in _text(page)
        assert "missing or damaged" in desk.asha.get("/emails/1/html").text
        assert "missing or damaged" in _text(desk.asha.page("/emails/1/headers"), ".govuk-inset-text")
        broken = desk.asha.page("/emails/1/original", status=500)
        assert "An administrator can restore it." in _text(broken)
        file = _one(page, ".app-files a").attributes["href"] or ""
        assert "cannot be downloaded" in _text(desk.asha.page(file, status=500), "h1")


def test_email_of_which_only_the_headers_are_here_says_so(tmp_path: Path) -> None:
    with _answered(tmp_path) as desk:
        with desk.office.database.transaction() as session:
            session.get_one(InboundEmail, 1).is_headers_only = True
        page = desk.asha.page("/responses/IEO-0001")
        assert not page.css(FRAME)
        assert "only its headers are here" in _text(page, ".app-whole")
        assert "only its headers are here" in desk.asha.get("/emails/1/html").text
        assert desk.asha.get("/emails/1/headers").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/responses/IEO-0001",
        "/emails/1/html",
        "/emails/1/headers",
        "/emails/1/original",
        "/attachments/1",
    ],
)
def test_only_those_given_the_consultation_see_any_of_it(tmp_path: Path, path: str) -> None:
    with _answered(tmp_path) as desk:
        assert [desk.sign_in(user).get(path).status_code for user in (ASHA, ADAM, OLGA)] == [200, 200, 404]
        assert desk.nobody.get(path).status_code == 303


@pytest.mark.parametrize(
    "path",
    [
        "/responses/IEO-0002",
        "/responses/%00",
        "/responses/..%2f..%2fetc",
        "/emails/999999999999/html",
        "/emails/x/html",
        "/attachments/-1",
        "/attachments/99999999999999999999",
    ],
)
def test_what_is_not_there_is_a_plain_page(tmp_path: Path, path: str) -> None:
    with _answered(tmp_path) as desk:
        assert desk.asha.get(path).status_code == 404


@contextmanager
def _answered(folder: Path) -> Iterator[Desk]:
    """A desk at which Ben's letter with three files has arrived."""
    with open_desk(folder) as desk:
        _receive(desk, text="We support it,\n  and more.\n", attachments=FILES)
        yield desk


def _receive(
    desk: Desk, *, sender: str = BEN, message_id: str = "<response-1@school.example>", **email: object
) -> None:
    given = {"sender": f"{sender.partition('@')[0].replace('.', ' ').title()} <{sender}>", "to": REVIEW, **email}
    desk.office.receive(raw_email(message_id=message_id, **given), received_at=desk.office.now)  # type: ignore[arg-type]
    desk.office.cycle()


def _damage(desk: Desk, damage: str) -> None:
    with desk.office.database.reading() as session:
        hashes = [session.get_one(InboundEmail, 1).raw_sha256, hashlib.sha256(FILES[0][2]).hexdigest()]
    for path in map(desk.office.files.path, hashes):
        if damage == "missing":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-1])


def _links(page: LexborHTMLParser) -> dict[str, str]:
    return {str(one.attributes["rel"]): str(one.attributes["href"]) for one in page.css(".app-neighbours a")}


def _one(page: LexborHTMLParser, selector: str) -> LexborNode:
    found = page.css_first(selector)
    assert found is not None, selector
    return found


def _text(page: LexborHTMLParser, selector: str = "main") -> str:
    return _clean(_one(page, selector).text(separator=" "))


def _clean(text: str) -> str:
    return " ".join(text.split())
