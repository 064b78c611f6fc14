"""When a consultation closes, what is late, and the one wording of both in each language.

A closing time is one instant, kept in UTC and shown in the consultation's timezone. Every text that names it, and every
"late", is made from that instant when it is needed; none is stored. The clock is never read here.

A closing time means its whole minute: what arrives at 23:59:59 is in time for "11:59pm". People are shown minutes, and
nobody may be told "received at 11:59pm, closed at 11:59pm, late".
"""

import re
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from intake.errors import WrongConfiguration
from intake.wording import plural

_MINUTE = timedelta(minutes=1)
WELSH = "cy"
# strftime would need the machine to know the language.
_WELSH_DAYS = "Llun Mawrth Mercher Iau Gwener Sadwrn Sul".split()
_WELSH_MONTHS = "Ionawr Chwefror Mawrth Ebrill Mai Mehefin Gorffennaf Awst Medi Hydref Tachwedd Rhagfyr".split()
_CLOCK = re.compile(r"(?P<hour>\d{1,2})(:(?P<minutes>\d\d))?(?P<half>am|pm)?")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?")


class AtMidnight(WrongConfiguration):
    """Said by its sentence, which is of closing times; where another is needed, this tells it apart."""


class Timing(StrEnum):
    in_time = "in_time"
    """Received up to and in the minute of the closing time."""
    late = "late"
    """Received after it. Kept all the same."""
    unknown = "unknown"
    """Nobody knows when it was received, so neither is said."""


def timing(received_at: datetime | None, closes_at: datetime, *, is_in_grace: bool = False) -> Timing:
    """`is_in_grace`: a form that was begun before closing and handed in within the time of grace, which is in time."""
    if received_at is None:
        return Timing.unknown
    return Timing.in_time if is_in_grace or received_at < late_from(closes_at) else Timing.late


def late_from(closes_at: datetime) -> datetime:
    """The first instant that is late."""
    return closes_at.replace(second=0, microsecond=0) + _MINUTE


def closing_wording(at: datetime, timezone: ZoneInfo, language: str = "en") -> str:
    """In the form "11:59pm on Friday 28 February 2020", "5pm on …", "12 noon on …".

    In Welsh "11:59pm ddydd Gwener 28 Chwefror 2020", "5pm ddydd …", "12 canol dydd ddydd …".
    """
    local = at.astimezone(timezone)
    if (local.hour, local.minute) == (12, 0):
        return _on("12 canol dydd" if language == WELSH else "12 noon", local, language)
    minutes = f":{local:%M}" if local.minute else ""
    return _on(f"{_hour(local)}{minutes}{_half(local)}", local, language)


def moment_wording(at: datetime, timezone: ZoneInfo, language: str = "en") -> str:
    """For what happened: like a closing time but always with minutes, "5:00pm on Friday 28 February 2020"."""
    local = at.astimezone(timezone)
    return _on(f"{_hour(local)}:{local:%M}{_half(local)}", local, language)


def day_wording(at: datetime, timezone: ZoneInfo, *, now: datetime, language: str = "en") -> str:
    """How many days away it is, by the calendar there: "today", "tomorrow", "in 5 days", "yesterday", "3 days ago"."""
    days = (at.astimezone(timezone).date() - now.astimezone(timezone).date()).days
    if language == WELSH:
        named = {0: "heddiw", 1: "yfory", -1: "ddoe"}
        return named.get(days) or (f"ymhen {_welsh_days(days)}" if days > 0 else f"{_welsh_days(-days)} yn ôl")
    named = {0: "today", 1: "tomorrow", -1: "yesterday"}
    return named.get(days) or (f"in {plural(days, 'day')}" if days > 0 else f"{plural(-days, 'day')} ago")


def parse_instant(value: object, *, timezone: ZoneInfo, key: str) -> datetime:
    """The aware UTC instant that somebody wrote: a TOML date-time, or text such as "2020-02-28 23:59".

    Without an offset it is a time of `timezone`. WrongConfiguration, naming `key`, refuses what people read in two
    ways: midnight, a date without a time, and an hour that the clocks skip or repeat.
    """
    written = _written(value, key)
    local = written.replace(tzinfo=timezone) if written.tzinfo is None else written.astimezone(timezone)
    if (local.hour, local.minute) == (0, 0):
        raise WrongConfiguration(_midnight(key, local))
    at = local.astimezone(UTC)
    if written.tzinfo is None:
        _refuse_changing_clocks(local, at, key)
    return at


def parse_clock(text: str, *, key: str) -> time:
    """The time of day that somebody typed: "11:59pm", "5 pm", "12 noon", "17:00".

    Raises WrongConfiguration naming `key`; AtMidnight of midnight, which `parse_instant` refuses too.
    """
    plain = re.sub(r"[\s.]", "", re.sub(r"(?<=\d)\.(?=\d)", ":", text.lower()))
    if "midnight" in plain or re.fullmatch(r"(12(:00)?am|0?0:00|24:00)", plain):
        raise AtMidnight(_midnight(key))
    if plain in ("noon", "12noon", "midday", "12midday"):
        return time(12)
    found = _CLOCK.fullmatch(plain)
    if found is None or (not found["minutes"] and not found["half"]):
        raise WrongConfiguration(f"{key} is not a time of day; write it like 11:59pm, 5pm or 17:00.")
    hour, minute = int(found["hour"]), int(found["minutes"] or 0)
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] == "pm" else 0) if 1 <= hour <= 12 else 24
    if hour > 23 or minute > 59:
        raise WrongConfiguration(f"{key} is not a time of day that exists; write it like 11:59pm, 5pm or 17:00.")
    return time(hour, minute)


def this_minute(now: datetime, timezone: ZoneInfo) -> datetime:
    """Now, as an opening or closing time: at midnight the minute before, as nobody may be told "midnight"."""
    minute = now.replace(second=0, microsecond=0)
    local = minute.astimezone(timezone)
    return minute - _MINUTE if (local.hour, local.minute) == (0, 0) else minute


def clock_wording(at: datetime, timezone: ZoneInfo) -> str:
    """The time of day as `parse_clock` reads it: "11:59pm", "5pm", "12 noon"."""
    return closing_wording(at, timezone).partition(" on ")[0]


def _written(value: object, key: str) -> datetime:
    if isinstance(value, datetime):
        return value
    text = str(value).strip()
    if "midnight" in text.lower():
        raise WrongConfiguration(_midnight(key))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise WrongConfiguration(f'{key} is a day without a time; write the time too, such as "{text} 23:59".')
    if not isinstance(value, str) or not _INSTANT.fullmatch(text):
        raise WrongConfiguration(f'{key} is not a date and time; write it as "2020-02-28 23:59".')
    if text[11:16] == "24:00":
        raise WrongConfiguration(_midnight(key))
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise WrongConfiguration(f"{key} is not a date and time that exists; correct it.") from None


def _midnight(key: str, local: datetime | None = None) -> str:
    example = f', "{local - _MINUTE:%Y-%m-%d %H:%M}"' if local else ""
    return (
        f"{key} is at midnight, and people disagree which day that belongs to; "
        f"use 11:59pm of the day before{example}, or a time in the day."
    )


def _refuse_changing_clocks(local: datetime, at: datetime, key: str) -> None:
    if at.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise WrongConfiguration(f"{key} does not exist: the clocks go forward over it; choose another hour.")
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        offsets = " or ".join(f"{local.replace(fold=fold):%z}" for fold in (0, 1))
        raise WrongConfiguration(
            f"{key} happens twice, as the clocks go back; add the offset ({offsets}) or choose another hour."
        )


def _hour(local: datetime) -> int:
    return local.hour % 12 or 12


def _half(local: datetime) -> str:
    return "am" if local.hour < 12 else "pm"


def _on(clock: str, local: datetime, language: str) -> str:
    if language == WELSH:
        weekday, month = _WELSH_DAYS[local.weekday()], _WELSH_MONTHS[local.month - 1]
        return f"{clock} ddydd {weekday} {local.day} {month} {local.year}"
    return f"{clock} on {local:%A} {local.day} {local:%B %Y}"


def _welsh_days(days: int) -> str:
    """The noun stays singular after a number, and "dau" softens it."""
    return f"{days:,} {'ddiwrnod' if days == 2 else 'diwrnod'}"
