"""Numbers and lengths of time in words, so that all sentences word them alike. Knows no table and no page."""

from datetime import timedelta

_UNITS = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """ "1 response", "2,000 responses"."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def length_wording(length: timedelta) -> str:
    """How long, in the largest whole unit: "1 day", "3 hours", "less than a minute"."""
    unit = next((unit for unit in _UNITS if length >= _UNITS[unit]), None)
    return plural(length // _UNITS[unit], unit) if unit else "less than a minute"
