"""`python -m tests.bench`: run the benchmarks and print what they found."""

import argparse
import logging
from pathlib import Path

import structlog

from intake.output import configure_output
from tests.bench.explaining import measure_explaining
from tests.bench.explaining_printing import print_explaining
from tests.bench.importing import measure_importing
from tests.bench.importing_printing import print_importing
from tests.bench.log import measure_log
from tests.bench.log_printing import print_log
from tests.bench.mailings import measure_mailings
from tests.bench.mailings_printing import print_mailings
from tests.bench.memory import measure_memory
from tests.bench.printing import print_machine, print_memory, print_speeds
from tests.bench.rush import measure_rush
from tests.bench.rush_printing import print_rush
from tests.bench.speed import measure_speed
from tests.bench.understanding import measure_understanding
from tests.bench.understanding_printing import print_understanding

_PARTS = ("intake", "log", "mailings", "rush", "importing", "explaining", "understanding")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--emails", type=int, default=10_000, help="how many wait in the mailbox (10,000)")
    parser.add_argument("--helpdesk", type=int, default=500, help="how many of them django-helpdesk gets (500)")
    parser.add_argument("--responses", type=int, default=100_000, help="how many are in the log (100,000)")
    parser.add_argument("--reminders", type=int, default=10_000, help="how many are sent (10,000)")
    parser.add_argument("--part", choices=_PARTS, help="only this one")
    parser.add_argument("--folder", type=Path, help="of emails to explain (our own test emails)")
    given = parser.parse_args()
    configure_output()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    print_machine()
    if given.part in (None, "intake"):
        print_speeds(measure_speed(given.emails, for_helpdesk=given.helpdesk))
        print_memory(measure_memory(given.emails))
    if given.part in (None, "log"):
        print_log(measure_log(given.responses))
    if given.part in (None, "mailings"):
        print_mailings(measure_mailings(given.reminders))
    if given.part in (None, "rush"):
        print_rush(measure_rush())
    if given.part in (None, "importing"):
        print_importing(measure_importing())
    if given.part in (None, "explaining"):
        print_explaining(measure_explaining(given.folder))
    if given.part in (None, "understanding"):
        print_understanding(measure_understanding(given.folder))


if __name__ == "__main__":
    main()
