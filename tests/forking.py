"""A process that has imported the whole product, and whose forks become the commands that tests ask for.

To import it takes longer than most commands do. A fork is otherwise what a new interpreter would be: it has the
command line, folder, variables and standard files it is given, and ends as an interpreter ends. Never runs a thread,
and holds nothing open but the line to the tests.
"""

import gc
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

import intake

MAIN = "from intake.cli import main; main()"
MOST_SECONDS = 120  # a command that hangs is ended, so that its test fails and does not hang too


def become() -> None:
    """Returns only in forks, each time one is asked for on the line, and they go on to `MAIN`.

    The line is this process's standard input. Each request is a JSON object, and with it come the three standard files
    and a socket. On that, each byte that is sent is the number of a signal, its end is SIGKILL, and the answer is the
    exit code of the command (minus the number of the signal that ended it).
    """
    _import_product()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests; they end the line
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=os.dup(0)) as line:
        while True:
            asked, files, _, _ = socket.recv_fds(line, 1 << 20, 4)
            if not asked:
                sys.exit()
            if os.fork() == 0:
                break
            _close(files)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _fork_again(asked, files)


def _import_product() -> None:
    for module in pkgutil.walk_packages(intake.__path__, "intake.", onerror=lambda _: None):
        if not module.name.startswith("intake.store.migrations"):  # Alembic runs those
            with suppress(Exception):  # a command that needs this one says itself what is wrong
                import_module(module.name)
    assert threading.active_count() == 1
    gc.freeze()  # or a collection in a fork would copy the memory that it shares


def _fork_again(asked: bytes, files: Sequence[int]) -> None:
    """One fork is the command; the other has it as its child, and passes signals and the exit code on."""
    *standard, end = files
    with socket.socket(fileno=end) as tests:
        child = os.fork()
        if child:
            _close(standard)
            _look_after(child, tests)
            os._exit(0)
    _put_on(standard, **json.loads(asked))


def _look_after(child: int, tests: socket.socket) -> None:
    ended = os.pidfd_open(child)
    while ended not in (ready := select.select([ended, tests.fileno()], [], [], MOST_SECONDS)[0]):
        number = tests.recv(1) if ready else b""
        os.kill(child, number[0] if number else signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    tests.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _put_on(
    standard: Sequence[int], *, arguments: list[str], folder: str, variables: dict[str, str], fresh: bool
) -> None:
    for number, file in enumerate(standard):
        os.dup2(file, number)
    _close(standard)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    tempfile.tempdir = None  # it is chosen by a variable, once
    sys.argv[1:] = arguments
    if fresh:
        os.execv(sys.executable, [sys.executable, "-W", "error", "-c", MAIN, *arguments])


def _close(files: Sequence[int]) -> None:
    for file in files:
        os.close(file)
