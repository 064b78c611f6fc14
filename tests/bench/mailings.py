"""How long reminders take to plan, to queue and to deliver, on each database: many rules, and many consultees.

Beside each a peer in the same run: the database writing the same rows and nothing else; Python's smtplib handing the
same emails to the same mail server over one connection, and nothing else.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from intake import jobs
from intake.mail.smtp import SmtpSender
from intake.outbound.recipients import recipients_of_rule
from intake.outbound.reminding import calendar
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.mailings import ReminderRule
from tests.bench.intake_run import timed
from tests.bench.mailings_filling import add_rules, fill_consultees
from tests.bench.measuring import Statements
from tests.bench.postgres import DurablePostgres
from tests.bench.smtp_apart import SmtpApart, send_bare, smtp_apart
from tests.office import CLOSES_AT, Office, open_office

RULES, CONSULTEES = 20, 2000
_DAY = timedelta(days=1)
_FIRST_DUE = CLOSES_AT.replace(hour=9, minute=0) - 30 * _DAY


@dataclass(frozen=True, slots=True)
class Planning:
    """Seconds. `looking`: the dates and recipients of all rules, as the pages show them. `idle`: a tick of the worker
    with nothing due. `queueing`: all ticks at which a rule was due. `writing`: the same rows, written bare."""

    queued: int
    looking: float
    idle: float
    queueing: float
    writing: float
    statements: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """Seconds for so many reminders; `bare`: the same emails by smtplib alone, the mean of before and after."""

    emails: int
    queueing: float
    sending: float
    bare: float


@dataclass(frozen=True, slots=True)
class Mailings:
    planning: Planning
    delivery: Delivery


def measure_mailings(emails: int) -> Iterator[tuple[str, Mailings]]:
    """By the database."""
    with smtp_apart() as server:
        yield "SQLite", _measure(emails, server, lambda: None)
        with DurablePostgres() as postgres:
            yield "PostgreSQL", _measure(emails, server, postgres.new_database)


def _measure(emails: int, server: SmtpApart, new_url: Callable[[], str | None]) -> Mailings:
    with _office(new_url(), server) as office:
        planning = _plan(office)
    with _office(new_url(), server) as office:
        return Mailings(planning, _deliver(office, emails, server))


@contextmanager
def _office(url: str | None, server: SmtpApart) -> Iterator[Office]:
    settings: dict[str, Any] = {
        "smtp": {"host": "127.0.0.1", "port": server.port, "security": "none", "per_minute": 1_000_000},
        "web": {"base_url": "https://consultations.county.example"},
        **({"database": {"url": url}} if url else {}),
    }
    with tempfile.TemporaryDirectory() as folder, open_office(Path(folder), settings=settings) as office:
        yield office


# Planning


def _plan(office: Office) -> Planning:
    fill_consultees(office.database, CONSULTEES, answered=CONSULTEES // 5)
    rules = add_rules(office.database, RULES)
    office.now = _FIRST_DUE - timedelta(hours=1)
    looking = min(timed(lambda: _look(office, rules)) for _ in range(3))
    idle = min(timed(lambda: jobs.remind(office.this)) for _ in range(5))
    counted, queueing, statements = Statements(office.database.engine), 0.0, 0
    for number in range(RULES):
        office.now = _FIRST_DUE + number * _DAY
        before = counted.statements
        queueing += timed(lambda: jobs.remind(office.this))
        statements += counted.statements - before
        _call_sent(office)
    queued = _count(office, OutgoingStatus.sent)
    return Planning(queued, looking, idle, queueing, _write_again(office), statements)


def _look(office: Office, rules: list[int]) -> None:
    with office.database.reading() as session:
        for rule_id in rules:
            rule = session.get_one(ReminderRule, rule_id)
            [day] = calendar(session, rule, now=office.now)
            found = recipients_of_rule(session, rule, due_on=day.day, now=office.now)
            if not any(verdict.reason is None for verdict in found):
                raise RuntimeError("nobody gets a reminder: these figures would mean nothing")


def _call_sent(office: Office) -> None:
    """What was queued, as if it had gone: what waits into the next day would be given up."""
    with office.database.transaction() as session:
        session.execute(sa.update(OutgoingEmail).values(status=OutgoingStatus.sent))


def _write_again(office: Office) -> float:
    """The rows of each mailing in a transaction and a statement of their own, into the same table with its indexes."""
    with office.database.reading() as session:
        rows = [row.model_dump() for row in session.exec(select(OutgoingEmail).order_by(col(OutgoingEmail.id)))]
    with office.database.transaction() as session:
        session.execute(sa.delete(OutgoingEmail))
    mailings = [
        [row for row in rows if row["mailing_id"] == one] for one in sorted({row["mailing_id"] for row in rows})
    ]

    def write() -> None:
        for some in mailings:
            with office.database.transaction() as session:
                session.execute(sa.insert(OutgoingEmail), some)

    return timed(write)


# Delivery


def _deliver(office: Office, emails: int, server: SmtpApart) -> Delivery:
    fill_consultees(office.database, emails)
    add_rules(office.database, 1)
    _run_clock(office, _FIRST_DUE)
    queueing = timed(lambda: jobs.remind(office.this))
    for name in office.this.settings.mailboxes:
        office.collect(name)  # nothing goes before the mailboxes were read
    sending = timed(lambda: jobs.send(office.this))
    received = server.take()
    if len(received) != emails or _count(office, OutgoingStatus.sent) != emails:
        raise RuntimeError(f"{len(received)} of {emails} emails arrived: these figures would mean nothing")
    bare = [timed(lambda: send_bare(server.port, received)) for _ in range(2)]
    server.take()
    return Delivery(emails, queueing, sending, sum(bare) / len(bare))


def _run_clock(office: Office, begins: datetime) -> None:
    """From then on, as fast as the machine's own: what was sent in the last minute counts."""
    started = time.monotonic()
    office.this = replace(
        office.this,
        clock=lambda: begins + timedelta(seconds=time.monotonic() - started),
        make_sender=SmtpSender,
    )


def _count(office: Office, status: OutgoingStatus) -> int:
    with office.database.reading() as session:
        counted = select(sa.func.count()).select_from(OutgoingEmail).where(OutgoingEmail.status == status)
        return session.exec(counted).one()
