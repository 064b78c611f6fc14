"""A long export of another platform, taken in on each database, and taken in again when nothing is new.

Beside it a peer in the same run: a plain loader, which writes the same cells into one table without knowing what they
are, as many rows a transaction.
"""

import csv
import io
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import select

from intake.inbound.import_mapping import read_mapping
from intake.inbound.importing import A_BATCH, ImportPlan, plan_import, reader_of, sheets_of, take_in
from intake.store.consultations import Consultation
from tests.bench.postgres import DurablePostgres
from tests.office import CLOSES_AT, Office, open_office

ROWS, QUESTIONS = 27_000, 20
_WORDS = "the plan is sound and our school needs more places for children with needs buses rail funding".split()
_MAPPING = 'identifier = "ID"\nreceived = "Date"\nname = "Name"\naddress = "Email"\n'
_MAPPING += "".join(f'[[answers]]\ncolumns = "Question {number}?"\n' for number in range(QUESTIONS))


@dataclass(frozen=True, slots=True)
class Importing:
    """Seconds: `reading` the file, `judging` its rows, `writing` responses, doing it `again`; `loading`: the peer."""

    rows: int
    megabytes: float
    reading: float
    judging: float
    writing: float
    again: float
    loading: float
    responses: int

    @property
    def taking_in(self) -> float:
        return self.reading + self.judging + self.writing


def measure_importing(rows: int = ROWS) -> Iterator[tuple[str, Importing]]:
    """By the database."""
    content = _export(rows)
    yield "SQLite", _measure(content, rows, None)
    with DurablePostgres() as postgres:
        yield "PostgreSQL", _measure(content, rows, postgres.new_database())


def _measure(content: bytes, rows: int, url: str | None) -> Importing:
    settings: dict[str, Any] = {"database": {"url": url}} if url else {}
    with tempfile.TemporaryDirectory() as folder, open_office(Path(folder), settings=settings) as office:
        started = time.perf_counter()
        sheets = sheets_of(content)
        read = time.perf_counter()
        plan = _plan(office, sheets)
        judged = time.perf_counter()
        for _ in take_in(office.database, plan, now=CLOSES_AT, actor="bench"):
            pass
        written = time.perf_counter()
        repeated = _plan(office, sheets_of(content))
        again = time.perf_counter()
        if repeated.new or plan.wrong:
            raise RuntimeError("the same export was not the same the second time")
        _load(office, sheets[0].rows)
        loaded = time.perf_counter()
        responses = len(office.responses())
    parts = (read - started, judged - read, written - judged, again - written, loaded - again)
    return Importing(rows, len(content) / 1e6, *parts, responses)


def _plan(office: Office, sheets: Any) -> ImportPlan:
    with office.database.reading() as session:
        consultation = session.exec(select(Consultation).where(Consultation.reference_prefix == "IEO")).one()
        return plan_import(session, reader_of(session, consultation, sheets, read_mapping(_MAPPING), CLOSES_AT))


def _load(office: Office, rows: tuple[tuple[str, ...], ...]) -> None:
    names = [f"column_{place}" for place in range(len(rows[0]))]
    table = sa.Table("loaded", sa.MetaData(), *(sa.Column(name, sa.Text) for name in names))
    with office.database.engine.begin() as connection:
        table.create(connection)
    width = len(names)
    for start in range(1, len(rows), A_BATCH):
        some = [dict(zip(names, (*row, *[""] * width), strict=False)) for row in rows[start : start + A_BATCH]]
        with office.database.engine.begin() as connection:
            connection.execute(sa.insert(table), some)


def _export(rows: int) -> bytes:
    """The same at each run."""
    drawn, out = random.Random(1), io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["ID", "Date", "Name", "Email", *(f"Question {number}?" for number in range(QUESTIONS))])
    for number in range(rows):
        answers = [" ".join(drawn.choices(_WORDS, k=drawn.choice((1, 1, 12, 40)))) for _ in range(QUESTIONS)]
        person = (f"Writer {number}", f"writer.{number}@school-{number % 500}.example")
        writer.writerow([f"r-{number}", "12/02/2020 09:30", *person, *answers])
    return out.getvalue().encode()
