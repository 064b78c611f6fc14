"""How fast a full mailbox becomes recorded responses on each database, beside `mbsync` and django-helpdesk.

All take the same letters from one real Dovecot over TLS. All start warm: it has listed each mailbox once.
"""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.filling import fill
from tests.bench.helpdesk import Helpdesk, install_helpdesk, run_helpdesk
from tests.bench.intake_run import Intake, polled_intake, take_in, timed
from tests.bench.letters import letters
from tests.bench.mbsync import mbsync
from tests.bench.postgres import DurablePostgres
from tests.servers.dovecot import Dovecot

_USER = "review"


@dataclass(frozen=True, slots=True)
class Run:
    """One intake's pass; `copying` is mbsync's time in seconds, the mean of a copy just before and one just after."""

    intake: Intake
    copying: float
    fetches: int


@dataclass(frozen=True, slots=True)
class Speeds:
    """`runs` by the database. `helpdesk` is why it could not be had where it could not."""

    emails: int
    bytes_an_email: int
    runs: dict[str, Run]
    helpdesk: Helpdesk | str


def measure_speed(emails: int, *, for_helpdesk: int) -> Speeds:
    """django-helpdesk gets only so many of the letters: it would take minutes over all."""
    with Dovecot() as dovecot, DurablePostgres() as postgres, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        urls = {"SQLite": None, "PostgreSQL": postgres.new_database()}
        settings = {
            database: polled_intake(folder / database, dovecot, _USER, url=url) for database, url in urls.items()
        }
        size = fill(dovecot, _USER, letters(emails))
        copies = _copies(dovecot, folder)
        before, runs = next(copies), dict[str, Run]()
        for database, given in settings.items():
            shutil.rmtree(dovecot.folder / "said" / _USER)
            dovecot.settings(_USER)  # makes that folder anew
            intake = take_in(given, emails=emails)
            fetches = sum(line.startswith("UID FETCH") for line in dovecot.said(_USER))
            after = next(copies)
            runs[database] = Run(intake, (before + after) / 2, fetches)
            before = after
        return Speeds(emails, size // emails, runs, _measure_helpdesk(dovecot, folder, min(emails, for_helpdesk)))


def _copies(dovecot: Dovecot, folder: Path) -> Iterator[float]:
    while True:
        yield timed(mbsync(dovecot, _USER, folder / "mbsync"))
        shutil.rmtree(folder / "mbsync")


def _measure_helpdesk(dovecot: Dovecot, folder: Path, emails: int) -> Helpdesk | str:
    if reason := install_helpdesk():
        return reason
    user = "helpdesk"
    dovecot.settings(user)
    with dovecot.signed_in(user) as client:
        client.select("INBOX")
    fill(dovecot, user, letters(emails))
    helpdesk = run_helpdesk(dovecot, user, folder / user)
    if helpdesk.tickets != emails:
        return f"it made {helpdesk.tickets} tickets of {emails} emails"
    return helpdesk
