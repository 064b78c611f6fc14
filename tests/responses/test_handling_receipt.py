"""When a letter came, as an officer says it: only where the email cannot tell, never against reason, and back again."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from intake.errors import Changed, Mistakes, NotPossible
from intake.responses.handling_receipt import may_say_receipt, say_receipt
from intake.responses.handling_standing import decide_late
from intake.responses.recounting import recount
from intake.store.consultations import Consultation, LatePolicy
from intake.store.history import note
from intake.store.responses import LateDecision
from tests.databases import both_databases
from tests.office import CLOSES_AT, DURING, OPENS_AT
from tests.people import ASHA, BEN, CAROL
from tests.responses.log_rows import add_response, set_on
from tests.responses.officers import Officers, open_officers

pytestmark = both_databases
BEFORE = DURING - timedelta(days=2)


@pytest.fixture
def officers(tmp_path: Path) -> Iterator[Officers]:
    """IEO-0001 was forwarded by an officer, IEO-0002 came straight into the mailbox."""
    with open_officers(tmp_path) as opened:
        opened.receive(BEN, CAROL)
        set_on(opened.office.database, "IEO-0001", received_at=None, forwarded_by=ASHA)
        yield opened


def say(officers: Officers, at: datetime | None, reference: str = "IEO-0001", version: int | None = None) -> int:
    with officers.work() as session:
        response = officers.response(reference)
        return say_receipt(session, response, at, user=officers.asha, now=officers.office.now, version=version)


def test_an_officer_says_corrects_and_takes_back_when_a_forwarded_letter_came(officers: Officers) -> None:
    earlier = BEFORE - timedelta(days=1)
    assert [say(officers, at) for at in (BEFORE, BEFORE, earlier, None)] == [1, 0, 1, 1]
    assert officers.response().received_at is None
    with officers.work() as session:
        told = [one.sentence for one in recount(session, officers.response())]
    assert told[:3] == ["Asha took back when it came: nobody knows.", *["Asha said when it came."] * 2]
    details = [entry.detail for entry in officers.office.history("receipt-said")]
    assert (details[1]["from"], details[1]["to"]) == (BEFORE.isoformat(), earlier.isoformat())


def test_the_mail_servers_word_stays(officers: Officers) -> None:
    with pytest.raises(NotPossible):
        say(officers, BEFORE, "IEO-0002")
    assert officers.response("IEO-0002").received_at == DURING


def test_what_an_officer_said_of_any_other_letter_can_be_corrected_too(officers: Officers) -> None:
    response = add_response(officers.office.database, received_at=None)
    assert say(officers, BEFORE, response.reference) == 1
    with officers.work() as session:
        assert may_say_receipt(session, officers.response(response.reference))
    assert say(officers, None, response.reference) == 1


@pytest.mark.parametrize("action", ["received-directly", "received-earlier"])
def test_what_a_copy_that_came_by_itself_said_of_a_forwarded_letter_stays(officers: Officers, action: str) -> None:
    say(officers, BEFORE)
    with officers.work() as session:
        note(session, officers.response(), action, now=officers.office.now)
    with pytest.raises(NotPossible):
        say(officers, BEFORE - timedelta(days=1))


@pytest.mark.parametrize(
    ("at", "says"),
    [
        (DURING + timedelta(minutes=1), "later than the email that brought it"),
        (OPENS_AT - timedelta(minutes=1), "opened only at 9am on Thursday 9 January 2020"),
    ],
)
def test_a_moment_that_cannot_be_is_refused(officers: Officers, at: datetime, says: str) -> None:
    officers.office.now = CLOSES_AT
    with pytest.raises(Mistakes) as refused:
        say(officers, at)
    assert says in refused.value.by_field["received-day"]
    assert officers.response().received_at is None


def test_of_two_officers_at_once_the_second_is_told(officers: Officers) -> None:
    seen = officers.response().version
    say(officers, BEFORE, version=seen)
    with pytest.raises(Changed):
        say(officers, None, version=seen)
    assert officers.response().received_at == BEFORE


def test_a_decision_on_being_late_falls_with_the_receipt_it_was_about(officers: Officers) -> None:
    with officers.work() as session:
        session.get_one(Consultation, officers.consultation("IEO").id).late_policy = LatePolicy.discretion
    officers.office.now = CLOSES_AT + timedelta(days=2)
    late = add_response(officers.office.database, received_at=None).reference
    say(officers, CLOSES_AT + timedelta(days=1), late)
    with officers.work() as session:
        given = {"user": officers.asha, "now": officers.office.now}
        decide_late(session, [officers.response(late)], LateDecision.counted, "It was found late.", **given)  # type: ignore[arg-type]
    say(officers, BEFORE, late)
    assert officers.response(late).late_decision is None
