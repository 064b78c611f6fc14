"""The hours of the day in which nothing is sent to many, of one consultation: read, worded, changed.

Mailings that are on their way wait until they are over (`outbound` does that); a rule is never set to a time in them.
"""

from datetime import time

from sqlmodel import Session, col, select

from intake.administration.changing import Edit, change
from intake.administration.rule_wordings import time_wording
from intake.deadlines import parse_clock
from intake.errors import Mistakes, WrongConfiguration
from intake.store.consultations import Consultation
from intake.store.mailings import ReminderRule

_NAMES = {"quiet_from": "The time from which nothing is sent", "quiet_until": "The time until which nothing is sent"}


def is_quiet(clock: time, consultation: Consultation) -> bool:
    return _is_between(clock, consultation.quiet_from, consultation.quiet_until)


def quiet_wording(consultation: Consultation) -> str:
    """ "8pm to 8am"; "" where there are none."""
    if consultation.quiet_from == consultation.quiet_until:
        return ""
    return f"{time_wording(consultation.quiet_from)} to {time_wording(consultation.quiet_until)}"


def change_quiet_hours(
    session: Session, consultation: Consultation, quiet_from: str, quiet_until: str, edit: Edit
) -> bool:
    """From two times as typed; both empty: there are none. Says whether that is a change.

    Raises Mistakes or ChangedMeanwhile.
    """
    values = _checked(quiet_from, quiet_until)
    _refuse_overtaken(session, consultation, **values)
    changed = [name for name, value in values.items() if getattr(consultation, name) != value]
    if changed:
        change(session, consultation, "quiet-hours-changed", edit, values=values, fields=changed)
    return bool(changed)


def _checked(quiet_from: str, quiet_until: str) -> dict[str, time]:
    if not quiet_from and not quiet_until:
        return {"quiet_from": time(9), "quiet_until": time(9)}
    values, mistakes = dict[str, time](), dict[str, str]()
    for field, text in (("quiet_from", quiet_from), ("quiet_until", quiet_until)):
        try:
            values[field] = parse_clock(text, key=_NAMES[field])
        except WrongConfiguration as wrong:
            mistakes[field] = str(wrong)
    if mistakes:
        raise Mistakes(mistakes)
    if values["quiet_from"] == values["quiet_until"]:
        raise Mistakes({"quiet_until": "These are the same time; leave both empty if there are no quiet hours."})
    if _is_between(time(12), values["quiet_from"], values["quiet_until"]):
        raise Mistakes({"quiet_from": "Noon would be among the quiet hours; check which time is am and which is pm."})
    return values


def _refuse_overtaken(session: Session, consultation: Consultation, quiet_from: time, quiet_until: time) -> None:
    own = select(ReminderRule).where(
        ReminderRule.consultation_id == consultation.id, col(ReminderRule.removed_at).is_(None), ReminderRule.is_on
    )
    for rule in session.exec(own.order_by(col(ReminderRule.id))):
        if _is_between(rule.clock, quiet_from, quiet_until):
            field = "quiet_from" if rule.clock >= quiet_from else "quiet_until"
            raise Mistakes(
                {field: f"The rule “{rule.name}” sends at {time_wording(rule.clock)}; give it another time first."}
            )


def _is_between(clock: time, start: time, end: time) -> bool:
    if start <= end:
        return start <= clock < end
    return clock >= start or clock < end
