"""One row of another platform's export: the response it is, or what is wrong with it and what to do.

Knows the mapping and the consultation's questions and groups; never whether a row is there already.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from intake.documents.spreadsheets import Sheet
from intake.errors import Mistakes
from intake.inbound.entering import Entry, GivenAnswer
from intake.inbound.import_mapping import AN_EXPORT, Asked, Headings, ImportMapping, WrongMapping, columns_of, letter
from intake.inbound.import_values import Moments, consent, in_zone, options_in, yes_or_no
from intake.inbound.keying import LONGEST_NAME
from intake.mail.usable_addresses import is_usable_address, tidy_address
from intake.store.consultations import Consultation, Question
from intake.store.database import storable
from intake.store.responses import Channel

LONGEST_IDENTIFIER = 200


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row that can be taken in. `identifier` is the platform's own, `sha256` that of all its cells."""

    number: int  # as people see it
    cells: tuple[str, ...]
    identifier: str | None
    sha256: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class WrongRow:
    number: int
    cells: tuple[str, ...]
    sentence: str


@dataclass(slots=True)
class RowReader:
    """Reads the rows of a sheet as a mapping says. Raises WrongMapping before the first where the two do not fit."""

    sheet: Sheet
    mapping: ImportMapping
    consultation: Consultation
    questions: Sequence[Question]
    groups: Sequence[str]
    now: datetime
    headings: Headings = field(init=False)
    _places: dict[str, int] = field(init=False)
    _groups: dict[str, str] = field(init=False)
    _asked: list[tuple[Asked, Question | None]] = field(init=False)
    _moments: Moments = field(init=False)

    def __post_init__(self) -> None:
        self._moments = Moments(is_month_first=self.mapping.month_first)
        self.headings = Headings(self.sheet, self.mapping.headings)
        self._places = {name: self.headings.place(name) for name in columns_of(self.mapping)}
        by_key = {one.key: one for one in self.questions}
        if unknown := [one.question for one in self.mapping.answers if one.question and one.question not in by_key]:
            known = ", ".join(by_key) or "none"
            raise WrongMapping(f"There is no question “{unknown[0]}” in this consultation; its questions are: {known}.")
        self._asked = [(one, by_key.get(one.question or "")) for one in self.mapping.answers]
        self._groups = {name.lower(): name for name in self.groups}
        for said in self.mapping.groups:
            if said.group and said.group.lower() not in self._groups:
                raise WrongMapping(f"There is no stakeholder group “{said.group}” in this consultation.")
        self._groups |= {one.says.lower(): self._groups.get(one.group.lower(), "") for one in self.mapping.groups}

    def read(self) -> Iterator[ImportRow | WrongRow]:
        """Every row below the headings that is not blank."""
        below = self.sheet.rows[self.mapping.headings :]
        for number, cells in enumerate(below, start=self.mapping.headings + 1):
            if any(cells):
                yield self._row(number, cells)

    def groups_unknown(self) -> list[str]:
        """What stands in the column of groups and is none, in the order it first comes."""
        if not self.mapping.group:
            return []
        place = self._places[self.mapping.group]
        below = self.sheet.rows[self.mapping.headings :]
        said = {row[place] for row in below if place < len(row) and row[place]}
        return sorted(one for one in said if one.lower() not in self._groups)

    def _row(self, number: int, cells: tuple[str, ...]) -> ImportRow | WrongRow:
        if any(len(cell) > AN_EXPORT.cell for cell in cells):
            return WrongRow(number, cells, f"A cell has more than {AN_EXPORT.cell:,} characters; key it in by hand.")
        cells = tuple(storable(cell) for cell in cells)
        try:
            entry = self._entry(cells, number)
            identifier = self._one(cells, self.mapping.identifier)
            if self.mapping.identifier and not identifier:
                raise Mistakes({"identifier": "It has no identifier; add the one the platform gave it."})
            if len(identifier) > LONGEST_IDENTIFIER:
                most = f"{LONGEST_IDENTIFIER} characters"
                raise Mistakes({"identifier": f"Its identifier has more than {most}; choose another column for it."})
        except Mistakes as wrong:
            return WrongRow(number, cells, str(wrong))
        return ImportRow(number, cells, identifier or None, _digest(cells), entry)

    def _entry(self, cells: tuple[str, ...], number: int) -> Entry:
        mapping = self.mapping
        address = tidy_address(self._one(cells, mapping.address))
        said = self._people(cells, address)
        answers = [answer for asked, question in self._asked for answer in self._answer(cells, asked, question)]
        if not any(answer.words for answer in answers):
            said["answers"] = "There is no answer in this row; leave the row out if none was given."
        consent, is_kept = self._consent(cells, said)
        received_at = self._received(cells, said)
        group = self._group(cells, said)
        is_for_organisation = self._choice(cells, mapping.for_organisation, said)
        is_confidential = self._choice(cells, mapping.confidential, said)
        if said:
            raise Mistakes(said)
        return Entry(
            Channel.imported,
            received_at,
            name=self._name(cells),
            address=address or None,
            organisation=self._one(cells, mapping.organisation) or None,
            stakeholder_group=group or None,
            is_for_organisation=is_for_organisation,
            may_publish=consent,
            is_confidential=bool(is_confidential) or is_kept,
            answers=answers,
            detail={"row": number},
        )

    def _people(self, cells: tuple[str, ...], address: str) -> dict[str, str]:
        """What is wrong with whom it is from."""
        wrong = dict[str, str]()
        if address and not is_usable_address(address):
            wrong["address"] = "The email address cannot be used; write it like name@example.com, or leave it empty."
        for name, text in (("name", self._name(cells)), ("organisation", self._one(cells, self.mapping.organisation))):
            if len(text) > LONGEST_NAME:
                wrong[name] = f"The {name} has more than {LONGEST_NAME} characters; shorten it."
        return wrong

    def _name(self, cells: tuple[str, ...]) -> str:
        return " ".join(filter(None, (self._one(cells, column) for column in self.mapping.name)))

    def _group(self, cells: tuple[str, ...], wrong: dict[str, str]) -> str:
        said = self._one(cells, self.mapping.group)
        if said and said.lower() not in self._groups:
            wrong["group"] = "Its group is none of this consultation’s; say in the mapping which one it is."
        return self._groups.get(said.lower(), "") if said else ""

    def _choice(self, cells: tuple[str, ...], column: str | None, wrong: dict[str, str]) -> bool | None:
        """Yes or no, or whether somebody answers for others."""
        said = self._one(cells, column)
        if not said or not column:
            return None
        found = yes_or_no(said)
        if found is None:
            heading = self.headings.shown[self._places[column]] or column
            wrong[column] = f"“{_short(heading)}” does not say yes or no; correct it, or leave it empty."
        return found

    def _consent(self, cells: tuple[str, ...], wrong: dict[str, str]) -> tuple[bool | None, bool]:
        """Whether it may be published, and whether it was asked for confidence."""
        said = self._one(cells, self.mapping.may_publish)
        if not said:
            return None, False
        found = consent(said)
        if found is None:
            wrong["may_publish"] = "It does not say whether it may be published; write yes or no, or leave it empty."
            return None, False
        return found

    def _received(self, cells: tuple[str, ...], wrong: dict[str, str]) -> datetime | None:
        said, zone = self._one(cells, self.mapping.received), self.consultation.zone
        without = self.mapping.received_without_date
        if not said:
            return in_zone(without, zone) if without else None
        local = self._moments.read(said)
        if local is None:
            wrong["received"] = "Its date cannot be read; write it like 28/02/2020 14:30, or 2020-02-28 14:30."
            return None
        at = in_zone(local, zone)
        if at > self.now:
            wrong["received"] = "Its date is yet to come; correct it, or say in the mapping that the month is first."
        elif at < self.consultation.opens_at:
            wrong["received"] = "Its date is before the consultation opened; correct it, or choose another column."
        return at

    def _answer(self, cells: tuple[str, ...], asked: Asked, question: Question | None) -> Iterator[GivenAnswer]:
        """Ours always, also where nothing was said, so that it is seen; another only where something was."""
        given = [(column, words) for column in asked.columns if (words := self._words(cells, column))]
        if question is None:
            text = given[0][1] if len(asked.columns) == 1 and given else self._labelled(given)
            if text:
                yield GivenAnswer(asked.asked or self._heading(asked.columns[0]), text)
            return
        chosen, rest = list[str](), list[tuple[str, str]]()
        for column, words in given:
            if options := options_in(question, words, self._heading(column)):
                chosen += options
            else:
                rest.append((column, words))
        text = rest[0][1] if len(rest) == 1 else self._labelled(rest)
        yield GivenAnswer.to(question, text, [one for one in question.options if one in chosen])

    def _labelled(self, given: Sequence[tuple[str, str]]) -> str:
        return "\n".join(f"{self._heading(column)}: {words}" for column, words in given)

    def _heading(self, column: str) -> str:
        place = self._places[column]
        return self.headings.shown[place] or f"Column {letter(place)}"

    def _words(self, cells: tuple[str, ...], column: str) -> str:
        place = self._places[column]
        return cells[place] if place < len(cells) else ""

    def _one(self, cells: tuple[str, ...], column: str | None) -> str:
        return " ".join(self._words(cells, column).split()) if column else ""


def _digest(cells: Sequence[str]) -> str:
    """Of the cells that hold anything, so that a new column without values changes none."""
    return hashlib.sha256("\x1f".join(cell for cell in cells if cell).encode("utf-8", "replace")).hexdigest()


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
