"""When a consultation opens, and whether it is archived.

Mail that was ignored as too early is judged again when the opening moves before it. Never touches the closing time.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from intake.administration.changing import Edit, change
from intake.administration.consultations import State, state_of
from intake.errors import Mistakes, NotPossible
from intake.store.consultations import Consultation
from intake.store.emails import EmailStatus, InboundEmail
from intake.store.ledger import look_again
from intake.store.reasons import Reason
from intake.store.transitions import Move, move_emails


def change_opening(session: Session, consultation: Consultation, opens_at: datetime, edit: Edit) -> int:
    """Before it has opened only; says how many emails are judged again.

    Raises Mistakes, NotPossible or ChangedMeanwhile.
    """
    if state_of(consultation, edit.now) is not State.coming:
        raise NotPossible("This consultation has opened; its opening time stays as it is.")
    if opens_at >= consultation.closes_at:
        raise Mistakes({"opens-day": "The opening time must be earlier than the closing time."})
    before = consultation.opens_at
    detail = {"before": before.isoformat(), "after": opens_at.isoformat()}
    change(session, consultation, "opening-changed", edit, values={"opens_at": opens_at}, **detail)
    if opens_at >= before:
        return 0
    look_again(session, since=opens_at)
    return _judge_again(session, opens_at, before, edit)


def archive(session: Session, consultation: Consultation, edit: Edit) -> None:
    """Off the lists and the overview; the log goes on showing it. Raises NotPossible before it has closed."""
    if state_of(consultation, edit.now) is not State.closed:
        raise NotPossible("A consultation can be archived once it has closed.")
    change(session, consultation, "archived", edit, values={"archived_at": edit.now})


def unarchive(session: Session, consultation: Consultation, edit: Edit) -> None:
    if consultation.archived_at is None:
        raise NotPossible("This consultation is not archived.")
    change(session, consultation, "unarchived", edit, values={"archived_at": None})


def _judge_again(session: Session, opens_at: datetime, before: datetime, edit: Edit) -> int:
    """Any that were too early, whichever consultation they were for: those of another are ignored again."""
    early = session.exec(
        select(InboundEmail)
        .where(InboundEmail.status == EmailStatus.ignored, InboundEmail.reason == Reason.before_opening.value)
        .where(col(InboundEmail.received_at) >= opens_at, col(InboundEmail.received_at) < before)
    ).all()
    again = {"attempts": 0, "next_attempt_at": None}
    moves = [Move(email, EmailStatus.received, values=again) for email in early]
    move_emails(session, moves, now=edit.now, actor=edit.user.actor)
    return len(moves)
