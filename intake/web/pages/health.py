"""Whether the pages can work, and whether everything behind them does, for whatever watches over them.

Strangers learn no more than that.
"""

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from intake.errors import IntakeError
from intake.outbound.alarms import standing_now
from intake.web.asking import Public
from intake.wording import plural

router = APIRouter()


@router.get("/health/live")
def live() -> Response:
    """The process answers: whoever gets no answer starts it anew."""
    return PlainTextResponse("ok")


@router.get("/health")
@router.get("/health/ready")
def ready(this: Public) -> Response:
    """200 and "ok" when the database is there and set up for this version; else 503: send no visitors."""
    try:
        this.database.require_newest_schema()
    except IntakeError:
        return PlainTextResponse("The database cannot be used now.", status_code=503)
    return PlainTextResponse("ok")


@router.get("/health/alarms")
def alarms(this: Public) -> Response:
    """200 and "ok" when no alarm stands; else 503 and how many. What they are, the overview says."""
    with this.database.reading() as session:
        count = len(standing_now(session, now=this.clock()))
    if count:
        return PlainTextResponse(f"There {'is' if count == 1 else 'are'} {plural(count, 'alarm')}.", status_code=503)
    return PlainTextResponse("ok")
