"""Draws docs/screenshots anew, from the pages of the running demo: `make screenshots`. No test."""

import re
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, FilePayload, Page

from tests.test_demo import RunningDemo
from tests.web.browser import open_chromium

FOLDER = Path(__file__).parent.parent.parent / "docs" / "screenshots"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
TALLEST = 1700  # pixels; below it a page only goes on
CONSULTATION = "/consultations/improving-education-outcomes"
EXPORT = """Response ID,Submitted,Your name,Your email,Answering as,Group,Publish?,Anything else?
R-101,{day} 09:30,Ben Hughes,ben.hughes@heathfield.example,On behalf of a school,School,Yes,The first year needs more.
R-102,{day} 21:05,,,As an individual,School,No,Later buses home.
R-103,some day,,,As an individual,Resident,No,More time to answer.
"""
RESPOND = "/respond/improving-education-outcomes"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, RunningDemo(Path(folder)) as demo, open_chromium() as browser:
        officer, administrator = dict.fromkeys(re.findall(r"http://127\.0\.0\.1:\d+/link/\S+", demo.shown))
        asha, adam = _sign_in(browser, officer), _sign_in(browser, administrator)
        _draw(asha, "overview", "/")
        _draw(asha, "log", "/responses")
        _draw(asha, "response", _first(asha, "/responses?q=buses", "tbody th a"))
        _draw(asha, "held", "/held")
        _draw(asha, "held-email", _first(asha, "/held", "tbody th a"))
        _draw(adam, "consultation", CONSULTATION)
        _draw(adam, "extend", f"{CONSULTATION}/closing/check?{_in_six_weeks()}")
        _draw(adam, "reminders", f"{CONSULTATION}/reminders")
        _draw(adam, "recipients", _first(adam, f"{CONSULTATION}/reminders", "td a[href*='/recipients']"))
        _draw(asha, "consultees", f"{CONSULTATION}/consultees")
        _draw(adam, "questions", f"{CONSULTATION}/questions")
        _import(adam)
        _respond(browser, _base(asha))


def _sign_in(browser: Browser, link: str) -> Page:
    page = browser.new_page()
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    return page


def _import(page: Page) -> None:
    """What an export of another platform would do."""
    page.goto(f"{_base(page)}{CONSULTATION}/import")
    lately = date.today() - timedelta(days=2)  # noqa: DTZ011  # a day on which the demo's consultation is open
    export = FilePayload(name="export.csv", mimeType="text/csv", buffer=EXPORT.format(day=lately).encode())
    page.get_by_label("The export").set_input_files(export)
    page.get_by_role("button", name="Look at it").click()
    _draw(page, "import")


def _respond(browser: Browser, base: str) -> None:
    """The public page, a question, and the receipt of what was answered."""
    page = browser.new_page()
    page.goto(f"{base}{RESPOND}")
    _draw(page, "respond", RESPOND)
    page.get_by_role("button", name="Start now").click()
    _draw(page, "question", _path(page))
    page.locator("main input[type=radio]").nth(1).check()
    _continue(page)
    page.locator("main textarea").fill("The first year of secondary school needs more than a paragraph.")
    while "question" in page.url:
        _continue(page)
    page.get_by_label("For myself").check()
    page.get_by_label("Yes, without my name and address").check()
    _continue(page)
    page.get_by_role("button", name="Send my response").click()
    page.get_by_role("link", name="Your receipt").click()
    _draw(page, "receipt", _path(page))


def _continue(page: Page) -> None:
    page.locator("main .govuk-button", has_text="Continue").first.click()


def _path(page: Page) -> str:
    return page.url.removeprefix(_base(page))


def _first(page: Page, path: str, selector: str) -> str:
    """Where the first of a list leads."""
    page.goto(f"{_base(page)}{path}")
    return page.locator(selector).first.get_attribute("href") or ""


def _draw(page: Page, name: str, path: str = "") -> None:
    """The page at `path`, or that which is open."""
    for kind, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        if path:
            page.goto(f"{_base(page)}{path}")
        tall = min(page.evaluate("() => document.documentElement.scrollHeight"), TALLEST)
        clip = {"x": 0, "y": 0, "width": width, "height": max(tall, height)}
        page.screenshot(path=FOLDER / f"{name}-{kind}.png", full_page=True, clip=clip)  # type: ignore[arg-type]


def _base(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])


def _in_six_weeks() -> str:
    day = date.today() + timedelta(weeks=6)  # noqa: DTZ011  # a day to type, in whatever zone
    return f"closes-day={day.day}&closes-month={day.month}&closes-year={day.year}&closes-clock=5pm"


if __name__ == "__main__":
    main()
