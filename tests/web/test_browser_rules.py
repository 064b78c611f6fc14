"""The form of a reminder rule in a browser: by its buttons alone, and with the dates following what is typed."""

from playwright.sync_api import expect

from intake.store.mailings import ReminderRule
from tests.people import ADAM
from tests.web.browser import PHONE, Front, assert_accessible, assert_fits
from tests.web.desk import REVIEW_SLUG

PAGE = f"/consultations/{REVIEW_SLUG}/reminders"


def test_rule_is_built_without_javascript_by_answering_the_questions_in_their_order(front: Front) -> None:
    page = front.open(PAGE, who=ADAM, javascript=False)
    page.get_by_role("link", name="Or make a rule of your own").click()
    page.get_by_label("All consultees, answered or not").check()
    page.get_by_label("How many").fill("5")
    page.get_by_label("Of which days").select_option("days, weekends too")
    page.get_by_label("At what time?").fill("21:00")
    page.get_by_role("button", name="Show the dates").click()
    expect(page.locator("#clock-error")).to_contain_text("9pm is in the quiet hours (8pm to 8am)")
    page.get_by_label("At what time?").fill("2:30pm")
    page.get_by_role("button", name="Show the dates").click()
    expect(page.locator("#dates")).to_contain_text("Friday 21 February 2020, 2:30pm")
    expect(page.locator("#dates")).to_contain_text("Moved from Sunday 23 February 2020")
    page.get_by_role("button", name="Add the rule").click()
    expect(page.locator(".app-calendar")).to_contain_text("5 days before it closes, at 2:30pm")
    assert [rule.amount for rule in front.office.rows(ReminderRule)] == [-5]


def test_dates_follow_what_is_typed_and_nothing_is_saved_by_that(front: Front) -> None:
    page = front.open(f"{PAGE}/new", who=ADAM)
    shown = page.locator("#dates-shown")
    expect(shown).to_contain_text("Friday 14 February 2020")
    page.get_by_label("How many").fill("3")
    expect(shown).to_contain_text("Tuesday 25 February 2020")
    page.get_by_label("How many").fill("400")
    expect(shown).to_contain_text("Enter a number of days from 0 to 366.")
    page.get_by_label("Every week").check()
    page.get_by_label("Wednesday").check()
    expect(shown).to_contain_text("Wednesday 19 February 2020")
    assert_accessible(page)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert_fits(page)
    assert front.office.rows(ReminderRule) == []
