"""Polls whose connection breaks, stalls or leads to somebody else: the next goes on, and all is collected once."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from intake.errors import MailboxUnavailable
from intake.store.emails import LedgerEntry, ServerAction
from tests.faults.council import Council, open_council, raw_letter
from tests.faults.settled import assert_settled
from tests.faults.wire import Fault, Wire
from tests.inbound.at_dovecot import uids_of
from tests.inbound.eventful import review_mailbox
from tests.people import REVIEW
from tests.servers.dovecot import Dovecot
from tests.servers.mail_system import MailSystem

LETTER = 30_000
LARGE = 5_000_000
IN_TIME = 2
"""Seconds. Long enough for any server that does answer."""
FETCH, LIST, MOVE = b"BODY.PEEK[]", b" LIST ", b" UID MOVE "
# Where the poll of three letters breaks off.
MOMENTS = {
    "before the greeting": Fault("cut"),
    "in the greeting": Fault("cut", passes=9),
    "in sign-in": Fault("cut", after=b"AUTHENTICATE PLAIN"),
    "right after sign-in": Fault("cut", after=LIST, speaker="client"),
    "in the list of folders": Fault("cut", after=LIST, passes=40),
    "in opening a folder": Fault("cut", after=b" EXAMINE ", passes=40),
    "in the list of emails": Fault("cut", after=b" UID SEARCH ", passes=10),
    "in the list of sizes": Fault("cut", after=b"RFC822.SIZE", passes=40),
    "before the first email": Fault("cut", after=FETCH),
    "in the length of an email": Fault("cut", after=FETCH, passes=30),
    "in an email": Fault("cut", after=FETCH, passes=LETTER * 3 // 2),
    "in an email, by a reset": Fault("reset", after=FETCH, passes=LETTER * 3 // 2),
    "after the last email": Fault("cut", after=FETCH, passes=sum(len(raw_letter(n, size=LETTER)) for n in (1, 2, 3))),
}
MOVES = {
    "before the server heard of it": Fault("cut", after=MOVE, speaker="client"),
    "before its answer": Fault("cut", after=MOVE),
    "in its answer": Fault("cut", after=MOVE, passes=20),
}


@pytest.fixture
def wire(mail_system: MailSystem) -> Iterator[Wire]:
    """To Dovecot, in plain text: what passes can be recognised."""
    with Wire(mail_system.dovecot.starttls_port) as wire:
        yield wire


@pytest.fixture
def council(mail_system: MailSystem, wire: Wire, tmp_path: Path) -> Iterator[Council]:
    review = {"security": "none", "port": wire.port}
    with open_council(mail_system, tmp_path, review=review) as council:
        yield council


@pytest.fixture
def moving_council(mail_system: MailSystem, wire: Wire, tmp_path: Path) -> Iterator[Council]:
    """Collected mail is moved to the folder "Done"."""
    mail_system.dovecot.append_all(REVIEW, "Done", [])
    review = {"security": "none", "port": wire.port, "server_action": "move:Done"}
    with open_council(mail_system, tmp_path, review=review) as council:
        yield council


@pytest.fixture
def impatient_council(mail_system: MailSystem, wire: Wire, tmp_path: Path) -> Iterator[Council]:
    review = {"security": "none", "port": wire.port, "timeout_seconds": IN_TIME}
    with open_council(mail_system, tmp_path, review=review) as council:
        yield council


def interrupted_poll(council: Council, wire: Wire, fault: Fault) -> str:
    """The sentence at the mailbox after a poll in which this fault struck."""
    wire.fault = fault
    with pytest.raises(MailboxUnavailable):
        council.office.collect()
    assert wire.fault is None
    noted = review_mailbox(council.office)
    assert noted.lease_owner is None
    return noted.last_error or ""


def assert_collected(council: Council, letters: list[str]) -> None:
    council.settle()
    assert review_mailbox(council.office).last_error is None
    assert_settled(council.office, letters, council.acknowledgements())


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_poll_that_is_cut_off_leaves_nothing_half_done_and_the_next_collects_all(
    council: Council, wire: Wire, moment: str
) -> None:
    letters = council.receive(1, 2, 3, size=LETTER)
    assert "connection" in interrupted_poll(council, wire, MOMENTS[moment])
    assert (council.office.emails(), council.office.rows(LedgerEntry)) == ([], [])
    assert_collected(council, letters)


@pytest.mark.parametrize("part", [b"<0.", b"<1048576."])
def test_a_large_email_that_is_cut_off_in_one_of_its_parts_is_fetched_anew(
    council: Council, wire: Wire, part: bytes
) -> None:
    letters = council.receive(1, size=LARGE)
    interrupted_poll(council, wire, Fault("cut", after=FETCH + part, passes=LETTER))
    assert (council.office.emails(), council.office.rows(LedgerEntry)) == ([], [])
    assert_collected(council, letters)


def test_what_was_collected_before_the_cut_stays(council: Council, wire: Wire) -> None:
    letters = council.receive(1) + council.receive(2, size=LARGE)
    interrupted_poll(council, wire, Fault("cut", after=FETCH + b"<0.", passes=LETTER))
    assert [entry.uid for entry in council.office.rows(LedgerEntry)] == [1]
    assert_collected(council, letters)


@pytest.mark.parametrize("moment", MOVES)
def test_a_move_that_is_cut_off_is_finished_at_the_next_poll(
    moving_council: Council, dovecot: Dovecot, wire: Wire, moment: str
) -> None:
    letters = moving_council.receive(1, 2, 3)
    interrupted_poll(moving_council, wire, MOVES[moment])
    assert {entry.server_action for entry in moving_council.office.rows(LedgerEntry)} == {ServerAction.pending}
    assert_collected(moving_council, letters)
    assert len(uids_of(dovecot, REVIEW, "Done", "ALL")) == 3
    assert ServerAction.pending not in {entry.server_action for entry in moving_council.office.rows(LedgerEntry)}


@pytest.mark.parametrize("moment", ["before the greeting", "right after sign-in", "in an email"])
def test_a_server_that_stalls_is_given_up_and_polled_again(impatient_council: Council, wire: Wire, moment: str) -> None:
    letters = impatient_council.receive(1, 2, 3, size=LETTER)
    of = MOMENTS[moment]
    sentence = interrupted_poll(impatient_council, wire, Fault("stall", of.after, of.speaker, of.passes))
    assert "did not answer in time" in sentence
    assert_collected(impatient_council, letters)


def test_a_slow_server_is_waited_for(impatient_council: Council, wire: Wire) -> None:
    letters = impatient_council.receive(1, 2, size=LETTER)
    wire.piece, wire.delay = 1000, IN_TIME / 60
    assert impatient_council.office.collect().emails == 2
    wire.piece, wire.delay = 65536, 0
    assert_collected(impatient_council, letters)


def test_a_server_with_another_certificate_never_hears_the_password(mail_system: MailSystem, tmp_path: Path) -> None:
    with ExitStack() as running:
        wire = running.enter_context(Wire(mail_system.dovecot.tls_port))
        council = running.enter_context(open_council(mail_system, tmp_path, review={"port": wire.port}))
        letters = council.receive(1)
        impostor = running.enter_context(Dovecot())
        impostor.append(REVIEW, "INBOX", raw_letter(2))
        wire.target = impostor.tls_port
        with pytest.raises(MailboxUnavailable):
            council.office.collect()
        assert "certificate is not trusted" in (review_mailbox(council.office).last_error or "")
        assert council.office.emails() == []
        assert impostor.said(REVIEW) == []
        wire.target = mail_system.dovecot.tls_port
        assert_collected(council, letters)
