"""Which of a consultation's consultees are wanted, and in what order: read from an address and written to one.

What the address holds that makes no sense is left out; nothing here raises.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from intake.responses.answering import Standing, Trouble
from intake.store.people import Consultee

LONGEST_SEARCH = 200
MOST_PAGES = 10_000
PAGE = 100
Choice = TypeVar("Choice", bound=StrEnum)


class Answered(StrEnum):
    yes = "yes"
    no = "no"


class Sort(StrEnum):
    """What the list is sorted by; `answered` has the latest answer first."""

    organisation = "organisation"
    group = "group"
    answered = "answered"


@dataclass(frozen=True, slots=True)
class Wanted:
    """All must hold; of several groups, one. Those no longer invited are shown apart."""

    answered: Answered | None = None
    group: tuple[str, ...] = ()
    trouble: Trouble | None = None
    q: str = ""
    removed: bool = False
    sort: Sort = Sort.organisation
    reversed: bool = False
    page: int = 1

    @classmethod
    def from_query(cls, query: Iterable[tuple[str, str]], groups: Sequence[str]) -> "Wanted":
        pairs = list(query)
        given = dict(pairs)
        number = given.get("page", "")
        return cls(
            answered=_choice(given, "answered", Answered),
            group=tuple(sorted({value for name, value in pairs if name == "group" and value in groups})),
            trouble=_choice(given, "trouble", Trouble),
            q=" ".join("".join(c if c.isprintable() else " " for c in given.get("q", "")).split())[:LONGEST_SEARCH],
            removed=given.get("removed") == "yes",
            sort=_choice(given, "sort", Sort) or Sort.organisation,
            reversed=given.get("reversed") == "yes",
            page=min(max(int(number), 1), MOST_PAGES)
            if number.isascii() and number.isdigit() and len(number) < 6
            else 1,
        )

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Names and values as they stand in the address, without what was not chosen."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                values = value if isinstance(value, tuple) else ("yes" if value is True else str(value),)
                yield from ((field.name, one) for one in values)

    def to_query(self, **changed: Any) -> str:
        """Without a question mark. Whoever changes anything begins at the first page again."""
        return urlencode(list(replace(self, **{"page": 1, **changed}).pairs()))

    @property
    def is_narrowed(self) -> bool:
        return bool(self.answered or self.group or self.trouble or self.q or self.removed)

    def of(self, standings: Iterable[Standing]) -> list[Standing]:
        """Those wanted, in their order."""
        found = [one for one in standings if self._takes(one)]
        if self.sort is Sort.group:  # within a group they stay in alphabetical order
            found.sort(key=lambda one: one.consultee.stakeholder_group.casefold(), reverse=self.reversed)
        elif self.sort is Sort.answered:
            found.sort(key=_answered_at, reverse=not self.reversed)
        elif self.reversed:
            found.reverse()
        return found

    def _takes(self, one: Standing) -> bool:
        consultee = one.consultee
        return (
            (consultee.removed_at is not None) is self.removed
            and (self.answered is None or (one.answered is not None) is (self.answered is Answered.yes))
            and (not self.group or consultee.stakeholder_group in self.group)
            and (self.trouble is None or self.trouble in one.troubles)
            and (not self.q or _holds(one, self.q.casefold()))
        )


def _choice(given: Mapping[str, str], name: str, choices: type[Choice]) -> Choice | None:
    return next((choice for choice in choices if choice.value == given.get(name)), None)


def _holds(one: Standing, wanted: str) -> bool:
    texts = [*_texts(one.consultee), *(text for c in one.contacts for text in (c.row.address, c.row.name))]
    return any(wanted in text.casefold() for text in texts)


def _texts(consultee: Consultee) -> tuple[str, ...]:
    return consultee.organisation, consultee.key or "", consultee.domain or ""


def _answered_at(one: Standing) -> float:
    """Those who have not answered come before the first answer."""
    at = one.answered.received_at or one.answered.recorded_at if one.answered else None
    return at.timestamp() if at else 0
