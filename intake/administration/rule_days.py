"""The days a consultation's rules come to, as an administrator looks at them: of one rule before it is saved, and of
all together as a calendar with the days nobody works.

Reads what `outbound` knows of due days and recipients; never decides either.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from sqlmodel import Session

from intake.administration.days_off import names_by_day
from intake.administration.rule_wordings import date_wording, off_days_wording, time_wording, when_wording, who_wording
from intake.administration.typed_rules import only_time
from intake.deadlines import late_from
from intake.outbound.recipients import recipients_of_rule
from intake.outbound.reminding import DueDay, Fate, calendar
from intake.schedules import Anchor, OffDays
from intake.store.consultations import Consultation
from intake.store.mailings import ReminderRule
from intake.working_days import bank_holidays

SHOWN_DAYS = 8
_WEEKEND = (5, 6)
COMING = (Fate.coming, Fate.due)


@dataclass(frozen=True, slots=True)
class RuleDay:
    """One day of a rule. `notes` say what is odd about it; `count` how many get it, or got it."""

    due: DueDay
    clock: str
    notes: Sequence[str] = ()
    count: int | None = None


@dataclass(frozen=True, slots=True)
class RulePlan:
    """What a rule comes to: in words, its days (`more` of them follow), and how many would get it now, if it is to go
    at all."""

    who: str
    when: str
    off_days: str
    days: Sequence[RuleDay]
    more: int
    count: int | None


OPENS, CLOSES, TODAY, DAY_OFF = "The consultation opens", "The consultation closes", "Today", "Day off"
"""What a line of the calendar is called that is no rule's."""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A line of the calendar: a due day of a rule, or (without one) what else is to be known of the day."""

    day: date
    title: str
    rule: ReminderRule | None = None
    rule_day: RuleDay | None = None
    off: str = ""  # why nobody works on it


@dataclass(slots=True)
class Counting:
    """Whom each rule would reach as things stand, asked once for each audience."""

    session: Session
    now: datetime
    found: dict[object, frozenset[str]] = field(default_factory=dict)

    def reached(self, rule: ReminderRule) -> frozenset[str]:
        """The addresses."""
        key = (rule.audience, *rule.groups)
        if key not in self.found:
            verdicts = recipients_of_rule(self.session, rule, due_on=None, now=self.now)
            self.found[key] = frozenset(one.recipient.address for one in verdicts if one.goes)
        return self.found[key]


def plan_of(session: Session, consultation: Consultation, rule: ReminderRule, *, now: datetime) -> RulePlan:
    """`rule` may be one that is only proposed."""
    days = calendar(session, rule, now=now)
    ahead = [one for one in _of_interest(rule, days) if one.at > now or one.fate is Fate.due] or days[-SHOWN_DAYS:]
    names = names_by_day(session)
    return RulePlan(
        who_wording(rule.audience, rule.groups),
        when_wording(rule.schedule),
        off_days_wording(rule),
        [_rule_day(session, consultation, rule, one, names) for one in ahead[:SHOWN_DAYS]],
        len(ahead[SHOWN_DAYS:]),
        len(Counting(session, now).reached(rule)) if any(one.fate in (*COMING, Fate.off) for one in ahead) else None,
    )


def next_day(days: Sequence[DueDay]) -> DueDay | None:
    return next((one for one in days if one.fate in COMING), None)


def calendar_of(
    session: Session,
    consultation: Consultation,
    days: Mapping[int, Sequence[DueDay]],
    rules: Sequence[ReminderRule],
    counting: Counting,
) -> list[CalendarDay]:
    """Of all rules together, by day and time. `days` by rule. Beside them when it opens and closes, and days off."""
    names = names_by_day(session)
    has_closed = counting.now >= late_from(consultation.closes_at)
    due = [
        (one.at, rule.id, rule, one)
        for rule in rules
        for one in _of_interest(rule, days[rule.id])
        if not (has_closed and one.fate is Fate.never)  # why nothing went is of interest only while it can be mended
    ]
    reminded = defaultdict[date, set[str]](set)  # of two reminders on one day the earlier goes
    lines = []
    for at, rule_id, rule, one in sorted(due, key=lambda each: each[:2]):
        counted = _count(counting, rule, one, reminded[one.day])
        shown = _rule_day(session, consultation, rule, one, names, counted)
        lines.append((at, rule_id, CalendarDay(one.day, rule.name, rule, shown, off_name(one.day, names))))
    lines += _beside(consultation, names, {line.day for _, _, line in lines}, counting.now)
    return [line for _, _, line in sorted(lines, key=lambda line: line[:2])]


def off_name(day: date, names: Mapping[date, str]) -> str:
    """Why nobody works on that day; "" on a working day."""
    return names.get(day) or bank_holidays(day.year).get(day) or (f"{day:%A}" if day.weekday() in _WEEKEND else "")


def _of_interest(rule: ReminderRule, days: Sequence[DueDay]) -> Sequence[DueDay]:
    """Of a rule that comes round, not those on which nothing ever went: there are as many as weeks."""
    return [one for one in days if rule.anchor is not Anchor.weekdays or one.fate not in (Fate.passed, Fate.never)]


def _count(counting: Counting, rule: ReminderRule, one: DueDay, reminded: set[str]) -> int | None:
    """`reminded` are those reminded earlier that day."""
    if one.progress:
        return one.progress.total
    if one.fate not in COMING:
        return None
    if rule.audience.is_officers:
        return len(counting.reached(rule))
    gets = counting.reached(rule) - reminded
    reminded |= gets
    return len(gets)


def _rule_day(
    session: Session,
    consultation: Consultation,
    rule: ReminderRule,
    one: DueDay,
    names: Mapping[date, str],
    count: int | None = None,
) -> RuleDay:
    local = one.at.astimezone(consultation.zone)
    notes = [*_clock_notes(rule.clock, one, local), *_day_notes(session, consultation, rule, one.day, names)]
    if one.fate not in COMING:
        notes.append(one.sentence)
    return RuleDay(one, time_wording(local.time()), notes, count)


def _clock_notes(clock: time, one: DueDay, local: datetime) -> list[str]:
    """Of the two days a year on which the clocks change."""
    if one.mailing is None and local.time() != clock:
        there_is, goes = time_wording(clock), time_wording(local.time())
        return [f"{there_is} does not exist on that day, as the clocks go forward: it goes at {goes}."]
    if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        return [f"{time_wording(local.time())} comes twice on that day, as the clocks go back: it goes the first time."]
    return []


def _day_notes(
    session: Session, consultation: Consultation, rule: ReminderRule, day: date, names: Mapping[date, str]
) -> list[str]:
    if rule.off_days is OffDays.keep:
        off = off_name(day, names)
        return [f"Nobody works on that day ({off})."] if off and off != f"{day:%A}" else []
    if rule.anchor is Anchor.weekdays:
        return [] if day.weekday() in rule.weekdays else [f"Moved to a {day:%A}, past a holiday or weekend."]
    kept = only_time(session, rule, consultation, off_days=OffDays.keep)
    if kept is None or kept.day == day:
        return []
    # What was sent before the closing time moved had another day to be moved from.
    off = off_name(kept.day, names)
    return [f"Moved from {date_wording(kept.day)} ({off})."] if off else []


def _beside(
    consultation: Consultation, names: Mapping[date, str], due_days: set[date], now: datetime
) -> list[tuple[datetime, int, CalendarDay]]:
    zone = consultation.zone
    opens_on, closes_on = (at.astimezone(zone).date() for at in (consultation.opens_at, consultation.closes_at))
    last = max([closes_on, *due_days])
    found = [(consultation.opens_at, opens_on, OPENS), (consultation.closes_at, closes_on, CLOSES)]
    if (today := now.astimezone(zone).date()) not in due_days | {opens_on, closes_on} and opens_on < today < last:
        found.append((datetime.combine(today, time(), zone), today, TODAY))
    off = dict.fromkeys(bank_holidays(*range(opens_on.year, last.year + 1))) | dict.fromkeys(names)
    shown = [day for day in off if opens_on <= day <= last and day not in due_days]
    found += [(datetime.combine(day, time(), zone), day, DAY_OFF) for day in shown]
    return [(at, 0, CalendarDay(day, title, off=off_name(day, names))) for at, day, title in found]
