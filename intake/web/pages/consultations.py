"""The list of consultations, and the page of one: where it stands, what to think of, and all that belongs to it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.addresses import addresses
from intake.administration.consultations import (
    State,
    state_of,
    state_wording,
    visible,
    visible_consultation,
)
from intake.administration.extending import closing_changes
from intake.administration.groups import groups
from intake.administration.ordering import rows_of
from intake.administration.sections import has_recorded
from intake.administration.warnings import warnings
from intake.inbound.queue import waiting_by_status
from intake.responses.counting import Counted, count_log
from intake.responses.recounting import tell
from intake.store.consultations import Consultation, Question
from intake.store.emails import EmailStatus
from intake.store.history import history_of
from intake.web.asking import Asking, Officer
from intake.web.showing import page

router = APIRouter()
SHOWN_CHANGES = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A consultation in the list."""

    consultation: Consultation
    state: State
    wording: str
    counted: Counted
    held: int


@router.get("/consultations")
def consultations(asking: Officer) -> Response:
    archived = bool(asking.request.query_params.get("archived"))
    with asking.this.database.reading() as session:
        rows = visible(session, asking.access, archived=archived)
        others = len(visible(session, asking.access, archived=not archived))
        counted, held = count_log(session, rows), _held(session, asking)
    lines = [
        Line(row, state_of(row, asking.now), state_wording(row, asking.now), counted[row.id], held[row.id])
        for row in rows
    ]
    return page(asking, "consultations.html", lines=lines, archived=archived, others=others)


@router.get("/consultations/{slug}")
def consultation(asking: Officer, slug: str) -> Response:
    with asking.this.database.reading() as session:
        row = visible_consultation(session, asking.access, slug)
        fields: dict[str, Any] = {
            "state": state_of(row, asking.now),
            "wording": state_wording(row, asking.now),
            "is_closing": asking.now >= row.closes_at,
            "counted": count_log(session, [row])[row.id],
            "held": _held(session, asking)[row.id],
            "warnings": _warnings(session, asking, row),
            "addresses": addresses(session, row),
            "questions": rows_of(session, row, Question),
            "groups": groups(session, row),
            "closings": closing_changes(session, row),
            "history": tell(session, history_of(session, row, most=SHOWN_CHANGES)),
            "is_settled": has_recorded(row),
        }
    return page(asking, "consultation.html", consultation=row, zone=row.zone, **fields)


def _warnings(session: Session, asking: Asking, consultation: Consultation) -> object:
    """For those who can do something about them."""
    if not asking.user.is_administrator:
        return []
    return warnings(session, consultation, asking.this.settings.accounts, now=asking.now)


def _held(session: Session, asking: Asking) -> Counter[int]:
    """How many emails that seem meant for a consultation wait for a person."""
    waiting = waiting_by_status(session, asking.access)
    return Counter({of: number for (of, status), number in waiting.items() if status is EmailStatus.held})
