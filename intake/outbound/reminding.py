"""The rules at work: what is due at an instant, queued once, and taken back where the closing time moves.

A rule's mailing of a due day is made with all its emails in one transaction, whatever crashes and however many workers
run. Never decides whom it goes to (`recipients.py`), and never sends.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.deadlines import late_from
from intake.outbound.due_calendar import DueDay, Fate, Planned, calendar, planned_for
from intake.outbound.mailings import UNTIL_CLOSING, lock_waiting, move_waiting, progress_of, start_mailing
from intake.outbound.rechecking import missed_reason
from intake.outbound.recipients import Verdict, recipients_of_rule
from intake.outbound.rule_dates import Dates, counts_from, dates_of, due_times, expires_at, is_due_on, never_reason
from intake.store.consultations import Consultation
from intake.store.database import Database
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.history import WORKER, note
from intake.store.mailings import Mailing, ReminderRule
from intake.store.reasons import Reason
from intake.store.response_changes import lock_consultations

__all__ = [
    "Due",
    "DueDay",
    "Fate",
    "Planned",
    "Reminded",
    "calendar",
    "planned_for",
    "recompute",
    "remind",
    "to_be_taken_back",
    "what_is_due",
    "who_is_due",
]


@dataclass(frozen=True, slots=True)
class Due:
    """A rule whose time has come on a day that nothing was made of. `is_missed`: that day is over."""

    rule: ReminderRule
    consultation: Consultation
    day: date
    at: datetime
    expires_at: datetime
    is_missed: bool

    def is_missed_by(self, now: datetime) -> bool:
        """Not where it was judged by an instant that is yet to come, and its day may still be kept."""
        return self.is_missed and self.expires_at <= now


@dataclass(slots=True)
class Reminded:
    """What one pass did."""

    mailings: int = 0
    queued: int = 0  # emails
    missed: int = 0  # mailings of days that were over
    expired: int = 0  # emails that waited too long


def what_is_due(session: Session, at: datetime, consultation_id: int | None = None) -> list[Due]:
    """In the order in which it is queued; of one consultation, or of all."""
    rules = (
        sa.select(ReminderRule, Consultation)
        .join(Consultation, col(Consultation.id) == col(ReminderRule.consultation_id))
        .where(col(ReminderRule.is_on), col(ReminderRule.removed_at).is_(None), col(Consultation.archived_at).is_(None))
        .execution_options(populate_existing=True)
    )
    if consultation_id is not None:
        rules = rules.where(col(Consultation.id) == consultation_id)
    rows = session.execute(rules).all()
    dates = {
        one.id: dates_of(session, one) for one in {consultation.id: consultation for _, consultation in rows}.values()
    }
    made = _days_made(session, [rule.id for rule, _ in rows])
    due = [
        one for rule, consultation in rows for one in _due(rule, dates[consultation.id], made.get(rule.id, set()), at)
    ]
    return sorted(due, key=lambda one: (one.at, one.rule.id))


def who_is_due(session: Session, due: Due, at: datetime) -> list[Verdict]:
    """The verdict on each recipient, if it were queued at that instant."""
    return recipients_of_rule(session, due.rule, due_on=due.day, now=at)


def remind(database: Database, *, at: datetime, message_id_domain: str, now: datetime) -> Reminded:
    """Queue what is due at this instant, note what was missed, and give up what waited too long by now."""
    done = Reminded()
    with database.reading() as session:
        due = what_is_due(session, at)
    for one in due:
        with database.transaction() as session:
            _make(session, one, done, at=at, message_id_domain=message_id_domain, now=now)
    for mailing_id in _expired(database, now):
        with database.transaction() as session:
            done.expired += _expire(session, mailing_id, now)
    return done


def recompute(session: Session, consultation: Consultation, *, now: datetime, actor: str) -> int:
    """After its closing time moved, in the same transaction: what waits for a day no longer due is cancelled.

    Returns how many emails. The consultation is locked before.
    """
    dates = dates_of(session, consultation)
    gone = _no_longer_due(session, dates, now)
    waiting = lock_waiting(session, [mailing.id for mailing in gone])
    move_waiting(session, waiting, OutgoingStatus.cancelled, Reason.closing_moved, now=now, actor=actor)
    for mailing in gone:
        mailing.cancelled_at, mailing.paused_at = now, None
        note(session, mailing, "cancelled", now=now, actor=actor, reason=Reason.closing_moved)
    for mailing, rule in _unfinished(session, consultation):
        if rule is not None and mailing.due_on is not None:
            mailing.expires_at = expires_at(rule, dates, mailing.due_on)
    # Of those that are through too: what came back may still be sent again to a corrected address.
    by_hand = select(Mailing).where(Mailing.consultation_id == consultation.id, col(Mailing.kind).in_(UNTIL_CLOSING))
    for mailing in session.exec(by_hand):
        mailing.expires_at = late_from(dates.closes_at)
    session.flush()
    return len(waiting)


def to_be_taken_back(session: Session, consultation: Consultation, closes_at: datetime, *, now: datetime) -> int:
    """How many emails that wait would be cancelled if the closing time moved now."""
    dates = dates_of(session, consultation).if_moved(closes_at, now=now)
    gone = [mailing.id for mailing in _no_longer_due(session, dates, now)]
    return sum(one.waiting + one.held for one in progress_of(session, gone).values())


def _days_made(session: Session, rule_ids: Collection[int]) -> Mapping[int, set[date]]:
    """By rule, the days that a mailing was made of."""
    found = dict[int, set[date]]()
    for rule_id, day in session.execute(
        sa.select(col(Mailing.rule_id), col(Mailing.due_on)).where(col(Mailing.rule_id).in_(rule_ids))
    ):
        found.setdefault(rule_id, set()).add(day)
    return found


def _due(rule: ReminderRule, dates: Dates, made: Collection[date], at: datetime) -> list[Due]:
    return [
        Due(rule, dates.consultation, one.day, one.at, end, end <= at)
        for one in due_times(rule, dates, now=at)
        if one.at <= at
        and one.day not in made
        and never_reason(rule, dates, one.at) is None
        and one.at >= counts_from(rule, dates, one.day, now=at)
        for end in [expires_at(rule, dates, one.day)]
    ]


def _make(session: Session, due: Due, done: Reminded, *, at: datetime, message_id_domain: str, now: datetime) -> None:
    """The mailing, unless another worker made it, or it is no longer due, since we looked."""
    lock_consultations(session, [due.consultation.id])
    still = [one for one in what_is_due(session, at, due.consultation.id) if _is_same(one, due)]
    for one in still:
        if one.is_missed_by(now):
            _add_missed(session, one, now)
            done.missed += 1
        elif not one.is_missed:
            recipients = [verdict.recipient for verdict in who_is_due(session, one, at) if verdict.goes]
            mailing = _mailing(one, now)
            done.mailings += 1
            done.queued += start_mailing(
                session, mailing, recipients, message_id_domain=message_id_domain, now=now, actor=WORKER
            )
            if (restored_at := one.consultation.restored_at) and one.at <= restored_at:
                mailing.paused_at = now  # it may have gone out after the backup was made: a person goes on with it
                note(session, mailing, "paused", now=now, actor=WORKER, reason=Reason.restored)


def _add_missed(session: Session, due: Due, now: datetime) -> None:
    mailing = _mailing(due, now)
    mailing.missed_at = now
    session.add(mailing)
    session.flush()
    note(session, mailing, "missed", now=now)


def _is_same(one: Due, other: Due) -> bool:
    return (one.rule.id, one.day) == (other.rule.id, other.day)


def _mailing(due: Due, now: datetime) -> Mailing:
    return Mailing(
        consultation_id=due.consultation.id,
        kind=due.rule.audience.kind,
        rule_id=due.rule.id,
        due_on=due.day,
        due_at=due.at,
        expires_at=due.expires_at,
        template_id=due.rule.template_id,
        created_at=now,
    )


def _expired(database: Database, now: datetime) -> Sequence[int]:
    """The mailings of which something waits although its time is over, paused ones too."""
    late = (
        select(Mailing.id)
        .join(OutgoingEmail, col(OutgoingEmail.mailing_id) == col(Mailing.id))
        .where(OutgoingEmail.status == OutgoingStatus.queued, col(Mailing.expires_at) <= now)
        .distinct()
    )
    with database.reading() as session:
        return session.exec(late).all()


def _expire(session: Session, mailing_id: int, now: datetime) -> int:
    mailing = session.get_one(Mailing, mailing_id)
    consultation = session.get_one(Consultation, mailing.consultation_id)
    waiting = lock_waiting(session, [mailing_id], [OutgoingStatus.queued])
    move_waiting(
        session, waiting, OutgoingStatus.missed, missed_reason(mailing, consultation, now), now=now, actor=WORKER
    )
    return len(waiting)


def _no_longer_due(session: Session, dates: Dates, now: datetime) -> list[Mailing]:
    return [
        mailing
        for mailing, rule in _unfinished(session, dates.consultation)
        if rule is not None and mailing.due_on is not None and not is_due_on(rule, dates, mailing.due_on, now=now)
    ]


def _unfinished(session: Session, consultation: Consultation) -> list[tuple[Mailing, ReminderRule | None]]:
    """The mailings of which something may still go."""
    waits = sa.select(col(OutgoingEmail.mailing_id)).where(
        col(OutgoingEmail.consultation_id) == consultation.id,
        col(OutgoingEmail.mailing_id).is_not(None),
        col(OutgoingEmail.status).in_((OutgoingStatus.queued, OutgoingStatus.held, OutgoingStatus.sending)),
    )
    rows = session.execute(
        sa.select(Mailing, ReminderRule)
        .outerjoin(ReminderRule, col(ReminderRule.id) == col(Mailing.rule_id))
        .where(col(Mailing.id).in_(waits), col(Mailing.cancelled_at).is_(None))
        .order_by(col(Mailing.id))
    )
    return [(mailing, rule) for mailing, rule in rows]
