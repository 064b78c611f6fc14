"""Two workers at the same mailboxes, database and mail account: together they do everything once, each its share."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from intake.store.emails import InboundEmail, LedgerEntry, Mailbox, OutgoingEmail, SendingAccount
from intake.store.history import HistoryEntry
from intake.store.responses import Response
from tests.databases import both_databases
from tests.faults.points import POINTS
from tests.faults.settled import copies
from tests.faults.site import LETTERS, Process, Site, letter, letter_id, open_site, wait_until
from tests.people import ASHA, REVIEW
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink

pytestmark = both_databases

AT_ONCE = 2


@pytest.fixture
def site(dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path) -> Iterator[Site]:
    with open_site(dovecot, smtp_sink, tmp_path) as site:
        yield site


@pytest.fixture
def both_officers(dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path) -> Iterator[Site]:
    with open_site(dovecot, smtp_sink, tmp_path, mailboxes=("review", "asha"), smtp={"per_minute": 1000}) as site:
        yield site


@contextmanager
def two_workers(site: Site) -> Iterator[tuple[Process, Process]]:
    """Two at work, which end in good order when the block does."""
    with site.started("work") as first, site.started("work") as second:
        wait_until(lambda: first.lines() and second.lines())
        yield first, second
        for worker in (first, second):
            worker.send(signal.SIGTERM)
        assert [worker.ended().code for worker in (first, second)] == [0, 0]


def test_two_workers_share_the_work_and_do_nothing_twice(both_officers: Site) -> None:
    """Every letter goes to both officers, and arrives in both their mailboxes at once."""
    site, written = both_officers, list[str]()
    with two_workers(site) as workers:
        while not all(has_sent(worker) for worker in workers):
            assert len(written) < 400
            written += write_to_both_officers(site, len(written))
            time.sleep(0.2)
    site.settle()
    site.assert_settled(written)
    assert Counter(site.office.outcomes()) == dict.fromkeys(
        [("ignored", "duplicate"), ("recorded", None)], len(written)
    )
    assert copies(site.acknowledgements) == [1] * len(written)


def write_to_both_officers(site: Site, first: int) -> list[str]:
    numbers = range(first, first + AT_ONCE)
    letters = [letter(number, sender=f"person-{number}@letters.example", to=f"{REVIEW}, {ASHA}") for number in numbers]
    for mailbox in ("review", "asha"):
        site.receive(*letters, mailbox=mailbox)
    return [letter_id(number) for number in numbers]


def has_sent(worker: Process) -> bool:
    return any(line["event"] == "send" and line.get("sent") for line in worker.lines())


def test_the_rate_limit_holds_for_two_workers_together(dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path) -> None:
    letters = [letter(number, sender=f"person-{number}@letters.example") for number in range(8)]
    with open_site(dovecot, smtp_sink, tmp_path, smtp={"per_minute": 5}) as site:
        site.receive(*letters)
        site.office.collect()
        with two_workers(site):
            wait_until(lambda: len(smtp_sink.emails) >= 5)
            wait_until_asked(site, times=4)
        assert len(smtp_sink.emails) == 5
        site.settle()
        site.assert_settled([letter_id(number) for number in range(8)])


def wait_until_asked(site: Site, *, times: int) -> None:
    """Until workers have looked so often whether there is something they may send."""
    instants = set[datetime]()

    def look() -> bool:
        instants.update(account.last_claim_at for account in site.office.rows(SendingAccount))
        return len(instants) > times

    wait_until(look)


@pytest.mark.parametrize("point", ["files stored", "emails read", "email's claim committed"])
def test_a_worker_that_slept_through_its_claim_writes_nothing_more(point: str, site: Site) -> None:
    site.receive(*LETTERS)
    site.come_to(POINTS[point])
    with site.paused_at(POINTS[point]) as asleep:
        site.settle()
        done = everything(site)
        asleep.send(signal.SIGCONT)
        asleep.ended()
    assert everything(site) == done
    site.assert_settled()
    # The one that was asleep before it sent an email cannot know that another has sent it.
    assert copies(site.acknowledgements) == ([1, 1, 2] if POINTS[point].command == "send" else [1, 1, 1])


def everything(site: Site) -> list[list[dict[str, object]]]:
    tables = (Mailbox, LedgerEntry, InboundEmail, Response, OutgoingEmail, HistoryEntry)
    return [[row.model_dump() for row in site.office.rows(table)] for table in tables]
