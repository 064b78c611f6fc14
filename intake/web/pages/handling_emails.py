"""What is posted from a response's page about its emails: when the letter came, where they do not say, and what became
of what the respondent asks for. Each form is one change, as in `handling.py`. Decides nothing itself."""

from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response as Answer

from intake.administration.moments import instant
from intake.errors import NotPossible
from intake.responses.handling_receipt import say_receipt
from intake.responses.handling_standing import withdraw
from intake.responses.handling_wishes import find_wish, settle_wish
from intake.responses.timeliness import receipt_sentence
from intake.store.consultations import Consultation
from intake.store.responses import Response, Wish
from intake.web.asking import Officer
from intake.web.editing import typed_moment
from intake.web.forms import Sent
from intake.web.pages.handling import handle

router = APIRouter()


@router.post("/responses/{reference}/receipt")
def receipt(asking: Officer, reference: str, form: Sent) -> Answer:
    def act(session: Session, response: Response) -> str:
        consultation, received_at = session.get_one(Consultation, response.consultation_id), None
        if not form.is_ticked("unsay"):
            typed, name = typed_moment(form, "received"), "The time the letter came"
            received_at = instant(typed, timezone=consultation.zone, field="received", name=name)
        say_receipt(session, response, received_at, user=asking.user, now=asking.now, version=form.version)
        return receipt_sentence(received_at, consultation)

    return handle(asking, reference, form, act, field="receipt")


@router.post("/responses/{reference}/wishes")
def wishes(asking: Officer, reference: str, form: Sent) -> Answer:
    def act(session: Session, response: Response) -> str:
        wish = find_wish(session, response, form.number("wish") or 0)
        given: dict[str, Any] = {"user": asking.user, "now": asking.now, "version": form.version}
        match form.text("act"):
            case "withdraw" if wish.wish is Wish.withdrawal and not response.withdrawn_at:
                withdraw(session, [response], f"The respondent asked for it: “{wish.sentence}”", **given)
                return "Withdrawn, as they asked. It is kept, and not counted."
            case "settle":
                settle_wish(session, response, wish, **given)
                return "Marked as dealt with."
            case "reopen":
                settle_wish(session, response, wish, is_settled=False, **given)
                return "It is open again."
        raise NotPossible("Choose what to do about what they ask for.")

    return handle(asking, reference, form, act)
