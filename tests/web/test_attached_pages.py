"""Emails within emails: read in a page at any depth, their files downloaded as safely as any, for those who may."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.store.reasons import Reason
from tests.building import raw_email
from tests.web.desk import Desk, open_desk
from tests.web.queue import one, text_of
from tests.web.understood_scene import ATTACHED, INNERMOST, MAP, hold, receive_with_attached_email


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        yield opened


def links(desk: Desk, path: str) -> list[str]:
    return [str(link.attributes["href"]) for link in desk.asha.page(path).css(".app-files a")]


def test_an_email_attached_to_a_response_is_read_in_a_page_and_so_is_what_it_holds(desk: Desk) -> None:
    attachment = receive_with_attached_email(desk)
    root = f"/attachments/{attachment.id}"
    assert f"{root}/email" in links(desk, "/responses/IEO-0001")
    text = text_of(desk.asha.page(f"{root}/email"))
    for words in (
        "What they wrote to us",
        "Wardens",
        "wardens@parish.example",
        "27 February 2020",
        "We were told this.",
    ):
        assert words in text
    assert links(desk, f"{root}/email") == [f"{root}/files/1", f"{root}/email/2", f"{root}/files/2"]
    inner = desk.asha.page(f"{root}/email/2")
    assert "Too few." in text_of(inner)
    assert one(inner, "nav[aria-label=Back] a").attributes["href"] == f"{root}/email"


def test_an_email_attached_to_a_held_one_is_read_before_it_is_decided(desk: Desk) -> None:
    held = hold(desk, "enigma", Reason.encrypted, attachments=[MAP, ATTACHED])
    root = f"/emails/{held}"
    assert links(desk, f"/held/{held}") == [f"{root}/files/1", f"{root}/attached/2", f"{root}/files/2"]
    assert links(desk, f"{root}/attached/2") == [f"{root}/files/2.1", f"{root}/attached/2.2", f"{root}/files/2.2"]
    inner = desk.asha.page(f"{root}/attached/2.2")
    assert "Too few." in text_of(inner)
    assert one(inner, "nav[aria-label=Back] a").attributes["href"] == f"{root}/attached/2"
    outer = one(desk.asha.page(f"{root}/attached/2"), "nav[aria-label=Back] a")
    assert outer.attributes["href"] == f"/held/{held}"


def test_files_within_are_sent_whole_as_downloads_and_never_shown(desk: Desk) -> None:
    held = hold(desk, "enigma", Reason.encrypted, attachments=[ATTACHED, ("a–b.html", "text/html", b"<script>")])
    for place, content, kind, name in (
        ("1.1", MAP[2], "application/pdf", "map.pdf"),
        ("1.2", INNERMOST, "application/octet-stream", "inner.eml"),
        ("2", b"<script>", "application/octet-stream", "a%E2%80%93b.html"),
    ):
        answer = desk.asha.get(f"/emails/{held}/files/{place}")
        assert answer.status_code == 200
        assert answer.content == content
        assert answer.headers["content-type"] == kind
        assert answer.headers["content-disposition"] == f"attachment; filename*=utf-8''{name}"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("place", ["0", "9", "1", "2.1.1", "2.9", "2..1", "-1", "x", "2." * 12 + "1", "99999999999"])
def test_what_is_not_there_or_no_email_is_not_found(desk: Desk, place: str) -> None:
    held = hold(desk, "enigma", Reason.encrypted, attachments=[MAP, ATTACHED])
    assert desk.asha.get(f"/emails/{held}/attached/{place}").status_code == 404


def test_an_attachment_that_is_no_email_has_no_page(desk: Desk) -> None:
    receive_with_attached_email(desk)
    assert desk.asha.get("/attachments/2").status_code == 200
    for path in ("/attachments/2/email", "/attachments/2/email/1", "/attachments/2/files/1"):
        assert desk.asha.get(path).status_code == 404


def test_only_those_who_may_see_the_response_or_the_email_see_what_is_within(desk: Desk) -> None:
    root = f"/attachments/{receive_with_attached_email(desk).id}"
    held = f"/emails/{hold(desk, 'enigma', Reason.encrypted, attachments=[ATTACHED])}"
    paths = [f"{root}/email", f"{root}/email/2", f"{root}/files/1", f"{held}/attached/1", f"{held}/files/1.1"]
    assert [desk.asha.get(path).status_code for path in paths] == [200] * 5
    assert [desk.olga.get(path).status_code for path in paths] == [404] * 5
    assert {desk.nobody.get(path).status_code for path in paths} == {303}


def test_hostile_words_within_stay_words(desk: Desk) -> None:
    hostile = raw_email(subject="<img src=x>", sender='"<b>" <x@y.example>', text="<script>alert(1)</script>")
    held = hold(desk, "enigma", Reason.encrypted, attachments=[("<i>.eml", "message/rfc822", hostile)])
    page = desk.asha.page(f"/emails/{held}/attached/1")
    assert "<script>alert(1)</script>" in text_of(page)
    assert not page.css("main img, main script, main b")


def test_a_file_that_only_says_it_is_an_email_is_shown_as_what_it_says(desk: Desk) -> None:
    held = hold(
        desk, "enigma", Reason.encrypted, attachments=[("letter.msg", "application/vnd.ms-outlook", b"\0" * 99)]
    )
    text = text_of(desk.asha.page(f"/emails/{held}/attached/1"))
    assert "An attached email" in text
    assert "It does not say" in text


def test_a_damaged_file_is_told_in_one_sentence(desk: Desk) -> None:
    attachment = receive_with_attached_email(desk)
    assert attachment.sha256 == hashlib.sha256(ATTACHED[2]).hexdigest()
    desk.office.files.path(attachment.sha256).unlink()
    assert "missing or damaged" in text_of(desk.asha.page(f"/attachments/{attachment.id}/email"))
    answer = desk.asha.get(f"/attachments/{attachment.id}/files/1")
    assert answer.status_code == 500
    assert "missing or damaged" in answer.text
