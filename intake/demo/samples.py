"""The demo's sample data: two consultations and the emails that answer them, moved by whole weeks to just before today.

Whole weeks keep what people expect: closing on a Friday, letters written on school days. The files themselves are in
`config/consultations` and `config/demo/emails`. Never decides what becomes of an email.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from intake.outbound.rendering import product_folder
from intake.store.consultation_file import ConsultationFile, read_consultation_file

# In weeks from now: the first is open, the second has closed, and the letters came last week, in between.
CLOSING_WEEKS = {"improving-education-outcomes.toml": 3, "school-admissions.toml": -2}
LETTERS_WEEK = -1

# RFC 5322, section 3.3, as the sample emails write it in their headers and reports.
_DATE = re.compile(rb"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")


@dataclass(frozen=True, slots=True)
class Letter:
    """A sample email and where it lies: the mailbox's name in the configuration, and a folder of it."""

    mailbox: str
    folder: str
    raw: bytes
    received_at: datetime


def sample_consultations(*, now: datetime) -> list[ConsultationFile]:
    """The first is open, the second closed on the Friday before the letters came."""
    folder = product_folder("config") / "consultations"
    return [_moved(read_consultation_file(folder / name), weeks, now) for name, weeks in CLOSING_WEEKS.items()]


def sample_letters(*, now: datetime) -> list[Letter]:
    """Every sample email at each of its places, in the order they came."""
    folder = product_folder("config") / "demo" / "emails"
    places: dict[str, list[str]] = tomllib.loads((folder / "where.toml").read_text(encoding="utf-8"))
    letters = [letter for name, listed in places.items() for letter in _letters(folder / name, listed, now)]
    return sorted(letters, key=lambda letter: letter.received_at)


def weeks_between(then: datetime, there: datetime) -> timedelta:
    """From the week of one day to the week of another; weeks begin on Monday."""
    mondays = (at.date() - timedelta(days=at.weekday()) for at in (then, there))
    first, second = mondays
    return second - first


def _moved(file: ConsultationFile, weeks: int, now: datetime) -> ConsultationFile:
    zone = ZoneInfo(file.timezone)
    by = weeks_between(file.closes_at.astimezone(zone), now.astimezone(zone) + timedelta(weeks=weeks))
    opens_at, closes_at = (_later(at, by, zone) for at in (file.opens_at, file.closes_at))
    return file.model_copy(update={"opens_at": opens_at, "closes_at": closes_at})


def _later(at: datetime, by: timedelta, zone: ZoneInfo) -> datetime:
    """By the clock on the wall: 11:59pm stays 11:59pm when the clocks have changed in between."""
    return (at.astimezone(zone) + by).astimezone(at.tzinfo)


def _letters(path: Path, places: list[str], now: datetime) -> Iterator[Letter]:
    raw = path.read_bytes()
    received_at = _received_at(raw)
    by = weeks_between(received_at, now + timedelta(weeks=LETTERS_WEEK))
    for place in places:
        mailbox, _, folder = place.partition("/")
        yield Letter(mailbox, folder, _redated(raw, by), received_at + by)


def _received_at(raw: bytes) -> datetime:
    """The date of the topmost Received line: the first date there is."""
    first = _DATE.search(raw)
    assert first
    return parsedate_to_datetime(first[0].decode())


def _redated(raw: bytes, by: timedelta) -> bytes:
    return _DATE.sub(lambda date: format_datetime(parsedate_to_datetime(date[0].decode()) + by).encode(), raw)
