"""One intake taking in one mailbox of the private Dovecot: real database, files and child processes."""

import logging
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from intake import jobs
from intake.mail.mailbox import connect
from intake.settings import Settings
from tests import databases
from tests.bench.measuring import Statements, peak_memory_mb, peak_memory_of_a_child_mb
from tests.office import open_office
from tests.servers.dovecot import Dovecot


@dataclass(frozen=True, slots=True)
class Intake:
    """One pass of collecting and one of recording. Times in seconds; memory in MB, of the children the largest."""

    collecting: float
    recording: float
    responses: int
    acknowledgements: int
    commits: int
    statements: int
    memory: float
    memory_of_a_child: float

    @property
    def seconds(self) -> float:
        return self.collecting + self.recording


def polled_intake(folder: Path, dovecot: Dovecot, user: str, *, url: str | None = None) -> Settings:
    """An intake that has polled the mailbox while it was empty, so that nothing in it is backlog."""
    folder.mkdir()
    settings = {
        "database": {"url": url or databases.sqlite_url(folder)},
        "mailboxes": {user: dovecot.settings(user, folders=["INBOX"])},
    }
    with open_office(folder, polled=False, settings=settings) as office:
        jobs.collect(replace(office.this, connect=connect), user)
        return office.this.settings


def take_in(settings: Settings, *, emails: int) -> Intake:
    """In a process of its own, so that its memory is its own. RuntimeError unless every email became a response."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        intake = pool.submit(_take_in, settings).result()
    if intake.responses != emails or intake.acknowledgements != emails:
        raise RuntimeError(f"{emails} emails became {intake.responses} responses: these figures would mean nothing")
    return intake


def timed(function: Callable[[], object]) -> float:
    """Seconds by the clock on the wall."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def _take_in(settings: Settings) -> Intake:
    # Only what goes wrong is said; a line a pass would stand between the figures.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    this = jobs.open_installation(settings)
    try:
        [user] = settings.mailboxes
        counted = Statements(this.database.engine)
        collecting = timed(lambda: jobs.collect(this, user))
        recording = timed(lambda: jobs.record(this))
        return Intake(
            collecting,
            recording,
            responses=counted.rows("response"),
            acknowledgements=counted.rows("outgoing_email", "status = 'queued'"),
            commits=counted.commits,
            statements=counted.statements,
            memory=peak_memory_mb(),
            memory_of_a_child=peak_memory_of_a_child_mb(),
        )
    finally:
        this.close()
