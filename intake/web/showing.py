"""Turns a template and its fields into an answer: the one Jinja2 environment of the pages, redirects, notices.

Never reads the database but for what stands in every page's header.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import Request
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from intake.accounts.sessions import leave_notice, take_notice
from intake.deadlines import closing_wording, moment_wording
from intake.errors import WrongConfiguration
from intake.inbound.queue import waiting_count
from intake.outbound.rendering import product_folder, size_wording
from intake.store.reasons import Reason
from intake.web.asking import Asking, installation
from intake.web.forms import TOKEN_FIELD, stranger_cookie, token_of
from intake.web.wordings import WORDINGS
from intake.wording import plural

STATIC = Path(__file__).parent / "static"
LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the navigation."""

    path: str
    text: str
    is_current: bool


_FOR_OFFICERS = {"/": "Overview", "/responses": "Responses", "/held": "Held", "/outgoing": "Outgoing mail"}
_FOR_OFFICERS |= {"/consultations": "Consultations"}
_FOR_ADMINISTRATORS = {"/mailboxes": "Mailboxes", "/users": "Users"}


def page(asking: Asking, template: str, *, status: int = 200, policy: str | None = None, **fields: object) -> Response:
    """A page for somebody who is signed in. `policy` is a Content-Security-Policy of its own."""
    notice = asking.session_row.notice
    with asking.this.database.reading() as session:
        waiting = waiting_count(session, asking.access)
    if notice:
        with asking.this.database.transaction() as session:
            take_notice(session, asking.session_row)
    fields = {"form_token": lambda: _token_field(token_of(asking)), "notice": notice, **fields}
    fields |= {"asking": asking, "user": asking.user, "navigation": _navigation(asking, waiting)}
    return _answer(asking.request, template, status, policy, fields)


def public_page(
    request: Request, template: str, *, status: int = 200, policy: str | None = None, **fields: object
) -> Response:
    """A page for anybody. Its forms carry a token that a cookie must match."""
    cookie, token = stranger_cookie(request)
    is_new = not token
    token = token or secrets.token_urlsafe(32)
    fields = {"form_token": lambda: _token_field(token), "asking": None, "navigation": [], **fields}
    answer = _answer(request, template, status, policy, fields)
    if is_new:
        is_secure = installation(request).settings.web.is_secure
        answer.set_cookie(cookie, token, httponly=True, secure=is_secure, samesite="strict")
    return answer


def page_by_link(request: Request, template: str, *, status: int = 200, **fields: object) -> Response:
    """A page that a secret in its address opens: it sets no cookie, and tells that address to nobody."""
    answer = _answer(request, template, status, None, {"asking": None, "navigation": [], **fields})
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def redirect(asking: Asking, path: str, *, notice: str | None = None) -> Response:
    """Go to a page of ours with GET; the notice is shown there once."""
    if notice:
        with asking.this.database.transaction() as session:
            leave_notice(session, asking.session_row, notice)
    return RedirectResponse(path, status_code=303)


def download(content: bytes, filename: str, kind: str) -> Response:
    """Something of ours as a file; `filename` is plain ASCII."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response(content, media_type=kind, headers=headers)


CSV = "text/csv; charset=utf-8"


def with_query(path: str, query: str) -> str:
    """`query` as it stands in an address, without the question mark."""
    return f"{path}?{query}" if query else path


def is_own_path(path: str) -> bool:
    """Whether this is a path of ours and of nobody else: browsers read "//elsewhere" and "/\\elsewhere" as a host."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()


@cache
def asset(name: str) -> str:
    """The address of a built file; it changes with the file, so that browsers may keep it for ever."""
    file = STATIC / name
    if not file.is_file():
        raise WrongConfiguration(f"The pages are not built ({name} is missing); run: make setup")
    return f"/static/{name}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"


@cache
def environment() -> Environment:
    found = ChoiceLoader(
        [
            FileSystemLoader(product_folder("templates") / "web"),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    )
    made = Environment(loader=found, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.globals |= {"LONDON": LONDON, "asset": asset, "wordings": WORDINGS}
    made.filters |= {
        "moment": moment_wording,
        "short": short_moment,
        "closing": closing_wording,
        "size": size_wording,
        "sentence": lambda reason: Reason.of(reason).sentence,
        "plural": plural,
    }
    return made


def short_moment(at: datetime, zone: ZoneInfo) -> str:
    """For tables: "12 Feb 2020, 10:30am"."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y}, {local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"


def _answer(request: Request, template: str, status: int, policy: str | None, fields: dict[str, object]) -> Response:
    web = installation(request).settings.web
    common = {"request": request, "organisation": web.organisation, "contact": web.contact}
    text = environment().get_template(template).render(**common, **{"mistakes": {}, "given": None, **fields})
    headers = {"Content-Security-Policy": policy} if policy else None
    return HTMLResponse(text, status_code=status, headers=headers)


def _navigation(asking: Asking, waiting: int) -> list[Link]:
    entries = _FOR_OFFICERS | (_FOR_ADMINISTRATORS if asking.user.is_administrator else {})
    here = "/" + asking.request.url.path.split("/")[1]
    texts = {path: f"{text} ({waiting:,})" if path == "/held" and waiting else text for path, text in entries.items()}
    return [Link(path, text, path == here) for path, text in texts.items()]


def _token_field(token: str) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN_FIELD, token)
