"""What a mailbox says when sign-in, encryption, the network or the server itself is at fault."""

import base64
import logging
import socket
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from intake.errors import MailboxUnavailable, SignInRefused
from intake.mail.folders import Folder, Role
from intake.mail.mailbox import Mailbox, connect
from intake.settings import MailboxSettings
from tests.servers import free_port
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.scripted import ScriptedServer

RAW = b"Subject: Our response\r\n\r\nPrivate words.\r\n"


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("password", ["wrong-one", "pässwörd"])
def test_a_wrong_password_is_said_without_showing_it(dovecot: Dovecot, security: str, password: str) -> None:
    with pytest.raises(SignInRefused, match=r"office: .*\(AUTHENTICATIONFAILED\).*password_file") as refusal:
        connect(dovecot.settings("asha", security=security, password=password), name="office")
    shown = "".join(traceback.format_exception(refusal.value))
    assert password not in shown
    assert "Authentication failed" not in shown


@pytest.mark.parametrize("password", ["pässwörd", 'quo"te\\s', "two words"])
def test_a_password_may_hold_any_character(password: str) -> None:
    encoded = base64.b64encode(password.encode()).decode()
    with Dovecot(f"passdb {{\n driver = static\n args = password={{PLAIN.b64}}{encoded}\n}}") as dovecot:
        connect(dovecot.settings("asha", password=password), name="office").close()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_nobody_vouches_for_is_refused(
    dovecot: Dovecot, certificates: Certificates, security: str
) -> None:
    for ca_file in (None, certificates.ca_file):
        with pytest.raises(MailboxUnavailable, match=r"office: .*certificate is not trusted.*ca_file") as refusal:
            connect(dovecot.settings("certificate", security=security, ca_file=ca_file), name="office")
        assert not isinstance(refusal.value, SignInRefused)


def test_a_certificate_for_another_host_is_refused(dovecot: Dovecot) -> None:
    with pytest.raises(MailboxUnavailable, match=r"certificate is not trusted \(.*mismatch.*check host"):
        connect(dovecot.settings("host", host="127.1"), name="office")


def test_a_ca_file_without_a_certificate_is_named(dovecot: Dovecot, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with pytest.raises(MailboxUnavailable, match="ca_file holds no certificate"):
        connect(dovecot.settings("empty", ca_file=empty), name="office")


def test_tls_to_a_port_without_it_is_said_so(dovecot: Dovecot) -> None:
    with pytest.raises(MailboxUnavailable, match="check port and security"):
        connect(dovecot.settings("port", port=dovecot.starttls_port), name="office")


def test_a_server_without_starttls_is_never_given_the_password() -> None:
    with ScriptedServer({}) as server, pytest.raises(MailboxUnavailable):
        connect(server.settings().model_copy(update={"security": "starttls"}), name="office")


def test_a_server_that_stops_and_starts_again_takes_a_new_connection() -> None:
    with Dovecot() as dovecot:
        dovecot.append("asha", "INBOX", RAW)
        with closing(connect(dovecot.settings("asha"), name="office")) as mailbox:
            before = mailbox.open_folder("INBOX")
            dovecot.stop()
            with pytest.raises(MailboxUnavailable, match="office: "):
                mailbox.fetch([1])
            with pytest.raises(MailboxUnavailable, match="no connection to the mail server"):
                connect(dovecot.settings("asha"), name="office")
        dovecot.start()
        with closing(connect(dovecot.settings("asha"), name="office")) as mailbox:
            assert mailbox.open_folder("INBOX") == before
            assert [email.raw for email in mailbox.fetch(mailbox.uids())] == [RAW]


def test_no_half_written_file_is_left_when_the_connection_breaks(tmp_path: Path) -> None:
    with Dovecot() as dovecot:
        dovecot.append("asha", "INBOX", RAW)
        with closing(connect(dovecot.settings("asha"), name="office")) as mailbox:
            mailbox.open_folder("INBOX")
            dovecot.stop()
            with pytest.raises(MailboxUnavailable):
                mailbox.fetch_to_file(1, tmp_path / "half.eml")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for security in ("tls", "starttls"):
            with pytest.raises(MailboxUnavailable, match=r"did not answer in time.*timeout_seconds"):
                connect(settings(port=port, security=security, timeout_seconds=0.1), name="office")


def test_an_unknown_host_is_a_setting_to_check() -> None:
    with pytest.raises(MailboxUnavailable, match="check host"):
        connect(settings(host="mail.council.invalid", port=free_port()), name="office")


@pytest.mark.parametrize(
    ("answer", "is_refusal"),
    [
        ("NO [AUTHENTICATIONFAILED] wrong", True),
        ("NO LOGIN failed.", True),
        ("NO [UNAVAILABLE] Directory is down", False),
        ("NO [LIMIT] Too many connections", False),
        ("NO [INUSE] asha@council.example is being moved", False),
        (None, False),
    ],
)
def test_only_a_refusal_that_is_about_the_password_says_so(answer: str | None, is_refusal: bool) -> None:
    with ScriptedServer({"LOGIN": [answer]}) as server, pytest.raises(MailboxUnavailable) as refusal:
        connect(server.settings(), name="office")
    assert isinstance(refusal.value, SignInRefused) is is_refusal
    assert "@" not in str(refusal.value)


def test_gmails_folders_get_their_roles_with_and_without_flags() -> None:
    flagged = [r'(\HasNoChildren \Junk) "/" "[Gmail]/Sbam"', r'(\HasNoChildren \All) "/" "[Gmail]/All Mail"']
    named = ["[Gmail]/Bin", "[Google Mail]/Sent Mail", "[Gmail]/Drafts"]
    with scripted_folders(flagged + [rf'(\HasNoChildren) "/" "{name}"' for name in named]) as mailbox:
        assert mailbox.folders() == [
            Folder("[Gmail]/Sbam", Role.junk),
            Folder("[Gmail]/All Mail", Role.other),
            Folder("[Gmail]/Bin", Role.trash),
            Folder("[Google Mail]/Sent Mail", Role.sent),
            Folder("[Gmail]/Drafts", Role.drafts),
        ]


def test_exchange_folders_get_their_roles() -> None:
    names = {"Junk Email": Role.junk, "Sent Items": Role.sent, "Deleted Items": Role.trash, "Archive": Role.other}
    with scripted_folders([rf'(\HasNoChildren) "/" "{name}"' for name in names]) as mailbox:
        assert mailbox.folders() == [Folder(name, role) for name, role in names.items()]


def test_folders_below_a_dotted_inbox_get_their_roles() -> None:
    names = {"INBOX": Role.inbox, "INBOX.Sent": Role.sent, "INBOX.Trash.Old": Role.trash, "INBOX.Spam": Role.junk}
    with scripted_folders([rf'(\HasNoChildren) "." {name}' for name in names]) as mailbox:
        assert mailbox.folders() == [Folder(name, role) for name, role in names.items()]


@pytest.mark.parametrize("name", ["R&D", "100&", "&AAA"])
def test_a_folder_name_that_is_not_proper_utf7_can_still_be_opened(name: str) -> None:
    with scripted_folders([rf'(\HasNoChildren) "/" "{name}"']) as mailbox:
        assert mailbox.folders() == [Folder(name, Role.other)]
        assert mailbox.open_folder(name).uid_validity == 1


def test_an_answer_that_makes_no_sense_is_the_mailboxs_trouble_alone() -> None:
    with scripted_folders([], {"UID": ["* SEARCH one two", "OK done"]}) as mailbox:
        mailbox.open_folder("INBOX")
        with pytest.raises(MailboxUnavailable, match="cannot be understood"):
            mailbox.uids()


def test_an_email_without_a_receipt_time_is_left_for_the_next_poll() -> None:
    with scripted_folders([], {"UID": ['* 1 FETCH (UID 1 RFC822.SIZE 5 INTERNALDATE "soon")', "OK done"]}) as mailbox:
        mailbox.open_folder("INBOX")
        assert mailbox.list_emails([1]) == []


def test_bodies_never_reach_the_process_output(dovecot: Dovecot, caplog: pytest.LogCaptureFixture) -> None:
    dovecot.append("silent", "INBOX", RAW)
    with caplog.at_level(logging.DEBUG), closing(connect(dovecot.settings("silent"), name="office")) as mailbox:
        mailbox.open_folder("INBOX")
        mailbox.fetch([1])
    assert caplog.text == ""


def settings(**changed: object) -> MailboxSettings:
    given: dict[str, object] = {"host": "127.0.0.1", "username": "asha", "password": "any", "timeout_seconds": 5}
    return MailboxSettings.model_validate({**given, **changed})


@contextmanager
def scripted_folders(lines: list[str], answers: dict[str, list[str | None]] | None = None) -> Iterator[Mailbox]:
    listed: list[str | None] = [*(f"* LIST {line}" for line in lines), "OK done"]
    with (
        ScriptedServer({"LIST": listed, **(answers or {})}) as server,
        closing(connect(server.settings(), name="office")) as mailbox,
    ):
        yield mailbox
