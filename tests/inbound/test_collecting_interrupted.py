"""Whatever breaks off a poll, what was committed stays, nothing is half-written, and the next poll goes on."""

import errno
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from intake import jobs
from intake.errors import MailboxUnavailable, SignInRefused, StoreFull
from intake.inbound import collecting
from intake.inbound.poll import Collected
from intake.store.emails import InboundEmail, LedgerEntry
from intake.store.files import FileStore
from intake.store.leases import take_lease
from tests.databases import both_databases
from tests.fakes import FakeMailbox
from tests.inbound.eventful import eventful, ledger, letter, review_mailbox, stored
from tests.office import Office, open_office

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as office:
        yield office


class FullDisk(FileStore):
    """A store whose disk has room for one email."""

    def put_many(self, contents: Iterable[bytes]) -> list[str]:
        return super().put_many(_until_full(contents))


def _until_full(contents: Iterable[bytes]) -> Iterator[bytes]:
    yield next(iter(contents))
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def collect_elsewhere(office: Office) -> Collected | None:
    """Another worker's poll of the same mailbox, over a connection of its own."""
    connection = FakeMailbox(office.mailboxes["review"].contents)
    elsewhere = replace(office.this, connect=lambda settings, *, name: connection.connect(settings, name=name))
    return jobs.collect(elsewhere, "review")


def test_a_mailbox_that_is_being_collected_is_left_to_that_worker(office: Office) -> None:
    seen: list[Collected | None] = []
    eventful(office).meanwhile["fetch"] = lambda: seen.append(collect_elsewhere(office))
    office.receive(letter())
    assert office.collect().emails == 1
    assert (seen, len(office.emails()), len(ledger(office))) == ([None], 1, 1)
    assert review_mailbox(office).lease_owner is None


def test_a_lease_that_ran_out_is_taken_over_and_the_first_worker_writes_nothing(office: Office) -> None:
    seen: list[Collected | None] = []

    def run_out() -> None:
        office.now += timedelta(seconds=office.this.settings.worker.lease_seconds + 1)
        seen.append(collect_elsewhere(office))

    eventful(office).meanwhile["fetch"] = run_out
    office.receive(letter(1))
    office.receive(letter(2))
    assert jobs.collect(office.this, "review") is None
    assert [found and found.emails for found in seen] == [2]
    assert (stored(office), len(ledger(office))) == ([letter(1), letter(2)], 2)
    assert review_mailbox(office).last_error is None


def test_a_worker_whose_lease_was_taken_leaves_the_new_lease_alone(office: Office) -> None:
    def be_taken_over() -> None:
        with office.database.transaction() as session:
            later = office.now + timedelta(hours=2)
            take_lease(session, "review", owner="another", until=later, now=later - timedelta(hours=1))

    eventful(office).meanwhile["fetch"] = be_taken_over
    office.receive(letter())
    assert jobs.collect(office.this, "review") is None
    assert review_mailbox(office).lease_owner == "another"
    assert (office.rows(InboundEmail), office.rows(LedgerEntry)) == ([], [])


def test_a_refused_sign_in_is_noted_at_the_mailbox_until_it_is_right_again(office: Office) -> None:
    mailbox = office.mailboxes["review"]
    mailbox.refuses_sign_in = True
    with pytest.raises(SignInRefused):
        office.collect()
    noted = review_mailbox(office)
    assert (noted.last_error, noted.last_tried_at) == (
        "Mailbox review: the mail server refused the user name or password.",
        office.now,
    )
    mailbox.refuses_sign_in = False
    office.collect()
    assert review_mailbox(office).last_error is None


def test_what_was_stored_before_the_connection_broke_stays_and_the_rest_follows(office: Office) -> None:
    mailbox = office.mailboxes["review"]
    office.receive(letter(1))
    office.receive(letter(2), folder="Junk")
    mailbox.loses_connection_after = 1
    with pytest.raises(MailboxUnavailable):
        office.collect()
    assert (stored(office), len(ledger(office))) == ([letter(1)], 1)
    noted = review_mailbox(office)
    assert noted.lease_owner is None
    assert noted.last_error
    assert office.collect().emails == 1
    assert stored(office) == [letter(1), letter(2)]


def test_a_chunk_the_connection_breaks_in_leaves_nothing_half_written(office: Office) -> None:
    office.receive(letter(1))
    office.receive(letter(2))
    office.mailboxes["review"].loses_connection_after = 1
    with pytest.raises(MailboxUnavailable):
        office.collect()
    assert (office.emails(), ledger(office)) == ([], [])
    assert office.collect().emails == 2


def test_a_first_poll_that_broke_off_is_still_the_first(tmp_path: Path) -> None:
    with open_office(tmp_path, polled=False) as office:
        office.receive(letter(1))
        office.receive(letter(2), folder="Junk")
        office.mailboxes["review"].loses_connection_after = 1
        with pytest.raises(MailboxUnavailable):
            office.collect()
        office.collect()
        office.receive(letter(3))
        office.collect()
        assert [email.is_backlog for email in office.emails()] == [True, True, False]


@pytest.mark.parametrize("folder", ["INBOX", "Schools"])  # the first folder, and the last
def test_a_first_poll_that_was_stopped_is_still_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setattr(collecting, "CHUNK_EMAILS", 1)
    with open_office(tmp_path, polled=False) as office:
        mailbox = eventful(office)
        mailbox.contents = {name: {} for name in ("INBOX", "Schools")}
        for number in range(3):
            office.receive(letter(number), folder=folder)
        stop: list[bool] = []
        mailbox.meanwhile["fetch"] = lambda: stop.append(True)
        found = jobs.collect(replace(office.this, stopped=lambda: bool(stop)), "review")
        assert found
        assert (found.emails, review_mailbox(office).first_poll_completed_at) == (1, None)
        assert office.collect().emails == 2
        assert [email.is_backlog for email in office.emails()] == [True, True, True]


def test_a_full_disk_leaves_no_rows_and_is_noted(office: Office) -> None:
    office.receive(letter(1))
    office.receive(letter(2))
    full = replace(office.this, files=FullDisk(office.this.settings.files.path))
    with pytest.raises(StoreFull):
        jobs.collect(full, "review")
    assert (office.emails(), ledger(office)) == ([], [])
    assert review_mailbox(office).last_error == str(StoreFull())
    assert office.collect().emails == 2
