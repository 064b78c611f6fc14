"""One reconciliation: what it works with, the kinds of difference there are, what it found. Never looks by itself."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
import structlog

from intake.errors import MailboxUnavailable
from intake.inbound.circumstances import Knowledge
from intake.inbound.poll import Poll
from intake.inbound.reading import EmailToRead, ReadEmail
from intake.inbound.recording import Parsers
from intake.mail.automatic import OwnMail
from intake.outbound.acknowledging import AcknowledgementRules
from intake.store.database import Database
from intake.store.files import FileStore

OVERDUE = timedelta(hours=1)
ROWS_AT_ONCE = 1000

Query = sa.Select[*tuple[Any, ...]]
Row = sa.Row[*tuple[Any, ...]]
log = structlog.get_logger()


class Kind(StrEnum):
    """A kind of difference. `sentence` says what is wrong, `remedy` what a person does when it was not mended."""

    sentence: str
    remedy: str

    def __new__(cls, value: str, sentence: str, remedy: str) -> "Kind":
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence, member.remedy = sentence, remedy
        return member

    mailbox_unavailable = (
        "mailbox-unavailable",
        "The mailbox could not be compared, as its server was not reached.",
        "“intake check” says why.",
    )
    folder_missing = (
        "folder-missing",
        "The folder is to be watched, but the server has none of that name.",
        "Make the folder, or correct the configuration.",
    )
    folder_refused = (
        "folder-refused",
        "The folder is to be watched, but the server does not let this account use it.",
        "Ask whoever runs the server, or name it in skip_folders.",
    )
    not_in_ledger = (
        "not-in-ledger",
        "It lies on the server and was never collected.",
        "The server lists it but does not hand it over; look at it in a mail program.",
    )
    file_missing = (
        "file-missing",
        "Its stored file is gone.",
        "The same bytes are nowhere else; restore the file from the backup.",
    )
    file_torn = (
        "file-torn",
        "Its stored file is not what was stored.",
        "The same bytes are nowhere else; restore the file from the backup.",
    )
    stuck = (
        "stuck",
        "It was collected more than an hour ago and has not been recorded.",
        "See that “intake work” runs; its output says more.",
    )
    failed = (
        "failed",
        "It could not be recorded.",
        "It was tried again and failed again; the output of recording says why.",
    )
    recorded_without_response = (
        "recorded-without-response",
        "It counts as recorded, but there is neither a response nor an addition.",
        "It was recorded anew without success; the output of recording says why.",
    )
    response_without_email = (
        "response-without-email",
        "It came by email, but that email is not there.",
        "Restore the database from the backup.",
    )
    no_acknowledgement = (
        "no-acknowledgement",
        "Its writer is owed an acknowledgement, and none was ever in the outbox.",
        "Its email could not be read; answer it by hand.",
    )
    not_sent = (
        "not-sent",
        "It should have been sent more than an hour ago.",
        "Reconciling sends nothing; see that “intake work” runs, or run “intake send”.",
    )


@dataclass(slots=True)
class Difference:
    """One thing that is not as it should be. `where` is a place on a server, an id or a reference; never a person."""

    kind: Kind
    where: str
    mended: bool = False


@dataclass(slots=True)
class Counts:
    """`on_servers` = `in_ledger` + `just_arrived` + the differences of kind not-in-ledger, in what was compared.

    `taken_out` are those of the `emails` that were attached to an officer's forward, and lie on no server themselves.
    `skipped` are the mailboxes another worker held at that moment.
    """

    on_servers: int = 0
    in_ledger: int = 0
    just_arrived: int = 0
    gone_from_servers: int = 0
    left_in_place: int = 0
    emails: dict[str, int] = field(default_factory=dict)
    taken_out: int = 0
    responses: int = 0
    acknowledgements: dict[str, int] = field(default_factory=dict)
    held_or_failed: dict[str, int] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Reconciled:
    counts: Counts = field(default_factory=Counts)
    differences: list[Difference] = field(default_factory=list)

    def add(self, kind: Kind, where: str) -> Difference:
        difference = Difference(kind, where)
        self.differences.append(difference)
        return difference

    @property
    def unmended(self) -> list[Difference]:
        return [difference for difference in self.differences if not difference.mended]


@dataclass(frozen=True, slots=True)
class Reconciling:
    """What one reconciliation works with. Only mending needs `parsers`, `record`, `rules` and `actor`."""

    mailboxes: Sequence[str]
    poll: Callable[[str], AbstractContextManager[Poll]]  # raises MailboxUnavailable
    database: Database
    files: FileStore
    parsers: Parsers
    record: Callable[[], object]
    rules: Callable[[Knowledge], AcknowledgementRules]
    own: OwnMail
    authserv_id: str | None
    actor: str
    mend: bool
    clock: Callable[[], datetime]
    stopped: Callable[[], bool]
    found: Reconciled = field(default_factory=Reconciled)

    @contextmanager
    def noting_unavailable(self, name: str) -> Iterator[None]:
        """A mailbox that fails is a difference of its own; the others go on."""
        try:
            yield
        except MailboxUnavailable as error:
            log.warning("reconcile", mailbox=name, error=str(error))
            if not any(one.kind is Kind.mailbox_unavailable and one.where == name for one in self.found.differences):
                self.found.add(Kind.mailbox_unavailable, name)

    def chunks(self, rows: Query, by: Any) -> Iterator[Sequence[Row]]:
        """All rows in the order of the id `by`, in chunks, each read in a short transaction of its own."""
        last = 0
        while not self.stopped():
            with self.database.reading() as session:
                chunk = session.execute(rows.where(by > last).order_by(by).limit(ROWS_AT_ONCE)).all()
            if not chunk:
                return
            yield chunk
            last = chunk[-1].id

    def read_again(self, emails: Iterable[tuple[int, str]]) -> Iterator[tuple[int, ReadEmail]]:
        """What stored emails, (id, SHA-256) each, say; without those that cannot be read.

        The files of one are there until the next is asked for.
        """
        spool = self.files.spool()
        jobs = (EmailToRead(key, self.files.path(sha256), sha256, spool, self.own) for key, sha256 in emails)
        try:
            for job, result in self.parsers.run_each(jobs):
                if isinstance(job, EmailToRead) and isinstance(result, ReadEmail):
                    yield job.email_id, result
                    for file in result.files:
                        file.path.unlink(missing_ok=True)
        finally:
            shutil.rmtree(spool)


def some_at_a_time(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Lists short enough for an IN of every database."""
    for start in range(0, len(keys), ROWS_AT_ONCE):
        yield keys[start : start + ROWS_AT_ONCE]
