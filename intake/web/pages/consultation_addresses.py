"""The page of a consultation's published addresses."""

from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.addresses import add_address, address, addresses, change_address, remove_address
from intake.administration.consultations import visible_consultation
from intake.administration.warnings import warnings
from intake.web.asking import Administrator, Asking, RowId
from intake.web.editing import Done, attempt, edit_of
from intake.web.forms import Form, Sent
from intake.web.showing import page

router = APIRouter()


@router.get("/consultations/{slug}/addresses")
def published(asking: Administrator, slug: str) -> Response:
    return _show(asking, slug)


@router.post("/consultations/{slug}/addresses")
def add(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = add_address(session, consultation, _given(form), edit_of(asking, form))
        return Done(f"/consultations/{slug}/addresses", f"{row.address} was added.")

    return attempt(asking, change, lambda **more: _show(asking, slug, given=form, **more))


@router.get("/consultations/{slug}/addresses/{address_id}")
def one(asking: Administrator, slug: str, address_id: RowId) -> Response:
    return _show_one(asking, slug, address_id)


@router.post("/consultations/{slug}/addresses/{address_id}")
def save(asking: Administrator, slug: str, address_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = address(session, consultation, address_id)
        changed = change_address(session, consultation, row, _given(form), edit_of(asking, form))
        return Done(f"/consultations/{slug}/addresses", "Saved." if changed else "Nothing was different.")

    return attempt(asking, change, lambda **more: _show_one(asking, slug, address_id, given=form, **more))


@router.post("/consultations/{slug}/addresses/{address_id}/remove")
def remove(asking: Administrator, slug: str, address_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = address(session, consultation, address_id)
        remove_address(session, consultation, row, edit_of(asking, form))
        return Done(f"/consultations/{slug}/addresses", f"{row.address} was removed.")

    return attempt(asking, change, lambda **more: _show_one(asking, slug, address_id, **more))


def _given(form: Form) -> dict[str, object]:
    return {name: form.text(name) for name in ("address", "kind", "officer_name")}


def _show(asking: Asking, slug: str, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        rows = addresses(session, consultation)
        found = warnings(session, consultation, asking.this.settings.accounts, now=asking.now)
    about = [one for one in found if one.is_about_addresses]
    return page(
        asking, "consultation_addresses.html", consultation=consultation, addresses=rows, warnings=about, **more
    )


def _show_one(asking: Asking, slug: str, address_id: int, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        row = address(session, consultation, address_id)
        is_only = len(addresses(session, consultation)) == 1
    fields = {"consultation": consultation, "row": row, "is_only": is_only}
    return page(asking, "consultation_address.html", **fields, **more)  # type: ignore[arg-type]
