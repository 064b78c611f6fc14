"""The stakeholder groups of a consultation: added, renamed, put in order, removed when nobody is in one.

A response, a consultee and a reminder rule carry the group's name, so renaming a group renames it on them too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.administration.changing import Edit, change
from intake.administration.mistakes import checked
from intake.administration.ordering import move_row, number, row_of, rows_of
from intake.errors import Mistakes, NotPossible
from intake.store.consultation_keys import GroupName, Part
from intake.store.consultations import Consultation, StakeholderGroup
from intake.store.mailings import ReminderRule
from intake.store.people import Consultee
from intake.store.responses import Response
from intake.wording import plural


class _Named(Part):
    name: GroupName


@dataclass(frozen=True, slots=True)
class GroupUse:
    """A group, and how many carry its name."""

    row: StakeholderGroup
    responses: int
    consultees: int

    @property
    def is_used(self) -> bool:
        return self.responses + self.consultees > 0


def groups(session: Session, consultation: Consultation) -> list[GroupUse]:
    """In their order."""
    responses, consultees = (_used(session, consultation, table) for table in (Response, Consultee))
    return [
        GroupUse(row, responses.get(row.name, 0), consultees.get(row.name, 0))
        for row in rows_of(session, consultation, StakeholderGroup)
    ]


def group(session: Session, consultation: Consultation, group_id: int) -> StakeholderGroup:
    """Raises NotFound."""
    return row_of(session, consultation, StakeholderGroup, group_id)


def add_group(session: Session, consultation: Consultation, name: str, edit: Edit) -> StakeholderGroup:
    """Raises Mistakes or ChangedMeanwhile."""
    existing = rows_of(session, consultation, StakeholderGroup)
    name = _checked(existing, name)
    row = StakeholderGroup(consultation_id=consultation.id, position=len(existing) + 1, name=name)
    session.add(row)
    session.flush()
    change(session, consultation, "group-added", edit, group=row.id)
    return row


def rename_group(session: Session, consultation: Consultation, row: StakeholderGroup, name: str, edit: Edit) -> int:
    """Also on the consultation's responses and consultees; says on how many. Raises Mistakes or ChangedMeanwhile."""
    others = [one for one in rows_of(session, consultation, StakeholderGroup) if one.id != row.id]
    name = _checked(others, name)
    if name == row.name:
        return 0
    # Takes the consultation's lock before any response's, as recording does.
    change(session, consultation, "group-renamed", edit, group=row.id)
    renamed = _rename(session, consultation, row.name, name)
    for rule in _rules_for(session, consultation, row.name):
        rule.groups = [name if one == row.name else one for one in rule.groups]
    row.name = name
    session.flush()
    return renamed


def move_group(session: Session, consultation: Consultation, row: StakeholderGroup, edit: Edit, *, places: int) -> None:
    change(session, consultation, "group-moved", edit, group=row.id)
    move_row(session, consultation, row, places=places)


def remove_group(session: Session, consultation: Consultation, row: StakeholderGroup, edit: Edit) -> None:
    """Raises NotPossible, saying by what it is used."""
    change(session, consultation, "group-removed", edit, group=row.id)
    use = next(use for use in groups(session, consultation) if use.row.id == row.id)
    if use.is_used:
        raise NotPossible(
            f"This group is used by {plural(use.responses, 'response')} and {plural(use.consultees, 'consultee')}; "
            "give them another group, or rename this one."
        )
    if rules := _rules_for(session, consultation, row.name):
        raise NotPossible(f"The reminder “{rules[0].name}” is for this group; change the reminder first.")
    session.delete(row)
    session.flush()
    number(session, rows_of(session, consultation, StakeholderGroup))


def _checked(others: Sequence[StakeholderGroup], name: str) -> str:
    name = checked(_Named, {"name": name}).name
    if name.lower() in {one.name.lower() for one in others}:
        raise Mistakes({"name": "There is a group of this name already."})
    return name


def _used(session: Session, consultation: Consultation, table: type[Response] | type[Consultee]) -> dict[str, int]:
    name = col(table.stakeholder_group)
    own = select(name, sa.func.count()).where(col(table.consultation_id) == consultation.id, name.is_not(None))
    return {used: count for used, count in session.exec(own.group_by(name)) if used}


def _rules_for(session: Session, consultation: Consultation, name: str) -> list[ReminderRule]:
    own = select(ReminderRule).where(ReminderRule.consultation_id == consultation.id)
    return [rule for rule in session.exec(own.where(col(ReminderRule.removed_at).is_(None))) if name in rule.groups]


def _rename(session: Session, consultation: Consultation, before: str, after: str) -> int:
    def named(table: type[Response] | type[Consultee]) -> list[sa.ColumnElement[bool]]:
        return [col(table.consultation_id) == consultation.id, col(table.stakeholder_group) == before]

    unsynchronised = {"synchronize_session": False}
    # The version too: an officer who has it open must not put the former name back.
    responses, consultees = (
        sa.update(table).where(*named(table)).values(stakeholder_group=after, version=table.version + 1)
        for table in (Response, Consultee)
    )
    done = [session.execute(statement, execution_options=unsynchronised) for statement in (responses, consultees)]
    return sum(one.rowcount for one in done)  # type: ignore[attr-defined]
