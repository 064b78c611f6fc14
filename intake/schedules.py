"""On which days something is due, counted from when a consultation opens or closes, and at which instant of a day.

Pure: sees dates, never a rule's row, a recipient or the clock.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from intake.working_days import is_working_day

MOST_DAYS = 366
"""The largest `amount`. Whatever days off an administrator adds, the search for a working day ends."""
_DAY = timedelta(days=1)


class Anchor(StrEnum):
    """What a rule's days are counted from."""

    closing = "closing"
    opening = "opening"
    weekdays = "weekdays"  # none: it comes round on its weekdays


class DayUnit(StrEnum):
    days = "days"
    working_days = "working-days"


class OffDays(StrEnum):
    """What becomes of a due day that nobody works on."""

    keep = "keep"
    earlier = "earlier"
    later = "later"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is due. `amount` counts in `unit`, below 0 before the anchor; `weekdays` (0 is Monday) only where
    there is no anchor; `clock` is local."""

    anchor: Anchor
    clock: time
    amount: int = 0
    unit: DayUnit = DayUnit.days
    weekdays: frozenset[int] = frozenset()
    off_days: OffDays = OffDays.earlier


def due_days(
    schedule: Schedule, *, opens_on: date, closes_on: date, last: date, days_off: Collection[date]
) -> list[date]:
    """The days it is due, in their order: one where there is an anchor, else its weekdays from opening up to `last`.

    A due day nobody works on (a weekend, a bank holiday, one of `days_off`) is moved as `off_days` says, and left out
    where that leads to no working day within a year. Two weekdays moved to one day are due once. A day up to `last` is
    the same whichever later `last` is asked for: who looks every day misses none.
    """
    match schedule.anchor:
        case Anchor.weekdays:
            days = _weekdays(schedule.weekdays, opens_on, _looked_at(schedule.off_days, last, days_off))
        case Anchor.opening:
            days = _counted(opens_on, schedule, days_off)
        case Anchor.closing:
            days = _counted(closes_on, schedule, days_off)
    moved = (_moved(day, schedule.off_days, days_off) for day in days)
    found = sorted({day for day in moved if day is not None})
    return [day for day in found if schedule.anchor is not Anchor.weekdays or opens_on <= day <= last]


def due_at(day: date, clock: time, timezone: ZoneInfo) -> datetime:
    """The instant of a local time on a day, in UTC.

    A time that the clocks skip is the first instant after the gap; of one they repeat, the first.
    """
    local = datetime.combine(day, clock.replace(fold=0), timezone)
    while (at := local.astimezone(UTC)).astimezone(timezone).replace(tzinfo=None) != local.replace(tzinfo=None):
        local = local.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return at


def end_of_day(day: date, timezone: ZoneInfo) -> datetime:
    """The first instant of the day after."""
    return due_at(day + _DAY, time(), timezone)


def _looked_at(off_days: OffDays, last: date, days_off: Collection[date]) -> date:
    """The last day to look at: a weekday just after `last` may be moved to a day before it."""
    if off_days is not OffDays.earlier:
        return last
    after = _moved(last + _DAY, OffDays.later, days_off)
    return after - _DAY if after else last + MOST_DAYS * _DAY


def _weekdays(weekdays: Collection[int], first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        day = first + number * _DAY
        if day.weekday() in weekdays:
            yield day


def _counted(anchor: date, schedule: Schedule, days_off: Collection[date]) -> Iterator[date]:
    """The day so many days from the anchor. Working days are counted one by one, and the anchor is none of them."""
    if schedule.unit is DayUnit.days:
        yield anchor + schedule.amount * _DAY
        return
    step, left, day = (_DAY if schedule.amount > 0 else -_DAY), abs(schedule.amount), anchor
    for _ in range(MOST_DAYS * 3):
        if not left:
            yield day
            return
        day += step
        left -= is_working_day(day, days_off)


def _moved(day: date, off_days: OffDays, days_off: Collection[date]) -> date | None:
    if off_days is OffDays.keep:
        return day
    step = -_DAY if off_days is OffDays.earlier else _DAY
    return next((d for n in range(MOST_DAYS) if is_working_day(d := day + n * step, days_off)), None)
