"""Exactly who gets a rule's email on a day and who does not and why, the email itself, and a test of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.store.consultations import consultation_by_slug
from intake.store.people import Consultee, OptOut
from tests.building import raw_email
from tests.office import DURING
from tests.people import ASHA, BEN, CAROL, DAN, REVIEW
from tests.web.desk import REVIEW_SLUG, Desk, open_desk
from tests.web.reminding_scene import DIGEST, add_consultees, add_rules, rows_of, text_of, three_rules


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def _recipients(desk: Desk, rule_id: int, query: str = "") -> LexborHTMLParser:
    return desk.adam.page(f"/reminders/{rule_id}/recipients{query}")


def test_page_says_exactly_who_gets_it_and_who_does_not_and_why(desk: Desk) -> None:
    desk.office.receive(raw_email(sender=BEN, to=REVIEW), received_at=DURING)
    desk.office.cycle()
    with desk.office.database.transaction() as session:
        review = consultation_by_slug(session, REVIEW_SLUG)
        session.add(OptOut(consultation_id=review.id, address=CAROL, at=DURING))
        row = Consultee(consultation_id=review.id, organisation="Without Address", stakeholder_group="school")
        session.add(row)
    add_consultees(desk, 1)
    [rule_id] = add_rules(desk, three_rules()[0])
    page = _recipients(desk, rule_id)
    assert "Who gets it on Friday 14 February 2020" in text_of(page, "h1")
    assert "As things stand now 1 email goes, and 3 people and organisations get none." in text_of(page)
    rows = rows_of(page, "main")
    assert [row.split("Show the email")[0].strip() for row in rows] == [
        f"Heathfield Primary School {BEN} school No Answered on Wednesday 12 February 2020 by email (IEO-0001).",
        f"Larkmead Trust {CAROL} trust No They asked for no more of these emails.",
        "School 0001 head@school1.example school Yes",
        "Without Address no address school No No contact with an email address is known. –",
    ]
    assert len(rows_of(_recipients(desk, rule_id, "?show=gets"), "main")) == 1
    assert len(rows_of(_recipients(desk, rule_id, "?show=not"), "main")) == 3


def test_long_list_of_recipients_comes_in_pages(desk: Desk) -> None:
    add_consultees(desk, 60)
    [rule_id] = add_rules(desk, three_rules()[0])
    first = _recipients(desk, rule_id)
    assert "Page 1 of 2" in text_of(first)
    following = first.css_first("a[rel=next]").attributes["href"] or ""  # type: ignore[union-attr]
    assert len(rows_of(desk.adam.page(following), "main")) == 12


def test_every_day_of_a_weekly_rule_can_be_looked_at(desk: Desk) -> None:
    [rule_id] = add_rules(desk, DIGEST)
    page = _recipients(desk, rule_id)
    assert "Monday 17 February 2020" in text_of(page, "h1")
    assert any("day=2020-02-24" in (link.attributes["href"] or "") for link in page.css("nav[aria-label=Days] a"))
    assert "Monday 24 February 2020" in text_of(_recipients(desk, rule_id, "?day=2020-02-24"), "h1")
    assert "Monday 17 February 2020" in text_of(_recipients(desk, rule_id, "?day=nonsense"), "h1")


def _email_path(page: LexborHTMLParser) -> str:
    link = next(link for link in page.css("main td a") if "Show the email" in link.text())
    return link.attributes["href"] or ""


def test_email_is_shown_as_it_would_go_on_its_day(desk: Desk) -> None:
    [rule_id] = add_rules(desk, three_rules()[0])
    path = _email_path(_recipients(desk, rule_id))
    page = desk.adam.page(path)
    assert "As it would go at 9:00am on Friday 14 February 2020" in text_of(page)
    assert f"From Improving education outcomes, {REVIEW} To {BEN}" in text_of(page, ".govuk-summary-list")
    assert "closes in 14 days" in text_of(page, ".govuk-summary-list")
    assert "The closing time is 11:59pm on Friday 28 February 2020." in text_of(page, ".app-letter")
    source = page.css_first("iframe[sandbox]").attributes["src"] or ""  # type: ignore[union-attr]
    framed = desk.adam.get(source)
    assert "Friday 28 February 2020" in framed.text
    policy = framed.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "frame-ancestors 'self'" in policy


def test_test_goes_to_nobody_but_oneself(desk: Desk) -> None:
    [rule_id] = add_rules(desk, three_rules()[0])
    page = desk.asha.page(_email_path(desk.asha.page(f"/reminders/{rule_id}/recipients")))
    fields = {
        one.attributes["name"] or "": one.attributes["value"] or "" for one in page.css("form[action$=test] input")
    }
    done = desk.asha.follow(desk.asha.post(f"/reminders/{rule_id}/test", fields))
    assert f"A test is on its way to {ASHA}." in text_of(done)
    [outgoing] = desk.office.outgoing()
    assert (outgoing.recipient_address, outgoing.kind) == (ASHA, "test")


def test_officers_own_reminder_is_shown_as_each_of_them_would_get_it(desk: Desk) -> None:
    [rule_id] = add_rules(desk, DIGEST)
    page = desk.adam.page(_email_path(_recipients(desk, rule_id)))
    assert "Dear Asha Rahman," in text_of(page, ".app-letter")


def test_email_to_somebody_it_is_not_for_is_not_found(desk: Desk) -> None:
    [rule_id] = add_rules(desk, three_rules()[0])
    for path in ("email", "email/html"):
        desk.adam.page(f"/reminders/{rule_id}/{path}?to={DAN}", status=404)
    assert desk.adam.post(f"/reminders/{rule_id}/test", to=DAN).status_code == 404
