"""Reads a date and time as mail programs write them into a body, in the languages of Europe and East Asia.

Owns no clock. Says None rather than guess: without a year, a month, a day and a time of day there is no instant. Local
times without an offset are taken as Europe/London, where the readers and nearly all the writers are.
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

LOCAL: Final = ZoneInfo("Europe/London")
_LONGEST: Final = 120

# Beginnings of month names, folded to plain letters where there are any; the longest that fits wins.
_MONTHS: Final = {
    1: "jan gen ene ian jaan tammi led sij stycz sty eanair urtar янв січ yan oca ion sau ιαν ינואר يناير",
    2: "feb fev feabh otsail fevr helmi unor velj luty lut veebr vas chwe sub фев лют φεβ פברואר فبراير",
    3: "mar maar marta martx maalis marz maer maart brez ozu maw faw kov мар бер μαρ מרץ مارس",
    4: "apr avr aib apir abr huhti dub trav kwie kwi nis ebr bal апр квіт кві квит απρ אפריל أبريل ابريل",
    5: "may mai beal maiat maj mei mag touko kvet svib geg fai май маи мая трав μαι מאי مايو",
    6: "jun juin meith ekain juun giu iun kesa cerv lipnj czerw cze haz meh feh bir июн юни чер ιουν יוני يونيو",
    7: "jul juil iuil uztail juul lug iul heina cervenc cervenec lip srpnj tem gorff orff lie июл юли лип ιουλ יולי"
    " يوليو",
    8: "aug aou lunasa abuz ago elo srp sierp sie kolov agu avg awst rugp авг сер αυγ אוגוסט أغسطس اغسطس",
    9: "sep set mean irail szep syys zari ruj wrz eyl medi fedi rugs сен сеп вер σεπ ספטמבר سبتمبر",
    10: "oct okt deireadh urri ott out loka rij paz eki hyd spa окт жов οκτ אוקטובר أكتوبر اكتوبر",
    11: "nov noi samh azar marras lis studen kas tach dach lapk ноя ное лис νοε נובמבר نوفمبر",
    12: "dec dez noll abend dic des det deze joulu prosin gru ara rhag rag gruo дек гру δεκ דצמבר ديسمبر",
}
_STEMS: Final = {stem: month for month, stems in _MONTHS.items() for stem in stems.split()}
_VIETNAMESE: Final = ("mot", "hai", "ba", "tu", "nam", "sau", "bay", "tam", "chin", "muoi", "muoi mot", "muoi hai")
_THAI: Final = "ม.ค. ก.พ. มี.ค. เม.ย. พ.ค. มิ.ย. ก.ค. ส.ค. ก.ย. ต.ค. พ.ย. ธ.ค.".split()
_THAI_MONTHS: Final = "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม".split()
_BUDDHIST_YEARS: Final = 543
# Poles write no dot behind the day.
_CROATIAN: Final = re.compile(r"ponedjelj|utorak|srijed|cetvrtak|petak|subot|nedjelj|\d\. ?listop")

_AFTERNOON: Final = re.compile(r"^[\s\d:]{0,4}(?:p\.?\s?m\b|nachm|μμ|μ\.\s?μ|ch\b|م(?!\w))|오후|下午|午後")
_MORNING: Final = re.compile(r"^[\s\d:]{0,4}(?:a\.?\s?m\b|vorm|πμ|π\.\s?μ|sa\b|ص(?!\w))|오전|上午|午前")
_TIME: Final = re.compile(
    r"(?<![\d.:])(?P<hour>[01]?\d|2[0-3])(?:\s?h\s?|:|\.|"
    r"\s?[時点시]\s?)(?P<minute>[0-5]\d)(?:[:.](?P<second>[0-5]\d))?(?![\d]|[./]\d)"
)
_OFFSET: Final = re.compile(
    r"(?:^|[\s(]|gmt|utc)(?P<sign>[+\u2212-])(?P<hours>[01]?\d):?(?P<minutes>[0-5]\d)?\b", re.IGNORECASE
)
_ZONES: Final = {
    "gmt": 0, "utc": 0, "z": 0, "wet": 0, "bst": 60, "west": 60, "cet": 60, "mez": 60, "cest": 120, "mesz": 120,
    "eet": 120, "eest": 180, "msk": 180, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360,
    "pst": -480, "pdt": -420,
}  # fmt: skip
_YEAR_FIRST: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})(?!\d)")
_NUMERIC: Final = re.compile(r"(?<!\d)(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2\s?((?:19|20)?\d\d)(?!\d)")
_NUMBERED_MONTH: Final = re.compile(r"\b(?:thang|thg) (\d{1,2})\b")
_VIETNAMESE_MONTH: Final = re.compile(r"\bthang (" + "|".join(sorted(_VIETNAMESE, key=len, reverse=True)) + r")\b")
_BUDDHIST_YEAR: Final = re.compile(r"(?<!\d)25\d\d(?!\d)")
_AMERICAN_ZONE: Final = re.compile(r"\b[ecmp][sd]t\b")
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_DAY: Final = re.compile(r"(?<![\d:])(\d{1,2})(?=\D|$)(?!:\d)")
_WORD: Final = re.compile(r"[^\W\d_]{2,20}")


def read_written_date(text: str) -> datetime | None:
    """The instant in aware UTC, or None when unsure. A time with an offset or a well-known zone keeps it."""
    folded = _fold(text[:_LONGEST])
    time = _TIME.search(folded)
    if time is None:
        return None
    before, after = folded[: time.start()], folded[time.end() :]
    # A name may stand behind the time, and be April or Jan.
    day = _read_day(before, "", folded) or _read_day(before, after, folded)
    clock = _read_clock(time, before[-4:], after[:12])
    if day is None or clock is None:
        return None
    zone = _read_zone(after)
    try:
        return datetime(*day, *clock, tzinfo=zone or LOCAL).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _fold(text: str) -> str:
    if any("\u0e01" <= character <= "\u0e5b" for character in text):
        text = _without_thai(text)
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l").replace("ı", "i").replace("ø", "o"))
    letters = "".join(character for character in plain if not unicodedata.combining(character))
    hangul = unicodedata.normalize("NFC", letters)
    return hangul.replace("\u200e", "").replace("\xa0", " ").replace("\u202f", " ")


def _without_thai(text: str) -> str:
    """Its months in Vietnamese numbers, its years counted as elsewhere."""
    for names in (_THAI_MONTHS, _THAI):
        for month, name in enumerate(names, start=1):
            text = text.replace(name, f" thang {month} ")
    return _BUDDHIST_YEAR.sub(lambda year: str(int(year[0]) - _BUDDHIST_YEARS), text)


def _read_day(before: str, after: str, whole: str) -> tuple[int, int, int] | None:
    both = f"{before} {after}"
    if found := _YEAR_FIRST.search(both):
        year, month, day = (int(part) for part in found.groups())
        return year, month, day
    if found := _NUMERIC.search(both):
        return _from_numbers(whole, int(found[1]), int(found[3]), found[4], found[2])
    year_found, month_found = _YEAR.search(both), _named_month(both)
    if year_found is None or month_found is None:
        return None
    rest = _NUMBERED_MONTH.sub(" ", f"{before} {_OFFSET.sub(' ', after)}".replace(year_found[0], " ", 1))
    days = {int(number) for number in _DAY.findall(rest) if 1 <= int(number) <= 31}
    return (int(year_found[0]), month_found, days.pop()) if len(days) == 1 else None


def _from_numbers(text: str, one: int, two: int, year: str, separator: str) -> tuple[int, int, int] | None:
    """Day before month, as everywhere but in the United States: a slash with "AM" or "PM" may be American, then only
    a number above twelve, or two equal ones, tells."""
    full_year = int(year) if len(year) == 4 else 2000 + int(year)
    if one > 12 >= two:
        return full_year, two, one
    if two > 12 >= one and separator != ".":
        return full_year, one, two
    may_be_american = separator == "/" and re.search(r"\b[ap]m\b", text.replace(".", "")) is not None
    if may_be_american and _AMERICAN_ZONE.search(text):
        return full_year, one, two
    return None if may_be_american and one != two else (full_year, two, one)


def _named_month(text: str) -> int | None:
    """The last word that begins like a month: weekdays such as "mar." (mardi) come before the day."""
    if found := _NUMBERED_MONTH.search(text):
        return int(found[1])
    if found := _VIETNAMESE_MONTH.search(text):
        return _VIETNAMESE.index(found[1]) + 1
    months = (_month_of(word, text) for word in _WORD.findall(text))
    return next((month for month in reversed(list(months)) if month), None)


def _month_of(word: str, text: str) -> int | None:
    if word.startswith("listop"):
        return 10 if _CROATIAN.search(text) else 11
    fitting = [stem for stem in _STEMS if word.removeprefix("ב").startswith(stem)]
    return _STEMS[max(fitting, key=len)] if fitting else None


def _read_clock(time: re.Match[str], before: str, after: str) -> tuple[int, int, int] | None:
    hour, minute, second = int(time["hour"]), int(time["minute"]), int(time["second"] or 0)
    is_afternoon = _AFTERNOON.search(after) or _AFTERNOON.search(before)
    is_morning = _MORNING.search(after) or _MORNING.search(before)
    if is_afternoon and is_morning:
        return None
    if is_afternoon and hour < 12:
        hour += 12
    elif is_morning and hour == 12:
        hour = 0
    return hour, minute, second


def _read_zone(after: str) -> tzinfo | None:
    near = after[:24]
    if found := _OFFSET.search(near):
        offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
        return timezone(offset if found["sign"] == "+" else -offset) if offset < timedelta(hours=15) else None
    zones = (_ZONES.get(word) for word in re.findall(r"[a-z]{1,4}", near))
    minutes = next((minutes for minutes in zones if minutes is not None), None)
    return None if minutes is None else timezone(timedelta(minutes=minutes))
