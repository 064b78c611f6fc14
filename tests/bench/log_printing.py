"""Prints what the benchmark of the log found as small tables for people."""

from collections.abc import Iterable

from tests.bench.log import FEW, LogTimes
from tests.bench.log_officers import OFFICERS

MOST_TIMES = 5.0


def print_log(found: Iterable[tuple[str, LogTimes]]) -> None:
    for database, log in found:
        _print(f"\nthe log, {database}: ms with {FEW:,} and with {log.many:,} responses, at most {MOST_TIMES:g} times")
        for page in log.pages:
            missed = "  <-" if page.times >= MOST_TIMES else ""
            _print(f"{page.page:34}{page.few * 1000:8.1f}{page.many * 1000:8.1f}{page.times:7.1f}{missed}")
        _print(f"{log.many:,} responses written in {log.filling:.0f} s")
        served = log.served
        _print(
            f"{OFFICERS} officers at once: {served.pages / served.seconds:.0f} pages a second, {served.failed} failed"
        )
        _print(f"a page took them {served.median * 1000:.0f} ms, one in twenty {served.slow * 1000:.0f} ms or more")


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201
