"""The demo's mail servers: IMAP by pymap and SMTP by aiosmtpd, in memory, on loopback only, in one thread of their own.

What SMTP takes for an account's address lies in that account's INBOX; what it takes for anybody else counts as
delivered to that person and is kept. Nothing ever leaves the machine.
"""

import asyncio
from argparse import Namespace
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Thread
from typing import Any, Self, TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend, Identity
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import Passwords, UserMetadata
from pysasl.hashing import Cleartext

HOST = "127.0.0.1"
PASSWORD = "demo"  # noqa: S105  # of accounts that only this machine reaches, and that end with the demo
FOLDERS = ("Junk", "Sent", "Trash")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Delivered:
    """An email in the mailbox of somebody outside the council."""

    recipient: str
    raw: bytes


class MailServers:
    """Running inside `with`, on free ports. `accounts` are the council's own, in lower case: their user names too."""

    host = HOST
    password = PASSWORD

    def __init__(self, accounts: Sequence[str], *, clock: Callable[[], datetime]) -> None:
        self.delivered: list[Delivered] = []
        self.imap_port = self.smtp_port = 0
        self._accounts = frozenset(accounts)
        self._clock = clock
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="demo mail servers")
        self._listening: list[asyncio.Server] = []
        self._identities: Mapping[str, Identity] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._wait_for(self._start())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._wait_for(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def deliver(self, account: str, folder: str, raw: bytes, *, received_at: datetime) -> None:
        """Put an email into a folder of an account, as if it had come at that instant."""
        self._wait_for(self._append(account, folder, raw, received_at))

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Named by aiosmtpd, which calls it with an email and its envelope."""
        assert isinstance(envelope.content, bytes)
        for recipient in envelope.rcpt_tos:
            # What a mail server adds when it delivers: RFC 5321, section 4.4, and the habit of Postfix.
            added = f"Return-Path: <{envelope.mail_from or ''}>\r\nDelivered-To: {recipient}\r\n"
            raw = added.encode() + envelope.content
            if recipient.lower() in self._accounts:
                await self._append(recipient.lower(), "INBOX", raw, self._clock())
            else:
                self.delivered.append(Delivered(recipient, raw))
        return "250 OK"

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self) -> None:
        imap = await asyncio.start_server(await self._imap(), HOST, 0)
        smtp = await self._loop.create_server(self._smtp, HOST, 0)
        self._listening = [imap, smtp]
        self.imap_port, self.smtp_port = (server.sockets[0].getsockname()[1] for server in self._listening)

    async def _imap(self) -> Callable[..., Any]:
        """What serves one IMAP connection, with the accounts made."""
        # What pymap's command line would have given; the ports are never used.
        options = Namespace(
            host=None, port=0, cert=None, key=None, tls=False, proxy_protocol=None, inherited_sockets=None,
            debug=False, demo_data=False, demo_user="demo", demo_password=PASSWORD, passlib_cfg=None,
        )  # fmt: skip
        # Its usual hash takes 120 ms a sign-in, which the demo does every two seconds.
        backend, config = await DictBackend.init(options, hash_context=Cleartext(), invalid_user_sleep=0.0)
        password = await Passwords(config).hash_password(PASSWORD)
        self._identities = {name: Identity(name, backend.login, None, frozenset()) for name in self._accounts}
        for name, identity in self._identities.items():
            await identity.set(UserMetadata(config, name, password=password))
            async with identity.new_session() as session:
                for folder in FOLDERS:
                    await session.create_mailbox(folder)
        return ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))

    def _smtp(self) -> SMTP:
        return SMTP(self, hostname="demo.example", enable_SMTPUTF8=True, loop=self._loop)

    async def _append(self, account: str, folder: str, raw: bytes, received_at: datetime) -> None:
        async with self._identities[account].new_session() as session:
            await session.append_messages(folder, [AppendMessage(raw, received_at)])

    async def _stop(self) -> None:
        for server in self._listening:
            server.close()
        # Connections somebody left open end here.
        open_connections = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in open_connections:
            connection.cancel()
        await asyncio.gather(*open_connections, return_exceptions=True)
        await asyncio.sleep(0)  # their sockets close on the loop's next turn
