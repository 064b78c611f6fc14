"""The pages of those invited: who has answered and who has not, at one look."""

import csv
import io
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlmodel import select

from intake.outbound.opting_out import opt_out
from intake.schedules import Anchor
from intake.store.consultations import consultation_by_slug
from intake.store.mailings import Audience, ReminderRule
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.responses import Nature
from tests.building import raw_email
from tests.office import DURING, OPENS_AT
from tests.people import BEN, CAROL, DAN, REVIEW
from tests.responses.log_rows import add_response
from tests.web.desk import ADMISSIONS_SLUG, REVIEW_SLUG, Desk, open_desk

LIST = f"/consultations/{REVIEW_SLUG}/consultees"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        yield opened


def answer(desk: Desk, sender: str) -> None:
    desk.office.receive(raw_email(sender=sender, to=REVIEW, message_id=f"<{sender}>"))
    desk.office.cycle()


def add_consultees(desk: Desk, *organisations: str, **values: Any) -> None:
    with desk.office.database.transaction() as session:
        review = consultation_by_slug(session, REVIEW_SLUG)
        given = {"stakeholder_group": "school", **values}
        session.add_all(Consultee(consultation_id=review.id, organisation=name, **given) for name in organisations)


def add_rule(desk: Desk, **values: Any) -> None:
    with desk.office.database.transaction() as session:
        given = {"audience": Audience.unanswered, "anchor": Anchor.closing, "amount": -3, "clock": time(9), **values}
        review = consultation_by_slug(session, REVIEW_SLUG)
        session.add(ReminderRule(consultation_id=review.id, name="Last call", set_at=OPENS_AT, **given))


def consultee_id(desk: Desk, organisation: str) -> int:
    with desk.office.database.reading() as session:
        return session.exec(select(Consultee.id).where(Consultee.organisation == organisation)).one()


def rows(tree: LexborHTMLParser) -> list[str]:
    """The organisations of the list, in its order."""
    return [node.text(strip=True) for node in tree.css(".app-log tbody th a")]


def said(tree: LexborHTMLParser) -> str:
    main = tree.css_first("main")
    assert main is not None
    return " ".join(main.text(separator=" ").split())


def test_the_list_says_who_has_answered_and_how(desk: Desk) -> None:
    answer(desk, BEN)
    tree = desk.asha.page(LIST)
    text = said(tree)
    assert rows(tree) == ["Heathfield Primary School", "Larkmead Trust"]
    assert "2 on the list 1 answered 1 not answered 50% have answered" in text
    assert "Answered 12 Feb 2020, 10:30am, email IEO-0001" in text
    assert rows(desk.asha.page(f"{LIST}?answered=no")) == ["Larkmead Trust"]
    assert rows(desk.asha.page(f"{LIST}?answered=no&group=school")) == []


def test_the_rates_are_drawn_and_stand_in_a_table(desk: Desk) -> None:
    answer(desk, BEN)
    tree = desk.asha.page(LIST)
    picture = tree.css_first("svg.app-chart__picture")
    assert picture is not None
    assert "1 of 2" in picture.text()
    cells = [cell.text(strip=True) for cell in tree.css(".app-chart tbody tr:last-child > *")]
    assert cells == ["All", "2", "1", "1", "1", "50%"]


def test_every_filter_in_force_is_shown_and_can_be_taken_away(desk: Desk) -> None:
    tree = desk.asha.page(f"{LIST}?answered=no&group=trust&q=lark&sort=group")
    away = {node.text(strip=True): node.attributes["href"] for node in tree.css(".app-chosen__one")}
    assert away == {
        "Take away the filterHas not answered✕": f"{LIST}?group=trust&q=lark&sort=group",
        "Take away the filterGroup: trust✕": f"{LIST}?answered=no&q=lark&sort=group",
        "Take away the filterSearch: lark✕": f"{LIST}?answered=no&group=trust&sort=group",
    }


def test_a_long_list_has_pages_of_a_hundred(desk: Desk) -> None:
    add_consultees(desk, *(f"School {number:03}" for number in range(150)))
    first, second = desk.asha.page(LIST), desk.asha.page(f"{LIST}?page=2")
    assert (len(rows(first)), len(rows(second))) == (100, 52)
    assert rows(first)[0] == "Heathfield Primary School"
    assert rows(second)[-1] == "School 149"
    [onward] = [node.attributes["href"] for node in first.css(".app-pages a[rel=next]")]
    assert onward == f"{LIST}?page=2"
    assert rows(desk.asha.page(f"{LIST}?page=9999")) == rows(second)


def test_a_consultation_without_consultees_says_how_to_begin(desk: Desk) -> None:
    assert "Nobody has been invited yet." in said(desk.olga.page(f"/consultations/{ADMISSIONS_SLUG}/consultees"))


def test_the_download_has_what_is_shown_and_runs_no_formula(desk: Desk) -> None:
    answer(desk, BEN)
    add_consultees(desk, "=HYPERLINK(0)")
    got = desk.asha.get(f"{LIST}/download?answered=no")
    assert got.headers["content-disposition"] == f'attachment; filename="{REVIEW_SLUG}-not-answered.csv"'
    head, *lines = csv.reader(io.StringIO(got.content.decode("utf-8-sig")))
    assert head[:4] == ["Organisation", "Group", "Key", "Has answered"]
    assert [line[0] for line in lines] == ["'=HYPERLINK(0)", "Larkmead Trust"]
    assert lines[1] == ["Larkmead Trust", "trust", "", "no", "", CAROL, "", "", ""]
    everybody = desk.asha.get(f"{LIST}/download").content.decode("utf-8-sig")
    assert "Answered on Wednesday 12 February 2020 by email (IEO-0001)." in everybody


def test_the_page_of_one_says_at_once_that_it_answered(desk: Desk) -> None:
    answer(desk, BEN)
    text = said(desk.asha.page(f"/consultees/{consultee_id(desk, 'Heathfield Primary School')}"))
    assert "Answered on Wednesday 12 February 2020 by email (IEO-0001)." in text
    assert "Acknowledgement" in text


def test_the_page_of_one_says_when_the_next_reminder_goes(desk: Desk) -> None:
    path = f"/consultees/{consultee_id(desk, 'Larkmead Trust')}"
    assert "Not answered. No reminder is planned." in said(desk.asha.page(path))
    add_rule(desk)
    text = said(desk.asha.page(path))
    assert "Not answered. The next reminder goes at 9am on Tuesday 25 February 2020." in text
    assert f"{CAROL}: Gets it." in text


def test_a_reminder_that_would_reach_nobody_is_not_promised(desk: Desk) -> None:
    add_rule(desk)
    with desk.office.database.transaction() as session:
        opt_out(session, consultation_by_slug(session, REVIEW_SLUG).id, CAROL, now=DURING)
    text = said(desk.asha.page(f"/consultees/{consultee_id(desk, 'Larkmead Trust')}"))
    assert "Not answered. No reminder is planned that would reach them." in text
    assert f"{CAROL}: They asked for no more of these emails." in text
    assert "Asked for no more mail" in text


def test_contacts_that_are_only_written_from_are_told_apart(desk: Desk) -> None:
    key = consultee_id(desk, "Larkmead Trust")
    with desk.office.database.transaction() as session:
        session.add(ConsulteeAddress(consultee_id=key, address="bursar@larkmead.example", is_mailed=False))
    contacts = said(desk.asha.page(f"/consultees/{key}")).partition("Contacts Contacts")[2]
    assert f"{CAROL} Is written to bursar@larkmead.example Only writes from it" in contacts


def test_all_they_wrote_is_there_whatever_its_nature(desk: Desk) -> None:
    key = consultee_id(desk, "Larkmead Trust")
    add_response(desk.office.database, consultee_id=key, nature=Nature.question)
    add_response(desk.office.database, respondent_address=CAROL)
    add_response(desk.office.database, respondent_address=DAN)
    tree = desk.asha.page(f"/consultees/{key}")
    assert [node.attributes["href"] for node in tree.css(".app-quiet-list a")] == [
        "/responses/IEO-0001",
        "/responses/IEO-0002",
    ]
    assert "known by its address" in said(tree)


def test_who_is_no_longer_invited_says_so(desk: Desk) -> None:
    add_consultees(desk, "Oxley School", removed_at=DURING)
    assert "No longer invited" in said(desk.asha.page(f"/consultees/{consultee_id(desk, 'Oxley School')}"))
    assert rows(desk.asha.page(f"{LIST}?removed=yes")) == ["Oxley School"]


def test_officers_of_another_consultation_find_nothing(desk: Desk) -> None:
    for path in (LIST, f"{LIST}/download", f"/consultees/{consultee_id(desk, 'Larkmead Trust')}"):
        assert desk.olga.get(path).status_code == 404
        assert desk.nobody.get(path).status_code == 303


def test_the_overview_of_one_consultation_has_its_response_rates(desk: Desk) -> None:
    answer(desk, BEN)
    assert "Response rates" in said(desk.asha.page("/"))
    assert "Response rates" not in said(desk.adam.page("/"))
    assert "Response rates" in said(desk.adam.page(f"/?consultation={REVIEW_SLUG}"))
