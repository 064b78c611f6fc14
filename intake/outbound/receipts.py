"""Receipts: links to the page on which respondents see what was received of them, and the codes that confirm it is they
who withdraw.

Of the secrets the tables hold SHA-256s. The secret of an email that waits stays with it (`OutgoingEmail.secret`) until
a mail server took it; wherever the email is stored or shown, MASK stands in its place. Never decides what the page
shows.
"""

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.sessions import token_sha256
from intake.errors import NotFound, NotPossible
from intake.outbound.composing import MASK
from intake.outbound.outbox import Owed, queue_owed
from intake.store.consultations import Consultation
from intake.store.emails import OutgoingEmail
from intake.store.online import Receipt
from intake.store.responses import Response

KIND = "withdrawal-code"
LASTS = timedelta(days=400)
"""After closing, or after it was made where that is later: time for the outcome to be published."""
CODE_LASTS = timedelta(minutes=15)
MOST_TRIES = 5
MOST_CODES_AN_HOUR = 3


class ReceiptOver(NotFound):
    """This link leads to no receipt, or to one that has ended; write to the council with your reference."""


class WrongCode(NotPossible):
    """This is not the code we sent, or it has ended; ask for another."""


def new_secret() -> str:
    """For a link that nobody can guess."""
    return secrets.token_urlsafe(32)


def make_receipt(session: Session, response: Response, closes_at: datetime, secret: str, *, now: datetime) -> None:
    """The receipt of a stored response that the link with this secret leads to."""
    expires_at = max(now, closes_at) + LASTS
    digest = token_sha256(secret)
    session.add(Receipt(token_sha256=digest, response_id=response.id, made_at=now, expires_at=expires_at))


def give_receipt(session: Session, response: Response, *, now: datetime) -> str:
    """A new receipt; its secret, for the email that carries the link."""
    secret = new_secret()
    closes_at = session.get_one(Consultation, response.consultation_id).closes_at
    make_receipt(session, response, closes_at, secret, now=now)
    return secret


def find_receipt(session: Session, secret: str, *, now: datetime, lock: bool = False) -> Receipt:
    """Raises ReceiptOver."""
    own = select(Receipt).where(Receipt.token_sha256 == token_sha256(secret), col(Receipt.expires_at) > now)
    own = own.with_for_update().execution_options(populate_existing=True) if lock else own
    found = session.exec(own).first()
    if found is None:
        raise ReceiptOver
    return found


def send_code(
    session: Session, receipt: Receipt, response: Response, *, message_id_domain: str, actor: str, now: datetime
) -> None:
    """Mail a new code to the respondent's address; the one before is worth nothing any more. Raises NotPossible."""
    address = response.respondent_address
    if not address:
        raise NotPossible("We have no email address to send a code to.")
    sent = select(sa.func.count()).where(OutgoingEmail.response_id == response.id, OutgoingEmail.kind == KIND)
    if session.exec(sent.where(col(OutgoingEmail.queued_at) > now - timedelta(hours=1))).one() >= MOST_CODES_AN_HOUR:
        raise NotPossible(f"We have sent {MOST_CODES_AN_HOUR} codes within an hour; look for the last, or wait.")
    code = f"{secrets.randbelow(1_000_000):06}"
    receipt.code_sha256, receipt.code_expires_at, receipt.code_tries = _digest(receipt, code), now + CODE_LASTS, 0
    owed = Owed(
        kind=KIND,
        once_key=f"{KIND}:{secrets.token_hex(16)}",
        consultation_id=response.consultation_id,
        recipient_name=response.respondent_name,
        recipient_address=address,
        message_id_domain=message_id_domain,
        response_id=response.id,
        secret=code,
    )
    queue_owed(session, [owed], now=now, actor=actor)


def is_code(receipt: Receipt, code: str, *, now: datetime) -> bool:
    """Whether it is the one that was mailed. Each try counts, so the caller keeps the receipt locked and commits."""
    if receipt.code_sha256 is None or receipt.code_expires_at is None or receipt.code_expires_at <= now:
        return False
    receipt.code_tries += 1
    if receipt.code_tries > MOST_TRIES:
        return False
    return hmac.compare_digest(receipt.code_sha256, _digest(receipt, code))


def forget_code(receipt: Receipt) -> None:
    """It was used: it is worth nothing any more."""
    receipt.code_sha256 = receipt.code_expires_at = None


def fields(session: Session, outgoing: OutgoingEmail, _now: datetime) -> Mapping[str, object]:
    """Of the email with a code. The code itself is put in when it goes."""
    consultation = session.get_one(Consultation, outgoing.consultation_id)
    return {
        "consultation_title": consultation.title,
        "reference": session.get_one(Response, outgoing.response_id).reference,
        "code": MASK,
        "minutes": int(CODE_LASTS.total_seconds() // 60),
        "contact_name": consultation.contact_name,
        "contact_address": consultation.contact_address,
    }


def _digest(receipt: Receipt, code: str) -> str:
    return token_sha256(f"{receipt.id}:{code}")
