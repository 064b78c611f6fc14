"""The addresses under /api: hand a response over, read the log, read one response of it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import ValidationError
from sqlmodel import Session
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.responses import Response as Reply

from intake.documents.kinds import MOST_FILES, GivenFile
from intake.errors import Mistakes
from intake.inbound.handing_over import hand_over, sending_of
from intake.jobs import acknowledgement_rules
from intake.responses.exporting import Record, records
from intake.responses.filters import Filters
from intake.responses.finding import Place, find_page, visible_consultations
from intake.responses.searching import parse_search
from intake.responses.thread import find_response
from intake.store.consultations import Consultation, own_addresses
from intake.web.api.calling import Calling, Handing, Reading
from intake.web.api.metrics import METRICS_TYPE, exposition, figures
from intake.web.api.problems import Refused, mistakes_of
from intake.web.api.shapes import LogAsked, Response, Responses, ResponseSent, Taken
from intake.web.forms import LONGEST_FORM, read_files
from intake.web.security import LONGEST_BODY

router = APIRouter()
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_PART = "response"
_SHAPE = {"$ref": "#/components/schemas/ResponseSent"}
_MULTIPART = {
    "type": "object",
    "required": [_PART, "files"],
    "properties": {
        _PART: _SHAPE,
        "files": {"type": "array", "maxItems": MOST_FILES, "items": {"type": "string", "format": "binary"}},
    },
}
_SENT = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _SHAPE},
            "multipart/form-data": {
                "schema": _MULTIPART,
                "encoding": {_PART: {"contentType": "application/json"}},
            },
        },
    },
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": "Of your choice, another for each response. The same key again gets the same answer.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        }
    ],
}


def _filters(asked: LogAsked, request: Request, consultations: Sequence[Consultation]) -> Filters:
    """Raises Mistakes by the names of the parameters: an address that makes no sense must not find everything."""
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] != "after"]
    wrong = {
        name: "It has a value that it cannot have; correct it, or leave it out."
        for name, value in pairs
        if Filters.from_query([(name, value)], consultations)[1]
    }
    filters, sentences = Filters.from_query(pairs, consultations)
    if asked.q is not None and not parse_search(filters.q):
        wrong["q"] = "There is no word in it to look for; correct it, or leave it out."
    if sentences and not wrong:
        wrong["from"] = "The first day is after the last day; correct one of them."
    if wrong:
        raise Mistakes(wrong)
    return filters


def _place(asked: LogAsked) -> Place | None:
    place = Place.parse(asked.after, asked.sort) if asked.after else None
    if asked.after and place is None:
        raise Mistakes({"after": "It is no place in this order; take it from the address of the next ones."})
    return place


class Sent:
    """A response as it was sent, with its key and its files."""

    def __init__(self, key: str, told: ResponseSent, files: list[GivenFile]) -> None:
        self.key, self.told, self.files = key, told, files


async def _sent(request: Request, calling: Handing) -> Sent:
    """Read only now that the token is known to be good."""
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        raise Refused(400, "Send an Idempotency-Key of 1 to 200 visible ASCII characters, another for each response.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        if int(request.headers.get("content-length", "0")) > LONGEST_BODY:
            raise Refused(413, "A response without files may have at most 4 MB; send long texts as files.")
        return Sent(key, _read(await request.body()), [])
    if kind == "multipart/form-data":
        return await _multipart(request, key)
    raise Refused(415, "Send a response as application/json, or with files as multipart/form-data.")


async def _multipart(request: Request, key: str) -> Sent:
    async with request.form(max_files=2 * MOST_FILES, max_fields=100, max_part_size=LONGEST_FORM) as fields:
        if {name for name, _ in fields.multi_items()} - {_PART, "files"} or len(fields.getlist(_PART)) != 1:
            raise Mistakes({_PART: "Send one part named response, and parts named files; nothing else."})
        part = fields[_PART]
        told = await part.read() if isinstance(part, UploadFile) else part.encode("utf-8", "replace")
        if any(not isinstance(one, UploadFile) for one in fields.getlist("files")):
            raise Mistakes({"files": "Each part named files needs a file name."})
        files = (await read_files(fields)).get("files", [])
    if len(files) > MOST_FILES:
        raise Mistakes({"files": f"Send at most {MOST_FILES} files with a response."})
    return Sent(key, _read(told), files)


def _read(told: bytes) -> ResponseSent:
    try:
        return ResponseSent.model_validate_json(told)
    except ValidationError as invalid:
        mistakes = mistakes_of([dict(one) for one in invalid.errors(include_url=False, include_input=False)])
    # Raised outside the except clause: the first error carries what was sent.
    raise mistakes


def _records(session: Session, calling: Calling, ids: Sequence[int]) -> Iterator[Record]:
    return records(session, ids, may_read=calling.access.may_read)


@router.post("/responses", status_code=201, response_model=Taken, openapi_extra=_SENT)
def hand_one_over(calling: Handing, sent: Annotated[Sent, Depends(_sent)], request: Request) -> Reply:
    """Hand over a response that your form or platform took. In doubt, send it again with the same key."""
    this = calling.this
    with this.database.reading() as session:
        rules = acknowledgement_rules(this, own_addresses(session))
    sending = sending_of(calling.token, sent.key, sent.told.model_dump_json(exclude_defaults=True).encode(), sent.files)
    handed = sent.told.handed_over(sent.files)
    row = hand_over(this.database, this.files, sending, handed, calling.access, now=calling.now, rules=rules)
    with this.database.reading() as session:
        [record] = _records(session, calling, [row.id])
    told = record.as_json()
    url = f"{this.settings.web.base_url}/api/responses/{row.reference}"
    content = {name: told[name] for name in ("reference", "consultation", "received_at", "timing")} | {"url": url}
    return JSONResponse(content, 201, headers={"Location": url})


@router.get("/responses", response_model=Responses)
def read_log(calling: Reading, asked: Annotated[LogAsked, Query()], request: Request) -> Mapping[str, Any]:
    """Read the log, 50 responses at a time, filtered as officers filter it. Confidential responses are there only for
    a token that may see them."""
    with calling.this.database.reading() as session:
        consultations = visible_consultations(session, calling.access)
        filters = _filters(asked, request, consultations)
        found = find_page(session, calling.access, filters, after=_place(asked))
        listed = [one.as_json() for one in _records(session, calling, [one.id for one in found.entries])]
    query = urlencode([*filters.pairs(), ("after", str(found.after))])
    address = f"{calling.this.settings.web.base_url}/api/responses?{query}"
    return {"responses": listed, "next": address if found.after else None}


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(calling: Reading) -> Reply:
    """Figures for Prometheus, in its text format: counts and times, nobody's words."""
    with calling.this.database.reading() as session:
        found = exposition(figures(session, calling.this.settings, now=calling.now))
    return Reply(found, media_type=METRICS_TYPE)


@router.get("/responses/{reference}", response_model=Response)
def read_one(calling: Reading, reference: Annotated[str, Path(max_length=20)]) -> Mapping[str, Any]:
    """One response, by its reference, or by one it had before it was moved."""
    with calling.this.database.reading() as session:
        row = find_response(session, calling.access, reference)
        [record] = _records(session, calling, [row.id])
        return record.as_json()
