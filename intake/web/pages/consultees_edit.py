"""Consultees as they are kept by hand: a new one, what is known of one, whether it is invited, and its contacts.

An officer may change the contacts of their consultations' consultees; the rest is an administrator's.
"""

from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.consultees import (
    add_consultee,
    add_contact,
    change_consultee,
    change_contact,
    consultee,
    contact,
    remove_consultee,
    remove_contact,
    restore_consultee,
)
from intake.store.people import groups_of
from intake.web.asking import Administrator, Asking, Officer, RowId
from intake.web.editing import Done, attempt, edit_of
from intake.web.forms import Form, Sent
from intake.web.showing import page
from intake.wording import plural

router = APIRouter()


@router.get("/consultations/{slug}/consultees/new")
def new(asking: Administrator, slug: str) -> Response:
    return _show_new(asking, slug)


@router.post("/consultations/{slug}/consultees/new")
def add(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        given, people = _given(form), form.long_text("contacts")
        row, matched = add_consultee(session, consultation, given, people, user=asking.user, now=asking.now)
        return Done(f"/consultees/{row.id}", f"{row.organisation} was added.{_matched(matched)}")

    return attempt(asking, change, lambda **more: _show_new(asking, slug, given=form, **more))


@router.get("/consultees/{consultee_id}/edit")
def one(asking: Administrator, consultee_id: RowId) -> Response:
    return _show(asking, consultee_id)


@router.post("/consultees/{consultee_id}/edit")
def save(asking: Administrator, consultee_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row, consultation = consultee(session, asking.access, consultee_id)
        changed = change_consultee(session, consultation, row, _given(form), edit_of(asking, form))
        return Done(f"/consultees/{consultee_id}", "Saved." if changed else "Nothing was different.")

    return attempt(asking, change, lambda **more: _show(asking, consultee_id, given=form, **more))


@router.post("/consultees/{consultee_id}/remove")
def remove(asking: Administrator, consultee_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row, _ = consultee(session, asking.access, consultee_id)
        remove_consultee(session, row, edit_of(asking, form))
        return Done(f"/consultees/{consultee_id}", f"{row.organisation} is no longer invited. You can undo this.")

    return attempt(asking, change, lambda **more: _show(asking, consultee_id, **more))


@router.post("/consultees/{consultee_id}/restore")
def restore(asking: Administrator, consultee_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row, _ = consultee(session, asking.access, consultee_id)
        restore_consultee(session, row, edit_of(asking, form))
        return Done(f"/consultees/{consultee_id}", f"{row.organisation} is invited again.")

    return attempt(asking, change, lambda **more: _show(asking, consultee_id, **more))


@router.get("/consultees/{consultee_id}/contacts/new")
def new_contact(asking: Officer, consultee_id: RowId) -> Response:
    return _show_contact(asking, consultee_id)


@router.post("/consultees/{consultee_id}/contacts/new")
def write_contact(asking: Officer, consultee_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row, consultation = consultee(session, asking.access, consultee_id)
        made, matched = add_contact(session, consultation, row, _person(form), edit_of(asking, form))
        return Done(f"/consultees/{consultee_id}", f"{made.address} was added.{_matched(matched)}")

    return attempt(asking, change, lambda **more: _show_contact(asking, consultee_id, given=form, **more))


@router.get("/consultees/{consultee_id}/contacts/{contact_id}")
def one_contact(asking: Officer, consultee_id: RowId, contact_id: RowId) -> Response:
    return _show_contact(asking, consultee_id, contact_id)


@router.post("/consultees/{consultee_id}/contacts/{contact_id}")
def save_contact(asking: Officer, consultee_id: RowId, contact_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row, consultation = consultee(session, asking.access, consultee_id)
        person = contact(session, row, contact_id)
        changed, matched = change_contact(session, consultation, row, person, _person(form), edit_of(asking, form))
        notice = f"Saved.{_matched(matched)}" if changed else "Nothing was different."
        return Done(f"/consultees/{consultee_id}", notice)

    return attempt(asking, change, lambda **more: _show_contact(asking, consultee_id, contact_id, given=form, **more))


@router.post("/consultees/{consultee_id}/contacts/{contact_id}/remove")
def take_contact_off(asking: Officer, consultee_id: RowId, contact_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row, _ = consultee(session, asking.access, consultee_id)
        person = contact(session, row, contact_id)
        remove_contact(session, row, person, edit_of(asking, form))
        return Done(f"/consultees/{consultee_id}", f"{person.address} was removed.")

    return attempt(asking, change, lambda **more: _show_contact(asking, consultee_id, contact_id, **more))


def _given(form: Form) -> dict[str, object]:
    names = ("organisation", "stakeholder_group", "consultee_key", "domain", "language")
    return {name: form.text(name) for name in names}


def _person(form: Form) -> dict[str, object]:
    return {name: form.text(name) for name in ("address", "name")} | {"is_mailed": form.is_ticked("is_mailed")}


def _matched(count: int) -> str:
    are = "counts" if count == 1 else "count"
    return f" {plural(count, 'earlier response')} {are} as theirs now." if count else ""


def _show_new(asking: Asking, slug: str, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        groups = groups_of(session, consultation.id)
    return page(asking, "consultee_new.html", consultation=consultation, groups=groups, **more)


def _show(asking: Asking, consultee_id: int, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        row, consultation = consultee(session, asking.access, consultee_id)
        groups = groups_of(session, consultation.id)
    return page(asking, "consultee_edit.html", consultation=consultation, row=row, groups=groups, **more)


def _show_contact(asking: Asking, consultee_id: int, contact_id: int | None = None, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        row, consultation = consultee(session, asking.access, consultee_id)
        person = contact(session, row, contact_id) if contact_id else None
    return page(asking, "consultee_contact.html", consultation=consultation, row=row, person=person, **more)
