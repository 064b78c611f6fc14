"""The overview: numbers that lead to what they count, the deadline in one wording, charts with their tables, and a
warning while responses of a closed consultation are unread."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa
from selectolax.lexbor import LexborHTMLParser
from sqlmodel import col

from intake.responses.filters import Filters
from intake.store.consultations import Consultation, LatePolicy
from intake.store.emails import EmailStatus, InboundEmail, Mailbox, OutgoingEmail, OutgoingStatus
from intake.store.responses import Channel, Nature, ResponseStatus
from tests.databases import both_databases
from tests.office import CLOSES_AT, DURING, account
from tests.people import ADMISSIONS, ASHA, REVIEW
from tests.responses.test_counting import add
from tests.web.desk import ADMISSIONS_SLUG, REVIEW_SLUG, Desk, Visitor, open_desk

BOXES = {"review": account(username=REVIEW), "asha": account(username=ASHA), "admissions": account(username=ADMISSIONS)}
AFTER = CLOSES_AT + timedelta(days=3)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path, settings={"mailboxes": BOXES}) as desk:
        yield desk


def figures(page: LexborHTMLParser) -> dict[str, tuple[int, str]]:
    """Each number and where it leads, by its label."""
    found = {}
    for one in page.css(".app-figure"):
        number, label = (one.css(f".app-figure__{name}")[0].text() for name in ("number", "label"))
        found[label] = (int(number.replace(",", "")), one.css("a")[0].attributes["href"] or "")
    return found


def text(visitor: Visitor, path: str = "/") -> str:
    main = visitor.page(path).css_first("main")
    assert main
    return " ".join(main.text(separator=" ").split())


def held(desk: Desk, count: int, **values: Any) -> None:
    with desk.office.database.transaction() as session:
        for number in range(count):
            given = {"status": EmailStatus.held, "reason": "no-sender", **values}
            session.add(InboundEmail(raw_sha256=f"{values}{number}"[-64:], size=1, collected_at=DURING, **given))


def change(desk: Desk, **values: Any) -> None:
    with desk.office.database.transaction() as session:
        session.execute(sa.update(Consultation).values(**values))


def test_before_anybody_answered_it_says_when_it_closes_and_draws_nothing(desk: Desk) -> None:
    page = desk.asha.page("/")
    assert "Closes in 16 days: 11:59pm on Friday 28 February 2020" in text(desk.asha)
    assert figures(page)["responses"][0] == 0
    assert page.css("svg.app-chart__picture") == []
    assert "No response has come yet" in text(desk.asha)


@both_databases
def test_every_number_leads_to_what_it_counts(desk: Desk) -> None:
    add(desk.office, 2)
    add(desk.office, status=ResponseStatus.read, needs_reply=True)
    add(desk.office, nature=Nature.question)
    add(desk.office, received_at=CLOSES_AT + timedelta(hours=1), status=ResponseStatus.considered)
    held(desk, 2, consultation_id=1)
    shown = figures(desk.asha.page(f"/?consultation={REVIEW_SLUG}"))
    numbers = {label: number for label, (number, _) in shown.items()}
    assert numbers == {"responses": 4, "unread": 2, "emails held": 2, "to reply to": 1, "question": 1, "late": 1}
    log = f"/responses?consultation={REVIEW_SLUG}"
    assert shown["responses"][1] == f"{log}&nature=response&withdrawn=no"
    assert shown["unread"][1] == f"{log}&nature=response&status=unread&withdrawn=no"
    assert shown["to reply to"][1] == f"{log}&flag=needs_reply&withdrawn=no"
    assert shown["question"][1] == f"{log}&nature=question&withdrawn=no"
    assert shown["late"][1] == f"{log}&nature=response&timing=late&withdrawn=no"
    assert shown["emails held"][1] == f"/held?consultation={REVIEW_SLUG}"


def test_addresses_of_the_log_on_the_page_are_understood_by_the_log(desk: Desk) -> None:
    add(desk.office, stakeholder_group="Parents & carers / others")
    page = desk.adam.page("/")
    queries = [a.attributes["href"] or "" for a in page.css("a[href^='/responses?']")]
    assert any("group=" in query for query in queries)
    for query in queries:
        assert Filters.from_query(parse_qsl(urlsplit(query).query), desk.office.rows(Consultation))[1] == []


@both_databases
def test_what_went_wrong_is_a_number_only_when_it_did(desk: Desk) -> None:
    held(desk, 1, status=EmailStatus.failed, reason="reader-died", consultation_id=1)
    with desk.office.database.transaction() as session:
        session.add(_outgoing(OutgoingStatus.bounced))
    add(desk.office, received_at=CLOSES_AT + timedelta(hours=1))
    change(desk, late_policy=LatePolicy.discretion)
    shown = figures(desk.asha.page("/"))
    assert shown["emails that could not be read"][0] == 1
    assert shown["of our emails came back"] == (1, "/outgoing?state=bounced")
    assert shown["late, to be decided"][0] == 1
    assert not {"of our emails refused", "of our emails held"} & set(shown)


def _outgoing(status: OutgoingStatus) -> OutgoingEmail:
    return OutgoingEmail(
        kind="acknowledgement",
        once_key=status.value,
        consultation_id=1,
        recipient_address="ben@somewhere.example",
        message_id=f"<{status}@county.example>",
        status=status,
        queued_at=DURING,
        due_at=DURING,
    )


def test_a_closed_consultation_with_unread_responses_is_warned_of(desk: Desk) -> None:
    add(desk.office, 2)
    assert "has closed" not in text(desk.asha)
    desk.office.now = AFTER
    asha = desk.sign_in(ASHA)
    assert "Improving education outcomes has closed, and 2 responses have not been read." in text(asha)
    assert "Closed 3 days ago: 11:59pm on Friday 28 February 2020" in text(asha)
    with desk.office.database.transaction() as session:
        session.execute(sa.text("UPDATE response SET status = 'read'"))
    assert "has closed, and" not in text(asha)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (datetime.fromisoformat("2020-01-09T08:59:00+00:00"), "Opens today: 9am on Thursday 9 January 2020"),
        (datetime.fromisoformat("2020-02-27T23:59:59+00:00"), "Closes tomorrow: 11:59pm on"),
        (datetime.fromisoformat("2020-02-28T23:59:59+00:00"), "Closes today: 11:59pm on"),
        (datetime.fromisoformat("2020-02-29T00:00:00+00:00"), "Closed yesterday: 11:59pm on"),
    ],
)
def test_the_days_to_the_deadline_are_those_of_its_calendar(desk: Desk, now: datetime, said: str) -> None:
    desk.office.now = now
    assert said in text(desk.sign_in(ASHA))


def test_each_chart_has_words_and_a_table(desk: Desk) -> None:
    add(desk.office, 3, stakeholder_group="school")
    add(desk.office, channel=Channel.letter, received_at=DURING + timedelta(days=1), stakeholder_group="<b>trust</b>")
    add(desk.office, received_at=None)
    page = desk.asha.page("/")
    pictures = page.css("svg.app-chart__picture")
    assert [one.css("title")[0].text() for one in pictures] == [
        "Responses received each day, by channel",
        "Responses by how far officers are",
        "Responses by stakeholder group",
        "Response rates by stakeholder group",
    ]
    tables = [
        [[cell.text().strip() for cell in row.css("th, td")] for row in table.css("tr")]
        for table in page.css(".app-chart table")
    ]
    assert tables == [
        [["Day", "Email", "Letter", "All"], ["12 February 2020", "3", "0", "3"], ["13 February 2020", "0", "1", "1"]],
        [["Status", "Responses"], ["Unread", "5"], ["Read", "0"], ["Considered", "0"]],
        [["Group", "Responses"], ["school", "3"], ["<b>trust</b>", "1"], ["No group given", "1"]],
        [
            ["Group", "Invited", "Answered", "Not answered", "Rate"],
            ["school", "1", "0", "1", "0%"],
            ["trust", "1", "0", "1", "0%"],
            ["All", "2", "0", "2", "0%"],
        ],
    ]
    assert "1 response of which nobody knows when it came is not in it." in text(desk.asha)
    assert page.css_first("svg b") is None
    ids = [one.attributes["id"] for one in page.css("[id]")]
    assert len(ids) == len(set(ids))


def test_nothing_on_the_page_needs_a_style_or_a_script_of_its_own(desk: Desk) -> None:
    add(desk.office)
    html = desk.adam.get("/").text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! type=\"module\" src=)", html)


def test_an_officer_sees_the_numbers_and_mailboxes_of_what_they_are_given_only(desk: Desk) -> None:
    add(desk.office, 3)
    add(desk.office, slug=ADMISSIONS_SLUG)
    held(desk, 2, consultation_id=1)
    held(desk, 4)
    olga, adam = desk.olga.page("/"), desk.adam.page("/")
    assert (figures(olga)["response"][0], figures(olga)["emails held"][0]) == (1, 0)
    assert (figures(adam)["responses"][0], figures(adam)["emails held"][0]) == (4, 6)
    assert "Improving education outcomes" not in text(desk.olga)
    assert _mailboxes(olga) == ["admissions"]
    assert _mailboxes(adam) == ["review", "asha", "admissions"]


def _mailboxes(page: LexborHTMLParser) -> list[str]:
    return [row.text().strip() for row in page.css("table.app-cards")[-1].css("tbody th")]


def test_a_consultation_somebody_was_not_given_is_not_there(desk: Desk) -> None:
    assert desk.olga.get(f"/?consultation={REVIEW_SLUG}").status_code == 404
    assert desk.olga.get("/?consultation=nothing").status_code == 404


def test_somebody_who_was_given_nothing_is_told_so(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        session.execute(sa.text("DELETE FROM consultation_access"))
    assert "You have not been given a consultation yet." in text(desk.asha)


def test_archived_consultations_are_left_out_until_they_are_asked_for(desk: Desk) -> None:
    add(desk.office, 3)
    with desk.office.database.transaction() as session:
        session.execute(sa.update(Consultation).where(col(Consultation.id) == 1).values(archived_at=DURING))
    assert figures(desk.adam.page("/"))["responses"][0] == 0
    assert "Archived consultations are not counted here" in text(desk.adam)
    assert figures(desk.adam.page(f"/?consultation={REVIEW_SLUG}"))["responses"][0] == 3


def test_several_consultations_stand_in_a_table_and_lead_to_their_own_overviews(desk: Desk) -> None:
    add(desk.office, 2)
    page = desk.adam.page("/")
    links = {a.text(): a.attributes["href"] for a in page.css("th a")}
    assert links["Improving education outcomes"] == f"/?consultation={REVIEW_SLUG}"
    assert [one.text() for one in page.css("svg text[font-weight]")][:1] == ["ADM, IEO close"]


def test_a_mailbox_that_is_not_read_any_more_is_told_with_the_reason(desk: Desk) -> None:
    desk.office.mailboxes["review"].refuses_sign_in = True
    desk.office.now += timedelta(hours=3)
    with pytest.raises(Exception, match="refused the user name"):
        desk.office.collect("review")
    said = text(desk.sign_in(ASHA))
    assert "No successful poll for 3 hours. Mailbox review: the mail server refused the user name or password." in said


def test_a_silent_worker_is_suspected_when_no_poll_failed(desk: Desk) -> None:
    assert "may not be running" not in text(desk.asha)
    desk.office.now += timedelta(minutes=6)
    assert "No successful poll for 6 minutes. The worker (intake work) may not be running." in text(desk.asha)


def test_messages_on_the_server_are_told_against_the_ledger(desk: Desk) -> None:
    assert "Not compared yet" in text(desk.asha)
    with desk.office.database.transaction() as session:
        values = {"reconciled_at": DURING, "messages_on_server": 1312, "messages_missing": 0}
        session.execute(sa.update(Mailbox).where(col(Mailbox.name) == "review").values(**values))
        session.execute(sa.update(Mailbox).where(col(Mailbox.name) == "asha").values({**values, "messages_missing": 2}))
    said = text(desk.asha)
    assert "1,312 on the server, all accounted for (12 Feb 2020, 10:30am)" in said
    assert "1,312 on the server, 2 missing (12 Feb 2020, 10:30am)" in said
    assert "Some messages on the server are not here" in said
