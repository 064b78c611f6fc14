"""A mailing's way: queued whole in one transaction, watched, paused, gone on with, cancelled.

Owns what a mailing's emails have in common: their keys, their way out, how far they are. Never decides whom it goes to,
and never sends.
"""

import hashlib
import secrets
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from intake.deadlines import late_from
from intake.errors import NotPossible
from intake.mail.compose import new_message_id
from intake.outbound.recipients import Recipient, day_key
from intake.outbound.texts import PUBLIC_MAILINGS
from intake.store.consultations import Consultation
from intake.store.emails import IS_DELAYED, OutgoingEmail, OutgoingStatus
from intake.store.history import note, note_rows
from intake.store.mailings import Mailing
from intake.store.reasons import Reason
from intake.store.transitions import Move, move_outgoings
from intake.store.users import User

REMINDER = "reminder"
"""The kind of email that nobody gets two of on one day."""
LONGEST_KEY = 120
PRIORITY = 2  # after acknowledgements and officers' replies
UNTIL_CLOSING = ("invitation", "deadline-extended")
_WAITING = (OutgoingStatus.queued, OutgoingStatus.held)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of a mailing's emails stand where."""

    waiting: int = 0
    going: int = 0
    sent: int = 0
    failed: int = 0
    bounced: int = 0
    cancelled: int = 0
    missed: int = 0
    held: int = 0

    @property
    def total(self) -> int:
        return self.done + self.left

    @property
    def left(self) -> int:
        """Those that are still to go, or may be."""
        return self.waiting + self.going + self.held

    @property
    def done(self) -> int:
        return self.sent + self.failed + self.bounced + self.cancelled + self.missed


_FIELD = {OutgoingStatus.queued: "waiting", OutgoingStatus.sending: "going"}


def start_mailing(
    session: Session,
    mailing: Mailing,
    recipients: Sequence[Recipient],
    *,
    message_id_domain: str,
    now: datetime,
    actor: str,
) -> int:
    """Queue an email to each, in few statements; a new mailing is stored first. Returns how many were queued.

    Whoever was queued this before is left out, and of a reminder whoever has one on that day: the database lets no
    second one in, however many workers run.
    """
    consultation = session.get_one(Consultation, mailing.consultation_id)
    if mailing.expires_at is None and mailing.kind in UNTIL_CLOSING:
        mailing.expires_at = late_from(consultation.closes_at)
    session.add(mailing)
    session.flush()
    _free_keys(session, mailing)
    # In one order: two that queue for the same addresses at once would otherwise wait for each other.
    in_order = sorted(recipients, key=lambda one: one.address)
    ids = _insert(session, [_row(mailing, one, message_id_domain, now) for one in in_order])
    note(session, mailing, "queued", now=now, actor=actor, number=len(ids))
    note_rows(session, OutgoingEmail, ids, OutgoingStatus.queued.value, now=now, actor=actor, mailing=mailing.id)
    return len(ids)


def pause(session: Session, mailing: Mailing, *, user: User, now: datetime) -> None:
    """Nothing of it goes until it is gone on with, except what is going this moment. Raises NotPossible."""
    row = lock_mailing(session, mailing)
    if row.paused_at:
        return
    if row.cancelled_at or not progress(session, row).left:
        raise NotPossible("Nothing of this mailing waits any more.")
    row.paused_at = now
    session.flush()
    note(session, row, "paused", now=now, actor=user.actor)


def resume(session: Session, mailing: Mailing, *, user: User, now: datetime) -> None:
    """It goes on. Raises NotPossible."""
    row = lock_mailing(session, mailing)
    if row.cancelled_at:
        raise NotPossible("This mailing was cancelled.")
    if row.paused_at is None:
        return
    row.paused_at = None
    session.flush()
    note(session, row, "resumed", now=now, actor=user.actor)


def cancel(session: Session, mailing: Mailing, *, user: User, now: datetime) -> int:
    """What waits is never sent; says how many. Raises NotPossible when nothing waits any more."""
    row = lock_mailing(session, mailing)
    if row.cancelled_at:
        return 0
    waiting = lock_waiting(session, [row.id])
    if not waiting:
        raise NotPossible("Nothing of this mailing waits any more.")
    row.cancelled_at, row.paused_at = now, None
    session.flush()
    note(session, row, "cancelled", now=now, actor=user.actor)
    move_waiting(session, waiting, OutgoingStatus.cancelled, Reason.mailing_cancelled, now=now, actor=user.actor)
    return len(waiting)


def progress(session: Session, mailing: Mailing) -> Progress:
    return progress_of(session, [mailing.id])[mailing.id]


def progress_of(session: Session, ids: Collection[int]) -> Mapping[int, Progress]:
    """Of each of these mailings. What came back for now counts as sent."""
    keys = col(OutgoingEmail.mailing_id), col(OutgoingEmail.status), IS_DELAYED.label("is_delayed")
    counted = session.execute(
        sa.select(*keys, sa.func.count()).where(col(OutgoingEmail.mailing_id).in_(ids)).group_by(*keys)
    )
    numbers = defaultdict[int, Counter[str]](Counter)
    for mailing_id, status, is_delayed, number in counted:
        field = "sent" if is_delayed else _FIELD.get(status, status.value)
        numbers[mailing_id][field] += number
    return {key: Progress(**numbers[key]) for key in ids}


def mailings_of(session: Session, consultation: Consultation) -> Sequence[tuple[Mailing, Progress]]:
    """The latest due first."""
    own = select(Mailing).where(Mailing.consultation_id == consultation.id)
    rows = session.exec(own.order_by(col(Mailing.due_at).desc(), col(Mailing.id).desc())).all()
    found = progress_of(session, [row.id for row in rows])
    return [(row, found[row.id]) for row in rows]


def lock_mailing(session: Session, mailing: Mailing) -> Mailing:
    """As it stands now, and nobody else's to change until the transaction ends."""
    own = select(Mailing).where(Mailing.id == mailing.id).execution_options(populate_existing=True)
    return session.exec(own.with_for_update(key_share=True)).one()


def lock_waiting(
    session: Session,
    ids: Collection[int],
    statuses: Collection[OutgoingStatus] = _WAITING,
    *,
    skip_locked: bool = False,
) -> Sequence[OutgoingEmail]:
    """The emails of these mailings that wait, once nobody else has their rows; or without those that somebody has."""
    return session.exec(
        select(OutgoingEmail)
        .where(col(OutgoingEmail.mailing_id).in_(ids), col(OutgoingEmail.status).in_(statuses))
        .order_by(col(OutgoingEmail.id))
        .with_for_update(skip_locked=skip_locked)
        .execution_options(populate_existing=True)
    ).all()


def move_waiting(
    session: Session, waiting: Sequence[OutgoingEmail], to: OutgoingStatus, reason: Reason, *, now: datetime, actor: str
) -> None:
    """All of them, in few statements."""
    move_outgoings(session, [Move(row, to, reason) for row in waiting], now=now, actor=actor)


def once_key(mailing: Mailing, recipient: Recipient) -> str:
    """The same whenever the same thing is owed to the same recipient again."""
    whom = f"user{recipient.user_id}" if recipient.user_id else recipient.address
    match mailing.kind:
        case "invitation" | "outcome":
            about = f"{mailing.kind}:{mailing.consultation_id}"
        case "deadline-extended":
            about = f"{mailing.kind}:{mailing.deadline_change_id}"
        case _:
            about = f"reminder:{mailing.rule_id}:{mailing.due_on}"
    key = f"{about}:{whom}"
    return key if len(key) <= LONGEST_KEY else f"{about}:{hashlib.sha256(whom.encode()).hexdigest()[:40]}"


def new_token() -> str:
    """Of the link by which the recipient of an email asks for no more."""
    return secrets.token_urlsafe(24)


def _free_keys(session: Session, mailing: Mailing) -> None:
    """What was cancelled by hand or missed was not sent, and may be owed again by another mailing than a rule's."""
    if mailing.rule_id is not None:
        return
    session.execute(
        sa.update(OutgoingEmail)
        .where(col(OutgoingEmail.consultation_id) == mailing.consultation_id, col(OutgoingEmail.kind) == mailing.kind)
        .where(col(OutgoingEmail.status).in_((OutgoingStatus.cancelled, OutgoingStatus.missed)))
        .where(col(OutgoingEmail.once_key).startswith(f"{mailing.kind}:", autoescape=True))
        .values(once_key=sa.literal("given-up:") + sa.cast(col(OutgoingEmail.id), sa.String)),
        execution_options={"synchronize_session": False},
    )


def _row(mailing: Mailing, recipient: Recipient, message_id_domain: str, now: datetime) -> dict[str, Any]:
    return {
        "kind": mailing.kind,
        "once_key": once_key(mailing, recipient),
        "consultation_id": mailing.consultation_id,
        "mailing_id": mailing.id,
        "consultee_id": recipient.consultee_id,
        "user_id": recipient.user_id,
        "response_id": recipient.response_id,
        "recipient_address": recipient.address,
        "recipient_name": recipient.name,
        "message_id": new_message_id(mailing.kind, message_id_domain),
        "references": [],
        "priority": PRIORITY,
        "status": OutgoingStatus.queued,
        "queued_at": now,
        "due_at": mailing.due_at,
        "attempts": 0,
        "opt_out_token": new_token() if mailing.kind in PUBLIC_MAILINGS else None,
        "day_key": day_key(mailing.due_on, recipient.address) if mailing.due_on and mailing.kind == REMINDER else None,
    }


def _insert(session: Session, rows: Sequence[dict[str, Any]]) -> list[int]:
    """The ids of those that were new."""
    if not rows:
        return []
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    table = OutgoingEmail.__table__  # type: ignore[attr-defined]
    return sorted(session.execute(insert(table).on_conflict_do_nothing().returning(table.c.id), list(rows)).scalars())
