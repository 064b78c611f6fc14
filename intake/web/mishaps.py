"""What a visitor sees when something goes wrong: one page with one sentence. What is printed names kind and place only.

Never shows, and never prints, an error's own text unless it is one of ours: others may quote a letter.
"""

import re
import traceback
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from intake.errors import IntakeError, LostRace, NotFound
from intake.web.api.problems import refusal
from intake.web.asking import NotAllowed, SignInNeeded, signed_in
from intake.web.forms import ForeignForm
from intake.web.showing import page, page_by_link, public_page, with_query

log = structlog.get_logger()
_STATUSES: dict[type[IntakeError], int] = {NotFound: 404, NotAllowed: 403, ForeignForm: 403, LostRace: 409}
_TITLES = {
    400: "That could not be done",
    403: "You cannot do this",
    404: "There is no such page",
    405: "There is no such page",
    409: "Somebody else changed this",
}
_NO_PAGE = "If you followed a link, what it led to may have moved, or you may not have been given its consultation."


def add_mishaps(app: FastAPI) -> None:
    app.add_exception_handler(SignInNeeded, _ask_to_sign_in)
    app.add_exception_handler(IntakeError, _show_error)
    app.add_exception_handler(RequestValidationError, _show_no_page)
    app.add_exception_handler(HTTPException, _show_http_error)


class LastResort:
    """ASGI middleware: an error nobody expected becomes a page, and a line of output without what the error says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        async def sending(event: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(event)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno}"
            log.error("page", path=_printable_path(scope), error=type(error).__name__, where=where)
            if has_started or scope["type"] != "http":
                return
            await _broken_off(error, scope["path"], scope["method"])(scope, receive, send)


def _ask_to_sign_in(request: Request, error: Exception) -> Response:
    if request.method != "GET":
        sentence = "You have been signed out, so nothing was changed. Sign in, then go back and send the form again."
        return public_page(request, "mishap.html", status=401, title="Sign in again", sentence=sentence)
    wanted = with_query(request.url.path, request.url.query)
    return RedirectResponse(f"/sign-in?wanted={quote(wanted)}" if wanted != "/" else "/sign-in", status_code=303)


def _show_error(request: Request, error: Exception) -> Response:
    status = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 400)
    sentence = _NO_PAGE if type(error) is NotFound and str(error) == str(NotFound()) else str(error)
    return _mishap(request, status, sentence)


def _show_no_page(request: Request, _error: Exception) -> Response:
    return _mishap(request, 404, _NO_PAGE)


async def _show_http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    if request.url.path.startswith("/api/"):  # with a line break in it, which no route takes
        return refusal(request.url.path, status, "There is nothing at this address; see /api/openapi.json.")
    sentence = _NO_PAGE if status in (404, 405) else "The form could not be read; go back and send it again."
    return await run_in_threadpool(_mishap, request, status, sentence)


def _mishap(request: Request, status: int, sentence: str) -> Response:
    title = _TITLES.get(status, _TITLES[400])
    asking = signed_in(request)
    if asking is None:
        return page_by_link(request, "mishap.html", status=status, title=title, sentence=sentence)
    return page(asking, "mishap.html", status=status, title=title, sentence=sentence)


def _printable_path(scope: Scope) -> str:
    """A secret link's address is all it takes to use it."""
    path = str(scope.get("path"))
    secret = re.match(r"/(link|stop|receipt|respond/[^/]+)/", path)
    return f"{secret[0]}…" if secret else path


def _broken_off(error: Exception, path: str, method: str) -> Response:
    """A form may have been carried out before this, and only its answer broke: nobody knows here."""
    is_away = isinstance(error, sa.exc.OperationalError)
    status = 503 if is_away else 500
    what = "The database cannot be reached now." if is_away else "This broke off unexpectedly."
    if method in ("GET", "HEAD"):
        return refusal(path, status, f"{what} Nothing was changed; try again in a minute.")
    then = "Open the page again in a minute and look: what you asked for may have been done, or a part of it."
    return refusal(path, status, f"{what} {then}")
