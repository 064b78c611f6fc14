"""Whether a response stands: late decisions and withdrawals, by name, with a reason, and back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from intake.errors import NotPossible
from intake.responses.handling_notes import reasons_among_notes, remove_note
from intake.responses.handling_standing import decide_late, may_decide_late, restore, withdraw
from intake.store.consultations import Consultation, LatePolicy
from intake.store.responses import LateDecision, ResponseNote
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import CLOSES_AT, DURING, Office
from tests.people import BEN, CAROL, REVIEW
from tests.responses.officers import Officers, open_officers

pytestmark = both_databases
LATE = CLOSES_AT + timedelta(days=1)


def receive_late(office: Office) -> None:
    office.receive(raw_email(sender=CAROL, to=REVIEW, message_id="<late@x.example>"), received_at=LATE)
    office.cycle()


@pytest.fixture
def officers(tmp_path: Path) -> Iterator[Officers]:
    """IEO-0001 is in time, IEO-0002 late, and late ones are left to the officers."""
    with open_officers(tmp_path) as opened:
        opened.receive(BEN)
        receive_late(opened.office)
        set_policy(opened, LatePolicy.discretion)
        yield opened


def set_policy(officers: Officers, policy: LatePolicy) -> None:
    with officers.work() as session:
        session.get_one(Consultation, officers.consultation("IEO").id).late_policy = policy


def decide(officers: Officers, decision: LateDecision | None, reason: str, *references: str) -> int:
    rows = [officers.response(reference) for reference in references or ["IEO-0002"]]
    with officers.work() as session:
        return decide_late(session, rows, decision, reason, user=officers.asha, now=LATE)


def test_a_late_response_is_counted_by_name_and_with_a_reason(officers: Officers) -> None:
    assert decide(officers, LateDecision.counted, "The post office was shut.") == 1
    row = officers.response("IEO-0002")
    assert (row.late_decision, row.late_decision_reason) == (LateDecision.counted, "The post office was shut.")
    assert (row.late_decided_by_id, row.late_decided_at) == (officers.asha.id, LATE)


def test_a_decision_is_changed_and_taken_back_and_every_reason_stays(officers: Officers) -> None:
    decide(officers, LateDecision.counted, "The post office was shut.")
    decide(officers, LateDecision.not_counted, "It was open.")
    decide(officers, None, "")
    row = officers.response("IEO-0002")
    assert (row.late_decision, row.late_decision_reason, row.late_decided_by_id, row.late_decided_at) == (None,) * 4
    assert [note.text for note in officers.office.rows(ResponseNote)] == ["The post office was shut.", "It was open."]
    moves = [(entry.detail["from"], entry.detail["to"]) for entry in officers.office.history("late-decided")]
    assert moves == [(None, "counted"), ("counted", "not_counted"), ("not_counted", None)]


def test_the_same_decision_again_is_no_change(officers: Officers) -> None:
    decide(officers, LateDecision.counted, "The post office was shut.")
    assert decide(officers, LateDecision.counted, "The post office was shut.") == 0


def test_a_decision_needs_a_reason(officers: Officers) -> None:
    with pytest.raises(NotPossible, match="reason"):
        decide(officers, LateDecision.counted, "  ")


def test_of_many_only_the_late_ones_are_decided(officers: Officers) -> None:
    assert decide(officers, LateDecision.counted, "Snow.", "IEO-0001", "IEO-0002") == 1
    assert officers.response("IEO-0001").late_decision is None


@pytest.mark.parametrize("policy", [LatePolicy.accept, LatePolicy.strict])
def test_where_the_consultation_has_decided_an_officer_cannot(officers: Officers, policy: LatePolicy) -> None:
    set_policy(officers, policy)
    assert not may_decide_late(officers.response("IEO-0002"), officers.consultation("IEO"))
    with pytest.raises(NotPossible):
        decide(officers, LateDecision.counted, "Snow.")


def test_a_response_is_withdrawn_with_its_reason_and_restored(officers: Officers) -> None:
    with officers.work() as session:
        assert withdraw(session, [officers.response()], "Ben asked us to.", user=officers.asha, now=DURING) == 1
    assert officers.response().withdrawn_at == DURING
    assert [note.text for note in officers.office.rows(ResponseNote)] == ["Ben asked us to."]
    with officers.work() as session:
        assert restore(session, [officers.response()], user=officers.asha, now=DURING) == 1
        assert restore(session, [officers.response()], user=officers.asha, now=DURING) == 0
    assert officers.response().withdrawn_at is None
    assert officers.done() == [(officers.asha.actor, "withdrawn"), (officers.asha.actor, "restored")]


def test_nothing_is_withdrawn_without_a_reason(officers: Officers) -> None:
    with pytest.raises(NotPossible), officers.work() as session:
        withdraw(session, [officers.response()], "", user=officers.asha, now=DURING)
    assert officers.response().withdrawn_at is None


def test_the_reason_of_a_decision_cannot_be_removed_like_a_note(officers: Officers) -> None:
    with officers.work() as session:
        withdraw(session, [officers.response()], "Ben asked us to.", user=officers.asha, now=DURING)
        [reason] = reasons_among_notes(session, officers.response())
    with pytest.raises(NotPossible), officers.work() as session:
        remove_note(session, officers.response(), reason, user=officers.asha, now=DURING)
