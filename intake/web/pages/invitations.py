"""Invitations: who gets one and who does not, how it reads, a test of it, and the start."""

from functools import partial
from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.notices import invitation
from intake.administration.notices import warnings as notice_warnings
from intake.outbound.recipients import to_invite
from intake.store.consultations import Consultation
from intake.store.people import groups_of
from intake.web.asking import Administrator, Asking
from intake.web.by_hand import ByHand, begin, send_to_oneself, show
from intake.web.forms import Form, Sent

router = APIRouter()


@router.get("/consultations/{slug}/invitations")
def invitations(asking: Administrator, slug: str) -> Response:
    return show(asking, _page(asking, slug, Form(asking.request.query_params)))


@router.post("/consultations/{slug}/invitations/test")
def send_a_test(asking: Administrator, slug: str, form: Sent) -> Response:
    return send_to_oneself(asking, _page(asking, slug, form), form)


@router.post("/consultations/{slug}/invitations")
def send(asking: Administrator, slug: str, form: Sent) -> Response:
    return begin(asking, _page(asking, slug, form), form, "invitation")


def _page(asking: Asking, slug: str, form: Form) -> ByHand:
    groups = form.many("group")
    return ByHand(
        slug,
        "invitations",
        "invitations.html",
        partial(invitation, groups=groups),
        partial(_beside, asking, groups),
        [("group", name) for name in groups],
    )


def _beside(asking: Asking, chosen: list[str], session: Session, consultation: Consultation) -> dict[str, Any]:
    """The groups to choose from, with how many of each get it, of how many contacts."""
    everybody = to_invite(session, consultation, now=asking.now)
    of = {
        name: [one for one in everybody if one.recipient.group == name] for name in groups_of(session, consultation.id)
    }
    return {
        "groups": [(name, sum(one.goes for one in theirs), len(theirs)) for name, theirs in of.items() if theirs],
        "chosen": chosen,
        "warnings": notice_warnings(session, consultation, "invitation", asking.this.settings, now=asking.now),
    }
