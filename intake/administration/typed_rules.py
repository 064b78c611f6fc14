"""What an administrator typed of a reminder rule, and what is wrong with it: a sentence beside each field.

Never writes a rule; and a rule that would never come to anything is refused here, before anybody waits for it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import count
from typing import Any

from sqlmodel import Session, col, select

from intake.administration.ordering import rows_of
from intake.administration.quiet_hours import is_quiet, quiet_wording
from intake.administration.rule_wordings import date_wording, time_wording, when_wording
from intake.deadlines import AtMidnight, clock_wording, parse_clock
from intake.errors import Mistakes, WrongConfiguration
from intake.outbound.rule_dates import DueTime, dates_of, due_times, never_reason
from intake.schedules import MOST_DAYS, Anchor, DayUnit, OffDays
from intake.store.consultations import Consultation, StakeholderGroup
from intake.store.mailings import Audience, EmailTemplate, ReminderRule
from intake.store.reasons import Reason

LONGEST_NAME = 120
KIND_NAMES: Mapping[str, str] = {
    "reminder": "reminders to consultees",
    "officer-reminder": "reminders to officers",
    "digest": "digests for officers",
}
WEEKLY = "weekly"
COUNTED: Mapping[str, tuple[Anchor, int]] = {
    "before-closing": (Anchor.closing, -1),
    "after-opening": (Anchor.opening, 1),
    "before-opening": (Anchor.opening, -1),
    "after-closing": (Anchor.closing, 1),
}
"""What days are counted from, and in which direction."""
_NOT_MIDNIGHT = "People disagree which day midnight belongs to; choose a time in the day, such as 9am."
_ON_THE_PAGE = "audience groups when amount unit counted_from weekdays clock off_days template name".split()


@dataclass(frozen=True, slots=True)
class TypedRule:
    """The fields as they were typed. `when` is "counted" or "weekly"; weekdays are "0" (Monday) to "6"."""

    audience: str = Audience.unanswered.value
    groups: tuple[str, ...] = ()
    when: str = "counted"
    amount: str = "10"
    unit: str = DayUnit.working_days.value
    counted_from: str = "before-closing"
    weekdays: tuple[str, ...] = ()
    clock: str = "9am"
    off_days: str = OffDays.earlier.value
    template: str = ""
    name: str = ""

    @classmethod
    def of(cls, rule: ReminderRule) -> "TypedRule":
        is_weekly = rule.anchor is Anchor.weekdays
        direction = 1 if rule.amount > 0 or (not rule.amount and rule.anchor is Anchor.opening) else -1
        counted_from = next((key for key, value in COUNTED.items() if value == (rule.anchor, direction)), "")
        return cls(
            audience=rule.audience.value,
            groups=tuple(rule.groups),
            when=WEEKLY if is_weekly else "counted",
            amount="" if is_weekly else str(abs(rule.amount)),
            unit=rule.unit.value,
            counted_from=counted_from or "before-closing",
            weekdays=tuple(str(day) for day in rule.weekdays),
            clock=time_wording(rule.clock),
            off_days=rule.off_days.value,
            template=str(rule.template_id or ""),
            # Left empty where it is the schedule's own words, which change with the schedule.
            name="" if re.fullmatch(rf"{re.escape(when_wording(rule.schedule))}( \(\d+\))?", rule.name) else rule.name,
        )


def checked_rule(
    session: Session, consultation: Consultation, typed: TypedRule, *, row: ReminderRule | None = None
) -> dict[str, Any]:
    """The columns of the rule that was typed; of one that is changed, `row`. Raises Mistakes with all that is wrong.

    A row whose schedule stays as it is may be one that a moved closing time has overtaken.
    """
    mistakes: dict[str, str] = {}
    values = _whom(session, consultation, typed, mistakes) | _when(typed, mistakes)
    values["clock"] = _clock(consultation, typed, mistakes)
    values["off_days"] = _choice(OffDays, typed.off_days, "off_days", mistakes)
    if not mistakes and not (row and _is_same_schedule(row, values)):
        mistakes |= _day_mistakes(session, consultation, values)
    if values["audience"]:
        values["template_id"] = _template(session, consultation, typed, values["audience"].kind, mistakes)
    values["name"] = _name(session, consultation, typed, values, row, mistakes)
    if mistakes:
        raise Mistakes({field: mistakes[field] for field in sorted(mistakes, key=_ON_THE_PAGE.index)})
    return values


def only_time(
    session: Session, rule: ReminderRule, consultation: Consultation, *, off_days: OffDays | None = None
) -> DueTime | None:
    """When a rule is due that is counted from the opening or closing; None where it comes to no day.

    With `off_days` as if it said that.
    """
    if off_days:
        rule = ReminderRule(**{**rule.model_dump(), "off_days": off_days})
    # Only a pattern of weekdays looks at the clock.
    times = due_times(rule, dates_of(session, consultation), now=consultation.opens_at)
    return times[0] if times else None


def templates_for_rules(session: Session, consultation: Consultation) -> Sequence[EmailTemplate]:
    """The texts a rule can choose from, those of one kind together."""
    own = select(EmailTemplate).where(
        EmailTemplate.consultation_id == consultation.id,
        col(EmailTemplate.removed_at).is_(None),
        col(EmailTemplate.kind).in_(KIND_NAMES),
    )
    return session.exec(own.order_by(col(EmailTemplate.kind).desc(), col(EmailTemplate.name))).all()


# What was typed


def _whom(session: Session, consultation: Consultation, typed: TypedRule, mistakes: dict[str, str]) -> dict[str, Any]:
    audience = _choice(Audience, typed.audience, "audience", mistakes)
    groups = [] if audience and audience.is_officers else list(dict.fromkeys(typed.groups))
    known = {row.name for row in rows_of(session, consultation, StakeholderGroup)}
    if set(groups) - known:
        mistakes["groups"] = "A group you ticked is no longer there; look at the groups again."
    return {"audience": audience, "groups": groups}


def _when(typed: TypedRule, mistakes: dict[str, str]) -> dict[str, Any]:
    if typed.when == WEEKLY:
        weekdays = sorted({int(day) for day in typed.weekdays if re.fullmatch("[0-6]", day)})
        if not weekdays:
            mistakes["weekdays"] = "Tick at least one day of the week."
        return {"anchor": Anchor.weekdays, "amount": 0, "unit": DayUnit.days, "weekdays": weekdays}
    if typed.when != "counted":
        mistakes["when"] = "Choose whether days are counted or it comes round every week."
    anchor, direction = COUNTED.get(typed.counted_from, (None, 0))
    if anchor is None:
        mistakes["counted_from"] = "Choose what the days are counted from."
    unit = _choice(DayUnit, typed.unit, "unit", mistakes)
    return {"anchor": anchor, "amount": direction * _amount(typed.amount, mistakes), "unit": unit, "weekdays": []}


def _amount(text: str, mistakes: dict[str, str]) -> int:
    if not text:
        mistakes["amount"] = "Enter how many days, such as 10; 0 is the day itself."
    elif not re.fullmatch("[0-9]{1,9}", text):
        mistakes["amount"] = "Enter how many days as a whole number, such as 10."
    elif int(text) > MOST_DAYS:
        mistakes["amount"] = f"Enter a number of days from 0 to {MOST_DAYS}."
    return 0 if "amount" in mistakes else int(text)


def _clock(consultation: Consultation, typed: TypedRule, mistakes: dict[str, str]) -> time:
    clock, sentence = time(9), ""
    if not typed.clock:
        sentence = "Enter a time of day, such as 9am or 2:30pm."
    elif re.fullmatch("0?[1-9]|1[01]", typed.clock):
        hour = int(typed.clock)
        sentence = f"Write {hour}am or {hour}pm, so that it is clear which."
    else:
        try:
            clock = parse_clock(typed.clock, key="The time")
            sentence = _quiet_mistake(consultation, clock, time_wording(clock))
        except AtMidnight:
            sentence = _quiet_mistake(consultation, time(), "Midnight") or _NOT_MIDNIGHT
        except WrongConfiguration as wrong:
            sentence = str(wrong)
    if sentence:
        mistakes["clock"] = sentence
    return clock


def _quiet_mistake(consultation: Consultation, clock: time, name: str) -> str:
    if not is_quiet(clock, consultation):
        return ""
    begins, ends = time_wording(consultation.quiet_from), time_wording(consultation.quiet_until)
    return (
        f"{name} is in the quiet hours ({quiet_wording(consultation)}), when nothing is sent; "
        f"choose a time from {ends} on, before {begins}."
    )


def _choice(choices: Any, text: str, field: str, mistakes: dict[str, str]) -> Any:
    if text in {choice.value for choice in choices}:
        return choices(text)
    mistakes[field] = _CHOOSE[field]
    return None


_CHOOSE = {
    "audience": "Choose who should get it.",
    "unit": "Choose whether all days or only working days are counted.",
    "off_days": "Choose what happens on a weekend or holiday.",
}


def _template(
    session: Session, consultation: Consultation, typed: TypedRule, kind: str, mistakes: dict[str, str]
) -> int | None:
    if not typed.template:
        return None
    found = {str(row.id): row for row in templates_for_rules(session, consultation)}.get(typed.template)
    if found is None:
        mistakes["template"] = "This text is no longer there; choose another."
    elif found.kind != kind:
        mistakes["template"] = f"This text is for {KIND_NAMES[found.kind]}; choose one for {KIND_NAMES[kind]}."
    return found.id if found else None


def _name(
    session: Session,
    consultation: Consultation,
    typed: TypedRule,
    values: Mapping[str, Any],
    row: ReminderRule | None,
    mistakes: dict[str, str],
) -> str:
    """As typed; else the schedule's own words."""
    if len(typed.name) > LONGEST_NAME:
        mistakes["name"] = f"The name may have at most {LONGEST_NAME} characters; shorten it."
        return ""
    if not typed.name and mistakes:
        return ""
    own_words = when_wording(ReminderRule(**values).schedule)[: LONGEST_NAME - 5] if not typed.name else ""
    others = select(ReminderRule.name).where(
        ReminderRule.consultation_id == consultation.id,
        col(ReminderRule.removed_at).is_(None),
        ReminderRule.id != (row.id if row else None),
    )
    taken = {other.lower() for other in session.exec(others)}
    if typed.name.lower() in taken:
        mistakes["name"] = f"There is a rule called “{typed.name}” already; give this one another name."
    return typed.name or next(name for name in _numbered(own_words) if name.lower() not in taken)


def _numbered(words: str) -> Iterator[str]:
    """The words by themselves, then "… (2)", "… (3)"."""
    yield words
    yield from (f"{words} ({number})" for number in count(2))


# What it comes to


def _is_same_schedule(row: ReminderRule, values: Mapping[str, Any]) -> bool:
    return row.schedule == ReminderRule(**values).schedule and row.audience is values["audience"]


def _day_mistakes(session: Session, consultation: Consultation, values: Mapping[str, Any]) -> dict[str, str]:
    """Of a rule that has one day only: that this day is too early or too late ever to come to anything."""
    rule = ReminderRule(consultation_id=consultation.id, **values)
    if rule.anchor is Anchor.weekdays:
        return {}
    if rule.anchor is Anchor.closing and rule.amount > 0 and not rule.audience.is_officers:
        return {
            "counted_from": "Consultees are not reminded after it closes; choose a day before, or write to officers."
        }
    due = only_time(session, rule, consultation)
    if due is None:
        return {"off_days": "There is no working day near that day; choose to keep the day."}
    if never_reason(rule, dates_of(session, consultation), due.at) is Reason.not_open_yet:
        return _too_early(rule, consultation, due.day)
    if due.at >= consultation.closes_at and not rule.audience.is_officers:
        return _too_late(session, rule, consultation, due.day)
    return {}


def _too_early(rule: ReminderRule, consultation: Consultation, day: date) -> dict[str, str]:
    opens_on = consultation.opens_at.astimezone(consultation.zone).date()
    if rule.anchor is Anchor.opening and rule.amount < 0:
        return {"counted_from": "Before it opens nobody can have answered; write to all consultees, or on a later day."}
    if day == opens_on:
        opens = clock_wording(consultation.opens_at, consultation.zone)
        return {"clock": f"It opens at {opens} on that day; choose that time or a later one."}
    return {"amount": f"That is {date_wording(day)}, before it opens ({date_wording(opens_on)}); choose fewer days."}


def _too_late(session: Session, rule: ReminderRule, consultation: Consultation, day: date) -> dict[str, str]:
    closes_on = consultation.closes_at.astimezone(consultation.zone).date()
    kept = only_time(session, rule, consultation, off_days=OffDays.keep)
    if kept and kept.at < consultation.closes_at:
        late = f"Moved later it would go on {date_wording(day)}, after it has closed"
        return {"off_days": f"{late}; choose the working day before."}
    if day == closes_on:
        closing = clock_wording(consultation.closes_at, consultation.zone)
        return {"clock": f"It closes at {closing} on that day; choose an earlier time."}
    return {"amount": f"That is {date_wording(day)}, after it closes ({date_wording(closes_on)}); choose fewer days."}
