"""Where process faults happen: an office on real servers, and beside it the real command in processes of its own.

What a process did is seen through the office, and the office goes on where a process ended: both have one database,
one file store and one mailbox. Time is the machine's; the office can be moved ahead of it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from intake import jobs
from intake.jobs import SMTP_STEPS, utc_now
from intake.mail.mailbox import connect
from intake.mail.smtp import SmtpSender
from tests.building import File, raw_email
from tests.configuring import Sections, as_toml, as_tree
from tests.faults.points import Point
from tests.faults.settled import assert_settled
from tests.office import DURING, MAIL_DOMAIN, Office, open_office
from tests.people import BEN, CAROL, DAN, REVIEW
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink

ROOT = Path(__file__).parents[2]
PDF = ("views.pdf", "application/pdf", b"%PDF-1.4 our views")


def letter_id(number: int) -> str:
    return f"<letter-{number}@letters.example>"


def letter(
    number: int, *, sender: str, to: str = REVIEW, files: Sequence[File] = (PDF,), text: str = "Yes.\n"
) -> bytes:
    """A letter with files; each number another."""
    attachments = [(name, kind, content + str(number).encode()) for name, kind, content in files]
    return raw_email(sender=sender, to=to, text=text, attachments=attachments, message_id=letter_id(number))


LETTERS = [letter(number, sender=sender) for number, sender in enumerate((BEN, CAROL, DAN))]
LETTER_IDS = [letter_id(number) for number in range(3)]


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def counts(self) -> dict[str, Any]:
        """What a command with --json said it did."""
        counts: dict[str, Any] = json.loads(self.out)
        return counts


class Site:
    def __init__(self, office: Office, config: Path, dovecot: Dovecot, users: dict[str, str], sink: SmtpSink) -> None:
        self.office, self.sink, self.config = office, sink, config
        self._dovecot, self._users = dovecot, users

    def receive(self, *raws: bytes, mailbox: str = "review", received_at: datetime = DURING) -> None:
        self._dovecot.append_all(self._users[mailbox], "INBOX", [(raw, received_at) for raw in raws])

    def come_to(self, point: Point) -> None:
        """Do all that comes before the point's command."""
        if point.command in ("record", "send"):
            self.office.collect()
        if point.command == "send":
            jobs.record(self.office.this)

    def arguments(self, *arguments: str) -> list[str]:
        return ["--config", str(self.config), *arguments]

    @contextmanager
    def started(self, *arguments: str, under: Sequence[str] = (), program: Sequence[str] = ()) -> Iterator["Process"]:
        """`intake`, or the `program` that stands in for it, with this configuration; gone when the block ends."""
        program = program or ("-c", "from intake.cli import main; main()")
        command = [*under, sys.executable, "-W", "error", *program, *self.arguments(*arguments)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("INTAKE_")}
        with (
            TemporaryFile("w+") as out,
            TemporaryFile("w+") as err,
            subprocess.Popen(command, cwd=ROOT, env=clean, stdout=out, stderr=err, text=True) as started,
        ):
            try:
                yield Process(started, out, err)
            finally:
                started.kill()

    def run(self, *arguments: str, under: Sequence[str] = ()) -> Ran:
        with self.started(*arguments, under=under) as process:
            return process.ended()

    def kill_at(self, point: Point, *, under: Sequence[str] = ()) -> None:
        """Run the command that comes by the point until it is killed there."""
        program = ("-m", "tests.faults.killed", point.name, "--")
        with self.started(point.command, under=under, program=program) as process:
            ran = process.ended()
        assert ran.code == -signal.SIGKILL, ran

    @contextmanager
    def paused_at(self, point: Point) -> Iterator["Process"]:
        """Its command, asleep at the point until it is sent SIGCONT."""
        program = ("-m", "tests.faults.killed", "--pause", point.name, "--")
        with self.started(point.command, program=program) as process:
            process.wait_until_stopped()
            yield process

    def settle(self) -> None:
        """What a worker does once the claims of those that are gone have run out."""
        settings = self.office.this.settings
        longest = max(settings.worker.lease_seconds, settings.smtp.timeout_seconds * SMTP_STEPS)
        self.office.now = max(self.office.now, utc_now()) + timedelta(seconds=longest + 1)
        self.work()

    def work(self) -> None:
        """One cycle of the worker, and a poll more: what was moved is found where it lies now."""
        self.office.cycle()
        for name in self.office.this.settings.mailboxes:
            jobs.collect(self.office.this, name)

    def assert_settled(self, letters: Iterable[str] = LETTER_IDS) -> None:
        assert_settled(self.office, letters, self.acknowledgements)

    @property
    def acknowledgements(self) -> list[bytes]:
        """As the mail server has them, copies included."""
        return [sent.raw for sent in self.sink.emails]


Kill = Callable[[Site, Point], None]
"""Runs the command that comes by the point, in a process that is killed there."""


@dataclass(frozen=True, slots=True)
class Process:
    """A command under way, and the files its output goes to."""

    started: subprocess.Popen[str]
    out: IO[str]
    err: IO[str]

    def send(self, number: signal.Signals) -> None:
        self.started.send_signal(number)

    def wait_until_stopped(self) -> None:
        os.waitid(os.P_PID, self.started.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        assert self.started.poll() is None, _all_of(self.err)

    def lines(self) -> list[dict[str, Any]]:
        """What it has said of itself so far, in whole lines, while it is at work."""
        assert self.started.poll() is None, _all_of(self.err)
        return [json.loads(line) for line in _all_of(self.err).splitlines(keepends=True) if line.endswith("}\n")]

    def ended(self) -> Ran:
        """What it said, once it has ended by itself."""
        code = self.started.wait(60)
        ran = Ran(code, _all_of(self.out), _all_of(self.err))
        assert "Traceback" not in ran.err, ran.err
        return ran


def _all_of(file: IO[str]) -> str:
    # Not `read`: the process goes on writing where that would leave off.
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def open_site(
    dovecot: Dovecot,
    sink: SmtpSink,
    folder: Path,
    *,
    mailboxes: Sequence[str] = ("review",),
    server_action: str = "move:Done",
    **changed: dict[str, Any],
) -> Iterator[Site]:
    """A site whose mailboxes have been polled once. What is `changed` is added to sections of the configuration."""
    users = {name: f"{folder.name}-{name}" for name in mailboxes}
    for user in users.values():
        with dovecot.signed_in(user) as other_program:
            other_program.create("Done")
    given = _given(dovecot, sink, folder, users, server_action)
    given |= {name: {**given.get(name, {}), **section} for name, section in changed.items()}
    with open_office(folder, settings=as_tree(given), connect=connect) as office:
        office.this = replace(office.this, make_sender=SmtpSender)
        office.now = utc_now()
        config = folder / "intake.toml"
        config.write_text(as_toml({**given, "database": {"url": office.database.url}}))
        yield Site(office, config, dovecot, users, sink)


def _given(dovecot: Dovecot, sink: SmtpSink, folder: Path, users: dict[str, str], server_action: str) -> Sections:
    account = {
        "host": "127.0.0.1",
        "port": dovecot.tls_port,
        "password": PASSWORD,
        "ca_file": str(dovecot.certificates.ca_file),
        "server_action": server_action,
        "timeout_seconds": 10,
    }
    return {
        "files": {"path": str(folder / "files")},
        "mail": {"message_id_domain": MAIL_DOMAIN},
        **{f"mailboxes.{name}": {**account, "username": user} for name, user in users.items()},
        "smtp": {"host": "127.0.0.1", "port": sink.port, "security": "none", "timeout_seconds": 10},
        "worker": {
            "parsers": 1,
            "collect_seconds": 1,
            "record_seconds": 1,
            "send_seconds": 1,
            "parse_seconds": 20,
            "lease_seconds": 30,
        },
    }
