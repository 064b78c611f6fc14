"""The overview: what waits for officers, how the responses come in, and whether every mailbox is being read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from intake.deadlines import closing_wording, day_wording, late_from
from intake.errors import NotFound
from intake.inbound.watching import watched_mailboxes
from intake.outbound.alarms import standing_now
from intake.responses.answering import rates
from intake.responses.considering import BEFORE_DECIDING, unread_wording
from intake.responses.counting import Counted, count_log, received_by_day, timeline, together
from intake.responses.filters import Filters
from intake.responses.finding import visible_consultations
from intake.store.consultations import Consultation
from intake.store.responses import Nature
from intake.web.asking import Officer
from intake.web.figures import Deadline, Figure, by_group, by_rate, by_status, over_time
from intake.web.headlines import headlines
from intake.web.showing import LONDON, page

MOST_DEADLINES = 3  # that can be told apart on one chart

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Line:
    """One consultation of several. `warning` when it has closed and responses are unread."""

    consultation: Consultation
    counted: Counted
    closing: str
    warning: str


@router.get("/")
def overview(asking: Officer, consultation: str = "") -> Response:
    """Of all consultations the user may see, or of the one whose slug is given."""
    with asking.this.database.reading() as session:
        visible = visible_consultations(session, asking.access)
        every = [one for one in visible if one.archived_at is None]
        chosen = _chosen(visible, consultation) if consultation else _last_to_close_first(every)
        counted = count_log(session, chosen)
        total = together(counted.values())
        numbers = headlines(session, asking.access, total, only=chosen[0] if consultation else None)
        figures = _figures(session, chosen, total)
        mailboxes = watched_mailboxes(session, asking.access, asking.this.settings, now=asking.now)
        alarms = standing_now(session, now=asking.now) if asking.user.is_administrator else []
    lines = [_line(one, counted[one.id], now=asking.now) for one in chosen]
    return page(
        asking,
        "overview.html",
        every=every,
        has_archived=len(visible) > len(every),
        chosen=consultation,
        lines=lines,
        alone=lines[0] if len(lines) == 1 else None,
        headlines=numbers,
        figures=figures,
        mailboxes=mailboxes,
        alarms=alarms,
    )


def _chosen(visible: Sequence[Consultation], slug: str) -> list[Consultation]:
    chosen = [one for one in visible if one.slug == slug]
    if not chosen:
        raise NotFound
    return chosen


def _last_to_close_first(consultations: Sequence[Consultation]) -> list[Consultation]:
    return sorted(consultations, key=lambda one: one.closes_at, reverse=True)


def _closing_line(consultation: Consultation, *, now: datetime) -> str:
    """ "Closes in 16 days: 11:59pm on Friday 28 February 2020", by the days of its calendar."""
    zone = consultation.zone
    if now < consultation.opens_at:
        opens_at = consultation.opens_at
        return f"Opens {day_wording(opens_at, zone, now=now)}: {closing_wording(opens_at, zone)}"
    verb = "Closed" if now >= late_from(consultation.closes_at) else "Closes"
    days = day_wording(consultation.closes_at, zone, now=now)
    return f"{verb} {days}: {closing_wording(consultation.closes_at, zone)}"


def _line(consultation: Consultation, counted: Counted, *, now: datetime) -> Line:
    warning = ""
    if counted.unread and now >= late_from(consultation.closes_at):
        warning = f"{consultation.title} has closed, and {unread_wording(counted)}. {BEFORE_DECIDING}"
    return Line(consultation, counted, _closing_line(consultation, now=now), warning)


def _figures(session: Session, chosen: Sequence[Consultation], total: Counted) -> list[Figure]:
    """None before the first response: three empty pictures say nothing."""
    if not total.responses:
        return []
    zone = chosen[0].zone if len({one.timezone for one in chosen}) == 1 else LONDON
    line = timeline(
        received_by_day(session, chosen, zone=zone),
        first=min(one.opens_at for one in chosen).astimezone(zone).date(),
        last=max(one.closes_at for one in chosen).astimezone(zone).date(),
    )
    slug = chosen[0].slug if len(chosen) == 1 else None
    filters = Filters(consultation=slug, nature=Nature.response, withdrawn=False)
    return [
        over_time(line, _deadlines(chosen), undated=total.responses - sum(line.totals)),
        by_status(total, filters=filters),
        by_group(total, filters=filters),
        *_rates(session, chosen),
    ]


def _rates(session: Session, chosen: Sequence[Consultation]) -> list[Figure]:
    """Of one consultation, where anybody was invited."""
    found = rates(session, chosen[0]) if len(chosen) == 1 else []
    return [by_rate(found, chosen[0].slug)] if found and found[-1].invited else []


def _deadlines(chosen: Sequence[Consultation]) -> list[Deadline]:
    """The closing days; consultations that close on one day share it."""
    days: dict[date, list[str]] = {}
    for one in reversed(chosen):
        days.setdefault(one.closes_at.astimezone(one.zone).date(), []).append(one.reference_prefix)
    if len(chosen) == 1:
        return [Deadline(day, "Deadline") for day in days]
    named = [
        Deadline(day, f"{', '.join(names)} {'closes' if len(names) == 1 else 'close'}") for day, names in days.items()
    ]
    return named if len(chosen) <= MOST_DEADLINES else []
