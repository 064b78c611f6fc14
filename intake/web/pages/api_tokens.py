"""Tokens of other systems, for administrators: made, shown once, listed, revoked."""

from typing import Any

from fastapi import APIRouter, Response

from intake.accounts.tokens import Rights, list_tokens, make_token, revoke
from intake.accounts.users import consultations_to_give
from intake.errors import Mistakes
from intake.web.asking import Administrator, Asking, RowId
from intake.web.forms import Form, Sent
from intake.web.showing import page, redirect

router = APIRouter()
_PATH = "/api-tokens"


@router.get(_PATH)
def tokens(asking: Administrator) -> Response:
    return _show(asking)


@router.post(_PATH)
def make(asking: Administrator, form: Sent) -> Response:
    """The token is on the answer only: nobody can open it a second time to see it again."""
    try:
        with asking.this.database.transaction() as session:
            token, secret = make_token(session, form.text("name"), _rights(form), user=asking.user, now=asking.now)
    except Mistakes as wrong:
        return _show(asking, status=422, mistakes=wrong.by_field, given=form)
    base_url = asking.this.settings.web.base_url
    return page(asking, "api_token_made.html", token=token, secret=secret, base_url=base_url)


@router.post(f"{_PATH}/{{token_id}}/revoke")
def take_back(asking: Administrator, token_id: RowId, form: Sent) -> Response:
    with asking.this.database.transaction() as session:
        name = revoke(session, token_id, now=asking.now, actor=asking.user.actor).name
    return redirect(asking, _PATH, notice=f"The token of {name} is worth nothing any more.")


def _rights(form: Form) -> Rights:
    is_for_all = form.text("for") != "some"
    return Rights(
        may_write=form.is_ticked("may_write"),
        may_read=form.is_ticked("may_read"),
        sees_confidential=form.is_ticked("sees_confidential"),
        consultation_ids=None if is_for_all else form.numbers("consultations"),
    )


def _show(asking: Asking, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        fields: dict[str, Any] = {"listed": list_tokens(session), "consultations": consultations_to_give(session)}
    return page(asking, "api_tokens.html", **fields, **more)
