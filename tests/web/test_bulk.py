"""Several responses changed at once: what is asked first, what is done then, and what is left alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.responses import changing_many
from intake.store.responses import Nature, ResponseStatus
from tests.databases import both_databases
from tests.people import ASHA, OLGA
from tests.responses.log_rows import add_response, add_responses, set_on
from tests.web.desk import Desk, open_desk
from tests.web.test_log import said

ACTIONS = {
    "status-considered": "mark as considered",
    "nature-question": "treat as a question",
    "flag-confidential": "flag as confidential",
    "tag": "add the tag “bus passes”",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path, polled=False) as opened:
        add_responses(opened.office.database, [{}] * 3)
        yield opened


def statuses(desk: Desk) -> list[str]:
    return [response.status.value for response in desk.office.responses()]


@both_databases
@pytest.mark.parametrize("action", ACTIONS)
def test_what_was_ticked_is_changed_and_nothing_else(desk: Desk, action: str) -> None:
    fields = {"do": action, "tag_text": "Bus  passes", "chosen": ["IEO-0001", "IEO-0003"], "query": "status=unread"}
    answer = desk.asha.post("/responses/bulk", fields)
    assert answer.headers["location"] == "/responses?status=unread"
    assert f"2 responses changed: {ACTIONS[action]}." in said(desk.asha.follow(answer))
    again = desk.asha.post("/responses/bulk", fields)
    assert "0 responses changed" in said(desk.asha.follow(again))
    assert "2 responses stayed as they were." in said(desk.asha.follow(desk.asha.post("/responses/bulk", fields)))


def test_a_page_says_first_how_many_will_change(desk: Desk) -> None:
    set_on(desk.office.database, "IEO-0002", status=ResponseStatus.read)
    asked = desk.asha.page("/responses/bulk?all=yes&do=status-read&tag_text=")
    assert "Mark as read: 2 responses" in said(asked)
    assert "1 response is so already, and will not change" in said(asked)
    assert statuses(desk) == ["unread", "read", "unread"]


def test_all_that_match_are_those_that_were_there_when_it_was_asked(desk: Desk) -> None:
    set_on(desk.office.database, "IEO-0002", nature=Nature.question)
    asked = desk.asha.page("/responses/bulk?nature=response&all=yes&do=status-read")
    fields = {field.attributes["name"]: field.attributes["value"] for field in asked.css("main input[type=hidden]")}
    add_response(desk.office.database)
    answer = desk.asha.post("/responses/bulk", {name or "": value or "" for name, value in fields.items()})
    assert "2 responses changed: mark as read." in said(desk.asha.follow(answer))
    assert statuses(desk) == ["read", "unread", "read", "unread"]


def test_a_response_of_another_consultation_is_left_alone(desk: Desk) -> None:
    add_response(desk.office.database, prefix="ADM")
    fields = {"do": "status-read", "chosen": ["ADM-0001", "IEO-0001"]}
    assert "1 response changed" in said(desk.asha.follow(desk.asha.post("/responses/bulk", fields)))
    desk.asha.post("/responses/bulk", {"do": "status-read", "all": "yes", "newest": "999"})
    assert statuses(desk) == ["read", "read", "read", "unread"]


def test_responses_are_assigned_only_to_officers_who_may_see_them(desk: Desk) -> None:
    add_response(desk.office.database, prefix="ADM")
    olga, asha = desk.users[OLGA].id, desk.users[ASHA].id
    asked = desk.adam.page(f"/responses/bulk?all=yes&do=officer-{olga}")
    assert "Assign to Olga Novak: 1 response" in said(asked)
    assert "3 responses cannot be assigned to this officer" in said(asked)
    desk.adam.post("/responses/bulk", {"do": f"officer-{olga}", "all": "yes", "newest": "999"})
    desk.adam.post("/responses/bulk", {"do": f"officer-{asha}", "chosen": ["IEO-0001"]})
    assert [response.officer_id for response in desk.office.responses()] == [asha, None, None, olga]
    desk.adam.post("/responses/bulk", {"do": "officer-nobody", "all": "yes", "newest": "999"})
    assert {response.officer_id for response in desk.office.responses()} == {None}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "Tick the responses that are to change, or choose all that match."),
        ("chosen=IEO-0001&do=", "Choose what to do with the responses."),
        ("chosen=IEO-0001&do=status-asleep", "Choose what to do with the responses."),
        ("chosen=IEO-0001&do=officer-99", "Choose an officer who works here."),
        ("chosen=IEO-0001&do=tag&tag_text=+", "Enter the tag."),
        ("chosen=IEO-0001&do=tag&tag_text=a,b", "Enter one tag at a time."),
        ("chosen=IEO-0009&do=status-read", "no response was found"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(desk: Desk, query: str, sentence: str) -> None:
    answer = desk.asha.get(f"/responses/bulk?{query}")
    assert answer.status_code in (200, 422)
    assert sentence in answer.text
    assert desk.asha.post("/responses/bulk", {"query": query}).status_code in (200, 422)
    assert set(statuses(desk)) == {"unread"}


@both_databases
def test_many_are_changed_in_batches(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing_many, "_A_BATCH", 2)
    answer = desk.asha.post("/responses/bulk", {"do": "status-considered", "all": "yes", "newest": "3"})
    assert "3 responses changed" in said(desk.asha.follow(answer))
    assert set(statuses(desk)) == {"considered"}


def test_the_form_of_the_log_leads_to_the_question_with_the_filters(desk: Desk) -> None:
    form = desk.asha.page("/responses?status=unread").css_first("form[action='/responses/bulk']")
    assert form
    hidden = {field.attributes["name"]: field.attributes["value"] for field in form.css("input[type=hidden]")}
    assert hidden == {"status": "unread"}
    assert form.attributes["method"] == "get"
    assert len(form.css("input[name=chosen]")) == 3
