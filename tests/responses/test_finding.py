"""The log: who sees what, in which order, page by page; every filter finds its responses and no others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from intake.responses.filters import Filters, Sort
from intake.responses.finding import MANY, Page, Place, count, find_page, matching_ids, neighbours, tags_in_use
from intake.store.database import Database
from intake.store.responses import Attachment, Channel, Nature, Response, ResponseStatus, ResponseTag
from intake.store.users import User
from tests.databases import both_databases
from tests.office import CLOSES_AT, DURING
from tests.responses.log_rows import access, add_response, add_responses, found, set_on
from tests.responses.officers import Officers, open_officers

pytestmark = both_databases


@pytest.fixture
def officers(tmp_path: Path) -> Iterator[Officers]:
    with open_officers(tmp_path, polled=False) as opened:
        yield opened


@pytest.fixture
def database(officers: Officers) -> Database:
    return officers.office.database


def page(database: Database, user: User, filters: Filters, **place: Place | None) -> Page:
    with database.reading() as session:
        return find_page(session, access(database, user), filters, **place)


def references(found: Page) -> list[str]:
    return [entry.reference for entry in found.entries]


def test_an_officer_finds_only_what_is_theirs(officers: Officers, database: Database) -> None:
    add_response(database, "IEO", own_words="Keep the school open.")
    add_response(database, "ADM", own_words="Keep the school open.")
    assert found(database, officers.asha) == found(database, officers.asha, q="school") == ["IEO-0001"]
    assert found(database, officers.asha, q="ADM-0001") == []
    assert found(database, officers.asha, consultation="school-admissions") == ["IEO-0001"]  # left out: not theirs
    assert set(found(database, officers.adam, q="school")) == {"IEO-0001", "ADM-0001"}
    assert found(database, officers.adam, consultation="school-admissions") == ["ADM-0001"]


FILTERED = {
    "nature": ("question", {"nature": Nature.question}),
    "channel": (["phone", "letter"], {"channel": Channel.letter}),
    "status": (["read", "considered"], {"status": ResponseStatus.considered}),
    "group": ("trust", {"stakeholder_group": "trust"}),
    "flag": ("needs_reply", {"needs_reply": True}),
    "withdrawn": ("yes", {"withdrawn_at": DURING}),
    "timing": ("late", {"received_at": CLOSES_AT + timedelta(minutes=1)}),
    "from": ("2020-03-01", {"received_at": datetime(2020, 3, 1, tzinfo=UTC)}),
}


def test_up_to_the_last_day_there_is_leaves_nobody_out(officers: Officers, database: Database) -> None:
    add_response(database)
    assert found(database, officers.asha, to="9999-12-31") == ["IEO-0001"]


@pytest.mark.parametrize("name", FILTERED)
def test_a_filter_finds_its_responses_and_no_others(officers: Officers, database: Database, name: str) -> None:
    value, values = FILTERED[name]
    add_response(database)
    add_response(database, **values)  # type: ignore[arg-type]
    assert found(database, officers.asha, **{name: value}) == ["IEO-0002"]  # type: ignore[arg-type]


def test_filters_for_officer_tag_and_attachments_combine(officers: Officers, database: Database) -> None:
    for _ in range(3):
        add_response(database)
    set_on(database, "IEO-0002", officer_id=officers.asha.id)
    set_on(database, "IEO-0003", officer_id=officers.asha.id)
    with database.transaction() as session:
        session.add(ResponseTag(response_id=2, tag="transport"))
        session.add(Attachment(response_id=3, position=0, filename="a", content_type="b", size=1, sha256="c"))
    assert found(database, officers.asha, officer="nobody") == ["IEO-0001"]
    assert found(database, officers.asha, officer="me", attachments="no") == ["IEO-0002"]
    assert found(database, officers.asha, officer=str(officers.asha.id), attachments="yes") == ["IEO-0003"]
    assert found(database, officers.asha, tag="Transport") == ["IEO-0002"]
    assert found(database, officers.adam, officer="me") == []
    with database.reading() as session:
        assert tags_in_use(session, access(database, officers.asha)) == ["transport"]
        assert tags_in_use(session, access(database, officers.olga)) == []


def test_in_time_and_late_meet_at_the_end_of_the_closing_minute(officers: Officers, database: Database) -> None:
    add_response(database, received_at=CLOSES_AT + timedelta(seconds=59))
    add_response(database, received_at=CLOSES_AT + timedelta(seconds=60))
    add_response(database, received_at=None)
    found_by = {timing: found(database, officers.asha, timing=timing) for timing in ("in_time", "late", "unknown")}
    assert found_by == {"in_time": ["IEO-0001"], "late": ["IEO-0002"], "unknown": ["IEO-0003"]}


def test_days_begin_and_end_by_the_consultations_clock(officers: Officers, database: Database) -> None:
    # In summer it is an hour later in London than in UTC.
    for received_at in (datetime(2020, 6, 1, 22, 59, tzinfo=UTC), datetime(2020, 6, 1, 23, tzinfo=UTC)):
        add_response(database, received_at=received_at)
    assert found(database, officers.asha, from_="2020-06-01", to="2020-06-01") == ["IEO-0001"]
    assert found(database, officers.asha, from_="2020-06-02", to="2020-06-02") == ["IEO-0002"]


def test_days_at_the_ends_of_time_are_taken(officers: Officers, database: Database) -> None:
    add_response(database)
    assert found(database, officers.asha, from_="0001-01-01", to="9999-12-31") == ["IEO-0001"]


def test_a_response_whose_receipt_is_not_known_stands_where_it_was_recorded(
    officers: Officers, database: Database
) -> None:
    add_response(database, received_at=DURING)
    add_response(database, received_at=None, recorded_at=DURING + timedelta(hours=1))
    add_response(database, received_at=DURING + timedelta(hours=2))
    assert found(database, officers.asha) == ["IEO-0003", "IEO-0002", "IEO-0001"]


def test_each_order_is_the_one_people_expect_and_turns_round(officers: Officers, database: Database) -> None:
    minute = timedelta(minutes=1)
    add_response(database, respondent_name="carol", organisation="Larkmead", received_at=DURING + 1 * minute)
    add_response(database, respondent_name="Asif", organisation=None, received_at=DURING + 2 * minute)
    add_response(database, respondent_name="Ben", organisation="heathfield", received_at=DURING)
    set_on(database, "IEO-0002", status=ResponseStatus.considered)
    set_on(database, "IEO-0003", status=ResponseStatus.read, reference="IEO-10000")
    expected = {
        "received": ["IEO-0002", "IEO-0001", "IEO-10000"],
        "reference": ["IEO-0001", "IEO-0002", "IEO-10000"],
        "respondent": ["IEO-0002", "IEO-10000", "IEO-0001"],
        "organisation": ["IEO-10000", "IEO-0001", "IEO-0002"],
        "status": ["IEO-0001", "IEO-10000", "IEO-0002"],
    }
    assert {sort: found(database, officers.asha, sort=sort) for sort in expected} == expected
    turned = {sort: found(database, officers.asha, sort=sort, reversed="yes") for sort in expected}
    assert turned == {sort: list(reversed(references)) for sort, references in expected.items()}


@pytest.mark.parametrize("sort", Sort)
def test_pages_hold_each_response_once_whatever_comes_meanwhile(
    officers: Officers, database: Database, sort: Sort
) -> None:
    add_responses(
        database,
        [
            {"received_at": DURING + timedelta(minutes=number % 7), "respondent_name": f"Name {number % 5}"}
            for number in range(120)
        ],
    )
    filters = Filters(sort=sort)
    first = page(database, officers.asha, filters)
    add_response(database, received_at=DURING + timedelta(days=1), respondent_name="A", organisation="A")
    second = page(database, officers.asha, filters, after=first.after)
    third = page(database, officers.asha, filters, after=second.after)
    seen = [*references(first), *references(second), *references(third)]
    assert len(seen) == len(set(seen))
    assert {f"IEO-{number:04d}" for number in range(1, 121)} <= set(seen)
    assert (first.before, third.after) == (None, None)
    assert references(page(database, officers.asha, filters, before=third.before)) == references(second)
    reached = Place.parse(str(second.before), sort)
    assert references(page(database, officers.asha, filters, before=reached))[-1] in seen


def test_the_way_back_ends_at_a_whole_first_page(officers: Officers, database: Database) -> None:
    add_responses(database, [{"received_at": DURING + timedelta(minutes=number)} for number in range(60)])
    first = page(database, officers.asha, Filters())
    near_the_top = Place.of([first.entries[3].received_at], first.entries[3].id)
    assert page(database, officers.asha, Filters(), before=near_the_top) == first


@pytest.mark.parametrize("text", ["", "~", "soon~1", "2020-02-12T10:30:00~1", "2020-02-12T10:30:00+00:00~x", "a\0~1"])
def test_a_place_that_makes_no_sense_is_none(officers: Officers, text: str) -> None:
    assert Place.parse(text, Sort.received) is None
    assert Place.parse("0001-01-01T00:00:00+14:00~1", Sort.received) is None
    assert Place.parse("sleeping~2020-02-12T10:30:00+00:00~1", Sort.status) is None


def test_a_place_may_hold_any_name(officers: Officers, database: Database) -> None:
    add_response(database, respondent_name="~ Ben ~ & ~1")
    filters = Filters(sort=Sort.respondent)
    place = Place.parse("~ ben ~ & ~1~1", Sort.respondent)
    assert place
    assert page(database, officers.asha, filters, after=place) == Page(total=1)


def test_neighbours_are_those_within_the_filter(officers: Officers, database: Database) -> None:
    for number in range(4):
        add_response(database, received_at=DURING - timedelta(minutes=number), own_words=f"School {number}")
    set_on(database, "IEO-0002", status=ResponseStatus.read)

    def beside(reference: str, filters: Filters) -> tuple[str | None, str | None]:
        with database.reading() as session:
            response = session.exec(select(Response).where(Response.reference == reference)).one()
            return neighbours(session, access(database, officers.asha), filters, response)

    assert beside("IEO-0001", Filters()) == (None, "IEO-0002")
    assert beside("IEO-0003", Filters()) == ("IEO-0002", "IEO-0004")
    assert beside("IEO-0003", Filters(status=(ResponseStatus.unread,))) == ("IEO-0001", "IEO-0004")
    assert beside("IEO-0003", Filters(is_reversed=True, q="school")) == ("IEO-0004", "IEO-0002")


def test_more_than_the_most_that_are_counted_is_said_as_such(officers: Officers, database: Database) -> None:
    for _ in range(4):
        add_response(database)
    set_on(database, "IEO-0001", status=ResponseStatus.read)
    with database.reading() as session:
        seen = access(database, officers.asha)
        assert count(session, seen, Filters()) == find_page(session, seen, Filters()).total == 4 < MANY
        assert count(session, seen, Filters(), at_most=2) == 3
        assert count(session, seen, Filters(status=(ResponseStatus.unread,)), at_most=None) == 3
        ids = matching_ids(session, seen, Filters(), references=["IEO-0001", "IEO-0003", "ADM-0001"])
    assert ids == [1, 3]


def test_an_entry_says_what_the_log_shows(officers: Officers, database: Database) -> None:
    add_response(
        database,
        respondent_address="ben@school.example",
        own_words="A first line.\n\nA second one.",
        officer_id=officers.asha.id,
        is_confidential=True,
        withdrawn_at=DURING,
    )
    with database.transaction() as session:
        session.add(ResponseTag(response_id=1, tag="transport"))
        session.add(Attachment(response_id=1, position=0, filename="a", content_type="b", size=1, sha256="c"))
    [entry] = page(database, officers.asha, Filters()).entries
    assert (entry.respondent, entry.officer, entry.attachments) == ("ben@school.example", "Asha", 1)
    assert (entry.flags, entry.tags, entry.is_withdrawn) == (["confidential"], ["transport"], True)
    assert entry.title == [("A first line. A second one.", False)]
