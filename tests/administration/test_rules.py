"""Reminder rules as an administrator sets them: what is taken, what is refused and why, and when a rule counts anew."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from intake.accounts.access import Access
from intake.administration.quiet_hours import change_quiet_hours, quiet_wording
from intake.administration.ready_made import READY_MADE, add_ready_made
from intake.administration.rule_wordings import off_days_wording, when_wording, who_wording
from intake.administration.rules import (
    RuleChangedMeanwhile,
    add_rule,
    change_rule,
    proposed_rule,
    remove_rule,
    rules_of,
    turn_rule,
    visible_rule,
)
from intake.administration.typed_rules import TypedRule
from intake.errors import Mistakes, NotFound, NotPossible
from intake.schedules import Anchor, DayUnit, OffDays
from intake.store.consultations import StakeholderGroup
from intake.store.history import HistoryEntry
from intake.store.mailings import Audience, EmailTemplate, ReminderRule
from tests.administration.administrators import SLUG, consultation, editing
from tests.databases import both_databases
from tests.office import DURING, Office

OFFICERS = TypedRule(audience="officers-waiting")
WEEKLY = TypedRule(audience="officers-digest", when="weekly", weekdays=("0", "4"), clock="8:30am")
LATER = DURING + timedelta(hours=1)


def _add(office: Office, typed: TypedRule) -> ReminderRule:
    with editing(office) as (session, row, edit):
        return add_rule(session, row, typed, user=edit.user, now=office.now)


def _change(office: Office, rule: ReminderRule, **changed: Any) -> list[str]:
    with editing(office) as (session, row, edit):
        stored = session.get_one(ReminderRule, rule.id)
        typed = replace(TypedRule.of(stored), **changed)
        return change_rule(session, stored, row, typed, version=rule.version, user=edit.user, now=office.now)


def _mistakes(office: Office, typed: TypedRule) -> dict[str, str]:
    with editing(office) as (session, row, edit), pytest.raises(Mistakes) as wrong:
        add_rule(session, row, typed, user=edit.user, now=office.now)
    assert office.rows(ReminderRule) == []
    return wrong.value.by_field


def _stored(office: Office) -> ReminderRule:
    [row] = office.rows(ReminderRule)
    return row


@both_databases
def test_rule_is_added_as_typed_and_named_by_its_schedule(office: Office) -> None:
    _add(office, TypedRule())
    row = _stored(office)
    assert (row.audience, row.anchor, row.amount, row.unit) == (
        Audience.unanswered,
        Anchor.closing,
        -10,
        DayUnit.working_days,
    )
    assert (row.clock, row.off_days, row.is_on, row.set_at) == (time(9), OffDays.earlier, True, DURING)
    assert row.name == "10 working days before it closes, at 9am"
    [entry] = [entry for entry in office.rows(HistoryEntry) if entry.subject_kind == "reminder_rule"]
    assert (entry.action, entry.detail) == ("added", {})


@pytest.mark.parametrize(
    ("changed", "when"),
    [
        ({"amount": "1", "unit": "days"}, "1 day before it closes, at 9am"),
        ({"amount": "0", "clock": "12 noon"}, "On the day it closes, at 12 noon"),
        ({"amount": "3", "counted_from": "after-opening"}, "3 working days after it opens, at 9am"),
        ({"audience": "everyone", "counted_from": "before-opening"}, "10 working days before it opens, at 9am"),
        ({"audience": "officers-waiting", "counted_from": "after-closing"}, "10 working days after it closes, at 9am"),
        ({"when": "weekly", "weekdays": ("4", "0"), "clock": "8:30am"}, "Every Monday and Friday, at 8:30am"),
        ({"when": "weekly", "weekdays": tuple("0123456")}, "Every day, at 9am"),
    ],
)
def test_rule_reads_as_it_was_typed_and_shows_the_same_fields_again(
    office: Office, changed: dict[str, Any], when: str
) -> None:
    typed = replace(TypedRule(), **changed)
    _add(office, typed)
    row = _stored(office)
    assert row.name == when_wording(row.schedule) == when
    again = TypedRule.of(row)
    assert _change(office, row) == []
    if typed.when == "counted":
        assert (again.amount, again.counted_from) == (typed.amount, typed.counted_from)


def test_groups_are_those_of_the_consultation_and_officers_have_none(office: Office) -> None:
    assert "groups" in _mistakes(office, TypedRule(groups=("school",)))
    with editing(office) as (session, row, _):
        session.add(StakeholderGroup(consultation_id=row.id, position=1, name="school"))
    _add(office, TypedRule(groups=("school", "school")))
    assert _stored(office).groups == ["school"]
    assert who_wording(Audience.unanswered, ["school", "trust"]).endswith("of the groups school and trust")
    _add(office, replace(OFFICERS, groups=("school",), name="Officers"))
    assert office.rows(ReminderRule)[1].groups == []


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"audience": "nobody"}, "audience", "Choose who should get it."),
        ({"amount": ""}, "amount", "Enter how many days"),
        ({"amount": "ten"}, "amount", "as a whole number"),
        ({"amount": "367"}, "amount", "from 0 to 366"),
        ({"amount": "-1"}, "amount", "as a whole number"),
        ({"unit": "weeks"}, "unit", "only working days"),
        ({"counted_from": ""}, "counted_from", "Choose what the days are counted from."),
        ({"when": ""}, "when", "Choose whether"),
        ({"when": "weekly"}, "weekdays", "Tick at least one day"),
        ({"clock": ""}, "clock", "Enter a time of day"),
        ({"clock": "soon"}, "clock", "not a time of day"),
        ({"clock": "midnight"}, "clock", "Midnight is in the quiet hours (8pm to 8am), when nothing is sent; choose"),
        ({"clock": "10"}, "clock", "Write 10am or 10pm"),
        ({"clock": "12"}, "clock", "not a time of day"),
        ({"clock": "9pm"}, "clock", "9pm is in the quiet hours (8pm to 8am)"),
        ({"clock": "7:59am"}, "clock", "choose a time from 8am on, before 8pm."),
        ({"off_days": ""}, "off_days", "Choose what happens"),
        ({"counted_from": "after-closing"}, "counted_from", "Consultees are not reminded after it closes"),
        ({"counted_from": "before-opening"}, "counted_from", "write to all consultees, or on a later day"),
        ({"amount": "60"}, "amount", "That is Tuesday 3 December 2019, before it opens (Thursday 9 January 2020)"),
        ({"amount": "100", "counted_from": "after-opening"}, "amount", "after it closes (Friday 28 February 2020)"),
        ({"amount": "0", "counted_from": "after-opening", "clock": "8am"}, "clock", "It opens at 9am on that day"),
        ({"template": "77"}, "template", "no longer there"),
        ({"name": "x" * 121}, "name", "at most 120 characters"),
    ],
)
def test_mistake_stands_beside_its_field_and_says_what_to_do(
    office: Office, changed: dict[str, Any], field: str, sentence: str
) -> None:
    mistakes = _mistakes(office, replace(TypedRule(), **changed))
    assert list(mistakes) == [field]
    assert sentence in mistakes[field]


def test_midnight_is_advised_against_without_quiet_hours_too(office: Office) -> None:
    with editing(office) as (_, row, _edit):
        row.quiet_from = row.quiet_until
    assert "choose a time in the day" in _mistakes(office, TypedRule(clock="12am"))["clock"]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_page(office: Office) -> None:
    wrong = TypedRule(audience="", amount="", clock="", off_days="", name="x" * 121)
    assert list(_mistakes(office, wrong)) == ["audience", "amount", "clock", "off_days", "name"]


def test_reminder_at_the_closing_time_is_too_late(office: Office) -> None:
    with editing(office) as (_, row, _edit):
        row.closes_at = datetime(2020, 2, 28, 17, tzinfo=UTC)
    assert "It closes at 5pm on that day" in _mistakes(office, TypedRule(amount="0", clock="5pm"))["clock"]
    _add(office, TypedRule(amount="0", clock="4:59pm"))


def test_day_that_moves_past_closing_is_told_of_where_it_is_moved(office: Office) -> None:
    with editing(office) as (_, row, _edit):
        row.closes_at = datetime(2020, 3, 1, 17, tzinfo=UTC)  # a Sunday
    typed = TypedRule(amount="1", unit="days", off_days="later")
    assert "Moved later it would go on Monday 2 March 2020" in _mistakes(office, typed)["off_days"]
    _add(office, replace(typed, off_days="earlier"))


def test_text_of_another_kind_is_refused_and_says_which_is_wanted(office: Office) -> None:
    with editing(office) as (session, row, _):
        digest = EmailTemplate(consultation_id=row.id, kind="digest", name="Short")
        removed = EmailTemplate(consultation_id=row.id, kind="reminder", name="Old", removed_at=DURING)
        session.add_all([digest, removed])
    said = _mistakes(office, TypedRule(template=str(digest.id)))["template"]
    assert said == "This text is for digests for officers; choose one for reminders to consultees."
    assert "no longer there" in _mistakes(office, TypedRule(template=str(removed.id)))["template"]
    _add(office, replace(WEEKLY, template=str(digest.id)))
    assert _stored(office).template_id == digest.id


def test_second_rule_of_one_name_is_refused_until_the_first_is_removed(office: Office) -> None:
    first = _add(office, TypedRule(name="Last call"))
    with editing(office) as (session, row, edit), pytest.raises(Mistakes, match="“last call” already"):
        add_rule(session, row, TypedRule(name="last call"), user=edit.user, now=office.now)
    with editing(office) as (session, _, edit):
        remove_rule(session, session.get_one(ReminderRule, first.id), version=0, user=edit.user, now=office.now)
    _add(office, TypedRule(name="Last call"))
    with office.database.reading() as session:
        assert [rule.name for rule in rules_of(session, consultation(office))] == ["Last call"]


@both_databases
def test_rule_counts_anew_when_its_schedule_or_audience_changes_but_not_its_name_or_text(office: Office) -> None:
    _add(office, TypedRule())
    office.now = LATER
    with editing(office) as (session, row, _):
        text = EmailTemplate(consultation_id=row.id, kind="reminder", name="Friendly")
        session.add(text)
    assert _change(office, _stored(office), name="First call", template=str(text.id)) == ["template_id", "name"]
    assert (_stored(office).set_at, _stored(office).version) == (DURING, 1)
    assert _change(office, _stored(office), amount="9") == ["amount"]
    assert (_stored(office).set_at, _stored(office).version) == (LATER, 2)
    office.now = LATER + timedelta(hours=1)
    assert _change(office, _stored(office), audience="everyone") == ["audience"]
    assert _stored(office).set_at == office.now
    assert [entry.detail for entry in office.history("changed")][-1] == {"fields": ["audience"]}


def test_rule_turned_on_again_counts_anew_and_turned_off_does_not(office: Office) -> None:
    rule = _add(office, TypedRule())
    for at, is_on in ((LATER, False), (LATER + timedelta(hours=1), True)):
        office.now = at
        with editing(office) as (session, row, edit):
            stored = session.get_one(ReminderRule, rule.id)
            turn_rule(session, stored, row, is_on=is_on, version=stored.version, user=edit.user, now=at)
        assert _stored(office).set_at == (at if is_on else DURING)
    assert [entry.action for entry in office.rows(HistoryEntry) if entry.subject_kind == "reminder_rule"] == [
        "added",
        "turned-off",
        "turned-on",
    ]


@both_databases
def test_second_of_two_who_change_a_rule_is_told_what_the_first_did(office: Office) -> None:
    first_seen = _add(office, TypedRule())
    _change(office, first_seen, amount="9")
    with pytest.raises(RuleChangedMeanwhile) as lost:
        _change(office, first_seen, amount="8")
    assert lost.value.last is not None
    assert lost.value.last.detail == {"fields": ["amount", "name"]}
    assert _stored(office).amount == -9


def test_rule_that_was_removed_is_not_found_and_keeps_its_row(office: Office) -> None:
    rule = _add(office, TypedRule())
    with editing(office) as (session, _, edit):
        everything = Access(edit.user, None)
        found, own = visible_rule(session, everything, rule.id)
        assert (found.id, own.slug) == (rule.id, SLUG)
        remove_rule(session, found, version=0, user=edit.user, now=office.now)
        with pytest.raises(NotFound):
            visible_rule(session, everything, rule.id)
    assert _stored(office).removed_at == DURING


def test_rule_of_another_consultation_is_not_found(office: Office) -> None:
    rule = _add(office, TypedRule())
    with editing(office) as (session, _, edit), pytest.raises(NotFound):
        visible_rule(session, Access(edit.user, frozenset({99})), rule.id)


def test_proposed_rule_is_looked_at_and_not_kept(office: Office) -> None:
    rule = _add(office, TypedRule())
    with editing(office) as (session, row, _):
        new = proposed_rule(session, row, replace(TypedRule(), amount="5"), now=LATER)
        assert (new in session, new.amount, new.set_at) == (False, -5, LATER)
        stored = session.get_one(ReminderRule, rule.id)
        same = proposed_rule(session, row, replace(TypedRule(), name="Else"), row=stored, now=LATER)
        moved = proposed_rule(session, row, replace(TypedRule(), amount="5"), row=stored, now=LATER)
        assert (same.id, same.set_at, moved.set_at) == (rule.id, DURING, LATER)
    assert [rule.name for rule in office.rows(ReminderRule)] == ["10 working days before it closes, at 9am"]


def test_rule_overtaken_by_a_moved_closing_time_can_still_be_renamed(office: Office) -> None:
    _add(office, TypedRule(amount="10"))
    with editing(office) as (_, row, _edit):
        row.closes_at = datetime(2020, 1, 15, 17, tzinfo=UTC)
    assert _change(office, _stored(office), name="Early call") == ["name"]
    with pytest.raises(Mistakes, match="before it opens"):
        _change(office, _stored(office), amount="9")


def test_nothing_is_added_to_an_archived_consultation(office: Office) -> None:
    with editing(office) as (_, row, _edit):
        row.archived_at = DURING
    with pytest.raises(NotPossible, match="archived"):
        _add(office, TypedRule())


def test_rule_says_what_happens_on_a_day_off_only_where_that_can_be(office: Office) -> None:
    _add(office, TypedRule())
    assert off_days_wording(_stored(office)) == ""
    _change(office, _stored(office), unit="days")
    assert off_days_wording(_stored(office)) == "On a weekend or holiday it goes the working day before."


# Ready-made schedules


@pytest.fixture
def at_opening(office: Office) -> Office:
    office.now = datetime(2020, 1, 9, 10, tzinfo=UTC)
    return office


def _add_made(office: Office, key: str) -> tuple[list[str], list[str]]:
    with editing(office) as (session, row, edit):
        done = add_ready_made(session, row, READY_MADE[key], user=edit.user, now=office.now)
        return [rule.name for rule in done.rules], done.left_out


def test_ready_made_schedules_are_added_whole_in_one_press(at_opening: Office) -> None:
    assert _add_made(at_opening, "closing") == (
        [
            "10 working days before it closes, at 9am",
            "3 working days before it closes, at 9am",
            "1 day before it closes, at 9am",
        ],
        [],
    )
    assert _add_made(at_opening, "digest") == (["Monday digest"], [])
    assert _add_made(at_opening, "waiting") == (["What waits for an officer"], [])
    assert len(at_opening.rows(ReminderRule)) == 5


def test_ready_made_rule_whose_day_has_passed_is_left_out_and_said(office: Office) -> None:
    office.now = datetime(2020, 2, 20, 10, tzinfo=UTC)
    added, left_out = _add_made(office, "closing")
    assert added == ["3 working days before it closes, at 9am", "1 day before it closes, at 9am"]
    [sentence] = left_out
    assert sentence.endswith("was on Friday 14 February 2020, which has passed.")


def test_ready_made_schedule_pressed_twice_is_there_once(at_opening: Office) -> None:
    _add_made(at_opening, "digest")
    added, [sentence] = _add_made(at_opening, "digest")
    assert added == []
    assert "“Monday digest” already" in sentence


# Quiet hours


def _quiet(office: Office, quiet_from: str, quiet_until: str) -> bool:
    with editing(office) as (session, row, edit):
        return change_quiet_hours(session, row, quiet_from, quiet_until, edit)


@both_databases
def test_quiet_hours_are_changed_with_the_consultations_version(office: Office) -> None:
    assert quiet_wording(consultation(office)) == "8pm to 8am"
    assert _quiet(office, "7pm", "9 am")
    row = consultation(office)
    assert (row.quiet_from, row.quiet_until, row.version) == (time(19), time(9), 1)
    assert quiet_wording(row) == "7pm to 9am"
    assert not _quiet(office, "19:00", "9:00")
    assert office.history("quiet-hours-changed")[0].detail == {"fields": ["quiet_from", "quiet_until"]}


def test_quiet_hours_can_be_none_and_then_any_time_is_taken(office: Office) -> None:
    _quiet(office, "", "")
    assert quiet_wording(consultation(office)) == ""
    _add(office, TypedRule(clock="3am"))
    with pytest.raises(Mistakes, match="sends at 3am"):
        _quiet(office, "8pm", "8am")
    with editing(office) as (session, row, edit):
        rule = session.get_one(ReminderRule, _stored(office).id)
        turn_rule(session, rule, row, is_on=False, version=0, user=edit.user, now=office.now)
    assert _quiet(office, "8pm", "8am")
    with editing(office) as (session, row, edit):
        rule = session.get_one(ReminderRule, _stored(office).id)
        with pytest.raises(NotPossible, match="3am is in the quiet hours"):
            turn_rule(session, rule, row, is_on=True, version=1, user=edit.user, now=office.now)


@pytest.mark.parametrize(
    ("quiet_from", "quiet_until", "field", "sentence"),
    [
        ("8pm", "", "quiet_until", "not a time of day"),
        ("late", "8am", "quiet_from", "not a time of day"),
        ("midnight", "8am", "quiet_from", "at midnight"),
        ("8pm", "8pm", "quiet_until", "leave both empty"),
        ("8am", "8pm", "quiet_from", "which time is am and which is pm"),
    ],
)
def test_quiet_hours_that_cannot_be_are_told_beside_their_field(
    office: Office, quiet_from: str, quiet_until: str, field: str, sentence: str
) -> None:
    with pytest.raises(Mistakes) as wrong:
        _quiet(office, quiet_from, quiet_until)
    assert sentence in wrong.value.by_field[field]
