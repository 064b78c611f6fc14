"""Whether a response stands: decisions on late ones, withdrawing and restoring, each by name and with a reason.

Never deletes anything. What counts in the end is counted elsewhere (`counting.py`).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, select

from intake.deadlines import timing
from intake.errors import NotPossible
from intake.responses.handling_notes import write_note
from intake.responses.handling_wishes import settle_withdrawals
from intake.store.consultations import Consultation, LatePolicy
from intake.store.history import HistoryEntry, about
from intake.store.response_changes import Change, lock_responses, write_changes
from intake.store.responses import LateDecision, Response
from intake.store.users import User

UNDECIDED = dict.fromkeys(("late_decision", "late_decision_reason", "late_decided_by_id", "late_decided_at"))


def may_decide_late(response: Response, consultation: Consultation) -> bool:
    """Whether an officer has anything to decide: it is late, and the consultation leaves that to them."""
    is_late = timing(response.received_at, consultation.closes_at, is_in_grace=response.is_in_grace) == "late"
    return is_late and consultation.late_policy is LatePolicy.discretion


def decide_late(
    session: Session,
    responses: Sequence[Response],
    decision: LateDecision | None,
    reason: str,
    *,
    user: User,
    now: datetime,
    version: int | None = None,
) -> int:
    """Count late responses or not; None takes a decision back. Those that are not late are left alone.

    Raises NotPossible without a reason, or when there is nothing to decide on any of them.
    """
    rows = [row for row in lock_responses(session, responses, version) if _is_open(session, row)]
    if not rows:
        raise NotPossible("There is nothing to decide: it is not late, or the consultation does not leave it to you.")
    if decision and not reason.strip():
        raise NotPossible("Give the reason for your decision.")
    values = _decided(decision, reason.strip(), user, now)
    differing = [row for row in rows if _differs(row, values)]
    # What was written beside each decision stays when the next one replaces it.
    notes = [write_note(session, row, reason, user=user, now=now).id if reason else None for row in differing]
    changes = [
        Change(row, "late-decided", values, {"from": row.late_decision, "to": decision, "note": note})
        for row, note in zip(differing, notes, strict=True)
    ]
    return write_changes(session, changes, user=user, now=now)


def withdraw(
    session: Session,
    responses: Sequence[Response],
    reason: str,
    *,
    user: User,
    now: datetime,
    version: int | None = None,
) -> int:
    """Take responses out of the count; all they hold stays, and who asked for it has it. Raises NotPossible without a
    reason."""
    rows = [row for row in lock_responses(session, responses, version) if row.withdrawn_at is None]
    notes = [write_note(session, row, reason, user=user, now=now) for row in rows]
    changes = [
        Change(row, "withdrawn", {"withdrawn_at": now}, {"note": note.id})
        for row, note in zip(rows, notes, strict=True)
    ]
    withdrawn = write_changes(session, changes, user=user, now=now)
    settle_withdrawals(session, rows, user=user, now=now)
    return withdrawn


def restore(
    session: Session, responses: Sequence[Response], *, user: User, now: datetime, version: int | None = None
) -> int:
    """Make withdrawn responses stand again. Raises NotPossible for one put back: its email is decided anew."""
    rows = [row for row in lock_responses(session, responses, version) if row.withdrawn_at is not None]
    if any(was_put_back(session, row) for row in rows):
        raise NotPossible("It was put back among what is held; record its email again from there.")
    changes = [Change(row, "restored", {"withdrawn_at": None}) for row in rows]
    return write_changes(session, changes, user=user, now=now)


def was_put_back(session: Session, response: Response) -> bool:
    found = select(HistoryEntry.id).where(about(response), HistoryEntry.action == "put-back")
    return session.exec(found).first() is not None


def _is_open(session: Session, row: Response) -> bool:
    return may_decide_late(row, session.get_one(Consultation, row.consultation_id))


def _decided(decision: LateDecision | None, reason: str, user: User, now: datetime) -> dict[str, object]:
    if decision is None:
        return dict[str, object](UNDECIDED)
    return {
        "late_decision": decision,
        "late_decision_reason": reason,
        "late_decided_by_id": user.id,
        "late_decided_at": now,
    }


def _differs(row: Response, values: dict[str, object]) -> bool:
    """When and by whom it was decided is no difference."""
    return any(getattr(row, name) != values[name] for name in ("late_decision", "late_decision_reason"))
