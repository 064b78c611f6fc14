"""A day and a time as people type them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from intake.administration.moments import TypedMoment, instant
from intake.errors import Mistakes
from tests.administration.administrators import typed

LONDON = ZoneInfo("Europe/London")


def _instant(written: str) -> datetime:
    return instant(typed(written), timezone=LONDON, field="closes", name="The closing time")


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("28 2 2020 11:59pm", datetime(2020, 2, 28, 23, 59, tzinfo=UTC)),
        ("28 02 2020 11.59 p.m.", datetime(2020, 2, 28, 23, 59, tzinfo=UTC)),
        ("28 February 2020 5pm", datetime(2020, 2, 28, 17, tzinfo=UTC)),
        ("28 Sept. 2020 12 noon", datetime(2020, 9, 28, 11, tzinfo=UTC)),
        ("1 jul 2020 17:00", datetime(2020, 7, 1, 16, tzinfo=UTC)),
        ("1 7 2020 12 noon", datetime(2020, 7, 1, 11, tzinfo=UTC)),
        ("1 7 2020 12:30am", datetime(2020, 6, 30, 23, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_as_people_write_it(written: str, at: datetime) -> None:
    assert _instant(written) == at
    assert _instant(" ".join(_parts(TypedMoment.of(at, LONDON)))) == at


@pytest.mark.parametrize(
    ("moment", "field", "sentence"),
    [
        (("28", "2", "2020", "midnight"), "closes-clock", "The closing time is at midnight, and people disagree"),
        (("28", "2", "2020", "12am"), "closes-clock", "The closing time is at midnight"),
        (("28", "2", "2020", "00:00"), "closes-clock", "The closing time is at midnight"),
        (("28", "2", "2020", ""), "closes-clock", "The closing time is a day without a time; write the time too"),
        (("28", "2", "2020", "soon"), "closes-clock", "The closing time is not a time of day; write it like 11:59pm"),
        (("28", "2", "2020", "13pm"), "closes-clock", "The closing time is not a time of day that exists"),
        (("29", "3", "2020", "1:30am"), "closes-clock", "The closing time does not exist: the clocks go forward"),
        (("25", "10", "2020", "1:30am"), "closes-clock", "The closing time happens twice, as the clocks go back"),
        (("30", "2", "2020", "5pm"), "closes-day", "The closing time is not a date that exists; correct it."),
        (("28", "2", "20", "5pm"), "closes-day", "The closing time is not a date; write it in numbers"),
        (("28", "2", "0020", "5pm"), "closes-day", "The closing time needs a year between 2000 and 2199."),
        (("28", "", "2020", "5pm"), "closes-day", "The closing time lacks its month."),
        (("", "", "", ""), "closes-day", "The closing time is missing; enter its day, month and year."),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(moment: tuple[str, ...], field: str, sentence: str) -> None:
    with pytest.raises(Mistakes) as refused:
        instant(TypedMoment(*moment), timezone=LONDON, field=field.partition("-")[0], name="The closing time")
    assert list(refused.value.by_field) == [field]
    assert refused.value.by_field[field].startswith(sentence)


def test_all_that_is_wrong_with_a_moment_is_said_at_once() -> None:
    with pytest.raises(Mistakes) as refused:
        instant(TypedMoment("28", "13", "2020", "midnight"), timezone=LONDON, field="closes", name="The closing time")
    assert list(refused.value.by_field) == ["closes-day", "closes-clock"]


def _parts(moment: TypedMoment) -> list[str]:
    return [moment.day, moment.month, moment.year, moment.clock]
