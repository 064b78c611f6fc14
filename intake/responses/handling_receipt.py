"""When a response came, where no server can tell: an officer says so, corrects it, or takes it back.

The receipt of what came straight into a mailbox is the mail server's word, and no officer's to change.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from intake.deadlines import Timing, closing_wording, timing
from intake.errors import Mistakes, NotPossible
from intake.responses.handling_standing import UNDECIDED
from intake.store.consultations import Consultation
from intake.store.emails import InboundEmail
from intake.store.history import HistoryEntry, about
from intake.store.response_changes import Change, lock_responses, write_changes
from intake.store.responses import KEYED_CHANNELS, Response
from intake.store.users import User

SAID = "receipt-said"
"""The action in the history."""
# The actions where a copy came straight into a mailbox, or sooner.
_BY_A_COPY = ("received-directly", "received-earlier")


def may_say_receipt(session: Session, response: Response) -> bool:
    """Whether nobody knows when it came, or only an officer said so: also by keying it in."""
    if response.received_at is None or response.channel in KEYED_CHANNELS:
        return True
    told = select(HistoryEntry.action).where(about(response), col(HistoryEntry.action).in_((SAID, *_BY_A_COPY)))
    actions = set(session.exec(told))
    return actions.isdisjoint(_BY_A_COPY) and (SAID in actions or response.forwarded_by is not None)


def say_receipt(
    session: Session,
    response: Response,
    received_at: datetime | None,
    *,
    user: User,
    now: datetime,
    version: int | None = None,
) -> int:
    """None takes back what was said. A decision on its being late falls with it. Raises NotPossible or Mistakes."""
    [row] = lock_responses(session, [response], version)
    if not may_say_receipt(session, row):
        raise NotPossible("The mail server says when it came, so nobody needs to.")
    consultation = session.get_one(Consultation, row.consultation_id)
    if received_at is not None:
        _check(session, row, consultation, received_at, now)
    if received_at == row.received_at:
        return 0
    values: dict[str, object] = {"received_at": received_at}
    if timing(received_at, consultation.closes_at) is not Timing.late:
        values |= UNDECIDED
    detail = {"from": _written(row.received_at), "to": _written(received_at)}
    return write_changes(session, [Change(row, SAID, values, detail)], user=user, now=now)


def _check(session: Session, row: Response, consultation: Consultation, received_at: datetime, now: datetime) -> None:
    """A date read from a forwarded letter may be anybody's: its writer would be told that it came in time."""
    if received_at > _brought_at(session, row, now):
        brought = "the email that brought it" if row.email_id else "now"
        raise Mistakes({"received-day": f"The letter cannot have come later than {brought}."})
    if received_at < consultation.opens_at:
        opened = closing_wording(consultation.opens_at, consultation.zone)
        raise Mistakes({"received-day": f"The consultation opened only at {opened}; correct the date, or leave it."})


def _brought_at(session: Session, row: Response, now: datetime) -> datetime:
    """When the email came that brought it, or the forward that this was attached to."""
    email = session.get(InboundEmail, row.email_id or 0)
    around = session.get(InboundEmail, email.enclosed_in_id or 0) if email else None
    came = [one.received_at for one in (email, around) if one and one.received_at]
    return min([now, *came])


def _written(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
