"""In time or late, in sentences: against the closing time that applies, with those that were published before it.

Nothing here is stored; it is all worked out from instants when it is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from intake.deadlines import Timing, closing_wording, moment_wording, timing
from intake.store.consultations import Consultation, DeadlineChange, LatePolicy
from intake.store.responses import LateDecision, Response
from intake.store.users import User
from intake.wording import length_wording

_LABELS = {Timing.in_time: "In time", Timing.late: "Late", Timing.unknown: "Receipt not known"}
_POLICIES = {
    LatePolicy.accept: "This consultation counts late responses like any other.",
    LatePolicy.discretion: "Nobody has decided yet whether it counts.",
    LatePolicy.strict: "This consultation keeps late responses, and does not count them.",
}
_DECISIONS = {LateDecision.counted: "that it counts", LateDecision.not_counted: "that it does not count"}


@dataclass(frozen=True, slots=True)
class Timeliness:
    """`label` in two or three words; `sentences` say against what it was judged, and what was decided."""

    timing: Timing
    label: str
    sentences: Sequence[str]


def timeliness(session: Session, response: Response, consultation: Consultation, *, now: datetime) -> Timeliness:
    changes = session.exec(
        select(DeadlineChange)
        .where(DeadlineChange.consultation_id == consultation.id)
        .order_by(col(DeadlineChange.at), col(DeadlineChange.id))
    ).all()
    judged = timing(response.received_at, consultation.closes_at, is_in_grace=response.is_in_grace)
    sentences = [receipt_sentence(response.received_at, consultation, is_in_grace=response.is_in_grace)]
    if response.received_at is not None:
        sentences.append(_closing(consultation, now))
        if not response.is_in_grace:  # whoever had begun is in time, whatever people were told later
            sentences += _about_changes(response.received_at, consultation, changes)
    if judged is Timing.late:
        sentences.append(_about_late(session, response, consultation))
    return Timeliness(judged, _LABELS[judged], sentences)


def receipt_sentence(received_at: datetime | None, consultation: Consultation, *, is_in_grace: bool = False) -> str:
    """ "Received 10:30am on …: in time." or "…: late, by 2 hours." """
    if received_at is None:
        return "Nobody knows when it was received, so it is neither in time nor late."
    if is_in_grace:
        at = moment_wording(received_at, consultation.zone)
        return f"Received {at}: begun before closing and handed in within the grace, so it is in time."
    is_late = timing(received_at, consultation.closes_at) is Timing.late
    verdict = f"late, by {length_wording(received_at - consultation.closes_at)}" if is_late else "in time"
    return f"Received {moment_wording(received_at, consultation.zone)}: {verdict}."


def _closing(consultation: Consultation, now: datetime) -> str:
    tense = "closed" if timing(now, consultation.closes_at) is Timing.late else "closes"
    return f"The consultation {tense} at {closing_wording(consultation.closes_at, consultation.zone)}."


def _about_changes(received_at: datetime, consultation: Consultation, changes: Sequence[DeadlineChange]) -> list[str]:
    """What a changed closing time means for this one: people had been told another."""
    if not changes or consultation.closes_at == changes[0].before:
        return []
    zone, first = consultation.zone, changes[0].before
    told = changes[-1]
    how = "extended" if consultation.closes_at > first else "brought forward"
    sentence = f"It was {how} at {moment_wording(told.at, zone)}; at first it was {closing_wording(first, zone)}."
    before = timing(received_at, first)
    if before is timing(received_at, consultation.closes_at):
        return [sentence]
    would_be = "late" if before is Timing.late else "in time"
    return [f"{sentence} By the first closing time it would have been {would_be}."]


def _about_late(session: Session, response: Response, consultation: Consultation) -> str:
    decision, by, at = response.late_decision, response.late_decided_by_id, response.late_decided_at
    if decision is None or by is None or at is None:
        return _POLICIES[consultation.late_policy]
    name = session.get_one(User, by).name
    reason = f" Their reason: “{response.late_decision_reason}”" if response.late_decision_reason else ""
    return f"{name} decided at {moment_wording(at, consultation.zone)} {_DECISIONS[decision]}.{reason}"
