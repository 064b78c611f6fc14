"""Whether the pages can work, for whatever watches over them. Strangers learn no more than that."""

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from intake.errors import IntakeError
from intake.web.asking import Public

router = APIRouter()


@router.get("/health")
def health(this: Public) -> Response:
    """200 and "ok" when the database is there and set up for this version; else 503."""
    try:
        this.database.require_newest_schema()
    except IntakeError:
        return PlainTextResponse("The database cannot be used now.", status_code=503)
    return PlainTextResponse("ok")
