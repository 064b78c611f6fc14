"""Outgoing mail: what waits, failed or came back, each email as it went, and what an officer can do about it.

Sends nothing itself, and changes no email that a mail server took.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response as Answer

from intake.errors import NotPossible
from intake.jobs import fields_of
from intake.mail.usable_addresses import tidy_address
from intake.outbound.correcting import (
    cancel,
    instead_of,
    lock_outgoing,
    may_cancel,
    may_release,
    may_send_again,
    mistake_in,
    release_one,
    send_again,
    sent_again,
)
from intake.outbound.listing import Place, Tray, counts, find_outgoing, list_outgoing
from intake.outbound.mailing_fields import INERT_TOKEN
from intake.outbound.outbox import written
from intake.outbound.rendering import Rendered, TemplateBroken
from intake.responses.finding import visible_consultations
from intake.responses.handling_respondent import correct_address
from intake.responses.recounting import tell
from intake.store.consultations import Consultation, sending_address
from intake.store.emails import OutgoingEmail
from intake.store.history import history_of
from intake.store.responses import Response
from intake.store.users import User
from intake.web.asking import Asking, Officer, RowId
from intake.web.forms import Form, Sent
from intake.web.showing import page, redirect

router = APIRouter()
Act = Callable[[Session, OutgoingEmail], tuple[int, str]]
"""Does something to an email; the id of the one to look at next, and in a sentence what was done."""

_FIRST = (Tray.failed, Tray.bounced, Tray.held, Tray.queued)
"""The list opens on what needs somebody most."""


@router.get("/outgoing")
def outgoing(asking: Officer) -> Answer:
    asked = asking.request.query_params
    with asking.this.database.reading() as session:
        consultations = {one.slug: one for one in visible_consultations(session, asking.access)}
        chosen = consultations.get(asked.get("consultation", ""))
        counted = counts(session, asking.access, chosen.id if chosen else None)
        tray = _tray(asked.get("state", ""), counted)
        address = Form(asked).text("to")[:320]
        listed = list_outgoing(
            session,
            asking.access,
            tray,
            consultation_id=chosen.id if chosen else None,
            address=address,
            before=Place.parse(asked.get("before", "")),
        )
    filters = {name: value for name, value in (("consultation", chosen and chosen.slug), ("to", address)) if value}
    older = {"before": listed.older} if listed.older else {}
    return page(
        asking,
        "outgoing.html",
        tray=tray,
        trays=[(one, counted.get(one), urlencode({"state": one.value, **filters})) for one in Tray],
        lines=listed.lines,
        older=urlencode({"state": tray.value, **filters, **older}) if older else None,
        is_first="before" not in asked,
        newest=urlencode({"state": tray.value, **filters}),
        consultations=list(consultations.values()),
        titles={one.id: one.title for one in consultations.values()},
        zones={one.id: one.zone for one in consultations.values()},
        chosen=chosen,
        address=address,
    )


@router.get("/outgoing/{outgoing_id}")
def one_outgoing(asking: Officer, outgoing_id: RowId) -> Answer:
    return _show(asking, outgoing_id)


@router.post("/outgoing/{outgoing_id}/cancel")
def cancel_it(asking: Officer, outgoing_id: RowId, _form: Sent) -> Answer:
    def act(session: Session, row: OutgoingEmail) -> tuple[int, str]:
        cancel(session, row, user=asking.user, now=asking.now)
        return row.id, "Cancelled. It will not be sent."

    return _do(asking, outgoing_id, act)


@router.post("/outgoing/{outgoing_id}/release")
def release_it(asking: Officer, outgoing_id: RowId, _form: Sent) -> Answer:
    def act(session: Session, row: OutgoingEmail) -> tuple[int, str]:
        release_one(session, row, user=asking.user, now=asking.now)
        return row.id, "Released. It goes within a minute or so."

    return _do(asking, outgoing_id, act)


@router.post("/outgoing/{outgoing_id}/send-again")
def send_it_again(asking: Officer, outgoing_id: RowId, form: Sent) -> Answer:
    address = tidy_address(form.text("address"))
    if mistake := mistake_in(address):
        return _show(asking, outgoing_id, mistakes={"address": mistake}, given=form)

    def act(session: Session, row: OutgoingEmail) -> tuple[int, str]:
        domain = asking.this.settings.mail.message_id_domain
        again = send_again(session, row, address, message_id_domain=domain, user=asking.user, now=asking.now)
        asking.access.require(again.consultation_id)
        is_elsewhere = again.recipient_address.lower() != row.recipient_address.lower()
        corrected = " The consultee's contact is corrected too." if row.consultee_id and is_elsewhere else ""
        if form.is_ticked("correct") and row.response_id:
            response = session.get_one(Response, row.response_id)
            if correct_address(session, response, address, user=asking.user, now=asking.now):
                corrected += f" The respondent's address on {response.reference} is corrected too."
        return again.id, f"It goes again within a minute or so, to {again.recipient_address}.{corrected}"

    return _do(asking, outgoing_id, act)


def _do(asking: Asking, outgoing_id: int, act: Act) -> Answer:
    try:
        with asking.this.database.transaction() as session:
            find_outgoing(session, asking.access, outgoing_id)
            shown_id, done = act(session, lock_outgoing(session, outgoing_id))
    except NotPossible as error:
        return _show(asking, outgoing_id, mistakes={"main-content": str(error)})
    return redirect(asking, f"/outgoing/{shown_id}", notice=done)


def _show(
    asking: Asking, outgoing_id: int, *, mistakes: Mapping[str, str] | None = None, given: Form | None = None
) -> Answer:
    with asking.this.database.reading() as session:
        row = find_outgoing(session, asking.access, outgoing_id)
        shown = _fields(session, asking, row)
    return page(
        asking, "outgoing_email.html", status=422 if mistakes else 200, mistakes=mistakes or {}, given=given, **shown
    )


def _fields(session: Session, asking: Asking, row: OutgoingEmail) -> dict[str, Any]:
    consultation = session.get_one(Consultation, row.consultation_id)
    response = session.get(Response, row.response_id or 0)
    if response and not asking.access.may_see(response.consultation_id):
        response = None  # it was moved to where this officer is not
    author = session.get(User, row.user_id or 0)
    rendered, trouble = _rendered(session, asking, row)
    return {
        "row": row,
        "consultation": consultation,
        "zone": consultation.zone,
        "response": response,
        "author": author.name if author else None,
        "sender": sending_address(session, consultation),
        "rendered": rendered,
        "trouble": trouble,
        "history": tell(session, history_of(session, row)),
        "may_cancel": may_cancel(row),
        "may_release": may_release(row),
        "may_send_again": may_send_again(session, row),
        "again": sent_again(session, row),
        "instead_of": instead_of(row),
        "is_theirs": response is not None and response.respondent_address == row.recipient_address,
        "address": (response.respondent_address if response else None) or row.recipient_address,
    }


def _rendered(session: Session, asking: Asking, row: OutgoingEmail) -> tuple[Rendered | None, str | None]:
    """As it went; of one that was never written, as it would go now, or why it cannot be written.

    But for the way out of it, which is its recipient's alone: an officer stops emails under their own name.
    """
    if row.text is not None:
        return _without_token(Rendered(row.subject or "", row.text, row.html or ""), row), None
    fields = fields_of(asking.this)
    if row.kind not in fields:
        return None, "There is no template for this kind of email."
    try:
        found = written(session, row, asking.this.renderer, fields, now=asking.now)
    except TemplateBroken as error:
        return None, str(error)
    return _without_token(found, row), None


def _without_token(shown: Rendered, row: OutgoingEmail) -> Rendered:
    if not row.opt_out_token:
        return shown
    parts = (part.replace(row.opt_out_token, INERT_TOKEN) for part in (shown.subject, shown.text, shown.html))
    return Rendered(*parts)


def _tray(asked: str, counted: Mapping[Tray, int]) -> Tray:
    if asked in {tray.value for tray in Tray}:
        return Tray(asked)
    return next((tray for tray in _FIRST if counted[tray]), Tray.sent)
