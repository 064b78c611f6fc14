"""Runs one target on one input within the time and memory that reading any email of a few kilobytes may take."""

import resource
import signal
from collections.abc import Callable
from types import FrameType

SECONDS = 10
MEMORY_MB = 3_000


class TooSlow(Exception):
    """Reading took longer than an email of this size ever may."""


def limit_memory() -> None:
    """For this process, from now on: what needs more raises MemoryError."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MB << 20, MEMORY_MB << 20))


def within_time(target: Callable[[bytes], None], raw: bytes) -> None:
    """Counts the processor's time only, so that a busy machine is not to blame."""
    previous = signal.signal(signal.SIGPROF, _too_slow)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        target(raw)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def _too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlow
