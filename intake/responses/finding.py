"""The log: the responses a user may see, filtered, sorted and paged; how many there are; what stands beside one.

A page begins after (or ends before) a place in the order, never at a number, so that what arrives meanwhile moves
nothing. Every order has an index that carries what filters look at: a page is one walk along it, and costs nearly the
same in a log of a thousand and of a hundred thousand. Changes nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.access import Access
from intake.deadlines import Timing, timing
from intake.responses.filters import Condition, Filters, Sort, as_filter
from intake.responses.handling import FLAG_COLUMNS, Flag
from intake.responses.noticed import Noticed, noticed_of
from intake.responses.searching import Piece, Search, excerpt, matching, parse_search
from intake.store.consultations import Consultation, StakeholderGroup
from intake.store.log_index import LISTED_AT, ORGANISATION_KEY, REFERENCE_KEY, RESPONDENT_KEY
from intake.store.responses import Attachment, Channel, Nature, Response, ResponseStatus, ResponseTag
from intake.store.users import User

A_PAGE = 50
MANY = 1000
_SEARCHED_FOR_EXCERPT = 20_000  # characters
_OPENING, _TITLE = 200, 110
_TAGS_OFFERED = 200
_KEYS: Mapping[Sort, tuple[Any, ...]] = {
    Sort.received: (LISTED_AT,),
    Sort.reference: (REFERENCE_KEY,),
    Sort.respondent: (RESPONDENT_KEY,),
    Sort.organisation: (ORGANISATION_KEY,),
    Sort.status: (Response.status, LISTED_AT),
}
_DESCENDING = {Sort.received, Sort.status}  # unread, read, considered: as it happens, that is Z to A


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order, as the address has it: the values sorted by, then the response's id."""

    keys: tuple[str, ...]
    response_id: int

    def __str__(self) -> str:
        return "~".join([*self.keys, str(self.response_id)])

    @classmethod
    def parse(cls, text: str, sort: Sort) -> "Place | None":
        """None where it is no place in this order."""
        *keys, last = text.rsplit("~", maxsplit=len(_KEYS[sort]))
        if "\0" in text or len(keys) != len(_KEYS[sort]) or not last.isascii() or not last.isdigit() or len(last) > 9:
            return None
        place = cls(tuple(keys), int(last))
        try:
            place.values(sort)
        except (ValueError, OverflowError):
            return None
        return place

    @classmethod
    def of(cls, values: Sequence[Any], response_id: int) -> "Place":
        return cls(tuple(v.isoformat() if isinstance(v, datetime) else str(v) for v in values), response_id)

    def values(self, sort: Sort) -> list[Any]:
        """As the database compares them. Raises ValueError."""
        found: list[Any] = []
        for key, text in zip(_KEYS[sort], self.keys, strict=True):
            found.append(_instant(text) if key is LISTED_AT else ResponseStatus(text) if sort is Sort.status else text)
        return [*found, self.response_id]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    id: int
    reference: str
    consultation: Consultation
    received_at: datetime | None
    recorded_at: datetime
    timing: Timing
    is_in_grace: bool
    channel: Channel
    nature: Nature
    status: ResponseStatus
    is_withdrawn: bool
    respondent: str
    organisation: str
    group: str
    title: Sequence[Piece]
    excerpt: Sequence[Piece]
    officer: str | None
    attachments: int
    flags: Sequence[Flag]
    noticed: Sequence[Noticed]
    tags: Sequence[str]


@dataclass(frozen=True, slots=True)
class Page:
    """`before` and `after` are where the pages beside it end and begin; None where there is none.

    `total` is how many there are on all pages; one more than `MANY` stands for more.
    """

    entries: Sequence[Entry] = ()
    before: Place | None = None
    after: Place | None = None
    total: int = 0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is looked for, in which order; `conditions` hold for every response of it."""

    sort: Sort
    is_descending: bool
    consultations: Mapping[int, Consultation]
    search: Search
    conditions: Sequence[Condition] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What other tables hold of the responses of a page, by their ids."""

    attachments: Mapping[int, int]
    tags: Mapping[int, Sequence[str]]
    noticed: Mapping[int, Sequence[Noticed]]


def visible_consultations(session: Session, access: Access) -> Sequence[Consultation]:
    """Those the user may see, archived ones last."""
    seen = select(Consultation).where(access.limit(Consultation.id))
    return session.exec(seen.order_by(col(Consultation.archived_at).is_not(None), col(Consultation.title))).all()


def find_page(
    session: Session, access: Access, filters: Filters, *, after: Place | None = None, before: Place | None = None
) -> Page:
    """The page after a place, or the one before it; without one, the first."""
    wanted, total = _narrowed(session, _wanted(session, access, filters))
    rows = _walk(session, wanted, before or after, backwards=before is not None, limit=A_PAGE + 1)
    is_more, rows = len(rows) > A_PAGE, rows[:A_PAGE]
    if before:
        if not is_more and len(rows) < A_PAGE:
            return find_page(session, access, filters)  # the first page, and whole
        rows.reverse()
    if not rows:
        return Page(total=total)
    first, last = (Place.of(row[1:], row[0]) for row in (rows[0], rows[-1]))
    return Page(
        _entries(session, wanted, [row[0] for row in rows]),
        before=first if after or (before and is_more) else None,
        after=last if before or is_more else None,
        total=total,
    )


def count(session: Session, access: Access, filters: Filters, *, at_most: int | None = MANY) -> int:
    """How many there are; one more than `at_most` stands for more."""
    wanted = _wanted(session, access, filters)
    found = select(Response.id).where(*wanted.conditions)
    if at_most is not None:
        found = _some(wanted, at_most + 1)
    counted: int = session.execute(sa.select(sa.func.count()).select_from(found.subquery())).scalar_one()
    return counted


def matching_ids(
    session: Session, access: Access, filters: Filters, *, references: Collection[str] | None = None
) -> list[int]:
    """All of them, or those of `references` among them."""
    found = select(Response.id).where(*_wanted(session, access, filters).conditions)
    if references is not None:
        found = found.where(col(Response.reference).in_(references))
    return list(session.exec(found.order_by(col(Response.id))))


def neighbours(session: Session, access: Access, filters: Filters, response: Response) -> tuple[str | None, str | None]:
    """The references before and after a response in the log as filtered and sorted."""
    wanted, _ = _narrowed(session, _wanted(session, access, filters))
    keys = session.execute(sa.select(*_KEYS[wanted.sort]).where(col(Response.id) == response.id)).one()
    here = Place.of(keys, response.id)
    found = [_walk(session, wanted, here, backwards=backwards, limit=1) for backwards in (True, False)]
    ids = [rows[0][0] if rows else None for rows in found]
    named = select(Response.id, Response.reference).where(col(Response.id).in_([one for one in ids if one]))
    references = dict(session.exec(named).all())
    return references.get(ids[0] or 0), references.get(ids[1] or 0)


def groups_offered(session: Session, consultations: Sequence[Consultation]) -> Sequence[str]:
    """The names of their stakeholder groups, in each consultation's order."""
    own = col(StakeholderGroup.consultation_id).in_([one.id for one in consultations])
    ordered = (
        select(StakeholderGroup.name)
        .where(own)
        .order_by(col(StakeholderGroup.consultation_id), col(StakeholderGroup.position))
    )
    return list(dict.fromkeys(session.exec(ordered)))


def officers_offered(session: Session, filters: Filters) -> Sequence[User]:
    """Everybody who works here, and whoever is asked for, by name."""
    users = session.exec(select(User).order_by(col(User.name)))
    return [user for user in users if not user.disabled_at or str(user.id) == filters.officer]


def tags_in_use(session: Session, access: Access) -> Sequence[str]:
    """Those on responses the user may see, in order."""
    used = select(ResponseTag.tag).distinct().order_by(col(ResponseTag.tag)).limit(_TAGS_OFFERED)
    if access.consultation_ids is not None:
        seen = select(Response.id).where(col(Response.id) == col(ResponseTag.response_id))
        used = used.where(seen.where(access.limit(Response.consultation_id)).exists())
    return session.exec(used).all()


def _wanted(session: Session, access: Access, filters: Filters) -> _Wanted:
    consultations = visible_consultations(session, access)
    if session.get_bind().dialect.name == "postgresql":
        # How rare a word or a status is decides how it is best looked for, so no plan made without knowing serves.
        session.execute(sa.text("SET LOCAL plan_cache_mode = force_custom_plan"))
    conditions = list(filters.conditions(access, consultations))
    if filters.q:
        ids = None if access.consultation_ids is None else [one.id for one in consultations]
        conditions += matching(session, filters.q, ids)
    if access.hides_confidential:
        conditions.append(as_filter(Response.is_confidential).is_(False))
    return _Wanted(
        filters.sort,
        (filters.sort in _DESCENDING) is not filters.is_reversed,
        {one.id: one for one in consultations},
        parse_search(filters.q),
        conditions,
    )


def _narrowed(session: Session, wanted: _Wanted) -> tuple[_Wanted, int]:
    """With how many there are, and where they are few, which they are: then nothing else need be looked for again."""
    few = list(session.exec(_some(wanted, MANY + 1)))
    return (replace(wanted, conditions=[col(Response.id).in_(few)]) if len(few) <= MANY else wanted), len(few)


def _some(wanted: _Wanted, limit: int) -> Any:
    """Ids in an order, so that they are found along that order's index, and no further than need be."""
    found = select(Response.id).where(*wanted.conditions)
    return found.order_by(LISTED_AT.desc(), col(Response.id).desc()).limit(limit)


def _walk(session: Session, wanted: _Wanted, at: Place | None, *, backwards: bool, limit: int) -> list[Any]:
    """Ids with the values sorted by, from a place on."""
    keys = [*_KEYS[wanted.sort], col(Response.id)]
    is_descending = wanted.is_descending is not backwards
    query = sa.select(col(Response.id), *keys[:-1]).where(*wanted.conditions)
    if at is not None:
        here, there = sa.tuple_(*keys), sa.tuple_(*_bound(keys, at.values(wanted.sort)))
        query = query.where(here < there if is_descending else here > there)
    query = query.order_by(*(sa.desc(key) if is_descending else sa.asc(key) for key in keys)).limit(limit)
    return list(session.execute(query))


def _bound(keys: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    return [sa.bindparam(None, value, type_=key.type) for key, value in zip(keys, values, strict=True)]


def _entries(session: Session, wanted: _Wanted, ids: Sequence[int]) -> list[Entry]:
    names = ["id", "reference", "consultation_id", "received_at", "recorded_at", "channel", "nature", "status"]
    names += ["is_in_grace", "withdrawn_at", "respondent_name", "respondent_address", "organisation"]
    names += ["stakeholder_group", "subject"]
    columns = [col(getattr(Response, name)) for name in (*names, *FLAG_COLUMNS.values())]
    length = _SEARCHED_FOR_EXCERPT if wanted.search else _OPENING
    words: sa.ColumnElement[str] = sa.type_coerce(Response.own_words, sa.String)
    if wanted.search:
        words = words + "\n" + col(Response.added_words)
    query = sa.select(*columns, sa.func.substr(words, 1, length).label("words"), col(User.name).label("officer"))
    query = query.join_from(Response, User, col(User.id) == Response.officer_id, isouter=True)
    rows = {row.id: row for row in session.execute(query.where(col(Response.id).in_(ids)))}
    beside = _Beside(_attachments(session, ids), _tags(session, ids), noticed_of(session, ids))
    return [_entry(rows[one], wanted, beside) for one in ids if one in rows]


def _entry(row: Any, wanted: _Wanted, beside: _Beside) -> Entry:
    consultation = wanted.consultations[row.consultation_id]
    subject = (row.subject or "").strip()
    found = excerpt(row.words, wanted.search, is_wanted_without=False)
    return Entry(
        id=row.id,
        reference=row.reference,
        consultation=consultation,
        received_at=row.received_at,
        recorded_at=row.recorded_at,
        timing=timing(row.received_at, consultation.closes_at, is_in_grace=row.is_in_grace),
        is_in_grace=row.is_in_grace,
        channel=row.channel,
        nature=row.nature,
        status=row.status,
        is_withdrawn=row.withdrawn_at is not None,
        respondent=row.respondent_name or row.respondent_address or "",
        organisation=row.organisation or "",
        group=row.stakeholder_group or "",
        title=excerpt(subject or row.words, wanted.search, longest=_TITLE) if subject or not found else found,
        excerpt=found if subject else [],
        officer=row.officer,
        attachments=beside.attachments.get(row.id, 0),
        flags=[flag for flag, column in FLAG_COLUMNS.items() if getattr(row, column)],
        noticed=beside.noticed.get(row.id, ()),
        tags=beside.tags.get(row.id, ()),
    )


def _attachments(session: Session, ids: Sequence[int]) -> dict[int, int]:
    counted = sa.select(Attachment.response_id, sa.func.count()).group_by(Attachment.response_id)  # type: ignore[call-overload]
    found = session.execute(counted.where(col(Attachment.response_id).in_(ids)))
    return {row[0]: row[1] for row in found}


def _tags(session: Session, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    found = defaultdict[int, list[str]](list)
    tagged: Iterable[ResponseTag] = session.exec(
        select(ResponseTag).where(col(ResponseTag.response_id).in_(ids)).order_by(col(ResponseTag.tag))
    )
    for one in tagged:
        found[one.response_id].append(one.tag)
    return found


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return found.astimezone(UTC)
