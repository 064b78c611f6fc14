"""The pages on which an administrator writes the questions and turns the online form on, and the preview of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlmodel import select

from intake.documents.kinds import HINT
from intake.inbound.entering import Entry, GivenAnswer, enter
from intake.store.consultations import Consultation, OnlineForm, Question, consultation_by_slug
from intake.store.responses import Channel
from tests.web.desk import REVIEW_SLUG, Desk, open_desk

PAGE = f"/consultations/{REVIEW_SLUG}"
QUESTIONS, PREVIEW, FORM = f"{PAGE}/questions", f"{PAGE}/questions/preview", f"{PAGE}/online-form"
SCALE = {"text": "Do you <b>agree</b>?", "kind": "scale", "hint": "With all of it.", "is_required": "yes"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def _text(tree: LexborHTMLParser, selector: str = "main") -> str:
    return " ".join(" ".join(found.text() for found in tree.css(selector)).split())


def _version(desk: Desk) -> str:
    return str(next(row.version for row in desk.office.rows(Consultation) if row.slug == REVIEW_SLUG))


def _add(desk: Desk, **fields: str) -> LexborHTMLParser:
    return desk.adam.follow(desk.adam.post(QUESTIONS, {**fields, "version": _version(desk)}))


def _set_form(desk: Desk, **fields: str) -> None:
    given = {"online_form": "one-page", "about": "", "grace_minutes": "30", "version": _version(desk), **fields}
    assert desk.adam.post(FORM, given).status_code == 303


def test_question_of_a_kind_is_written_with_its_options_one_on_each_line(desk: Desk) -> None:
    listed = _add(desk, **SCALE, options="Agree\n\n  Disagree \n")
    [row] = desk.office.rows(Question)
    assert (row.kind, row.is_required, row.hint) == ("scale", True, "With all of it.")
    assert row.options == ["Agree", "Disagree"]
    assert "Agree · Disagree – must be answered" in _text(listed)
    own = desk.adam.page(f"{QUESTIONS}/{row.id}")
    checked = [one.attributes["value"] for one in own.css("input[checked]")]
    assert checked == ["scale", "yes"]
    assert _text(own, "#options") == "Agree Disagree"


def test_mistakes_in_a_question_keep_what_was_typed(desk: Desk) -> None:
    answer = desk.adam.post(QUESTIONS, {**SCALE, "options": "Agree", "version": _version(desk)})
    assert answer.status_code == 422
    page = LexborHTMLParser(answer.text)
    assert _text(page, ".govuk-error-summary__list a") == "The options must be 2 to 50 different ones."
    assert page.css_first("textarea#options") is not None
    assert _text(page, "#options") == "Agree"
    assert [one.attributes["value"] for one in page.css("input[checked]")] == ["scale", "yes"]


def test_answered_question_cannot_be_removed_and_its_page_says_why(desk: Desk) -> None:
    _add(desk, text="What would you change?")
    with desk.office.database.transaction() as session:
        asked = session.exec(select(Question)).one()
        entry = Entry(Channel.online, desk.office.now, answers=[GivenAnswer.to(asked, "Nothing.")])
        review = consultation_by_slug(session, REVIEW_SLUG)
        enter(session, review, [entry], now=desk.office.now, actor="respondent", rules=None)
    own = f"{QUESTIONS}/{desk.office.rows(Question)[0].id}"
    page = desk.adam.page(own)
    assert "1 response answered this question, so it cannot be removed." in _text(page)
    assert "Remove this question" not in _text(page)
    refused = desk.adam.post(f"{own}/remove", version=_version(desk))
    assert refused.status_code == 422
    assert "1 response answered this question, so it stays." in refused.text


def test_preview_shows_the_questions_as_respondents_see_them(desk: Desk) -> None:
    _add(desk, **SCALE, options="Agree\nDisagree")
    _add(desk, text="What did you read?", kind="choices", options="The draft\nThe summary")
    _add(desk, text="What would you change?")
    _add(desk, text="Is there something to read?", kind="file")
    _set_form(desk)
    page = desk.adam.page(PREVIEW)
    first, second, third, fourth = [row.id for row in desk.office.rows(Question)]
    assert len(page.css(f"input[type=radio][name=question-{first}]")) == 2
    assert len(page.css(f"input[type=checkbox][name=question-{second}]")) == 2
    assert page.css_first(f"textarea[name=question-{third}]") is not None
    file = page.css_first(f"input[type=file][name=question-{fourth}]")
    assert file is not None
    assert ".pdf" in (file.attributes["accept"] or "")
    assert HINT in _text(page)
    assert "Do you <b>agree</b>?" in _text(page, "legend")
    assert "What would you change? (optional)" in _text(page, "label")
    assert page.css("main form") == []


def test_preview_of_one_question_a_page_goes_from_one_to_the_next(desk: Desk) -> None:
    _add(desk, text="First?")
    _add(desk, text="Second?")
    _set_form(desk, online_form="question-a-page")
    assert _text(desk.adam.page(PREVIEW), "h1") == "First? (optional)"
    assert _text(desk.adam.page(f"{PREVIEW}?question=2"), "h1") == "Second? (optional)"
    assert "Question 2 of 2" in _text(desk.adam.page(f"{PREVIEW}?question=99"))
    assert "Continue" not in _text(desk.adam.page(f"{PREVIEW}?question=2"))


def test_consultation_without_questions_asks_for_the_response(desk: Desk) -> None:
    page = desk.adam.page(PREVIEW)
    assert "Your response" in _text(page, "h1")
    assert "once the form is on" in _text(page)


def test_online_form_is_turned_on_with_what_it_is_about(desk: Desk) -> None:
    _set_form(desk, online_form="question-a-page", about="Schools.\r\n\r\nAnd more.", grace_minutes="0")
    row = next(row for row in desk.office.rows(Consultation) if row.slug == REVIEW_SLUG)
    assert (row.about, row.online_form, row.grace_minutes) == ("Schools.\n\nAnd more.", OnlineForm.question_a_page, 0)
    page = desk.adam.page(PAGE)
    assert "One question on each page, at" in _text(page)
    assert "No form may be handed in" in _text(page)
    assert "changed what it is about, how it is answered online and the time of grace after closing" in _text(page)


def test_mistake_about_the_online_form_is_told_beside_its_field(desk: Desk) -> None:
    given = {"online_form": "one-page", "about": "Schools.", "grace_minutes": "soon", "version": _version(desk)}
    answer = desk.adam.post(FORM, given)
    assert answer.status_code == 422
    page = LexborHTMLParser(answer.text)
    link = page.css_first(".govuk-error-summary__list a")
    assert link is not None
    assert link.attributes["href"] == "#grace_minutes"
    assert _text(page, "#about") == "Schools."


def test_section_has_one_address(desk: Desk) -> None:
    assert desk.adam.get(f"{PAGE}/change/online-form").status_code == 404
