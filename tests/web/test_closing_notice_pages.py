"""The notice of a moved closing time: offered to whoever was told the old one, once for each change."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake import jobs
from intake.store.consultations import DeadlineChange
from intake.store.emails import OutgoingStatus
from intake.store.mailings import Mailing
from tests.building import raw_email
from tests.consulted import THREE_RULES, add_rule, reminders, review_of
from tests.office import CLOSES_AT
from tests.outbound.mailed import opt_out_of
from tests.people import ADAM, BEN, CAROL, DAN, REVIEW
from tests.web.desk import ADMISSIONS_SLUG, REVIEW_SLUG, Desk, open_desk
from tests.web.looked import mailed, send_looked_at, text_of

OWN = f"/consultations/{REVIEW_SLUG}"
PAGE = f"{OWN}/closing/notice"
LATER, LATEST, EARLIER = ("6", "3"), ("20", "3"), ("20", "2")
"""Day and month of 2020, at 11:59pm."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Ben and Carol were invited, so that both know the closing time; Dan, who was not, wrote and was told it too."""
    with open_desk(tmp_path) as desk:
        send_looked_at(desk.adam, f"{OWN}/invitations")
        desk.office.receive(raw_email(sender=DAN, to=REVIEW))
        desk.office.cycle()
        yield desk


def _typed(to: tuple[str, str]) -> dict[str, str]:
    return {"closes-day": to[0], "closes-month": to[1], "closes-year": "2020", "closes-clock": "11:59pm"}


def _move(desk: Desk, to: tuple[str, str]) -> LexborHTMLParser:
    """Where Adam comes when he has moved the closing time."""
    adam = desk.sign_in(ADAM)
    version = str(review_of(desk.office).version)
    return adam.follow(adam.post(f"{OWN}/closing", {**_typed(to), "version": version, "reason": "No heating."}))


def _check(desk: Desk, to: tuple[str, str]) -> LexborHTMLParser:
    query = "&".join(f"{name}={value}" for name, value in _typed(to).items())
    return desk.sign_in(ADAM).page(f"{OWN}/closing/check?{query}")


def _told(desk: Desk) -> list[str]:
    return [row.recipient_address for row in mailed(desk, "deadline-extended")]


def test_page_before_the_change_says_who_was_told_and_which_reminders_move(desk: Desk) -> None:
    for name, schedule in THREE_RULES.items():
        add_rule(desk.office, name, schedule)
    page = _check(desk, LATER)
    effects = text_of(page, "#effects")
    assert "you are offered a notice of it to 3 people who were told the old one." in effects
    assert "The due days of 3 reminder rules move." in effects
    rules = [" ".join(row.text().split()) for row in page.css("#rules tbody tr")]
    assert rules[0] == "First reminder 9am on Friday 14 February 2020 9am on Friday 21 February 2020"
    assert rules[2] == "Last reminder 9am on Thursday 27 February 2020 9am on Thursday 5 March 2020"


def test_day_that_an_earlier_closing_time_puts_into_the_past_is_said_to_get_nothing(desk: Desk) -> None:
    add_rule(desk.office, "First reminder", THREE_RULES["First reminder"])
    [row] = _check(desk, EARLIER).css("#rules tbody tr")
    assert "9am on Thursday 6 February 2020: over by then, so nothing is sent" in " ".join(row.text().split())


def test_reminders_that_wait_are_cancelled_with_the_change_as_the_page_said(desk: Desk) -> None:
    add_rule(desk.office, "Last reminder", THREE_RULES["Last reminder"])
    desk.office.now = CLOSES_AT.replace(day=27, hour=9, minute=1)
    jobs.remind(desk.office.this)
    waiting = [row for row in reminders(desk.office) if row.kind == "reminder"]
    assert [row.status for row in waiting] == [OutgoingStatus.queued] * 2
    page = _check(desk, LATER)
    assert "2 reminders that wait to be sent are cancelled" in text_of(page, "#effects")
    assert "9am on Thursday 27 February 2020: 2 emails cancelled" in text_of(page, "#rules")
    _move(desk, LATER)
    after = [row for row in reminders(desk.office) if row.kind == "reminder"]
    assert {(row.status, row.reason) for row in after} == {(OutgoingStatus.cancelled, "closing-moved")}


def test_notice_goes_to_all_who_were_told_the_old_time_and_tells_both(desk: Desk) -> None:
    page = _move(desk, LATER)
    assert text_of(page, "h1") == "Notice of the new closing time"
    assert "3 people get it." in text_of(page)
    assert all(address in text_of(page, "#gets") for address in (BEN, CAROL, DAN))
    letter = text_of(page, ".app-letter")
    assert "now 11:59pm on Friday 6 March 2020" in letter
    assert "11:59pm on Friday 28 February 2020" in letter
    assert "3 notices are queued." in text_of(send_looked_at(desk.adam, PAGE))
    desk.office.cycle()
    assert sorted(_told(desk)) == sorted([BEN, CAROL, DAN])
    assert {row.status for row in mailed(desk, "deadline-extended")} == {OutgoingStatus.sent}
    mailing = desk.office.rows(Mailing)[-1]
    assert mailing.deadline_change_id == desk.office.rows(DeadlineChange)[0].id


def test_nobody_is_told_of_the_same_change_twice(desk: Desk) -> None:
    _move(desk, LATER)
    send_looked_at(desk.adam, PAGE)
    page = desk.adam.page(PAGE)
    assert "Nobody gets it, 3 others do not." in text_of(page)
    assert "They were sent this already." in text_of(page, "#not")


def test_next_change_is_told_to_those_who_know_the_time_before_it(desk: Desk) -> None:
    _move(desk, LATER)
    opt_out_of(desk.office, CAROL)
    send_looked_at(desk.adam, PAGE)
    desk.office.cycle()
    page = _move(desk, LATEST)
    assert "2 people get it." in text_of(page)
    assert "11:59pm on Friday 6 March 2020" in text_of(page, ".app-letter")
    first = desk.office.rows(DeadlineChange)[0]
    older = desk.adam.page(f"{PAGE}?change={first.id}")
    assert "The closing time has moved again since this change." in text_of(older)
    assert "They asked for no more of these emails." in text_of(older, "#not")


def test_earlier_change_that_nobody_was_told_of_is_told_with_the_time_people_know(desk: Desk) -> None:
    _move(desk, LATER)
    page = _move(desk, LATEST)
    assert text_of(page, "h1") != "Notice of the new closing time"
    first = desk.office.rows(DeadlineChange)[0]
    older = desk.adam.page(f"{PAGE}?change={first.id}")
    letter = text_of(older, ".app-letter")
    assert "now 11:59pm on Friday 20 March 2020" in letter
    assert "11:59pm on Friday 28 February 2020" in letter
    send_looked_at(desk.adam, f"{PAGE}?change={first.id}")
    desk.office.cycle()
    assert {
        letter.text for letter in mailed(desk, "deadline-extended") if "28 February" not in (letter.text or "")
    } == set()


def test_nothing_is_sent_after_the_closing_time(desk: Desk) -> None:
    _move(desk, LATER)
    desk.office.now = CLOSES_AT + timedelta(days=8)
    adam = desk.sign_in(ADAM)
    assert "no notice is sent after that" in text_of(adam.page(PAGE))
    assert adam.post(PAGE, seen="").status_code == 422


def test_closing_time_in_the_past_is_told_to_nobody_and_the_page_says_so_before(desk: Desk) -> None:
    assert "Nothing can be sent to those people by a notice" in text_of(desk.adam.page(f"{OWN}/close"), "#effects")
    answer = desk.adam.post(f"{OWN}/close", version="0", reason="The draft was withdrawn.")
    assert answer.headers["location"] == OWN


def test_change_of_another_consultation_is_not_found(desk: Desk) -> None:
    _move(desk, LATER)
    assert desk.adam.get(f"/consultations/{ADMISSIONS_SLUG}/closing/notice?change=1").status_code == 404
    page = desk.adam.page(f"/consultations/{ADMISSIONS_SLUG}/closing/notice")
    assert "has never moved" in text_of(page)
