"""In time or late, as the page of a response says it."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from intake.deadlines import Timing
from intake.responses.timeliness import Timeliness, receipt_sentence, timeliness
from intake.store.consultations import Consultation, DeadlineChange, LatePolicy
from intake.store.responses import LateDecision, Response
from tests.office import CLOSES_AT, DURING
from tests.people import BEN
from tests.responses.officers import Officers, open_officers

LATE = CLOSES_AT + timedelta(hours=2, minutes=5)
AFTER = CLOSES_AT + timedelta(days=3)


def test_in_time_while_it_is_open_and_after_it_closed(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        officers.receive(BEN)
        before, after = _judged(officers, now=DURING), _judged(officers, now=AFTER)
    assert (before.timing, before.label) == (Timing.in_time, "In time")
    assert before.sentences == [
        "Received 10:30am on Wednesday 12 February 2020: in time.",
        "The consultation closes at 11:59pm on Friday 28 February 2020.",
    ]
    assert after.sentences[1] == "The consultation closed at 11:59pm on Friday 28 February 2020."


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (LatePolicy.accept, "This consultation counts late responses like any other."),
        (LatePolicy.discretion, "Nobody has decided yet whether it counts."),
        (LatePolicy.strict, "This consultation keeps late responses, and does not count them."),
    ],
)
def test_late_says_by_how_much_and_what_that_means(tmp_path: Path, policy: LatePolicy, sentence: str) -> None:
    with open_officers(tmp_path) as officers:
        officers.receive(BEN)
        _set(officers, received_at=LATE)
        _set_consultation(officers, late_policy=policy)
        judged = _judged(officers)
    assert judged.timing is Timing.late
    assert judged.sentences[0] == "Received 2:04am on Saturday 29 February 2020: late, by 2 hours."
    assert judged.sentences[-1] == sentence


def test_late_decision_names_who_took_it_and_why(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        officers.receive(BEN)
        decided = {"late_decision": LateDecision.counted, "late_decision_reason": "The post was down."}
        _set(officers, received_at=LATE, late_decided_by_id=officers.asha.id, late_decided_at=AFTER, **decided)
        judged = _judged(officers)
    assert judged.sentences[-1] == (
        f"{officers.asha.name} decided at 11:59pm on Monday 2 March 2020 that it counts. "
        "Their reason: “The post was down.”"
    )


def test_unknown_receipt_is_neither(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        officers.receive(BEN)
        _set(officers, received_at=None)
        judged = _judged(officers)
    assert judged.timing is Timing.unknown
    assert judged.sentences == ["Nobody knows when it was received, so it is neither in time nor late."]


def test_extended_closing_time_is_told_and_what_it_changed_for_this_one(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        officers.receive(BEN)
        _extend(officers, CLOSES_AT + timedelta(days=7))
        assert _judged(officers).sentences[2] == (
            "It was extended at 11:59pm on Monday 2 March 2020; at first it was 11:59pm on Friday 28 February 2020."
        )
        _set(officers, received_at=LATE)
        judged = _judged(officers)
    assert judged.timing is Timing.in_time
    assert judged.sentences[2].endswith("By the first closing time it would have been late.")


def test_closing_time_brought_forward_is_not_called_extended(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        officers.receive(BEN)
        _extend(officers, DURING - timedelta(days=1))
        judged = _judged(officers)
    assert judged.timing is Timing.late
    assert "It was brought forward at 11:59pm" in judged.sentences[2]
    assert judged.sentences[2].endswith("By the first closing time it would have been in time.")


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (timedelta(seconds=59), "in time"),
        (timedelta(minutes=1), "late, by 1 minute"),
        (timedelta(minutes=59), "late, by 59 minutes"),
        (timedelta(hours=1), "late, by 1 hour"),
        (timedelta(days=1), "late, by 1 day"),
        (timedelta(days=1200), "late, by 1,200 days"),
    ],
)
def test_how_late_is_told_in_the_largest_whole_unit(tmp_path: Path, after: timedelta, words: str) -> None:
    with open_officers(tmp_path) as officers:
        consultation = officers.consultation("IEO")
    assert receipt_sentence(CLOSES_AT + after, consultation).endswith(f": {words}.")


def _judged(officers: Officers, *, now: datetime = AFTER) -> Timeliness:
    response, consultation = officers.response(), officers.consultation("IEO")
    with officers.office.database.reading() as session:
        return timeliness(session, response, consultation, now=now)


def _set(officers: Officers, **values: object) -> None:
    with officers.work() as session:
        response = session.get_one(Response, 1)
        for name, value in values.items():
            setattr(response, name, value)


def _set_consultation(officers: Officers, **values: object) -> None:
    with officers.work() as session:
        consultation = session.get_one(Consultation, officers.consultation("IEO").id)
        for name, value in values.items():
            setattr(consultation, name, value)


def _extend(officers: Officers, closes_at: datetime) -> None:
    consultation = officers.consultation("IEO")
    _set_consultation(officers, closes_at=closes_at)
    change = DeadlineChange(
        consultation_id=consultation.id,
        at=AFTER,
        user_id=officers.asha.id,
        before=CLOSES_AT,
        after=closes_at,
        reason="Half term.",
    )
    with officers.work() as session:
        session.add(change)
