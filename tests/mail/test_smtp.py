"""Sending through a real SMTP server on loopback: what the outbox is told about each email."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from intake.errors import RecipientUnknown, SendPostponed, SendRefused
from intake.mail.smtp import SenderRefused, SenderUnavailable, SmtpSender
from intake.settings import SmtpSettings
from tests.servers import free_port
from tests.servers.certificates import Certificates
from tests.servers.smtp_sink import SmtpSink

OFFICE, BEN, CAROL = "consultation@council.example", "ben@school.example", "carol@trust.example"
RAW = b"Subject: Thank you\r\nMessage-ID: <intake.acknowledgement.1@council.example>\r\n\r\n.A line\r\n"


@contextmanager
def sending_through(sink: SmtpSink, **changed: Any) -> Iterator[SmtpSender]:
    with closing(SmtpSender(sink.settings(**changed))) as sender:
        yield sender


def send(sender: SmtpSender, recipient: str = BEN, raw: bytes = RAW) -> None:
    sender.send(sender=OFFICE, recipient=recipient, raw=raw)


def test_the_bytes_arrive_unaltered(smtp_sink: SmtpSink) -> None:
    with sending_through(smtp_sink) as sender:
        send(sender)
    (email,) = smtp_sink.emails
    assert (email.sender, email.recipients, email.raw) == (OFFICE, (BEN,), RAW)


def test_many_emails_share_one_connection(smtp_sink: SmtpSink) -> None:
    with sending_through(smtp_sink) as sender:
        for _ in range(5):
            send(sender)
    assert (len(smtp_sink.emails), smtp_sink.connections) == (5, 1)


@pytest.mark.parametrize("implicit_tls", [False, True])
@pytest.mark.parametrize("password", ["correct-horse", "pässwörd"])
def test_sign_in_over_verified_tls(certificates: Certificates, implicit_tls: bool, password: str) -> None:
    with (
        SmtpSink(certificates=certificates, implicit_tls=implicit_tls, password=password) as sink,
        sending_through(sink) as sender,
    ):
        send(sender)
        assert len(sink.emails) == 1


@pytest.mark.parametrize("implicit_tls", [False, True])
def test_a_certificate_nobody_vouches_for_is_refused(certificates: Certificates, implicit_tls: bool) -> None:
    with (
        SmtpSink(certificates=certificates, implicit_tls=implicit_tls) as sink,
        sending_through(sink, ca_file=None) as sender,
        pytest.raises(SenderUnavailable, match=r"certificate is not trusted.*ca_file"),
    ):
        send(sender)
    assert sink.emails == []


def test_a_ca_file_without_a_certificate_is_named(certificates: Certificates, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with (
        SmtpSink(certificates=certificates) as sink,
        sending_through(sink, ca_file=empty) as sender,
        pytest.raises(SenderUnavailable, match="ca_file holds no certificate"),
    ):
        send(sender)


def test_nothing_is_sent_in_plain_text_when_starttls_is_not_offered(smtp_sink: SmtpSink) -> None:
    with (
        sending_through(smtp_sink, security="starttls") as sender,
        pytest.raises(SenderUnavailable, match="does not offer the encryption"),
    ):
        send(sender)
    assert smtp_sink.emails == []


def test_a_wrong_password_is_our_fault_and_not_the_respondents() -> None:
    with (
        SmtpSink(password="correct-horse") as sink,
        sending_through(sink, password="battery") as sender,
        pytest.raises(SenderUnavailable, match=r"refused the user name or password \(535 5\.7\.8 .*password_file"),
    ):
        send(sender)


def test_a_sign_in_the_server_cannot_check_now_is_tried_again_later() -> None:
    with SmtpSink(password="correct-horse") as sink, sending_through(sink) as sender:
        sink.sign_in_answer = "454 4.7.0 Temporary authentication failure"
        with pytest.raises(SenderUnavailable, match=r"no sign-in now \(454 4\.7\.0"):
            send(sender)
        sink.sign_in_answer = None
        send(sender)
        assert len(sink.emails) == 1


REFUSALS = [
    (
        "recipient",
        "550 5.1.1 <ben@school.example>: no mailbox ben here",
        RecipientUnknown,
        "recipient for good (550 5.1.1 …",
    ),
    ("recipient", "550 5.7.1 Not by our policy", SendRefused, "recipient for good (550 5.7.1"),
    ("recipient", "550 Not here", SendRefused, "recipient for good (550 Not here)"),
    ("recipient", "451 4.2.1 Greylisted", SendPostponed, "cannot take the email now (451 4.2.1 Greylisted)"),
    ("recipient", "553 5.7.1 <x@y>: Sender address rejected: not owned", SenderRefused, "(553 5.7.1 …: Sender"),
    ("recipient", "530 5.7.57 Client not authenticated", SenderRefused, "refused us as the sender (530 5.7.57"),
    ("sender", "550 5.7.60 Not allowed to send as this sender", SenderRefused, "refused us as the sender (550"),
    ("sender", "552 5.3.4 Too large", SendRefused, "refused the email for good (552 5.3.4"),
    ("sender", "452 4.3.1 Disk full", SendPostponed, "(452 4.3.1 Disk full)"),
    ("content", "554 5.7.1 Spam", SendRefused, "refused the email for good (554 5.7.1 Spam)"),
    ("content", "550 5.7.60 Not allowed to send as this sender", SenderRefused, "refused us"),
    ("content", "451 4.3.0 Try later", SendPostponed, "(451 4.3.0 Try later)"),
]


@pytest.mark.parametrize(("stage", "answer", "error", "words"), REFUSALS)
def test_each_refusal_says_whose_fault_it_is_and_no_address(
    smtp_sink: SmtpSink, stage: str, answer: str, error: type[Exception], words: str
) -> None:
    if stage == "recipient":
        smtp_sink.answers[BEN] = answer
    else:
        setattr(smtp_sink, f"{stage}_answer", answer)
    with sending_through(smtp_sink) as sender:
        with pytest.raises(error) as refusal:
            send(sender)
        smtp_sink.sender_answer = smtp_sink.content_answer = None
        send(sender, CAROL)
    assert type(refusal.value) is error
    assert words in str(refusal.value)
    assert "@" not in str(refusal.value)
    assert " ben " not in str(refusal.value)
    assert [email.recipients for email in smtp_sink.emails] == [(CAROL,)]
    assert smtp_sink.connections == 1


def test_a_server_that_limits_emails_a_connection_still_takes_them_all(smtp_sink: SmtpSink) -> None:
    smtp_sink.emails_a_connection = 2
    with sending_through(smtp_sink) as sender:
        for _ in range(5):
            send(sender)
    assert (len(smtp_sink.emails), smtp_sink.connections) == (5, 3)


def test_a_server_that_takes_no_emails_at_all_is_asked_once(smtp_sink: SmtpSink) -> None:
    smtp_sink.emails_a_connection = 0
    with (
        sending_through(smtp_sink) as sender,
        pytest.raises(SendPostponed, match=r"ended the connection \(421 4\.7\.0"),
    ):
        send(sender)
    assert smtp_sink.connections == 1


def test_a_connection_lost_after_the_content_is_not_sent_again_at_once(smtp_sink: SmtpSink) -> None:
    smtp_sink.drop_after_content = True
    with sending_through(smtp_sink) as sender:
        with pytest.raises(SendPostponed, match="may have it"):
            send(sender)
        assert len(smtp_sink.emails) == 1
        smtp_sink.drop_after_content = False
        send(sender)
    assert smtp_sink.emails[0].raw == smtp_sink.emails[1].raw


def test_a_server_that_went_away_and_came_back_is_used_again() -> None:
    with SmtpSink() as before:
        sender = SmtpSender(before.settings())
        send(sender)
    with pytest.raises(SenderUnavailable, match="no connection to the mail server"):
        send(sender)
    with SmtpSink(port=before.port) as after, closing(sender):
        send(sender)
        assert len(after.emails) == 1


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = SmtpSettings(host="127.0.0.1", port=silent.getsockname()[1], security="none", timeout_seconds=0.2)
        with closing(SmtpSender(settings)) as sender, pytest.raises(SenderUnavailable):
            send(sender)


def test_an_unknown_host_is_named_as_a_setting_to_check() -> None:
    settings = SmtpSettings(host="mail.council.invalid", port=free_port(), timeout_seconds=5)
    with closing(SmtpSender(settings)) as sender, pytest.raises(SenderUnavailable, match="check host"):
        send(sender)


def test_smtputf8_is_asked_for_only_when_an_address_needs_it(smtp_sink: SmtpSink) -> None:
    with sending_through(smtp_sink) as sender:
        send(sender, "siân@school.example")
        send(sender, "sian@bücher.example")
    needing, plain = smtp_sink.emails
    assert needing.recipients == ("siân@school.example",)
    assert "SMTPUTF8" in needing.options
    assert plain.recipients == ("sian@xn--bcher-kva.example",)
    assert "SMTPUTF8" not in plain.options


def test_a_server_without_smtputf8_refuses_only_the_address_that_needs_it() -> None:
    with SmtpSink(takes_utf8=False) as sink, sending_through(sink) as sender:
        with pytest.raises(SendRefused, match="outside ASCII"):
            send(sender, "siân@school.example")
        send(sender)
        assert len(sink.emails) == 1


@pytest.mark.parametrize(
    "address", ["", "nobody", "ben@", "a@b\r\nRCPT TO:<x@y>", "a@b> SIZE=1", "two words@x.example", "a@..x"]
)
def test_an_address_that_could_carry_a_command_is_never_sent(smtp_sink: SmtpSink, address: str) -> None:
    with sending_through(smtp_sink) as sender, pytest.raises(SendRefused) as refusal:
        send(sender, address)
    assert smtp_sink.emails == []
    assert not address or address not in str(refusal.value)


def test_an_address_of_our_own_that_cannot_be_used_is_not_the_respondents_fault(smtp_sink: SmtpSink) -> None:
    with sending_through(smtp_sink) as sender, pytest.raises(SenderUnavailable):
        sender.send(sender="consultation", recipient=BEN, raw=RAW)
