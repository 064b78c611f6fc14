"""The program a test starts instead of `intake`: it kills itself, as `kill -9` does, at a point of `points.py`.

    python -m tests.faults.killed [--pause] POINT -- arguments of intake…

With --pause it stops there instead (SIGSTOP), until it gets SIGCONT. Without any argument, each line of its input is
such a command line, a JSON list. A child of its own runs it, which need not load the product again; the answer to the
line is the child's exit code, or minus the number of the signal that ended it.
"""

import json
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from functools import partial

from intake.cli import main
from tests.faults.points import PLANNING_POINTS, POINTS


def run(arguments: Sequence[str]) -> None:
    divider = arguments.index("--")
    *options, name = arguments[:divider]
    number = signal.SIGSTOP if options == ["--pause"] else signal.SIGKILL
    {**POINTS, **PLANNING_POINTS}[name].plant(partial(os.kill, os.getpid(), number))
    sys.argv[1:] = arguments[divider + 1 :]
    main()


def run_each(lines: Iterable[str]) -> None:
    for line in lines:
        child = os.fork()
        if child == 0:
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
            run(json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:]:
        run(sys.argv[1:])
    else:
        run_each(sys.stdin)
