"""A whole intake in a temporary folder: two consultations, three mailboxes; real database, files and children.

Only the two seams are pretended, and only where a test does not bring a real server.
"""

import atexit
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import SQLModel, select

from intake import jobs
from intake.inbound.poll import Collected
from intake.inbound.reading import read
from intake.inbound.recording import Parsers
from intake.jobs import PARSER_MEMORY_MB, Connect, Installation, open_installation
from intake.sandbox import Sandbox
from intake.settings import MailboxSettings, Settings
from intake.store.consultations import AddressKind, Consultation, PublishedAddress
from intake.store.database import Database
from intake.store.emails import InboundEmail, OutgoingEmail
from intake.store.history import HistoryEntry
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.responses import Response
from tests import databases
from tests.fakes import FakeMailbox, FakeSender
from tests.people import ADMISSIONS, ASHA, BEN, CAROL, REVIEW

OPENS_AT = datetime(2020, 1, 9, 9, tzinfo=UTC)
CLOSES_AT = datetime(2020, 2, 28, 23, 59, tzinfo=UTC)
DURING = datetime(2020, 2, 12, 10, 30, tzinfo=UTC)
MAIL_DOMAIN = "intake.county.example"
Row = TypeVar("Row", bound=SQLModel)


class Office:
    """What a test works with. Time stands still at `now` until the test moves it."""

    def __init__(
        self, this: Installation, mailboxes: dict[str, FakeMailbox], sender: FakeSender, connect: Connect | None = None
    ) -> None:
        self.mailboxes, self.sender = mailboxes, sender
        self.now = DURING
        connect = connect or self._connect
        parsers = _readers(this.settings.worker.parsers, this.settings.worker.parse_seconds)
        self.this = replace(
            this, parsers=parsers, clock=lambda: self.now, connect=connect, make_sender=lambda _: sender
        )
        self.database, self.files = this.database, this.files

    def _connect(self, settings: MailboxSettings, *, name: str) -> Any:
        return self.mailboxes[name].connect(settings, name=name)

    def receive(
        self, raw: bytes, *, mailbox: str = "review", folder: str = "INBOX", received_at: datetime = DURING
    ) -> int:
        """An email arrives on the server."""
        return self.mailboxes[mailbox].add(raw, received_at, folder=folder)

    def collect(self, mailbox: str = "review") -> Collected:
        found = jobs.collect(self.this, mailbox)
        assert found is not None
        return found

    def cycle(self) -> None:
        """What the worker does: collect every mailbox, record, send."""
        for name in self.this.settings.mailboxes:
            jobs.collect(self.this, name)
        jobs.record(self.this)
        jobs.send(self.this)

    def rows(self, table: type[Row]) -> Sequence[Row]:
        with self.database.reading() as session:
            return session.exec(select(table).order_by(*sa.inspect(table).primary_key)).all()

    def emails(self) -> Sequence[InboundEmail]:
        return self.rows(InboundEmail)

    def outcomes(self) -> list[tuple[str, str | None]]:
        """Status and reason of every email, in the order they were stored."""
        return [(email.status.value, email.reason) for email in self.emails()]

    def responses(self) -> Sequence[Response]:
        return self.rows(Response)

    def outgoing(self) -> Sequence[OutgoingEmail]:
        return self.rows(OutgoingEmail)

    def history(self, action: str) -> list[HistoryEntry]:
        return [entry for entry in self.rows(HistoryEntry) if entry.action == action]


@contextmanager
def open_office(
    folder: Path, *, polled: bool = True, settings: dict[str, Any] | None = None, connect: Connect | None = None
) -> Iterator[Office]:
    """An office whose mailboxes have been polled once, so that what comes is no backlog (unless `polled` is False).

    With `connect` the mailboxes of `settings` are on a real server, and `Office.mailboxes` is empty.
    """
    given = settings or {}
    is_usual = polled and connect is None and not {"mailboxes", "database"} & given.keys()
    if "database" in given:
        url = given["database"]["url"]
        add_consultations(url)
    else:
        url = databases.new_url(folder, _open_usual_office if is_usual else add_consultations)
    with _office(url, folder, given, connect) as office:
        if polled and not is_usual:
            office.cycle()
        yield office


@contextmanager
def _office(url: str, folder: Path, settings: dict[str, Any], connect: Connect | None = None) -> Iterator[Office]:
    given = {
        "database": {"url": url},
        "files": {"path": folder / "files"},
        "mail": {"message_id_domain": MAIL_DOMAIN, "authserv_id": "mx.county.example"},
        "mailboxes": {name: account() for name in ("review", "asha", "admissions")},
        "smtp": {"host": "127.0.0.1", "security": "none"},
    }
    this = open_installation(Settings(**{**given, **settings}))
    try:
        folders = ("INBOX", "Junk", "Sent")
        fakes = {} if connect else {n: FakeMailbox({f: {} for f in folders}) for n in this.settings.mailboxes}
        yield Office(this, fakes, FakeSender(), connect)
    finally:
        this.close()


def _open_usual_office(url: str) -> None:
    """As every test finds it that asks for nothing else."""
    add_consultations(url)
    with TemporaryDirectory() as folder, _office(url, Path(folder), {}) as office:
        office.cycle()


@cache
def _readers(children: int, seconds: float) -> Parsers:
    """Shared by every office of this process, one after the other: to start them takes longer than most tests."""
    readers = Sandbox(read, children=children, seconds=seconds, memory_mb=PARSER_MEMORY_MB)
    atexit.register(readers.close)
    return readers


def account(**changed: Any) -> dict[str, Any]:
    """The settings of a mailbox that is pretended."""
    return {"host": "127.0.0.1", "security": "none", "username": "office", "password": "correct-horse", **changed}


def add_consultations(url: str) -> None:
    """The two consultations, their published addresses and two consultees, in an empty database."""
    databases.set_up(url)
    database = Database(url)
    with database.transaction() as session:
        review = _consultation("improving-education-outcomes", "Improving education outcomes", "IEO")
        admissions = _consultation("school-admissions", "School admissions", "ADM")
        session.add_all([review, admissions])
        session.flush()
        for consultation, address, kind in (
            (review, REVIEW, AddressKind.dedicated),
            (review, ASHA, AddressKind.personal),
            (admissions, ADMISSIONS, AddressKind.dedicated),
        ):
            session.add(PublishedAddress(consultation_id=consultation.id, address=address, kind=kind))
        for organisation, group, address in (
            ("Heathfield Primary School", "school", BEN),
            ("Larkmead Trust", "trust", CAROL),
        ):
            consultee = Consultee(consultation_id=review.id, organisation=organisation, stakeholder_group=group)
            session.add(consultee)
            session.flush()
            session.add(ConsulteeAddress(consultee_id=consultee.id, address=address))
    database.close()


def _consultation(slug: str, title: str, prefix: str) -> Consultation:
    return Consultation(
        slug=slug,
        title=title,
        reference_prefix=prefix,
        opens_at=OPENS_AT,
        closes_at=CLOSES_AT,
        contact_name="Education review team",
        contact_address=REVIEW,
        next_steps="The final document follows in the summer.",
        privacy_notice="We use what you send us to review the draft.",
        created_at=OPENS_AT - timedelta(days=1),
    )
