"""Moving the closing time in two steps, reply templates, and days off."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.store.consultations import DeadlineChange, ReplyTemplate
from tests.building import raw_email
from tests.consulted import change, review_of
from tests.office import CLOSES_AT, DURING
from tests.people import ADAM, BEN, CAROL, REVIEW
from tests.web.desk import REVIEW_SLUG, Desk, Visitor, open_desk
from tests.web.looked import send_looked_at

PAGE = f"/consultations/{REVIEW_SLUG}"
WEEK_LATER = {"closes-day": "6", "closes-month": "3", "closes-year": "2020", "closes-clock": "11:59pm"}
CHECK = f"{PAGE}/closing/check?closes-day=6&closes-month=3&closes-year=2020&closes-clock=11:59pm"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Ben answered in time, Carol two days late."""
    with open_desk(tmp_path) as desk:
        for sender, received_at in ((BEN, DURING), (CAROL, CLOSES_AT + timedelta(days=2))):
            desk.office.now = received_at
            raw = raw_email(sender=sender, to=REVIEW, text=f"From {sender}.", message_id=f"<{sender}>")
            desk.office.receive(raw, received_at=received_at)
            desk.office.cycle()
        yield desk


@pytest.fixture
def adam(desk: Desk) -> Visitor:
    return desk.sign_in(ADAM)


def _text(tree: LexborHTMLParser, selector: str = "main") -> str:
    found = tree.css_first(selector)
    assert found is not None
    return " ".join(found.text().split())


def test_extension_is_shown_before_it_is_done(desk: Desk, adam: Visitor) -> None:
    check = adam.page(CHECK)
    told = _text(check)
    assert "Current closing time 11:59pm on Friday 28 February 2020" in told
    assert "New closing time 11:59pm on Friday 6 March 2020" in told
    effects = _text(check, "#effects")
    assert "The consultation is open again." in effects
    assert "1 response becomes in time instead of late." in effects
    assert "2 emails that were already sent named the old closing time." in effects
    assert [link.attributes["href"] for link in check.css("#turned + ul a")] == ["/responses/IEO-0002"]
    assert desk.office.rows(DeadlineChange) == []


def test_extension_is_done_with_its_reason_and_told_on_the_page(desk: Desk, adam: Visitor) -> None:
    version = adam.page(CHECK).css_first("form[method=post][action$=closing] [name=version]").attributes["value"] or ""  # type: ignore[union-attr]
    sent = {**WEEK_LATER, "version": version}
    without = adam.post(f"{PAGE}/closing", sent)
    assert without.status_code == 422
    assert "Enter why the closing time changes" in without.text
    page = adam.follow(adam.post(f"{PAGE}/closing", {**sent, "reason": "Two schools had no heating."}))
    assert "It closes at 11:59pm on Friday 6 March 2020 now. 2 people can be told" in _text(page)
    assert _text(page, "h1") == "Notice of the new closing time"
    page = adam.page(PAGE)
    assert "“Two schools had no heating.”" in _text(page)
    assert "Adam Clarke changed the closing time." in _text(page, ".app-history")
    assert len(desk.office.rows(DeadlineChange)) == 1


def test_who_knows_only_an_earlier_time_still_is_named_with_the_notice_for_them(desk: Desk, adam: Visitor) -> None:
    adam.post(f"{PAGE}/closing", {**WEEK_LATER, "version": "0", "reason": "Snow."})
    [first] = desk.office.rows(DeadlineChange)
    desk.office.now += timedelta(hours=1)
    raw = raw_email(sender=CAROL, to=REVIEW, text="Again.", message_id="<again@x.example>")
    desk.office.receive(raw, received_at=desk.office.now)
    desk.office.cycle()  # Carol's acknowledgement says the new time, and Ben still knows the first one only
    adam = desk.sign_in(ADAM)
    check = CHECK.replace("day=6", "day=9")
    effects = adam.page(check)
    assert "1 person who was told the old one" in _text(effects, "#effects")
    told = "1 person who was last told an earlier closing time, 11:59pm on Friday 28 February 2020, has not been told"
    assert told in _text(effects, "#effects")
    notice = f"{PAGE}/closing/notice?change={first.id}"
    assert effects.css_first(f"#effects a[href='{notice}']") is not None
    send_looked_at(adam, notice)
    assert "earlier closing time" not in _text(adam.page(check), "#effects")


def test_opening_again_after_the_outcome_was_told_is_warned_of(desk: Desk, adam: Visitor) -> None:
    assert "told the outcome already" not in _text(adam.page(CHECK))
    change(desk.office, review_of(desk.office), outcome_url="https://www.county.example/final-plan")
    send_looked_at(adam, f"{PAGE}/outcome")
    assert "2 people were told the outcome already." in _text(adam.page(CHECK))


def test_shortening_is_warned_of_separately(adam: Visitor) -> None:
    check = adam.page(CHECK.replace("day=6", "day=1").replace("month=3", "month=2"))
    assert "People lose time they were promised." in _text(check)
    assert "It closes on a Saturday" in _text(check)
    assert "1 response becomes late instead of in time." in _text(check, "#effects")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("closes-day=6&closes-month=3&closes-year=2020&closes-clock=midnight", "The closing time is at midnight"),
        ("closes-day=6&closes-month=3&closes-year=2020", "The closing time is a day without a time"),
        ("closes-day=28&closes-month=2&closes-year=2020&closes-clock=11:59pm", "This is the closing time it has"),
        ("closes-day=1&closes-month=1&closes-year=2020&closes-clock=5pm", "must be later than the opening time"),
    ],
)
def test_time_that_cannot_be_the_closing_time_is_asked_for_again(adam: Visitor, query: str, sentence: str) -> None:
    page = adam.page(f"{PAGE}/closing/check?{query}", status=422)
    assert sentence in _text(page, ".govuk-error-summary")
    assert page.css_first(f"[action='{PAGE}/closing/check']") is not None


def test_check_without_a_time_asks_for_one(adam: Visitor) -> None:
    assert adam.get(f"{PAGE}/closing/check").headers["location"] == f"{PAGE}/closing"


def test_second_of_two_who_extend_is_told_before_anything_moves_twice(desk: Desk, adam: Visitor) -> None:
    sent = {**WEEK_LATER, "version": "0", "reason": "First."}
    assert adam.post(f"{PAGE}/closing", sent).status_code == 303
    second = adam.post(f"{PAGE}/closing", {**sent, "closes-day": "7", "reason": "Second."})
    assert second.status_code == 409
    page = LexborHTMLParser(second.text)
    assert "Adam Clarke changed the closing time. That was at" in _text(page)
    assert _text(page, "textarea") == "Second."
    assert len(desk.office.rows(DeadlineChange)) == 1


def test_consultation_is_closed_now_with_a_reason(desk: Desk) -> None:
    desk.office.now = DURING
    adam = desk.sign_in(ADAM)
    assert "The consultation is closed from now on." in _text(adam.page(f"{PAGE}/close"), "#effects")
    page = adam.follow(adam.post(f"{PAGE}/close", version="0", reason="The draft was withdrawn."))
    assert "It closes within a minute: its closing time is 10:30am on Wednesday 12 February 2020." in _text(page)
    assert "Close it now" not in _text(page)


def test_reply_template_is_written_and_its_mistake_told(desk: Desk, adam: Visitor) -> None:
    wrong = adam.post("/reply-templates/new", name="Thanks", text="Dear {{ name }}", consultation="")
    assert wrong.status_code == 422
    assert "it asks for “name”" in wrong.text
    assert "Dear {{ name }}" in wrong.text
    text = "Dear {{ respondent_name }},\nthank you."
    page = adam.follow(adam.post("/reply-templates/new", name="Thanks", text=text, consultation=REVIEW_SLUG))
    assert "For Improving education outcomes" in _text(page)
    own = f"/reply-templates/{desk.office.rows(ReplyTemplate)[0].id}"
    seen = adam.page(own).css_first("[name=seen]").attributes["value"] or ""  # type: ignore[union-attr]
    fields = {"name": "Thank you", "text": text, "consultation": "", "seen": seen}
    assert "For all consultations" in _text(adam.follow(adam.post(own, fields)))
    late = adam.post(own, {**fields, "text": "Mine."})
    assert "Somebody else changed this template" in late.text
    assert "was removed" in _text(adam.follow(adam.post(f"{own}/remove")))


def test_days_off_are_added_beside_the_bank_holidays_and_removed(adam: Visitor) -> None:
    assert "Friday 10 April 2020: Good Friday" in _text(adam.page("/days-off"))
    day = {"day-day": "17", "day-month": "2", "day-year": "2020", "name": "Half term"}
    page = adam.follow(adam.post("/days-off", day))
    assert "Monday 17 February 2020 Half term" in _text(page)
    again = adam.post("/days-off", day)
    assert again.status_code == 422
    assert "This day is already in the list." in again.text
    assert "was removed" in _text(adam.follow(adam.post("/days-off/2020-02-17/remove")))
    assert adam.post("/days-off/2020-02-17/remove").status_code == 404
    assert adam.post("/days-off/soon/remove").status_code == 404
