"""A whole mail system on loopback: the council's Postfix, everybody else's mail server, and a Dovecot for all accounts.

Every address is an account: what is sent to it can be read there, and whoever has the one password can sign in as it.
Mail for `nobody`, at any domain, and for anybody at gone.example is refused for good.
"""

import asyncio
import shutil
import smtplib
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from intake.settings import MailboxSettings, SmtpSettings
from tests.people import REVIEW
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.postfix import Postfix
from tests.servers.smtp_sink import ReceivedEmail, SmtpSink

COUNCIL_DOMAIN = "county.example"
DEAD_DOMAIN = "gone.example"


class MailSystem:
    """Running inside `with`. `postfix` and `elsewhere`, the mail server of all other domains, may be used directly."""

    def __init__(self, dovecot: Dovecot) -> None:
        self.dovecot = dovecot
        self.elsewhere = Elsewhere(dovecot)
        self.postfix = Postfix(dovecot, domain=COUNCIL_DOMAIN, relay_port=self.elsewhere.port)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        with self._running:
            self._running.enter_context(self.elsewhere)
            self._running.enter_context(self.postfix)
            self._running = self._running.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def mailbox_settings(self, address: str, **changed: Any) -> MailboxSettings:
        return self.dovecot.settings(address, **changed)

    def smtp_settings(self, username: str = REVIEW, **changed: Any) -> SmtpSettings:
        """What the product sends through: Postfix, signed in over TLS."""
        given = {
            "host": "127.0.0.1",
            "port": self.postfix.submission_port,
            "username": username,
            "password": PASSWORD,
            "ca_file": self.dovecot.certificates.ca_file,
            "timeout_seconds": 10,
        }
        return SmtpSettings(**{**given, **changed})

    def send(self, raw: bytes, *, sender: str, recipients: list[str]) -> None:
        """Somebody outside the council writes to it. Raises smtplib.SMTPRecipientsRefused if all are refused."""
        with smtplib.SMTP("127.0.0.1", self.postfix.smtp_port, timeout=10) as smtp:
            smtp.sendmail(sender, recipients, raw, ["BODY=8BITMIME"])

    def read(self, address: str, folder: str = "INBOX") -> list[bytes]:
        """The emails in somebody's folder in the order they came. None of them becomes "seen"."""
        with self.dovecot.signed_in(address) as client:
            kind, answer = client.select(f'"{folder}"', readonly=True)
            assert kind == "OK", answer
            if answer == [b"0"]:
                return []
            return [part[1] for part in client.fetch("1:*", "BODY.PEEK[]")[1] if isinstance(part, tuple)]

    def wait_for(self, address: str, count: int = 1, *, folder: str = "INBOX", timeout: float = 20) -> list[bytes]:
        """What `read` gives, as soon as it is `count` emails or more."""
        deadline = time.monotonic() + timeout
        while len(emails := self.read(address, folder)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(emails)} of {count} emails came:\n{self.postfix.log()}")
            time.sleep(0.1)
        return emails

    def wait_until_delivered(self, timeout: float = 20) -> None:
        """Returns once Postfix has nothing left to deliver: what has not come by then will not come."""
        started = time.monotonic()
        while waiting := self.postfix.queue():
            waited = time.monotonic() - started
            if waited > timeout:
                raise TimeoutError(f"not delivered: {waiting}\n{self.postfix.log()}")
            if waited > timeout / 2:
                self.postfix.flush()  # seen: an email deferred while its server restarted, and not tried again
            time.sleep(0.1 if waited < timeout / 2 else 1)

    @contextmanager
    def refusing(self, address: str, answer: str) -> Iterator[None]:
        """Somebody's mail server gives this answer to mail for them, such as "450 4.2.1 mailbox is busy"."""
        self.elsewhere.answers[address] = answer
        try:
            yield
        finally:
            del self.elsewhere.answers[address]

    def empty(self) -> None:
        """Everything runs, nothing waits to be delivered, and no address has got an email yet."""
        if self.postfix.queue() or not self.postfix.is_running:
            self.postfix.drop_queue()
        self.elsewhere.answers.clear()
        self.elsewhere.emails.clear()
        accounts = self.dovecot.folder / "mail"
        with tempfile.TemporaryDirectory(dir=accounts, ignore_cleanup_errors=True) as emptied:
            # Moved first, at one stroke: a connection that is just ending may still write into it.
            for account in accounts.glob("*@*"):
                shutil.move(account, emptied)


class Elsewhere(SmtpSink):
    """The mail server of every domain but the council's. Each recipient it does not refuse can read it by IMAP."""

    def __init__(self, dovecot: Dovecot) -> None:
        super().__init__()
        self._dovecot = dovecot

    async def handle_RCPT(  # noqa: N802  # named by aiosmtpd, as is the next
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        local_part, _, domain = address.rpartition("@")
        if local_part == "nobody" or domain == DEAD_DOMAIN:
            return f"550 5.1.1 <{address}> There is no such mailbox"
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        return await asyncio.to_thread(self._deliver, self.emails[-1]) if answer.startswith("250") else answer

    def _deliver(self, email: ReceivedEmail) -> str:
        try:
            with smtplib.LMTP("127.0.0.1", self._dovecot.lmtp_port, timeout=10) as lmtp:
                lmtp.sendmail(email.sender, email.recipients, email.raw)
        except OSError:
            return "451 4.3.0 The mailbox cannot be reached now"
        return "250 OK"
