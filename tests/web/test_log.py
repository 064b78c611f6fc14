"""The log's page: what an officer sees of each response, and how the address alone says what is shown."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlmodel import select

from intake.store.responses import ResponseTag
from intake.store.users import SavedView
from tests.databases import both_databases
from tests.office import CLOSES_AT, DURING
from tests.people import ASHA
from tests.responses.log_rows import add_response, add_responses, set_on
from tests.web.desk import REVIEW_SLUG, Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path, polled=False) as opened:
        yield opened


def rows(page: LexborHTMLParser) -> list[str]:
    return [row.text(separator=" ", strip=True) for row in page.css("table.app-log tbody tr")]


def references(page: LexborHTMLParser) -> list[str | None]:
    return [box.attributes["value"] for box in page.css("input[name=chosen]")]


def links(page: LexborHTMLParser, selector: str) -> dict[str, str | None]:
    return {link.text(strip=True): link.attributes["href"] for link in page.css(selector)}


def said(page: LexborHTMLParser) -> str:
    main = page.css_first("main")
    assert main
    return " ".join(main.text(separator=" ").split())


@both_databases
def test_a_line_of_the_log_says_who_when_how_and_where_it_stands(desk: Desk) -> None:
    add_response(
        desk.office.database,
        respondent_name="Ben Hughes",
        organisation="Heathfield Primary School",
        stakeholder_group="school",
        subject="Our response",
        received_at=CLOSES_AT + timedelta(minutes=1),
        officer_id=desk.users[ASHA].id,
        needs_reply=True,
        withdrawn_at=DURING,
    )
    with desk.office.database.transaction() as session:
        session.add(ResponseTag(response_id=1, tag="transport"))
    [row] = rows(desk.asha.page("/responses"))
    shown = ["IEO-0001", "29 Feb 2020, 12:00am", "Late", "Ben Hughes", "Heathfield Primary School", "school"]
    shown += ["Our response", "Withdrawn", "Needs a reply", "transport", "Email", "Unread", "Asha Rahman"]
    assert [word for word in shown if word not in row] == []


def test_a_response_whose_receipt_is_not_known_is_neither_in_time_nor_late(desk: Desk) -> None:
    add_response(desk.office.database, received_at=None)
    [row] = rows(desk.asha.page("/responses"))
    assert "Not known; recorded 12 Feb 2020, 10:30am" in row
    assert "In time" not in row
    assert "Late" not in row


def test_a_response_opens_with_the_filters_it_was_found_by(desk: Desk) -> None:
    add_response(desk.office.database)
    found = desk.asha.page("/responses?q=support&status=unread")
    assert links(found, "th a")["IEO-0001"] == "/responses/IEO-0001?status=unread&q=support"
    assert [mark.text() for mark in found.css("mark")] == ["support"]


def test_what_people_wrote_is_never_markup(desk: Desk) -> None:
    nasty = "<script>alert(1)</script> & <b>school</b>"
    add_response(desk.office.database, subject=nasty, own_words=nasty, respondent_name=nasty, organisation=nasty)
    found = desk.asha.page("/responses?q=school")
    assert found.css("main b, main table script") == []
    assert nasty in said(found)
    assert "<script>alert" not in desk.asha.get("/responses?q=%3Cscript%3Ealert(1)").text


def test_each_filter_is_shown_and_taken_away_by_a_link(desk: Desk) -> None:
    add_response(desk.office.database)
    found = desk.asha.page(f"/responses?consultation={REVIEW_SLUG}&officer=nobody&from=2020-02-01&tag=x&q=a")
    chosen = [link.text().removeprefix("Take away the filter ") for link in found.css(".app-chosen__one")]
    assert chosen == [
        "Improving education outcomes ✕",
        "Officer: nobody ✕",
        "Tag: x ✕",
        "From 2020-02-01 ✕",
        "Search: a ✕",
    ]
    assert found.css(".app-chosen__one")[2].attributes["href"] == (
        f"/responses?consultation={REVIEW_SLUG}&officer=nobody&from=2020-02-01&q=a"
    )
    assert "No response matches all of these together." in said(found)


def test_a_number_of_responses_says_how_many_of_them_were_withdrawn(desk: Desk) -> None:
    add_responses(desk.office.database, [{}, {"withdrawn_at": DURING}, {}])
    assert "3 responses, 1 of them withdrawn" in said(desk.asha.page("/responses"))
    assert "2 responses" in said(desk.asha.page("/responses?withdrawn=no"))


def test_an_address_that_makes_no_sense_shows_the_log_and_says_so(desk: Desk) -> None:
    add_response(desk.office.database)
    found = desk.asha.page("/responses?status=asleep&after=nowhere&q=%3F%3F&count=all&from=tomorrow")
    assert len(rows(found)) == 1
    for sentence in (
        "no status “asleep”",
        "That page is not there",
        "no word to look for in “??”",
        "no date “tomorrow”",
    ):
        assert sentence in said(found)


def test_an_empty_log_says_what_to_do(desk: Desk) -> None:
    assert "No responses yet" in said(desk.asha.page("/responses"))
    assert "the emails that are held" in said(desk.asha.page("/responses"))
    assert "the mailboxes are read" in said(desk.adam.page("/responses"))


def test_pages_lead_on_and_back(desk: Desk) -> None:
    add_responses(desk.office.database, [{"received_at": DURING + timedelta(minutes=number)} for number in range(101)])
    first = desk.asha.page("/responses?status=unread")
    second = desk.asha.page(links(first, ".app-pages a")["Next page →"] or "")
    third = desk.asha.page(links(second, ".app-pages a")["Next page →"] or "")
    assert [len(rows(page)) for page in (first, second, third)] == [50, 50, 1]
    back = desk.asha.page(links(third, ".app-pages a")["← Previous page"] or "")
    assert rows(back) == rows(second)
    assert links(back, ".app-pages a")["First page"] == "/responses?status=unread"


def test_more_than_a_thousand_are_counted_exactly_only_on_request(desk: Desk) -> None:
    add_responses(desk.office.database, [{}] * 1002)
    found = desk.asha.page("/responses")
    assert "More than 1,000 responses" in said(found)
    assert "1,002 responses" in said(desk.asha.page(links(found, "main p a")["Count exactly"] or ""))


def test_a_heading_sorts_and_sorts_the_other_way(desk: Desk) -> None:
    add_responses(desk.office.database, [{"respondent_name": "Ben"}, {"respondent_name": "Asif"}])
    sorted_by = desk.asha.page(links(desk.asha.page("/responses"), "thead a")["Respondent"] or "")
    assert references(sorted_by) == ["IEO-0002", "IEO-0001"]
    heading = sorted_by.css_first("th[aria-sort]")
    assert heading
    assert (heading.attributes["aria-sort"], heading.css_first("a").attributes["href"]) == (  # type: ignore[union-attr]
        "ascending",
        "/responses?sort=respondent&reversed=yes",
    )


def test_an_officer_is_not_shown_what_others_tag_or_open(desk: Desk) -> None:
    add_response(desk.office.database, prefix="ADM", own_words="secret")
    with desk.office.database.transaction() as session:
        session.add(ResponseTag(response_id=1, tag="kept-apart"))
    for query in ("", "?q=secret", "?q=ADM-0001", "?consultation=school-admissions"):
        text = desk.asha.get(f"/responses{query}").text
        assert "kept-apart" not in text
        assert "/responses/ADM" not in text
    assert "kept-apart" in desk.olga.get("/responses").text


def test_a_view_is_saved_shown_above_the_log_and_deleted(desk: Desk) -> None:
    add_response(desk.office.database)
    answer = desk.asha.post("/views", query="q=school&status=unread&status=asleep", name="Unread schools")
    page = desk.asha.follow(answer)
    assert answer.headers["location"] == "/responses?status=unread&q=school"
    assert links(page, ".app-views a")["Unread schools"] == "/responses?status=unread&q=school"
    assert "The view “Unread schools” was saved." in said(page)
    assert "Unread schools" not in desk.adam.get("/responses").text
    again = desk.asha.post("/views", query="", name="unread SCHOOLS")
    assert again.status_code == 422
    assert "You have a view called “unread SCHOOLS” already" in again.text
    with desk.office.database.reading() as session:
        [view] = session.exec(select(SavedView)).all()
    assert desk.adam.post(f"/views/{view.id}/delete").status_code == 404
    assert "was deleted" in said(desk.asha.follow(desk.asha.post(f"/views/{view.id}/delete")))
    assert "You have none" in said(desk.asha.page("/views"))


def test_a_status_changed_by_another_moves_no_page(desk: Desk) -> None:
    add_responses(desk.office.database, [{"received_at": DURING + timedelta(minutes=number)} for number in range(60)])
    first = desk.asha.page("/responses?sort=status")
    set_on(desk.office.database, references(first)[-1] or "", status="considered")
    second = desk.asha.page(links(first, ".app-pages a")["Next page →"] or "")
    assert references(second)[:10] == [f"IEO-{number:04d}" for number in range(10, 0, -1)]
