"""What single cells of other platforms' exports say: dates, yes or no, consent, and options that were chosen.

Says None, or nothing, rather than guess.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from itertools import product
from zoneinfo import ZoneInfo

from intake.store.consultations import Question

_NOON = time(12)
_YES = re.compile(r"(yes|ie|agree|i agree)\b|(y|true|1|x|✓|✔|ticked|checked|selected)$", re.IGNORECASE)
_NO = re.compile(r"(no|nage)\b|(n|false|0|unticked|unchecked)$", re.IGNORECASE)
_ALONE = re.compile(r"\b(individual|myself|personal|member of the public|resident|private|on my own)\b", re.IGNORECASE)
_TOGETHER = re.compile(
    r"\b(organi[sz]ation|company|business|behalf|group|body|school|council|charity)\b", re.IGNORECASE
)
_KEPT = re.compile(r"confidential", re.IGNORECASE)
_REFUSED = re.compile(r"\b(not|never|refuse)\b|n['’]t\b", re.IGNORECASE)
_PUBLISHED = re.compile(r"\bpubli(sh|c)|\bconsent|\banonym", re.IGNORECASE)
_WEEKDAY = re.compile(r"^(mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+", re.IGNORECASE)
_DAYS = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y")
_AMERICAN_DAYS = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%b %d %Y", "%B %d %Y")
_CLOCKS = (" %H:%M", " %H:%M:%S", "", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p", " %I:%M:%S%p")
_BETWEEN = (re.compile(r"\s*[;|\n]\s*"), re.compile(r"\s*,\s*"))


class Moments:
    """Reads the dates of one column. A file writes them all in one way, so what was understood last is tried first."""

    def __init__(self, *, is_month_first: bool) -> None:
        self._formats = ["".join(parts) for parts in product(_AMERICAN_DAYS if is_month_first else _DAYS, _CLOCKS)]
        self._last = self._formats[0]

    def read(self, said: str) -> datetime | None:
        """Aware only where an offset stands there. A day without a time is its noon."""
        try:
            found = datetime.fromisoformat(said)
        except ValueError:
            return self._written(said)
        return datetime.combine(found, _NOON) if len(said) <= len("2020-02-28") else found

    def _written(self, said: str) -> datetime | None:
        plain = " ".join(_WEEKDAY.sub("", said).replace(",", " ").replace(" at ", " ").split())
        for one in (self._last, *self._formats):
            try:
                found = datetime.strptime(plain, one)  # noqa: DTZ007  # its zone is the consultation's
            except ValueError:
                continue
            self._last = one
            return found if ":" in one else datetime.combine(found, _NOON)
        return None


def in_zone(at: datetime, zone: ZoneInfo) -> datetime:
    """In UTC; without an offset it is a time of this zone."""
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def yes_or_no(said: str) -> bool | None:
    """Also of "Individual" and "On behalf of an organisation". None where it says neither."""
    if _YES.match(said) or _NO.match(said):
        return bool(_YES.match(said))
    alone, together = bool(_ALONE.search(said)), bool(_TOGETHER.search(said))
    return together if alone is not together else None


def consent(said: str) -> tuple[bool, bool] | None:
    """Whether it may be published, and whether confidence was asked for. None where it says nothing of either."""
    if _YES.match(said):
        return True, False
    if _KEPT.search(said) and not _REFUSED.search(said):
        return False, True
    if _NO.match(said) or _REFUSED.search(said):
        return False, False
    return (True, False) if _PUBLISHED.search(said) else None


def options_in(question: Question, words: str, heading: str) -> list[str]:
    """Those of its options that are in the cell, or that a ticked column stands for. Empty where it is other words."""
    by_name: Mapping[str, str] = {one.lower(): one for one in question.options}
    if whole := by_name.get(words.lower()):
        return [whole]
    for between in _BETWEEN:
        parts = [by_name.get(part.lower(), "") for part in between.split(words) if part]
        if all(parts):
            return parts
    ticked = [one for name, one in by_name.items() if heading.lower().endswith(name)]
    return ticked[:1] if ticked and _YES.fullmatch(words) else []
