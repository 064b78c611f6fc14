"""Who gets no mailings of a consultation: those who opted out, and addresses that mail came back from."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.consultees import change_contact, refuse_address
from intake.errors import Mistakes, NotFound
from intake.mail.usable_addresses import tidy_address
from intake.outbound.dead_addresses import Dead, dead_address, dead_addresses, revive
from intake.outbound.opting_out import opt_out, undo, wish, wishes
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.response_changes import lock_consultations
from intake.web.asking import Asking, Officer, RowId
from intake.web.editing import Done, attempt, edit_of
from intake.web.forms import Sent
from intake.web.showing import page
from intake.wording import plural

router = APIRouter()


@router.get("/consultations/{slug}/wishes")
def shown(asking: Officer, slug: str) -> Response:
    return _show(asking, slug)


@router.post("/consultations/{slug}/wishes")
def add(asking: Officer, slug: str, form: Sent) -> Response:
    """Somebody rang, or wrote, and wants no more of these emails."""

    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        address = tidy_address(form.text("address"))
        refuse_address(session, consultation, address)
        cancelled = opt_out(session, consultation.id, address, now=asking.now, user=asking.user)
        return Done(_path(slug), _stopped(address, cancelled))

    return attempt(asking, change, lambda **more: _show(asking, slug, given=form, **more))


@router.post("/consultations/{slug}/wishes/{wish_id}/undo")
def take_back(asking: Officer, slug: str, wish_id: RowId, form: Sent) -> Response:
    field = f"reason-{wish_id}"

    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = wish(session, consultation, wish_id)
        with _told_at(field):
            reason = form.long_text(field)
            undo(session, consultation.id, row.address, now=asking.now, user=asking.user, reason=reason)
        return Done(_path(slug), f"{row.address} gets the emails of this consultation again.")

    return attempt(asking, change, lambda **more: _show(asking, slug, given=form, wish_id=wish_id, **more))


@router.post("/consultations/{slug}/wishes/dead/{dead_id}/revive")
def say_it_works(asking: Officer, slug: str, dead_id: RowId, _form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = dead_address(session, consultation, dead_id).row
        revive(session, row, user=asking.user, now=asking.now)
        return Done(_path(slug), f"Emails go to {row.address} again. If one comes back, it is listed here again.")

    return attempt(asking, change, lambda **more: _show(asking, slug, **more))


@router.post("/consultations/{slug}/wishes/dead/{dead_id}/contacts/{contact_id}")
def correct(asking: Officer, slug: str, dead_id: RowId, contact_id: RowId, form: Sent) -> Response:
    """The address of one of the contacts that have it."""
    field = f"address-{contact_id}"

    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        lock_consultations(session, [consultation.id])  # before the address, as whoever records a bounce does
        consultee, person = _owner(dead_address(session, consultation, dead_id), contact_id)
        given = {"address": form.text(field), "name": person.name, "is_mailed": person.is_mailed}
        with _told_at(field):
            _, responses = change_contact(session, consultation, consultee, person, given, edit_of(asking, form))
        return Done(_path(slug), _corrected(consultee, person, responses))

    return attempt(asking, change, lambda **more: _show(asking, slug, given=form, contact_id=contact_id, **more))


def _show(asking: Asking, slug: str, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        found = wishes(session, consultation)
        dead = dead_addresses(session, consultation)
    fields: dict[str, Any] = {
        "standing": [one for one in found if not one.row.undone_at],
        "undone": [one for one in found if one.row.undone_at],
        "dead": dead,
        "may_see": {one.row.id for one in dead if asking.access.may_see(one.outgoing.consultation_id)},
    }
    return page(asking, "wishes.html", consultation=consultation, zone=consultation.zone, **{**fields, **more})


@contextmanager
def _told_at(field: str) -> Iterator[None]:
    """The same form stands on the page many times; what is wrong is told at the one that was sent."""
    try:
        yield
    except Mistakes as wrong:
        raise Mistakes({field: str(wrong)}) from None


def _owner(dead: Dead, contact_id: int) -> tuple[Consultee, ConsulteeAddress]:
    found = next((one for one in dead.contacts if one[0].id == contact_id), None)
    if found is None:
        raise NotFound
    return found[1], found[0]


def _stopped(address: str, cancelled: int | None) -> str:
    if cancelled is None:
        return f"{address} had opted out already."
    waiting = f" {plural(cancelled, 'email')} that waited {'was' if cancelled == 1 else 'were'} cancelled."
    return f"No more of these emails go to {address}.{waiting if cancelled else ''}"


def _corrected(consultee: Consultee, person: ConsulteeAddress, responses: int) -> str:
    told = f"The address of {consultee.organisation} is {person.address} now."
    if responses:
        told += f" {plural(responses, 'earlier response')} from it {'is' if responses == 1 else 'are'} theirs."
    return told


def _path(slug: str) -> str:
    return f"/consultations/{slug}/wishes"
