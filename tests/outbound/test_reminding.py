"""Rules come due: queued once, in time or noted as missed, and taken back where the closing time moves."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from intake import jobs
from intake.administration.days_off import add_day_off
from intake.outbound.due_calendar import planned_for
from intake.outbound.reminding import Reminded, to_be_taken_back
from intake.schedules import Anchor, DayUnit, OffDays
from intake.store.consultations import DayOff
from intake.store.emails import OutgoingStatus
from intake.store.mailings import Audience, Mailing
from intake.store.people import Consultee
from tests.databases import both_databases
from tests.office import CLOSES_AT, DURING, Office, open_office
from tests.outbound.mailed import review
from tests.outbound.ruled import (
    DUE_AT,
    DUE_ON,
    add_consultee,
    add_rule,
    add_user,
    answer,
    at,
    change_review,
    cycle,
    fates,
    mailings,
    move_closing,
    outcomes,
    remind,
    reminders,
)
from tests.people import ADAM, BEN, CAROL

WEEK = timedelta(days=7)


@pytest.fixture
def office(tmp_path: Path, database_kind: str) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


@both_databases
def test_who_has_not_answered_is_reminded_once_on_the_due_day(office: Office) -> None:
    answer(office, BEN)
    add_rule(office)
    assert remind(office, DUE_AT - timedelta(seconds=1)) == Reminded()
    assert remind(office, DUE_AT) == Reminded(mailings=1, queued=1)
    assert remind(office) == Reminded()
    [row] = reminders(office)
    assert (row.recipient_address, row.day_key) == (CAROL, f"2020-02-14 {CAROL}")
    assert row.once_key == f"reminder:1:2020-02-14:{CAROL}"
    [mailing] = mailings(office)
    assert (mailing.due_on, mailing.due_at, mailing.expires_at) == (DUE_ON, DUE_AT, datetime(2020, 2, 15, tzinfo=UTC))
    assert [entry.detail for entry in office.history("queued")][-2:] == [{"number": 1}, {"mailing": 1}]


@both_databases
def test_two_planners_at_once_queue_each_reminder_once(office: Office) -> None:
    for number in range(50):
        add_consultee(office, f"School {number}", f"head@school-{number}.example")
    for hour in (9, 10):
        add_rule(office, clock=time(hour))
    office.now = DUE_AT + timedelta(hours=2)
    begin, done = threading.Barrier(3), list[Reminded]()

    def plan() -> None:
        begin.wait()
        done.append(jobs.remind(office.this))

    planners = [threading.Thread(target=plan) for _ in range(3)]
    for one in planners:
        one.start()
    for one in planners:
        one.join()
    assert sum(one.queued for one in done) == len(reminders(office)) == 52
    assert sum(one.mailings for one in done) == len(mailings(office)) == 2
    assert {row.mailing_id for row in reminders(office)} == {1}


@both_databases
def test_nobody_gets_two_on_one_day_whichever_consultations_remind_them(office: Office) -> None:
    add_consultee(office, "Larkmead Trust", CAROL, slug="school-admissions")
    first, second = add_rule(office, slug="school-admissions"), add_rule(office)
    assert remind(office, DUE_AT).queued == 2
    found = {row.recipient_address: row.mailing_id for row in reminders(office)}
    by_rule = {mailing.id: mailing.rule_id for mailing in mailings(office)}
    assert {address: by_rule[key or 0] for address, key in found.items()} == {CAROL: first.id, BEN: second.id}


def test_the_day_that_a_cancelled_reminder_leaves_free_another_takes(office: Office) -> None:
    add_consultee(office, "Larkmead Trust", CAROL, slug="school-admissions")
    add_rule(office)
    later = add_rule(office, slug="school-admissions", clock=time(10))
    remind(office, DUE_AT)
    move_closing(office, add_user(office, ADAM), CLOSES_AT + WEEK)
    assert {row.day_key for row in reminders(office)} == {None}
    remind(office, DUE_AT + timedelta(hours=1))
    assert [row.recipient_address for row in reminders(office) if row.day_key] == [CAROL]
    assert fates(office, later) == [("2020-02-14", "sending")]


def test_what_was_due_before_the_rule_was_set_is_never_sent(office: Office) -> None:
    rule = add_rule(office, set_at=DUE_AT + timedelta(minutes=1))
    assert remind(office, DUE_AT + timedelta(hours=1)) == Reminded()
    assert fates(office, rule) == [("2020-02-14", "passed")]


def test_a_worker_that_was_down_sends_later_that_day_what_is_still_true(office: Office) -> None:
    add_rule(office)
    answer(office, BEN)
    cycle(office, at("2020-02-14 17:30"))
    assert outcomes(office) == {CAROL: ("sent", None)}


def test_a_worker_that_was_down_all_day_notes_it_as_missed_and_sends_nothing(office: Office) -> None:
    rule = add_rule(office)
    assert remind(office, at("2020-02-15 00:00")) == Reminded(missed=1)
    assert remind(office) == Reminded()
    assert fates(office, rule) == [("2020-02-14", "missed")]
    [mailing] = mailings(office)
    assert mailing.missed_at == office.now
    assert [entry.action for entry in office.history("missed")] == ["missed"]
    assert office.outgoing() == []


def test_each_missed_day_of_a_pattern_is_noted_and_todays_is_sent(office: Office) -> None:
    weekly = add_rule(office, anchor=Anchor.weekdays, weekdays=[0], set_at=at("2020-01-20 12:00"))
    assert remind(office, at("2020-02-03 10:00")) == Reminded(mailings=1, queued=2, missed=1)
    assert fates(office, weekly)[:5] == [
        ("2020-01-13", "passed"),
        ("2020-01-20", "passed"),
        ("2020-01-27", "missed"),
        ("2020-02-03", "sending"),
        ("2020-02-10", "coming"),
    ]


def test_consultees_are_never_reminded_once_it_has_closed(office: Office) -> None:
    after = add_rule(office, amount=1, unit=DayUnit.days, off_days=OffDays.keep)
    on_the_day = add_rule(office, amount=0, clock=time(17))
    change_review(office, closes_at=at("2020-02-28 16:59"))
    assert fates(office, after) == [("2020-02-29", "never")]
    assert fates(office, on_the_day) == [("2020-02-28", "never")]
    assert remind(office, at("2020-02-28 18:00")) == Reminded()
    assert remind(office, at("2020-03-09 18:00")) == Reminded()


def test_a_rule_before_the_opening_is_only_for_everybody_and_only_on_purpose(office: Office) -> None:
    opening: dict[str, Any] = {"anchor": Anchor.opening, "amount": -1, "set_at": at("2020-01-01 09:00")}
    unanswered = add_rule(office, **opening)
    everyone = add_rule(office, **opening, audience=Audience.everyone)
    on_the_day = add_rule(office, **{**opening, "amount": 0}, audience=Audience.everyone, clock=time(8))
    office.now = at("2020-01-08 08:00")
    assert fates(office, unanswered) == [("2020-01-08", "never")]
    assert fates(office, everyone) == [("2020-01-08", "coming")]
    assert fates(office, on_the_day) == [("2020-01-09", "never")]


def test_officers_are_written_to_after_closing_until_the_consultation_is_archived(office: Office) -> None:
    add_user(office, ADAM)
    rule = add_rule(office, anchor=Anchor.weekdays, weekdays=[2], audience=Audience.officers_digest, set_at=CLOSES_AT)
    assert remind(office, at("2020-03-04 09:00")) == Reminded(mailings=1, queued=1)
    [row] = office.outgoing()
    assert (row.kind, row.day_key, row.opt_out_token) == ("digest", None, None)
    assert row.once_key == "reminder:1:2020-03-04:user1"
    change_review(office, archived_at=at("2020-03-10 09:00"))
    assert remind(office, at("2020-03-11 09:30")) == Reminded(expired=1)
    assert fates(office, rule)[-1][1] == "missed"


def test_a_day_off_that_is_added_moves_what_is_to_come(office: Office) -> None:
    rule = add_rule(office)
    with office.database.transaction() as session:
        session.add(DayOff(day=date(2020, 2, 20), name="Inset day"))
    assert fates(office, rule) == [("2020-02-13", "coming")]


def test_what_a_day_off_that_is_added_puts_into_the_past_is_neither_sent_nor_missed(office: Office) -> None:
    adam, rule = add_user(office, ADAM), add_rule(office)
    office.now = DUE_AT - timedelta(hours=2)
    with office.database.transaction() as session:
        add_day_off(session, DUE_AT.date(), "Proclaimed day", user=adam, now=office.now)
    assert remind(office, DUE_AT) == Reminded()
    assert (fates(office, rule), mailings(office)) == ([("2020-02-13", "passed")], [])


@both_databases
def test_a_later_closing_time_takes_back_what_waits_and_comes_due_anew(office: Office) -> None:
    adam, rule = add_user(office, ADAM), add_rule(office)
    remind(office, DUE_AT)
    with office.database.reading() as session:
        assert to_be_taken_back(session, review(office), CLOSES_AT + WEEK, now=office.now) == 2
    assert fates(office, rule, closes_at=CLOSES_AT + WEEK) == [("2020-02-14", "cancelled"), ("2020-02-21", "coming")]
    move_closing(office, adam, CLOSES_AT + WEEK)
    assert set(outcomes(office).values()) == {("cancelled", "closing-moved")}
    assert {entry.actor for entry in office.history("cancelled")} == {adam.actor}
    assert fates(office, rule) == [("2020-02-14", "cancelled"), ("2020-02-21", "coming")]
    assert remind(office, at("2020-02-21 09:00")) == Reminded(mailings=1, queued=2)


def test_what_an_earlier_closing_time_puts_into_the_past_is_neither_sent_nor_missed(office: Office) -> None:
    adam, rule = add_user(office, ADAM), add_rule(office)
    move_closing(office, adam, CLOSES_AT - 2 * WEEK)
    assert remind(office) == Reminded()
    assert fates(office, rule) == [("2020-01-31", "passed")]
    assert mailings(office) == []


def test_a_move_within_the_closing_day_changes_no_due_day_and_loses_none(office: Office) -> None:
    adam, rule = add_user(office, ADAM), add_rule(office)
    office.now = DUE_AT + timedelta(hours=1)
    move_closing(office, adam, CLOSES_AT - timedelta(hours=6))
    assert fates(office, rule) == [("2020-02-14", "due")]
    assert remind(office) == Reminded(mailings=1, queued=2)


def test_what_waits_for_a_day_that_is_still_due_ends_with_the_new_closing_time(office: Office) -> None:
    adam = add_user(office, ADAM)
    add_rule(office, amount=0, unit=DayUnit.days)
    remind(office, at("2020-02-28 09:00"))
    assert mailings(office)[0].expires_at == at("2020-02-29 00:00")
    move_closing(office, adam, at("2020-02-28 17:00"))
    assert mailings(office)[0].expires_at == at("2020-02-28 17:01")


def test_an_instant_may_be_named_to_queue_what_is_due_then(office: Office) -> None:
    add_rule(office)
    assert jobs.remind(office.this, at=DUE_AT) == Reminded(mailings=1, queued=2)
    jobs.send(office.this)
    assert {(row.status, row.due_at) for row in reminders(office)} == {(OutgoingStatus.queued, DUE_AT)}


def test_nothing_is_missed_at_an_instant_that_is_yet_to_come(office: Office) -> None:
    rule = add_rule(office)
    assert jobs.remind(office.this, at=DUE_AT + WEEK) == Reminded()
    assert fates(office, rule) == [("2020-02-14", "coming")]


def test_what_waits_is_missed_when_its_day_is_over_even_while_it_is_paused(office: Office) -> None:
    add_rule(office)
    remind(office, DUE_AT)
    with office.database.transaction() as session:
        session.get_one(Mailing, 1).paused_at = office.now
    assert remind(office, at("2020-02-15 00:00")) == Reminded(expired=2)
    assert set(outcomes(office).values()) == {("missed", "day-passed")}
    assert {row.day_key for row in reminders(office)} == {None}


@pytest.mark.parametrize(
    ("closes", "clock", "due"),
    [
        ("2020-03-29 23:59", time(1, 30), "2020-03-29T01:00:00+00:00"),  # skipped: the first instant after the gap
        ("2020-10-25 23:59", time(1, 30), "2020-10-25T00:30:00+00:00"),  # repeated: the first
        ("2020-03-30 23:59", time(9), "2020-03-30T08:00:00+00:00"),
        ("2020-10-26 23:59", time(9), "2020-10-26T09:00:00+00:00"),
    ],
)
def test_due_instants_follow_the_clocks(office: Office, closes: str, clock: time, due: str) -> None:
    change_review(office, closes_at=at(closes))
    rule = add_rule(office, amount=0, unit=DayUnit.days, off_days=OffDays.keep, clock=clock)
    instant = datetime.fromisoformat(due)
    assert remind(office, instant - timedelta(seconds=1)) == Reminded()
    assert remind(office, instant).mailings == 1
    assert fates(office, rule) == [(closes[:10], "sending")]


def test_what_is_planned_for_a_consultee_is_told_with_the_verdict(office: Office) -> None:
    rule = add_rule(office)
    add_rule(office, groups=["school"])
    trust = add_consultee(office, "Eastcote Trust", "chief@eastcote.example", group="trust")
    with office.database.reading() as session:
        [planned] = planned_for(session, trust, now=DURING)
    assert (planned.rule.id, planned.day, planned.at) == (rule.id, DUE_ON, DUE_AT)
    assert [verdict.sentence for verdict in planned.verdicts] == ["Gets it."]
    with office.database.transaction() as session:
        trust = session.get_one(Consultee, trust.id)
        trust.removed_at = DURING
    with office.database.reading() as session:
        [planned] = planned_for(session, trust, now=DURING)
    assert [verdict.reason for verdict in planned.verdicts] == ["not-invited"]
