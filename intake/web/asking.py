"""Who asks for a page: every route depends on `Officer` or `Administrator`, or says by its absence that it is public.

Never checks a form; `forms.py` does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import structlog
from fastapi import Depends, Path, Request

from intake.accounts.access import Access, access_of
from intake.accounts.sessions import SEEN_EVERY, SessionRules, find_session, keep_alive
from intake.errors import IntakeError
from intake.jobs import Installation
from intake.settings import WebSettings
from intake.store.users import User, UserSession

log = structlog.get_logger()


class SignInNeeded(IntakeError):
    """Sign in to see this page."""


class NotAllowed(IntakeError):
    """Only an administrator can do this."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One request of somebody who is signed in."""

    request: Request
    this: Installation
    user: User
    session_row: UserSession
    access: Access
    now: datetime


def installation(request: Request) -> Installation:
    this: Installation = request.app.state.installation
    return this


def cookie_name(settings: WebSettings) -> str:
    """RFC 6265bis, section 4.1.3.2: a browser takes `__Host-` only over TLS, for this host alone, from this host."""
    return "__Host-intake" if settings.is_secure else "intake"


def session_rules(settings: WebSettings) -> SessionRules:
    return SessionRules(timedelta(minutes=settings.idle_minutes), timedelta(hours=settings.session_hours))


def signed_in(request: Request) -> Asking | None:
    """Whoever this request's cookie signs in."""
    this = installation(request)
    token = request.cookies.get(cookie_name(this.settings.web))
    if not token:
        return None
    now = this.clock()
    with this.database.reading() as session:
        found = find_session(session, token, session_rules(this.settings.web), now=now)
        if found is None:
            return None
        row, user = found
        access = access_of(session, user)
    if now - row.last_seen_at > SEEN_EVERY:
        with this.database.transaction() as session:
            keep_alive(session, row, now=now)
    return Asking(request, this, user, row, access, now)


def _officer(request: Request) -> Asking:
    asking = signed_in(request)
    if asking is None:
        raise SignInNeeded
    # A security record, kept with the process output; never shown as "read".
    log.info("page", user=asking.user.id, method=request.method, path=request.url.path)
    return asking


def _administrator(asking: Annotated[Asking, Depends(_officer)]) -> Asking:
    if not asking.user.is_administrator:
        raise NotAllowed
    return asking


Officer = Annotated[Asking, Depends(_officer)]
"""Anybody who is signed in; what they may see is `asking.access`."""
Administrator = Annotated[Asking, Depends(_administrator)]
Public = Annotated[Installation, Depends(installation)]
"""A page for everybody: it gets the installation, and nobody's name."""
RowId = Annotated[int, Path(ge=1, le=2**31 - 1)]
"""The number of a row in an address; one that no row can have leads to the page that says so."""
