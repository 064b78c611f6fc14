"""`intake backup` and `intake restore` as people use them: one file out, and into an empty installation again."""

from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.test_cli import made_ready
from tests.test_cli_consultees import SLUG, intake

__all__ = ["intake", "made_ready"]  # fixtures


@pytest.fixture
def elsewhere(intake: CommandLine, tmp_path: Path) -> CommandLine:
    """An installation with nothing in it."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    config = folder / "intake.toml"
    config.write_text(intake.config.read_text())
    return CommandLine(folder, config)


def test_what_was_backed_up_is_there_again(intake: CommandLine, elsewhere: CommandLine) -> None:
    ran = intake("backup", "all.tar")
    assert ran.code == 0
    assert ran.out.startswith("The database and ")
    assert (intake.folder / "all.tar").stat().st_mode & 0o077 == 0, "it holds people's letters"
    restored = elsewhere("restore", intake.folder / "all.tar")
    assert (restored.code, restored.err) == (0, "")
    assert "References go on 1,000 higher" in restored.out
    assert "Held: 0 emails that waited to be sent." in restored.out
    assert elsewhere("consultation", "export", SLUG).out == intake("consultation", "export", SLUG).out


def test_nothing_is_written_over_and_one_line_says_so(intake: CommandLine, elsewhere: CommandLine) -> None:
    intake("backup", "all.tar")
    for command, ran in (
        ("backup", intake("backup", "all.tar")),
        ("restore", intake("restore", "all.tar")),
        ("restore", elsewhere("restore", "none.tar")),
    ):
        assert (ran.code, ran.err.count("\n")) == (1, 1), command
    assert not (elsewhere.folder / "intake.sqlite3").exists()
