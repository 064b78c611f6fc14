"""The notice of a moved closing time, to whoever an email told the time there was before."""

from functools import partial
from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.extending import closing_changes
from intake.administration.notices import closing_notice
from intake.administration.notices import warnings as notice_warnings
from intake.store.consultations import Consultation
from intake.web.asking import Administrator, Asking
from intake.web.by_hand import ByHand, begin, send_to_oneself, show
from intake.web.forms import Form, Sent

router = APIRouter()


@router.get("/consultations/{slug}/closing/notice")
def notice(asking: Administrator, slug: str) -> Response:
    return show(asking, _page(asking, slug, Form(asking.request.query_params)))


@router.post("/consultations/{slug}/closing/notice/test")
def send_a_test(asking: Administrator, slug: str, form: Sent) -> Response:
    return send_to_oneself(asking, _page(asking, slug, form), form)


@router.post("/consultations/{slug}/closing/notice")
def send(asking: Administrator, slug: str, form: Sent) -> Response:
    return begin(asking, _page(asking, slug, form), form, "notice")


def _page(asking: Asking, slug: str, form: Form) -> ByHand:
    change_id = form.number("change")
    return ByHand(
        slug,
        "closing/notice",
        "closing_notice.html",
        partial(closing_notice, change_id=change_id),
        partial(_beside, asking),
        [("change", str(change_id))] if change_id is not None else [],
    )


def _beside(asking: Asking, session: Session, consultation: Consultation) -> dict[str, Any]:
    return {
        "changes": [change for change, _ in closing_changes(session, consultation)],
        "warnings": notice_warnings(session, consultation, "deadline-extended", asking.this.settings, now=asking.now),
    }
