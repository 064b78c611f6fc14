"""The page of one response: who, when, in time or late, their words, the correspondence, the history.

Changes nothing but who has it open now. What officers do with it is posted to the pages of `handling.py`, which show
this page again where something has to be put right.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from intake.administration.moments import TypedMoment
from intake.deadlines import Timing
from intake.responses.filters import Filters
from intake.responses.finding import neighbours, visible_consultations
from intake.responses.handling import officers_of
from intake.responses.handling_notes import reasons_among_notes
from intake.responses.handling_receipt import may_say_receipt
from intake.responses.handling_standing import was_put_back
from intake.responses.handling_wishes import other_responses, wishes_of
from intake.responses.matching import has_consultees, proposals_for
from intake.responses.recounting import recount
from intake.responses.thread import Thread, find_response, thread_of
from intake.responses.timeliness import receipt_sentence, timeliness
from intake.responses.viewing import open_response
from intake.store.people import Consultee, groups_of
from intake.store.responses import Addition
from intake.web.asking import Asking, Officer
from intake.web.forms import Form
from intake.web.showing import page, with_query

router = APIRouter()


@router.get("/responses/{reference}")
def show(asking: Officer, reference: str) -> Response:
    return response_page(asking, reference)


def response_page(
    asking: Asking,
    reference: str,
    *,
    mistakes: Mapping[str, str] | None = None,
    given: Form | None = None,
    status: int = 200,
) -> Response:
    """The page, or the way to it where the response has another reference by now. Raises NotFound."""
    with asking.this.database.reading() as session:
        response = find_response(session, asking.access, reference)
        if response.reference != reference:
            present = with_query(f"/responses/{response.reference}", asking.request.url.query)
            return RedirectResponse(present, status_code=303)
        thread = thread_of(session, response, asking.access)
        fields = _fields(session, asking, thread)
    viewers = open_response(asking.this.database, response.id, asking.user, now=asking.now)
    return page(asking, "response.html", status=status, mistakes=mistakes or {}, given=given, viewers=viewers, **fields)


def _fields(session: Session, asking: Asking, thread: Thread) -> dict[str, Any]:
    response, consultation = thread.response, thread.consultation
    consultations = visible_consultations(session, asking.access)
    filters, _ = Filters.from_query(asking.request.query_params.multi_items(), consultations)
    previous, following = neighbours(session, asking.access, filters, response)
    judged = timeliness(session, response, consultation, now=asking.now)
    came = response.received_at or response.original_sent_at
    return {
        "response": response,
        "consultation": consultation,
        "zone": consultation.zone,
        "thread": thread,
        "notes": thread.notes,
        "reasons": reasons_among_notes(session, response),
        "was_put_back": was_put_back(session, response),
        "tags": thread.tags,
        "timeliness": judged,
        "is_late": judged.timing is Timing.late,
        "receipts": _receipts(thread),
        "consultee": session.get(Consultee, response.consultee_id or 0),
        "proposals": proposals_for(session, response),
        "has_consultees": has_consultees(session, consultation),
        "wishes": wishes_of(session, response),
        "others": other_responses(session, response),
        "may_say_receipt": may_say_receipt(session, response),
        "came": TypedMoment.of(came, consultation.zone) if came else None,
        "history": recount(session, response),
        "users": officers_of(session, consultation.id),
        "groups": groups_of(session, consultation.id),
        "consultations": consultations,
        "previous": previous,
        "next": following,
        "back": filters.to_query(),
    }


def _receipts(thread: Thread) -> dict[int, str]:
    """Each addition is judged by its own receipt."""
    rows = [entry.row for entry in thread.incoming if isinstance(entry.row, Addition)]
    return {row.id: receipt_sentence(row.received_at, thread.consultation) for row in rows}
