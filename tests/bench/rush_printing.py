"""Prints what the benchmark of the last minute found as a small table for people."""

from collections.abc import Iterable

from tests.bench.rush import Rush


def print_rush(found: Iterable[tuple[str, Rush]]) -> None:
    for database, rush in found:
        _print(f"\n{rush.people} forms handed in at once, each twice, {database}")
        _print(f"all handed in                {rush.handing_in:8.2f} s")
        _print(f"the longest wait             {rush.slowest:8.2f} s")
        _print(f"as many readings of a page   {rush.reading:8.2f} s")
        _print(f"handing in / reading         {rush.handing_in / rush.reading:8.1f}")
        _print(f"responses                    {rush.responses:8}  (lost or doubled: {rush.responses - rush.people})")
        _print(f"different references         {rush.references:8}")


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201
