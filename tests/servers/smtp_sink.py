"""An SMTP server that keeps what it is given, and can refuse, run out of patience or break off as a test asks."""

import asyncio
import base64
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from intake.settings import SmtpSettings
from tests.servers import free_port
from tests.servers.certificates import Certificates


@dataclass(frozen=True, slots=True)
class ReceivedEmail:
    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    options: tuple[str, ...]


class SmtpSink:
    """Running inside `with`.

    `answers` maps a recipient's address to what RCPT TO gets, such as "550 5.1.1 no such user"; `sender_answer`,
    `content_answer` and `sign_in_answer` do the same for MAIL FROM, the content and AUTH. With `emails_a_connection` a
    further MAIL FROM gets 421. `drop_after_content` takes the email and ends the connection instead of answering.
    `password` makes signing in necessary.
    """

    def __init__(
        self,
        *,
        certificates: Certificates | None = None,
        implicit_tls: bool = False,
        username: str = "office",
        password: str | None = None,
        takes_utf8: bool = True,
        port: int | None = None,
    ) -> None:
        self.emails: list[ReceivedEmail] = []
        self.answers: dict[str, str] = {}
        self.sender_answer: str | None = None
        self.content_answer: str | None = None
        self.sign_in_answer: str | None = None
        self.emails_a_connection: int | None = None
        self.drop_after_content = False
        self._certificates = certificates
        self._implicit_tls = implicit_tls
        self.port = port or free_port()
        self._takes_utf8 = takes_utf8
        self._credentials = (username, password)
        self._carried: Counter[Any] = Counter()

    def __enter__(self) -> Self:
        context = self._certificates.server_context() if self._certificates else None
        self._controller = _Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            server_hostname="sink.example",
            enable_SMTPUTF8=self._takes_utf8,
            ssl_context=context if self._implicit_tls else None,
            tls_context=None if self._implicit_tls else context,
            require_starttls=context is not None and not self._implicit_tls,
            auth_require_tls=context is not None and not self._implicit_tls,
            authenticator=self._authenticate,
        )
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def settings(self, **changed: Any) -> SmtpSettings:
        """What reaches this server, signed in if it has a password."""
        username, password = self._credentials
        given: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "timeout_seconds": 10, "security": "none"}
        if self._certificates:
            given |= {"ca_file": self._certificates.ca_file, "security": "tls" if self._implicit_tls else "starttls"}
        if password is not None:
            given |= {"username": username, "password": password}
        return SmtpSettings(**{**given, **changed})

    @property
    def connections(self) -> int:
        """How many connections got as far as an email."""
        return len(self._carried)

    async def handle_MAIL(  # noqa: N802  # named by aiosmtpd, as all below
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._credentials[1] is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if self._carried[session.peer] == self.emails_a_connection:
            self._carried[session.peer] += 0
            _end_after_answer(server)
            return "421 4.7.0 Too many emails on this connection"
        self._carried[session.peer] += 1
        if self.sender_answer:
            return self.sender_answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.content_answer:
            return self.content_answer
        assert isinstance(envelope.content, bytes)
        options = tuple(envelope.mail_options)
        self.emails.append(ReceivedEmail(str(envelope.mail_from), tuple(envelope.rcpt_tos), envelope.content, options))
        if self.drop_after_content:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 OK"

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: LoginPassword
    ) -> AuthResult:
        username, password = self._credentials
        is_right = password is not None and given == LoginPassword(username.encode(), password.encode())
        if is_right and self.sign_in_answer is None:
            return AuthResult(success=True, auth_data=given)
        return AuthResult(success=False, handled=False, message=self.sign_in_answer)


class _LongLines(SMTP):
    """As servers take tokens: RFC 4954, section 4, asks for 12,288 octets."""

    line_length_limit = 12_288


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _LongLines(self.handler, **self.SMTP_kwargs)


class XoauthSink(SmtpSink):
    """Takes tokens (XOAUTH2): of whom `reader` says that they are good for the user name."""

    def __init__(self, reader: Callable[[str, str], bool], **given: Any) -> None:
        super().__init__(password="a token instead", **given)
        self._is_good = reader

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        if len(args) > 1 and len(args[1]) > 500:
            return AuthResult(success=False, handled=False, message="500 5.5.2 Command line too long")
        await server.push("334 ")
        said = await server._reader.readline()
        user, bearer = base64.b64decode(said).decode().split("\x01")[:2]
        username, token = user.removeprefix("user="), bearer.removeprefix("auth=Bearer ")
        if self.sign_in_answer:
            return AuthResult(success=False, handled=False, message=self.sign_in_answer)
        if self._is_good(username, token):
            return AuthResult(success=True, auth_data=username)
        await server.push("334 " + base64.b64encode(b'{"status":"401","schemes":"bearer"}').decode())
        await server._reader.readline()  # what the client says to that: nothing
        return AuthResult(success=False, handled=False, message="535 5.7.3 Authentication unsuccessful")


def _end_after_answer(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    asyncio.get_running_loop().call_soon(server.transport.close)
