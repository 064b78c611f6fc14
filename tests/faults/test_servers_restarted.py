"""Mail servers and PostgreSQL that stop and start again, idle and under load: everything goes on where it was."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from intake import jobs
from intake.errors import MailboxUnavailable
from intake.jobs import open_installation
from intake.mail.smtp import SmtpSender
from tests import databases
from tests.databases import both_databases
from tests.faults.council import Council, open_council
from tests.faults.settled import assert_settled, copies
from tests.faults.wire import Fault, Wire
from tests.inbound.eventful import review_mailbox
from tests.servers.dovecot import Dovecot
from tests.servers.mail_system import MailSystem
from tests.servers.postfix import Postfix
from tests.servers.postgres import Postgres


@pytest.fixture
def council(mail_system: MailSystem, tmp_path: Path) -> Iterator[Council]:
    with open_council(mail_system, tmp_path) as council:
        yield council


@pytest.fixture
def durable_postgres(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Postgres:
    """Even when its processes are killed, what was committed stays, as it does on a server that people rely on."""
    durable = "?options=-csynchronous_commit%3Don"
    monkeypatch.setattr(databases, "new_url", lambda _, fill: postgres.new_database(fill) + durable)
    return postgres


@contextmanager
def stopped(server: Dovecot | Postfix | Postgres) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def working(council: Council) -> Iterator[list[Exception]]:
    """Two workers on one database take turn after turn without a rest, whatever a turn raises. What was raised.

    For them two minutes pass each second: what a broken turn had claimed is soon free again.
    """
    stop, raised, started = threading.Event(), list[Exception](), time.monotonic()
    this, now = council.office.this, council.office.now

    def work() -> None:
        worker = replace(
            open_installation(this.settings, stopped=stop.is_set),
            make_sender=SmtpSender,
            clock=lambda: now + timedelta(minutes=2 * (time.monotonic() - started)),
        )
        try:
            while not stop.is_set():
                for job in (partial(jobs.collect, name="review"), jobs.record, jobs.send):
                    try:
                        job(worker)
                    except Exception as error:
                        raised.append(error)
        finally:
            worker.close()

    with ThreadPoolExecutor(2) as pool:
        workers = [pool.submit(work) for _ in range(2)]
        try:
            yield raised
        finally:
            stop.set()
    for worker in workers:
        worker.result()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def assert_all_settled(council: Council, letters: list[str]) -> None:
    council.settle()
    assert review_mailbox(council.office).last_error is None
    assert_settled(council.office, letters, council.acknowledgements())


def test_while_dovecot_is_down_its_mailbox_says_so_and_afterwards_everything_is_collected(
    council: Council, dovecot: Dovecot
) -> None:
    letters = council.write(1, 2)
    with stopped(dovecot):
        for _ in range(2):
            with pytest.raises(MailboxUnavailable):
                council.office.collect()
            assert "no connection to the mail server" in (review_mailbox(council.office).last_error or "")
        letters += council.write(3)
    council.mail_system.wait_until_delivered()
    assert_all_settled(council, letters)


@both_databases
def test_while_postfix_is_down_acknowledgements_wait_without_an_attempt(
    council: Council, mail_system: MailSystem
) -> None:
    letters = council.receive(1, 2, 3)
    with stopped(mail_system.postfix):
        for _ in range(3):
            council.office.cycle()
            council.office.now += timedelta(days=2)
        waiting = council.office.outgoing()
        assert [(outgoing.status.value, outgoing.attempts) for outgoing in waiting] == [("queued", 0)] * 3
        assert "no connection to the mail server" in (waiting[0].answer or "")
    council.settle()
    assert [outgoing.attempts for outgoing in council.office.outgoing()] == [1, 1, 1]
    acknowledgements = council.acknowledgements()
    assert copies(acknowledgements) == [1, 1, 1]
    assert_settled(council.office, letters, acknowledgements)


@both_databases
def test_dovecot_restarted_under_load_loses_and_doubles_nothing(council: Council, dovecot: Dovecot) -> None:
    with working(council) as raised, ThreadPoolExecutor(1) as ben:
        writing = ben.submit(council.write, *range(1, 31))
        for _ in range(2):
            have = len(council.office.emails())
            wait_until(lambda: len(council.office.emails()) > have or writing.done())  # noqa: B023
            dovecot.restart()
        letters = writing.result()
        council.mail_system.wait_until_delivered()
    assert {type(error) for error in raised} <= {MailboxUnavailable}
    assert_all_settled(council, letters)
    assert len(council.office.responses()) == 30


@both_databases
def test_postfix_restarted_under_load_loses_nothing_and_sends_no_second_email(
    council: Council, mail_system: MailSystem
) -> None:
    letters = list[str]()
    with working(council):
        for first in (1, 11):
            letters += council.receive(*range(first, first + 10))
            have = len(mail_system.elsewhere.emails)
            wait_until(lambda: len(mail_system.elsewhere.emails) > have)  # noqa: B023
            mail_system.postfix.restart()
    assert_all_settled(council, letters)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_postgresql_restarted_under_load_loses_and_doubles_nothing(
    durable_postgres: Postgres, council: Council, mode: str
) -> None:
    letters = list[str]()
    with working(council) as raised:
        for first in (1, 16):
            letters += council.receive(*range(first, first + 15))
            wait_until(lambda: len(council.office.responses()) >= first)  # noqa: B023
            durable_postgres.stop(mode)
            durable_postgres.start()
    assert raised
    assert {type(error) for error in raised} <= {sa.exc.OperationalError}
    assert_all_settled(council, letters)


def test_a_restart_of_postgresql_between_two_transactions_is_not_even_noticed(
    mail_system: MailSystem, durable_postgres: Postgres, tmp_path: Path
) -> None:
    with (
        Wire(mail_system.dovecot.tls_port) as imap,
        Wire(mail_system.postfix.submission_port) as smtp,
        open_council(mail_system, tmp_path, review={"port": imap.port}, smtp={"port": smtp.port}) as council,
    ):
        letters = council.receive(1)
        imap.fault, smtp.fault = Fault(durable_postgres.restart), Fault(durable_postgres.restart)
        council.office.cycle()
        assert imap.fault is None
        assert smtp.fault is None
        acknowledgements = council.acknowledgements()
        assert copies(acknowledgements) == [1]
        assert_settled(council.office, letters, acknowledgements)


def test_an_email_sent_while_postgresql_went_away_goes_again_as_a_copy_of_the_same(
    mail_system: MailSystem, durable_postgres: Postgres, tmp_path: Path
) -> None:
    with (
        Wire(mail_system.postfix.submission_port) as wire,
        open_council(mail_system, tmp_path, smtp={"port": wire.port}) as council,
    ):
        letters = council.receive(1)
        wire.fault = Fault(durable_postgres.stop)
        try:
            with pytest.raises(sa.exc.OperationalError):
                council.office.cycle()
        finally:
            durable_postgres.start()
        assert [outgoing.status.value for outgoing in council.office.outgoing()] == ["sending"]
        council.settle()
        acknowledgements = council.acknowledgements()
        assert copies(acknowledgements) == [2]
        assert_settled(council.office, letters, acknowledgements)
