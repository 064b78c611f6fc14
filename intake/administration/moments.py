"""A day and a time of day as they are typed into four fields, and as they are shown in them again.

Never decides whether a moment is a good one.
"""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from intake.deadlines import clock_wording, parse_clock, parse_instant
from intake.errors import Mistakes, WrongConfiguration

_FIRST_YEAR, _LAST_YEAR = 2000, 2199
_MONTHS: Mapping[str, int] = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
} | {"sept": 9}


@dataclass(frozen=True, slots=True)
class TypedMoment:
    """The four fields as they were typed; `clock` such as "11:59pm"."""

    day: str
    month: str
    year: str
    clock: str

    @classmethod
    def of(cls, at: datetime, timezone: ZoneInfo) -> "TypedMoment":
        local = at.astimezone(timezone)
        return cls(str(local.day), str(local.month), str(local.year), clock_wording(at, timezone))


def instant(typed: TypedMoment, *, timezone: ZoneInfo, field: str, name: str) -> datetime:
    """The aware UTC instant. Raises Mistakes for `<field>-day`, `<field>-clock` or both; `name` begins sentences."""
    mistakes, day = dict[str, str](), None
    try:
        day = typed_day(typed.day, typed.month, typed.year, field=f"{field}-day", name=name)
    except Mistakes as wrong:
        mistakes |= wrong.by_field
    if not typed.clock and any((typed.day, typed.month, typed.year)):
        mistakes[f"{field}-clock"] = f"{name} is a day without a time; write the time too, such as 11:59pm."
    try:
        clock = parse_clock(typed.clock, key=name) if typed.clock else None
        if day and clock:
            return parse_instant(f"{day} {clock:%H:%M}", timezone=timezone, key=name)
    except WrongConfiguration as wrong:
        mistakes[f"{field}-clock"] = str(wrong)
    raise Mistakes(mistakes)


def typed_day(day: str, month: str, year: str, *, field: str, name: str) -> date:
    """The month as a number or by its name. Raises Mistakes for `field`."""
    missing = [part for part, text in (("day", day), ("month", month), ("year", year)) if not text]
    if len(missing) == 3:
        raise Mistakes({field: f"{name} is missing; enter its day, month and year."})
    if missing:
        raise Mistakes({field: f"{name} lacks its {' and '.join(missing)}."})
    number = _MONTHS.get(month.lower().rstrip("."), int(month) if re.fullmatch(r"[0-9]{1,2}", month) else 0)
    if not re.fullmatch(r"[0-9]{1,2}", day) or not re.fullmatch(r"[0-9]{4}", year):
        raise Mistakes({field: f"{name} is not a date; write it in numbers, such as 28 2 2020."})
    if not _FIRST_YEAR <= int(year) <= _LAST_YEAR:
        raise Mistakes({field: f"{name} needs a year between {_FIRST_YEAR} and {_LAST_YEAR}."})
    try:
        return date(int(year), number, int(day))
    except ValueError:
        raise Mistakes({field: f"{name} is not a date that exists; correct it."}) from None
