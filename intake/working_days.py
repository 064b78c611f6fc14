"""Which days nobody works in England: weekends, bank holidays, and the days an administrator adds; and what is unwise
about closing on one.

The only door to the library that knows the bank holidays. Never reads the clock or the database, and never refuses a
day.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from functools import cache

import holidays

_SATURDAY, _SUNDAY = 5, 6
_DAY = timedelta(days=1)


def is_working_day(day: date, days_off: Collection[date]) -> bool:
    """Whether people are at work: no weekend, no bank holiday, none of the days an administrator added."""
    return day.weekday() < _SATURDAY and day not in days_off and day not in _bank_holidays_of(day.year)


def bank_holidays(*years: int) -> dict[date, str]:
    """England's, by day, in their order."""
    found = holidays.country_holidays("GB", subdiv="ENG", years=years)
    return {day: _name(found[day]) for day in sorted(found)}


def closing_day_warning(day: date, days_off: Mapping[date, str]) -> str | None:
    """What to think of before a consultation closes on this day, in one sentence; None when nothing speaks against it.

    A Friday is no warning: the day before a weekend is an ordinary closing day.
    """
    if free := _free(day, days_off):
        return f"It closes on a day off: {free}."
    if day.weekday() in (_SATURDAY, _SUNDAY):
        return f"It closes on a {day:%A}, when few people can be asked for help."
    if free := _free(day + _DAY, days_off):
        return f"It closes on the day before a day off: {free}."
    return None


@cache
def _bank_holidays_of(year: int) -> frozenset[date]:
    return frozenset(bank_holidays(year))


def _free(day: date, days_off: Mapping[date, str]) -> str | None:
    """ "Good Friday, a bank holiday", or the name an administrator gave the day."""
    if own := days_off.get(day):
        return own
    name = bank_holidays(day.year).get(day)
    return f"{name}, a bank holiday" if name else None


def _name(name: str) -> str:
    # Two holidays can fall on one day.
    return " and ".join(name.split("; ")).replace(" (observed)", " (substitute day)")
