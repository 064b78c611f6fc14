"""What commands show: held mail with its reason, times as people read the clock, and files nobody else may read."""

import json
from pathlib import Path

import pytest

from tests.building import raw_email
from tests.command_line import CommandLine
from tests.people import ASHA, DAN, REVIEW
from tests.test_cli import REVIEW_FILE, intake, made_ready, ready, user

__all__ = ["intake", "made_ready", "ready", "user"]  # fixtures


@pytest.fixture
def with_a_question(ready: CommandLine, tmp_path: Path) -> CommandLine:
    letter = tmp_path / "question.eml"
    letter.write_bytes(raw_email(sender=f"Dan Morris <{DAN}>", to=ASHA, subject="May I answer late?"))
    ready("drop", letter)
    ready("record")
    return ready


def test_held_mail_is_listed_with_its_reason_in_a_sentence(with_a_question: CommandLine) -> None:
    shown = with_a_question("held").out
    assert "May I answer late?" in shown
    assert "may be a question" in shown
    assert shown.endswith("1 in all.\n")


def test_held_mail_is_listed_for_programs_too(with_a_question: CommandLine) -> None:
    [one] = json.loads(with_a_question("held", "--json").out)["held"]
    assert (one["status"], one["reason"], one["sender_address"]) == ("held", "possible-question", DAN)


def test_a_consultation_is_listed_in_its_own_time(ready: CommandLine) -> None:
    file = ready.folder / "summer.toml"
    text = REVIEW_FILE.read_text().replace("improving-education-outcomes", "summer", 1).replace('"IEO"', '"SUM"', 1)
    for before, after in (
        ("2020-01-09T09:00:00", "2030-06-01T09:00:00"),
        ("2020-02-28T23:59:00", "2030-07-31T17:00:00"),
        (REVIEW, "summer@county.example"),
    ):
        text = text.replace(before, after)
    file.write_text(text)
    added = ready("consultation", "add", file)
    assert (added.code, added.err) == (0, "")
    assert "closes 5pm on Wednesday 31 July 2030" in ready("consultation", "list").out


def test_adding_a_consultation_that_has_closed_says_so(intake: CommandLine) -> None:
    intake("setup")
    assert "closed at 11:59pm on Friday 28 February 2020" in intake("consultation", "add", REVIEW_FILE).err


def test_nobody_else_on_the_machine_can_read_the_database(ready: CommandLine) -> None:
    assert (ready.folder / "intake.sqlite3").stat().st_mode & 0o077 == 0
