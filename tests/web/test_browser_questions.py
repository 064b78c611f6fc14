"""A question written in a browser and looked at as respondents see it, with and without JavaScript."""

import pytest

from intake.store.consultations import Question
from tests.people import ADAM
from tests.web.browser import PHONE, Front
from tests.web.desk import REVIEW_SLUG

QUESTIONS = f"/consultations/{REVIEW_SLUG}/questions"


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_options_are_asked_for_where_there_is_something_to_choose_from(front: Front, javascript: bool) -> None:
    page = front.open(QUESTIONS, who=ADAM, size=PHONE, javascript=javascript)
    options = page.get_by_label("Options, one on each line")
    assert not options.is_visible()
    page.get_by_label("Question", exact=True).fill("What did you read?")
    page.get_by_label("Any of several options").check()
    options.fill("The draft\nThe summary")
    page.get_by_label("Files", exact=True).check()
    assert not options.is_visible()
    page.get_by_label("Any of several options").check()
    page.get_by_role("button", name="Add the question").click()
    page.get_by_role("link", name="See them as respondents do").click()
    page.get_by_label("The summary").check()
    assert page.locator("h1").inner_text() == "What did you read? (optional)"
    [row] = front.office.rows(Question)
    assert (row.kind, row.options) == ("choices", ["The draft", "The summary"])
