"""Sending that breaks off at every step: each acknowledgement arrives, and where it arrives twice it is a copy."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from intake import jobs
from intake.outbound.outbox import Sent
from intake.store.emails import OutgoingEmail
from tests.databases import both_databases
from tests.faults.council import Council, letter_id, open_council
from tests.faults.settled import assert_settled, copies
from tests.faults.wire import Act, Fault, Wire
from tests.office import CLOSES_AT
from tests.servers.certificates import Certificates
from tests.servers.mail_system import MailSystem
from tests.servers.smtp_sink import SmtpSink

pytestmark = both_databases

IN_TIME = 6
"""Seconds. Long enough for any server that does answer, on a machine that is busy with other tests too."""
CONTENT = 2000
"""Bytes. No acknowledgement is shorter: so many before the end of what the client says, it is giving the content."""


@pytest.fixture
def wire(mail_system: MailSystem) -> Iterator[Wire]:
    """To the submission port, encrypted: what passes can only be counted."""
    with Wire(mail_system.postfix.submission_port) as wire:
        yield wire


@pytest.fixture
def council(mail_system: MailSystem, wire: Wire, tmp_path: Path) -> Iterator[Council]:
    """Ben's first letter has been acknowledged: the wire knows how much that takes."""
    with open_council(mail_system, tmp_path, smtp={"port": wire.port, "timeout_seconds": IN_TIME}) as council:
        council.receive(1)
        council.office.cycle()
        yield council


def owe(council: Council, *numbers: int) -> list[str]:
    """Ben is owed acknowledgements of these letters. The Message-IDs of all."""
    letters = council.receive(*numbers)
    council.office.collect()
    jobs.record(council.office.this)
    return [letter_id(1), *letters]


def interrupted_sending(council: Council, wire: Wire, fault: Fault) -> Sent:
    wire.fault = fault
    done = jobs.send(council.office.this)
    assert wire.fault is None
    return done


def latest(council: Council) -> OutgoingEmail:
    return council.office.outgoing()[-1]


def assert_acknowledged(council: Council, letters: list[str], expected: list[int]) -> None:
    """Each in the end, and so many copies of each."""
    council.settle()
    acknowledgements = council.acknowledgements()
    assert copies(acknowledgements) == expected
    assert_settled(council.office, letters, acknowledgements)


@pytest.mark.parametrize("act", ["cut", "stall"])
def test_without_a_connection_no_attempt_is_counted(council: Council, wire: Wire, act: Act) -> None:
    letters = owe(council, 2)
    assert interrupted_sending(council, wire, Fault(act)).postponed == 1
    assert (latest(council).status.value, latest(council).attempts) == ("queued", 0)
    assert_acknowledged(council, letters, [1, 1])


def test_an_email_that_is_cut_off_in_its_content_arrives_once(council: Council, wire: Wire) -> None:
    letters = owe(council, 2)
    fault = Fault("cut", after=wire.said - CONTENT, speaker="client")
    assert interrupted_sending(council, wire, fault).postponed == 1
    assert (latest(council).status.value, latest(council).attempts) == ("queued", 1)
    assert "lost connection after DATA" in council.mail_system.postfix.log()
    assert_acknowledged(council, letters, [1, 1])


@pytest.mark.parametrize("act", ["cut", "reset", "stall"])
def test_an_email_whose_answer_is_lost_goes_again_as_a_copy_of_the_same(council: Council, wire: Wire, act: Act) -> None:
    letters = owe(council, 2)
    fault = Fault(act, after=wire.said - CONTENT)
    assert interrupted_sending(council, wire, fault).postponed == 1
    assert len(council.acknowledgements()) == 2
    assert (latest(council).status.value, latest(council).attempts) == ("queued", 1)
    assert_acknowledged(council, letters, [1, 2])


def test_a_copy_says_what_the_first_said_even_when_the_closing_time_has_passed(council: Council, wire: Wire) -> None:
    letters = owe(council, 2)
    council.office.now = CLOSES_AT - timedelta(minutes=1)
    interrupted_sending(council, wire, Fault("cut", after=wire.said - CONTENT))
    council.office.now = CLOSES_AT + timedelta(hours=1)
    wire.fault = Fault("cut")  # in between the server is away for a while
    assert_acknowledged(council, letters, [1, 2])
    assert "The closing time is" in (latest(council).text or "")


def test_what_did_not_leave_before_the_closing_time_passed_says_so(council: Council, wire: Wire) -> None:
    letters = owe(council, 2)
    council.office.now = CLOSES_AT - timedelta(minutes=1)
    interrupted_sending(council, wire, Fault("cut"))
    council.office.now = CLOSES_AT + timedelta(hours=1)
    assert_acknowledged(council, letters, [1, 1])
    assert "The closing time was" in (latest(council).text or "")


def test_a_connection_cut_between_two_emails_is_made_anew_and_both_arrive_once(council: Council, wire: Wire) -> None:
    letters = owe(council, 2, 3)
    # The answer to the content passes, and half of that to the next email's sender.
    assert interrupted_sending(council, wire, Fault("cut", after=wire.said - CONTENT, passes=80)).sent == 2
    assert [outgoing.attempts for outgoing in council.office.outgoing()] == [1, 1, 1]
    assert_acknowledged(council, letters, [1, 1, 1])


def test_a_server_with_another_certificate_gets_neither_password_nor_email(
    council: Council, wire: Wire, mail_system: MailSystem, certificates: Certificates
) -> None:
    letters = owe(council, 2)
    with SmtpSink(certificates=certificates) as impostor:
        wire.target = impostor.port
        assert jobs.send(council.office.this).postponed == 1
        assert (impostor.emails, impostor.connections) == ([], 0)
    assert "certificate is not trusted" in (latest(council).answer or "")
    assert latest(council).attempts == 0
    wire.target = mail_system.postfix.submission_port
    assert_acknowledged(council, letters, [1, 1])
