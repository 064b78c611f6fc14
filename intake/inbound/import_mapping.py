"""What the columns of another platform's export hold: as a mapping file says, or as the import's page does.

Never looks at a row below the headings; what rows say is read in `import_rows.py`.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from intake.documents.spreadsheets import Bounds, Sheet
from intake.errors import NotPossible, WrongConfiguration
from intake.store.consultation_keys import Part
from intake.store.consultation_toml import to_toml
from intake.toml_files import did_you_mean, first_mistake, mistake_in_words, read_toml

AN_EXPORT = Bounds(file=100_000_000, rows=60_000, columns=500, cell=100_000, seconds=180, memory_mb=3_000)
MOST_HEADINGS = 20  # rows
_LETTERS = re.compile(r"(?:column )?([A-Za-z]{1,3})")


class WrongMapping(NotPossible):
    """The mapping does not fit the file."""


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


ColumnName = Annotated[str, Field(min_length=1)]
Columns = Annotated[list[ColumnName], BeforeValidator(_several)]


class GroupSaid(Part):
    """A stakeholder group under another name: what stands in the file, and the group it is; empty for none."""

    says: str
    group: str = Field(alias="is", default="")


class Asked(Part):
    """The columns that answer one question: ours, by its short name, or one asked elsewhere, in these words.

    Without either it is the column's heading that was asked.
    """

    question: str | None = None
    asked: str | None = None
    columns: Columns = Field(min_length=1)

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if self.question and self.asked:
            raise ValueError("has both question and asked; leave one of them out")
        if not (self.question or self.asked) and len(self.columns) > 1:
            raise ValueError("has several columns; say which question they answer, as question or asked")
        return self


class ImportMapping(Part):
    """How an export is read. A column is named by its heading, or by its letter as spreadsheets have it."""

    sheet: str | None = None
    headings: int = Field(default=1, ge=0, le=MOST_HEADINGS)
    identifier: ColumnName | None = None
    name: Columns = Field(default_factory=list)
    address: ColumnName | None = None
    organisation: ColumnName | None = None
    group: ColumnName | None = None
    received: ColumnName | None = None
    month_first: bool = False
    received_without_date: datetime | None = None
    for_organisation: ColumnName | None = None
    may_publish: ColumnName | None = None
    confidential: ColumnName | None = None
    groups: list[GroupSaid] = Field(default_factory=list)
    answers: list[Asked] = Field(default_factory=list)

    @model_validator(mode="after")
    def _answers_something(self) -> Self:
        if not self.answers:
            raise ValueError("has no [[answers]]; say which columns hold what people answered")
        return self

    def to_toml(self) -> str:
        """Reads back to the same."""
        content = self.model_dump(by_alias=True, exclude_defaults=True)
        content["name"] = self.name or None
        return to_toml({"headings": self.headings} | content)


def read_mapping_file(path: Path) -> ImportMapping:
    """Raises WrongConfiguration naming the file, the key and what to do."""
    try:
        return _mapping(read_toml(path))
    except WrongMapping as wrong:
        sentence = str(wrong)
    raise WrongConfiguration(f"{path}: {sentence}")


def read_mapping(text: str) -> ImportMapping:
    """A mapping that was uploaded, or kept in a form. Raises WrongMapping."""
    try:
        return _mapping(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        sentence = f"The mapping is not valid TOML: {error}."
    raise WrongMapping(sentence)


def _mapping(given: dict[str, Any]) -> ImportMapping:
    try:
        return ImportMapping.model_validate(given)
    except ValidationError as invalid:
        error = first_mistake(invalid)
    name = " in ".join(str(part + 1) if isinstance(part, int) else part for part in reversed(error["loc"]))
    known = [field.alias or key for key, field in _part_of(error["loc"]).model_fields.items()]
    # Raised outside the except clause: the first error carries what was given.
    raise WrongMapping(mistake_in_words(error, name or "The mapping", known=known, key="key", table="table"))


def _part_of(location: tuple[int | str, ...]) -> type[Part]:
    parts: dict[int | str, type[Part]] = {"groups": GroupSaid, "answers": Asked}
    return parts.get(location[0], ImportMapping) if len(location) > 1 else ImportMapping


def sheet_of(sheets: Sequence[Sheet], mapping: ImportMapping) -> Sheet:
    """That which the mapping names, else the first. Raises WrongMapping."""
    found = next((one for one in sheets if mapping.sheet in (None, one.name)), None)
    if found is None:
        names = ", ".join(f"“{one.name}”" for one in sheets if one.name) or "none, as it is a CSV file"
        raise WrongMapping(f"There is no sheet “{mapping.sheet}” in the file; there is {names}.")
    return found


def letter(place: int) -> str:
    """ "A" of 0, "AA" of 26: as spreadsheet programs name a column."""
    name = ""
    while place >= 0:
        name, place = chr(ord("A") + place % 26) + name, place // 26 - 1
    return name


class Headings:
    """The headings of a sheet, which may stand in several rows, and the columns they name."""

    def __init__(self, sheet: Sheet, rows: int) -> None:
        self.width = max(map(len, sheet.rows), default=0)
        above = sheet.rows[:rows]
        self._texts = [[_plain(row[place]) for row in above if place < len(row)] for place in range(self.width)]
        last = [[row[place] for row in above if place < len(row) and row[place]] for place in range(self.width)]
        self.shown = [" ".join(texts[-1].split()) if texts else "" for texts in last]
        """Of each column the one in the lowest row that has one."""

    def place(self, name: str) -> int:
        """Counted from 0. Raises WrongMapping."""
        found = [place for place, texts in enumerate(self._texts) if _plain(name) in texts]
        if len(found) > 1:
            where = " and ".join(letter(place) for place in found[:5])
            raise WrongMapping(f"Columns {where} all have the heading “{name}”; name the column by its letter.")
        if found:
            return found[0]
        if (letters := _LETTERS.fullmatch(name)) and (place := _place(letters[1].upper())) < self.width:
            return place
        headings = [heading for heading in self.shown if heading]
        close = did_you_mean(name, headings)
        raise WrongMapping(f"There is no column “{name}” in the file{close.replace('; remove it.', '; correct it.')}")

    def name(self, place: int) -> str:
        """By which `place` finds it again: its heading, or where that does not tell it apart, its letter."""
        heading = self.shown[place]
        if heading and self._finds(heading, place):
            return heading
        bare = letter(place)
        return bare if self._finds(bare, place) else f"column {bare}"

    def _finds(self, name: str, place: int) -> bool:
        try:
            return self.place(name) == place
        except WrongMapping:
            return False


def columns_of(mapping: ImportMapping) -> Iterator[str]:
    """Every name of a column in it."""
    single = ("identifier", "address", "organisation", "group", "received", "for_organisation", "may_publish")
    yield from (name for key in (*single, "confidential") if (name := getattr(mapping, key)))
    yield from mapping.name
    for one in mapping.answers:
        yield from one.columns


def _plain(text: str) -> str:
    return " ".join(text.split()).lower()


def _place(letters: str) -> int:
    place = 0
    for one in letters:
        place = place * 26 + ord(one) - ord("A") + 1
    return place - 1
