"""An administrator's way from a list of schools to a reminder that moves with the closing time, in Chromium.

By mouse, with the keyboard alone, without JavaScript and on a phone.
"""

import email
import email.policy
from email.message import EmailMessage

from playwright.sync_api import expect

from tests.building import raw_email
from tests.people import ADAM, BEN, CAROL, REVIEW
from tests.web.browser import Front, assert_accessible
from tests.web.desk import REVIEW_SLUG
from tests.web.hands import Mouse
from tests.web.test_browser_journeys import ON_A_PHONE, WITH_KEYBOARD, WITH_MOUSE, WITHOUT_JAVASCRIPT, Way, ways

OWN = f"/consultations/{REVIEW_SLUG}"
BRYN = "pennaeth@bryn.example"
SCHOOLS = f"""School,Group,URN,Email,Language
Heathfield Primary School,school,137204,{BEN},English
Ysgol Bryn,school,137205,{BRYN},Welsh
"""
CALENDAR = ".app-calendar tbody"


@ways(WITH_MOUSE, WITH_KEYBOARD, WITHOUT_JAVASCRIPT, ON_A_PHONE)
def test_an_administrator_reminds_exactly_those_who_have_not_answered(front: Front, way: Way) -> None:
    front.office.receive(raw_email(sender=f"Ben Hughes <{BEN}>", to=REVIEW))
    front.office.cycle()
    hands = way.begin(front, f"{OWN}/consultees", who=ADAM)
    for step in (_imports_the_list, _builds_a_rule, _sees_who_gets_it):
        step(hands)
        if way.javascript:  # axe itself is a script
            assert_accessible(hands.page)
    _looks_at_the_email_and_tests_it(front, hands)
    _extends_and_tells_everybody(front, hands)


def _imports_the_list(hands: Mouse) -> None:
    page = hands.page
    hands.follow("Import a list")
    page.get_by_label("The list").set_input_files(
        {"name": "schools.csv", "mimeType": "text/csv", "buffer": SCHOOLS.encode()}
    )
    hands.press("Look at it")
    assert "1 consultee would be added" in page.inner_text("#summary")
    assert "1 consultee would be changed" in page.inner_text("#summary")
    hands.press("Import 2 consultees")
    assert "1 consultee added, 1 changed." in page.inner_text("main")


def _builds_a_rule(hands: Mouse) -> None:
    page = hands.page
    page.goto(f"{OWN}/reminders")
    hands.follow("Or make a rule of your own")
    hands.write("How many", "5")
    hands.write("What is it called?", "Last week")
    hands.press("Show the dates")
    assert "Friday 21 February 2020" in page.inner_text("#dates-shown")
    assert "2 people get it" in page.inner_text("#dates-shown")
    hands.write("At what time?", "9pm")
    hands.press("Add the rule")
    assert "There is a problem" in page.inner_text("main"), "9pm is in the quiet hours"
    hands.write("At what time?", "9am")
    hands.press("Add the rule")
    assert "21 February 2020" in page.inner_text(CALENDAR)


def _sees_who_gets_it(hands: Mouse) -> None:
    hands.follow("who gets Last week")
    rows = {row.split("\n")[0]: row for row in hands.page.locator("main tbody tr").all_inner_texts()}
    [ben, carol, bryn] = (next(row for row in rows.values() if address in row) for address in (BEN, CAROL, BRYN))
    assert "Answered on Wednesday 12 February 2020 by email (IEO-0001)." in ben
    assert "Yes" in carol
    assert "Yes" in bryn


def _looks_at_the_email_and_tests_it(front: Front, hands: Mouse) -> None:
    page = hands.page
    hands.follow(f"to {CAROL}")
    assert "11:59pm on Friday 28 February 2020" in page.inner_text(".app-letter")
    page.go_back()
    hands.follow(f"to {BRYN}")
    assert "11:59pm ddydd Gwener 28 Chwefror 2020" in page.inner_text(".app-letter"), (
        "Ysgol Bryn is written to in Welsh"
    )
    hands.press("Send a test to me")
    front.office.cycle()
    sent = front.office.sender.sent[-1]
    assert sent.recipient == ADAM
    assert "28 Chwefror 2020" in _words(sent.raw)


def _extends_and_tells_everybody(front: Front, hands: Mouse) -> None:
    page = hands.page
    page.goto(OWN)
    hands.follow("Extend or move the closing time")
    for part, text in (("Day", "6"), ("Month", "3"), ("Year", "2020"), ("Time", "11:59pm")):
        hands.write(part, text)
    hands.press("See what it changes")
    moved = page.inner_text("#rules tbody")
    assert moved.index("9am on Friday 21 February 2020") < moved.index("9am on Friday 28 February 2020")
    assert "offered a notice of it to 1 person" in page.inner_text("#effects")
    hands.write("Why does the closing time change?", "Two schools had no heating for a week.")
    hands.press("Change the closing time")
    expect(page.get_by_role("heading", level=1)).to_have_text("Notice of the new closing time")
    assert BEN in page.inner_text("#gets")
    hands.press("Send 1 notice")
    front.office.cycle()
    notice = front.office.sender.sent[-1]
    assert notice.recipient == BEN
    assert "11:59pm on Friday 6 March 2020" in _words(notice.raw)
    page.goto(f"{OWN}/reminders")
    assert "28 February 2020" in page.inner_text(CALENDAR)
    assert "21 February 2020" not in page.inner_text(CALENDAR)


def _words(raw: bytes) -> str:
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    body = read.get_body(("plain",))
    assert body
    return str(body.get_content())
