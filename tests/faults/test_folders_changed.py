"""Other people's mail programs change folders in the middle of a poll: nothing is missed, and nothing counts twice."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from intake.errors import MailboxUnavailable
from intake.store.emails import MailboxFolder
from tests.faults.council import Council, letter_id, open_council
from tests.faults.settled import assert_settled
from tests.faults.wire import Fault, Wire
from tests.inbound.at_dovecot import uids_of
from tests.people import REVIEW
from tests.servers.dovecot import Dovecot
from tests.servers.mail_system import MailSystem

FOLDER = "Consultation"
# What the poll says right before it happens.
MOMENTS = [b" EXAMINE ", b" UID SEARCH ", b"RFC822.SIZE", b"BODY.PEEK[]"]


@pytest.fixture
def wire(mail_system: MailSystem) -> Iterator[Wire]:
    with Wire(mail_system.dovecot.starttls_port) as wire:
        yield wire


@pytest.fixture
def council(mail_system: MailSystem, wire: Wire, tmp_path: Path) -> Iterator[Council]:
    """Two folders are watched, and empty."""
    mail_system.dovecot.append_all(REVIEW, FOLDER, [])
    review = {"security": "none", "port": wire.port, "folders": ["INBOX", FOLDER]}
    with open_council(mail_system, tmp_path, review=review) as council:
        yield council


def poll_while(council: Council, wire: Wire, fault: Fault) -> None:
    """The server may end the connection over it."""
    wire.fault = fault
    with suppress(MailboxUnavailable):
        council.office.collect()
    assert wire.fault is None


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_folder_made_anew_in_the_middle_of_a_poll_is_collected_anew(
    council: Council, wire: Wire, dovecot: Dovecot, moment: bytes
) -> None:
    letters = council.receive(1, 2, folder=FOLDER)
    council.office.cycle()
    letters += council.receive(3, folder=FOLDER)
    (before,) = [row.uid_validity for row in council.office.rows(MailboxFolder) if row.name == FOLDER]

    def make_anew() -> None:
        with dovecot.signed_in(REVIEW) as other_program:
            other_program.delete(FOLDER)
        # Under the UIDs of letters 1 to 3 there are other letters now.
        letters.extend(council.receive(4, 1, 5, folder=FOLDER)[::2])

    poll_while(council, wire, Fault(make_anew, after=moment, speaker="client"))
    council.settle()
    (after,) = [row.uid_validity for row in council.office.rows(MailboxFolder) if row.name == FOLDER]
    assert before != after
    # Letter 3 is gone for good, unless it was just being fetched.
    known = {email.message_id for email in council.office.emails()}
    letters = [one for one in letters if one in known or one != letter_id(3)]
    assert_settled(council.office, letters, council.acknowledgements())


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(("source", "target"), [("INBOX", FOLDER), (FOLDER, "INBOX")])
def test_mail_moved_by_a_rule_in_the_middle_of_a_poll_is_collected_once(
    council: Council, wire: Wire, dovecot: Dovecot, moment: bytes, source: str, target: str
) -> None:
    letters = council.receive(1, 2, 3, folder=source)

    def move_some() -> None:
        with dovecot.signed_in(REVIEW) as other_program:
            other_program.select(source)
            other_program.uid("MOVE", "1:2", target)

    poll_while(council, wire, Fault(move_some, after=moment, speaker="client"))
    council.settle()
    assert [len(uids_of(dovecot, REVIEW, folder, "ALL")) for folder in (source, target)] == [1, 2]
    assert_settled(council.office, letters, council.acknowledgements())


def test_mail_moved_back_and_forth_between_polls_stays_the_same_email(council: Council, dovecot: Dovecot) -> None:
    letters = council.receive(1)
    for source, target in (("INBOX", FOLDER), (FOLDER, "INBOX"), ("INBOX", FOLDER)):
        council.office.cycle()
        with dovecot.signed_in(REVIEW) as other_program:
            other_program.select(source)
            other_program.uid("MOVE", "1:*", target)
    council.settle()
    assert len(council.office.emails()) == 1
    assert_settled(council.office, letters, council.acknowledgements())
