"""One process for each module of tests: its forks are the commands that are killed, as to start each takes longer."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import IO

import pytest

from tests.faults.points import Point
from tests.faults.site import ROOT, Kill, Site


@pytest.fixture(scope="module")
def kill() -> Iterator[Kill]:
    """Runs the command that comes by the point, in a process that is killed there."""
    command = [sys.executable, "-W", "error", "-m", "tests.faults.killed"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdin
        assert killed.stdout
        yield partial(_kill_at, killed.stdin, killed.stdout)


def _kill_at(lines: IO[str], answers: IO[str], site: Site, point: Point) -> None:
    lines.write(json.dumps([point.name, "--", *site.arguments(point.command)]) + "\n")
    lines.flush()
    assert int(answers.readline()) == -signal.SIGKILL
