"""`intake` as people start it: a real process, with nothing of the tests' own environment. Never reads what it made."""

import atexit
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from tests.forking import MAIN

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`intake` with a configuration file of the test's own."""

    folder: Path
    config: Path

    def __call__(self, *arguments: str | Path, fresh: bool = False) -> Ran:
        with self.start(*arguments, fresh=fresh) as process:
            return process.ended()

    def start(self, *arguments: str | Path, fresh: bool = False) -> "Process":
        return start("--config", self.config, *arguments, folder=self.folder, fresh=fresh)


class Process:
    """A command under way, and its standard files; gone when its block ends."""

    def __init__(self, request: bytes) -> None:
        (given, stdin), (stdout, out), (stderr, err) = os.pipe(), os.pipe(), os.pipe()
        self._line, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(_line_to_forks(), [request], [given, out, err, theirs.fileno()])
        for file in (given, out, err):
            os.close(file)
        self.stdin = os.fdopen(stdin, "w", encoding="utf-8")
        self.stdout = os.fdopen(stdout, encoding="utf-8")
        self.stderr = os.fdopen(stderr, encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._line.shutdown(socket.SHUT_WR)
        for file in (self.stdin, self.stdout, self.stderr):
            file.close()
        with self._line, suppress(ConnectionError):
            while self._line.recv(16):  # until nobody is left who could write into the test's folder
                pass

    def send(self, number: signal.Signals) -> None:
        with suppress(ConnectionError):  # it has ended
            self._line.send(bytes([number]))

    def has_ended(self) -> bool:
        return bool(select.select([self._line], [], [], 0)[0])

    def ended(self, answer: str = "") -> Ran:
        """What it said and was not yet read, once it has ended by itself, with this answer to what it asks."""
        with ThreadPoolExecutor(1) as reader:
            err = reader.submit(self.stderr.read)
            with suppress(BrokenPipeError), self.stdin:
                self.stdin.write(answer)
            ran = Ran(out=self.stdout.read(), err=err.result(), code=int(self._line.recv(16)))
        assert "Traceback" not in ran.err, ran.err
        return ran


def start(
    *arguments: str | Path, folder: Path, fresh: bool = False, variables: Mapping[str, str] | None = None
) -> Process:
    """`intake` in this folder, with more variables; `fresh` is an interpreter that has imported nothing before."""
    request = {
        "arguments": [str(argument) for argument in arguments],
        "folder": str(folder),
        "variables": clean_environment() | dict(variables or {}),
        "fresh": fresh,
    }
    return Process(json.dumps(request).encode())


def run(*arguments: str | Path, folder: Path, fresh: bool = False, variables: Mapping[str, str] | None = None) -> Ran:
    with start(*arguments, folder=folder, fresh=fresh, variables=variables) as process:
        return process.ended()


def copy_made(made: Path, to: Path) -> None:
    """The database and the stored files that commands made in one folder, in another."""
    shutil.copy(made / "intake.sqlite3", to)
    shutil.copytree(made / "files", to / "files")


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("INTAKE_")}


@cache
def _line_to_forks() -> socket.socket:
    """Where forks are asked for. The process that is forked is started once for all tests, and ends with the line."""
    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
    code = f"from tests.forking import become; become(); {MAIN}"
    command = [sys.executable, "-W", "error", "-c", code]
    with theirs:
        # Not files: what is put in their place cannot be sought in either.
        forked = subprocess.Popen(
            command, cwd=ROOT, env=clean_environment(), stdin=theirs.fileno(), stdout=theirs.fileno()
        )
    atexit.register(forked.wait)
    atexit.register(ours.close)
    return ours
