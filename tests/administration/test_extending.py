"""A closing time that moves: shown first, then done."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from intake import jobs
from intake.administration.changing import ChangedMeanwhile, Edit
from intake.administration.extending import Effects, change_closing, closing_now, effects_of_closing
from intake.errors import Mistakes, NotPossible
from intake.outbound.due_calendar import DueDay
from intake.schedules import Anchor, Schedule
from intake.store.consultations import Consultation, DeadlineChange
from intake.store.emails import OutgoingEmail
from intake.store.responses import LateDecision, Response
from tests.administration.administrators import consultation, editing
from tests.building import raw_email
from tests.consulted import add_rule
from tests.databases import both_databases
from tests.office import CLOSES_AT, DURING, Office
from tests.people import BEN, CAROL, DAN, REVIEW

WEEK_LATER = CLOSES_AT + timedelta(days=7)
TWO_DAYS_LATE = CLOSES_AT + timedelta(days=2)


def _answer(office: Office, sender: str, received_at: datetime) -> None:
    office.now = received_at
    raw = raw_email(sender=sender, to=REVIEW, text=f"We are {sender}.", message_id=f"<{sender}>")
    office.receive(raw, received_at=received_at)
    office.cycle()


def _effects(office: Office, closes_at: datetime) -> Effects:
    with office.database.reading() as session:
        return effects_of_closing(session, consultation(office), closes_at, now=office.now)


def _extend(office: Office, closes_at: datetime, reason: str = "A school had no heating.") -> None:
    with editing(office) as (session, row, edit):
        change_closing(session, row, closes_at, reason, edit)


@both_databases
def test_what_an_extension_changes_is_known_before_it_is_done(office: Office) -> None:
    _answer(office, BEN, DURING)
    _answer(office, CAROL, CLOSES_AT + timedelta(seconds=59))  # still in the minute of the closing time
    _answer(office, DAN, TWO_DAYS_LATE)
    effects = _effects(office, WEEK_LATER)
    assert [one.respondent_address for one in effects.turned] == [DAN]
    assert (effects.told, effects.to_be_told) == (3, 0)
    assert effects.reopens
    assert not effects.closes
    assert not effects.is_shorter
    assert consultation(office).closes_at == CLOSES_AT


@both_databases
def test_extension_is_done_with_its_reason_and_told_by_every_text_from_then_on(office: Office) -> None:
    _answer(office, DAN, TWO_DAYS_LATE)
    _extend(office, WEEK_LATER)
    _answer(office, BEN, TWO_DAYS_LATE + timedelta(hours=1))
    said = [row.text or "" for row in office.outgoing()]
    assert "late" in said[0]
    assert "in time" in said[1]
    assert "11:59pm on Friday 6 March 2020" in said[1]
    [change] = office.rows(DeadlineChange)
    assert (change.before, change.after, change.reason) == (CLOSES_AT, WEEK_LATER, "A school had no heating.")
    [entry] = office.history("closing-changed")
    assert entry.detail == {"before": CLOSES_AT.isoformat(), "after": WEEK_LATER.isoformat()}
    assert entry.actor == f"user {change.user_id}"


@both_databases
def test_each_who_knows_only_an_earlier_time_is_counted_once_with_the_time_they_were_told_last(office: Office) -> None:
    _answer(office, BEN, DURING)
    _answer(office, CAROL, DURING)
    office.now += timedelta(minutes=30)
    _extend(office, WEEK_LATER)
    _answer(office, CAROL.upper(), DURING + timedelta(hours=1))
    office.now += timedelta(minutes=30)
    _extend(office, WEEK_LATER + timedelta(days=1))
    _answer(office, DAN, DURING + timedelta(hours=2))
    effects = _effects(office, WEEK_LATER + timedelta(days=2))
    assert [(change.before, number) for change, number in effects.told_earlier] == [(CLOSES_AT, 1), (WEEK_LATER, 1)]
    assert effects.people_told == 1
    office.now += timedelta(minutes=30)
    _extend(office, CLOSES_AT)  # as Ben was told, so that there is nothing to tell him
    changes = _effects(office, WEEK_LATER).told_earlier
    assert [change.before for change, _ in changes] == [WEEK_LATER, WEEK_LATER + timedelta(days=1)]


def test_acknowledgement_that_waits_will_name_the_new_time(office: Office) -> None:
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.collect()
    jobs.record(office.this)
    assert (_effects(office, WEEK_LATER).told, _effects(office, WEEK_LATER).to_be_told) == (0, 1)
    _extend(office, WEEK_LATER)
    jobs.send(office.this)
    assert "11:59pm on Friday 6 March 2020" in (office.outgoing()[0].text or "")


def test_reply_that_waits_and_names_the_old_time_is_pointed_out(office: Office) -> None:
    _answer(office, BEN, DURING)
    with office.database.transaction() as session:
        sent = session.exec(select(OutgoingEmail)).one()
        waiting = {**sent.model_dump(exclude={"id", "text", "written_at"}), "kind": "reply", "status": "queued"}
        waiting |= {"once_key": "reply:1", "message_id": "<reply@county.example>"}
        waiting["given_text"] = "You have until 11:59pm on Friday 28 February 2020."
        session.add(OutgoingEmail(**waiting))
    effects = _effects(office, WEEK_LATER)
    assert (effects.told, effects.going, effects.to_be_told) == (1, 1, 0)


def test_decision_on_a_late_response_no_longer_matters_when_it_is_in_time(office: Office) -> None:
    _answer(office, DAN, TWO_DAYS_LATE)
    with office.database.transaction() as session:
        session.exec(select(Response)).one().late_decision = LateDecision.not_counted
    assert _effects(office, WEEK_LATER).decided == 1
    assert _effects(office, CLOSES_AT + timedelta(days=1)).decided == 0


def test_shorter_time_turns_responses_late(office: Office) -> None:
    _answer(office, BEN, DURING)
    effects = _effects(office, DURING - timedelta(days=1))
    assert [one.respondent_address for one in effects.turned] == [BEN]
    assert effects.is_shorter
    assert effects.closes


def test_withdrawn_responses_and_questions_are_not_counted_among_them(office: Office) -> None:
    _answer(office, DAN, TWO_DAYS_LATE)
    with office.database.transaction() as session:
        session.exec(select(Response)).one().withdrawn_at = office.now
    assert _effects(office, WEEK_LATER).turned == []


def test_closing_now_keeps_the_whole_minute_in_time_and_is_never_at_midnight(office: Office) -> None:
    row = consultation(office)
    assert closing_now(row, DURING.replace(second=42)) == DURING
    with pytest.raises(NotPossible, match="Only a consultation that is open can be closed"):
        closing_now(row, WEEK_LATER)
    midnight = DURING.replace(hour=0, minute=0, second=7)
    assert closing_now(row, midnight) == DURING.replace(hour=0, minute=0) - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("closes_at", "sentence"),
    [
        (CLOSES_AT + timedelta(seconds=30), "This is the closing time it has already."),
        (datetime.fromisoformat("2020-01-09T09:00:00+00:00"), "The new closing time must be later than the opening"),
    ],
)
def test_time_that_cannot_be_the_closing_time_is_refused(office: Office, closes_at: datetime, sentence: str) -> None:
    with pytest.raises(Mistakes, match=sentence):
        _effects(office, closes_at)


def test_closing_time_of_an_archived_consultation_stays(office: Office) -> None:
    with editing(office) as (_, row, _edit):
        row.archived_at = CLOSES_AT
    with pytest.raises(NotPossible, match="take it out of the archive first"):
        _effects(office, WEEK_LATER)


def test_closing_time_changes_only_with_a_reason(office: Office) -> None:
    with pytest.raises(Mistakes, match="Enter why"):
        _extend(office, WEEK_LATER, reason="")
    assert consultation(office).closes_at == CLOSES_AT


@both_databases
def test_second_of_two_who_change_at_once_is_told_who_was_first(office: Office) -> None:
    with editing(office) as (session, row, edit):
        stale = Edit(edit.user, edit.version, edit.now)
        change_closing(session, row, WEEK_LATER, "First.", edit)
    with pytest.raises(ChangedMeanwhile) as lost:
        _change_with(office, stale)
    assert lost.value.last is not None
    assert (lost.value.last.actor, lost.value.last.action) == (stale.user.actor, "closing-changed")
    assert consultation(office).closes_at == WEEK_LATER
    assert len(office.rows(DeadlineChange)) == 1


def _change_with(office: Office, edit: Edit) -> None:
    with editing(office) as (session, row, _):
        _second(session, row, edit)


def _second(session: Session, row: Consultation, edit: Edit) -> None:
    change_closing(session, row, WEEK_LATER + timedelta(days=1), "Second.", edit)


def _rule(office: Office, amount: int, **given: Any) -> int:
    return add_rule(office, "Reminder", Schedule(Anchor.closing, time(9), amount), **given)


def _days(days: Sequence[DueDay]) -> list[tuple[str, str]]:
    return [(one.day.isoformat(), one.fate.value) for one in days]


@both_databases
def test_due_days_that_move_are_known_before_and_what_waits_for_them_is_cancelled(office: Office) -> None:
    _rule(office, -3)
    office.now = CLOSES_AT.replace(day=25, hour=9, minute=30)
    jobs.remind(office.this)
    effects = _effects(office, WEEK_LATER)
    assert [(_days(one.gone), _days(one.new)) for one in effects.moved] == [
        ([("2020-02-25", "sending")], [("2020-03-03", "coming")])
    ]
    assert effects.taken_back == 2
    _extend(office, WEEK_LATER)
    assert {(row.status.value, row.reason) for row in office.outgoing()} == {("cancelled", "closing-moved")}
    office.now = WEEK_LATER.replace(day=3, hour=9)
    jobs.remind(office.this)
    assert [row.status.value for row in office.outgoing()][2:] == ["queued", "queued"]


def test_day_that_moves_into_the_past_is_said_to_be_over_and_nothing_is_sent_on_it(office: Office) -> None:
    _rule(office, -3)
    office.now = DURING
    sooner = DURING.replace(day=14, hour=17)
    [moved] = _effects(office, sooner).moved
    assert (_days(moved.gone), _days(moved.new)) == ([("2020-02-25", "coming")], [("2020-02-11", "passed")])
    _extend(office, sooner)
    jobs.remind(office.this)
    assert office.outgoing() == []


def test_rules_that_are_off_or_counted_from_the_opening_stay_as_they_are(office: Office) -> None:
    _rule(office, -3, is_on=False)
    add_rule(office, "At the opening", Schedule(Anchor.opening, time(9), 40))
    effects = _effects(office, WEEK_LATER)
    assert (effects.moved, effects.taken_back) == ([], 0)


def test_rule_that_came_after_the_closing_time_is_due_when_that_moves(office: Office) -> None:
    add_rule(office, "Late in the day", Schedule(Anchor.opening, time(9), 54))
    [moved] = _effects(office, WEEK_LATER).moved
    assert (_days(moved.gone), _days(moved.new)) == ([], [("2020-03-03", "coming")])
