"""A list of consultees held against those that are invited: what it would add and correct, row by row, and what is
wrong with the other rows.

A list adds and corrects. It never removes anybody, never empties what is known, and takes no address away; so the same
list twice changes nothing. Nothing is written here; `consultee_import.py` does.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from intake.administration.consultee_columns import Layout, headings_of
from intake.administration.consultee_rows import Row, WrongRow, read_rows
from intake.administration.consultees import TypedContact, published
from intake.administration.mistakes import checked
from intake.documents.spreadsheets import WHAT_IS_WRONG, Sheet, as_csv
from intake.store.consultation_keys import GroupName, Part, named_address
from intake.store.consultations import Consultation
from intake.store.people import ENGLISH, Consultee, ConsulteeAddress, groups_of


class _Grouped(Part):
    group: GroupName


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as it is to be taken: one sheet, what its columns hold, and the group of rows that name none."""

    sheet: Sheet
    layout: Layout
    group: str = ""

    def wrong_rows_as_csv(self, wrong: Sequence[WrongRow]) -> bytes:
        """The rows as they stand in the file, with what is wrong with each; to be corrected and taken in again."""
        headings = headings_of(self.sheet, self.layout)
        width = len(headings)
        lines = ((*row.cells, *[""] * (width - len(row.cells)), row.sentence) for row in wrong)
        return as_csv([(*headings, WHAT_IS_WRONG), *lines])


@dataclass(frozen=True, slots=True)
class FieldChange:
    """`name` is a column's, or "contacts"."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Addition:
    """A row that names somebody new. `values` by the names of the columns."""

    number: int
    values: Mapping[str, Any]
    people: tuple[TypedContact, ...]

    @property
    def contacts(self) -> str:
        return _shown(self.people)


@dataclass(frozen=True, slots=True)
class Correction:
    """A row that says otherwise of a consultee."""

    number: int
    consultee: Consultee
    values: Mapping[str, Any]
    people: tuple[TypedContact, ...]  # those that are new, or have another name now
    changes: tuple[FieldChange, ...]


@dataclass(slots=True)
class Plan:
    """What a list comes to, beside the consultees as they are."""

    added: list[Addition] = field(default_factory=list)
    changed: list[Correction] = field(default_factory=list)
    unchanged: list[Consultee] = field(default_factory=list)
    uninvited: list[Consultee] = field(default_factory=list)  # no longer invited, and left so
    wrong: list[WrongRow] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)  # that are new
    not_listed: list[Consultee] = field(default_factory=list)  # invited, but in no row

    @property
    def does_anything(self) -> bool:
        return bool(self.added or self.changed)

    @property
    def without_address(self) -> int:
        """How many of the new ones nothing can be sent to."""
        return sum(not one.people for one in self.added)

    @property
    def digest(self) -> str:
        """The same for two plans that do the same."""
        parts: list[object] = [(one.number, dict(one.values), _shown(one.people)) for one in self.added]
        parts += [(one.number, one.consultee.id, one.changes) for one in self.changed]
        parts += [self.groups, [row.id for row in self.unchanged], [row.id for row in self.uninvited]]
        parts += [[(row.number, row.sentence) for row in self.wrong]]
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def plan_import(session: Session, consultation: Consultation, listing: Listing, *, locked: bool = False) -> Plan:
    """`locked`: nobody changes the consultees until the transaction ends. Raises Mistakes for a group of no use."""
    known = _Known(session, consultation, listing.group, locked=locked)
    for row in read_rows(listing.sheet, listing.layout, never=known.published):
        if isinstance(row, WrongRow):
            known.plan.wrong.append(row)
        else:
            known.judge(row)
    invited = [row for row in known.consultees if row.removed_at is None]
    known.plan.not_listed = [row for row in invited if row.id not in known.rows]
    return known.plan


class _Known:
    """The consultees as they are, and the plan as it grows row by row."""

    def __init__(self, session: Session, consultation: Consultation, group: str, *, locked: bool) -> None:
        own = (
            select(Consultee).where(Consultee.consultation_id == consultation.id).order_by(col(Consultee.organisation))
        )
        own = own.with_for_update(key_share=True).execution_options(populate_existing=True) if locked else own
        self.consultees = session.exec(own).all()
        self.contacts = _contacts(session, consultation)
        self.published = published(session, consultation)
        self.groups = {name.lower(): name for name in groups_of(session, consultation.id)}
        self.group = checked(_Grouped, {"group": group}).group if group else ""
        self.by_key = {row.key: row for row in self.consultees if row.key}
        self.by_name = {row.organisation.lower(): row for row in self.consultees}
        self.numbers: dict[tuple[str, str], int] = {}  # of the rows that named a key or an organisation
        self.rows: dict[int, int] = {}  # the row of each consultee that is in one
        self.plan = Plan()

    def judge(self, row: Row) -> None:
        consultee = self._named_before(row) or self._match(row)
        if isinstance(consultee, str):
            self._refuse(row, consultee)
        elif consultee is None:
            self._add(row)
        elif consultee.id in self.rows:
            self._refuse(row, f"Row {self.rows[consultee.id]} is of the same consultee; leave one of them out.")
        else:
            self.rows[consultee.id] = row.number
            if consultee.removed_at:
                self.plan.uninvited.append(consultee)
            else:
                self._hold_against(consultee, row)

    def _refuse(self, row: Row, sentence: str) -> None:
        self.plan.wrong.append(WrongRow(row.number, row.cells, sentence))

    def _named_before(self, row: Row) -> str | None:
        """Each row's key and name count, also where something else is wrong with it."""
        key, name = row.told.consultee_key, row.told.organisation.lower()
        earlier = self.numbers.setdefault(("key", key), row.number) if key else row.number
        if earlier != row.number:
            return f"Row {earlier} has the same key; leave one of them out."
        earlier = self.numbers.setdefault(("name", name), row.number)
        if earlier != row.number:
            return f"Row {earlier} names the same organisation; leave one out, or add the place to the name."
        return None

    def _match(self, row: Row) -> Consultee | str | None:
        """By its key, else by its name; a sentence where the two speak against each other."""
        told = row.told
        named = self.by_name.get(told.organisation.lower())
        if told.consultee_key is None:
            return named
        found = self.by_key.get(told.consultee_key)
        if found and named and named.id != found.id:
            return "Another consultee on the list has this name; correct the key, or add the place to the name."
        if named and named.key and not found:
            return "On the list this organisation has another key; correct the key, or add the place to the name."
        return found or named

    def _add(self, row: Row) -> None:
        group = row.told.stakeholder_group or self.group
        if not group:
            self._refuse(row, "It has no stakeholder group; fill it in, or choose one for the rows without.")
            return
        own = {"stakeholder_group": self._group_name(group), "language": row.told.language or ENGLISH}
        values = _values(row) | own
        self.plan.added.append(Addition(row.number, values, row.people))

    def _hold_against(self, consultee: Consultee, row: Row) -> None:
        said = {name: value for name, value in _values(row).items() if value is not None}
        if row.told.stakeholder_group:
            said["stakeholder_group"] = self._group_name(row.told.stakeholder_group)
        values = {name: value for name, value in said.items() if getattr(consultee, name) != value}
        changes = [FieldChange(name, getattr(consultee, name) or "", value) for name, value in values.items()]
        before = self.contacts.get(consultee.id, {})
        people = tuple(one for one in row.people if _is_new(one, before))
        if people:
            former = [TypedContact(address=a, name=n) for a, n in before.items() if a in {p.address for p in people}]
            changes.append(FieldChange("contacts", _shown(former), _shown(people)))
        if changes:
            self.plan.changed.append(Correction(row.number, consultee, values, people, tuple(changes)))
        else:
            self.plan.unchanged.append(consultee)

    def _group_name(self, text: str) -> str:
        """As it is written among the consultation's, or as it is first written here."""
        if text.lower() not in self.groups:
            self.groups[text.lower()] = text
            self.plan.groups.append(text)
        return self.groups[text.lower()]


def _contacts(session: Session, consultation: Consultation) -> dict[int, dict[str, str]]:
    """Address and name of each consultee's contacts."""
    own = select(ConsulteeAddress).join(Consultee).where(Consultee.consultation_id == consultation.id)
    found: dict[int, dict[str, str]] = {}
    for row in session.exec(own.order_by(col(ConsulteeAddress.id))):
        found.setdefault(row.consultee_id, {})[row.address] = row.name
    return found


def _values(row: Row) -> dict[str, Any]:
    given = row.told.model_dump()
    key = given.pop("consultee_key")
    return {**given, "key": key}


def _is_new(person: TypedContact, before: Mapping[str, str]) -> bool:
    return person.address not in before or bool(person.name and person.name != before[person.address])


def _shown(people: Sequence[TypedContact]) -> str:
    return ", ".join(named_address(one.name, one.address) for one in people)
