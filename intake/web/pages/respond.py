"""What anybody may see of a consultation: what it is about, until when and how to respond; the way into its form."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse, Response

from intake.accounts.throttling import TooManyGuesses, count_guess, forms_limit, network_key
from intake.errors import NotPossible
from intake.inbound.drafts import FormState, begin, form_state
from intake.jobs import Installation
from intake.outbound.documents import address_of, documents_of
from intake.store.consultations import Consultation, PublishedAddress, consultation_by_slug
from intake.web.asking import Public
from intake.web.forms import SentByLink
from intake.web.showing import page_by_link

router = APIRouter()


@router.get("/respond")
def listed(request: Request, this: Public) -> Response:
    now = this.clock()
    with this.database.reading() as session:
        standing = select(Consultation).where(Consultation.opens_at <= now, col(Consultation.archived_at).is_(None))
        rows = session.exec(standing.order_by(col(Consultation.closes_at), col(Consultation.slug))).all()
    # Closed means the whole minute of the closing time, which SQL does not know of.
    consultations = [row for row in rows if form_state(row, now) is not FormState.closed]
    return page_by_link(request, "respond.html", consultations=consultations)


@router.get("/respond/{slug}")
def show(request: Request, this: Public, slug: str) -> Response:
    return _show(request, this, slug)


@router.post("/respond/{slug}")
def start(request: Request, this: Public, slug: str, form: SentByLink) -> Response:
    """Whatever is sent begins a form, and nothing else."""
    now, host = this.clock(), request.client.host if request.client else ""
    try:
        with this.database.transaction() as session:
            limit = forms_limit(this.settings.web.forms_per_hour)
            count_guess(session, network_key(host, "forms"), now=now, limit=limit)
            token = begin(session, consultation_by_slug(session, slug), now=now)
    except TooManyGuesses as many:
        return _show(request, this, slug, status=429, mistakes={"start": str(many)})
    except NotPossible as closed:
        return _show(request, this, slug, status=409, mistakes={"main-content": str(closed)})
    return RedirectResponse(f"/respond/{slug}/{token}", status_code=303)


def addresses_of(session: Session, consultation: Consultation) -> Sequence[PublishedAddress]:
    """Where else a response can be sent."""
    own = select(PublishedAddress).where(PublishedAddress.consultation_id == consultation.id)
    return session.exec(own.order_by(col(PublishedAddress.id))).all()


def _show(request: Request, this: Installation, slug: str, **more: Any) -> Response:
    now, base_url = this.clock(), this.settings.web.base_url
    with this.database.reading() as session:
        consultation = consultation_by_slug(session, slug)
        addresses = addresses_of(session, consultation)
        is_out = now >= consultation.opens_at
        documents = [
            (row.name, address_of(row, base_url=base_url), row.size) for row in documents_of(session, consultation)
        ]
    return page_by_link(
        request,
        "respond_consultation.html",
        consultation=consultation,
        state=form_state(consultation, now).value,
        has_opened=is_out,
        addresses=addresses,
        documents=documents if is_out else [],
        **more,
    )
