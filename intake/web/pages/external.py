"""Signing in through the council's identity provider: there, and back.

Both are GETs. The way there is no form, because a policy of `form-action 'self'` also stops the redirects that follow a
form; the way back is the provider's redirect. Each is worth nothing without the cookie of the browser that began.
"""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from intake.accounts.external import NotProven, ProviderUnavailable, Returned, leave, prove, take_up
from intake.accounts.identities import let_in_from_elsewhere
from intake.errors import IntakeError, NotFound
from intake.jobs import Installation
from intake.web.asking import Public, cookie_name
from intake.web.entering import caller_of, come_in, forget, own_path, remember
from intake.web.showing import public_page

RETURN_PATH = "/sign-in/external/return"

router = APIRouter()


@router.get("/sign-in/external")
def go_there(request: Request, this: Public, wanted: str = "/") -> Response:
    ways, web = this.settings.sign_in, this.settings.web
    if ways.issuer is None:
        raise NotFound
    path = own_path(wanted)
    try:
        leaving = leave(this.database, ways, return_address=_return_address(this), wanted=path, now=this.clock())
    except IntakeError as error:
        return _not_in(request, error)
    answer = RedirectResponse(leaving.address, status_code=303)
    remember(answer, web, external_cookie(this), leaving.state, seconds=10 * 60)
    return answer


@router.get(RETURN_PATH)
def come_back(
    request: Request, this: Public, code: str = "", state: str = "", iss: str = "", error: str = ""
) -> Response:
    ways, now = this.settings.sign_in, this.clock()
    if ways.issuer is None:
        raise NotFound
    try:
        if error == "access_denied":
            raise NotProven("You were not signed in. Go back to the sign-in page to try again.")
        returned = Returned(code, state, iss, request.cookies.get(external_cookie(this), ""))
        begun = take_up(this.database, ways, returned, now=now)
        identity = prove(ways, begun, code, return_address=_return_address(this), now=now)
        door = let_in_from_elsewhere(this.database, identity, caller_of(request), now=now)
    except IntakeError as mishap:
        return _not_in(request, mishap)
    answer = come_in(request, door, wanted=own_path(begun.wanted))
    forget(answer, this.settings.web, external_cookie(this))
    return answer


def _not_in(request: Request, error: IntakeError) -> Response:
    status = 503 if isinstance(error, ProviderUnavailable) else 403
    return public_page(request, "not_in.html", status=status, sentence=str(error))


def _return_address(this: Installation) -> str:
    return this.settings.web.base_url + RETURN_PATH


def external_cookie(this: Installation) -> str:
    return f"{cookie_name(this.settings.web)}-external"
