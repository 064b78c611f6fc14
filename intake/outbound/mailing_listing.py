"""A mailing as officers look at it: its emails a page at a time, what holds some of them back, and when it will be
through. Changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.access import Access
from intake.errors import NotFound
from intake.outbound.mailings import Progress
from intake.outbound.rechecking import quiet_end
from intake.schedules import due_at
from intake.store.consultations import Consultation
from intake.store.emails import IS_DELAYED, OutgoingEmail, OutgoingStatus
from intake.store.mailings import Mailing, ReminderRule
from intake.store.reasons import Reason
from intake.store.users import User

PAGE = 50
HELD_BACK = (Reason.waits_for_mailbox, Reason.waits_for_email, Reason.waits_for_morning)


class Part(StrEnum):
    """The emails of a mailing as officers tell them apart."""

    all = "all"
    waiting = "waiting"
    sent = "sent"
    trouble = "trouble"
    left_out = "left-out"


STATUSES: Mapping[Part, tuple[OutgoingStatus, ...]] = {
    Part.all: tuple(OutgoingStatus),
    Part.waiting: (OutgoingStatus.queued, OutgoingStatus.sending, OutgoingStatus.held),
    Part.sent: (OutgoingStatus.sent,),
    Part.trouble: (OutgoingStatus.failed, OutgoingStatus.bounced),
    Part.left_out: (OutgoingStatus.cancelled, OutgoingStatus.missed),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """What a mailing came from: its rule, or the user who started it."""

    rule: ReminderRule | None
    user_name: str | None


@dataclass(frozen=True, slots=True)
class MailingPage:
    """Some emails of a mailing in the order they were queued; `next` is where the following page begins."""

    emails: Sequence[OutgoingEmail]
    next: int | None


def visible_mailing(session: Session, access: Access, mailing_id: int) -> tuple[Mailing, Consultation]:
    """Raises NotFound for one of a consultation that the user may not see."""
    row = session.get(Mailing, mailing_id)
    if row is None:
        raise NotFound
    access.require(row.consultation_id)
    return row, session.get_one(Consultation, row.consultation_id)


def origins(session: Session, mailings: Sequence[Mailing]) -> Mapping[int, Origin]:
    rules = {row.rule_id for row in mailings}
    found = {rule.id: rule for rule in session.exec(select(ReminderRule).where(col(ReminderRule.id).in_(rules)))}
    users = {row.user_id for row in mailings}
    names = dict(session.exec(select(User.id, User.name).where(col(User.id).in_(users))).all())
    return {row.id: Origin(found.get(row.rule_id or 0), names.get(row.user_id or 0)) for row in mailings}


def emails_of(session: Session, mailing: Mailing, part: Part, *, start: int = 0) -> MailingPage:
    """A page from the email with the id `start` on."""
    own = select(OutgoingEmail).where(OutgoingEmail.mailing_id == mailing.id, col(OutgoingEmail.id) >= start)
    wanted = own.where(_is_in(part)).order_by(col(OutgoingEmail.id)).limit(PAGE + 1)
    rows = session.exec(wanted).all()
    return MailingPage(rows[:PAGE], rows[PAGE].id if len(rows) > PAGE else None)


def _is_in(part: Part) -> sa.ColumnElement[bool]:
    """What came back for now counts as sent."""
    is_so = col(OutgoingEmail.status).in_(STATUSES[part])
    match part:
        case Part.sent:
            return sa.or_(is_so, IS_DELAYED)
        case Part.trouble:
            return sa.and_(is_so, ~IS_DELAYED)
        case _:
            return is_so


def held_back(session: Session, mailing: Mailing) -> list[tuple[Reason, int]]:
    """Why emails whose time has come do not go yet, and how many."""
    counted = session.execute(
        sa.select(col(OutgoingEmail.reason), sa.func.count())
        .where(col(OutgoingEmail.mailing_id) == mailing.id, col(OutgoingEmail.status) == OutgoingStatus.queued)
        .where(col(OutgoingEmail.reason).in_(HELD_BACK))
        .group_by(col(OutgoingEmail.reason))
    )
    return sorted((Reason.of(reason), number) for reason, number in counted)


def expected_end(
    mailing: Mailing, done: Progress, consultation: Consultation, *, per_minute: int, now: datetime
) -> datetime | None:
    """When its last email would go at the rate of the mail service; None when nothing goes."""
    waiting = done.waiting + done.going
    if mailing.paused_at or mailing.cancelled_at or not waiting:
        return None
    return all_gone(consultation, waiting, start=max(now, mailing.due_at), per_minute=per_minute)


def all_gone(consultation: Consultation, count: int, *, start: datetime, per_minute: int) -> datetime:
    """When the last of so many emails would go, with nothing else to send and none in the quiet hours."""
    at, left = start, timedelta(minutes=count / per_minute)
    while True:
        at = quiet_end(consultation, at) or at
        begins = _quiet_begin(consultation, at)
        if begins is None or at + left <= begins:
            return at + left
        at, left = begins, left - (begins - at)


def _quiet_begin(consultation: Consultation, at: datetime) -> datetime | None:
    """When the next quiet hours begin; None where there are none."""
    begin, zone = consultation.quiet_from, consultation.zone
    if begin == consultation.quiet_until:
        return None
    day = at.astimezone(zone).date()
    today = due_at(day, begin, zone)
    return today if today > at else due_at(day + timedelta(days=1), begin, zone)
