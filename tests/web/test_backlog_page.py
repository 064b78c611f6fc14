"""The acknowledgements that are held: seen as a list, then released or cancelled by an administrator."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intake import jobs
from tests.building import raw_email
from tests.people import ADAM, ADMISSIONS, BEN, CAROL, DAN, REVIEW
from tests.web.desk import Desk, open_desk
from tests.web.queue import one, text_of


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """What Ben and Carol wrote lay there before the mailboxes were first read."""
    with open_desk(tmp_path, polled=False) as opened:
        for number, (sender, to) in enumerate(((BEN, REVIEW), (CAROL, REVIEW), (DAN, ADMISSIONS))):
            mailbox = "admissions" if to == ADMISSIONS else "review"
            opened.office.receive(raw_email(sender=sender, to=to, message_id=f"<{number}@x.example>"), mailbox=mailbox)
        opened.office.cycle()
        yield opened


def test_the_list_shows_everybody_who_would_be_written_to(desk: Desk) -> None:
    page = desk.adam.page("/held/backlog")
    said = text_of(page)
    for words in (BEN, CAROL, DAN, "mailbox review", "mailbox admissions", "IEO-0001", "Held acknowledgements (3)"):
        assert words in said
    assert [button.text().strip() for button in page.css("form button[value=release]")] == [
        "Release 2 acknowledgements",
        "Release 1 acknowledgement",
    ]
    assert "3 outgoing emails are held too" in text_of(desk.adam.page("/held"))


def test_an_administrator_releases_those_listed_and_no_others(desk: Desk) -> None:
    page = desk.adam.page("/held/backlog")
    listed = one(page, "input[name=listed]").attributes["value"] or ""
    desk.office.receive(raw_email(sender="late@x.example", to=REVIEW, message_id="<9@x.example>"))
    answer = desk.adam.post("/held/backlog", {"listed": listed, "act": "release"})
    assert "2 emails are released and will be sent." in text_of(desk.adam.follow(answer))
    jobs.send(desk.office.this)
    assert sorted(sent.recipient for sent in desk.office.sender.sent) == sorted([BEN, CAROL])
    assert {entry.actor for entry in desk.office.history("queued") if entry.detail.get("from") == "held"} == {
        desk.users[ADAM].actor
    }


def test_cancelled_ones_are_never_sent(desk: Desk) -> None:
    page = desk.adam.page("/held/backlog")
    listed = one(page, "input[name=listed]").attributes["value"] or ""
    answer = desk.adam.post("/held/backlog", {"listed": listed, "act": "cancel"})
    assert "2 emails are cancelled" in text_of(desk.adam.follow(answer))
    # Once more, from a page left open: there is nothing of it left to act on.
    answer = desk.adam.post("/held/backlog", {"listed": listed, "act": "release"})
    assert "0 emails are released" in text_of(desk.adam.follow(answer))
    jobs.send(desk.office.this)
    assert desk.office.sender.sent == []


def test_the_list_is_no_officers(desk: Desk) -> None:
    assert desk.asha.get("/held/backlog").status_code == 403
    assert desk.asha.post("/held/backlog", {"listed": "1", "act": "release"}).status_code == 403
    assert desk.asha.page("/held").css("a[href='/held/backlog']") == []


def test_nothing_is_held_where_everything_was_answered(tmp_path: Path) -> None:
    with open_desk(tmp_path / "other") as desk:
        assert "No outgoing email is held." in text_of(desk.adam.page("/held/backlog"))
