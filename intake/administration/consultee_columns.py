"""Which column of a list holds what: recognised by its heading, or as an administrator says.

Never reads a file, and never looks below the headings.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from intake.documents.spreadsheets import Sheet

_HEADINGS_WITHIN = 20  # rows


class Column(StrEnum):
    """What a column may hold. There may be several of addresses and of contacts, one of anything else."""

    organisation = "organisation"
    group = "group"
    key = "key"
    address = "address"
    contact = "contact"
    domain = "domain"
    language = "language"

    @property
    def is_repeatable(self) -> bool:
        return self in (Column.address, Column.contact)


# As they are in the lists of schools and stakeholders that councils keep. What stands first is taken first.
_HEADINGS: Mapping[Column, Sequence[str]] = {
    Column.domain: ("domain", "email domain", "e mail domain", "mail domain"),
    Column.organisation: (
        "organisation", "organization", "name of organisation", "organisation name", "name of organization",
        "organization name", "school", "name of school", "school name", "establishment", "establishment name",
        "name of establishment", "establishmentname", "institution", "trust", "trust name", "consultee",
        "consultee name", "stakeholder", "stakeholder name", "company", "body", "name",
    ),
    Column.key: (
        "urn", "key", "dfe number", "dfe no", "dfe", "unique reference number", "laestab", "establishment number",
        "school number", "school code", "number", "id", "identifier", "code", "reference", "reference number", "ref",
        "ukprn", "account number",
    ),
    Column.group: (
        "stakeholder group", "group", "type", "stakeholder type", "type of organisation", "organisation type",
        "type of school", "school type", "type of establishment", "typeofestablishment name", "category", "sector",
        "phase",
    ),
    Column.contact: (
        "contact", "contact name", "name of contact", "contact person", "headteacher", "head teacher", "head",
        "headteacher name", "head teacher name", "name of headteacher", "name of head teacher", "principal",
        "chair", "chair of governors", "clerk", "full name", "person", "recipient", "name",
    ),
    Column.language: ("language", "preferred language", "language of correspondence", "iaith"),
}  # fmt: skip
_ADDRESS = re.compile(r"\be ?mails?\b|\bmail address\b|\bmailbox\b")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in a sheet the headings are (its number from 1; 0 where there are none), and what each column holds."""

    sheet: str
    header: int
    columns: tuple[Column | None, ...]

    @property
    def is_known(self) -> bool:
        """Whether rows can be told apart by it."""
        return Column.organisation in self.columns


def recognise(sheets: Sequence[Sheet]) -> Layout:
    """Of the first sheet that has headings we know; of the first where none has, its first row taken for headings."""
    layouts = [recognise_sheet(sheet) for sheet in sheets]
    return next((layout for layout in layouts if layout.is_known), layouts[0])


def recognise_sheet(sheet: Sheet, header: int | None = None) -> Layout:
    """`header`: the number of the row with the headings, 0 for none, where somebody said so."""
    if header == 0:
        return Layout(sheet.name, 0, tuple(None for _ in _headings(sheet, 0)))
    filled = [number for number, row in enumerate(sheet.rows, start=1) if any(row)]
    numbers = [header] if header and header <= len(sheet.rows) else filled[:1]
    if header is None:
        numbers += [number for number in filled[1:] if number <= _HEADINGS_WITHIN and _may_be_headings(sheet, number)]
    found = [Layout(sheet.name, number, recognise_headings(_headings(sheet, number))) for number in numbers]
    return max(found, key=lambda layout: (layout.is_known, sum(1 for column in layout.columns if column)))


def _may_be_headings(sheet: Sheet, number: int) -> bool:
    """Below the first row: not the row of a consultee of the group “school”."""
    row = sheet.rows[number - 1]
    return sum(1 for column in recognise_headings(row) if column) > 1 and not any("@" in cell for cell in row)


def recognise_headings(headings: Sequence[str]) -> tuple[Column | None, ...]:
    plain = [" ".join(re.findall(r"[^\W_]+", heading.lower())) for heading in headings]
    found: list[Column | None] = [None] * len(plain)
    for column, names in _HEADINGS.items():
        places = [plain.index(name) for name in names if name in plain and found[plain.index(name)] is None]
        for place in places if column.is_repeatable else places[:1]:
            found[place] = column
    for place, heading in enumerate(plain):
        if found[place] is None and _ADDRESS.search(heading):
            found[place] = Column.address
    return tuple(found)


def headings_of(sheet: Sheet, layout: Layout) -> tuple[str, ...]:
    """As wide as its widest row; a column without a heading has an empty one."""
    return _headings(sheet, layout.header)


def _headings(sheet: Sheet, header: int) -> tuple[str, ...]:
    width = max(map(len, sheet.rows), default=0)
    row = sheet.rows[header - 1] if header else ()
    return (*row, *[""] * (width - len(row)))
