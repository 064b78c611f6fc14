"""Whose responses are: the list of those that may be a consultee's, the choice for one of them, and what is decided."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import RedirectResponse
from starlette.responses import Response as Answer

from intake.administration.consultations import visible_consultation
from intake.errors import NotPossible
from intake.responses.matching import (
    Show,
    confirm,
    count_each,
    count_unmatched,
    decline,
    find_consultees,
    load_invited,
    take_back,
    unmatched,
)
from intake.responses.proposing import has_answered_before, propose
from intake.responses.thread import find_response
from intake.store.consultations import Consultation
from intake.store.people import Consultee
from intake.store.responses import Response
from intake.web.asking import Asking, Officer
from intake.web.forms import Form, Sent
from intake.web.pages.handling import handle
from intake.web.showing import page, with_query

router = APIRouter()


@router.get("/consultations/{slug}/matching")
def listed(asking: Officer, slug: str) -> Answer:
    asked = Form(asking.request.query_params)
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        among = load_invited(session, consultation.id)
        counts = count_each(session, consultation, among)
        filled = next((one for one in Show if counts[one] != 0), Show.proposed)
        show = asked.choice("show", Show) or filled
        looked = unmatched(session, consultation, show, before=asked.number("before"), among=among)
        total = count_unmatched(session, consultation)
    path = f"/consultations/{slug}/matching"
    return page(
        asking,
        "matching.html",
        consultation=consultation,
        zone=consultation.zone,
        show=show,
        looked=looked,
        total=total,
        counts=counts,
        is_first=not asked.number("before"),
        path=path,
        older=with_query(path, urlencode({"show": show.value, "before": looked.before})) if looked.before else "",
    )


@router.get("/responses/{reference}/consultee")
def choose(asking: Officer, reference: str) -> Answer:
    """Every proposal for one response, and a search among all who were invited."""
    text = Form(asking.request.query_params).text("q")[:200]
    with asking.this.database.reading() as session:
        response = find_response(session, asking.access, reference)
        consultation = session.get_one(Consultation, response.consultation_id)
        among = load_invited(session, consultation.id)
        consultee = session.get(Consultee, response.consultee_id or 0)
    if response.reference != reference:
        return RedirectResponse(f"/responses/{response.reference}/consultee", status_code=303)
    proposals = [one for one in propose(response, among) if one.consultee.id != response.consultee_id]
    return page(
        asking,
        "matching_one.html",
        response=response,
        consultation=consultation,
        zone=consultation.zone,
        consultee=consultee,
        proposals=proposals,
        found=find_consultees(among, text),
        answered={key for key in among.answered if has_answered_before(response, among, key)},
        q=text,
    )


@router.post("/responses/{reference}/consultee")
def decide(asking: Officer, reference: str, form: Sent) -> Answer:
    given: dict[str, Any] = {"user": asking.user, "now": asking.now, "version": form.version}

    def act(session: Session, response: Response) -> str:
        if form.is_ticked("none_of_them"):
            decline(session, response, **given)
            return f"{response.reference} is none of the consultees’."
        if form.is_ticked("reopen"):
            take_back(session, response, **given)
            return f"Whose {response.reference} is, is open again."
        chosen = session.get(Consultee, form.number("consultee") or 0)
        if chosen is None:
            raise NotPossible("Choose whose response it is.")
        confirm(session, response, chosen, writes_from_it=form.is_ticked("writes_from_it"), **given)
        return f"{response.reference} is from {chosen.organisation}."

    return handle(asking, reference, form, act, field="consultee", back=_back(asking, form))


def _back(asking: Asking, form: Form) -> str | None:
    """To the list it was decided in; None for the response's own page."""
    with asking.this.database.reading() as session:
        if not form.text("list"):
            return None
        consultation = visible_consultation(session, asking.access, form.text("list"))
    return f"/consultations/{consultation.slug}/matching"
