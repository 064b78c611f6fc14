"""The last minute before closing: many people hand in their forms at once, each presses twice, on each database.

Beside it a peer in the same run: the same server, asked as often and by as many at once for a page that only reads.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from intake.web.serving import Serving, listen
from tests.bench.postgres import DurablePostgres
from tests.inbound.filled_in import begun, filled, turn_on, whole
from tests.office import CLOSES_AT
from tests.web.desk import REVIEW_SLUG, Desk, open_desk

PEOPLE = 200
_AT_ONCE = 50  # connections; the others wait in their browsers
_PATIENCE = 120.0  # seconds


@dataclass(frozen=True, slots=True)
class Rush:
    """Seconds until the last had an answer; `reading`: the same requests for a page that writes nothing."""

    people: int
    handing_in: float
    reading: float
    slowest: float
    responses: int
    references: int  # different ones on the confirmations


def measure_rush(people: int = PEOPLE) -> Iterator[tuple[str, Rush]]:
    """By the database."""
    yield "SQLite", _measure(people, None)
    with DurablePostgres() as postgres:
        yield "PostgreSQL", _measure(people, postgres.new_database())


def _measure(people: int, url: str | None) -> Rush:
    listening = listen("127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    settings: dict[str, Any] = {"web": {"base_url": base_url}, **({"database": {"url": url}} if url else {})}
    with (
        tempfile.TemporaryDirectory() as folder,
        listening,
        open_desk(Path(folder), polled=False, settings=settings) as desk,
        Serving(desk.office.this, listening),
        httpx2.Client(base_url=base_url, timeout=_PATIENCE) as client,
    ):
        desk.office.now = CLOSES_AT
        forms = _forms(desk, people)
        reading, _ = _all_at_once(lambda _: client.get(f"/respond/{REVIEW_SLUG}"), forms * 2)
        handing_in, taken = _all_at_once(lambda form: client.post(f"{form}/check"), forms * 2)
        confirmations = {client.get(f"{form}/done").text.partition("IEO-")[2][:4] for form in forms}
        return Rush(people, handing_in, reading, max(taken), len(desk.office.responses()), len(confirmations))


def _forms(desk: Desk, people: int) -> list[str]:
    turn_on(desk.office)
    answers = whole(desk.office)
    tokens = [begun(desk.office, REVIEW_SLUG, at=CLOSES_AT) for _ in range(people)]
    for number, token in enumerate(tokens):
        address = {"address": f"writer.{number}@school-{number}.example"}
        filled(desk.office, REVIEW_SLUG, token, answers | address, at=CLOSES_AT)
    return [f"/respond/{REVIEW_SLUG}/{token}" for token in tokens]


def _all_at_once(ask: Callable[[str], httpx2.Response], forms: list[str]) -> tuple[float, list[float]]:
    """Seconds for all, and for each. Raises RuntimeError where one is refused: the figures would mean nothing."""

    def timed(form: str) -> float:
        began = time.perf_counter()
        answer = ask(form)
        if answer.status_code not in (200, 303):
            raise RuntimeError(f"a form was answered with {answer.status_code}")
        return time.perf_counter() - began

    started = time.perf_counter()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        taken = list(pool.map(timed, forms))
    return time.perf_counter() - started, taken
