"""An administrator builds a reminder schedule in the web, sees when it goes and exactly who gets it, and tests it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.store.consultations import DayOff, consultation_by_slug
from intake.store.mailings import Audience, ReminderRule
from intake.store.people import Consultee, ConsulteeAddress
from tests.people import ADAM, BEN
from tests.web.desk import REVIEW_SLUG, Desk, open_desk
from tests.web.looked import send_looked_at
from tests.web.reminding_scene import (
    DIGEST,
    FIRST_DAY,
    add_consultees,
    add_groups,
    add_rules,
    rows_of,
    text_of,
    three_rules,
)

PAGE = f"/consultations/{REVIEW_SLUG}/reminders"
TYPED = {
    "audience": "unanswered",
    "when": "counted",
    "amount": "10",
    "unit": "working-days",
    "counted_from": "before-closing",
    "clock": "9am",
    "off_days": "earlier",
    "template": "",
    "name": "",
    "step": "save",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def _rules(desk: Desk) -> list[ReminderRule]:
    return list(desk.office.rows(ReminderRule))


def _post(desk: Desk, path: str = f"{PAGE}/new", **changed: Any) -> LexborHTMLParser:
    answer = desk.adam.post(path, {**TYPED, **changed})
    assert answer.status_code in (200, 422), answer.text[:300]
    return LexborHTMLParser(answer.text)


# The empty page, and schedules to start from


def test_empty_page_warns_and_offers_three_schedules_to_start_from(desk: Desk) -> None:
    page = desk.adam.page(PAGE)
    assert "Nobody is reminded of anything." in text_of(page)
    assert len(page.css(".app-ready li")) == 3


def test_ready_made_schedule_is_set_with_one_press_and_its_days_are_in_the_calendar(desk: Desk) -> None:
    page = desk.adam.follow(desk.adam.post(f"{PAGE}/ready", schedule="closing"))
    assert "Added, and on: “10 working days before it closes, at 9am”" in text_of(page)
    assert [row.split(" 9am ")[0] for row in rows_of(page, ".app-calendar") if "Coming" in row] == [
        "Friday 14 February 2020",
        "Tuesday 25 February 2020",
        "Thursday 27 February 2020",
    ]


def test_ready_made_rule_that_has_passed_is_left_out_and_said(desk: Desk) -> None:
    desk.office.now = datetime(2020, 2, 20, 10, tzinfo=UTC)
    adam = desk.sign_in(ADAM)
    told = text_of(adam.follow(adam.post(f"{PAGE}/ready", schedule="closing")), ".govuk-notification-banner")
    assert "was on Friday 14 February 2020, which has passed." in told
    assert len(_rules(desk)) == 2
    assert adam.post(f"{PAGE}/ready", schedule="unheard-of").status_code == 404


# The form


def test_new_form_shows_the_day_it_would_come_to_before_anything_is_typed(desk: Desk) -> None:
    page = desk.adam.page(f"{PAGE}/new")
    assert "Friday 14 February 2020, 9am" in text_of(page, "#dates")
    assert "As things stand now 2 people get it." in text_of(page, "#dates")
    legends = [
        " ".join(one.text().split()) for one in page.css("legend.govuk-fieldset__legend--m, label.govuk-label--m")
    ]
    assert legends == [
        "Who should get it?",
        "When?",
        "At what time?",
        "What if that day is a weekend or a holiday?",
        "Which text?",
        "What is it called?",
    ]


def test_form_begins_with_a_day_that_is_still_to_come(desk: Desk) -> None:
    desk.office.now = datetime(2020, 2, 24, 10, tzinfo=UTC)
    adam = desk.sign_in(ADAM)
    assert "Tuesday 25 February 2020" in text_of(adam.page(f"{PAGE}/new"), "#dates")
    desk.office.now = datetime(2020, 3, 24, 10, tzinfo=UTC)
    adam = desk.sign_in(ADAM)
    assert "Officers, while something is unread or held. Every Monday" in text_of(adam.page(f"{PAGE}/new"), "#dates")


def test_dates_are_shown_without_saving_and_what_was_typed_stays(desk: Desk) -> None:
    page = _post(desk, step="dates", amount="3", name="Last call")
    assert "Tuesday 25 February 2020, 9am" in text_of(page, "#dates")
    assert page.css_first("[name=amount]").attributes["value"] == "3"  # type: ignore[union-attr]
    assert page.css_first("[name=name]").attributes["value"] == "Last call"  # type: ignore[union-attr]
    assert _rules(desk) == []


def test_day_that_is_moved_off_a_weekend_says_from_where(desk: Desk) -> None:
    page = _post(desk, step="dates", amount="5", unit="days")
    assert "Friday 21 February 2020, 9am Moved from Sunday 23 February 2020 (Sunday)." in text_of(page, "#dates")
    kept = _post(desk, step="dates", amount="5", unit="days", off_days="keep")
    assert "Sunday 23 February 2020, 9am" in text_of(kept, "#dates")


def test_day_off_an_administrator_added_moves_a_rule_and_is_named(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        session.add(DayOff(day=FIRST_DAY, name="Teacher training"))
    page = _post(desk, step="dates", unit="days", amount="14")
    assert "Thursday 13 February 2020" in text_of(page, "#dates")
    assert "Moved from Friday 14 February 2020 (Teacher training)." in text_of(page, "#dates")


def test_time_that_the_clocks_skip_is_said_to_happen_at_the_next_that_exists(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        row = consultation_by_slug(session, REVIEW_SLUG)
        row.closes_at = datetime(2020, 4, 2, 22, 59, tzinfo=UTC)
        row.quiet_from = row.quiet_until
    given = {"unit": "days", "off_days": "keep", "clock": "1:30am"}
    page = text_of(_post(desk, step="dates", amount="4", **given), "#dates")
    assert "Sunday 29 March 2020, 2am" in page
    assert "1:30am does not exist on that day, as the clocks go forward: it goes at 2am." in page


def test_time_that_comes_twice_is_said_to_happen_the_first_time(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        row = consultation_by_slug(session, REVIEW_SLUG)
        row.closes_at = datetime(2020, 10, 30, 23, 59, tzinfo=UTC)
        row.quiet_from = row.quiet_until
    given = {"unit": "days", "off_days": "keep", "clock": "1:30am"}
    page = text_of(_post(desk, step="dates", amount="5", **given), "#dates")
    assert "1:30am comes twice on that day, as the clocks go back: it goes the first time." in page


def test_mistakes_stand_beside_their_fields_whichever_button_is_pressed(desk: Desk) -> None:
    for step in ("dates", "save"):
        page = _post(desk, step=step, amount="400", clock="9pm")
        assert "Enter a number of days from 0 to 366." in text_of(page, "#amount-error")
        assert "9pm is in the quiet hours (8pm to 8am)" in text_of(page, "#clock-error")
        links = [link.attributes["href"] for link in page.css(".govuk-error-summary a")]
        assert links == ["#amount", "#clock"]
        assert all(page.css_first(link or "") for link in links)
    assert _rules(desk) == []


def test_rule_is_added_as_it_was_typed(desk: Desk) -> None:
    add_groups(desk, "school", "trust")
    page = desk.adam.follow(desk.adam.post(f"{PAGE}/new", {**TYPED, "groups": ["school", "trust"]}))
    assert "The rule “10 working days before it closes, at 9am” was added. It is on." in text_of(page)
    [row] = _rules(desk)
    assert (row.audience, row.groups) == (Audience.unanswered, ["school", "trust"])
    assert "Consultees who have not answered, of the groups school and trust" in text_of(page)


def test_weekly_digest_is_added_and_shows_its_next_weeks(desk: Desk) -> None:
    weekly: dict[str, Any] = {
        "audience": "officers-digest",
        "when": "weekly",
        "weekdays": ["0", "3"],
        "clock": "8:30am",
    }
    page = _post(desk, step="dates", **weekly)
    told = text_of(page, "#dates")
    assert "Officers, a digest. Every Monday and Thursday, at 8:30am." in told
    assert "Thursday 13 February 2020, 8:30am Monday 17 February 2020, 8:30am" in told
    assert "As things stand now 1 person gets it." in told
    desk.adam.follow(desk.adam.post(f"{PAGE}/new", {**TYPED, **weekly}))
    assert _rules(desk)[0].weekdays == [0, 3]


def test_rule_is_changed_and_its_history_tells_what(desk: Desk) -> None:
    [rule_id] = add_rules(desk, three_rules()[0])
    path = f"/reminders/{rule_id}"
    desk.adam.follow(desk.adam.post(path, {**TYPED, "amount": "9", "version": "0"}))
    [row] = _rules(desk)
    assert (row.amount, row.name, row.version) == (-9, "9 working days before it closes, at 9am", 1)
    page = desk.adam.page(path)
    assert "Adam Clarke changed the number of days and the name." in text_of(page, ".app-history")


def test_second_of_two_who_change_a_rule_is_told_and_keeps_what_they_typed(desk: Desk) -> None:
    [rule_id] = add_rules(desk, three_rules()[0])
    path = f"/reminders/{rule_id}"
    desk.adam.post(path, {**TYPED, "amount": "9", "version": "0"})
    lost = desk.adam.post(path, {**TYPED, "amount": "8", "version": "0"})
    assert lost.status_code == 409
    page = LexborHTMLParser(lost.text)
    assert "Somebody changed this while you had it open" in text_of(page)
    assert page.css_first("[name=amount]").attributes["value"] == "8"  # type: ignore[union-attr]
    assert _rules(desk)[0].amount == -9


def test_rule_is_turned_off_and_on_again_and_removed(desk: Desk) -> None:
    [rule_id] = add_rules(desk, three_rules()[0])
    page = desk.adam.follow(desk.adam.post(f"/reminders/{rule_id}/turn", version="0", on=""))
    assert "is turned off." in text_of(page, ".govuk-notification-banner")
    assert "All rules are turned off" in text_of(page)
    assert "Turned off" in text_of(page, ".app-calendar")
    desk.adam.follow(desk.adam.post(f"/reminders/{rule_id}/turn", version="1", on="yes"))
    assert _rules(desk)[0].is_on
    assert desk.adam.post(f"/reminders/{rule_id}/remove", version="1").status_code == 409
    assert "was removed." in text_of(desk.adam.follow(desk.adam.post(f"/reminders/{rule_id}/remove", version="2")))
    desk.adam.page(f"/reminders/{rule_id}", status=404)


# The list, the calendar and its warnings


def test_list_says_when_each_rule_is_next_and_how_many_would_get_it(desk: Desk) -> None:
    add_rules(desk, three_rules()[0], DIGEST)
    reminder, digest = rows_of(desk.adam.page(PAGE), ".app-cards")[:2]
    assert "Fri 14 February 2020 2 people" in reminder
    assert "Mon 17 February 2020 1 person" in digest


def test_calendar_has_all_rules_by_day_with_bank_holidays_and_when_it_opens_and_closes(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        consultation_by_slug(session, REVIEW_SLUG).closes_at = datetime(2020, 4, 20, 22, 59, tzinfo=UTC)
        session.add(DayOff(day=FIRST_DAY, name="Teacher training"))
    add_rules(desk, *three_rules(), DIGEST)
    rows = rows_of(desk.adam.page(PAGE), ".app-calendar")
    assert rows[0].startswith("Thursday 9 January 2020 9am The consultation opens")
    assert "Friday 14 February 2020 – Teacher training: nobody works – –" in rows
    assert "Friday 10 April 2020 – Good Friday: nobody works – –" in rows
    # Easter Monday's digest goes on the Thursday before.
    assert any(
        row.startswith("Thursday 9 April 2020 8:30am Monday digest") and "Moved to a Thursday" in row for row in rows
    )
    days = [row.split(" 2020")[0].split(" ", 1)[1] for row in rows]
    assert days.index("14 February") < days.index("10 April") < days.index("20 April")


def test_page_warns_where_nobody_can_be_written_to(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        for contact in desk.office.rows(ConsulteeAddress):
            session.delete(session.get_one(ConsulteeAddress, contact.id))
    add_rules(desk, three_rules()[0])
    page = text_of(desk.adam.page(PAGE))
    assert "None of the consultees has an address to write to." in page
    assert "The link by which people ask for no more reminders would not open for them." in page
    with desk.office.database.transaction() as session:
        for consultee in desk.office.rows(Consultee):
            session.delete(session.get_one(Consultee, consultee.id))
    assert "There is nobody to remind." in text_of(desk.adam.page(PAGE))


def test_page_warns_where_the_mail_service_is_too_slow_for_the_day(tmp_path: Path) -> None:
    smtp = {"host": "127.0.0.1", "security": "none", "per_minute": 1}
    secure = {"web": {"base_url": "https://consultations.county.example"}}
    with open_desk(tmp_path, settings={"smtp": smtp, **secure}) as desk:
        add_consultees(desk, 1000)
        add_rules(desk, three_rules()[0])
        told = text_of(desk.adam.page(PAGE))
    assert "“10 working days before it closes, at 9am” will not reach everybody on Friday 14 February 2020." in told
    assert "the last of 1,002 emails would go at about 1:42pm on Saturday 15 February 2020, which is too late." in told
    assert "ask for no more reminders" not in told


def test_page_warns_of_consultees_that_were_never_invited_and_of_addresses_nobody_reads(desk: Desk) -> None:
    add_rules(desk, three_rules()[0])
    page = desk.adam.page(PAGE)
    assert "2 consultees have never been invited." in text_of(page)
    assert page.css_first(f".govuk-warning-text a[href='/consultations/{REVIEW_SLUG}/invitations']") is not None
    assert "No mailbox in the configuration signs in as" in text_of(page)
    send_looked_at(desk.adam, f"/consultations/{REVIEW_SLUG}/invitations")
    assert "never been invited" not in text_of(desk.adam.page(PAGE))
    add_consultees(desk, 1)
    assert "1 consultee has never been invited." in text_of(desk.adam.page(PAGE))


def test_after_closing_no_day_is_said_never_to_come_and_nobody_to_get_it_now(desk: Desk) -> None:
    [rule_id] = add_rules(desk, replace(three_rules()[0], amount="8"))
    with desk.office.database.transaction() as session:
        # As when the closing time moves forward, and with it the rule's day to before the opening.
        session.get_one(ReminderRule, rule_id).amount = -60
    assert "Never Nothing is sent then." in text_of(desk.adam.page(PAGE), ".app-calendar")
    desk.office.now = datetime(2020, 3, 2, 10, tzinfo=UTC)
    page = desk.sign_in(ADAM).page(PAGE)
    assert "Never" not in text_of(page, ".app-calendar")
    [rule, *_] = rows_of(page, ".app-cards")
    assert " – – On" in rule
    assert "people" not in text_of(desk.sign_in(ADAM).page(f"/reminders/{rule_id}"), "#dates-shown")


def test_page_warns_where_only_officers_are_written_to(desk: Desk) -> None:
    add_rules(desk, DIGEST)
    assert "No consultee is reminded." in text_of(desk.adam.page(PAGE))


def test_quiet_hours_are_changed_and_mistakes_told_beside_the_field(desk: Desk) -> None:
    version = {"version": "0"}
    wrong = desk.adam.post(f"{PAGE}/quiet-hours", {**version, "quiet_from": "8am", "quiet_until": "8pm"})
    assert wrong.status_code == 422
    assert "Noon would be among the quiet hours" in text_of(LexborHTMLParser(wrong.text), "#quiet_from-error")
    page = desk.adam.follow(
        desk.adam.post(f"{PAGE}/quiet-hours", {**version, "quiet_from": "6pm", "quiet_until": "9am"})
    )
    assert "The quiet hours are 6pm to 9am now." in text_of(page)
    lost = desk.adam.post(f"{PAGE}/quiet-hours", {**version, "quiet_from": "", "quiet_until": ""})
    assert lost.status_code == 409


# Who may


def test_officer_sees_the_schedule_and_changes_nothing(desk: Desk) -> None:
    assert "There is no rule yet: nobody is reminded." in text_of(desk.asha.page(PAGE))
    [rule_id] = add_rules(desk, three_rules()[0])
    page = desk.asha.page(PAGE)
    assert page.css("main form") == []
    assert "10 working days before it closes" in text_of(page)
    for path in (f"{PAGE}/new", f"/reminders/{rule_id}"):
        desk.asha.page(path, status=403)
        assert desk.asha.post(path, TYPED).status_code == 403
    for path in (f"{PAGE}/ready", f"{PAGE}/quiet-hours", f"/reminders/{rule_id}/turn", f"/reminders/{rule_id}/remove"):
        assert desk.asha.post(path).status_code == 403


def test_another_consultations_officer_finds_nothing(desk: Desk) -> None:
    [rule_id] = add_rules(desk, three_rules()[0])
    for path in (PAGE, f"/reminders/{rule_id}/recipients", f"/reminders/{rule_id}/email?to={BEN}"):
        desk.olga.page(path, status=404)
