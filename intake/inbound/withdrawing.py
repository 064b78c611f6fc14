"""A respondent withdraws a response by the code that was mailed to them. Officers see it, and can restore it."""

from datetime import datetime

from sqlmodel import Session

from intake.inbound.online import RESPONDENT
from intake.outbound.receipts import find_receipt, forget_code, is_code
from intake.store.response_changes import Change, lock_responses, write_changes_by
from intake.store.responses import Response


def withdraw_by_code(session: Session, secret: str, code: str, *, now: datetime) -> bool:
    """Whether the code was right. A wrong one counts too, so the caller commits either way. Raises ReceiptOver."""
    receipt = find_receipt(session, secret, now=now, lock=True)
    if not is_code(receipt, code, now=now):
        return False
    forget_code(receipt)
    [row] = lock_responses(session, [session.get_one(Response, receipt.response_id)])
    if row.withdrawn_at is None:
        changes = [Change(row, "withdrawn", {"withdrawn_at": now}, {"receipt": receipt.id})]
        write_changes_by(session, changes, actor=RESPONDENT, now=now)
    return True
