"""Days off in England, and what is unwise about closing on one."""

from datetime import date

import pytest

from intake.working_days import bank_holidays, closing_day_warning

HALF_TERM = {date(2026, 10, 27): "Half term"}


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
