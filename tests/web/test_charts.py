"""Charts: well-formed SVG that says in words what it shows, harmless whatever a name holds, and needs no style."""

import re
import xml.etree.ElementTree as ET

import pytest
from markupsafe import Markup

from intake.web.charts import Place, Series, Words, bars_chart, columns_chart, nice_top, share_chart, shortened, swatch

WORDS = Words("key", "Responses & more", "Twelve <b>responses</b>")
EVIL = '"><script>alert(1)</script>'


def read(picture: Markup) -> ET.Element:
    return ET.fromstring(str(picture))


def columns(*numbers: list[int], deadlines: int = 0) -> ET.Element:
    series = [Series(str(order), values) for order, values in enumerate(numbers)]
    marks = [Place(0.9, "Deadline")] * deadlines
    return read(columns_chart(WORDS, series, labels=[Place(0.5, "9 Jan")], deadlines=marks))


def rectangles(picture: ET.Element) -> list[dict[str, str]]:
    return [one.attrib for one in picture.findall("rect")]


def share(text: str) -> float:
    return float(text.rstrip("%"))


@pytest.mark.parametrize(
    "picture",
    [
        columns_chart(WORDS, [Series(EVIL, [1])], labels=[Place(0, EVIL)], deadlines=[Place(1, EVIL)]),
        bars_chart(WORDS, [(EVIL, 1)]),
        share_chart(WORDS, [(EVIL, 1)]),
    ],
)
def test_a_chart_is_told_in_words_and_nothing_in_it_can_run(picture: Markup) -> None:
    svg = read(picture)
    title, description = (svg.find(name) for name in ("title", "desc"))
    assert title is not None
    assert description is not None
    assert (svg.get("role"), svg.get("aria-labelledby")) == ("img", f"{title.get('id')} {description.get('id')}")
    assert (title.text, description.text) == ("Responses & more", "Twelve <b>responses</b>")
    assert not list(svg.iter("script"))
    assert not re.search(r" style=| on\w+=", str(picture))


def test_columns_stand_on_each_other_and_reach_as_high_as_their_sum() -> None:
    first, second = rectangles(columns([6], [4]))
    below, above = ((float(one["y"]), float(one["height"])) for one in (first, second))
    assert above[0] + above[1] == pytest.approx(below[0])
    assert above[1] / below[1] == pytest.approx(4 / 6)
    assert above[0] == pytest.approx(10)  # ten of ten: the top of the scale


def test_each_series_has_a_pattern_of_its_own() -> None:
    picture = columns([1], [1])
    assert [one["fill"] for one in rectangles(picture)] == ["url(#key-0)", "url(#key-1)"]
    patterns = picture.findall("defs/pattern")
    assert [one.get("id") for one in patterns] == ["key-0", "key-1"]
    assert len({ET.tostring(one).replace(one.get("id", "").encode(), b"") for one in patterns}) == 2


def test_nothing_is_drawn_outside_the_picture() -> None:
    picture = columns([3, 0, 7], [1, 2, 0], deadlines=2)
    for one in rectangles(picture):
        assert share(one["x"]) >= 0
        assert share(one["x"]) + share(one["width"]) <= 100
        assert float(one["y"]) + float(one["height"]) <= float(picture.get("height", "0"))


def test_names_of_neighbouring_deadlines_do_not_lie_on_each_other() -> None:
    names = [one for one in columns([1], deadlines=2).findall("text") if one.text == "Deadline"]
    assert len({one.get("y") for one in names}) == 2


def test_columns_without_a_number_leave_an_empty_scale() -> None:
    assert rectangles(columns([0, 0])) == rectangles(columns()) == []


def test_bars_are_as_long_as_their_numbers() -> None:
    bars = rectangles(read(bars_chart(WORDS, [("school", 4), ("trust", 1), ("none", 0)])))
    assert [one["width"] for one in bars] == ["100%", "100%", "100%", "25%", "100%"]  # each on its track


def test_a_share_is_divided_as_its_numbers_are() -> None:
    parts = rectangles(read(share_chart(WORDS, [("unread", 1), ("read", 0), ("considered", 3)])))
    assert [(one["x"], one["width"]) for one in parts] == [("0%", "25%"), ("25%", "75%")]
    assert rectangles(read(share_chart(WORDS, [("unread", 0)]))) == []


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 2), (1, 2), (3, 4), (9, 10), (11, 20), (41, 60), (101, 200), (999, 1000), (70_001, 80_000)]
)
def test_a_scale_ends_at_a_round_number(highest: int, top: int) -> None:
    assert nice_top(highest) == top


def test_a_long_name_is_shortened() -> None:
    assert shortened("school") == "school"
    assert shortened("Parents and carers of children with special needs") == "Parents and carers of children wi…"


def test_the_key_shows_the_pattern_of_the_chart() -> None:
    piece = read(swatch("key", 1))
    assert (piece.get("aria-hidden"), rectangles(piece)[0]["fill"]) == ("true", "url(#key-1)")
