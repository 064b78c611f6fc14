"""An IMAP server that says what a test tells it to: for what Dovecot never says, and other servers were seen to."""

import socketserver
import threading
from typing import Self

from intake.settings import MailboxSettings

# What every conversation needs; a test's own answers come before these.
_ANSWERS: dict[str, list[str | None]] = {
    "CAPABILITY": ["* CAPABILITY IMAP4rev1", "OK done"],
    "LOGIN": ["OK done"],
    "LOGOUT": ["* BYE now", "OK done"],
    "EXAMINE": ["* 1 EXISTS", "* OK [UIDVALIDITY 1] ok", "OK [READ-ONLY]"],
}


class ScriptedServer:
    """Running inside `with`. `answers` maps a command to its lines; the tag is put before those without a star.

    None instead of a line ends the connection.
    """

    def __init__(self, answers: dict[str, list[str | None]]) -> None:
        self.answers = {**_ANSWERS, **answers}
        self._server = _Server(("127.0.0.1", 0), _Conversation)
        self._server.script = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def settings(self) -> MailboxSettings:
        port = self._server.server_address[1]
        given = {"host": "127.0.0.1", "port": port, "security": "none", "username": "asha", "password": "any"}
        return MailboxSettings.model_validate({**given, "timeout_seconds": 5})


class _Server(socketserver.ThreadingTCPServer):
    script: ScriptedServer


class _Conversation(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self._say("* OK ready")
        for line in self.rfile:
            tag, command = line.decode().rstrip().split(" ", 2)[:2]
            for answer in self.server.script.answers.get(command, ["BAD what?"]):
                if answer is None:
                    return
                self._say(answer if answer.startswith("* ") else f"{tag} {answer}")

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode("latin-1") + b"\r\n")
