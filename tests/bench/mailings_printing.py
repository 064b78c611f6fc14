"""Prints what the benchmark of mailings found as small tables for people."""

from collections.abc import Iterable

from tests.bench.mailings import CONSULTEES, RULES, Delivery, Mailings, Planning

MOST_TIMES_WRITING = 4.0
MOST_TIMES_BARE = 10.0


def print_mailings(found: Iterable[tuple[str, Mailings]]) -> None:
    for database, mailings in found:
        _print(f"\n{RULES} rules for {CONSULTEES:,} consultees, {database}")
        _print_planning(mailings.planning)
        _print(f"\n{mailings.delivery.emails:,} reminders, {database}")
        _print_delivery(mailings.delivery)


def _print_planning(planning: Planning) -> None:
    queued = planning.queued
    _print(f"dates and recipients of all  {planning.looking:8.2f} s")
    _print(f"a tick with nothing due      {planning.idle * 1000:8.1f} ms")
    _print_time("all queued", queued, planning.queueing)
    _print_time("the same rows, bare", queued, planning.writing)
    _print_times("queueing / writing", planning.queueing / planning.writing, MOST_TIMES_WRITING)
    _print(f"database statements          {planning.statements:8}")


def _print_delivery(delivery: Delivery) -> None:
    _print_time("queued", delivery.emails, delivery.queueing)
    _print_time("written and sent", delivery.emails, delivery.sending)
    _print_time("sent by smtplib alone", delivery.emails, delivery.bare)
    _print_times("intake / smtplib", delivery.sending / delivery.bare, MOST_TIMES_BARE)


def _print_time(what: str, emails: int, seconds: float) -> None:
    _print(f"{what:29}{seconds:8.2f} s {emails / seconds:7.0f} a second")


def _print_times(what: str, times: float, most: float) -> None:
    _print(f"{what:29}{times:8.1f}     at most {most:g}{'  <-' if times > most else ''}")


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201
