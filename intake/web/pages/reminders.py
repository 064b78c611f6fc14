"""A consultation's reminder schedule: its rules, the calendar of all of them together, and the quiet hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.quiet_hours import change_quiet_hours, quiet_wording
from intake.administration.ready_made import READY_MADE, add_ready_made
from intake.administration.rule_days import Counting, calendar_of, next_day
from intake.administration.rule_warnings import rule_warnings
from intake.administration.rule_wordings import off_days_wording, time_wording, when_wording, who_wording
from intake.administration.rules import rules_of
from intake.errors import NotFound
from intake.outbound.reminding import DueDay, calendar
from intake.store.consultations import Consultation
from intake.store.mailings import ReminderRule
from intake.web.asking import Administrator, Asking, Officer
from intake.web.editing import Done, attempt, edit_of
from intake.web.forms import Sent
from intake.web.showing import page

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Line:
    """A rule in the list."""

    rule: ReminderRule
    who: str
    when: str
    off_days: str
    next: DueDay | None
    count: int  # how many would get it now


@router.get("/consultations/{slug}/reminders")
def reminders(asking: Officer, slug: str) -> Response:
    return _show(asking, slug)


@router.post("/consultations/{slug}/reminders/ready")
def start_from(asking: Administrator, slug: str, form: Sent) -> Response:
    made = READY_MADE.get(form.text("schedule"))
    if made is None:
        raise NotFound

    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        added = add_ready_made(session, consultation, made, user=asking.user, now=asking.now)
        names = ", ".join(f"“{rule.name}”" for rule in added.rules)
        left_out = " ".join(f"Left out: {sentence}" for sentence in added.left_out)
        told = f"Added, and on: {names}." if names else "No rule was added."
        return Done(f"/consultations/{slug}/reminders", f"{told} {left_out}".strip())

    return attempt(asking, change, lambda **more: _show(asking, slug, **more))


@router.post("/consultations/{slug}/reminders/quiet-hours")
def quiet_hours(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        times = form.text("quiet_from"), form.text("quiet_until")
        changed = change_quiet_hours(session, consultation, *times, edit_of(asking, form))
        quiet = quiet_wording(consultation)
        told = f"The quiet hours are {quiet} now." if quiet else "There are no quiet hours now."
        return Done(f"/consultations/{slug}/reminders", told if changed else "Nothing was different.")

    return attempt(asking, change, lambda **more: _show(asking, slug, given=form, **more))


def _show(asking: Asking, slug: str, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        rules = rules_of(session, consultation)
        days = {rule.id: calendar(session, rule, now=asking.now) for rule in rules}
        counting = Counting(session, asking.now)
        lines = [_line(rule, days[rule.id], counting) for rule in rules]
        fields: dict[str, Any] = {
            "lines": lines,
            "calendar": calendar_of(session, consultation, days, rules, counting) if rules else [],
            "warnings": rule_warnings(session, consultation, rules, days, counting, asking.this.settings),
        }
    today = asking.now.astimezone(consultation.zone).date()
    fields |= {"today": today, "ready": READY_MADE, "quiet": quiet_wording(consultation), **_quiet_fields(consultation)}
    return page(asking, "reminders.html", consultation=consultation, zone=consultation.zone, **{**fields, **more})


def _line(rule: ReminderRule, days: Sequence[DueDay], counting: Counting) -> Line:
    who, when = who_wording(rule.audience, rule.groups), when_wording(rule.schedule)
    return Line(rule, who, when, off_days_wording(rule), next_day(days), len(counting.reached(rule)))


def _quiet_fields(consultation: Consultation) -> dict[str, str]:
    if not quiet_wording(consultation):
        return {"quiet_from": "", "quiet_until": ""}
    return {
        "quiet_from": time_wording(consultation.quiet_from),
        "quiet_until": time_wording(consultation.quiet_until),
    }
