"""A command that is forked off an imported product says and does what it says and does in a new interpreter."""

from pathlib import Path

import pytest

from tests.building import raw_email
from tests.command_line import CommandLine, run
from tests.test_cli import intake, made_ready, ready, user

__all__ = ["intake", "made_ready", "ready", "user"]  # fixtures


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        ([], {}),
        (["--help"], {"COLUMNS": "50"}),
        (["user", "--help"], {}),
        (["unknown"], {}),
        (["held"], {"INTAKE_CONFIG": "missing.toml"}),
        (["explain", "letter.eml"], {}),
        (["explain", "letter.eml", "missing.eml"], {}),
    ],
)
def test_a_fork_says_what_a_new_interpreter_says_and_ends_as_it_ends(
    arguments: list[str], variables: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "letter.eml").write_bytes(b"Subject: caf\xc3\xa9\n\nYes.\n")
    forked = run(*arguments, folder=tmp_path, variables=variables)
    assert forked == run(*arguments, folder=tmp_path, variables=variables, fresh=True)
    assert forked.out + forked.err


@pytest.mark.parametrize(
    "command",
    [
        "--help",
        "setup",
        "check",
        "collect",
        "record",
        "send",
        "reconcile",
        "held",
        "drop letter.eml",
        "explain letter.eml",
        "consultation list",
        "consultation export improving-education-outcomes",
        "user list",
    ],
)
def test_every_command_imports_what_it_needs_by_itself(ready: CommandLine, command: str) -> None:
    (ready.folder / "letter.eml").write_bytes(raw_email())
    ran = ready(*command.split(), fresh=True)
    assert (ran.code, ran.err.count("\n") <= 1) == (0, True), ran
