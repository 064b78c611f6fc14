"""One poll of one mailbox: what it works with, the lease it holds, what it found. Never fetches by itself."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session

from intake.errors import IntakeError, LostRace, SignInRefused
from intake.mail.mailbox import FetchedEmail
from intake.mail.mailbox import Mailbox as MailServer
from intake.settings import MailboxSettings
from intake.store.database import Database
from intake.store.emails import Mailbox
from intake.store.files import FileStore
from intake.store.leases import give_up_lease, mailbox_row, renew_lease, take_lease

MayCopy = Callable[[Sequence[FetchedEmail]], dict[int, bool]]
"""By UID, whether the message with this header may be fetched whole; one that cannot be judged now is left out."""


@dataclass(slots=True)
class Collected:
    """What one poll found. `emails` counts new rows, `again` messages already known by their bytes, `not_given` those
    the server listed but did not hand over: they are asked for again."""

    emails: int = 0
    again: int = 0
    left_in_place: int = 0
    oversize: int = 0
    not_given: int = 0
    server_actions: int = 0
    folders: list[str] = field(default_factory=list)
    missing_folders: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Poll:
    """One pass over one mailbox: what it works with, and the lease it holds."""

    name: str
    settings: MailboxSettings
    server: MailServer
    database: Database
    files: FileStore
    may_copy: MayCopy | None  # None: everything
    largest_email: int
    lease: timedelta
    owner: str
    clock: Callable[[], datetime]
    stopped: Callable[[], bool]
    found: Collected = field(default_factory=Collected)

    def keep_lease(self) -> None:
        """Renew it by itself, while nothing is written: bytes of a large email may take long to come."""
        with self.database.transaction() as session:
            self.renew(session)

    def renew(self, session: Session) -> Mailbox:
        """Keep the lease, in the transaction that writes: LostRace when it ran out and another worker took it."""
        return renew_lease(session, self.name, owner=self.owner, until=self.clock() + self.lease)


@contextmanager
def under_lease(database: Database, name: str, *, lasts: timedelta, clock: Callable[[], datetime]) -> Iterator[str]:
    """Hold a mailbox's lease; the value is its owner. Raises LostRace when another worker holds it.

    Connecting belongs inside: a worker that comes second does not sign in, and what goes wrong is noted at the mailbox.
    """
    owner = secrets.token_hex(16)
    with database.transaction() as session:
        take_lease(session, name, owner=owner, until=clock() + lasts, now=clock())
    try:
        yield owner
    except LostRace:
        raise
    except IntakeError as error:
        with database.transaction() as session:
            row = mailbox_row(session, name)
            row.last_error, row.is_refused = str(error), isinstance(error, SignInRefused)
        raise
    finally:
        with database.transaction() as session:
            give_up_lease(session, name, owner=owner)
