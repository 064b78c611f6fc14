"""The form of a reminder rule: a new one, or one to be changed, with the days it comes to before it is saved."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.ordering import rows_of
from intake.administration.quiet_hours import quiet_wording
from intake.administration.ready_made import first_guess
from intake.administration.rule_days import RulePlan, plan_of
from intake.administration.rule_wordings import WEEKDAYS
from intake.administration.rules import (
    add_rule,
    change_rule,
    proposed_rule,
    remove_rule,
    turn_rule,
    visible_rule,
)
from intake.administration.typed_rules import KIND_NAMES, TypedRule, templates_for_rules
from intake.errors import Mistakes
from intake.responses.recounting import tell
from intake.store.consultations import Consultation, StakeholderGroup
from intake.store.history import history_of
from intake.store.mailings import ReminderRule
from intake.web.asking import Administrator, Asking, RowId
from intake.web.editing import Done, attempt
from intake.web.forms import Form, Sent
from intake.web.showing import page

router = APIRouter()
LOOKS: Mapping[str, Mapping[str, Any]] = {"dates": {}, "preview": {"status": 200}}
"""Steps that show the dates and save nothing: asked for by the button, or by the page while it is filled in."""


@router.get("/consultations/{slug}/reminders/new")
def new(asking: Administrator, slug: str) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        typed = first_guess(session, consultation, now=asking.now)
    return _show(asking, slug, None, typed, status=200)


@router.post("/consultations/{slug}/reminders/new")
def add(asking: Administrator, slug: str, form: Sent) -> Response:
    typed = _typed(form)
    if form.text("step") in LOOKS:
        return _show(asking, slug, None, typed, **LOOKS[form.text("step")])

    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = add_rule(session, consultation, typed, user=asking.user, now=asking.now)
        return Done(f"/consultations/{slug}/reminders", f"The rule “{row.name}” was added. It is on.")

    return attempt(asking, change, lambda **more: _show(asking, slug, None, typed, **more))


@router.get("/reminders/{rule_id}")
def one(asking: Administrator, rule_id: RowId) -> Response:
    return _show_one(asking, rule_id)


@router.post("/reminders/{rule_id}")
def save(asking: Administrator, rule_id: RowId, form: Sent) -> Response:
    typed = _typed(form)
    if form.text("step") in LOOKS:
        return _show_one(asking, rule_id, typed, **LOOKS[form.text("step")])

    def change(session: Session) -> Done:
        row, consultation = visible_rule(session, asking.access, rule_id)
        changed = change_rule(session, row, consultation, typed, version=form.version, user=asking.user, now=asking.now)
        return Done(f"/consultations/{consultation.slug}/reminders", "Saved." if changed else "Nothing was different.")

    return attempt(asking, change, lambda **more: _show_one(asking, rule_id, typed, **more))


@router.post("/reminders/{rule_id}/turn")
def turn(asking: Administrator, rule_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row, consultation = visible_rule(session, asking.access, rule_id)
        is_on = form.is_ticked("on")
        turn_rule(session, row, consultation, is_on=is_on, version=form.version, user=asking.user, now=asking.now)
        notice = f"The rule “{row.name}” is {'on' if is_on else 'turned off'}."
        return Done(f"/consultations/{consultation.slug}/reminders", notice)

    return attempt(asking, change, lambda **more: _show_one(asking, rule_id, **more))


@router.post("/reminders/{rule_id}/remove")
def remove(asking: Administrator, rule_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row, consultation = visible_rule(session, asking.access, rule_id)
        remove_rule(session, row, version=form.version, user=asking.user, now=asking.now)
        return Done(f"/consultations/{consultation.slug}/reminders", f"The rule “{row.name}” was removed.")

    return attempt(asking, change, lambda **more: _show_one(asking, rule_id, **more))


def _typed(form: Form) -> TypedRule:
    return TypedRule(
        audience=form.text("audience"),
        groups=tuple(form.many("groups")),
        when=form.text("when"),
        amount=form.text("amount"),
        unit=form.text("unit"),
        counted_from=form.text("counted_from"),
        weekdays=tuple(form.many("weekdays")),
        clock=form.text("clock"),
        off_days=form.text("off_days"),
        template=form.text("template"),
        name=form.text("name"),
    )


def _show_one(asking: Asking, rule_id: int, typed: TypedRule | None = None, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        row, consultation = visible_rule(session, asking.access, rule_id)
        history = tell(session, history_of(session, row))
    return _show(asking, consultation.slug, row, typed or TypedRule.of(row), history=history, **more)


def _show(asking: Asking, slug: str, row: ReminderRule | None, typed: TypedRule, **more: Any) -> Response:
    """With the days it comes to; with what has to be corrected, whichever button was pressed."""
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        plan, mistakes = _plan(session, asking, consultation, row, typed)
        texts = templates_for_rules(session, consultation)
        groups = [group.name for group in rows_of(session, consultation, StakeholderGroup)]
    # A form nobody has filled in yet has no mistakes.
    more = {"mistakes": mistakes, "status": 422 if mistakes else 200, **more}
    more |= {"mistakes": {}} if more["status"] == 200 else {}
    return page(
        asking,
        "reminder_rule.html",
        consultation=consultation,
        row=row,
        typed=typed,
        plan=plan,
        wrong=list(mistakes.values()),
        groups=list(dict.fromkeys([*groups, *typed.groups])),
        weekdays=WEEKDAYS,
        quiet=quiet_wording(consultation),
        templates=[(KIND_NAMES[kind], list(some)) for kind, some in groupby(texts, lambda text: text.kind)],
        **more,
    )


def _plan(
    session: Session, asking: Asking, consultation: Consultation, row: ReminderRule | None, typed: TypedRule
) -> tuple[RulePlan | None, dict[str, str]]:
    try:
        rule = proposed_rule(session, consultation, typed, row=row, now=asking.now)
    except Mistakes as wrong:
        return None, wrong.by_field
    return plan_of(session, consultation, rule, now=asking.now), {}
