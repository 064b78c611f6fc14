"""Days off in England, and what is unwise about closing on one."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from intake.working_days import bank_holidays, closing_day_warning, is_working_day

HALF_TERM = {date(2026, 10, 27): "Half term"}
DAY = timedelta(days=1)
MONDAY, FRIDAY = 0, 4
MOVED = {(2020, 5): date(2020, 5, 8), (2022, 5): date(2022, 6, 2)}  # for VE Day, and a jubilee
PROCLAIMED = {date(2022, 6, 3), date(2022, 9, 19), date(2023, 5, 8)}  # a jubilee, a funeral, a coronation


def days_off_by_law(year: int) -> Iterator[date]:
    """The weekdays on which England has a bank holiday: the Act of 1971, and what was proclaimed since."""
    taken = set[date]()
    for feast in (date(year, 1, 1), date(year, 12, 26), date(year, 12, 25)):
        day = feast
        while day.weekday() > FRIDAY or day in taken:
            day += DAY
        taken.add(day)
    yield from taken
    easter = easter_sunday(year)
    yield from (easter - 2 * DAY, easter + DAY)
    for month, is_last in ((5, False), (5, True), (8, True)):
        mondays = [day for number in range(1, 32) if (day := date(year, month, number)).weekday() == MONDAY]
        moved = MOVED.get((year, month))
        is_moved = moved is not None and is_last == (moved.month == 6)
        yield moved if moved and is_moved else mondays[-1 if is_last else 0]
    yield from (day for day in PROCLAIMED if day.year == year)


def easter_sunday(year: int) -> date:
    """By tables, as the Book of Common Prayer has it: the Sunday after the full moon of the Golden Number."""
    golden_number = year % 19
    # The Paschal full moons of 1900 to 2199, for golden numbers from 1: days after 21 March.
    moons = (24, 13, 2, 21, 10, 28, 18, 7, 26, 15, 4, 23, 12, 1, 20, 9, 27, 17, 6)
    day = date(year, 3, 21) + moons[golden_number] * DAY
    return day + (6 - day.weekday()) * DAY if day.weekday() < 6 else day + 7 * DAY


@pytest.mark.parametrize("year", range(2015, 2036))
def test_nobody_works_on_the_days_that_the_law_and_proclamations_name_and_on_weekends(year: int) -> None:
    by_law = set(days_off_by_law(year))
    assert {day for day in bank_holidays(year) if day.weekday() <= FRIDAY} == by_law
    days = [date(year, 1, 1) + number * DAY for number in range(365)]
    working = [day for day in days if day.strftime("%A") not in ("Saturday", "Sunday") and day not in by_law]
    assert [day for day in days if is_working_day(day, ())] == working
    assert [day for day in days if is_working_day(day, working[::2])] == working[1::2]


def test_bank_holidays_are_englands_with_their_substitutes_and_none_of_scotlands() -> None:
    found = bank_holidays(2026, 2027)
    assert found[date(2026, 12, 28)] == "Boxing Day (substitute day)"
    assert found[date(2027, 3, 26)] == "Good Friday"
    assert date(2026, 1, 2) not in found
    assert list(found) == sorted(found)


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        (date(2026, 10, 22), None),
        (date(2026, 10, 23), None),  # an ordinary Friday
        (date(2026, 10, 24), "It closes on a Saturday, when few people can be asked for help."),
        (date(2026, 10, 25), "It closes on a Sunday, when few people can be asked for help."),
        (date(2026, 10, 26), "It closes on the day before a day off: Half term."),
        (date(2026, 10, 27), "It closes on a day off: Half term."),
        (date(2026, 12, 24), "It closes on the day before a day off: Christmas Day, a bank holiday."),
        (date(2026, 12, 25), "It closes on a day off: Christmas Day, a bank holiday."),
        (date(2026, 12, 31), "It closes on the day before a day off: New Year's Day, a bank holiday."),
    ],
)
def test_closing_on_a_day_off_or_before_one_is_warned_of(day: date, sentence: str | None) -> None:
    assert closing_day_warning(day, HALF_TERM) == sentence
