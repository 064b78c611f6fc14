"""`python -m tests.chaos`: one long chaos run, and a table of what was done. Exit 1 if the log was wrong."""

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack
from pathlib import Path

from tests import databases
from tests.chaos.running import Outcome, Plan, run_chaos
from tests.servers.dovecot import Dovecot
from tests.servers.mail_system import MailSystem
from tests.servers.postgres import Postgres

EMAILS_A_SECOND = 4


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--emails", type=int, default=2000, help="how many arrive (2,000)")
    parser.add_argument("--seed", type=int, help="repeat the run of this seed (one at random)")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql", help="(postgresql)")
    given = parser.parse_args()
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    _print("seed", seed)
    _print("emails", given.emails)
    _print("database", given.database)
    seconds = given.emails / EMAILS_A_SECOND
    plan = Plan(seed, given.emails, seconds, every=1.2, quiet=120, rate=min(10, 1 + 3300 / (seconds + 180)))
    sys.exit(not _ran(plan, given.database))


def _ran(plan: Plan, database: str) -> bool:
    """Run it and print its table. Whether the log was right; if not, its folder is kept."""
    folder, started = Path(tempfile.mkdtemp(prefix="chaos-")), time.monotonic()
    with ExitStack() as servers:
        mail_system = servers.enter_context(MailSystem(servers.enter_context(Dovecot())))
        postgres = servers.enter_context(Postgres()) if database == "postgresql" else None
        if postgres:
            databases.new_url = lambda _, fill: postgres.new_database(fill)
        try:
            _print_outcome(run_chaos(plan, mail_system, postgres, folder))
        except Exception:
            traceback.print_exc()
            _print("result", f"wrong; see {folder}")
            return False
        finally:
            _print("seconds", round(time.monotonic() - started))
    shutil.rmtree(folder)
    _print("result", "the log equals what was sent, and so does a backup's that was restored")
    return True


def _print_outcome(outcome: Outcome) -> None:
    for kind, number in sorted(outcome.faults.items()):
        _print(kind, number)
    _print("answers that joined a response", outcome.additions)
    _print("workers that ended by themselves", outcome.ended_by_themselves)
    _print("acknowledgements that came twice", outcome.copies)
    _print("backups made meanwhile", len(outcome.backups))
    _print("left for later hours", outcome.left_waiting)


def _print(name: str, value: object) -> None:
    print(f"{name:34} {value}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
