"""Days and instants at which something is due, held against references that list every day and every minute."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TypedDict, Unpack
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from intake.schedules import MOST_DAYS, Anchor, DayUnit, OffDays, Schedule, due_at, due_days, end_of_day
from intake.working_days import bank_holidays

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
NINE = time(9)
many = settings(max_examples=150, deadline=None, derandomize=True)
few = settings(max_examples=60, deadline=None, derandomize=True)
LONDON = ZoneInfo("Europe/London")
OPENS_ON, CLOSES_ON = date(2020, 1, 9), date(2020, 2, 28)

# Every day there is, for the reference, and which of them is no bank holiday or weekend.
EVERY_DAY = [date(2008, 1, 1) + number * DAY for number in range(35 * 366)]
AT_WORK = [day for day in EVERY_DAY if day.strftime("%a") not in ("Sat", "Sun") and day not in bank_holidays(day.year)]


class Around(TypedDict):
    """What a schedule is counted from and up to."""

    opens_on: date
    closes_on: date
    last: date
    days_off: Collection[date]


def around(opens_on: date, closes_on: date, days_off: Collection[date] = ()) -> Around:
    return {"opens_on": opens_on, "closes_on": closes_on, "last": closes_on, "days_off": days_off}


def days_due(schedule: Schedule, **given: Unpack[Around]) -> list[date]:
    """The reference: writes all days down, strikes out, and counts along the list."""
    opens_on, closes_on, last = given["opens_on"], given["closes_on"], given["last"]
    first, end = bisect_left(AT_WORK, opens_on - 700 * DAY), bisect_right(AT_WORK, closes_on + 700 * DAY)
    working = [day for day in AT_WORK[first:end] if day not in given["days_off"]]

    def counted(anchor: date) -> date:
        if schedule.unit is DayUnit.days:
            return EVERY_DAY[EVERY_DAY.index(anchor) + schedule.amount]
        if schedule.amount < 0:
            return [day for day in working if day < anchor][schedule.amount]
        return [anchor, *(day for day in working if day > anchor)][schedule.amount]

    def moved(day: date) -> date:
        match schedule.off_days:
            case OffDays.keep:
                return day
            case OffDays.earlier:
                return max(one for one in working if one <= day)
            case OffDays.later:
                return min(one for one in working if one >= day)

    if schedule.anchor is Anchor.weekdays:
        some = (day for day in EVERY_DAY if opens_on <= day <= last + 60 * DAY and day.weekday() in schedule.weekdays)
        return sorted({day for day in map(moved, some) if opens_on <= day <= last})
    return [moved(counted(opens_on if schedule.anchor is Anchor.opening else closes_on))]


days = st.dates(date(2015, 1, 1), date(2035, 12, 31))
clocks = st.times().map(lambda clock: clock.replace(microsecond=0))
schedules = st.builds(
    Schedule,
    anchor=st.sampled_from([Anchor.closing, Anchor.opening]),
    clock=clocks,
    amount=st.integers(-MOST_DAYS, MOST_DAYS) | st.integers(-15, 15),
    unit=st.sampled_from(DayUnit),
    off_days=st.sampled_from(OffDays),
)
digests = st.builds(
    Schedule,
    anchor=st.just(Anchor.weekdays),
    clock=clocks,
    weekdays=st.frozensets(st.integers(0, 6)),
    off_days=st.sampled_from(OffDays),
)


@st.composite
def holidays_near(draw: st.DrawFn, day: date) -> frozenset[date]:
    """What an administrator adds: single days, and stretches of up to four weeks."""
    starts = draw(st.lists(st.integers(-60, 60), max_size=4))
    return frozenset(day + (start + number) * DAY for start in starts for number in range(draw(st.integers(1, 28))))


@many
@given(schedules, days, st.integers(1, 200), st.data())
def test_a_rules_day_is_the_one_counted_along_a_list_of_all_days(
    schedule: Schedule, opens_on: date, open_for: int, data: st.DataObject
) -> None:
    closes_on = opens_on + open_for * DAY
    days_off = data.draw(holidays_near(data.draw(st.sampled_from([opens_on, closes_on]))))
    given = around(opens_on, closes_on, days_off)
    assert due_days(schedule, **given) == days_due(schedule, **given)


@many
@given(digests, days, st.integers(0, 120), st.data())
def test_a_digest_comes_on_its_weekdays_as_a_calendar_shows_them(
    schedule: Schedule, opens_on: date, open_for: int, data: st.DataObject
) -> None:
    given = around(opens_on, opens_on + open_for * DAY, data.draw(holidays_near(opens_on)))
    assert due_days(schedule, **given) == days_due(schedule, **given)


@many
@given(digests, days, st.integers(0, 60), st.integers(0, 60), st.data())
def test_who_looks_at_a_digest_every_day_misses_none_of_its_days(
    schedule: Schedule, opens_on: date, first: int, more: int, data: st.DataObject
) -> None:
    days_off = data.draw(holidays_near(opens_on))
    last, later = opens_on + first * DAY, opens_on + (first + more) * DAY
    in_all = due_days(schedule, **around(opens_on, later, days_off))
    assert due_days(schedule, **around(opens_on, last, days_off)) == [day for day in in_all if day <= last]


@many
@given(schedules | digests, days, st.integers(1, 90), st.data())
def test_a_moved_day_is_always_one_somebody_works_on_and_never_on_the_wrong_side(
    schedule: Schedule, opens_on: date, open_for: int, data: st.DataObject
) -> None:
    closes_on = opens_on + open_for * DAY
    days_off = data.draw(holidays_near(opens_on))
    found = due_days(schedule, **around(opens_on, closes_on, days_off))
    assert found == sorted(set(found))
    assert found or schedule.anchor is Anchor.weekdays
    if schedule.off_days is OffDays.keep:
        return
    assert not [day for day in found if day not in _at_work() or day in days_off]
    if schedule.anchor is not Anchor.weekdays and schedule.unit is DayUnit.days:
        counted = (opens_on if schedule.anchor is Anchor.opening else closes_on) + schedule.amount * DAY
        assert (found[0] >= counted) if schedule.off_days is OffDays.later else (found[0] <= counted)


@cache
def _at_work() -> frozenset[date]:
    return frozenset(AT_WORK)


def test_a_rule_whose_day_leads_to_no_working_day_within_a_year_is_never_due() -> None:
    never = [CLOSES_ON + number * DAY for number in range(-3 * MOST_DAYS, 3 * MOST_DAYS)]
    given = around(OPENS_ON, CLOSES_ON, never)
    for off_days in (OffDays.earlier, OffDays.later):
        for unit in DayUnit:
            assert due_days(Schedule(Anchor.closing, NINE, -1, unit, off_days=off_days), **given) == []
        assert due_days(Schedule(Anchor.weekdays, NINE, weekdays=frozenset({0}), off_days=off_days), **given) == []


@pytest.mark.parametrize(
    ("amount", "unit", "off_days", "day"),
    [
        (-10, DayUnit.working_days, OffDays.earlier, date(2020, 2, 14)),
        (-3, DayUnit.working_days, OffDays.earlier, date(2020, 2, 25)),
        (-1, DayUnit.days, OffDays.earlier, date(2020, 2, 27)),
        (0, DayUnit.days, OffDays.earlier, date(2020, 2, 28)),
        (-5, DayUnit.days, OffDays.keep, date(2020, 2, 23)),  # a Sunday
        (-5, DayUnit.days, OffDays.earlier, date(2020, 2, 21)),
        (-5, DayUnit.days, OffDays.later, date(2020, 2, 24)),
        (1, DayUnit.working_days, OffDays.keep, date(2020, 3, 2)),
    ],
)
def test_days_before_the_founding_case_closes(amount: int, unit: DayUnit, off_days: OffDays, day: date) -> None:
    schedule = Schedule(Anchor.closing, NINE, amount, unit, off_days=off_days)
    assert due_days(schedule, **around(OPENS_ON, CLOSES_ON)) == [day]


def test_working_days_are_counted_over_easter_and_half_term() -> None:
    schedule = Schedule(Anchor.closing, NINE, -3, DayUnit.working_days)
    after_easter = date(2020, 4, 15)
    assert due_days(schedule, **around(OPENS_ON, after_easter)) == [date(2020, 4, 8)]
    assert due_days(schedule, **around(OPENS_ON, after_easter, {date(2020, 4, 8)})) == [date(2020, 4, 7)]


def test_a_saturdays_digest_that_is_moved_to_friday_is_due_on_friday_and_once() -> None:
    schedule = Schedule(Anchor.weekdays, NINE, weekdays=frozenset({4, 5, 6}))
    friday = date(2020, 1, 17)
    assert due_days(schedule, **around(date(2020, 1, 13), friday)) == [friday]


# Instants


@cache
def minutes_around(zone: str, day: date) -> tuple[list[datetime], list[datetime]]:
    """The reference: every minute from a day before to a day after, in UTC and as the clocks there show it."""
    first, timezone = datetime.combine(day - DAY, time(), UTC), ZoneInfo(zone)
    instants = [first + number * MINUTE for number in range(3 * 24 * 60)]
    return instants, [instant.astimezone(timezone).replace(tzinfo=None) for instant in instants]


def instant_shown(zone: str, day: date, clock: time) -> datetime:
    """When the clocks there first show this minute, or, if they never do, when they first show a later one."""
    instants, shown = minutes_around(zone, day)
    wanted = datetime.combine(day, clock)
    if wanted in shown:
        return instants[shown.index(wanted)]
    return next(instant for instant, local in zip(instants, shown, strict=True) if local > wanted)


@cache
def days_of_change(zone: str) -> list[date]:
    """The local days on which the clocks there changed, 2006 to 2035."""
    noon = [datetime(2006, 1, 1, 12, tzinfo=UTC) + number * DAY for number in range(30 * 365 + 7)]
    offsets = [instant.astimezone(ZoneInfo(zone)).utcoffset() for instant in noon]
    return [
        after.astimezone(ZoneInfo(zone)).date()
        for after, was, now in zip(noon[1:], offsets, offsets[1:], strict=False)
        if was != now
    ]


ZONES = (
    "Europe/London",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Apia",  # skipped 30 December 2011
    "Africa/Casablanca",  # back at the beginning of Ramadan, forward at its end
    "America/Sao_Paulo",  # at midnight, until 2019
    "America/St_Johns",  # a minute past midnight, until 2011
    "Antarctica/Troll",  # two hours
    "Asia/Kolkata",  # never
)
whole_minutes = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


@pytest.mark.parametrize("zone", ZONES)
@few
@given(data=st.data(), clock=whole_minutes, near=st.integers(-2, 1))
def test_a_local_time_is_the_instant_at_which_the_clocks_there_first_show_it(
    zone: str, data: st.DataObject, clock: time, near: int
) -> None:
    day = data.draw(st.sampled_from(days_of_change(zone) or [date(2020, 2, 28)])) + near * DAY
    assert due_at(day, clock, ZoneInfo(zone)) == instant_shown(zone, day, clock)
    assert end_of_day(day, ZoneInfo(zone)) == instant_shown(zone, day + DAY, time())


def test_every_quarter_of_an_hour_of_every_change_in_london_until_2035() -> None:
    changes = [day for day in days_of_change("Europe/London") if day.year >= 2015]
    assert len(changes) == 42
    for day in changes:
        for minute in range(0, 4 * 60, 15):
            clock = time(minute // 60, minute % 60)
            assert due_at(day, clock, LONDON) == instant_shown("Europe/London", day, clock)


@many
@given(days, clocks, st.sampled_from(ZONES))
@example(date(2020, 3, 29), time(1, 30, 30), "Europe/London")
def test_a_time_of_a_later_day_is_a_later_instant_and_that_of_an_existing_one_reads_the_same(
    day: date, clock: time, zone: str
) -> None:
    at = due_at(day, clock, ZoneInfo(zone))
    assert at.tzinfo is UTC
    assert at < due_at(day + DAY, clock, ZoneInfo(zone))
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert local == datetime.combine(day, clock) or local.replace(second=0) > datetime.combine(day, clock)


@pytest.mark.parametrize(
    ("day", "clock", "at"),
    [
        (date(2020, 2, 14), time(9), datetime(2020, 2, 14, 9, tzinfo=UTC)),
        (date(2020, 3, 29), time(0, 59), datetime(2020, 3, 29, 0, 59, tzinfo=UTC)),
        (
            date(2020, 3, 29),
            time(1, 30),
            datetime(2020, 3, 29, 1, tzinfo=UTC),
        ),  # never shown: at 2am, when 1am would be
        (date(2020, 3, 29), time(2), datetime(2020, 3, 29, 1, tzinfo=UTC)),
        (date(2020, 3, 29), time(9), datetime(2020, 3, 29, 8, tzinfo=UTC)),
        (date(2020, 10, 25), time(1, 30), datetime(2020, 10, 25, 0, 30, tzinfo=UTC)),  # the first of the two
        (date(2020, 10, 25), time(2), datetime(2020, 10, 25, 2, tzinfo=UTC)),
    ],
)
def test_london_in_the_year_of_the_founding_case(day: date, clock: time, at: datetime) -> None:
    assert due_at(day, clock, LONDON) == at


def test_the_day_that_samoa_left_out_begins_and_ends_with_the_next_one() -> None:
    samoa, left_out = ZoneInfo("Pacific/Apia"), date(2011, 12, 30)
    begins = datetime(2011, 12, 30, 10, tzinfo=UTC)
    assert due_at(left_out, NINE, samoa) == begins
    assert end_of_day(left_out - DAY, samoa) == end_of_day(left_out, samoa) == begins


@few
@given(st.sampled_from(ZONES), st.data())
def test_every_instant_lies_before_the_end_of_its_local_day_and_not_before_that_of_the_last(
    zone: str, data: st.DataObject
) -> None:
    # Until 2011 Newfoundland had each autumn a day that began, went away for an hour and began again.
    changes = [day for day in days_of_change(zone) if day.year >= 2012]
    day = data.draw(st.sampled_from(changes or [date(2020, 2, 28)]))
    instants, shown = minutes_around(zone, day)
    first, end = (bisect_left(instants, end_of_day(one, ZoneInfo(zone))) for one in (day - DAY, day))
    assert {local.date() for local in shown[first:end]} == {day}
    assert shown[first - 1].date() < day < shown[end].date()
