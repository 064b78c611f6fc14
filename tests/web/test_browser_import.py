"""A long export in a browser: it goes on by itself, and without JavaScript by a press of a button."""

import pytest
from playwright.sync_api import FilePayload, expect

from intake.store.responses import Channel, Response
from intake.web.pages import response_import
from tests.people import ADAM
from tests.web.browser import Front
from tests.web.desk import REVIEW_SLUG

ROWS = 700
EXPORT = "ID,What do you think?\n" + "".join(f"r-{number},Answer {number}\n" for number in range(ROWS))


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_long_export_is_imported_to_its_end(front: Front, javascript: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_import, "_STEP", 0.0)
    page = front.open(f"/consultations/{REVIEW_SLUG}/import", who=ADAM, javascript=javascript)
    file = FilePayload(name="export.csv", mimeType="text/csv", buffer=EXPORT.encode())
    page.get_by_label("The export").set_input_files(file)
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name=f"Import {ROWS} responses").click()
    if not javascript:
        expect(page.get_by_role("status")).to_have_text("300 of 700 responses are in.")
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(f"{ROWS} responses imported.")).to_be_visible()
    rows = front.office.rows(Response)
    assert len([row for row in rows if row.channel is Channel.imported]) == ROWS
