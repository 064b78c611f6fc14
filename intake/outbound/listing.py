"""Outgoing mail as officers look through it: by state and consultation, newest first. Changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col

from intake.accounts.access import Access
from intake.errors import NotFound
from intake.store.database import UtcDateTime
from intake.store.emails import IS_DELAYED, OutgoingEmail, OutgoingStatus
from intake.store.responses import Response

PAGE = 50


class Tray(StrEnum):
    """The states as officers tell them apart."""

    queued = "queued"
    held = "held"
    failed = "failed"
    bounced = "bounced"
    sent = "sent"
    cancelled = "cancelled"


STATUSES: Mapping[Tray, tuple[OutgoingStatus, ...]] = {
    Tray.queued: (OutgoingStatus.queued, OutgoingStatus.sending),
    Tray.held: (OutgoingStatus.held,),
    Tray.failed: (OutgoingStatus.failed,),
    Tray.bounced: (OutgoingStatus.bounced,),
    Tray.sent: (OutgoingStatus.sent,),
    Tray.cancelled: (OutgoingStatus.cancelled, OutgoingStatus.missed),
}
# Those that wait for something. Of the others there is no end, and to count them would take longer every year.
COUNTED = (Tray.queued, Tray.held, Tray.failed, Tray.bounced)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a list a page ends: the last row's time and id."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """As `str` wrote it; None where it is no place."""
        at, _, key = text.partition("~")
        try:
            place = cls(datetime.fromisoformat(at), int(key))
            place.at.astimezone(UTC)
        except (ValueError, OverflowError):
            return None
        return place if place.at.tzinfo and 0 < place.id < 10**18 else None


@dataclass(frozen=True, slots=True)
class Line:
    """One email of the list, without its text."""

    id: int
    kind: str
    recipient_address: str
    recipient_name: str
    status: OutgoingStatus
    reason: str | None
    at: datetime  # when it was, or is, due
    sent_at: datetime | None
    consultation_id: int
    reference: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of the list; `older` is where the next begins."""

    lines: Sequence[Line]
    older: Place | None


def counts(session: Session, access: Access, consultation_id: int | None = None) -> dict[Tray, int]:
    """How many wait in each tray that is counted."""
    found = session.execute(
        sa.select(col(OutgoingEmail.status), sa.func.count())
        .where(*_visible(access, consultation_id))
        .where(col(OutgoingEmail.status).in_([status for tray in COUNTED for status in STATUSES[tray]]), ~IS_DELAYED)
        .group_by(col(OutgoingEmail.status))
    )
    by_status = {row[0]: row[1] for row in found}
    return {tray: sum(by_status.get(status, 0) for status in STATUSES[tray]) for tray in COUNTED}


def list_outgoing(
    session: Session,
    access: Access,
    tray: Tray,
    *,
    consultation_id: int | None = None,
    address: str = "",
    before: Place | None = None,
) -> Listed:
    """A page of the newest, or of those before a place. With `address` only those to it."""
    due_at, key = col(OutgoingEmail.due_at), col(OutgoingEmail.id)
    columns = (
        key,
        OutgoingEmail.kind,
        OutgoingEmail.recipient_address,
        OutgoingEmail.recipient_name,
        OutgoingEmail.status,
        OutgoingEmail.reason,
        due_at,
        OutgoingEmail.sent_at,
        OutgoingEmail.consultation_id,
        Response.reference,
    )
    wanted = (
        sa.select(*columns)  # type: ignore[call-overload]  # it is typed for ten columns at most by their own types
        .outerjoin(Response, col(Response.id) == OutgoingEmail.response_id)
        .where(*_visible(access, consultation_id))
        .order_by(due_at.desc(), key.desc())
        .limit(PAGE + 1)
    )
    if address:
        # By a query of its own: few went to one address, and the index of those finds them at once.
        theirs = sa.select(key).where(col(OutgoingEmail.recipient_address) == address.lower())
        wanted = wanted.where(key.in_(theirs))
    if before:
        wanted = wanted.where(sa.tuple_(due_at, key) < sa.tuple_(sa.literal(before.at, UtcDateTime), before.id))
    # One list after the other: each is read in the order of an index, which none is for several together.
    found = [Line(*row) for condition in _in(tray) for row in session.execute(wanted.where(condition))]
    lines = sorted(found, key=lambda line: (line.at, line.id), reverse=True)[: PAGE + 1]
    last = lines[PAGE - 1] if len(lines) > PAGE else None
    return Listed(lines[:PAGE], Place(last.at, last.id) if last else None)


def _in(tray: Tray) -> list[sa.ColumnElement[bool]]:
    """What came back for now counts as sent."""
    statuses = col(OutgoingEmail.status).in_(STATUSES[tray])
    match tray:
        case Tray.sent:
            return [statuses, IS_DELAYED]
        case Tray.bounced:
            return [sa.and_(statuses, ~IS_DELAYED)]
        case _:
            return [statuses]


def find_outgoing(session: Session, access: Access, outgoing_id: int) -> OutgoingEmail:
    """Raises NotFound for what this user may not see, as for what is not there."""
    found = session.get(OutgoingEmail, outgoing_id)
    if found is None:
        raise NotFound
    access.require(found.consultation_id)
    return found


def _visible(access: Access, consultation_id: int | None) -> list[sa.ColumnElement[bool]]:
    is_given = access.limit(OutgoingEmail.consultation_id)
    return [is_given, *([col(OutgoingEmail.consultation_id) == consultation_id] if consultation_id else [])]
