"""Numbers and lengths of time in words."""

from datetime import timedelta

import pytest

from intake.wording import length_wording, plural


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(0), "less than a minute"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(hours=23, minutes=59), "23 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=1200), "1,200 days"),
    ],
)
def test_a_length_is_told_in_its_largest_whole_unit(length: timedelta, words: str) -> None:
    assert length_wording(length) == words


def test_a_number_has_its_noun_and_every_thousand_its_comma() -> None:
    assert [plural(count, "response") for count in (0, 1, 2000)] == ["0 responses", "1 response", "2,000 responses"]
    assert plural(2, "reply", "replies") == "2 replies"
