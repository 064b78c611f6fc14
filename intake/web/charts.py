"""Charts as SVG, from numbers to markup. Knows no table, no consultation and no page.

Widths are shares of the width there is, text keeps its size: a chart reads alike at 320 pixels and at 1,200. Series
differ by pattern as well as by colour, and whatever a chart shows stands in its page's table, too. There is no style
and no script in the markup, so the pages' Content-Security-Policy needs no exception.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

# Each at least 4.5 to 1 against white, and cut by white in a way of its own: none, lines one way, the other, dots, …
_COLOURS = ("#1d70b8", "#00703c", "#4c2c92", "#d4351c", "#594d00", "#505a5f")
_CUTS = (
    "",
    "M-2 2L2 -2M0 8L8 0M6 10L10 6",
    "M-2 6L2 10M0 0L8 8M6 -2L10 2",
    "M0 4H8",
    "M4 0V8",
    "M2 2h2v2h-2zM6 6h2v2h-2z",
)
_INK, _RULE = "#0b0c0c", "#cecece"
_TEXT = "0.875rem"
_TOP, _PLOT, _FOOT = 10, 180, 28  # pixels
_LINE = 18
_ROW, _BAR = 52, 22
_SHARE_BAR = 40
_LONGEST_NAME = 34  # letters that fit beside a number at 320 pixels,
_LONGEST_BESIDE = 39  # with those of the number


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of thing, with a number for each column."""

    name: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Place:
    """A label at a place along the axis; `at` runs from 0 to 1."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where columns stand: right of the scale's numbers, a share of the width, and below the deadlines' names."""

    top: int
    left: float
    above: int

    def across(self, at: float) -> float:
        """From a share of the plot to a share of the picture."""
        return self.left + at * (1 - self.left)

    def height(self, number: int) -> float:
        return round(self.above + _PLOT * (1 - number / self.top), 2)

    @property
    def foot(self) -> int:
        return self.above + _PLOT


@dataclass(frozen=True, slots=True)
class Words:
    """What a screen reader says of a chart, and the key that makes its ids unique on the page."""

    key: str
    title: str
    description: str


def columns_chart(
    words: Words, series: Sequence[Series], *, labels: Sequence[Place], deadlines: Sequence[Place]
) -> Markup:
    """Stacked columns, a scale on the left, and a dashed line at each deadline."""
    totals = [sum(numbers) for numbers in zip(*(one.values for one in series), strict=True)]
    top = nice_top(max(totals, default=0))
    plot = _Plot(top, left=0.04 + 0.026 * len(f"{top:,}"), above=_TOP + _LINE * len(deadlines))
    parts = [_patterns(words.key, len(series)), _scale(plot), *_columns(words.key, series, plot)]
    parts += [_tick(place, plot) for place in labels]
    parts += [_deadline(place, row, plot) for row, place in enumerate(deadlines)]
    return _svg(words, plot.foot + _FOOT, parts)


def bars_chart(words: Words, bars: Sequence[tuple[str, int]]) -> Markup:
    """One bar for each name, the name and its number above it."""
    most = max((number for _, number in bars), default=0) or 1
    parts = [_bar(row, name, number, most) for row, (name, number) in enumerate(bars)]
    return _svg(words, _ROW * len(bars), parts)


def rates_chart(words: Words, rates: Sequence[tuple[str, int, int, str]]) -> Markup:
    """One bar for each name, as full as the first number is of the second, with words for both beside the name."""
    parts = [_bar(row, name, number, whole or 1, said) for row, (name, number, whole, said) in enumerate(rates)]
    return _svg(words, _ROW * len(rates), parts)


def share_chart(words: Words, parts: Sequence[tuple[str, int]]) -> Markup:
    """One bar, divided as the numbers are."""
    total = sum(number for _, number in parts) or 1
    drawn, before = [_patterns(words.key, len(parts))], 0
    for order, (_, number) in enumerate(parts):
        if number:
            fill = {"fill": f"url(#{words.key}-{order})", "stroke": "#ffffff", "stroke_width": 1}
            drawn.append(_rect(before / total, 0, number / total, _SHARE_BAR, **fill))
        before += number
    return _svg(words, _SHARE_BAR, drawn)


def swatch(key: str, order: int) -> Markup:
    """A piece of a series' colour and pattern, for the key beside its name. It borrows them from the chart."""
    piece = _tag("rect", width=16, height=16, fill=f"url(#{key}-{order})")
    return _tag("svg", piece, width=16, height=16, aria_hidden="true", focusable="false", class_="app-chart__swatch")


def nice_top(highest: int) -> int:
    """The end of a scale: the next even number of the form 2, 4, 6, 8, 10, 20, 40 …, so that its half is whole, too."""
    top, power = 2, 1
    while top < highest:
        for step in (2, 4, 6, 8, 10):
            top = step * power
            if top >= highest:
                return top
        power *= 10
    return top


def shortened(name: str, longest: int = _LONGEST_NAME) -> str:
    """A name that fits; the whole of it stands in the table."""
    longest = min(longest, _LONGEST_NAME)
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"


# Columns


def _scale(plot: _Plot) -> Markup:
    drawn = []
    for number in (0, plot.top // 2, plot.top):
        y = plot.height(number)
        drawn.append(_tag("line", x1=_percent(plot.left), x2="100%", y1=y, y2=y, stroke=_RULE))
        drawn.append(_text(f"{number:,}", x=_percent(plot.left - 0.015), y=y + 5, text_anchor="end"))
    return Markup("").join(drawn)


def _columns(key: str, series: Sequence[Series], plot: _Plot) -> list[Markup]:
    """Each a little narrower than its place, so that neighbours stand apart."""
    count = max((len(one.values) for one in series), default=0)
    drawn, below = [], [0] * count
    for order, one in enumerate(series):
        fill = {"fill": f"url(#{key}-{order})", "stroke": "#ffffff", "stroke_width": 0.5}
        for place, number in enumerate(one.values):
            if number:
                y = plot.height(below[place] + number)
                left, right = plot.across((place + 0.08) / count), plot.across((place + 0.92) / count)
                drawn.append(_rect(left, y, right - left, plot.height(below[place]) - y, **fill))
            below[place] += number
    return drawn


def _tick(place: Place, plot: _Plot) -> Markup:
    x, y = _percent(plot.across(place.at)), plot.foot
    line = _tag("line", x1=x, x2=x, y1=y, y2=y + 5, stroke=_INK)
    return line + _text(place.label, x=x, y=y + 21, text_anchor=_anchor(place.at))


def _deadline(place: Place, row: int, plot: _Plot) -> Markup:
    """Each name in a line of its own, as closing days may be neighbours."""
    x, y = _percent(plot.across(place.at)), _LINE * row + 14
    dashes = {"stroke": _INK, "stroke_width": 2, "stroke_dasharray": "6 4"}
    line = _tag("line", x1=x, x2=x, y1=y + 4, y2=plot.foot, **dashes)
    return line + _text(place.label, x=x, y=y, text_anchor=_anchor(place.at), font_weight="bold")


def _anchor(at: float) -> str:
    """Towards the middle, so that no label leaves the picture."""
    return "start" if at < 0.2 else "end" if at > 0.8 else "middle"


# Bars


def _bar(row: int, name: str, number: int, most: int, beside: str = "") -> Markup:
    y = row * _ROW
    beside = beside or f"{number:,}"
    said = _text(shortened(name, _LONGEST_BESIDE - len(beside)), x=0, y=y + 16)
    said += _text(beside, x="100%", y=y + 16, text_anchor="end", font_weight="bold")
    track = _rect(0, y + 24, 1, _BAR, fill="#f3f2f1")
    return said + track + (_rect(0, y + 24, number / most, _BAR, fill=_COLOURS[0]) if number else Markup(""))


# Markup


def _svg(words: Words, height: int, parts: Sequence[Markup]) -> Markup:
    title = _tag("title", escape(words.title), id=f"{words.key}-title")
    description = _tag("desc", escape(words.description), id=f"{words.key}-description")
    return _tag(
        "svg", title, description, *parts,
        role="img", aria_labelledby=f"{words.key}-title {words.key}-description", class_="app-chart__picture",
        width="100%", height=height, focusable="false",
    )  # fmt: skip


def _patterns(key: str, count: int) -> Markup:
    return _tag("defs", *(_pattern(f"{key}-{order}", order) for order in range(count)))


def _pattern(name: str, order: int) -> Markup:
    colour, cut = _COLOURS[order % len(_COLOURS)], _CUTS[order % len(_CUTS)]
    ground = _tag("rect", width=8, height=8, fill=colour)
    lines = _tag("path", d=cut, stroke="#ffffff", stroke_width=1.5) if cut else Markup("")
    return _tag("pattern", ground, lines, id=name, width=8, height=8, patternUnits="userSpaceOnUse")


def _rect(left: float, y: float, width: float, height: float, **attributes: object) -> Markup:
    return _tag("rect", x=_percent(left), y=y, width=_percent(width), height=round(height, 2), **attributes)


def _text(text: str, **attributes: object) -> Markup:
    return _tag("text", escape(text), font_size=_TEXT, fill="currentColor", **attributes)


def _percent(share: float) -> str:
    return f"{round(share * 100, 3):g}%"


def _tag(name: str, *inside: Markup, **attributes: object) -> Markup:
    """An element; in names of attributes "_" stands for "-", and `class_` for "class"."""
    given = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items()
    )
    return Markup("<{0}{1}>{2}</{0}>").format(name, given, Markup("").join(inside))
