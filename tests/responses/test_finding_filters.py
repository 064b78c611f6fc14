"""Filters in an address: they come back as they were written, and nothing typed there is an error."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.deadlines import Timing
from intake.responses.filters import Filters, Sort
from intake.responses.finding import Place, count, find_page
from intake.responses.handling import Flag
from intake.store.consultations import Consultation
from intake.store.responses import Channel, Nature, ResponseStatus
from tests.databases import both_databases
from tests.responses.log_rows import access, add_response
from tests.responses.officers import Officers, open_officers

EVERYTHING = Filters(
    consultation="review",
    nature=Nature.question,
    channel=(Channel.email, Channel.phone),
    timing=Timing.late,
    status=(ResponseStatus.read, ResponseStatus.unread),
    officer="me",
    group=("school & trust", "union"),
    tag="über alles",
    flag=Flag.needs_reply,
    attachments=False,
    withdrawn=True,
    received_from=date(2020, 2, 1),
    received_to=date(2020, 2, 28),
    q='"café" -x',
    sort=Sort.organisation,
    is_reversed=True,
)


@pytest.fixture
def officers(tmp_path: Path) -> Iterator[Officers]:
    with open_officers(tmp_path, polled=False) as opened:
        add_response(opened.office.database)
        yield opened


def read(query: str, consultations: Sequence[Consultation] = ()) -> tuple[Filters, list[str]]:
    return Filters.from_query(parse_qsl(query), consultations)


def test_filters_come_back_from_the_address_they_were_written_to(officers: Officers) -> None:
    consultation = officers.consultation("IEO").model_copy(update={"slug": "review"})
    assert read(EVERYTHING.to_query(), [consultation]) == (EVERYTHING, [])
    assert Filters().to_query() == ""


def test_two_ways_to_write_the_same_filters_make_one_address() -> None:
    one, _ = read("status=unread&channel=phone&status=read&channel=email&channel=email&q=+a++b+")
    other, _ = read("q=a+b&channel=email&channel=phone&status=read&status=unread")
    assert one.to_query() == other.to_query() == "channel=email&channel=phone&status=read&status=unread&q=a+b"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("status=asleep", "There is no status “asleep”, so that filter was left out."),
        ("consultation=secret", "There is no consultation “secret”, so that filter was left out."),
        ("from=31/2/2020", "There is no date “31/2/2020”, so that filter was left out."),
        ("officer=0", "There is no officer “0”, so that filter was left out."),
        ("sort=length", "There is no order “length”, so that filter was left out."),
    ],
)
def test_a_value_that_is_none_is_left_out_and_said_in_one_sentence(query: str, sentence: str) -> None:
    assert read(query) == (Filters(), [sentence])


def test_a_first_day_after_the_last_is_said() -> None:
    assert read("from=2/3/2020&to=2020-03-01")[1] == ["The first day is after the last day, so nothing can be found."]


def test_one_filter_is_taken_away_and_the_others_stay() -> None:
    filters = Filters(status=(ResponseStatus.read, ResponseStatus.unread), q="school", received_to=date(2020, 2, 1))
    assert filters.without("status", "read").to_query() == "status=unread&to=2020-02-01&q=school"
    assert filters.without("status").without("to").without("q") == Filters()


NAMES = st.sampled_from([*(pair[0] for pair in EVERYTHING.pairs()), "after", "colour"])


@both_databases
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.lists(st.tuples(NAMES, st.text(max_size=30) | st.sampled_from([v for _, v in EVERYTHING.pairs()]))),
    place=st.text(max_size=30),
)
def test_no_address_whatever_is_an_error(officers: Officers, query: list[tuple[str, str]], place: str) -> None:
    database = officers.office.database
    filters, sentences = Filters.from_query(query, [officers.consultation("IEO")])
    assert all(sentence.endswith(".") for sentence in sentences)
    assert Filters.from_query(filters.pairs(), [officers.consultation("IEO")])[0] == filters
    with database.reading() as session:
        asha = access(database, officers.asha)
        find_page(session, asha, filters, after=Place.parse(place, filters.sort))
        count(session, asha, filters)
