"""The mail system the tests run: real mail goes out, comes in, comes back and waits, as in a council's own."""

import smtplib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from intake.errors import SendRefused
from intake.mail.bounces import Bounce, BouncedRecipient
from intake.mail.mailbox import connect
from intake.mail.smtp import SenderUnavailable, SmtpSender
from intake.mail.understanding import understand
from tests.building import raw_email
from tests.people import ASHA, BEN, CAROL, REVIEW
from tests.servers.dovecot import Dovecot
from tests.servers.mail_system import MailSystem

MESSAGE_ID = "<intake.acknowledgement.1@intake.county.example>"
NOBODY = "nobody@heathfield.example"


@pytest.fixture
def sender(mail_system: MailSystem) -> Iterator[SmtpSender]:
    with closing(SmtpSender(mail_system.smtp_settings())) as sender:
        yield sender


def acknowledge(sender: SmtpSender, recipient: str = BEN) -> bytes:
    raw = raw_email(sender=REVIEW, to=recipient, subject="We have your response", message_id=MESSAGE_ID)
    sender.send(sender=REVIEW, recipient=recipient, raw=raw)
    return raw


def bounce(raw: bytes) -> Bounce:
    understood = understand(raw)
    assert understood.return_path == ""
    assert understood.automatic
    assert understood.automatic.kind == "bounce"
    assert understood.bounce
    return understood.bounce


def recipient(found: Bounce) -> BouncedRecipient:
    (only,) = found.recipients
    return only


def test_what_the_council_sends_reaches_the_respondent_unaltered(mail_system: MailSystem, sender: SmtpSender) -> None:
    raw = acknowledge(sender)
    (arrived,) = mail_system.wait_for(BEN)
    assert arrived.endswith(raw)
    assert understand(arrived).return_path == REVIEW


def test_the_councils_own_people_are_written_to_like_anybody(mail_system: MailSystem, sender: SmtpSender) -> None:
    raw = acknowledge(sender, ASHA)
    (arrived,) = mail_system.wait_for(ASHA)
    assert arrived.endswith(raw)


@pytest.mark.parametrize("address", [REVIEW, REVIEW.replace("@", "+IEO@")])
def test_mail_from_outside_reaches_the_council(mail_system: MailSystem, address: str) -> None:
    raw = raw_email(sender=BEN, to=address, text="Nid ydym yn cytuno: £5 yw’r pris.\n")
    mail_system.send(raw, sender=BEN, recipients=[address])
    mail_system.wait_for(REVIEW)
    with closing(connect(mail_system.mailbox_settings(REVIEW), name="review")) as mailbox:
        mailbox.open_folder("INBOX")
        (email,) = mailbox.fetch(mailbox.uids())
    assert email.raw.endswith(raw)
    understood = understand(email.raw)
    assert (understood.return_path, understood.delivered_to) == (BEN, (address.lower(),))
    assert understood.received_at == email.received_at
    assert f"X-Original-To: {address}\r\n".encode() in email.raw


def test_everybody_an_email_is_for_gets_it(mail_system: MailSystem) -> None:
    mail_system.send(raw_email(sender=BEN), sender=BEN, recipients=[REVIEW, ASHA])
    for address in (REVIEW, ASHA):
        (arrived,) = mail_system.wait_for(address)
        assert understand(arrived).delivered_to == (address,)


@pytest.mark.parametrize("recipient", [CAROL, "nobody@county.example"])
def test_outsiders_can_write_to_the_council_only(mail_system: MailSystem, recipient: str) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        mail_system.send(raw_email(), sender=BEN, recipients=[recipient])


def test_a_wrong_password_stops_all_sending(mail_system: MailSystem) -> None:
    settings = mail_system.smtp_settings(password="wrong")
    with closing(SmtpSender(settings)) as sender, pytest.raises(SenderUnavailable, match=r"535 5\.7\.8"):
        acknowledge(sender)


@pytest.mark.parametrize("missing", [{"security": "none"}, {"username": None, "password": None}])
def test_nothing_is_sent_without_encryption_or_sign_in(mail_system: MailSystem, missing: dict[str, Any]) -> None:
    settings = mail_system.smtp_settings(**missing)
    with closing(SmtpSender(settings)) as sender, pytest.raises(SenderUnavailable):
        acknowledge(sender)
    assert mail_system.postfix.queue() == []
    assert mail_system.elsewhere.emails == []


def test_an_address_the_council_does_not_have_is_refused_at_once(sender: SmtpSender) -> None:
    with pytest.raises(SendRefused, match=r"550 5\.1\.1"):
        acknowledge(sender, "nobody@county.example")


@pytest.mark.parametrize("address", [NOBODY, "carol.lewis@gone.example"])
def test_what_cannot_be_delivered_comes_back(mail_system: MailSystem, sender: SmtpSender, address: str) -> None:
    acknowledge(sender, address)
    (report,) = mail_system.wait_for(REVIEW)
    found = bounce(report)
    assert found.original_message_id == MESSAGE_ID
    assert (recipient(found).address, recipient(found).status, recipient(found).permanent) == (address, "5.1.1", True)


def test_a_delay_is_told_and_the_email_arrives_in_the_end(mail_system: MailSystem, sender: SmtpSender) -> None:
    with mail_system.refusing(CAROL, "450 4.2.1 The mailbox is busy"):
        acknowledge(sender, CAROL)
        (report,) = mail_system.wait_for(REVIEW)
        (waiting,) = mail_system.postfix.queue()
        assert waiting["recipients"][0]["address"] == CAROL
    assert (recipient(bounce(report)).address, recipient(bounce(report)).permanent) == (CAROL, False)
    mail_system.postfix.flush()
    mail_system.wait_until_delivered()
    assert len(mail_system.read(CAROL)) == 1


def test_what_waits_outlives_a_restart(mail_system: MailSystem, sender: SmtpSender) -> None:
    with mail_system.refusing(CAROL, "450 4.2.1 The mailbox is busy"):
        acknowledge(sender, CAROL)
        mail_system.postfix.restart()
    assert mail_system.wait_for(CAROL)


def test_sending_stops_and_starts_again_with_the_mail_server(mail_system: MailSystem, sender: SmtpSender) -> None:
    acknowledge(sender)
    mail_system.wait_for(BEN)  # a Postfix that is stopped while it delivers delivers once more when it starts
    mail_system.postfix.stop()
    for _ in range(2):
        with pytest.raises(SenderUnavailable):
            acknowledge(sender)
    mail_system.postfix.start()
    acknowledge(sender)
    assert len(mail_system.wait_for(BEN, 2)) == 2


def test_nothing_of_an_earlier_test_is_left(mail_system: MailSystem, sender: SmtpSender) -> None:
    acknowledge(sender)
    mail_system.wait_for(BEN)
    mail_system.elsewhere.answers[CAROL] = "450 4.2.1 The mailbox is busy"
    acknowledge(sender, CAROL)
    mail_system.empty()
    mail_system.postfix.flush()
    assert (mail_system.postfix.queue(), mail_system.read(BEN), mail_system.read(CAROL)) == ([], [], [])


def test_two_mail_systems_run_at_once_and_leave_nothing_behind(mail_system: MailSystem, dovecot: Dovecot) -> None:
    with MailSystem(dovecot) as another:
        folder = another.postfix.folder
        assert processes_in(folder)
        for each in (mail_system, another):
            each.send(raw_email(), sender=BEN, recipients=[REVIEW])
        mail_system.wait_for(REVIEW, 2)
    assert processes_in(folder) == []
    assert not folder.exists()
    assert mail_system.postfix.is_running


def processes_in(folder: Path) -> list[str]:
    """The command lines of those that were started for this folder or work in it; the dead have neither."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, place = (process / "cmdline").read_text(), (process / "cwd").readlink()
        except OSError:
            continue
        if str(folder) in command or place.is_relative_to(folder):
            found.append(command)
    return found
