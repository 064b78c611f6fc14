"""docs/reminders.md says what intake does: every date in its tables is computed anew, every email in them is sent."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from intake.administration.rule_wordings import AUDIENCES, when_wording
from intake.deadlines import closing_wording, parse_clock
from intake.schedules import Anchor, DayUnit, Schedule, due_at, due_days
from intake.store.mailings import Audience
from tests.documented import Row, table

DOCUMENT = "reminders.md"
LONDON = ZoneInfo("Europe/London")
OPENS_ON, CLOSES_ON = date(2020, 1, 9), date(2020, 2, 28)
NAMES = ("First reminder", "Second reminder", "Last reminder")
SCHEDULES = dict(
    zip(
        NAMES,
        (
            Schedule(Anchor.closing, time(9), -10, DayUnit.working_days),
            Schedule(Anchor.closing, time(9), -3, DayUnit.working_days),
            Schedule(Anchor.closing, time(9), -1, DayUnit.days),
        ),
        strict=True,
    )
)
DAYS_OFF = {
    "none": frozenset[date](),
    "half term, 17 to 21 February": frozenset(date(2020, 2, day) for day in range(17, 22)),
}


def day_of(written: str) -> date:
    """ "Friday 28 February 2020"."""
    day = datetime.strptime(written, "%A %d %B %Y").date()  # noqa: DTZ007  # a day has no zone
    assert f"{day:%A}" == written.split(maxsplit=1)[0]
    return day


def instant_of(written: str) -> datetime:
    """ "9am on Friday 14 February 2020", in London."""
    clock, _, day = written.partition(" on ")
    return due_at(day_of(day), parse_clock(clock, key="clock"), LONDON)


def test_the_rules_are_worded_as_the_pages_word_them_and_come_to_the_dates_told() -> None:
    rules = table(DOCUMENT, "Rule", "For whom", "When", "Due")
    assert [rule["Rule"] for rule in rules] == list(NAMES)
    for rule in rules:
        schedule = SCHEDULES[rule["Rule"]]
        assert rule["When"] == when_wording(schedule)
        assert rule["For whom"] == AUDIENCES[Audience.unanswered]
        [day] = due_days(schedule, opens_on=OPENS_ON, closes_on=CLOSES_ON, last=CLOSES_ON, days_off=())
        assert rule["Due"] == closing_wording(due_at(day, schedule.clock, LONDON), LONDON)


@pytest.mark.parametrize("row", table(DOCUMENT, "Closes", "Days off", *NAMES), ids=lambda row: row["Closes"])
def test_another_closing_day_moves_the_dates_as_told(row: Row) -> None:
    closes_on = day_of(row["Closes"])
    for name, schedule in SCHEDULES.items():
        days_off = DAYS_OFF[row["Days off"]]
        found = due_days(schedule, opens_on=OPENS_ON, closes_on=closes_on, last=closes_on, days_off=days_off)
        assert found == [day_of(row[name])]


@pytest.mark.parametrize(
    "row", table(DOCUMENT, "Rule at", "On", "Goes at (UTC)"), ids=lambda row: " ".join(row.values())
)
def test_local_times_are_the_instants_told_when_the_clocks_change(row: Row) -> None:
    at = datetime.strptime(row["Goes at (UTC)"], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    assert instant_of(f"{row['Rule at']} on {row['On']}") == at
