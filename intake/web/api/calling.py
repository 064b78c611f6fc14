"""Which system calls: every route under /api depends on `Reading` or `Handing`. The token is known before the body is
read.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from intake.accounts.access import Access
from intake.accounts.tokens import USED_EVERY, access_by, find_token, mark_used
from intake.jobs import Installation
from intake.store.online import ApiToken
from intake.web.api.problems import Refused
from intake.web.asking import installation

log = structlog.get_logger()
_BEARER = HTTPBearer(auto_error=False, scheme_name="token", description="A token that an administrator made.")


@dataclass(frozen=True, slots=True)
class Calling:
    """One request of a system whose token is good."""

    this: Installation
    token: ApiToken
    access: Access
    now: datetime


def _calling(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> Calling:
    this = installation(request)
    now = this.clock()
    with this.database.reading() as session:
        token = find_token(session, credentials.credentials) if credentials else None
        if token is None:
            raise Refused(401, "Send a token that is good: Authorization: Bearer intake_… An administrator makes one.")
        access = access_by(session, token)
    if token.last_used_at is None or now - token.last_used_at > USED_EVERY:
        with this.database.transaction() as session:
            mark_used(session, token, now=now)
    log.info("api", token=token.id, method=request.method, path=request.url.path)
    return Calling(this, token, access, now)


def _reading(calling: Annotated[Calling, Depends(_calling)]) -> Calling:
    if not calling.token.may_read:
        raise Refused(403, "This token may not read the log; an administrator can make one that may.")
    return calling


def _handing(calling: Annotated[Calling, Depends(_calling)]) -> Calling:
    if not calling.token.may_write:
        raise Refused(403, "This token may not hand responses over; an administrator can make one that may.")
    return calling


Reading = Annotated[Calling, Depends(_reading)]
Handing = Annotated[Calling, Depends(_handing)]
