"""Mailings: those of a consultation, how far each is, and pausing, going on with or cancelling one.

A mailing's page brings itself up to date while it is sent. Sends nothing itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.rule_wordings import date_wording
from intake.deadlines import closing_wording, late_from
from intake.errors import NotPossible
from intake.outbound.mailing_listing import (
    Origin,
    Part,
    emails_of,
    expected_end,
    held_back,
    origins,
    visible_mailing,
)
from intake.outbound.mailings import Progress, cancel, mailings_of, pause, progress, resume
from intake.outbound.texts import KINDS
from intake.responses.recounting import tell
from intake.store.consultations import Consultation
from intake.store.history import history_of
from intake.store.mailings import Mailing
from intake.web.asking import Administrator, Asking, Officer, RowId
from intake.web.by_hand import quiet_until
from intake.web.charts import Words, share_chart, swatch
from intake.web.forms import Form, Sent
from intake.web.showing import page, redirect
from intake.wording import plural

router = APIRouter()
REFRESH_SECONDS = 5
Act = Callable[[Session, Mailing], str]
"""Does something to a mailing, and says so in a sentence."""
_PARTS = (
    ("Sent", ("sent",)),
    ("Still to go", ("waiting", "going", "held")),
    ("Refused or came back", ("failed", "bounced")),
    ("Left out", ("cancelled", "missed")),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A mailing in the list."""

    row: Mailing
    name: str
    origin: Origin
    progress: Progress
    standing: tuple[str, str]  # in words, and the tag's colour


@router.get("/consultations/{slug}/mailings")
def listed(asking: Officer, slug: str) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        found = mailings_of(session, consultation)
        came_from = origins(session, [row for row, _ in found])
    waits = quiet_until(consultation, asking.now)
    lines = [Line(row, name_of(row), came_from[row.id], done, standing(row, done, waits)) for row, done in found]
    return page(asking, "mailings.html", consultation=consultation, zone=consultation.zone, lines=lines)


@router.get("/mailings/{mailing_id}")
def one(asking: Officer, mailing_id: RowId) -> Response:
    return _show(asking, mailing_id)


@router.post("/mailings/{mailing_id}/pause")
def pause_it(asking: Administrator, mailing_id: RowId, _form: Sent) -> Response:
    def act(session: Session, row: Mailing) -> str:
        pause(session, row, user=asking.user, now=asking.now)
        return "Paused. No more emails will go until you resume."

    return _do(asking, mailing_id, act)


@router.post("/mailings/{mailing_id}/resume")
def go_on(asking: Administrator, mailing_id: RowId, _form: Sent) -> Response:
    def act(session: Session, row: Mailing) -> str:
        resume(session, row, user=asking.user, now=asking.now)
        return "Sending is resumed."

    return _do(asking, mailing_id, act)


@router.get("/mailings/{mailing_id}/cancel")
def ask_to_cancel(asking: Administrator, mailing_id: RowId) -> Response:
    with asking.this.database.reading() as session:
        row, consultation = visible_mailing(session, asking.access, mailing_id)
        done = progress(session, row)
    if row.cancelled_at or not done.left:
        return redirect(asking, f"/mailings/{mailing_id}", notice="Nothing of it waits any more.")
    return page(asking, "mailing_cancel.html", row=row, consultation=consultation, name=name_of(row), progress=done)


@router.post("/mailings/{mailing_id}/cancel")
def cancel_it(asking: Administrator, mailing_id: RowId, _form: Sent) -> Response:
    def act(session: Session, row: Mailing) -> str:
        left = cancel(session, row, user=asking.user, now=asking.now)
        return f"Cancelled. {plural(left, 'email')} will not be sent."

    return _do(asking, mailing_id, act)


def name_of(row: Mailing) -> str:
    return KINDS[row.kind].name if row.kind in KINDS else row.kind.replace("-", " ").capitalize()


def standing(row: Mailing, done: Progress, waits_until: str) -> tuple[str, str]:
    """Where a mailing stands, and the colour of its tag. `waits_until`: the end of the quiet hours it is in, or ""."""
    if row.missed_at:
        return "Missed", "red"
    if row.cancelled_at:
        return "Cancelled", "grey"
    if done.left:
        if row.paused_at:
            return "Paused", "yellow"
        return f"Waits until {waits_until}: quiet hours" if waits_until else "Being sent", "blue"
    if done.total and not done.sent + done.bounced:
        return "Nothing sent", "grey"
    return "Sent" if done.total else "Nobody to send to", "green" if done.total else "grey"


def _do(asking: Asking, mailing_id: int, act: Act) -> Response:
    try:
        with asking.this.database.transaction() as session:
            row, _ = visible_mailing(session, asking.access, mailing_id)
            done = act(session, row)
    except NotPossible as error:
        return _show(asking, mailing_id, status=422, mistakes={"main-content": str(error)})
    return redirect(asking, f"/mailings/{mailing_id}", notice=done)


def _show(asking: Asking, mailing_id: int, **more: Any) -> Response:
    asked = Form(asking.request.query_params)
    part = asked.choice("show", Part) or Part.all
    start = asked.number("from") or 0
    per_minute = asking.this.settings.smtp.per_minute
    with asking.this.database.reading() as session:
        row, consultation = visible_mailing(session, asking.access, mailing_id)
        done = progress(session, row)
        end = expected_end(row, done, consultation, per_minute=per_minute, now=asking.now)
        fields: dict[str, Any] = {
            "row": row,
            "progress": done,
            "origin": origins(session, [row])[row.id],
            "listed": emails_of(session, row, part, start=start),
            "held_back": held_back(session, row),
            "history": tell(session, history_of(session, row)),
        }
    is_at = standing(row, done, quiet_until(consultation, asking.now))
    fields |= {"name": name_of(row), "standing": is_at, "part": part, "is_first": not start}
    fields |= {
        "end": end,
        "per_minute": per_minute,
        "is_too_slow": bool(end and row.expires_at and end > row.expires_at),
    }
    fields |= _bar(done) | {"last": _last(row, consultation)}
    fields |= {"refresh": REFRESH_SECONDS if done.left and not row.paused_at else None}
    return page(asking, "mailing.html", consultation=consultation, zone=consultation.zone, **{**fields, **more})


def _last(row: Mailing, consultation: Consultation) -> str:
    """Until when it goes: "the end of Friday 14 February 2020", the closing time, or another."""
    if row.expires_at is None:
        return ""
    zone = consultation.zone
    if row.expires_at == late_from(consultation.closes_at):
        return closing_wording(consultation.closes_at, zone)
    local = row.expires_at.astimezone(zone)
    if local.time() == time():
        return f"the end of {date_wording(local.date() - timedelta(days=1))}"
    return closing_wording(row.expires_at, zone)


def _bar(done: Progress) -> dict[str, Any]:
    """One bar, divided as the emails are, and its key."""
    parts = [(name, sum(getattr(done, field) for field in names)) for name, names in _PARTS]
    told = ", ".join(f"{number:,} {name.lower()}" for name, number in parts)
    words = Words("progress", "How far the mailing is", f"Of {plural(done.total, 'email')}: {told}.")
    key = [(swatch(words.key, order), name, number) for order, (name, number) in enumerate(parts)]
    return {"picture": share_chart(words, parts) if done.total else "", "key": key}
