"""What goes wrong under /api, as RFC 9457 has it: one sentence, and one more for each field.

Never repeats what was sent.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response

from intake.errors import IntakeError, LostRace, Mistakes, NotFound, NotPossible, StoreFull

PROBLEM = "application/problem+json"
TITLES: Mapping[int, str] = {
    400: "The request cannot be read",
    401: "No token",
    403: "Not allowed",
    404: "Not found",
    405: "Not allowed here",
    409: "Not as things stand",
    411: "No length",
    413: "Too large",
    415: "Not taken in this form",
    422: "Something has to be corrected",
    500: "This broke off",
    503: "Not now",
}
_STATUSES: Mapping[type[IntakeError], int] = {
    Mistakes: 422,
    NotFound: 404,
    LostRace: 409,
    NotPossible: 409,
    StoreFull: 503,
}


class Refused(IntakeError):
    """This request is refused."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def problem(
    status: int,
    sentence: str,
    by_field: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`by_field`: a sentence for each field, named as in the JSON with dots: "answers.0.text"."""
    content: dict[str, object] = {
        "type": "about:blank",
        "title": TITLES.get(status, TITLES[400]),
        "status": status,
        "detail": sentence,
    }
    if by_field:
        content["errors"] = [{"field": field, "detail": told} for field, told in by_field.items()]
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else headers
    return JSONResponse(content, status, headers=headers, media_type=PROBLEM)


def refusal(path: str, status: int, sentence: str) -> Response:
    """For those who refuse before any route is found: a problem under /api, plain text elsewhere."""
    return problem(status, sentence) if path.startswith("/api/") else PlainTextResponse(sentence, status)


def add_problems(api: FastAPI) -> None:
    api.add_exception_handler(IntakeError, _told)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _of_http)
    api.add_exception_handler(Exception, _broken_off)


def mistakes_of(errors: list[dict[str, object]]) -> Mistakes:
    """Of pydantic's errors those parts that hold nothing of what was sent."""
    found = dict[str, str]()
    for error in errors:
        location = error["loc"]
        assert isinstance(location, tuple)
        kind, told = str(error["type"]), str(error["msg"])
        sentence = _SENTENCES.get(kind, "") or (f"{told}." if not kind.endswith("_error") else "It cannot be read.")
        found.setdefault(".".join(map(str, location)) or "body", sentence)
    return Mistakes(found)


_SENTENCES: Mapping[str, str] = {
    "missing": "This is missing; add it.",
    "extra_forbidden": "There is no such field; leave it out.",
    "json_invalid": "This is not JSON that can be read; correct it.",
    "model_type": "This should be an object.",
    "timezone_aware": "Write the offset from UTC too, such as 2020-02-28T14:30:00Z.",
}


def _told(_request: Request, error: Exception) -> Response:
    if isinstance(error, Refused):
        return problem(error.status, str(error))
    status = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 400)
    return problem(status, str(error), error.by_field if isinstance(error, Mistakes) else None)


def _broken_off(request: Request, error: Exception) -> Response:
    """It is printed by whoever is around everything (`mishaps.py`)."""
    is_away = isinstance(error, sa.exc.OperationalError)
    what = "The database cannot be reached now." if is_away else "This broke off unexpectedly."
    then = "Nothing was changed; try again in a minute."
    if request.method == "POST":
        then = "Send it again with the same Idempotency-Key: it is recorded once."
    return problem(503 if is_away else 500, f"{what} {then}")


def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [{**one, "loc": tuple(one["loc"])[1:]} for one in error.errors()]  # without "query" or "path"
    mistakes = mistakes_of(errors)
    return problem(422, str(mistakes), mistakes.by_field)


def _of_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = {
        404: "There is nothing at this address; see /api/openapi.json.",
        405: "This address does not take this method; see /api/openapi.json.",
    }
    told = sentence.get(error.status_code, "The request could not be read; send it again.")
    return problem(error.status_code, told, headers=error.headers)
