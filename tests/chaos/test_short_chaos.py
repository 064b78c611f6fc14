"""The short form of the chaos run, always with the same seed."""

from pathlib import Path

import pytest

from tests.chaos.running import Plan, run_chaos
from tests.databases import both_databases
from tests.servers.mail_system import MailSystem

PLAN = Plan(seed=1, emails=60, seconds=8, every=0.7, quiet=10, rate=10)


@both_databases
def test_the_log_equals_what_was_sent_while_everything_broke_at_random(
    database_kind: str, mail_system: MailSystem, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    postgres = request.getfixturevalue("postgres") if database_kind == "postgresql" else None
    outcome = run_chaos(PLAN, mail_system, postgres, tmp_path)
    assert len(outcome.faults) == (8 if postgres else 7)
