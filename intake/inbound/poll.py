"""One poll of one mailbox: what it works with, the lease it holds, what it found. Never fetches by itself."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session

from intake.mail.mailbox import FetchedEmail
from intake.mail.mailbox import Mailbox as MailServer
from intake.settings import MailboxSettings
from intake.store.database import Database
from intake.store.emails import Mailbox
from intake.store.files import FileStore
from intake.store.leases import renew_lease

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
    clock: Callable[[], datetime]
    stopped: Callable[[], bool]
    found: Collected = field(default_factory=Collected)
    owner: str = field(default_factory=lambda: secrets.token_hex(16))

    def renew(self, session: Session) -> Mailbox:
        """Keep the lease, in the transaction that writes: LostRace when it ran out and another worker took it."""
        return renew_lease(session, self.name, owner=self.owner, until=self.clock() + self.lease)
