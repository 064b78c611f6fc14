"""What intake noticed of a response: found by it in the log, shown with it, and counted as work that waits."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.accounts.access import access_of
from intake.responses.counting import count_log
from intake.responses.filters import Filters
from intake.responses.finding import find_page, visible_consultations
from intake.responses.handling_wishes import find_wish, settle_wish
from intake.responses.noticed import Noticed
from tests.databases import both_databases
from tests.people import ASHA, BEN, CAROL, DAN
from tests.responses.log_rows import add_wish, found, set_on, set_on_email
from tests.responses.officers import Officers, open_officers

pytestmark = both_databases


@pytest.fixture
def officers(tmp_path: Path) -> Iterator[Officers]:
    """The first asks for something, the second is forwarded and may be forged, the third has nothing; to the first
    something was added that may be forged."""
    with open_officers(tmp_path) as opened:
        opened.receive(BEN, CAROL, DAN)
        ours = opened.office.outgoing()[0].message_id
        opened.receive(BEN, subject="Re: Our response", text="One thing more.\n", headers={"In-Reply-To": ours})
        database = opened.office.database
        add_wish(database, "IEO-0001")
        set_on(database, "IEO-0002", forwarded_by=ASHA, contains_forward=True)
        for email_id in (opened.response("IEO-0002").email_id, opened.office.emails()[-1].id):
            set_on_email(database, email_id, dmarc="fail")
        yield opened


@pytest.mark.parametrize(
    ("noticed", "references"),
    [
        ("asks", ["IEO-0001"]),
        ("forged", ["IEO-0002", "IEO-0001"]),
        ("forwarded", ["IEO-0002"]),
        ("contains-letter", ["IEO-0002"]),
    ],
)
def test_the_log_is_filtered_by_what_was_noticed(officers: Officers, noticed: str, references: list[str]) -> None:
    assert found(officers.office.database, officers.asha, noticed=noticed) == references
    assert found(officers.office.database, officers.olga, noticed=noticed) == []


def test_the_filter_is_read_from_an_address_and_written_to_one() -> None:
    filters, sentences = Filters.from_query([("noticed", "forged")], [])
    assert (filters.noticed, filters.to_query(), sentences) == (Noticed.forged, "noticed=forged", [])
    assert filters.without("noticed", "forged") == Filters()
    _, sentences = Filters.from_query([("noticed", "ghosts")], [])
    assert sentences == ["There is no thing that is noticed “ghosts”, so that filter was left out."]


def test_each_line_of_the_log_says_what_was_noticed(officers: Officers) -> None:
    with officers.work() as session:
        lines = find_page(session, access_of(session, officers.asha), Filters()).entries
    assert {line.reference: list(line.noticed) for line in lines} == {
        "IEO-0001": [Noticed.asks, Noticed.forged],
        "IEO-0002": [Noticed.forged, Noticed.forwarded, Noticed.contains_letter],
        "IEO-0003": [],
    }


def test_what_is_dealt_with_asks_no_more(officers: Officers) -> None:
    response = officers.response()
    assert asking(officers) == 1
    wish_id = add_wish(officers.office.database, "IEO-0003")
    set_on(officers.office.database, "IEO-0003", withdrawn_at=officers.office.now)
    assert asking(officers) == 1  # what is withdrawn asks nobody
    with officers.work() as session:
        own = find_wish(session, response, wish_id - 1)
        settle_wish(session, response, own, user=officers.asha, now=officers.office.now)
    assert asking(officers) == 0
    assert found(officers.office.database, officers.asha, noticed="asks", withdrawn="no") == []


def asking(officers: Officers) -> int:
    with officers.work() as session:
        counted = count_log(session, visible_consultations(session, access_of(session, officers.asha)))
    return sum(one.asking for one in counted.values())
