"""Who wants no more mailings about a consultation: said by the link in each of them or through an officer, and undone.

Honoured at once: what waits for that address is cancelled in the same transaction, and the outbox asks again before it
sends. Acknowledgements and officers' replies go on, and no response is touched.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.errors import Mistakes, NotFound
from intake.outbound.texts import PUBLIC_MAILINGS
from intake.store.consultations import Consultation
from intake.store.database import add_if_new
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.history import note
from intake.store.people import Consultee, ConsulteeAddress, OptOut
from intake.store.reasons import Reason
from intake.store.transitions import Move, move_outgoings
from intake.store.users import User

RECIPIENT = "recipient"
"""How the history names whoever used the link in an email: the link proves nothing but that."""
LONGEST_REASON = 1000
_TOKEN = re.compile(r"[\w-]{20,64}", re.ASCII)
_WAITS = (OutgoingStatus.queued, OutgoingStatus.held)


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody's wish to be left alone, by whom it was entered, and by whom it was taken back."""

    row: OptOut
    entered_by: str | None  # None: the person, by the link
    undone_by: str | None
    consultees: Sequence[Consultee]  # whose contact the address is


def by_token(session: Session, token: str) -> OutgoingEmail | None:
    """The email that carries the link with this token."""
    if not _TOKEN.fullmatch(token):
        return None
    return session.exec(select(OutgoingEmail).where(OutgoingEmail.opt_out_token == token)).first()


def opted_out(session: Session, consultation_id: int) -> set[str]:
    """The addresses, in lower case, that want no more mailings about it."""
    return set(session.exec(select(OptOut.address).where(*_standing(consultation_id))))


def has_opted_out(session: Session, consultation_id: int, address: str) -> bool:
    wish = select(OptOut.id).where(*_standing(consultation_id), OptOut.address == address.lower())
    return session.exec(wish).first() is not None


def opt_out(
    session: Session, consultation_id: int, address: str, *, now: datetime, user: User | None = None
) -> int | None:
    """Says how many emails that waited are cancelled; None where this address had opted out before: twice is once.

    `user`: the officer who was asked to enter it; None: the person, by the link.
    """
    actor = user.actor if user else RECIPIENT
    row = _locked(session, consultation_id, address.lower(), now)
    if not row.undone_at:
        return None
    row.at, row.user_id = now, user.id if user else None
    row.undone_at = row.undone_by_id = row.undone_reason = None
    session.flush()
    note(session, row, "opted-out", now=now, actor=actor)
    return _cancel_waiting(session, row, now=now, actor=actor)


def undo(
    session: Session, consultation_id: int, address: str, *, now: datetime, user: User | None = None, reason: str = ""
) -> bool:
    """Whether there was anything to undo. What was cancelled meanwhile stays so; the next mailing goes there again.

    An officer says why. Raises Mistakes.
    """
    if user and not reason:
        raise Mistakes({"reason": "Enter why; somebody may ask why they are written to again."})
    if len(reason) > LONGEST_REASON:
        raise Mistakes({"reason": f"The reason may have at most {LONGEST_REASON:,} characters; shorten it."})
    wish = select(OptOut).where(*_standing(consultation_id), OptOut.address == address.lower())
    row = session.exec(wish.with_for_update()).first()
    if row is None:
        return False
    row.undone_at, row.undone_by_id, row.undone_reason = now, user.id if user else None, reason or None
    session.flush()
    note(session, row, "undone", now=now, actor=user.actor if user else RECIPIENT)
    return True


def wishes(session: Session, consultation: Consultation) -> list[Wish]:
    """Those that stand before those that were undone, each the latest first."""
    rows: Sequence[OptOut] = session.exec(
        select(OptOut)
        .where(OptOut.consultation_id == consultation.id)
        .order_by(col(OptOut.undone_at).is_not(None), col(OptOut.at).desc(), col(OptOut.id))
    ).all()
    ids = {key for row in rows for key in (row.user_id, row.undone_by_id) if key}
    names = dict(session.exec(select(User.id, User.name).where(col(User.id).in_(ids))).all())
    theirs = _consultees(session, consultation)
    return [
        Wish(row, names.get(row.user_id or 0), names.get(row.undone_by_id or 0), theirs.get(row.address, ()))
        for row in rows
    ]


def wish(session: Session, consultation: Consultation, wish_id: int) -> OptOut:
    """Raises NotFound for another consultation's."""
    row = session.get(OptOut, wish_id)
    if row is None or row.consultation_id != consultation.id:
        raise NotFound
    return row


def _standing(consultation_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return col(OptOut.consultation_id) == consultation_id, col(OptOut.undone_at).is_(None)


def _consultees(session: Session, consultation: Consultation) -> Mapping[str, Sequence[Consultee]]:
    """By the address of a contact that opted out."""
    found = defaultdict[str, list[Consultee]](list)
    contacts = (
        select(ConsulteeAddress.address, Consultee)
        .join(Consultee, col(Consultee.id) == ConsulteeAddress.consultee_id)
        .join(
            OptOut,
            sa.and_(col(OptOut.address) == ConsulteeAddress.address, col(OptOut.consultation_id) == consultation.id),
        )
        .where(Consultee.consultation_id == consultation.id)
        .order_by(col(Consultee.organisation))
    )
    for address, consultee in session.exec(contacts):
        found[address].append(consultee)
    return found


def _locked(session: Session, consultation_id: int, address: str, now: datetime) -> OptOut:
    """The address's row; of two that press at once the second waits for the first. A new one reads as undone."""
    add_if_new(session, OptOut, consultation_id=consultation_id, address=address, at=now, undone_at=now)
    own = select(OptOut).where(OptOut.consultation_id == consultation_id, OptOut.address == address)
    return session.exec(own.with_for_update().execution_options(populate_existing=True)).one()


def _cancel_waiting(session: Session, row: OptOut, *, now: datetime, actor: str) -> int:
    """Also one that a server may have had: to try it again would be to write once more."""
    waiting = session.exec(
        select(OutgoingEmail)
        .where(OutgoingEmail.recipient_address == row.address, OutgoingEmail.consultation_id == row.consultation_id)
        .where(col(OutgoingEmail.kind).in_(PUBLIC_MAILINGS), col(OutgoingEmail.status).in_(_WAITS))
        .order_by(col(OutgoingEmail.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    moves = [Move(one, OutgoingStatus.cancelled, Reason.opted_out) for one in waiting]
    move_outgoings(session, moves, now=now, actor=actor)
    return len(waiting)
