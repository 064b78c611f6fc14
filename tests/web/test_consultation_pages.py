"""The consultations' pages: the list, one of them, and what an administrator changes on them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.store.consultations import Consultation, PublishedAddress, Question, StakeholderGroup
from tests.building import raw_email
from tests.office import CLOSES_AT, OPENS_AT
from tests.people import ADAM, ASHA, BEN, REVIEW
from tests.web.desk import ADMISSIONS_SLUG, REVIEW_SLUG, Desk, open_desk

PAGE = f"/consultations/{REVIEW_SLUG}"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def _text(tree: LexborHTMLParser, selector: str = "main") -> str:
    found = tree.css_first(selector)
    assert found is not None
    return " ".join(found.text().split())


def _form(tree: LexborHTMLParser, path: str) -> dict[str, str]:
    """The fields of the form that is sent to this path, as the page filled them in."""
    [form] = [one for one in tree.css("form") if one.attributes.get("action") == path]
    inputs = [*form.css("input[name]:not([type=radio], [type=checkbox])"), *form.css("input[checked]")]
    fields = {one.attributes["name"] or "": one.attributes.get("value") or "" for one in inputs}
    return fields | {one.attributes["name"] or "": one.text().strip("\n") for one in form.css("textarea")}


def _review(desk: Desk) -> Consultation:
    return next(row for row in desk.office.rows(Consultation) if row.slug == REVIEW_SLUG)


def test_officer_sees_the_consultations_she_is_given_and_no_way_to_change_them(desk: Desk) -> None:
    listed = desk.asha.page("/consultations")
    assert [link.text() for link in listed.css("tbody th a")] == ["Improving education outcomes"]
    assert "Set up a consultation" not in _text(listed)
    own = desk.asha.page(PAGE)
    assert "11:59pm on Friday 28 February 2020" in _text(own)
    assert own.css_first("main form") is None
    assert "Change" not in _text(own)
    not_given, none = (desk.asha.page(f"/consultations/{slug}", status=404) for slug in (ADMISSIONS_SLUG, "no-such"))
    assert _text(not_given) == _text(none)


def test_list_says_where_each_consultation_stands_and_what_came_in(desk: Desk) -> None:
    desk.office.receive(raw_email(sender=BEN, to=REVIEW))
    desk.office.cycle()
    rows = [_text_of_row(row) for row in desk.adam.page("/consultations").css("tbody tr")]
    assert rows[0][:2] == ["Improving education outcomes", "Open, closes in 16 days"]
    assert [cell[-1] for cell in rows[0][3:]] == ["1", "1", "0", "0"]


def test_consultation_is_set_up_through_one_form(desk: Desk) -> None:
    fields = _form(desk.adam.page("/consultations/new"), "/consultations/new") | {
        "title": "School transport",
        "opens-day": "2", "opens-month": "3", "opens-year": "2020", "opens-clock": "9am",
        "closes-day": "30", "closes-month": "4", "closes-year": "2020", "closes-clock": "11:59pm",
        "address": "transport@county.example",
        "contact_name": "Transport team", "contact_address": "transport@county.example",
    }  # fmt: skip
    page = desk.adam.follow(desk.adam.post("/consultations/new", fields))
    assert _text(page, "h1") == "School transport"
    assert "ST-0001" in _text(page)
    assert "No mailbox in the configuration signs in as transport@county.example." in _text(page)
    assert "The consultation is set up" in _text(page)


def test_mistakes_are_all_told_at_once_and_what_was_typed_stays(desk: Desk) -> None:
    typed = {"title": "School transport", "closes-day": "30", "closes-month": "4", "closes-year": "2020"}
    answer = desk.adam.post("/consultations/new", {**typed, "closes-clock": "midnight", "address": "nobody"})
    assert answer.status_code == 422
    page = LexborHTMLParser(answer.text)
    links = {link.attributes["href"] or "": link.text() for link in page.css(".govuk-error-summary__list a")}
    assert {"#opens-day", "#closes-clock", "#address", "#kind", "#contact_name", "#next_steps"} <= set(links)
    assert all(page.css_first(target) is not None for target in links)
    assert "The closing time is at midnight" in links["#closes-clock"]
    assert _form(page, "/consultations/new")["title"] == "School transport"
    assert _form(page, "/consultations/new")["closes-clock"] == "midnight"


def test_unwise_time_is_warned_of_once_and_then_taken(desk: Desk) -> None:
    fields = _form(desk.adam.page("/consultations/new"), "/consultations/new") | {
        "title": "School transport",
        "opens-day": "2", "opens-month": "3", "opens-year": "2020", "opens-clock": "9am",
        "closes-day": "10", "closes-month": "April", "closes-year": "2020", "closes-clock": "5pm",
        "address": "transport@county.example",
        "contact_name": "Transport team", "contact_address": "transport@county.example",
    }  # fmt: skip
    first = desk.adam.post("/consultations/new", fields)
    assert first.status_code == 200
    warned = LexborHTMLParser(first.text)
    assert "It closes on a day off: Good Friday, a bank holiday." in _text(warned)
    assert len(desk.office.rows(Consultation)) == 2
    second = desk.adam.post("/consultations/new", _form(warned, "/consultations/new"))
    assert second.headers["location"] == "/consultations/school-transport"


def test_copy_is_made_with_the_questions_of_the_first(desk: Desk) -> None:
    desk.adam.post(f"{PAGE}/questions", text="Do you agree with the aims?", version="0")
    fields = _form(desk.adam.page(f"{PAGE}/copy"), f"{PAGE}/copy") | {
        "title": "Improving education outcomes 2021", "reference_prefix": "ieob",
        "opens-day": "4", "opens-month": "1", "opens-year": "2021", "opens-clock": "9am",
        "closes-day": "4", "closes-month": "3", "closes-year": "2021", "closes-clock": "5pm",
    }  # fmt: skip
    page = desk.adam.follow(desk.adam.post(f"{PAGE}/copy", fields))
    assert "IEOB-0001" in _text(page)
    assert "Do you agree with the aims?" in _text(page)
    assert "set up the consultation as a copy of another" in _text(page)
    assert ASHA in _text(page)


@pytest.mark.parametrize(
    ("section", "changed", "field"),
    [
        ("naming", {"title": "Better outcomes"}, "title"),
        ("contact", {"contact_phone": "01632 960 123"}, "contact_phone"),
        ("texts", {"next_steps": "We decide.\n\nIn May."}, "next_steps"),
        ("judging", {"late_policy": "strict"}, "late_policy"),
    ],
)
def test_each_section_is_changed_on_a_form_of_its_own(
    desk: Desk, section: str, changed: dict[str, str], field: str
) -> None:
    path = f"{PAGE}/change/{section}"
    fields = _form(desk.adam.page(path), path) | changed
    page = desk.adam.follow(desk.adam.post(path, fields))
    assert "Saved." in _text(page)
    assert getattr(_review(desk), field) == changed[field]
    assert "Adam Clarke changed the" in _text(page, ".app-history")


def test_acknowledging_forwarded_letters_is_off_until_an_administrator_ticks_it(desk: Desk) -> None:
    path = f"{PAGE}/change/judging"
    assert "Recorded, without an acknowledgement" in _text(desk.adam.page(PAGE))
    fields = _form(desk.adam.page(path), path)
    assert "acknowledges_forwards" not in fields
    page = desk.adam.follow(desk.adam.post(path, {**fields, "acknowledges_forwards": "yes"}))
    assert "Their writers get an acknowledgement" in _text(page)
    assert "changed whether writers of forwarded letters get an acknowledgement" in _text(page, ".app-history")
    fields = _form(desk.adam.page(path), path)
    assert fields.pop("acknowledges_forwards") == "yes"
    desk.adam.post(path, fields)
    assert not _review(desk).acknowledges_forwards


def test_second_of_two_keeps_what_they_typed_and_sees_what_is_there_now(desk: Desk) -> None:
    path = f"{PAGE}/change/texts"
    fields = _form(desk.adam.page(path), path)
    desk.adam.post(path, {**fields, "next_steps": "The first was quicker."})
    answer = desk.adam.post(path, {**fields, "next_steps": "The second’s own words."})
    assert answer.status_code == 409
    page = LexborHTMLParser(answer.text)
    assert "Adam Clarke changed the next steps. That was at 10:30am on" in _text(page)
    assert "What happens next is now: The first was quicker." in _text(page)
    again = _form(page, path)
    assert again["next_steps"] == "The second’s own words."
    assert desk.adam.post(path, again).status_code == 303
    assert _review(desk).next_steps == "The second’s own words."


def test_web_name_and_prefix_have_no_field_once_something_was_recorded(desk: Desk) -> None:
    desk.office.receive(raw_email(sender=BEN, to=REVIEW))
    desk.office.cycle()
    path = f"{PAGE}/change/naming"
    fields = _form(desk.adam.page(path), path)
    assert set(fields) == {"form_token", "version", "title"}
    assert desk.adam.post(path, {**fields, "slug": "other", "title": "Other"}).status_code == 303
    assert _review(desk).title == "Other"


def test_addresses_are_added_changed_and_removed(desk: Desk) -> None:
    path = f"{PAGE}/addresses"
    fields = _form(desk.adam.page(path), path) | {"address": "ben@county.example", "kind": "personal"}
    assert "ben@county.example was added." in _text(desk.adam.follow(desk.adam.post(path, fields)))
    own = f"{path}/{desk.office.rows(PublishedAddress)[-1].id}"
    one = desk.adam.page(own)
    assert "will be held as sent to an unknown address" in _text(one)
    desk.adam.follow(desk.adam.post(own, _form(one, own) | {"officer_name": "Ben"}))
    removal = _form(desk.adam.page(own), f"{own}/remove")
    assert "was removed" in _text(desk.adam.follow(desk.adam.post(f"{own}/remove", removal)))
    assert desk.adam.get(own).status_code == 404


@pytest.mark.parametrize(
    ("kind", "field", "table"), [("questions", "text", Question), ("groups", "name", StakeholderGroup)]
)
def test_questions_and_groups_are_put_in_order(desk: Desk, kind: str, field: str, table: Any) -> None:
    path = f"{PAGE}/{kind}"
    for text in ("First", "Second"):
        desk.adam.follow(desk.adam.post(path, _form(desk.adam.page(path), path) | {field: text}))
    second = f"{path}/{desk.office.rows(table)[1].id}"
    moved = desk.adam.post(f"{second}/move", _form(desk.adam.page(path), f"{second}/move") | {"to": "up"})
    assert "Second" in _text(desk.adam.follow(moved), ".govuk-summary-list__row")
    desk.adam.follow(desk.adam.post(second, _form(desk.adam.page(second), second) | {field: "Changed"}))
    assert "Changed" in _text(desk.adam.page(path), ".govuk-summary-list__row")
    removal = _form(desk.adam.page(second), f"{second}/remove")
    assert "was removed" in _text(desk.adam.follow(desk.adam.post(f"{second}/remove", removal)))


def test_consultation_is_opened_closed_and_archived_by_buttons(desk: Desk) -> None:
    desk.office.now = OPENS_AT - timedelta(days=3)
    adam = desk.sign_in(ADAM)
    page = adam.follow(adam.post(f"{PAGE}/open", _form(adam.page(PAGE), f"{PAGE}/open")))
    assert "Open, closes in 53 days" in _text(page)
    desk.office.now = CLOSES_AT + timedelta(days=1)
    adam = desk.sign_in(ADAM)
    page = adam.follow(adam.post(f"{PAGE}/archive", _form(adam.page(PAGE), f"{PAGE}/archive")))
    assert "Archived" in _text(page)
    assert "1 archived consultation" in _text(adam.page("/consultations"))
    assert "Improving education outcomes" in _text(adam.page("/consultations?archived=1"))
    page = adam.follow(adam.post(f"{PAGE}/unarchive", _form(page, f"{PAGE}/unarchive")))
    assert "Closed yesterday" in _text(page)


def test_button_that_came_too_late_says_so(desk: Desk) -> None:
    answer = desk.adam.post(f"{PAGE}/archive", version="0")
    assert answer.status_code == 422
    assert "A consultation can be archived once it has closed." in answer.text
    stale = desk.adam.post(f"{PAGE}/close", version="7", reason="Enough.")
    assert stale.status_code == 409
    assert _review(desk).closes_at == CLOSES_AT


def _text_of_row(row: object) -> list[str]:
    return [" ".join(cell.text().split()) for cell in row.css("th, td")]  # type: ignore[attr-defined]
