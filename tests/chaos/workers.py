"""`intake work` as a supervisor keeps it: started again whenever it has ended, however it ended."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("INTAKE_")}


@dataclass(frozen=True, slots=True)
class Pace:
    """How many seconds pass for the workers in one of ours, and how far behind they begin, so as never to get ahead."""

    rate: float
    started: float
    lag: float


def start_pace(rate: float, *, longest: float) -> Pace:
    """For a run that takes at most so many seconds."""
    return Pace(rate, time.time(), (rate - 1) * longest)


class Worker:
    """Running until `end` or `remove`; `log` gets what every one of its processes says."""

    def __init__(self, config: Path, pace: Pace, log: Path) -> None:
        times = [str(value) for value in (pace.rate, pace.started, pace.lag)]
        # imaplib and smtplib leave the socket of a connection that breaks at its greeting to the garbage collector.
        warnings = ["-W", "error", "-W", "ignore::ResourceWarning"]
        program = [sys.executable, *warnings, "-m", "tests.chaos.ahead", *times]
        self._command = [*program, "--", "--config", str(config), "work"]
        self.log = log
        self.ended_by_itself = 0
        self._start()

    def kill(self) -> None:
        """As `kill -9` does; it is started again at once."""
        self.remove()
        self._start()

    @contextmanager
    def asleep(self) -> Iterator[None]:
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def keep_running(self) -> None:
        if self._process.poll() is not None:
            self.ended_by_itself += 1
            self._start()

    def errors(self) -> set[str]:
        """The kinds of errors its jobs broke off with; what was said while it was killed may be half a line."""
        said = self.log.read_text()
        assert "Traceback" not in said, self.log
        lines = [json.loads(line) for line in said.splitlines() if line.startswith("{") and line.endswith("}")]
        return {line["error"] for line in lines if line["level"] == "error"}

    def end(self) -> int:
        """Ask it to stop, as at a shutdown. Its exit code."""
        self._process.terminate()
        return self._process.wait(60)

    def remove(self) -> None:
        self._process.kill()
        self._process.wait()

    def _start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=ROOT, env=ENVIRONMENT, stderr=log)


@contextmanager
def working(count: int, config: Path, pace: Pace, folder: Path) -> Iterator[Sequence[Worker]]:
    """So many workers, which end when the block does: in good order, if it did."""
    workers = [Worker(config, pace, folder / f"worker-{number}.log") for number in range(count)]
    try:
        yield workers
        for worker in workers:
            worker.keep_running()
        assert [worker.end() for worker in workers] == [0] * count
    finally:
        for worker in workers:
            worker.remove()
