"""How long the pages of the log take with many responses and with few, on each database, and under many officers."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from sqlmodel import Session, col

from intake.responses.finding import Place
from intake.store.log_index import LISTED_AT
from intake.store.responses import Response
from intake.web.serving import Serving, listen
from tests.bench.log_filling import PHRASE_OF_ALL, PHRASE_OF_FEW, RARE_WORD, fill_log
from tests.bench.log_officers import Served, officers_at_once
from tests.bench.postgres import DurablePostgres
from tests.people import ASHA
from tests.web.desk import REVIEW_SLUG, Desk, open_desk

FEW = 1000
_TRIES = 5

_QUERIES = {
    "the log": "",
    "one consultation": f"consultation={REVIEW_SLUG}",
    "nature: question": "nature=question",
    "channel: phone or letter": "channel=phone&channel=letter",
    "in time": "timing=in_time",
    "late": "timing=late",
    "receipt not known": "timing=unknown",
    "status: unread": "status=unread",
    "officer: me": "officer=me",
    "officer: nobody": "officer=nobody",
    "group: union": "group=union",
    "tag, of 2 in 100": "tag=transport",
    "tag, of 1 in 5,000": "tag=unusual",
    "flag: confidential": "flag=confidential",
    "flag nobody set": "flag=abusive",
    "with attachments": "attachments=yes",
    "withdrawn": "withdrawn=yes",
    "two days": "from=2020-02-20&to=2020-02-21",
    "five filters": "status=unread&channel=email&group=school&timing=in_time&attachments=yes",
    "by reference": "sort=reference",
    "by respondent": "sort=respondent",
    "by organisation": "sort=organisation",
    "by status": "sort=status",
    "by organisation, one group": "sort=organisation&group=union",
    "word in nearly all": "q=school",
    "word in 20": f"q={RARE_WORD}",
    "word in none": "q=xylophone",
    "two words": f"q=school+{RARE_WORD}",
    "word in all, unread and mine": "q=school&status=unread&officer=me",
    "all but a word": f"q=school+-{RARE_WORD}",
    "phrase in nearly all": urlencode({"q": f'"{PHRASE_OF_ALL}"'}),
    "phrase in 1 of 100": urlencode({"q": f'"{PHRASE_OF_FEW}"'}),
    "phrase in none, its words in all": urlencode({"q": '"governors school leadership federation"'}),
    "a reference": "q=IEO-0500",
    "an address": "q=writer.5%40school-5.example",
}


@dataclass(frozen=True, slots=True)
class PageTimes:
    """The fewest seconds a page took with `FEW` and with `many` responses."""

    page: str
    few: float
    many: float

    @property
    def times(self) -> float:
        return self.many / self.few


@dataclass(frozen=True, slots=True)
class LogTimes:
    """Of one database. `filling` is how long `many` took to write, in seconds."""

    many: int
    pages: list[PageTimes]
    filling: float
    served: Served


def measure_log(many: int) -> Iterator[tuple[str, LogTimes]]:
    """By the database."""
    yield "SQLite", _measure(many, lambda: None)
    with DurablePostgres() as postgres:
        yield "PostgreSQL", _measure(many, postgres.new_database)


def _measure(many: int, new_url: Callable[[], str | None]) -> LogTimes:
    with _filled(FEW, new_url()) as (small, _, _), _filled(many, new_url()) as (large, filling, serve):
        addresses = {name: [(desk, _addresses(desk)[name]) for desk in (small, large)] for name in _addresses(small)}
        pages = [PageTimes(name, *_quickest(both)) for name, both in addresses.items()]
        return LogTimes(many, pages, filling, serve())


@contextmanager
def _filled(responses: int, url: str | None) -> Iterator[tuple[Desk, float, Callable[[], Served]]]:
    listening = listen("127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    settings: dict[str, Any] = {"web": {"base_url": base_url}, **({"database": {"url": url}} if url else {})}
    with (
        tempfile.TemporaryDirectory() as folder,
        listening,
        open_desk(Path(folder), polled=False, settings=settings) as desk,
    ):
        started = time.perf_counter()
        fill_log(desk.office.database, responses, desk.users[ASHA].id)
        filling = time.perf_counter() - started

        def serve() -> Served:
            with Serving(desk.office.this, listening):
                return officers_at_once(desk, base_url, _addresses(desk))

        yield desk, filling, serve


def _addresses(desk: Desk) -> dict[str, str]:
    with desk.office.database.reading() as session:
        middle, reference = _middle(session)
    found = {name: f"/responses?{query}" for name, query in _QUERIES.items()}
    found["a page in the middle"] = f"/responses?after={quote(middle)}"
    found["a response"] = f"/responses/{reference}"
    found["a response, within a search"] = f"/responses/{reference}?q=school&status=unread"
    return found


def _middle(session: Session) -> tuple[str, str]:
    """The place half-way down the log, and the reference that stands there."""
    half = session.execute(sa.select(sa.func.count()).select_from(Response)).scalar_one() // 2
    query = sa.select(LISTED_AT, col(Response.id), col(Response.reference)).select_from(Response)
    row = session.execute(query.order_by(LISTED_AT.desc(), col(Response.id).desc()).offset(half).limit(1)).one()
    return str(Place.of(row[:1], row[1])), row[2]


def _quickest(both: Sequence[tuple[Desk, str]]) -> list[float]:
    """Of several tries in turn, after one that does not count: whatever else the machine does can only add."""
    seconds: list[list[float]] = [[] for _ in both]
    for _ in range(_TRIES + 1):
        for taken, (desk, address) in zip(seconds, both, strict=True):
            started = time.perf_counter()
            status = desk.asha.get(address).status_code
            taken.append(time.perf_counter() - started)
            if status != 200:
                raise RuntimeError(f"{address} answered {status}: these figures would mean nothing")
    return [min(taken[1:]) for taken in seconds]
