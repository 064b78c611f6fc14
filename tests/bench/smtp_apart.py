"""A mail server in a process of its own, that takes everything at once and keeps it; and the barest of senders."""

import multiprocessing
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tests.servers.smtp_sink import ReceivedEmail, SmtpSink


@dataclass(frozen=True, slots=True)
class SmtpApart:
    port: int
    _line: Connection

    def take(self) -> list[ReceivedEmail]:
        """What came since it was asked last."""
        self._line.send("take")
        emails: list[ReceivedEmail] = self._line.recv()
        return emails


@contextmanager
def smtp_apart() -> Iterator[SmtpApart]:
    context = multiprocessing.get_context("spawn")
    line, far = context.Pipe()
    process = context.Process(target=_serve, args=(far,), daemon=True)
    process.start()
    try:
        yield SmtpApart(line.recv(), line)
    finally:
        line.send(None)
        process.join()
        line.close()


def send_bare(port: int, emails: Sequence[ReceivedEmail]) -> None:
    """The same emails over one connection, by Python's own smtplib and nothing else."""
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
        for email in emails:
            smtp.sendmail(email.sender, email.recipients, email.raw)


def _serve(line: Connection) -> None:
    with SmtpSink() as sink:
        line.send(sink.port)
        while line.recv() is not None:
            line.send(sink.emails)
            sink.emails.clear()
