"""Anybody responds on a consultation's public page: step by step, put right where it is wrong, sent once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from intake.store.consultations import LatePolicy, OnlineForm
from intake.store.online import DraftFile, FormDraft
from intake.store.responses import Answer, Attachment
from tests.inbound.filled_in import begun, filled, question_ids, turn_on, whole
from tests.office import CLOSES_AT, OPENS_AT
from tests.people import DAN
from tests.web.desk import BASE_URL, REVIEW_SLUG, Desk, open_desk

PAGE = f"/respond/{REVIEW_SLUG}"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        yield opened


def start(desk: Desk) -> str:
    """The address of a new form."""
    answer = desk.nobody.post_bare(PAGE)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def send(desk: Desk, path: str, **fields: str | list[str]) -> str:
    """The address a step leads to."""
    answer = desk.nobody.post_bare(path, fields)
    assert answer.status_code == 303, answer.text[-3000:]
    return str(answer.headers["location"])


def told(desk: Desk, path: str, **fields: str | list[str]) -> str:
    """What is wrong with a step, from its page."""
    answer = desk.nobody.post_bare(path, fields)
    assert answer.status_code == 422, answer.status_code
    return str(answer.text)


def fill_in(desk: Desk) -> str:
    """A form that is ready to be sent; its address."""
    turn_on(desk.office)
    token = begun(desk.office, REVIEW_SLUG)
    filled(desk.office, REVIEW_SLUG, token, whole(desk.office))
    return f"{PAGE}/{token}"


def test_public_page_says_when_it_closes_and_how_to_respond(desk: Desk) -> None:
    turn_on(desk.office, about="What every child should learn.\n\nAnd how.")
    text = desk.nobody.page(PAGE).text()
    assert "Closes at 11:59pm on Friday 28 February 2020" in text
    assert "What every child should learn." in text
    assert "education.review@county.example" in text
    assert "Start now" in text
    assert f'href="{PAGE}"' in desk.nobody.get("/respond").text


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (OPENS_AT - timedelta(days=1), "This consultation opens at"),
        (CLOSES_AT + timedelta(minutes=1), "This consultation closed at 11:59pm on Friday 28 February 2020"),
    ],
)
def test_before_opening_and_after_closing_nobody_can_begin(desk: Desk, at: object, said: str) -> None:
    turn_on(desk.office)
    desk.office.now = at  # type: ignore[assignment]
    text = desk.nobody.page(PAGE).text()
    assert said in text
    assert "Start now" not in text
    assert desk.nobody.post_bare(PAGE).status_code == 409
    assert desk.office.rows(FormDraft) == []


def test_closed_page_says_what_becomes_of_a_late_response(desk: Desk) -> None:
    turn_on(desk.office, late_policy=LatePolicy.strict)
    desk.office.now = CLOSES_AT + timedelta(days=1)
    assert "kept and marked as late, and is not counted" in desk.nobody.page(PAGE).text()


def test_consultation_without_a_form_says_how_else_to_respond(desk: Desk) -> None:
    text = desk.nobody.page(PAGE).text()
    assert "Write to us in your own words" in text
    assert "Start now" not in text


def test_step_by_step_to_the_confirmation(desk: Desk) -> None:
    turn_on(desk.office)
    ids = question_ids(desk.office)
    form = start(desk)
    step = str(desk.nobody.get(form).headers["location"])
    assert step.endswith(f"/question-{ids['text']}")
    step = send(desk, step, **{f"question-{ids['text']}": "More time.\r\n\r\nMuch more."})
    step = send(desk, step, **{f"question-{ids['scale']}": "Agree"})
    step = send(desk, step, **{f"question-{ids['choices']}": ["Secondary", "Primary"]})
    step = send(desk, step)
    assert step.endswith("/you")
    step = send(desk, step, name="Dan Price", address=DAN, is_for_organisation="no", may_publish="no")
    assert step.endswith("/check")
    page = desk.nobody.page(step).text()
    assert "More time." in page
    assert "No, do not publish it" in page
    done = send(desk, step)
    assert "IEO-0001" in desk.nobody.page(done).text()
    [row] = desk.office.responses()
    assert (row.respondent_name, row.respondent_address, row.may_publish) == ("Dan Price", DAN, False)
    answers = desk.office.rows(Answer)
    assert [(one.text, one.chosen) for one in answers[:3]] == [
        ("More time.\n\nMuch more.", []),
        ("", ["Agree"]),
        ("", ["Primary", "Secondary"]),
    ]


def test_all_questions_on_one_page(desk: Desk) -> None:
    turn_on(desk.office, OnlineForm.one_page)
    form, ids = start(desk), question_ids(desk.office)
    step = str(desk.nobody.get(form).headers["location"])
    assert step.endswith("/all")
    assert len(desk.nobody.page(step).css("textarea, fieldset, input[type=file]")) == 4
    assert send(desk, step, **{f"question-{ids['scale']}": "Disagree"}).endswith("/you")


def test_mistake_is_told_at_its_field_and_what_was_typed_stays(desk: Desk) -> None:
    turn_on(desk.office)
    ids = question_ids(desk.office)
    form = start(desk)
    assert "Select an answer." in told(desk, f"{form}/question-{ids['scale']}")
    page = told(desk, f"{form}/you", name="Dan Price", address="dan at home", is_for_organisation="yes")
    assert "Enter an email address in the correct format" in page
    assert "Enter the name of the organisation." in page
    assert 'href="#may_publish"' in page
    assert 'value="dan at home"' in page
    assert 'value="Dan Price"' in desk.nobody.get(f"{form}/you").text


def test_sending_with_an_answer_missing_leads_to_its_question(desk: Desk) -> None:
    turn_on(desk.office)
    form, ids = start(desk), question_ids(desk.office)
    page = told(desk, f"{form}/check")
    assert f'href="#row-question-{ids["scale"]}"' in page
    assert f'id="row-question-{ids["scale"]}"' in page
    assert desk.office.responses() == []


def test_saved_form_is_taken_up_by_its_link_where_it_was_left(desk: Desk) -> None:
    turn_on(desk.office)
    form, ids = start(desk), question_ids(desk.office)
    saved = send(desk, f"{form}/question-{ids['text']}", **{f"question-{ids['text']}": "Half a", "act": "later"})
    assert f"{BASE_URL}{form}" in desk.nobody.page(saved).text()
    assert str(desk.nobody.get(form).headers["location"]).endswith(f"/question-{ids['scale']}")
    assert "Half a" in desk.nobody.page(f"{form}/question-{ids['text']}").text()


def test_changed_answer_leads_back_to_the_check(desk: Desk) -> None:
    form = fill_in(desk)
    ids = question_ids(desk.office)
    page = desk.nobody.get(f"{form}/question-{ids['text']}?change=yes").text
    assert 'name="change"' in page
    answer = send(desk, f"{form}/question-{ids['text']}", **{f"question-{ids['text']}": "Less.", "change": "yes"})
    assert answer.endswith("/check")
    assert "Less." in desk.nobody.page(answer).text()


def test_sent_twice_is_one_response_and_the_same_confirmation(desk: Desk) -> None:
    form = fill_in(desk)
    assert send(desk, f"{form}/check") == send(desk, f"{form}/check") == f"{form}/done"
    assert len(desk.office.responses()) == 1


def test_back_button_after_sending_leads_to_the_confirmation(desk: Desk) -> None:
    form = fill_in(desk)
    send(desk, f"{form}/check")
    for step in ("", "/you", "/check"):
        answer = desk.nobody.get(f"{form}{step}")
        assert answer.status_code == 303
        assert desk.nobody.get(str(answer.headers["location"])).status_code in (200, 303)
    assert send(desk, f"{form}/you", name="Somebody else").endswith("/done")
    assert desk.office.responses()[0].respondent_name == ""


def test_robot_that_fills_in_every_field_is_refused_and_loses_nothing(desk: Desk) -> None:
    form = fill_in(desk)
    assert "This field has to stay empty" in told(desk, f"{form}/check", website="https://pills.example")
    assert desk.office.responses() == []
    assert send(desk, f"{form}/check").endswith("/done")


def test_files_are_given_removed_and_handed_in(desk: Desk) -> None:
    form = fill_in(desk)
    asked = f"question-{question_ids(desk.office)['file']}"
    for name in ("plan.pdf", "letter.pdf"):
        answer = desk.nobody._client.post(f"{form}/{asked}", files={asked: (name, b"%PDF-1.7 a plan")})
        assert answer.status_code == 303
    page = desk.nobody.page(f"{form}/{asked}").text()
    assert "plan.pdf" in page
    assert "letter.pdf" in page
    first = desk.office.rows(DraftFile)[0].id
    assert desk.nobody.post_bare(f"{form}/{asked}", {"remove": str(first)}).status_code == 200
    send(desk, f"{form}/check")
    [kept] = desk.office.rows(Attachment)
    assert kept.filename == "letter.pdf"
    assert desk.office.files.read(kept.sha256) == b"%PDF-1.7 a plan"


def test_file_of_a_refused_kind_is_told_with_the_way_out(desk: Desk) -> None:
    form = fill_in(desk)
    asked = f"question-{question_ids(desk.office)['file']}"
    answer = desk.nobody._client.post(f"{form}/{asked}", files={asked: ("run.exe", b"MZ")})
    assert answer.status_code == 422
    assert "save it as a PDF" in answer.text
    assert desk.office.rows(DraftFile) == []


def test_in_the_grace_the_pages_say_until_when(desk: Desk) -> None:
    form = fill_in(desk)
    desk.office.now = CLOSES_AT + timedelta(minutes=5)
    assert (
        "you can still hand in this form until 12:29am on Saturday 29 February 2020"
        in desk.nobody.page(f"{form}/check").text()
    )
    done = send(desk, f"{form}/check")
    assert "counts as in time" in desk.nobody.page(done).text()


def test_after_the_grace_the_page_keeps_the_answers_and_says_where_to_write(desk: Desk) -> None:
    form = fill_in(desk)
    desk.office.now = CLOSES_AT + timedelta(minutes=31)
    answer = desk.nobody.post_bare(f"{form}/check")
    assert answer.status_code == 409
    assert "More time." in answer.text
    assert "education.review@county.example" in answer.text
    assert desk.office.responses() == []


def test_too_many_forms_from_one_network_are_told_when_to_try_again(tmp_path: Path) -> None:
    with open_desk(tmp_path, settings={"web": {"forms_per_hour": 2}}) as desk:
        turn_on(desk.office)
        start(desk)
        start(desk)
        answer = desk.nobody.post_bare(PAGE)
        assert answer.status_code == 429
        assert "Try again in 60 minutes." in answer.text
        desk.office.now += timedelta(minutes=61)
        start(desk)


def test_nobody_else_learns_the_address_of_a_form(desk: Desk) -> None:
    form = fill_in(desk)
    answer = desk.nobody.get(f"{form}/check")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "set-cookie" not in answer.headers
    assert desk.nobody.page(f"{form[:-1]}/check", status=404)


def test_browser_that_tells_no_origin_can_send_the_form(desk: Desk) -> None:
    form = fill_in(desk)
    assert desk.nobody.post_bare(f"{form}/check", origin="null").status_code == 303


def test_step_that_is_none_is_not_found(desk: Desk) -> None:
    form = fill_in(desk)
    assert desk.nobody.get(f"{form}/question-999").status_code == 404
    assert desk.nobody.post_bare(f"{form}/nonsense").status_code == 404
