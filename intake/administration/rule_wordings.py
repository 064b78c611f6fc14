"""A reminder rule in words: whom it is for and when it is due, as it stands in lists, headings and proposed names.

Pure: knows no date that a rule comes to, and nobody it goes to.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from intake.deadlines import clock_wording
from intake.schedules import Anchor, DayUnit, OffDays, Schedule
from intake.store.mailings import Audience, ReminderRule
from intake.wording import plural

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
AUDIENCES: Mapping[Audience, str] = {
    Audience.unanswered: "Consultees who have not answered",
    Audience.everyone: "All consultees",
    Audience.officers_waiting: "Officers, while something is unread or held",
    Audience.officers_digest: "Officers, a digest",
}
_UTC = ZoneInfo("UTC")
_COUNTED_FROM = {Anchor.closing: "it closes", Anchor.opening: "it opens"}


def who_wording(audience: Audience, groups: Sequence[str]) -> str:
    """ "Consultees who have not answered, of the groups school and trust"."""
    if not groups or audience.is_officers:
        return AUDIENCES[audience]
    return f"{AUDIENCES[audience]}, of the {'group' if len(groups) == 1 else 'groups'} {listed(groups)}"


def when_wording(schedule: Schedule) -> str:
    """ "10 working days before it closes, at 9am", "Every Monday and Friday, at 8:30am"."""
    return f"{_days_wording(schedule)}, at {time_wording(schedule.clock)}"


def off_days_wording(rule: ReminderRule) -> str:
    """What becomes of a day that nobody works on; "" where the days are working days by themselves."""
    if rule.anchor is not Anchor.weekdays and rule.unit is DayUnit.working_days and rule.amount:
        return ""
    return {
        OffDays.keep: "Also on a weekend or holiday.",
        OffDays.earlier: "On a weekend or holiday it goes the working day before.",
        OffDays.later: "On a weekend or holiday it goes the next working day.",
    }[rule.off_days]


def time_wording(clock: time) -> str:
    """As `parse_clock` reads it: "9am", "8:30am", "12 noon"."""
    return clock_wording(datetime.combine(date(2000, 1, 1), clock, _UTC), _UTC)


def date_wording(day: date) -> str:
    """ "Friday 28 February 2020"."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def listed(words: Collection[str]) -> str:
    """ "Monday, Tuesday and Friday"."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _days_wording(schedule: Schedule) -> str:
    if schedule.anchor is Anchor.weekdays:
        named = [WEEKDAYS[day] for day in sorted(schedule.weekdays)]
        return "Every day" if len(named) == len(WEEKDAYS) else f"Every {listed(named)}"
    anchor = _COUNTED_FROM[schedule.anchor]
    if not schedule.amount:
        return f"On the day {anchor}"
    noun = "working day" if schedule.unit is DayUnit.working_days else "day"
    return f"{plural(abs(schedule.amount), noun)} {'before' if schedule.amount < 0 else 'after'} {anchor}"
