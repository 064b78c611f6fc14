"""Signing in with a password and a code, signing out, and one-time links."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from intake.accounts.links import LinkOver, open_link
from intake.accounts.second_factor import WrongCode
from intake.accounts.signing_in import NotLetIn, choose_password, follow_link, send_code, sign_in
from intake.accounts.throttling import TooManyGuesses
from intake.errors import Mistakes, NotFound
from intake.jobs import Installation
from intake.store.users import LinkPurpose, User
from intake.web.asking import Officer, Public, cookie_name, installation, signed_in
from intake.web.entering import caller_of, code_cookie, come_in, forget, go_out, own_path
from intake.web.forms import Form, Sent, SentByStranger
from intake.web.showing import public_page

router = APIRouter()
_NONE: Mapping[str, str] = {}


@router.get("/sign-in")
def ask(request: Request, wanted: str = "/") -> Response:
    if signed_in(request) is not None:
        return RedirectResponse(own_path(wanted), status_code=303)
    return _sign_in_page(request, wanted)


@router.post("/sign-in")
def judge(request: Request, this: Public, form: SentByStranger) -> Response:
    if not this.settings.sign_in.local_accounts:
        raise NotFound
    address, password, wanted = form.text("address"), form.secret("password"), form.text("wanted")
    mistakes = {"address": "Enter your email address."} if not address else {}
    mistakes |= {"password": "Enter your password."} if not password else {}
    if mistakes:
        return _sign_in_page(request, wanted, status=422, mistakes=mistakes, given=form)
    try:
        door = sign_in(this.database, address, password, caller_of(request), now=this.clock())
    except NotLetIn as error:
        return _sign_in_page(request, wanted, status=422, mistakes={"address": str(error)}, given=form)
    except TooManyGuesses as error:
        return _sign_in_page(request, wanted, status=429, mistakes={"address": str(error)}, given=form)
    return come_in(request, door, wanted=own_path(wanted))


@router.get("/sign-in/code")
def ask_for_code(request: Request, this: Public, wanted: str = "/") -> Response:
    if not request.cookies.get(code_cookie(this.settings.web)):
        return RedirectResponse("/sign-in", status_code=303)
    return public_page(request, "sign_in_code.html", wanted=own_path(wanted))


@router.post("/sign-in/code")
def judge_code(request: Request, this: Public, form: SentByStranger) -> Response:
    wanted = own_path(form.text("wanted"))
    token = request.cookies.get(code_cookie(this.settings.web), "")
    try:
        door = send_code(this.database, token, form.text("code"), caller_of(request), now=this.clock())
    except LinkOver:
        mistakes = {"address": "You took too long to enter the code. Sign in again."}
        return _sign_in_page(request, wanted, status=422, mistakes=mistakes)
    except (WrongCode, TooManyGuesses) as error:
        status = 422 if isinstance(error, WrongCode) else 429
        return public_page(request, "sign_in_code.html", status=status, wanted=wanted, mistakes={"code": str(error)})
    return come_in(request, door, wanted=wanted)


@router.post("/sign-out")
def sign_out(request: Request, asking: Officer, form: Sent) -> Response:
    go_out(request)
    answer = RedirectResponse("/sign-in?signed_out=1", status_code=303)
    forget(answer, asking.this.settings.web, cookie_name(asking.this.settings.web))
    return answer


@router.get("/link/{token}")
def show_link(request: Request, this: Public, token: str) -> Response:
    try:
        return _link_page(request, *_linked(this, token))
    except LinkOver as error:
        return _link_over(request, error)


@router.post("/link/{token}")
def follow(request: Request, this: Public, token: str, form: SentByStranger) -> Response:
    caller, now = caller_of(request), this.clock()
    try:
        user, purpose = _linked(this, token)
        if purpose is LinkPurpose.sign_in:
            return come_in(request, follow_link(this.database, token, caller, now=now), wanted="/")
        password = form.secret("password")
        if password != form.secret("again"):
            mistakes = {"again": "The two passwords are not the same."}
            return _link_page(request, user, purpose, status=422, mistakes=mistakes)
        return come_in(request, choose_password(this.database, token, password, caller, now=now), wanted="/")
    except Mistakes as error:
        return _link_page(request, user, purpose, status=422, mistakes=error.by_field)
    except LinkOver as error:
        return _link_over(request, error)


def _sign_in_page(
    request: Request,
    wanted: str,
    *,
    status: int = 200,
    mistakes: Mapping[str, str] = _NONE,
    given: Form | None = None,
) -> Response:
    notice = "You have signed out." if "signed_out" in request.query_params and not mistakes else None
    ways, wanted = installation(request).settings.sign_in, own_path(wanted)
    fields: dict[str, Any] = {"ways": ways, "wanted": wanted, "notice": notice, "mistakes": mistakes, "given": given}
    return public_page(request, "sign_in.html", status=status, **fields)


def _linked(this: Installation, token: str) -> tuple[User, LinkPurpose]:
    with this.database.reading() as session:
        link, user = open_link(session, token, LinkPurpose.set_password, LinkPurpose.sign_in, now=this.clock())
    if link.purpose is LinkPurpose.set_password and not this.settings.sign_in.local_accounts:
        raise LinkOver
    return user, link.purpose


def _link_page(
    request: Request, user: User, purpose: LinkPurpose, *, status: int = 200, mistakes: Mapping[str, str] = _NONE
) -> Response:
    """The address holds the token: no other page is told it."""
    chooses = purpose is LinkPurpose.set_password
    answer = public_page(request, "link.html", status=status, person=user, chooses_password=chooses, mistakes=mistakes)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _link_over(request: Request, error: LinkOver) -> Response:
    answer = public_page(request, "mishap.html", status=410, title="This link no longer works", sentence=str(error))
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
