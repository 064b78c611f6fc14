"""What respondents ask for: settled by an officer by name, open again if need be, and done by withdrawing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.errors import Changed, NotFound
from intake.responses.handling_standing import withdraw
from intake.responses.handling_wishes import find_wish, other_responses, settle_wish, wishes_of
from intake.responses.recounting import recount
from intake.store.responses import RespondentWish, Wish
from tests.databases import both_databases
from tests.people import BEN, CAROL
from tests.responses.log_rows import add_wish
from tests.responses.officers import Officers, open_officers

pytestmark = both_databases


@pytest.fixture
def officers(tmp_path: Path) -> Iterator[Officers]:
    """Ben answered twice, Carol once."""
    with open_officers(tmp_path) as opened:
        opened.receive(BEN, CAROL)
        opened.receive(BEN, subject="Another matter", text="Something else altogether.\n")
        yield opened


def settle(officers: Officers, wish_id: int, *, is_settled: bool = True, version: int | None = None) -> int:
    response = officers.response()
    with officers.work() as session:
        wish = find_wish(session, response, wish_id)
        given = {"user": officers.asha, "now": officers.office.now, "version": version}
        return settle_wish(session, response, wish, is_settled=is_settled, **given)  # type: ignore[arg-type]


def sentences(officers: Officers) -> list[str]:
    with officers.work() as session:
        return [told.sentence for told in recount(session, officers.response())]


def test_a_wish_is_dealt_with_by_name_and_opened_again(officers: Officers) -> None:
    wish_id = add_wish(officers.office.database, "IEO-0001")
    assert settle(officers, wish_id) == 1
    with officers.work() as session:
        [asked] = wishes_of(session, officers.response())
    assert (asked.is_open, asked.settled_by, asked.row.settled_at) == (False, "Asha", officers.office.now)
    assert settle(officers, wish_id, is_settled=False) == 1
    with officers.work() as session:
        [asked] = wishes_of(session, officers.response())
    assert (asked.is_open, asked.settled_by) == (True, None)
    assert [action for _, action in officers.done()] == ["wish-settled", "wish-reopened"]
    assert sentences(officers)[:2] == [
        "Asha opened again what the respondent asked for: to have the response withdrawn.",
        "Asha dealt with what the respondent asked for: to have the response withdrawn.",
    ]


def test_what_is_dealt_with_already_is_left_alone(officers: Officers) -> None:
    wish_id = add_wish(officers.office.database, "IEO-0001")
    assert [settle(officers, wish_id), settle(officers, wish_id)] == [1, 0]
    assert len(officers.done()) == 1


def test_of_two_officers_at_once_the_second_is_told(officers: Officers) -> None:
    wish_id, seen = add_wish(officers.office.database, "IEO-0001"), officers.response().version
    settle(officers, wish_id, version=seen)
    with pytest.raises(Changed):
        settle(officers, wish_id, is_settled=False, version=seen)


def test_a_wish_of_another_response_is_not_found(officers: Officers) -> None:
    wish_id = add_wish(officers.office.database, "IEO-0002")
    with pytest.raises(NotFound):
        settle(officers, wish_id)


def test_withdrawing_settles_the_wish_for_that_and_no_other(officers: Officers) -> None:
    for wish in Wish:
        add_wish(officers.office.database, "IEO-0001", wish)
    add_wish(officers.office.database, "IEO-0002")
    with officers.work() as session:
        withdraw(session, [officers.response()], "They asked.", user=officers.asha, now=officers.office.now)
    settled = [(one.response_id, one.wish) for one in officers.office.rows(RespondentWish) if one.settled_at]
    assert settled == [(officers.response().id, Wish.withdrawal)]
    assert [action for _, action in officers.done()] == ["withdrawn", "wish-settled"]


def test_the_same_respondents_others_that_stand_are_offered(officers: Officers) -> None:
    with officers.work() as session:
        others = other_responses(session, officers.response())
    assert [one.reference for one in others] == ["IEO-0003"]
    with officers.work() as session:
        withdraw(session, others, "Twice.", user=officers.asha, now=officers.office.now)
        assert other_responses(session, officers.response()) == []
