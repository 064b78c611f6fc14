"""Prints what the benchmark of importing found as a small table for people."""

from collections.abc import Iterable

from tests.bench.importing import Importing


def print_importing(found: Iterable[tuple[str, Importing]]) -> None:
    for database, run in found:
        _print(f"\nAn export of {run.rows:,} rows ({run.megabytes:.0f} MB) imported, {database}")
        _print(f"reading the file             {run.reading:8.2f} s")
        _print(f"judging its rows             {run.judging:8.2f} s")
        _print(f"writing the responses        {run.writing:8.2f} s")
        _print(f"the same export again        {run.again:8.2f} s")
        _print(f"a plain loader, one table    {run.loading:8.2f} s")
        _print(f"taking in / plain loading    {run.taking_in / run.loading:8.1f}")
        _print(f"responses                    {run.responses:8,}  (lost or doubled: {run.responses - run.rows})")


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201
