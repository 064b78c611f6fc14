"""Fills a log as a campaign does: 99 in 100 are near-copies of one letter, and a third came in the last week."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from intake.store.consultations import Consultation
from intake.store.database import Database
from intake.store.responses import Attachment, Channel, Nature, Response, ResponseStatus, ResponseTag
from tests.bench.letters import VOCABULARY
from tests.office import CLOSES_AT, OPENS_AT

RARE_WORD, PHRASE_OF_ALL, PHRASE_OF_FEW = "glockenspiel", "federation partnership leadership", "villages matter most"
GROUPS = ("school", "trust", "governor", "parent", "union")
_NAMES = ("Amina", "Bryn", "Ceri", "Dewi")
_AT_ONCE = 2000
_LETTER = random.Random(7).choices(VOCABULARY, k=240)


def fill_log(database: Database, responses: int, officer_id: int) -> None:
    """Into the office's first consultation. Each of the 20 glockenspiels stands in another response."""
    chance = random.Random(2020)
    with database.reading() as session:
        consultation = session.exec(select(Consultation).order_by(col(Consultation.id))).first()
    assert consultation
    rows = _rows(responses, consultation, officer_id, chance)
    tables: dict[type[SQLModel], list[dict[str, Any]]] = {Response: [], ResponseTag: [], Attachment: []}
    for number, row in enumerate(rows, start=1):
        tables[Response].append({"id": number, **row})
        if number % 50 == 0:
            tables[ResponseTag].append({"response_id": number, "tag": "transport" if number % 5000 else "unusual"})
        if chance.random() < 0.2:
            tables[Attachment].append(_attachment(number))
        if number % _AT_ONCE == 0 or number == responses:
            with database.transaction() as session:
                for table, some in tables.items():
                    if some:
                        session.execute(sa.insert(table), some)
                    some.clear()
    _settle(database)


def _rows(
    responses: int, consultation: Consultation, officer_id: int, chance: random.Random
) -> Iterator[dict[str, Any]]:
    weeks = (CLOSES_AT - OPENS_AT) / timedelta(weeks=1)
    for number in range(1, responses + 1):
        late = chance.random() < 1 / 3
        back = timedelta(weeks=chance.uniform(-0.1, 1) if late else chance.uniform(1, weeks))
        received_at: datetime | None = CLOSES_AT - back if number % 100 else None
        words = _words(number, responses, chance)
        yield {
            "consultation_id": consultation.id,
            "reference": consultation.reference(number),
            "nature": chance.choices(list(Nature), [96, 3, 1])[0],
            "channel": chance.choices(list(Channel), [90, 4, 2, 1, 1, 2])[0],
            "status": chance.choices(list(ResponseStatus), [60, 30, 10])[0],
            "received_at": received_at,
            "recorded_at": CLOSES_AT + timedelta(minutes=number),
            "withdrawn_at": CLOSES_AT if number % 400 == 0 else None,
            "respondent_name": f"{chance.choice(_NAMES)} {chance.choice(VOCABULARY).title()}",
            "respondent_address": f"writer.{number}@school-{number % 1500}.example",
            "organisation": f"School {number % 1500}" if number % 3 else None,
            "stakeholder_group": chance.choices([*GROUPS, None], [50, 20, 10, 10, 1, 9])[0],
            "subject": "The draft review" if number % 4 else None,
            "text": words,
            "own_words": words,
            "officer_id": officer_id if number % 500 == 0 else None,
            "is_confidential": number % 1000 == 0,
        }


def _words(number: int, responses: int, chance: random.Random) -> str:
    """A campaign's letter with a sentence of one's own, or a letter of one's own."""
    own = chance.choices(VOCABULARY, k=12 if number % 100 else 220)
    extra = [RARE_WORD] if number % max(responses // 20, 2) == 0 else []
    extra += PHRASE_OF_FEW.split() if number % max(responses // 100, 2) == 1 else []
    copied = [*_LETTER[:120], *PHRASE_OF_ALL.split(), *_LETTER[120:]] if number % 100 else []
    return " ".join([*own, *extra]).capitalize() + ". " + " ".join(copied)


def _attachment(number: int) -> dict[str, Any]:
    return {
        "response_id": number,
        "position": 0,
        "filename": "response.pdf",
        "content_type": "application/pdf",
        "size": 40_000,
        "sha256": f"{number:064x}",
    }


def _settle(database: Database) -> None:
    """What PostgreSQL does by itself within minutes; SQLite works without it."""
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
