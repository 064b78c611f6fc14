"""Full-text search: what is typed finds what people would expect, the same on both databases, and is never an error."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from intake.responses.finding import count
from intake.responses.searching import Search, excerpt, parse_search
from intake.store.responses import FormerReference
from tests.databases import both_databases, sqlite_url
from tests.responses.log_rows import access, add_response, add_responses, filters_of, found, set_on
from tests.responses.officers import Officers, open_officers
from tests.servers.postgres import Postgres

CORPUS = (
    "We support the school's proposals for funding.",
    "The schools are closing; parents are opposed to the closures.",
    "Café society in Łódź and Straßburg met Øyvind at the naïve œuvre.",
    "Rydym yn cefnogi'r cynigion ar gyfer ŵyr a thŷ.",
    "Re-use of the school-house: 11plus, 1970s, 3.14, £5 and ½ of x².",
    "closure of the school. Federation; partnership, leadership!",
    "ПРОТИВ закрытия школы, мы возражаем. हिन्दी में उत्तर",
    "the the the and and or not near a i",
)


@pytest.fixture
def officers(tmp_path: Path) -> Iterator[Officers]:
    with open_officers(tmp_path, polled=False) as opened:
        yield opened


def with_corpus(officers: Officers) -> Officers:
    add_responses(officers.office.database, [{"own_words": words} for words in CORPUS])
    return officers


def numbers(officers: Officers, typed: str) -> set[int]:
    """Which texts of the corpus are found, counted from 1."""
    return {int(reference[4:]) for reference in found(officers.office.database, officers.asha, q=typed)}


EXPECTED = {
    "school": {1, 2, 5, 6},
    "SCHOOLS closure": {2, 6},
    '"the school"': {1, 5, 6},
    '"the schools"': {2},
    "school -closing": {1, 5, 6},
    '-"the school" -closing -the': {4, 7},
    "cafe lodz strassburg oyvind naive oeuvre": {3},
    "café ŁÓDŹ": {3},
    "cafe\u0301": {3},
    "thy wyr": {4},
    "reuse": set(),
    "re-use": {5},
    '"school house"': {5},
    "1970": {5},
    '"federation partnership leadership"': {6},
    "“the school”": {1, 5, 6},
    "против школы": {7},
    "the not near": {8},
    "AND OR": {8},
    "???": {1, 2, 3, 4, 5, 6, 7, 8},
    '"unfinished': set(),
    "school*": {1, 2, 5, 6},
    "own_words:school": set(),
}


@both_databases
def test_each_search_finds_what_people_would_expect(officers: Officers) -> None:
    with_corpus(officers)
    assert {typed: numbers(officers, typed) for typed in EXPECTED} == EXPECTED


@both_databases
def test_subject_name_organisation_and_added_words_are_searched_but_no_phrase_spans_two(officers: Officers) -> None:
    database = officers.office.database
    add_response(
        database, subject="Bus passes", respondent_name="Ben Hughes", organisation="Heathfield", own_words="One"
    )
    for typed in ("passing", "hughes", "HEATHFIELD", "one"):
        assert numbers(officers, typed) == {1}, typed
    assert numbers(officers, '"passes ben"') == numbers(officers, '"heathfield one"') == set()
    set_on(database, "IEO-0001", added_words="A later thought", organisation="Larkmead")
    assert numbers(officers, "thoughts larkmead") == {1}
    assert numbers(officers, "heathfield") == set()


@both_databases
def test_a_reference_or_an_address_finds_its_response(officers: Officers) -> None:
    database = officers.office.database
    add_response(database, respondent_address="ben@school.example")
    add_response(database, own_words="See IEO-0001, about Covid-19.")
    with database.transaction() as session:
        session.add(FormerReference(reference="OLD-0007", response_id=2))
    assert numbers(officers, "ieo-1") == numbers(officers, " IEO-0001 ") == {1}
    assert numbers(officers, "OLD-0007") == {2}
    assert numbers(officers, "Ben@School.example") == {1}
    assert numbers(officers, "covid-19") == {2}  # no reference of ours


@both_databases
def test_a_deleted_response_is_no_longer_found(officers: Officers) -> None:
    database = officers.office.database
    response = add_response(database, own_words="glockenspiel")
    with database.transaction() as session:
        session.delete(session.get_one(type(response), response.id))
    assert numbers(officers, "glockenspiel") == numbers(officers, '"glockenspiel"') == set()


@both_databases
@pytest.mark.parametrize("many", [300, 20_000, 250_000], ids=["one word often", "many positions", "very long"])
def test_phrases_in_a_long_letter_are_found_exactly(officers: Officers, many: int) -> None:
    words = " ".join(["the bus stops here.", *(f"the word{number % 5000}" for number in range(many)), "the last stand"])
    add_response(officers.office.database, own_words=words)
    add_response(officers.office.database, own_words="The stand was the last.")
    assert numbers(officers, '"the last stand"') == {1}
    assert numbers(officers, '"stand the last"') == set()
    assert numbers(officers, '"bus stops here"') == {1}
    assert numbers(officers, "stands lasting") == {1, 2}
    assert numbers(officers, 'last -"the last stand"') == {2}


@both_databases
@pytest.mark.parametrize("text", ["x" * 3_000_000, "\u0301" * 5000, "ab " * 700_000, "\u200b\ufffd\U0001f600"])
def test_any_text_can_be_stored(officers: Officers, text: str) -> None:
    add_response(officers.office.database, own_words=text)
    assert found(officers.office.database, officers.asha) == ["IEO-0001"]


TYPED = st.text(max_size=60) | st.lists(
    st.sampled_from([*" ".join(CORPUS).split(), '"', "-", "AND", "NOT", "*", "^", "NEAR(", ":", "(", "'", "\\", "%"])
).map(" ".join)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(typed='"')
@example(typed="\0 \ud800 ½ x²")
@example(typed="𞤀 ⅷ ﬁ ǆ")
@given(typed=TYPED)
def test_both_databases_give_the_same_answer_to_anything(both: tuple[Officers, Officers], typed: str) -> None:
    answers = []
    for officers in both:
        database = officers.office.database
        filters = filters_of(database, officers.asha, [("q", typed)])
        with database.reading() as session:
            counted = count(session, access(database, officers.asha), filters)
        answers.append((numbers(officers, typed), counted))
    assert answers[0] == answers[1]
    assert len(answers[0][0]) == answers[0][1]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[tuple[Officers, Officers]]:
    def folder() -> Path:
        return tmp_path_factory.mktemp("office")

    urls = sqlite_url(folder()), postgres.new_database()
    with (
        open_officers(folder(), polled=False, settings={"database": {"url": urls[0]}}) as sqlite,
        open_officers(folder(), polled=False, settings={"database": {"url": urls[1]}}) as postgresql,
    ):
        yield with_corpus(sqlite), with_corpus(postgresql)


def test_a_search_is_read_as_it_was_meant() -> None:
    assert parse_search('school "the bus" -closed -"not now" -e-mail a-b') == Search(
        words=("school", "a", "b"),
        phrases=("the bus",),
        without_words=("closed",),
        without_phrases=("not now", "e mail"),
    )
    assert not parse_search(' - "" … 🙂')


def test_an_excerpt_marks_every_form_of_the_words_around_the_first() -> None:
    text = "One. " * 100 + "The schools and Café closures; a school-house. " + "Two. " * 100
    pieces = excerpt(text, parse_search('school cafe "the schools"'))
    assert [piece for piece, is_found in pieces if is_found] == ["The schools", "Café", "school"]
    assert (pieces[0], pieces[-1]) == (("… ", False), (" …", False))
    assert "".join(piece for piece, _ in pieces[1:-1]) in text


def test_an_excerpt_without_a_hit_is_the_beginning_or_nothing() -> None:
    assert excerpt("One two", parse_search("three")) == [("One two", False)]
    assert excerpt("One two", parse_search("three"), is_wanted_without=False) == []


@given(text=st.text(max_size=400), typed=st.text(max_size=30))
def test_no_text_and_no_search_break_an_excerpt(text: str, typed: str) -> None:
    excerpt(text, parse_search(typed), longest=40)
