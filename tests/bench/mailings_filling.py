"""Fills the office's first consultation with consultees, some of whom answered, and with reminder rules."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from intake.schedules import Anchor, DayUnit, OffDays
from intake.store.consultations import Consultation
from intake.store.database import Database
from intake.store.mailings import Audience, ReminderRule
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.responses import Channel, Nature, Response
from tests.office import DURING, OPENS_AT

GROUPS = ("school", "trust", "governor", "parent")
NINE = OPENS_AT.time()
_AT_ONCE = 1000
_FIRST = 1000  # of the ids, so that the office's own consultees keep theirs


def fill_consultees(database: Database, consultees: int, *, answered: int = 0) -> None:
    """Each with one contact. The first so many have answered, by whichever channel."""
    numbers = range(_FIRST, _FIRST + consultees)
    with database.transaction() as session:
        session.execute(sa.update(Consultee).values(removed_at=OPENS_AT))
    _insert(database, Consultee, (_consultee(number) for number in numbers))
    _insert(database, ConsulteeAddress, (_contact(number) for number in numbers))
    _insert(database, Response, (_response(number) for number in numbers[:answered]))


def add_rules(database: Database, count: int, *, before: int = 30) -> list[int]:
    """Rules that are due on one day after the other, the first so many days before closing. Their ids."""
    with database.transaction() as session:
        consultation = session.exec(select(Consultation).order_by(col(Consultation.id))).first()
        assert consultation
        rules = [
            ReminderRule(
                consultation_id=consultation.id,
                name=f"Reminder {number}",
                audience=Audience.unanswered,
                groups=[GROUPS[number % len(GROUPS)]] if number % 5 == 4 else [],
                anchor=Anchor.closing,
                amount=number - before,
                unit=DayUnit.days,
                off_days=OffDays.keep,
                clock=NINE,
                set_at=OPENS_AT,
            )
            for number in range(count)
        ]
        session.add_all(rules)
        session.flush()
        return [rule.id for rule in rules]


def _insert(database: Database, table: type[Any], rows: Iterator[dict[str, Any]]) -> None:
    with database.transaction() as session:
        while some := list(islice(rows, _AT_ONCE)):
            session.execute(sa.insert(table), some)


def _consultee(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "consultation_id": 1,
        "organisation": f"School {number}",
        "stakeholder_group": GROUPS[number % len(GROUPS)],
        "key": str(100_000 + number),
        "domain": f"school-{number}.example",
    }


def _contact(number: int) -> dict[str, Any]:
    return {"consultee_id": number, "address": f"head@school-{number}.example", "name": f"Head of School {number}"}


def _response(number: int) -> dict[str, Any]:
    return {
        "consultation_id": 1,
        "reference": f"IEO-{number}",
        "nature": Nature.response,
        "channel": list(Channel)[number % len(Channel)],
        "received_at": DURING,
        "recorded_at": DURING + timedelta(minutes=1),
        "respondent_address": f"head@school-{number}.example",
        "consultee_id": number if number % 2 else None,
        "text": "We support the draft.",
        "own_words": "We support the draft.",
    }
