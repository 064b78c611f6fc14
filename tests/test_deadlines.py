"""One instant decides what is late and how its closing time is worded."""

import tomllib
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.deadlines import Timing, closing_wording, day_wording, moment_wording, parse_instant, timing
from intake.errors import WrongConfiguration

LONDON = ZoneInfo("Europe/London")
CLOSES_AT = datetime(2020, 2, 28, 23, 59, tzinfo=UTC)


def _parse(value: object) -> datetime:
    return parse_instant(value, timezone=LONDON, key="closes_at")


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2020-02-28T23:59:00", CLOSES_AT),
        ("2020-02-28 23:59:00Z", CLOSES_AT),
        ("2020-07-01T17:00:00", datetime(2020, 7, 1, 16, tzinfo=UTC)),
        ("2020-07-01T17:00:00+00:00", datetime(2020, 7, 1, 17, tzinfo=UTC)),
        ('"2020-02-28 23:59"', CLOSES_AT),
        ('" 2020-07-01T17:00 "', datetime(2020, 7, 1, 16, tzinfo=UTC)),
        ('"2020-07-01 17:00+02:00"', datetime(2020, 7, 1, 15, tzinfo=UTC)),
    ],
)
def test_date_and_time_in_toml_is_one_instant(written: str, at: datetime) -> None:
    parsed = _parse(tomllib.loads(f"closes_at = {written}")["closes_at"])
    assert parsed == at
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("midnight", "closes_at is at midnight, and people disagree"),
        ("28 February 2020, Midnight", "closes_at is at midnight, and people disagree"),
        ("2020-02-29 00:00", 'use 11:59pm of the day before, "2020-02-28 23:59", or a time in the day.'),
        ("2020-02-28 24:00", "closes_at is at midnight, and people disagree"),
        (datetime(2020, 7, 1), 'use 11:59pm of the day before, "2020-06-30 23:59", or'),  # noqa: DTZ001
        ("2020-06-30T23:00:00Z", 'use 11:59pm of the day before, "2020-06-30 23:59", or'),
        ("2020-02-28", 'is a day without a time; write the time too, such as "2020-02-28 23:59".'),
        (CLOSES_AT.date(), 'is a day without a time; write the time too, such as "2020-02-28 23:59".'),
        (time(23, 59), "closes_at is not a date and time; write it as"),
        ("28/02/2020 23:59", "closes_at is not a date and time; write it as"),
        ("20200228T2359", "closes_at is not a date and time; write it as"),
        ("2020-02-28T23", "closes_at is not a date and time; write it as"),
        ("2020-02-28 11:59pm", "closes_at is not a date and time; write it as"),
        ("", "closes_at is not a date and time; write it as"),
        (1582934340, "closes_at is not a date and time; write it as"),
        (None, "closes_at is not a date and time; write it as"),
        ("2020-02-30 23:59", "closes_at is not a date and time that exists; correct it."),
        ("2020-02-28 23:60", "closes_at is not a date and time that exists; correct it."),
        ("2020-03-29 01:30", "closes_at does not exist: the clocks go forward over it; choose another hour."),
        ("2020-10-25 01:30", "closes_at happens twice, as the clocks go back; add the offset (+0100 or +0000)"),
    ],
)
def test_time_that_people_read_in_two_ways_is_refused(value: object, sentence: str) -> None:
    with pytest.raises(WrongConfiguration) as refused:
        _parse(value)
    assert sentence in str(refused.value)


def test_repeated_hour_is_taken_with_an_offset() -> None:
    assert _parse("2020-10-25 01:30+01:00") == datetime(2020, 10, 25, 0, 30, tzinfo=UTC)
    assert _parse("2020-10-25 01:30+00:00") == datetime(2020, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "wording"),
    [
        (CLOSES_AT, "11:59pm on Friday 28 February 2020"),
        (datetime(2020, 2, 28, 17, tzinfo=UTC), "5pm on Friday 28 February 2020"),
        (datetime(2020, 7, 1, 16, 5, tzinfo=UTC), "5:05pm on Wednesday 1 July 2020"),
        (datetime(2020, 7, 1, 11, tzinfo=UTC), "12 noon on Wednesday 1 July 2020"),
        (datetime(2020, 7, 1, 11, 30, tzinfo=UTC), "12:30pm on Wednesday 1 July 2020"),
        (datetime(2020, 1, 6, 0, 1, tzinfo=UTC), "12:01am on Monday 6 January 2020"),
        (datetime(2020, 1, 6, 9, tzinfo=UTC), "9am on Monday 6 January 2020"),
    ],
)
def test_closing_time_is_worded_in_the_consultations_timezone(at: datetime, wording: str) -> None:
    assert closing_wording(at, LONDON) == wording


@pytest.mark.parametrize(
    ("at", "wording"),
    [
        (datetime(2020, 2, 28, 17, 0, 42, tzinfo=UTC), "5:00pm on Friday 28 February 2020"),
        (datetime(2020, 7, 1, 11, tzinfo=UTC), "12:00pm on Wednesday 1 July 2020"),
        (datetime(2020, 6, 30, 23, 7, tzinfo=UTC), "12:07am on Wednesday 1 July 2020"),
    ],
)
def test_moment_of_receipt_is_worded_to_the_minute(at: datetime, wording: str) -> None:
    assert moment_wording(at, LONDON) == wording


@pytest.mark.parametrize(
    ("at", "wording"),
    [
        (CLOSES_AT, "11:59pm ddydd Gwener 28 Chwefror 2020"),
        (datetime(2020, 3, 1, 17, tzinfo=UTC), "5pm ddydd Sul 1 Mawrth 2020"),
        (datetime(2020, 7, 1, 11, tzinfo=UTC), "12 canol dydd ddydd Mercher 1 Gorffennaf 2020"),
        (datetime(2020, 12, 7, 9, 30, tzinfo=UTC), "9:30am ddydd Llun 7 Rhagfyr 2020"),
    ],
)
def test_closing_time_has_one_wording_in_welsh_too(at: datetime, wording: str) -> None:
    assert closing_wording(at, LONDON, "cy") == wording


def test_every_day_and_month_has_its_welsh_name() -> None:
    days = [datetime(2020, month, day, 12, 5, tzinfo=UTC) for month in range(1, 13) for day in range(1, 8)]
    names = [moment_wording(at, LONDON, "cy").split(" ddydd ")[1].split() for at in days]
    assert len({weekday for weekday, *_ in names}) == 7
    assert len({month for _, _, month, _ in names}) == 12


@pytest.mark.parametrize(
    ("days", "english", "welsh"),
    [
        (0, "today", "heddiw"),
        (1, "tomorrow", "yfory"),
        (2, "in 2 days", "ymhen 2 ddiwrnod"),
        (16, "in 16 days", "ymhen 16 diwrnod"),
        (-1, "yesterday", "ddoe"),
        (-2, "2 days ago", "2 ddiwrnod yn ôl"),
    ],
)
def test_days_away_are_said_in_each_language(days: int, english: str, welsh: str) -> None:
    now = CLOSES_AT - timedelta(days=days)
    assert day_wording(CLOSES_AT, LONDON, now=now) == english
    assert day_wording(CLOSES_AT, LONDON, now=now, language="cy") == welsh


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(days=-1), Timing.in_time),
        (timedelta(0), Timing.in_time),
        (timedelta(seconds=59, microseconds=999_999), Timing.in_time),
        (timedelta(minutes=1), Timing.late),
        (timedelta(days=30), Timing.late),
    ],
)
def test_whole_minute_of_the_closing_time_is_in_time(after: timedelta, expected: Timing) -> None:
    assert timing(CLOSES_AT + after, CLOSES_AT) is expected
    assert timing((CLOSES_AT + after).astimezone(LONDON), CLOSES_AT + timedelta(seconds=30)) is expected


def test_unknown_receipt_is_neither_late_nor_in_time() -> None:
    assert timing(None, CLOSES_AT) is Timing.unknown


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_nobody_is_late_at_the_minute_they_were_told(received_at: datetime) -> None:
    same_wording = moment_wording(received_at, LONDON) == moment_wording(CLOSES_AT, LONDON)
    assert timing(received_at, received_at.replace(second=0, microsecond=0)) is Timing.in_time
    assert not (same_wording and timing(received_at, CLOSES_AT) is Timing.late)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_instant_read_back_from_its_local_time_with_offset_is_the_same(at: datetime) -> None:
    local = at.replace(microsecond=0).astimezone(LONDON)
    if (local.hour, local.minute) != (0, 0):
        assert _parse(local.isoformat(sep=" ")) == at.replace(microsecond=0)
