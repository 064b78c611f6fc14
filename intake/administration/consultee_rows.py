"""One row of a list: the consultee it tells of, or what is wrong with it and what to do.

Knows the rules of single values. What the row comes to beside the list and its other rows, `consultee_import.py` says.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BeforeValidator, Field

from intake.administration.consultee_columns import Column, Layout
from intake.administration.consultees import TypedContact, tidy_domain
from intake.administration.mistakes import checked
from intake.documents.spreadsheets import Sheet
from intake.errors import Mistakes
from intake.mail.public_providers import is_public_domain
from intake.mail.usable_addresses import is_usable_address, tidy_address
from intake.store.consultation_keys import Domain, GroupName, Language, Line, Part, split_address

_LANGUAGES = {"en": "en", "english": "en", "saesneg": "en", "cy": "cy", "welsh": "cy", "cymraeg": "cy"}
_LONGEST_WORD = 20
# Between addresses in one cell. In "Hughes, Ben <ben@school.example>" the comma is the name's.
_BETWEEN_NAMED, _BETWEEN_BARE = re.compile(r"[;\n\r]+|(?<=>)\s*,"), re.compile(r"[;,\s]+")


def _none_if_empty(text: str) -> str | None:
    return text or None


class ListedConsultee(Part):
    """What a row says. None: it says nothing of it, so what is known stays."""

    organisation: Line = Field(max_length=200)
    stakeholder_group: Annotated[GroupName | None, BeforeValidator(_none_if_empty)] = None
    consultee_key: Annotated[Line | None, Field(max_length=80), BeforeValidator(_none_if_empty)] = None
    domain: Annotated[Domain | None, BeforeValidator(tidy_domain)] = None
    language: Annotated[
        Language | None, BeforeValidator(lambda text: _LANGUAGES.get(text.lower(), text) if text else None)
    ] = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file: its number as people see it, and its cells as they stand there."""

    number: int
    cells: tuple[str, ...]
    told: ListedConsultee
    people: tuple[TypedContact, ...]


@dataclass(frozen=True, slots=True)
class WrongRow:
    number: int
    cells: tuple[str, ...]
    sentence: str


@dataclass(slots=True)
class _Cells:
    """The cells of one row, by what their columns hold."""

    single: dict[Column, str] = field(default_factory=dict)
    addresses: list[tuple[int, str]] = field(default_factory=list)
    contacts: list[tuple[int, str]] = field(default_factory=list)


def read_rows(sheet: Sheet, layout: Layout, *, never: Collection[str]) -> Iterator[Row | WrongRow]:
    """Every row below the headings that is not blank. `never` are addresses no consultee can have: our own."""
    for number, cells in enumerate(sheet.rows[layout.header :], start=layout.header + 1):
        if any(cells):
            yield _read(number, cells, layout, never)


def _read(number: int, cells: tuple[str, ...], layout: Layout, never: Collection[str]) -> Row | WrongRow:
    sorted_cells = _sort(cells, layout)
    try:
        told = _told(sorted_cells.single)
        people = tuple(_people(sorted_cells, never))
    except Mistakes as wrong:
        return WrongRow(number, cells, str(wrong))
    return Row(number, cells, told, people)


def _sort(cells: Sequence[str], layout: Layout) -> _Cells:
    found = _Cells()
    for place, (column, cell) in enumerate(zip(layout.columns, cells, strict=False)):
        match column:
            case Column.address:
                found.addresses.append((place, cell))
            case Column.contact:
                found.contacts.append((place, " ".join(cell.split())))
            case Column():
                found.single[column] = " ".join(cell.split())
    return found


def _told(given: Mapping[Column, str]) -> ListedConsultee:
    names = {Column.group: "stakeholder_group", Column.key: "consultee_key"}
    values = {"organisation": "", **{names.get(c, str(c)): text for c, text in given.items()}}
    try:
        told = checked(ListedConsultee, values)
    except Mistakes as wrong:
        by_field = wrong.by_field | _of_language(values) if "language" in wrong.by_field else wrong.by_field
    else:
        by_field = {}
    if by_field:
        raise Mistakes(by_field)
    if told.domain and is_public_domain(told.domain):
        raise Mistakes({"domain": "Anybody can have an address at this mail provider; leave the domain empty."})
    return told


def _of_language(values: Mapping[str, str]) -> dict[str, str]:
    """Names the value only where it is a word, as it may be another column's: somebody's address."""
    word = values["language"]
    if not word.isalpha() or len(word) > _LONGEST_WORD:
        return {}
    return {"language": f"“{word}” is not a language we write in: use English or Welsh."}


def _people(cells: _Cells, never: Collection[str]) -> Iterator[TypedContact]:
    """A contact's name goes with the first address beside it: in the nearest column to the right, else to the left."""
    names = dict(_place_of(place, cells.addresses, name) for place, name in cells.contacts if name and cells.addresses)
    seen = set[str]()
    for place, cell in cells.addresses:
        for position, text in enumerate(_addresses(cell)):
            name, written = split_address(text)
            name, address = name or (names.get(place, "") if position == 0 else ""), tidy_address(written)
            person = _person(name, address, never, len(seen) + 1)
            if person.address not in seen:
                seen.add(person.address)
                yield person


def _place_of(place: int, addresses: Sequence[tuple[int, str]], name: str) -> tuple[int, str]:
    places = [one for one, _ in addresses]
    return next((one for one in places if one > place), places[-1]), name


def _addresses(cell: str) -> list[str]:
    between = _BETWEEN_NAMED if "<" in cell else _BETWEEN_BARE
    return [text for part in between.split(cell) if (text := part.strip().removeprefix("mailto:"))]


def _person(name: str, address: str, never: Collection[str], number: int) -> TypedContact:
    which = "The email address" if number == 1 else f"Email address number {number}"
    if not is_usable_address(address):
        raise Mistakes({"address": f"{which} cannot be used; write it like name@example.com."})
    if address in never:
        raise Mistakes({"address": f"{which} is one that people write to about the consultation; take it out."})
    try:
        return checked(TypedContact, {"name": name, "address": address})
    except Mistakes:
        raise Mistakes({"address": f"{which}, or the name with it, cannot be used; correct it."}) from None
