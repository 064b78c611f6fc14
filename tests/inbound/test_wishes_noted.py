"""What respondents ask for is open at their response until an officer settles it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.inbound.choices import Choice
from intake.store.responses import RespondentWish, Wish
from tests.building import raw_email
from tests.databases import both_databases
from tests.inbound.decided import IEO, carried_out
from tests.office import DURING, Office, open_office
from tests.people import BEN, DAN, REVIEW

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Ben answered before."""
    with open_office(tmp_path) as office:
        office.receive(raw_email(sender=BEN, to=REVIEW))
        office.cycle()
        yield office


def take_in(office: Office, text: str, *, sender: str = BEN, is_reply: bool = True) -> None:
    headers = {"In-Reply-To": office.outgoing()[0].message_id} if is_reply else {}
    office.receive(raw_email(sender=sender, to=REVIEW, text=text, headers=headers, message_id="<2@x.example>"))
    office.cycle()


def wished(office: Office) -> list[tuple[int, int, Wish, str]]:
    return [(one.response_id, one.email_id, one.wish, one.sentence) for one in office.rows(RespondentWish)]


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Please withdraw my response.", Wish.withdrawal),
        ("Please replace my earlier response with this.", Wish.replacement),
    ],
)
def test_a_reply_that_asks_for_something_joins_its_response_and_the_wish_is_open_there(
    office: Office, text: str, wish: Wish
) -> None:
    take_in(office, text)
    assert office.outcomes()[1] == ("recorded", None)
    assert wished(office) == [(1, 2, wish, text)]
    [row] = office.rows(RespondentWish)
    assert (row.asked_at, row.settled_at) == (DURING, None)
    assert office.history("asked")[0].detail == {"email": 2, "wish": wish.value}
    assert office.responses()[0].withdrawn_at is None


def test_a_wish_without_a_thread_waits_for_an_officer_and_stands_where_it_is_joined(office: Office) -> None:
    take_in(office, "Please withdraw my response.", is_reply=False)
    assert office.outcomes()[1] == ("held", "asks-to-withdraw")
    assert wished(office) == []
    carried_out(office, 2, Choice.addition, reference="IEO-0001")
    assert wished(office) == [(1, 2, Wish.withdrawal, "Please withdraw my response.")]


def test_a_response_is_kept_confidential_as_soon_as_that_is_asked(office: Office) -> None:
    take_in(office, "Please do not publish my name.", sender=DAN, is_reply=False)
    assert [(one.respondent_address, one.is_confidential) for one in office.responses()] == [(BEN, False), (DAN, True)]
    assert wished(office) == [(2, 2, Wish.confidentiality, "Please do not publish my name.")]
    assert office.history("flagged")[0].detail == {"flag": "confidential", "email": 2}


def test_a_later_email_makes_its_response_confidential_and_counts_as_a_change_of_it(office: Office) -> None:
    before = office.responses()[0].version
    take_in(office, "Please treat my response as confidential.")
    [response] = office.responses()
    assert response.is_confidential
    assert response.version > before


def test_an_officer_may_still_record_as_a_response_what_asked_to_replace_one(office: Office) -> None:
    take_in(office, "Please replace my earlier response with this.", is_reply=False)
    carried_out(office, 2, Choice.response, consultation_id=IEO)
    assert wished(office) == [(2, 2, Wish.replacement, "Please replace my earlier response with this.")]
