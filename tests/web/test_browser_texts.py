"""An administrator at a text, in Chromium: what is typed is shown as it would go, with and without JavaScript."""

from playwright.sync_api import Page, expect

from tests.people import ADAM
from tests.web.browser import Front
from tests.web.desk import REVIEW_SLUG


def begin(front: Front, *, javascript: bool = True) -> Page:
    page = front.open(f"/consultations/{REVIEW_SLUG}/texts", who=ADAM, javascript=javascript)
    page.get_by_label("Which email is it for?").select_option("Reminder")
    page.get_by_label("Name").fill("Last reminder")
    page.get_by_role("button", name="Write it").click()
    return page


def test_preview_follows_what_is_typed_and_who_is_chosen(front: Front) -> None:
    page = begin(front)
    page.get_by_label("Subject").fill("Last call: {{ consultation_title }}")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Last call: Improving education outcomes")
    page.get_by_label("Text", exact=True).fill("{{ organisation }}: {{ closing }}")
    email = page.frame_locator("#preview iframe")
    expect(email.locator("p").first).to_have_text("Heathfield Primary School: 11:59pm on Friday 28 February 2020")
    page.get_by_label("Show it as it would go to").select_option(index=1)
    expect(email.locator("p").first).to_contain_text("Larkmead Trust")
    page.get_by_label("Text", exact=True).fill("{{ closing }}\n{{ organization }}")
    expect(preview).to_contain_text("Line 2: it asks for “organization”")
    page.reload()
    expect(page.get_by_label("Subject")).to_have_value(
        "Reminder: {{ consultation_title }} closes {{ days_to_closing }}, at {{ closing }}"
    )


def test_without_javascript_a_button_shows_it(front: Front) -> None:
    page = begin(front, javascript=False)
    page.get_by_label("Subject").fill("Last call: {{ consultation_title }}")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("Last call: Improving education outcomes")
    expect(page.get_by_label("Subject")).to_have_value("Last call: {{ consultation_title }}")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved: this is version 2 now.")).to_be_visible()
