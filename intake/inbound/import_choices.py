"""What each column of an export is chosen to hold: guessed from headings and values, or as an administrator says.

A choice is "identifier", "name", …, "question:KEY" for a question of ours, "asked" for one in the words of the column's
heading, "asked:WORDS" for one in other words, and nothing for a column that is left out.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from intake.documents.spreadsheets import Sheet
from intake.errors import Mistakes
from intake.inbound.import_mapping import Headings, ImportMapping
from intake.inbound.import_values import Moments, consent, yes_or_no
from intake.mail.usable_addresses import is_usable_address
from intake.store.consultations import Question

HELD: Mapping[str, str] = {
    "identifier": "Identifier",
    "received": "When it was received",
    "name": "Name",
    "address": "Email address",
    "organisation": "Organisation",
    "for_organisation": "Whether for an organisation",
    "group": "Stakeholder group",
    "may_publish": "Whether it may be published",
    "confidential": "Whether it is confidential",
}
"""What a column may hold but answers, as people call it. Of names there may be several columns, of the others one."""
ASKED = "asked"
_LOOKED_AT = 200  # rows
_HEADINGS_WITHIN = 5  # rows that are not blank
_MOST = 0.6  # of the values; the others are rows to correct
_LONGEST_HEADING, _SHORT = 100, 40  # characters
_NAMED: Mapping[str, str] = {
    "identifier": r"((response|respondent|submission|unique) ?)?(id|identifier|reference|ref|number|no)",
    "received": r"(date|time|submi|complet|received|timestamp|created|end ?date|finished)",
    "name": r"^((what is )?your |full |first |last |respondent ?)?(sur)?name ?\??$",
    "address": r"\be ?mail",
    "organisation": r"^(what is )?((the |your )?(name of )?(the |your )?)?(organi[sz]ation|company)( ?name)? ?\??$",
    "group": r"sector|stakeholder|(respondent|organi[sz]ation) type|type of (respondent|organi[sz]ation)|^group$",
    "for_organisation": r"(respond|answer)ing (as|on behalf)|on behalf of|respondent type|individual or",
    "may_publish": r"publish",
    "confidential": r"confidential",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """`columns` has one for each column of the sheet. `groups`: other names of groups, and what they stand for."""

    sheet: str
    headings: int
    columns: tuple[str, ...]
    month_first: bool = False
    received_without_date: datetime | None = None
    groups: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, mapping: ImportMapping, sheet: Sheet) -> "Choices":
        """As a mapping says. Raises WrongMapping where it names columns that are not there."""
        headings = Headings(sheet, mapping.headings)
        columns = [""] * headings.width
        for held in HELD:
            value = getattr(mapping, held)
            for name in value if isinstance(value, list) else [value] if value else []:
                columns[headings.place(name)] = held
        for answer in mapping.answers:
            what = (
                f"question:{answer.question}" if answer.question else f"asked:{answer.asked}" if answer.asked else ASKED
            )
            for name in answer.columns:
                columns[headings.place(name)] = what
        groups = {one.says: one.group for one in mapping.groups}
        without = mapping.received_without_date
        return cls(sheet.name, mapping.headings, tuple(columns), mapping.month_first, without, groups)

    def mapping(self, headings: Headings) -> ImportMapping:
        """Raises Mistakes, for "columns", where they do not make one."""
        given: dict[str, Any] = {
            "sheet": self.sheet or None,
            "headings": self.headings,
            "month_first": self.month_first,
        }
        answers: dict[str, list[str]] = {}
        for place, choice in enumerate(self.columns):
            name = headings.name(place)
            if choice == "name":
                given.setdefault("name", []).append(name)
            elif choice in HELD:
                if choice in given:
                    raise Mistakes(
                        {f"column-{place}": f"Another column holds “{HELD[choice]}” too; choose one of them."}
                    )
                given[choice] = name
            elif choice:
                answers.setdefault(f"{ASKED}-{place}" if choice == ASKED else choice, []).append(name)
        if not answers:
            raise Mistakes({"column-0": "Choose at least one column that holds what people answered."})
        given["answers"] = [{**_asked(choice), "columns": names} for choice, names in answers.items()]
        given["groups"] = [{"says": says, "is": group} for says, group in self.groups.items()]
        return ImportMapping.model_validate(given | {"received_without_date": self.received_without_date})


def guess(sheet: Sheet, questions: Sequence[Question], groups: Sequence[str], headings: int | None = None) -> Choices:
    """`headings`: the number of rows with headings, where somebody said so."""
    rows = _rows_of_headings(sheet) if headings is None else headings
    named = Headings(sheet, rows)
    below = [row for row in sheet.rows[rows : rows + _LOOKED_AT] if any(row)]
    values = [[row[place] for row in below if place < len(row)] for place in range(named.width)]
    asked = {_plain(one.text): f"question:{one.key}" for one in questions}
    taken = set[str]()
    columns = list[str]()
    for place, heading in enumerate(named.shown):
        filled = [value for value in values[place] if value]
        choice = asked.get(_plain(heading)) or _held(heading, filled, values[place], groups, taken)
        columns.append(choice or (ASKED if filled else ""))
        taken |= {choice} - {"name", None}  # type: ignore[arg-type]
    return Choices(sheet.name, rows, tuple(columns))


def _rows_of_headings(sheet: Sheet) -> int:
    """The last row of headings: that which asks the most among the first."""
    filled = [number for number, row in enumerate(sheet.rows, start=1) if any(row)][:_HEADINGS_WITHIN]
    asking = {number: sum(_asks(cell) for cell in sheet.rows[number - 1]) for number in filled}
    return max(filled, key=lambda number: asking[number]) if any(asking.values()) else filled[0]


def _asks(cell: str) -> bool:
    return cell.rstrip().endswith("?") or (len(cell) <= _SHORT and any(_says(held, _plain(cell)) for held in _NAMED))


def _held(
    heading: str, filled: Sequence[str], values: Sequence[str], groups: Sequence[str], taken: set[str]
) -> str | None:
    """What the heading says, where the values do not speak against it."""
    plain = _plain(heading)
    for held in HELD:
        if held not in taken and _says(held, plain) and _fits(held, filled, values, groups):
            return held
    return None


def _says(held: str, heading: str) -> bool:
    found = re.fullmatch(_NAMED[held], heading) if held == "identifier" else re.search(_NAMED[held], heading)
    return bool(found) and len(heading) <= _LONGEST_HEADING


def _fits(held: str, filled: Sequence[str], values: Sequence[str], groups: Sequence[str]) -> bool:
    def share(known: Callable[[str], object]) -> float:
        return sum(known(value) is not None for value in filled) / len(filled) if filled else 1

    match held:
        case "identifier":
            return len(filled) == len(set(filled)) and len(filled) > len(values) / 2
        case "received":
            moments = Moments(is_month_first=False), Moments(is_month_first=True)
            return share(lambda value: moments[0].read(value) or moments[1].read(value)) > _MOST
        case "address":
            return share(lambda value: is_usable_address(value) or None) > _MOST
        case "for_organisation" | "confidential":
            return share(yes_or_no) == 1
        case "may_publish":
            return share(consent) == 1
        case "group":
            return bool(groups)
    return True


def _asked(choice: str) -> dict[str, str]:
    kind, _, what = choice.partition(":")
    return {kind: what} if what else {}


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+|\?", text.lower()))
