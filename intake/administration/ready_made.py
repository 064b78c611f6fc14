"""Schedules to start from, for a consultation that has no rule yet: one press adds the rules of one.

They are ordinary rules from then on. What cannot come to anything is left out, and said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from intake.administration.rule_wordings import date_wording
from intake.administration.rules import add_rule, proposed_rule
from intake.administration.typed_rules import WEEKLY, TypedRule, only_time
from intake.errors import Mistakes
from intake.schedules import Anchor, OffDays
from intake.store.consultations import Consultation
from intake.store.mailings import Audience, ReminderRule
from intake.store.users import User


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """A schedule that is added whole. `sentence` says what it does."""

    title: str
    sentence: str
    rules: tuple[TypedRule, ...]


_WAITING, _DIGEST = Audience.officers_waiting.value, Audience.officers_digest.value
_LATER = OffDays.later.value
READY_MADE: Mapping[str, ReadyMade] = {
    "closing": ReadyMade(
        "Remind those who have not answered",
        "10 working days, 3 working days and 1 day before it closes, at 9am. Whoever has answered gets none.",
        tuple(
            TypedRule(amount=amount, unit=unit)
            for amount, unit in (("10", "working-days"), ("3", "working-days"), ("1", "days"))
        ),
    ),
    "digest": ReadyMade(
        "A digest for officers every Monday",
        "At 8:30am: what came in, what is unread and held, and who has not answered. After a holiday, the next day.",
        (
            TypedRule(
                audience=_DIGEST, when=WEEKLY, weekdays=("0",), clock="8:30am", off_days=_LATER, name="Monday digest"
            ),
        ),
    ),
    "waiting": ReadyMade(
        "Remind officers of what waits",
        "Every Tuesday and Friday at 9am, as long as a response is unread or an email is held; otherwise none is sent.",
        (
            TypedRule(
                audience=_WAITING, when=WEEKLY, weekdays=("1", "4"), off_days=_LATER, name="What waits for an officer"
            ),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a ready-made schedule; `left_out` has a sentence for each rule that was not added."""

    rules: list[ReminderRule]
    left_out: list[str]


def add_ready_made(
    session: Session, consultation: Consultation, made: ReadyMade, *, user: User, now: datetime
) -> Added:
    """Raises NotPossible where no rule can be added at all to this consultation."""
    done = Added([], [])
    for typed in made.rules:
        try:
            if passed := _passed(session, consultation, typed, now):
                done.left_out.append(passed)
            else:
                done.rules.append(add_rule(session, consultation, typed, user=user, now=now))
        except Mistakes as wrong:
            done.left_out.append(str(wrong))
    return done


def first_guess(session: Session, consultation: Consultation, *, now: datetime) -> TypedRule:
    """What a new rule's form begins with: so many days before closing as are to come, else weekly for officers."""
    for amount in ("10", "5", "3", "1"):
        typed = TypedRule(amount=amount)
        try:
            if _passed(session, consultation, typed, now) is None:
                return typed
        except Mistakes:
            continue
    return TypedRule(audience=_WAITING, when=WEEKLY, weekdays=("0",))


def _passed(session: Session, consultation: Consultation, typed: TypedRule, now: datetime) -> str | None:
    rule = proposed_rule(session, consultation, typed, now=now)
    due = None if rule.anchor is Anchor.weekdays else only_time(session, rule, consultation)
    if due is None or due.at >= now:
        return None
    return f"“{rule.name}” was on {date_wording(due.day)}, which has passed."
