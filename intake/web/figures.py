"""The overview's charts: which numbers become which picture, its key, and the table that says the same in words.

Never counts; `intake/responses/counting.py` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode

from markupsafe import Markup

from intake.responses.answering import Rate, together
from intake.responses.counting import Counted, Timeline
from intake.responses.filters import Filters
from intake.store.responses import Channel, ResponseStatus
from intake.web.charts import Place, Series, Words, bars_chart, columns_chart, rates_chart, share_chart, swatch
from intake.web.headlines import log_path
from intake.web.showing import with_query
from intake.web.wordings import WORDINGS
from intake.wording import plural

MOST_GROUPS = 12
_LABELS = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; with a path it is a link."""

    text: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with its key (swatch, name, number) and its table, whose first column names each row."""

    heading: str
    picture: Markup
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    key: Sequence[tuple[Markup, str, int]] = field(default_factory=list)
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A closing day on the chart; `name` tells several apart."""

    day: date
    name: str


def over_time(line: Timeline, deadlines: Sequence[Deadline], *, undated: int) -> Figure:
    """Responses by the day or week they were received, by channel."""
    names = [WORDINGS["channel"][channel] for channel in line.channels]
    period = "day" if line.step_days == 1 else "week"
    series = [Series(name, numbers) for name, numbers in zip(names, line.channels.values(), strict=True)]
    words = Words("over-time", f"Responses received each {period}, by channel", _told(line, deadlines, period))
    rows = [
        [Cell(_day(start)), *(Cell(f"{numbers[at]:,}") for numbers in line.channels.values()), Cell(f"{total:,}")]
        for at, (start, total) in enumerate(zip(line.starts, line.totals, strict=True))
        if total
    ]
    remark = f"{_capital(period)}s without responses are left out."
    if undated:
        remark += f" {plural(undated, 'response')} of which nobody knows when it came {_is(undated)} not in it."
    return Figure(
        heading="Responses over time",
        picture=columns_chart(words, series, labels=_labels(line), deadlines=_marks(line, deadlines)),
        head=["Week from" if period == "week" else "Day", *names, "All"],
        rows=rows,
        key=[(swatch(words.key, order), one.name, sum(one.values)) for order, one in enumerate(series)],
        remark=remark,
    )


def by_group(counted: Counted, *, filters: Filters) -> Figure:
    """Responses by stakeholder group, the largest first; beyond them the rest together, each in the table."""
    sorted_groups = sorted(counted.groups.items(), key=lambda group: (group[0] is None, -group[1], group[0]))
    ordered = [(name or "No group given", number, name) for name, number in sorted_groups]
    bars = [(name, number) for name, number, _ in ordered[:MOST_GROUPS]]
    if rest := ordered[MOST_GROUPS:]:
        bars.append((f"{len(rest)} other groups", sum(number for _, number, _ in rest)))
    words = Words(
        "by-group",
        "Responses by stakeholder group",
        f"{plural(counted.responses, 'response')} in {plural(len(ordered), 'group')}. The table below has each.",
    )
    rows = [
        [Cell(shown, log_path(filters, group=(name,)) if name else ""), Cell(f"{n:,}")] for shown, n, name in ordered
    ]
    return Figure("By stakeholder group", bars_chart(words, bars), ["Group", "Responses"], rows)


def by_rate(rates: Sequence[Rate], slug: str) -> Figure:
    """How many of each group of those invited have answered. `rates` ends with that of all."""
    *groups, total = rates
    words = Words(
        "by-rate", "Response rates by stakeholder group", f"Of {total.invited:,} invited, {total.answered:,} answered."
    )
    channels = [channel for channel in Channel if total.channels[channel]]
    bars = list(groups[:MOST_GROUPS])
    if rest := groups[MOST_GROUPS:]:
        bars.append(together(f"{len(rest)} other groups", rest))
    named = [WORDINGS["channel"][channel] for channel in channels]
    return Figure(
        heading="Response rates",
        picture=rates_chart(words, [_rate_bar(one) for one in (*bars, total)]),
        head=["Group", "Invited", "Answered", *named, "Not answered", "Rate"],
        rows=[_rate_row(one, channels, f"/consultations/{slug}/consultees") for one in rates],
    )


def by_status(counted: Counted, *, filters: Filters) -> Figure:
    """How far officers are."""
    named = [(status, WORDINGS["status"][status]) for status in ResponseStatus]
    parts = [(name, counted.statuses[status]) for status, name in named]
    told = ", ".join(f"{number:,} {name.lower()}" for name, number in parts)
    words = Words(
        "by-status", "Responses by how far officers are", f"Of {plural(counted.responses, 'response')}: {told}."
    )
    return Figure(
        heading="Read and considered",
        picture=share_chart(words, parts),
        head=["Status", "Responses"],
        rows=[
            [Cell(name, log_path(filters, status=(status,))), Cell(f"{counted.statuses[status]:,}")]
            for status, name in named
        ],
        key=[(swatch(words.key, order), name, number) for order, (name, number) in enumerate(parts)],
    )


def _rate_bar(rate: Rate) -> tuple[str, int, int, str]:
    said = f"{rate.answered:,} of {rate.invited:,} ({rate.percent}%)"
    return rate.group or "All", rate.answered, rate.invited, said


def _rate_row(rate: Rate, channels: Sequence[Channel], path: str) -> list[Cell]:
    of_group = {"group": rate.group} if rate.group else {}
    numbers = [Cell(f"{rate.channels[channel]:,}") for channel in channels]
    return [
        Cell(rate.group or "All", with_query(path, urlencode(of_group))),
        Cell(f"{rate.invited:,}"),
        Cell(f"{rate.answered:,}", with_query(path, urlencode({**of_group, "answered": "yes"}))),
        *numbers,
        Cell(f"{rate.not_answered:,}", with_query(path, urlencode({**of_group, "answered": "no"}))),
        Cell(f"{rate.percent}%"),
    ]


def _told(line: Timeline, deadlines: Sequence[Deadline], period: str) -> str:
    most = max(line.totals)
    told = f"{plural(sum(line.totals), 'response')} from {_day(line.starts[0])} to {_day(_end(line))}."
    if most:
        told += f" The most, {most:,}, came in the {period} {'from' if period == 'week' else 'of'} "
        told += f"{_day(line.starts[line.totals.index(most)])}."
    return told + "".join(f" {_capital(one.name)}: {_day(one.day)}." for one in deadlines)


def _marks(line: Timeline, deadlines: Sequence[Deadline]) -> list[Place]:
    """At the end of each closing day. One far outside is not drawn."""
    days = len(line.starts) * line.step_days
    places = [(Place(((one.day - line.starts[0]).days + 1) / days, one.name)) for one in deadlines]
    return [place for place in places if 0 <= place.at <= 1]


def _labels(line: Timeline) -> list[Place]:
    """A few dates, evenly spread, in the middle of what they name."""
    count = len(line.starts)
    chosen = sorted({round(order * (count - 1) / (_LABELS - 1)) for order in range(_LABELS)})
    return [Place((at + 0.5) / count, f"{line.starts[at].day} {line.starts[at]:%b}") for at in chosen]


def _end(line: Timeline) -> date:
    return line.starts[-1] + timedelta(days=line.step_days - 1)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
