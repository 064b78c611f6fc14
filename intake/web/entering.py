"""How a browser comes in and goes out: the cookie of its session, and the short one between password and code.

Never judges a password; `intake/accounts` has done so before anything here is called.
"""

from urllib.parse import quote

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from intake.accounts.sessions import end_session
from intake.accounts.signing_in import Caller, CodeNeeded, SignedIn
from intake.settings import WebSettings
from intake.web.asking import cookie_name, installation, signed_in
from intake.web.showing import is_own_path

NETWORK_UNKNOWN = "unknown"  # a Unix socket


def caller_of(request: Request) -> Caller:
    network = request.client.host if request.client else NETWORK_UNKNOWN
    return Caller(network, request.headers.get("user-agent", "")[:200])


def come_in(request: Request, door: SignedIn | CodeNeeded, *, wanted: str) -> Response:
    """Let the browser in, or on to the second step. Whoever was signed in at it before is signed out."""
    web = installation(request).settings.web
    match door:
        case CodeNeeded(token):
            answer = RedirectResponse(f"/sign-in/code?wanted={quote(wanted)}", status_code=303)
            remember(answer, web, code_cookie(web), token, seconds=5 * 60)
        case SignedIn(token):
            go_out(request)
            answer = RedirectResponse(wanted, status_code=303)
            remember(answer, web, cookie_name(web), token, seconds=web.session_hours * 3600)
            forget(answer, web, code_cookie(web))
    return answer


def go_out(request: Request) -> None:
    """End the session of this browser, if it has one."""
    asking = signed_in(request)
    if asking is not None:
        with asking.this.database.transaction() as session:
            end_session(session, asking.session_row, now=asking.now, actor=asking.user.actor)


def forget(answer: Response, web: WebSettings, name: str) -> None:
    answer.delete_cookie(name, secure=web.is_secure, httponly=True, samesite="lax")


def remember(answer: Response, web: WebSettings, name: str, token: str, *, seconds: int) -> None:
    """Lax: a link in an email leads to the page it names, and the identity provider's way back is one, too."""
    answer.set_cookie(name, token, max_age=seconds, secure=web.is_secure, httponly=True, samesite="lax")


def code_cookie(web: WebSettings) -> str:
    return f"{cookie_name(web)}-code"


def own_path(wanted: str) -> str:
    """Where to go after sign-in: the page that was asked for, if it is one of ours."""
    return wanted if is_own_path(wanted) else "/"
