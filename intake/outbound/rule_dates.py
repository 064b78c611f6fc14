"""On which days and at which instants a rule is due, from when it counts, and when what it queued is too late.

Owns what a consultation's dates and their changes mean for its rules. Never says whom a rule writes to, and never reads
the clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from intake.deadlines import late_from
from intake.schedules import Anchor, due_at, due_days, end_of_day
from intake.store.consultations import Consultation, DayOff, DeadlineChange
from intake.store.mailings import Audience, ReminderRule
from intake.store.reasons import Reason

AHEAD = timedelta(days=28)
"""How far a pattern of weekdays for officers is followed, as it has no end before the consultation is archived."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A closing time that moved at an instant, and what it was before."""

    at: datetime
    before: datetime


@dataclass(frozen=True, slots=True)
class Dates:
    """What the due days of a consultation's rules follow from. `moves` of its closing time, the latest first.

    `days_off` and since when each is one.
    """

    consultation: Consultation
    closes_at: datetime
    days_off: Mapping[date, datetime | None]
    moves: Sequence[Moved]

    def local_day(self, at: datetime) -> date:
        return at.astimezone(self.consultation.zone).date()

    def if_moved(self, closes_at: datetime, *, now: datetime) -> "Dates":
        """As they would be if the closing time moved now."""
        return replace(self, closes_at=closes_at, moves=[Moved(now, self.closes_at), *self.moves])


@dataclass(frozen=True, slots=True, order=True)
class DueTime:
    """A due day and its instant, in their order."""

    at: datetime
    day: date


def dates_of(session: Session, consultation: Consultation) -> Dates:
    own = select(DeadlineChange).where(DeadlineChange.consultation_id == consultation.id)
    changes = session.exec(own.order_by(col(DeadlineChange.id).desc()))
    return Dates(
        consultation,
        consultation.closes_at,
        {row.day: row.added_at for row in session.exec(select(DayOff))},
        [Moved(change.at, change.before) for change in changes],
    )


def due_times(rule: ReminderRule, dates: Dates, *, now: datetime) -> list[DueTime]:
    """Every due day of the rule in their order, past ones and those nothing is sent on too."""
    days = due_days(
        rule.schedule,
        opens_on=dates.local_day(dates.consultation.opens_at),
        closes_on=dates.local_day(dates.closes_at),
        last=_last(rule, dates, now),
        days_off=dates.days_off,
    )
    return [DueTime(due_at(day, rule.clock, dates.consultation.zone), day) for day in days]


def is_due_on(rule: ReminderRule, dates: Dates, day: date, *, now: datetime) -> bool:
    """Whether it is a due day on which something is sent."""
    return any(one.day == day and never_reason(rule, dates, one.at) is None for one in due_times(rule, dates, now=now))


def coming_on(rule: ReminderRule, dates: Dates, day: date, *, now: datetime) -> DueTime | None:
    """When it is due on this day, if that counts and is not too late by now."""
    for one in due_times(rule, dates, now=now):
        if one.day == day and never_reason(rule, dates, one.at) is None:
            is_too_late = expires_at(rule, dates, day) <= now
            return None if is_too_late or one.at < counts_from(rule, dates, day, now=now) else one
    return None


def never_reason(rule: ReminderRule, dates: Dates, at: datetime) -> Reason | None:
    """Why nothing is sent at this due instant, whoever is there to get it."""
    if not rule.audience.is_officers and at >= late_from(dates.closes_at):
        return Reason.has_closed
    is_meant = rule.anchor is Anchor.opening and rule.amount < 0 and rule.audience is not Audience.unanswered
    return Reason.not_open_yet if at < dates.consultation.opens_at and not is_meant else None


def counts_from(rule: ReminderRule, dates: Dates, day: date, *, now: datetime) -> datetime:
    """Since when this day is a due day of the rule as it is set: what was due before that is never sent.

    A closing time that moves, or a day off that is added, can make it due on a day that has passed already.
    """
    for added_at in sorted({at for at in dates.days_off.values() if at and at > rule.set_at}, reverse=True):
        earlier = {day: at for day, at in dates.days_off.items() if at is None or at < added_at}
        if not is_due_on(rule, replace(dates, days_off=earlier), day, now=now):
            return added_at
    for move in dates.moves:
        if move.at <= rule.set_at:
            break
        if not is_due_on(rule, replace(dates, closes_at=move.before), day, now=now):
            return move.at
    return rule.set_at


def expires_at(rule: ReminderRule, dates: Dates, day: date) -> datetime:
    """The first instant at which what is due on this day is too late."""
    end = end_of_day(day, dates.consultation.zone)
    return end if rule.audience.is_officers else min(end, late_from(dates.closes_at))


def _last(rule: ReminderRule, dates: Dates, now: datetime) -> date:
    closes_on = dates.local_day(dates.closes_at)
    if not rule.audience.is_officers:
        return closes_on
    if dates.consultation.archived_at:
        return dates.local_day(dates.consultation.archived_at)
    return max(closes_on, dates.local_day(now) + AHEAD)
