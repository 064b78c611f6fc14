"""What JavaScript adds to pages that do without it: arrow keys between responses, one tick for all, news by itself."""

from playwright.sync_api import expect

from intake import jobs
from tests.building import raw_email
from tests.people import ADAM, ASHA, BEN, CAROL, REVIEW
from tests.web.browser import Front


def _receive_two(front: Front) -> None:
    for number, sender in enumerate((BEN, CAROL)):
        front.office.receive(raw_email(sender=sender, to=REVIEW, message_id=f"<{number}@x.example>"))
    front.office.cycle()


def test_arrow_keys_go_to_the_next_response_but_not_while_somebody_writes(front: Front) -> None:
    _receive_two(front)
    page = front.open("/responses/IEO-0002", who=ASHA)
    with page.expect_navigation():
        page.keyboard.press("ArrowRight")
    assert page.title().startswith("IEO-0001")
    page.get_by_label("Add a note").fill("Ask about buses")
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(200)
    assert page.get_by_label("Add a note").input_value() == "Ask about buses"
    page.locator("h1").click()
    with page.expect_navigation():
        page.keyboard.press("ArrowLeft")
    assert page.title().startswith("IEO-0002")


def test_one_tick_selects_every_response_of_the_page_and_shows_when_only_some_are(front: Front) -> None:
    _receive_two(front)
    page = front.open("/responses", who=ASHA)
    every = page.get_by_label("Select all on this page")
    every.check()
    assert page.locator("tbody input:checked").count() == 2
    page.get_by_label("Select IEO-0001").uncheck()
    assert every.evaluate("box => [box.checked, box.indeterminate]") == [False, True]
    every.check()
    every.uncheck()
    assert page.locator("tbody input:checked").count() == 0


def test_what_the_worker_found_appears_by_itself(front: Front) -> None:
    page = front.open("/mailboxes", who=ADAM)
    page.get_by_role("button", name="Test now").first.click()
    told = page.locator("[data-refresh]")
    expect(told).to_have_count(1)
    name = (told.get_attribute("id") or "").removeprefix("test-")
    before = told.inner_text()
    jobs.test_mailboxes(front.office.this)
    expect(page.locator(f"#test-{name}")).not_to_have_text(before)
