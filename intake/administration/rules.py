"""A consultation's reminder rules: added, changed, turned on and off, removed. Of two who change one, the second is
told.

A rule's `set_at` moves when it would send something else than before (its schedule, its audience, or that it is on):
what was due until then is never sent. Another name or text leaves it. Never says whom a rule's mail goes to.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.access import Access
from intake.administration.changing import ChangedMeanwhile, last_change
from intake.administration.quiet_hours import is_quiet
from intake.administration.rule_wordings import time_wording
from intake.administration.typed_rules import TypedRule, checked_rule
from intake.errors import NotFound, NotPossible
from intake.store.consultations import Consultation
from intake.store.history import note
from intake.store.mailings import ReminderRule
from intake.store.users import User

MOST_RULES = 50
_TEXT_ONLY = frozenset({"name", "template_id"})


class RuleChangedMeanwhile(ChangedMeanwhile):
    """Somebody else changed this rule while you had it open; nothing of yours was saved."""


def rules_of(session: Session, consultation: Consultation) -> Sequence[ReminderRule]:
    """Those that were not removed, in the order they were added."""
    own = select(ReminderRule).where(
        ReminderRule.consultation_id == consultation.id, col(ReminderRule.removed_at).is_(None)
    )
    return session.exec(own.order_by(col(ReminderRule.id))).all()


def visible_rule(session: Session, access: Access, rule_id: int) -> tuple[ReminderRule, Consultation]:
    """Raises NotFound for one that was removed, and for one of a consultation that the user may not see."""
    rule = session.get(ReminderRule, rule_id)
    if rule is None or rule.removed_at:
        raise NotFound
    access.require(rule.consultation_id)
    return rule, session.get_one(Consultation, rule.consultation_id)


def proposed_rule(
    session: Session, consultation: Consultation, typed: TypedRule, *, row: ReminderRule | None = None, now: datetime
) -> ReminderRule:
    """The rule as it would be, only to be looked at. Raises Mistakes."""
    values = checked_rule(session, consultation, typed, row=row)
    if row is None:
        return ReminderRule(consultation_id=consultation.id, set_at=now, **values)
    set_at = now if _moves(row, values) else row.set_at
    own: dict[str, Any] = {"id": row.id, "is_on": row.is_on, "set_at": set_at, "version": row.version}
    return ReminderRule(consultation_id=consultation.id, **values, **own)


def add_rule(
    session: Session, consultation: Consultation, typed: TypedRule, *, user: User, now: datetime
) -> ReminderRule:
    """It is on at once. Raises Mistakes or NotPossible."""
    _refuse_archived(consultation)
    if len(rules_of(session, consultation)) >= MOST_RULES:
        raise NotPossible(f"A consultation has at most {MOST_RULES} rules; remove one that is not needed.")
    row = ReminderRule(consultation_id=consultation.id, set_at=now, **checked_rule(session, consultation, typed))
    session.add(row)
    session.flush()
    note(session, row, "added", now=now, actor=user.actor)
    return row


def change_rule(
    session: Session,
    row: ReminderRule,
    consultation: Consultation,
    typed: TypedRule,
    *,
    version: int,
    user: User,
    now: datetime,
) -> list[str]:
    """Says which fields changed. Raises Mistakes, NotPossible or RuleChangedMeanwhile."""
    _refuse_archived(consultation)
    values = checked_rule(session, consultation, typed, row=row)
    changed = _changed(row, values)
    moved = {"set_at": now} if _moves(row, values) else {}
    if changed:
        _change(session, row, {**values, **moved}, "changed", version=version, user=user, now=now, fields=changed)
    return changed


def turn_rule(
    session: Session,
    row: ReminderRule,
    consultation: Consultation,
    *,
    is_on: bool,
    version: int,
    user: User,
    now: datetime,
) -> None:
    """Raises NotPossible or RuleChangedMeanwhile."""
    if row.is_on is is_on:
        return
    _refuse_archived(consultation)
    if is_on and is_quiet(row.clock, consultation):
        raise NotPossible(f"{time_wording(row.clock)} is in the quiet hours; give the rule another time first.")
    values: dict[str, Any] = {"is_on": True, "set_at": now} if is_on else {"is_on": False}
    _change(session, row, values, "turned-on" if is_on else "turned-off", version=version, user=user, now=now)


def remove_rule(session: Session, row: ReminderRule, *, version: int, user: User, now: datetime) -> None:
    """What it sent stays. Raises RuleChangedMeanwhile."""
    _change(session, row, {"removed_at": now, "is_on": False}, "removed", version=version, user=user, now=now)


def _refuse_archived(consultation: Consultation) -> None:
    if consultation.archived_at:
        raise NotPossible("This consultation is archived; take it out of the archive first.")


def _changed(row: ReminderRule, values: dict[str, Any]) -> list[str]:
    return [name for name, value in values.items() if getattr(row, name) != value]


def _moves(row: ReminderRule, values: dict[str, Any]) -> bool:
    return bool(set(_changed(row, values)) - _TEXT_ONLY)


def _change(
    session: Session,
    row: ReminderRule,
    values: dict[str, Any],
    action: str,
    *,
    version: int,
    user: User,
    now: datetime,
    **detail: Any,
) -> None:
    """Compare-and-set on the version that the form was filled in from."""
    new = {**values, "version": version + 1}
    done = session.execute(
        sa.update(ReminderRule)
        .where(col(ReminderRule.id) == row.id, col(ReminderRule.version) == version)
        .where(col(ReminderRule.removed_at).is_(None))
        .values(**new),
        execution_options={"synchronize_session": False},
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise RuleChangedMeanwhile(last_change(session, row))
    for name, value in new.items():
        sa.orm.attributes.set_committed_value(row, name, value)
    note(session, row, action, now=now, actor=user.actor, **detail)
