"""The outcome: where the final document is, who is told that it is published, and telling them."""

from functools import partial
from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.notices import outcome
from intake.administration.notices import warnings as notice_warnings
from intake.administration.outcome import set_outcome, told_outcome
from intake.administration.warnings import Warn
from intake.responses.considering import BEFORE_DECIDING, unconsidered_wording
from intake.responses.counting import count_log
from intake.store.consultations import Consultation
from intake.web.asking import Administrator, Asking
from intake.web.by_hand import ByHand, begin, send_to_oneself, show
from intake.web.editing import Done, attempt, edit_of
from intake.web.forms import Sent
from intake.wording import plural

router = APIRouter()


@router.get("/consultations/{slug}/outcome")
def shown(asking: Administrator, slug: str) -> Response:
    return show(asking, _page(asking, slug))


@router.post("/consultations/{slug}/outcome/document")
def publish(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        given = {"outcome_url": form.text("outcome_url"), "outcome_note": form.long_text("outcome_note")}
        changed = set_outcome(session, consultation, given, edit_of(asking, form))
        return Done(f"/consultations/{slug}/outcome", _saved(changed, told_outcome(session, consultation)))

    return attempt(asking, change, lambda **more: show(asking, _page(asking, slug), given=form, **more))


@router.post("/consultations/{slug}/outcome/test")
def send_a_test(asking: Administrator, slug: str, form: Sent) -> Response:
    return send_to_oneself(asking, _page(asking, slug), form)


@router.post("/consultations/{slug}/outcome")
def tell(asking: Administrator, slug: str, form: Sent) -> Response:
    return begin(asking, _page(asking, slug), form, "email")


def _page(asking: Asking, slug: str) -> ByHand:
    return ByHand(slug, "outcome", "outcome.html", outcome, partial(_beside, asking))


def _beside(asking: Asking, session: Session, consultation: Consultation) -> dict[str, Any]:
    warnings = notice_warnings(session, consultation, "outcome", asking.this.settings, now=asking.now)
    if unconsidered := unconsidered_wording(count_log(session, [consultation])[consultation.id]):
        warnings.insert(0, Warn(f"{unconsidered}.", BEFORE_DECIDING))
    return {"told": told_outcome(session, consultation), "warnings": warnings}


def _saved(changed: list[str], told: int) -> str:
    if not changed:
        return "Nothing was changed."
    if not told:
        return "Saved. Nobody was told yet; look at who would be, below."
    were = "was" if told == 1 else "were"
    return f"Saved. {plural(told, 'person', 'people')} {were} told before, and nobody is told again."
