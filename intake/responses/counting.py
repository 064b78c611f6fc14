"""Counts what the log of consultations holds, for the overview.

Only what has the nature "response" and is not withdrawn counts as a response; questions and withdrawn ones are counted
apart. Everything is read from the log's indexes (migration 0003), which carry what is counted by: no letter's text is
touched, however many there are.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.deadlines import late_from
from intake.responses.filters import Condition, as_filter
from intake.responses.noticed import Noticed, noticed_condition
from intake.store.consultations import Consultation, LatePolicy
from intake.store.log_index import LISTED_AT
from intake.store.responses import Channel, Nature, Response, ResponseStatus

QUARTER_SECONDS = 900  # the offset of every time zone is so many times that
WEEK_DAYS = 7


@dataclass(slots=True)
class Counted:
    """The numbers of one consultation, or of several together. `undecided`: late, and an officer has yet to decide."""

    statuses: Counter[ResponseStatus] = field(default_factory=Counter)
    channels: Counter[Channel] = field(default_factory=Counter)
    groups: Counter[str | None] = field(default_factory=Counter)
    late: int = 0
    undecided: int = 0
    needs_reply: int = 0  # questions included
    questions: int = 0
    unread_questions: int = 0
    withdrawn: int = 0
    asking: int = 0  # for something that nobody has dealt with; of any nature

    @property
    def responses(self) -> int:
        return self.statuses.total()

    @property
    def unread(self) -> int:
        return self.statuses[ResponseStatus.unread]

    def add(self, other: "Counted") -> None:
        self.statuses += other.statuses
        self.channels += other.channels
        self.groups += other.groups
        for name in ("late", "undecided", "needs_reply", "questions", "unread_questions", "withdrawn", "asking"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Timeline:
    """Responses received in each period of `step_days` days, by channel; `starts` are the periods' first days."""

    starts: list[date]
    step_days: int
    channels: dict[Channel, list[int]]

    @property
    def totals(self) -> list[int]:
        return [sum(numbers) for numbers in zip(*self.channels.values(), strict=True)] or [0] * len(self.starts)


def count_log(session: Session, consultations: Sequence[Consultation]) -> dict[int, Counted]:
    """By the consultations' ids; each is there, whether or not anybody has answered."""
    counted = {one.id: Counted() for one in consultations}
    for row in session.execute(_grouped(consultations)) if consultations else ():
        _tally(counted[row.consultation_id], row)
    for consultation_id, number in _in_grace(session, consultations) if consultations else ():
        counted[consultation_id].late -= number
    for one in consultations:
        if one.late_policy is LatePolicy.discretion and counted[one.id].late:
            counted[one.id].undecided = _undecided(session, one)
    for consultation_id, number in _asking(session, consultations) if consultations else ():
        counted[consultation_id].asking = number
    return counted


def together(counted: Iterable[Counted]) -> Counted:
    total = Counted()
    for one in counted:
        total.add(one)
    return total


def received_by_day(
    session: Session, consultations: Sequence[Consultation], *, zone: ZoneInfo
) -> Counter[tuple[date, Channel]]:
    """Responses by the day they were received in the calendar of `zone`, without those of unknown receipt."""
    epoch = sa.extract("epoch", col(Response.received_at))
    quarter = (epoch - epoch % QUARTER_SECONDS).label("quarter")
    counted = (
        sa.select(quarter, col(Response.channel), sa.func.count())
        .where(_of(consultations), *_counts(), col(Response.received_at).is_not(None))
        .group_by(quarter, col(Response.channel))
    )
    days: Counter[tuple[date, Channel]] = Counter()
    for seconds, channel, number in session.execute(counted) if consultations else ():
        days[datetime.fromtimestamp(int(seconds), UTC).astimezone(zone).date(), channel] += number
    return days


def timeline(days: Mapping[tuple[date, Channel], int], *, first: date, last: date, most: int = 100) -> Timeline:
    """From `first` to `last`, further where responses came before or after; by weeks when those are over `most` days.

    A week begins on Monday.
    """
    first, last = min([first, *(day for day, _ in days)]), max([last, *(day for day, _ in days)])
    step = 1
    if (last - first).days >= most:
        step, first = WEEK_DAYS, first - timedelta(days=first.weekday())
    starts = [first + timedelta(days=ahead) for ahead in range(0, (last - first).days + 1, step)]
    channels = {channel: [0] * len(starts) for channel in Channel if any(other is channel for _, other in days)}
    for (day, channel), number in days.items():
        channels[channel][(day - first).days // step] += number
    return Timeline(starts, step, channels)


def _counts() -> tuple[Condition, Condition]:
    return as_filter(Response.nature) == Nature.response, as_filter(Response.withdrawn_at).is_(None)


def _of(consultations: Sequence[Consultation]) -> Condition:
    return as_filter(Response.consultation_id).in_([one.id for one in consultations])


def _grouped(consultations: Sequence[Consultation]) -> sa.Select[*tuple[object, ...]]:
    columns = [
        as_filter(Response.consultation_id).label("consultation_id"),
        col(Response.nature),
        col(Response.status),
        col(Response.channel),
        col(Response.stakeholder_group),
        col(Response.needs_reply),
        col(Response.withdrawn_at).is_not(None).label("is_withdrawn"),
        _is_late(consultations).label("is_late"),
    ]
    return sa.select(*columns, sa.func.count().label("number")).where(_of(consultations)).group_by(*columns)


def _is_late(consultations: Sequence[Consultation]) -> Condition:
    """Never stored; unknown where nobody knows when it was received, which counts as not late."""
    return sa.or_(
        *(
            sa.and_(col(Response.consultation_id) == one.id, col(Response.received_at) >= late_from(one.closes_at))
            for one in consultations
        )
    )


def _in_grace(session: Session, consultations: Sequence[Consultation]) -> Iterable[tuple[int, int]]:
    """Those that came after closing and are in time all the same: few, and found by an index of their own."""
    counted = select(Response.consultation_id, sa.func.count()).where(
        Response.is_in_grace, _of(consultations), _is_late(consultations), *_counts()
    )
    return session.exec(counted.group_by(col(Response.consultation_id))).all()


def _tally(counted: Counted, row: sa.Row[*tuple[object, ...]]) -> None:
    number: int = row.number
    if row.is_withdrawn:
        counted.withdrawn += number
        return
    counted.needs_reply += number if row.needs_reply else 0
    if row.nature is Nature.question:
        counted.questions += number
        counted.unread_questions += number if row.status is ResponseStatus.unread else 0
    if row.nature is not Nature.response:
        return
    counted.statuses[row.status] += number
    counted.channels[row.channel] += number
    counted.groups[row.stakeholder_group or None] += number
    counted.late += number if row.is_late else 0


def _asking(session: Session, consultations: Sequence[Consultation]) -> Iterable[tuple[int, int]]:
    asking = noticed_condition(Noticed.asks, col(Response.id)), col(Response.withdrawn_at).is_(None)
    counted = select(Response.consultation_id, sa.func.count()).where(_of(consultations), *asking)
    return session.exec(counted.group_by(col(Response.consultation_id))).all()


def _undecided(session: Session, consultation: Consultation) -> int:
    """Among the last of the log, which an index finds: nothing is listed before it was received."""
    late, listed_at = late_from(consultation.closes_at), LISTED_AT
    counted = select(sa.func.count()).where(
        listed_at >= late,
        as_filter(Response.received_at) >= late,
        as_filter(Response.consultation_id) == consultation.id,
        col(Response.late_decision).is_(None),
        ~col(Response.is_in_grace),
        *_counts(),
    )
    return session.exec(counted.select_from(Response)).one()
