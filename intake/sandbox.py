"""Runs a function in child processes with limits on time, memory and file size, so that no letter can stall the worker.

It guards against accidents: a parser that loops, eats all memory or crashes takes its child with it and nothing else.
It is no prison: a child has the rights of the user it runs as, though no secrets in its environment and no terminal.

The children are fresh interpreters, never forks: the worker has threads. One imports only this module and the module
of the function (about 20 ms and what that module costs), serves one item after the other, and is replaced when it dies.
"""

import errno
import os
import pickle
import resource
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, NoReturn, Self, TypeVar

from intake.errors import ChildDied, IntakeError, StoreFull

T = TypeVar("T")
R = TypeVar("R")

_START_SECONDS = 60.0

# What passes between parent and child: length, kind, and so many bytes. To the child only items go.
_HEADER = struct.Struct("!Qc")
_ITEM, _READY, _UNREADY, _RETURNED, _RAISED = b"i", b"+", b"-", b"r", b"x"
_OUT_OF_MEMORY, _NO_ROOM = b"m", b"f"


class ChildFailed(IntakeError):
    """The function raised an error in its child, which lives on.

    The sentence has the kind of error and where it arose, never its text, which may quote a letter.
    """


class Sandbox(Generic[T, R]):
    """Children that run `function`, a top-level function of an importable module, on one item each at a time.

    `seconds` is by the clock on the wall; `memory_mb` limits the address space of a child and any file it writes.
    Children are started when first needed and kept until `close`. For one thread at a time, whichever it is.
    """

    def __init__(self, function: Callable[[T], R], *, children: int, seconds: float, memory_mb: int) -> None:
        if function.__module__ == "__main__" or "." in function.__qualname__:
            raise ValueError("a child can only import a top-level function of a module")
        self._command = _command(function, seconds, memory_mb)
        self._children = children
        self._seconds = seconds
        self._idle: list[_Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().end()

    def run_each(self, items: Iterable[T]) -> Iterator[tuple[T, R | ChildDied | ChildFailed]]:
        """Each item with what the function returned for it, or why it did not, in the order they get done.

        An item is pulled when a child is free for it, so at most `children` are under way. They go on while the caller
        works on what was yielded. Dropping the iterator ends the children under way. What no item is to blame for is
        raised rather than yielded: ChildDied when a child cannot even start, StoreFull when the disk has no room.
        """
        waiting, busy = iter(items), list[_Child]()
        try:
            while self._hand_out(waiting, busy):
                for child in _first_done(busy):
                    busy.remove(child)
                    item, outcome = child.item, child.outcome
                    self._hand_back(child)
                    self._hand_out(waiting, busy)
                    yield item, outcome
        finally:
            for child in busy:
                child.end()

    def _hand_out(self, waiting: Iterator[T], busy: "list[_Child]") -> bool:
        """Whether anything is under way afterwards."""
        while len(busy) < self._children:
            try:
                item = next(waiting)
            except StopIteration:
                break
            busy.append(self._give(item))
        return bool(busy)

    def _give(self, item: T) -> "_Child":
        frame = _frame(_ITEM, pickle.dumps(item, pickle.HIGHEST_PROTOCOL))
        while self._idle:
            child = self._idle.pop()
            if child.give(item, frame):
                return child
            # It died while idle, as when the machine runs out of memory: that must not be blamed on this item.
            child.end()
        child = _Child(self._command, self._seconds)
        # A new one that is dead already shows it when its answer is waited for.
        child.give(item, frame)
        return child

    def _hand_back(self, child: "_Child") -> None:
        if isinstance(child.outcome, ChildDied):
            child.end()
        else:
            self._idle.append(child)


class _Child:
    """The parent's side of one child process, and the item it works on."""

    def __init__(self, command: list[str], seconds: float) -> None:
        self._seconds = seconds
        self._received = bytearray()
        self._is_ready = False
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                [*command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                # What a parser prints may quote a letter.
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self.item: Any = None
        self.outcome: Any = None
        self.deadline = 0.0

    def fileno(self) -> int:
        return self._socket.fileno()

    def give(self, item: Any, frame: bytes) -> bool:
        """False when it is dead or does not take it."""
        self.item = item
        self._socket.settimeout(_START_SECONDS)
        try:
            self._socket.sendall(frame)
        except OSError:
            return False
        finally:
            self._socket.setblocking(False)
            self.deadline = time.monotonic() + (self._seconds if self._is_ready else _START_SECONDS)
        return True

    def is_done(self) -> bool:
        """Reads what has come and says whether `outcome` is known; to be asked again until it is."""
        try:
            came = self._socket.recv(1 << 20)
        except BlockingIOError:
            return self._is_overdue()
        except ConnectionError:
            came = b""
        if not came:
            self.outcome = self._died(self._cause_of_death())
            return True
        if not self._received:
            # A long answer gets time of its own: while the caller was busy, the child waited for it to be read.
            self.deadline = time.monotonic() + self._seconds
        self._received += came
        return self._is_answered()

    def end(self) -> None:
        self._socket.close()
        self._kill()
        self._process.wait()

    def _is_overdue(self) -> bool:
        if time.monotonic() < self.deadline:
            return False
        self._kill()
        self.outcome = self._died(self._took_too_long())
        return True

    def _is_answered(self) -> bool:
        while len(self._received) >= _HEADER.size:
            length, kind = _HEADER.unpack_from(self._received)
            end = _HEADER.size + length
            if len(self._received) < end:
                return False
            content = bytes(memoryview(self._received)[_HEADER.size : end])
            del self._received[:end]
            if kind != _READY:
                self.outcome = _outcome(kind, content)
                return True
            self._is_ready = True
            self.deadline = time.monotonic() + self._seconds
        return False

    def _died(self, cause: str) -> ChildDied:
        if not self._is_ready:
            raise ChildDied(f"A child process could not start: {cause}.")
        return ChildDied(cause)

    def _cause_of_death(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        match self._process.returncode:
            case None:
                return "stopped answering"
            case code if code == -signal.SIGALRM:
                return self._took_too_long()
            case code if code < 0:
                return f"killed by signal {-code}"
            case code:
                return f"ended by itself with exit code {code}"

    def _took_too_long(self) -> str:
        return f"took longer than {self._seconds if self._is_ready else _START_SECONDS:g} seconds"

    def _kill(self) -> None:
        # It leads a session of its own: whatever it started goes with it.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _command(function: Callable[..., Any], seconds: float, memory_mb: int) -> list[str]:
    # Given the path of this interpreter, the child finds the same modules however the product was started.
    # Not multiprocessing: its children import the main module again, here the whole command line.
    code = f"import sys; sys.path[:] = {sys.path!r}; from intake.sandbox import _serve; _serve(*sys.argv[1:])"
    limits = [str(seconds), str(memory_mb)]
    return [sys.executable, "-I", "-c", code, function.__module__, function.__name__, *limits]


def _first_done(busy: list[_Child]) -> list[_Child]:
    """The children whose outcome is known, once there is one."""
    with selectors.PollSelector() as selector:
        for child in busy:
            selector.register(child, selectors.EVENT_READ)
        while True:
            selector.select(max(0, min(child.deadline for child in busy) - time.monotonic()))
            if done := [child for child in busy if child.is_done()]:
                return done


def _outcome(kind: bytes, content: bytes) -> Any:
    if kind == _OUT_OF_MEMORY:
        return ChildDied("out of memory")
    if kind == _NO_ROOM:
        raise StoreFull
    if kind == _UNREADY:
        raise ChildDied(f"A child process could not start: {content.decode()}.")
    if kind == _RAISED:
        return ChildFailed(content.decode())
    try:
        return pickle.loads(content)  # noqa: S301
    except Exception as error:
        return ChildFailed(f"{type(error).__name__} in reading what the child returned")


def _frame(kind: bytes, content: bytes = b"") -> bytes:
    return _HEADER.pack(len(content), kind) + content


# From here on: the child's side.


def _serve(module: str, name: str, seconds: str, memory_mb: str, descriptor: str) -> NoReturn:
    # A process started by the function must not hold the line open after the child is gone.
    os.set_inheritable(int(descriptor), False)
    # Only the parent decides when a child ends.
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    with socket.socket(fileno=int(descriptor)) as parent:
        try:
            function = getattr(import_module(module), name)
            _limit(int(memory_mb) << 20)
        except Exception as error:
            parent.sendall(_frame(_UNREADY, _where(error)))
        else:
            parent.sendall(_frame(_READY))
            _answer_each(parent, function, float(seconds))
    os._exit(0)


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer_each(parent: socket.socket, function: Callable[[Any], Any], seconds: float) -> None:
    with parent.makefile("rb") as from_parent:
        # The end of this file is the end of the parent.
        while len(header := from_parent.read(_HEADER.size)) == _HEADER.size:
            # The parent counts the seconds. When it is gone, the alarm ends a child that is busy. (Linux's signal on
            # the parent's death would not do: it comes when the *thread* that started the child ends.)
            signal.setitimer(signal.ITIMER_REAL, seconds + 1)
            answer = _answer(function, from_parent.read(_HEADER.unpack(header)[0]))
            signal.setitimer(signal.ITIMER_REAL, 0)
            parent.sendall(answer)


def _answer(function: Callable[[Any], Any], item: bytes) -> bytes:
    try:
        return _frame(_RETURNED, pickle.dumps(function(pickle.loads(item)), pickle.HIGHEST_PROTOCOL))  # noqa: S301
    except MemoryError:
        return _frame(_OUT_OF_MEMORY)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _frame(_NO_ROOM)
        return _frame(_RAISED, _where(error))


def _where(error: Exception) -> bytes:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {last.name}, line {last.lineno} of {Path(last.filename).name}".encode()
