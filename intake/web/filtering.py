"""What the page of a list says of how it is filtered and sorted. Never filters or sorts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter that is in force, and the list without it."""

    text: str
    path: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A column one can sort by. `direction` is aria-sort's, None where the list is sorted by another."""

    text: str
    path: str
    direction: str | None
