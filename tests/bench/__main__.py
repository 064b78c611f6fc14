"""`python -m tests.bench`: run the benchmarks and print what they found."""

import argparse

from intake.output import configure_output
from tests.bench.memory import measure_memory
from tests.bench.printing import print_machine, print_memory, print_speeds
from tests.bench.speed import measure_speed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--emails", type=int, default=10_000, help="how many wait in the mailbox (10,000)")
    parser.add_argument("--helpdesk", type=int, default=500, help="how many of them django-helpdesk gets (500)")
    given = parser.parse_args()
    configure_output()
    print_machine()
    print_speeds(measure_speed(given.emails, for_helpdesk=given.helpdesk))
    print_memory(measure_memory(given.emails))


if __name__ == "__main__":
    main()
