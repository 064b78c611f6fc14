"""Prints what the benchmarks found as small tables for people."""

import os
import platform
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench.intake_run import Intake
    from tests.bench.memory import Memory
    from tests.bench.speed import Speeds

TIMES_MBSYNC = 4.0
TIMES_HELPDESK = 10.0
MOST_MEMORY = 300


def print_machine() -> None:
    """Load before the first run: what else the machine was doing."""
    print_line(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print_line(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")


def print_speeds(speeds: "Speeds") -> None:
    emails = speeds.emails
    print_line(f"\n{emails} emails of {speeds.bytes_an_email / 1000:.1f} kB")
    for database, run in speeds.runs.items():
        intake = run.intake
        print_line()
        _print_time("mbsync copies", emails, run.copying)
        _print_time(f"intake, {database}", emails, intake.seconds)
        _print_time("  it collects", emails, intake.collecting)
        _print_time("  it records", emails, intake.recording)
        print_line(f"intake / mbsync       {intake.seconds / run.copying:8.1f}     at most {TIMES_MBSYNC:g}")
        _print_memory("peak memory", intake)
        print_line(f"FETCH commands        {run.fetches:8}")
        print_line(f"database commits      {intake.commits:8}     {intake.statements / emails:.1f} statements an email")
    print_line()
    _print_helpdesk(speeds)


def print_memory(memory: "Memory") -> None:
    print_line(f"\npeak memory, SQLite: at most {MOST_MEMORY} MB in each process")
    _print_memory(f"{memory.emails // 10} emails", memory.tenth)
    _print_memory(f"{memory.emails} emails", memory.whole)
    _print_memory(f"one of {memory.large_bytes / 1e6:.0f} MB", memory.large)


def _print_helpdesk(speeds: "Speeds") -> None:
    helpdesk = speeds.helpdesk
    if isinstance(helpdesk, str):
        print_line(f"django-helpdesk could not be measured: {helpdesk}")
        return
    _print_time("django-helpdesk", helpdesk.tickets, helpdesk.seconds)
    print_line(f"peak memory           {helpdesk.memory:8.0f} MB")
    for database, run in speeds.runs.items():
        times = speeds.emails / run.intake.seconds * helpdesk.seconds / helpdesk.tickets
        print_line(f"{database + ' is':22}{times:8.1f} times as fast, at least {TIMES_HELPDESK:g}")


def _print_time(what: str, emails: int, seconds: float) -> None:
    print_line(f"{what:22}{seconds:8.2f} s {emails / seconds:7.0f} emails a second")


def _print_memory(what: str, intake: "Intake") -> None:
    print_line(f"{what:22}{intake.memory:8.0f} MB, {intake.memory_of_a_child:.0f} MB in a child that reads")


def print_line(line: str = "") -> None:
    print(line, flush=True)  # noqa: T201
