"""Which responses of the log are wanted, and in what order: read from an address, written to one, turned into SQL.

The address is the only place filters are kept (a saved view is an address with a name). What it holds that makes no
sense is left out and said in one sentence; it never raises. The search itself is in `searching.py`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import col, select

from intake.accounts.access import Access
from intake.deadlines import Timing, late_from
from intake.responses.handling import FLAG_COLUMNS, Flag
from intake.responses.noticed import Noticed, noticed_condition
from intake.store.consultations import Consultation
from intake.store.log_index import LISTED_AT
from intake.store.responses import Attachment, Channel, Nature, Response, ResponseStatus, ResponseTag

ME, NOBODY = "me", "nobody"
LONGEST_SEARCH = 500
Choice = TypeVar("Choice", bound=StrEnum)
Condition = sa.ColumnElement[bool]


class Sort(StrEnum):
    """What the log is sorted by. Each goes its own natural way first: the newest, the first letter, unread."""

    received = "received"
    reference = "reference"
    respondent = "respondent"
    organisation = "organisation"
    status = "status"


@dataclass(frozen=True, slots=True)
class Filters:
    """All of them must hold; of a filter with several values, one. `officer` is "me", "nobody" or a user's id."""

    consultation: str | None = None
    nature: Nature | None = None
    channel: tuple[Channel, ...] = ()
    timing: Timing | None = None
    status: tuple[ResponseStatus, ...] = ()
    officer: str | None = None
    group: tuple[str, ...] = ()
    tag: str | None = None
    flag: Flag | None = None
    noticed: Noticed | None = None
    attachments: bool | None = None
    withdrawn: bool | None = None
    received_from: date | None = None
    received_to: date | None = None
    q: str = ""
    sort: Sort = Sort.received
    is_reversed: bool = False

    @classmethod
    def from_query(
        cls, query: Iterable[tuple[str, str]], consultations: Sequence[Consultation]
    ) -> tuple["Filters", list[str]]:
        """With a sentence for each value that was left out. `consultations` are those the user may see."""
        read = _Reading(query)
        slugs = {consultation.slug: consultation.slug for consultation in consultations}
        filters = cls(
            consultation=read.one("consultation", slugs.get, "consultation"),
            nature=read.one("nature", _named(Nature), "kind of response"),
            channel=tuple(sorted(read.several("channel", _named(Channel), "channel"))),
            timing=read.one("timing", _named(Timing), "choice of in time or late"),
            status=tuple(sorted(read.several("status", _named(ResponseStatus), "status"))),
            officer=read.one("officer", _officer, "officer"),
            group=tuple(sorted(read.several("group", _short_text, "stakeholder group"))),
            tag=read.one("tag", _tag, "tag"),
            flag=read.one("flag", _named(Flag), "flag"),
            noticed=read.one("noticed", _named(Noticed), "thing that is noticed"),
            attachments=read.one("attachments", _yes_or_no, "choice of attachments"),
            withdrawn=read.one("withdrawn", _yes_or_no, "choice of withdrawn responses"),
            received_from=read.one("from", _day, "date"),
            received_to=read.one("to", _day, "date"),
            q=read.one("q", _search, "search") or "",
            sort=read.one("sort", _named(Sort), "order") or Sort.received,
            is_reversed=bool(read.one("reversed", _yes_or_no, "order")),
        )
        if filters.received_from and filters.received_to and filters.received_from > filters.received_to:
            read.sentences.append("The first day is after the last day, so nothing can be found.")
        return filters, read.sentences

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Names and values as they stand in the address, in one order, without what was not chosen."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                name = _ADDRESS_NAMES.get(field.name, field.name)
                yield from ((name, _written(one)) for one in (value if isinstance(value, tuple) else (value,)))

    def to_query(self) -> str:
        """Without a question mark."""
        return urlencode(list(self.pairs()))

    def without(self, name: str, value: str | None = None) -> "Filters":
        """These filters but for one, as `pairs` gave it."""
        field = next((ours for ours, theirs in _ADDRESS_NAMES.items() if theirs == name), name)
        default = next(one.default for one in fields(self) if one.name == field)
        present = getattr(self, field)
        if isinstance(present, tuple) and value is not None:
            default = tuple(one for one in present if one != value)
        changed: dict[str, Any] = {field: default}
        return replace(self, **changed)

    def conditions(self, access: Access, consultations: Sequence[Consultation]) -> Iterator[Condition]:
        """All but the search. `consultations` are those the user may see."""
        chosen = [one for one in consultations if self.consultation in (None, one.slug)]
        if access.consultation_ids is not None or self.consultation:
            yield as_filter(Response.consultation_id).in_([one.id for one in chosen])
        yield from self._of_single_columns(access)
        if self.tag:
            yield as_filter(Response.id).in_(select(ResponseTag.response_id).where(ResponseTag.tag == self.tag))
        if self.noticed:
            yield noticed_condition(self.noticed, as_filter(Response.id))
        if self.attachments is not None:
            given = sa.exists().where(col(Attachment.response_id) == col(Response.id))
            yield given if self.attachments else ~given
        if self.timing:
            yield sa.or_(sa.false(), *_of_timing(self.timing, chosen))
        if self.received_from or self.received_to:
            yield sa.or_(sa.false(), *self._of_dates(chosen))

    def _of_single_columns(self, access: Access) -> Iterator[Condition]:
        if self.nature:
            yield as_filter(Response.nature) == self.nature
        if self.channel:
            yield as_filter(Response.channel).in_(self.channel)
        if self.status:
            yield as_filter(Response.status).in_(self.status)
        if self.officer == NOBODY:
            yield as_filter(Response.officer_id).is_(None)
        elif self.officer:
            yield as_filter(Response.officer_id) == (access.user.id if self.officer == ME else int(self.officer))
        if self.group:
            yield as_filter(Response.stakeholder_group).in_(self.group)
        if self.flag:
            yield as_filter(getattr(Response, FLAG_COLUMNS[self.flag])).is_(True)
        if self.withdrawn is not None:
            withdrawn_at = as_filter(Response.withdrawn_at)
            yield withdrawn_at.is_not(None) if self.withdrawn else withdrawn_at.is_(None)

    def _of_dates(self, consultations: Sequence[Consultation]) -> Iterator[Condition]:
        """Whole days by the consultation's clock; where receipt is not known, those of recording."""
        zones = {one.timezone: one.zone for one in consultations}
        for name, zone in zones.items():
            parts = [as_filter(LISTED_AT) >= _midnight(self.received_from, zone)] if self.received_from else []
            if self.received_to and self.received_to < date.max:
                parts.append(as_filter(LISTED_AT) < _midnight(self.received_to + timedelta(days=1), zone))
            if len(zones) > 1:
                ids = [one.id for one in consultations if one.timezone == name]
                parts.append(as_filter(Response.consultation_id).in_(ids))
            yield sa.and_(sa.true(), *parts)


_ADDRESS_NAMES = {"received_from": "from", "received_to": "to", "is_reversed": "reversed"}


class as_filter(FunctionElement[Any]):  # noqa: N801  # reads as the SQL function it stands for
    """A column that is looked at in whatever order the rows come, and chooses no index.

    Without statistics SQLite takes any index with an equal sign, finds nearly all rows by it and sorts them. Its own
    remedy is a plus sign (https://www.sqlite.org/optoverview.html, section 7). PostgreSQL knows better.
    """

    inherit_cache = True
    name = "as_filter"

    def __init__(self, column: Any) -> None:
        self.type = column.type
        super().__init__(column)


@compiles(as_filter)
def _plain(element: as_filter, compiler: SQLCompiler, **given: Any) -> str:
    return compiler.process(element.clauses, **given)


@compiles(as_filter, "sqlite")
def _with_plus(element: as_filter, compiler: SQLCompiler, **given: Any) -> str:
    return f"+{compiler.process(element.clauses, **given)}"


def _of_timing(timing: Timing, consultations: Sequence[Consultation]) -> Iterator[Condition]:
    """As `deadlines.timing` judges, by each consultation's own closing time."""
    received_at = as_filter(Response.received_at)
    if timing is Timing.unknown:
        yield received_at.is_(None)
        return
    for closes_at in {one.closes_at for one in consultations}:
        ids = [one.id for one in consultations if one.closes_at == closes_at]
        first_late, is_in_grace = late_from(closes_at), as_filter(Response.is_in_grace)
        when = (
            sa.or_(received_at < first_late, is_in_grace.is_(True))
            if timing is Timing.in_time
            else sa.and_(received_at >= first_late, is_in_grace.is_(False))
        )
        yield sa.and_(when, as_filter(Response.consultation_id).in_(ids))


def _midnight(day: date, zone: Any) -> datetime:
    try:
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC) if day.year == 1 else datetime.max.replace(tzinfo=UTC)


class _Reading:
    """The values of an address, and what was wrong with some of them."""

    def __init__(self, query: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in query:
            text = " ".join("".join(c if c.isprintable() else " " for c in value).split())
            if text:
                self._values.setdefault(name, []).append(text)
        self.sentences: list[str] = []

    def several(self, name: str, read: Callable[[str], Any], what: str) -> list[Any]:
        found: dict[Any, None] = {}
        for text in self._values.get(name, ()):
            value = read(text)
            if value is None:
                shown = text if len(text) <= 40 else f"{text[:40]}…"
                self.sentences.append(f"There is no {what} “{shown}”, so that filter was left out.")
            else:
                found[value] = None
        return list(found)

    def one(self, name: str, read: Callable[[str], Any], what: str) -> Any:
        """The last, as browsers repeat a field that was added to an address by hand."""
        return next(reversed(self.several(name, read, what)), None)


def _named(choices: type[Choice]) -> Callable[[str], Choice | None]:
    return {choice.value: choice for choice in choices}.get


def _officer(text: str) -> str | None:
    return text if text in (ME, NOBODY) or re.fullmatch("[1-9][0-9]{0,8}", text) else None


def _short_text(text: str) -> str | None:
    return text if len(text) <= 80 else None


def _tag(text: str) -> str | None:
    return text.lower() if len(text) <= 40 else None


def _yes_or_no(text: str) -> bool | None:
    return {"yes": True, "no": False}.get(text)


def _search(text: str) -> str | None:
    return text[:LONGEST_SEARCH]


def _day(text: str) -> date | None:
    """As browsers send it, 2020-02-28, or as people write it, 28/2/2020."""
    found = re.fullmatch(r"(\d{4})-(\d\d?)-(\d\d?)", text, re.ASCII)
    turned = re.fullmatch(r"(\d\d?)[/.](\d\d?)[/.](\d{4})", text, re.ASCII)
    numbers = (
        [int(part) for part in found.groups()]
        if found
        else [int(part) for part in turned.groups()][::-1]
        if turned
        else []
    )
    try:
        return date(*numbers)
    except (TypeError, ValueError):
        return None


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else str(value)
