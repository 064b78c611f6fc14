"""The worker: every job takes its turn, none holds up another, and it ends when asked with nothing left running."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import time as clock
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from apscheduler.triggers.interval import IntervalTrigger
from structlog.testing import capture_logs

from intake import worker
from intake.jobs import utc_now
from intake.mail.mailbox import FetchedEmail, Mailbox, connect
from intake.output import configure_output
from intake.schedules import Anchor, OffDays
from intake.settings import MailboxSettings
from intake.store.mailings import Audience, Mailing
from intake.worker import SchedulerStopped, work
from tests.building import raw_email
from tests.fakes import FakeMailbox
from tests.office import DURING, Office, open_office
from tests.outbound.ruled import add_rule
from tests.people import BEN, REVIEW
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink

EVERY_SECOND = {"collect_seconds": 1, "record_seconds": 1, "send_seconds": 1}
LETTER = raw_email(sender=BEN, to=REVIEW)


class Hanging(FakeMailbox):
    """A server that answers nobody until `answers` is set; `is_asked` says somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked, self.answers = threading.Event(), threading.Event()

    def fetch(self, uids: Sequence[int]) -> list[FetchedEmail]:
        self.is_asked.set()
        assert self.answers.wait(30)
        return super().fetch(uids)


class Broken(FakeMailbox):
    """A mailbox our own code breaks at, with an error that quotes an address."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def connect(self, settings: MailboxSettings, *, name: str) -> Mailbox:
        self.asked += 1
        raise LookupError(f"{BEN} {name}")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path, settings={"worker": EVERY_SECOND}) as office:
        yield office


@contextmanager
def working(office: Office) -> Iterator[tuple[threading.Event, Future[None]]]:
    """The worker in a thread of its own, by the real clock; asked to stop at the end, and waited for."""
    stop, before = threading.Event(), set(threading.enumerate())
    this = replace(office.this, clock=utc_now, stopped=stop.is_set)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(work, this, stop)
        try:
            yield stop, running
        finally:
            stop.set()
            running.exception(30)
    assert set(threading.enumerate()) <= before


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_worker_collects_records_and_acknowledges(office: Office) -> None:
    office.receive(LETTER)
    with working(office):
        wait_until(lambda: office.sender.sent)
    assert [email.recipient for email in office.sender.sent] == [BEN]
    assert office.outcomes() == [("recorded", None)]


def test_the_worker_queues_what_its_rules_say_is_due(office: Office) -> None:
    every_day: dict[str, Any] = {
        "anchor": Anchor.weekdays,
        "weekdays": list(range(7)),
        "off_days": OffDays.keep,
        "clock": clock(0),
    }
    add_rule(office, audience=Audience.officers_digest, set_at=utc_now() - timedelta(days=1), **every_day)
    with working(office):
        wait_until(lambda: office.rows(Mailing))
    assert {mailing.kind for mailing in office.rows(Mailing)} == {"digest"}


def test_everything_is_accounted_for_daily_and_not_while_the_first_polls_run(office: Office) -> None:
    job = worker._schedule(office.this).get_job("reconcile")
    assert (job.next_run_time - office.now, job.trigger.interval) == (timedelta(hours=1), timedelta(days=1))


def test_mailboxes_that_hang_delay_no_other(office: Office) -> None:
    hanging = {name: Hanging() for name in ("asha", "admissions")}
    office.mailboxes.update(hanging)
    for name in hanging:
        office.receive(raw_email(sender=BEN), mailbox=name)
    with working(office):
        assert all(mailbox.is_asked.wait(30) for mailbox in hanging.values())
        office.receive(LETTER)
        wait_until(lambda: office.sender.sent)
        for mailbox in hanging.values():
            mailbox.answers.set()


def test_a_mailbox_that_refuses_sign_in_delays_no_other_and_is_tried_again(office: Office) -> None:
    office.mailboxes["asha"].refuses_sign_in = True
    office.receive(LETTER)
    office.receive(raw_email(sender=BEN), mailbox="asha")
    with capture_logs() as lines, working(office):
        wait_until(lambda: office.sender.sent)
        office.mailboxes["asha"].refuses_sign_in = False
        wait_until(lambda: len(office.emails()) == 2)
    assert {line["event"] for line in lines if line["log_level"] == "warning"} == {"collect"}
    assert not [line for line in lines if line["log_level"] == "error"]


def test_a_worker_asked_to_stop_finishes_what_it_has_begun(office: Office) -> None:
    office.mailboxes["review"] = hanging = Hanging()
    office.receive(LETTER)
    with working(office) as (stop, running):
        assert hanging.is_asked.wait(30)
        stop.set()
        assert not running.done()
        hanging.answers.set()
        assert running.result(30) is None
    assert office.outcomes() == [("received", None)]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_scheduler_ends_the_worker(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    class Deadly(IntervalTrigger):  # type: ignore[misc]  # the library ships no types
        def get_next_fire_time(self, *_: object) -> None:
            raise RuntimeError

    monkeypatch.setattr(worker, "IntervalTrigger", Deadly)
    with working(office) as (_, running), pytest.raises(SchedulerStopped, match="supervisor"):
        running.result(30)


def test_an_error_in_one_job_stops_no_other_and_is_named_by_its_kind_only(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.mailboxes["asha"] = broken = Broken()
    office.receive(LETTER)
    configure_output()
    try:
        with working(office):
            wait_until(lambda: office.sender.sent and broken.asked > 1)
    finally:
        structlog.reset_defaults()
    printed = capsys.readouterr().err
    errors = [line for line in map(json.loads, printed.splitlines()) if line["level"] == "error"]
    assert {(line["event"], line["job"], line["error"]) for line in errors} == {("work", "collect:asha", "LookupError")}
    assert BEN not in printed


CONFIGURATION = """
[database]
url = "sqlite:///intake.sqlite3"
[files]
path = "files"
[mail]
message_id_domain = "intake.county.example"
[mailboxes.review]
host = "127.0.0.1"
port = {imap.port}
username = "{imap.username}"
password = "{imap_password}"
ca_file = "{imap.ca_file}"
[smtp]
host = "127.0.0.1"
port = {smtp.port}
security = "none"
[worker]
collect_seconds = 1
record_seconds = 1
send_seconds = 1
"""


def test_a_signal_ends_the_real_worker_in_good_order(dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path) -> None:
    imap = dovecot.settings("worker")
    with open_office(tmp_path, settings={"mailboxes": {"review": imap}}, connect=connect):
        dovecot.append("worker", "INBOX", LETTER, DURING)
    config = tmp_path / "intake.toml"
    assert imap.password
    password = imap.password.get_secret_value()
    config.write_text(CONFIGURATION.format(imap=imap, imap_password=password, smtp=smtp_sink.settings()))
    command = [sys.executable, "-c", "from intake.cli import main; main()", "--config", str(config), "work"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until(lambda: smtp_sink.emails or process.poll() is not None)
            process.send_signal(signal.SIGTERM)
            output, printed = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, output) == (0, "")
    assert [email.recipients for email in smtp_sink.emails] == [(BEN,)]
    assert json.loads(printed.splitlines()[-1])["stopped"] is True
    assert BEN not in printed
