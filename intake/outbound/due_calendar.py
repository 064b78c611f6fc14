"""What is due when, and what became of it: a rule's calendar, and what is planned for one consultee.

Changes nothing, and never reads the clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from intake.deadlines import moment_wording
from intake.outbound.mailings import Progress, progress_of
from intake.outbound.recipients import recipients_of_rule
from intake.outbound.rule_dates import Dates, DueTime, counts_from, dates_of, due_times, expires_at, never_reason
from intake.outbound.verdicts import Recipient, Verdict
from intake.store.consultations import Consultation
from intake.store.mailings import Mailing, ReminderRule
from intake.store.people import Consultee
from intake.store.reasons import Reason
from intake.wording import plural

PLANNED_DAYS = 5


class Fate(StrEnum):
    """What becomes, or became, of a due day."""

    coming = "coming"  # will be queued at its time
    due = "due"  # its time has come, and the worker queues it at its next tick
    sending = "sending"  # queued, and some of it still waits
    sent = "sent"  # queued, and all of it is through
    missed = "missed"  # nothing ran in time
    cancelled = "cancelled"
    passed = "passed"  # its time was over before the rule was set, or the closing time moved
    never = "never"  # nothing is sent then
    off = "off"  # the rule is off, or the consultation archived


@dataclass(frozen=True, slots=True)
class DueDay:
    """One due day of a rule. `mailing` is what was made of it; `progress` how far that is."""

    day: date
    at: datetime
    fate: Fate
    sentence: str
    mailing: Mailing | None = None
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A coming due day of a rule that is for a consultee, and the verdict on each of its contacts."""

    rule: ReminderRule
    day: date
    at: datetime
    verdicts: Sequence[Verdict]


def calendar(session: Session, rule: ReminderRule, *, now: datetime, closes_at: datetime | None = None) -> list[DueDay]:
    """Its due days in their order, with those of mailings it made. With `closes_at`: if the closing time moved now."""
    consultation = session.get_one(Consultation, rule.consultation_id)
    dates = dates_of(session, consultation)
    if closes_at is not None:
        dates = dates.if_moved(closes_at, now=now)
    rows = session.exec(select(Mailing).where(Mailing.rule_id == rule.id)).all()
    mailings = {row.due_on: row for row in rows if row.due_on is not None}
    progress = progress_of(session, [row.id for row in rows])
    times = {time.day: time for time in due_times(rule, dates, now=now)}
    made = {day: DueTime(row.due_at, day) for day, row in mailings.items()}
    days = []
    for day, time in sorted((made | times).items()):
        if row := mailings.get(day):
            days.append(_made(row, time, progress[row.id], is_due=day in times))
        else:
            days.append(DueDay(day, time.at, *_unmade(rule, dates, time, now)))
    return days


def planned_for(session: Session, consultee: Consultee, *, now: datetime) -> list[Planned]:
    """The next days on which a rule for this consultee is due, in their order."""
    rules = session.exec(
        select(ReminderRule)
        .where(ReminderRule.consultation_id == consultee.consultation_id)
        .where(col(ReminderRule.is_on), col(ReminderRule.removed_at).is_(None))
        .order_by(col(ReminderRule.id))
    )
    found = []
    for rule in rules.all():
        if rule.audience.is_officers or (rule.groups and consultee.stakeholder_group not in rule.groups):
            continue
        days = [one for one in calendar(session, rule, now=now) if one.fate in (Fate.coming, Fate.due)]
        found += [
            Planned(rule, one.day, one.at, _verdicts(session, rule, consultee, one.day, now))
            for one in days[:PLANNED_DAYS]
        ]
    return sorted(found, key=lambda planned: (planned.at, planned.rule.id))


def _verdicts(session: Session, rule: ReminderRule, consultee: Consultee, day: date, now: datetime) -> list[Verdict]:
    if consultee.removed_at:
        recipient = Recipient("", consultee_id=consultee.id, organisation=consultee.organisation)
        return [Verdict(recipient, Reason.not_invited)]
    return recipients_of_rule(session, rule, due_on=day, now=now, consultee_id=consultee.id)


def _made(row: Mailing, time: DueTime, progress: Progress, *, is_due: bool) -> DueDay:
    fate, sentence = _became(row, progress, is_due=is_due)
    return DueDay(time.day, time.at, fate, sentence, row, progress)


def _became(row: Mailing, progress: Progress, *, is_due: bool) -> tuple[Fate, str]:
    sent = plural(progress.sent + progress.bounced, "email")
    if row.missed_at:
        return Fate.missed, "Missed: nothing ran on that day before it was over."
    if row.cancelled_at:
        return Fate.cancelled, f"Cancelled after {sent}." if progress.sent else "Cancelled before anything went."
    if progress.left and not is_due:
        return Fate.cancelled, f"{Reason.closing_moved.sentence} {plural(progress.left, 'email')} will not go."
    if progress.left:
        waits = f"{progress.left} of {plural(progress.total, 'email')}"
        return Fate.sending, f"Paused: {waits} wait." if row.paused_at else f"{waits} still to go."
    if progress.total and progress.missed == progress.total:
        return Fate.missed, "Missed: none of it went before the day was over."
    return Fate.sent, f"{sent} sent." if progress.total else "There was nobody to send it to."


def _unmade(rule: ReminderRule, dates: Dates, time: DueTime, now: datetime) -> tuple[Fate, str]:
    if reason := never_reason(rule, dates, time.at):
        return Fate.never, f"Nothing is sent then. {reason.sentence}"
    since = counts_from(rule, dates, time.day, now=now)
    if time.at < since:
        what = "the rule was set" if since == rule.set_at else "the closing time moved"
        return Fate.passed, f"Not sent: this was over when {what}."
    if rule.removed_at or not rule.is_on:
        return Fate.off, "The rule was removed." if rule.removed_at else "The rule is turned off."
    if dates.consultation.archived_at:
        return Fate.off, "The consultation is archived."
    if time.at > now:
        return Fate.coming, f"Goes at {moment_wording(time.at, dates.consultation.zone)}."
    if expires_at(rule, dates, time.day) > now:
        return Fate.due, "Due now; it is queued within a minute while the worker runs."
    return Fate.missed, "Missed: nothing ran on that day before it was over."
