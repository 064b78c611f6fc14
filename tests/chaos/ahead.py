"""The program a chaos run starts instead of `intake`: the same command, for which time passes faster.

    python -m tests.chaos.ahead RATE STARTED LAG -- arguments of intake…

It was LAG seconds earlier than it really is at STARTED (a Unix time). So its clock need not run ahead of the machine's,
which the scheduler goes by, to let a minute's wait end in seconds.
"""

import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from intake import jobs
from intake.cli import main


def run(rate: float, started: float, lag: float) -> None:
    def clock() -> datetime:
        return datetime.fromtimestamp(started - lag + rate * (time.time() - started), UTC)

    open_installation = jobs.open_installation

    def open_ahead(*arguments: Any, **named: Any) -> jobs.Installation:
        return replace(open_installation(*arguments, **named), clock=clock)

    jobs.open_installation = open_ahead
    main()


if __name__ == "__main__":
    divider = sys.argv.index("--")
    given = [float(word) for word in sys.argv[1:divider]]
    del sys.argv[1 : divider + 1]
    run(*given)
