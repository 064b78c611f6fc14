"""The fakes keep the contracts of what they stand for."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from intake.errors import MailboxUnavailable, SendPostponed, SendRefused, SignInRefused
from intake.mail.folders import Folder, Role
from intake.mail.mailbox import FetchedEmail, FolderMissing, Mailbox
from intake.mail.smtp import Sender
from intake.settings import MailboxSettings
from tests.fakes import FakeMailbox, FakeSender, SentEmail

RAW = b"Subject: Our response\r\n\r\nWe agree.\r\n"
RECEIVED_AT = datetime(2020, 2, 28, 17, 0, tzinfo=UTC)


def connected(fake: FakeMailbox) -> Mailbox:
    settings = MailboxSettings.model_validate({"host": "mail.example", "username": "asha", "password": "any"})
    return fake.connect(settings, name="office")


def filled(count: int) -> FakeMailbox:
    return FakeMailbox({"INBOX": dict.fromkeys(range(1, count + 1), (RAW, RECEIVED_AT)), "Done": {}})


def test_emails_come_back_as_they_were_put_there(tmp_path: Path) -> None:
    mailbox = connected(filled(2))
    assert mailbox.folders() == [Folder("INBOX", Role.inbox), Folder("Done", Role.other)]
    assert mailbox.open_folder("INBOX").uid_next == 3
    assert mailbox.fetch([2, 9]) == [FetchedEmail(2, RAW, RECEIVED_AT)]
    assert mailbox.fetch_headers([1]) == [FetchedEmail(1, b"Subject: Our response\r\n\r\n", RECEIVED_AT)]
    assert mailbox.fetch_to_file(9, tmp_path / "gone.eml") is False


def test_a_lost_connection_stays_lost_until_the_next_one() -> None:
    fake = filled(3)
    fake.loses_connection_after = 2
    mailbox = connected(fake)
    mailbox.open_folder("INBOX")
    for _ in range(2):
        with pytest.raises(MailboxUnavailable):
            mailbox.fetch([1, 2, 3])
    mailbox = connected(fake)
    mailbox.open_folder("INBOX")
    assert len(mailbox.fetch([1, 2, 3])) == 3


def test_a_uid_is_never_given_twice() -> None:
    fake = filled(2)
    mailbox = connected(fake)
    mailbox.open_folder("INBOX", for_changes=True)
    mailbox.move([2], "Done")
    assert fake.add(RAW, RECEIVED_AT) == 3
    fake.change_uid_validity()
    state = mailbox.open_folder("INBOX")
    assert (state.uid_validity, mailbox.uids()) == (2, [1, 2])


def test_what_a_server_refuses_is_refused() -> None:
    fake = filled(1)
    fake.refuses_sign_in = True
    with pytest.raises(SignInRefused):
        connected(fake)
    fake.refuses_sign_in = False
    mailbox = connected(fake)
    mailbox.open_folder("INBOX")
    with pytest.raises(MailboxUnavailable):
        mailbox.move([1], "Done")
    with pytest.raises(FolderMissing):
        mailbox.open_folder("Nowhere")


def test_a_sender_postpones_and_refuses_as_told() -> None:
    fake = FakeSender()
    sender: Sender = fake
    fake.postpones, fake.refuses = 1, {"carol@trust.example"}
    with pytest.raises(SendPostponed):
        sender.send(sender="office@council.example", recipient="ben@school.example", raw=RAW)
    with pytest.raises(SendRefused):
        sender.send(sender="office@council.example", recipient="carol@trust.example", raw=RAW)
    sender.send(sender="office@council.example", recipient="ben@school.example", raw=RAW)
    assert fake.sent == [SentEmail("office@council.example", "ben@school.example", RAW)]
