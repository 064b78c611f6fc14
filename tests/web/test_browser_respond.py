"""Somebody responds in a browser: on a phone without JavaScript, on a desktop with it, and as a connection breaks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, Route

from intake.store.responses import Answer, Attachment
from tests.inbound.filled_in import begun, filled, turn_on, whole
from tests.web.browser import DESKTOP, PHONE, Front, open_front
from tests.web.desk import REVIEW_SLUG


@pytest.fixture
def front(tmp_path: Path, chromium: Browser) -> Iterator[Front]:
    with open_front(tmp_path, chromium) as opened:
        yield opened


@pytest.fixture
def ready(front: Front) -> str:
    """The address of a form that only has to be sent."""
    turn_on(front.office)
    token = begun(front.office, REVIEW_SLUG)
    filled(front.office, REVIEW_SLUG, token, whole(front.office))
    return f"/respond/{REVIEW_SLUG}/{token}"


def go_on(page: Page) -> None:
    page.locator("main .govuk-button", has_text="Continue").first.click()


def send(page: Page) -> None:
    page.get_by_role("button", name="Send my response").click()


@pytest.mark.parametrize(("size", "javascript"), [(DESKTOP, True), (PHONE, False)])
def test_from_the_public_page_to_the_receipt(
    front: Front, tmp_path: Path, size: tuple[int, int], javascript: bool
) -> None:
    turn_on(front.office)
    page = front.open("/respond", size=size, javascript=javascript)
    page.get_by_role("link", name="Improving education outcomes").click()
    page.get_by_role("button", name="Start now").click()
    page.get_by_label("The text question?").fill("More time.")
    go_on(page)
    go_on(page)
    assert page.get_by_role("link", name="Select an answer.").is_visible()
    page.get_by_label("Agree", exact=True).check()
    go_on(page)
    page.get_by_label("Primary").check()
    page.get_by_label("Secondary").check()
    go_on(page)
    plan = tmp_path / "plan.pdf"
    plan.write_bytes(b"%PDF-1.7 a plan")
    page.get_by_label("The file question?").set_input_files(plan)
    go_on(page)
    page.get_by_label("For an organisation").check()
    page.get_by_label("Name of the organisation").fill("Larkrise School")
    page.get_by_label("Yes, without my name and address").check()
    go_on(page)
    page.get_by_role("link", name="Change your email address").click()
    page.get_by_label("Email address (optional)").fill("dan@parents.example")
    page.keyboard.press("Enter")
    send(page)
    assert "IEO-0001" in page.inner_text("main")
    page.get_by_role("link", name="Your receipt").click()
    assert "plan.pdf" in page.inner_text("main")
    [row] = front.office.responses()
    assert (row.organisation, row.respondent_address) == ("Larkrise School", "dan@parents.example")
    assert [one.chosen for one in front.office.rows(Answer)][1:3] == [["Agree"], ["Primary", "Secondary"]]
    assert len(front.office.rows(Attachment)) == 1
    assert front.troubles == []


def test_connection_cut_while_sending_ends_in_one_response(front: Front, ready: str) -> None:
    page = front.open(f"{ready}/check", javascript=False)

    def cut(route: Route) -> None:
        """The form arrives, and its answer is lost."""
        route.fetch(max_redirects=0)
        route.abort("connectionreset")

    page.route("**/check", cut)
    with pytest.raises(Error, match="ERR_CONNECTION_RESET"), page.expect_navigation():
        send(page)
    assert len(front.office.responses()) == 1
    page.unroute("**/check")
    page.goto(f"{ready}/check")
    assert "IEO-0001" in page.inner_text("main")
    assert len(front.office.responses()) == 1


def test_pressed_twice_and_gone_back_it_is_one_response(front: Front, ready: str) -> None:
    page = front.open(f"{ready}/check", javascript=False)
    page.get_by_role("button", name="Send my response").dblclick()
    page.wait_for_url("**/done")
    page.go_back()
    page.reload()
    assert "Response received" in page.inner_text("main")
    assert len(front.office.responses()) == 1


def test_left_and_taken_up_again_on_another_machine(front: Front) -> None:
    turn_on(front.office)
    page = front.open(f"/respond/{REVIEW_SLUG}")
    page.get_by_role("button", name="Start now").click()
    page.get_by_label("The text question?").fill("Half a thought")
    page.get_by_role("button", name="Save and come back later").click()
    link = page.locator("main a").first.get_attribute("href")
    assert link
    elsewhere = front.open(link, size=PHONE)
    assert "The scale question?" in elsewhere.inner_text("h1")
    elsewhere.get_by_role("link", name="Back").click()
    assert elsewhere.get_by_label("The text question?").input_value() == "Half a thought"
