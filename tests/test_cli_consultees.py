"""`intake consultee import` as people use it: what it says, what it writes, and what it does with a bad file."""

import json
from pathlib import Path

import pytest

from tests.command_line import CommandLine, Ran, copy_made
from tests.documents.test_spreadsheets import workbook
from tests.test_cli import made_ready

__all__ = ["made_ready"]  # a fixture

SLUG = "improving-education-outcomes"
LIST = """School,Group,URN,Email
Heathfield Community School,school,137204,head@heathfield.example
New School,academy,137205,head@new-school.example
Broken,school,137206,nobody
"""


@pytest.fixture
def intake(tmp_path: Path, made_ready: Path) -> CommandLine:
    config = tmp_path / "intake.toml"
    config.write_text(
        """
        database = {url = "sqlite:///intake.sqlite3"}
        files = {path = "files"}
        mail = {message_id_domain = "intake.county.example"}
        smtp = {host = "127.0.0.1", security = "none"}
        """
    )
    copy_made(made_ready, tmp_path)
    (tmp_path / "schools.csv").write_text(LIST)
    return CommandLine(tmp_path, config)


def take_in(intake: CommandLine, *options: str, file: str = "schools.csv") -> Ran:
    return intake("consultee", "import", SLUG, intake.folder / file, *options)


def test_list_is_taken_in_and_its_wrong_rows_are_told_and_written(intake: CommandLine) -> None:
    ran = take_in(intake, "--errors", "wrong.csv")
    assert ran.code == 1
    assert ran.out.startswith("1 consultee added, 1 changed.\n")
    assert "New stakeholder groups: academy." in ran.out
    assert ran.err == "Row 4: The email address cannot be used; write it like name@example.com.\n"
    written = (intake.folder / "wrong.csv").read_text(encoding="utf-8-sig").splitlines()
    assert written[0] == "School,Group,URN,Email,What is wrong"
    assert written[1].startswith("Broken,school,137206,nobody,")
    exported = intake("consultation", "export", SLUG).out
    assert 'organisation = "New School"\nstakeholder_group = "academy"\nkey = "137205"' in exported


def test_dry_run_says_the_same_and_does_nothing(intake: CommandLine) -> None:
    dry = json.loads(take_in(intake, "--dry-run", "--json").out)
    assert (dry["dry_run"], dry["added"], dry["changed"], dry["new_groups"]) == (True, 1, 1, ["academy"])
    assert dry["wrong"] == [{"row": 4, "what": "The email address cannot be used; write it like name@example.com."}]
    assert dry.pop("additions")[0]["contacts"] == "head@new-school.example"
    [correction] = dry.pop("corrections")
    assert (correction["row"], [one["field"] for one in correction["changes"]]) == (2, ["key"])
    words = take_in(intake, "--dry-run").out
    assert "Row 3, new: New School (academy), head@new-school.example." in words
    assert "Row 2, Heathfield Community School: key adds “137204”." in words
    assert json.loads(take_in(intake, "--json").out) == {**dry, "dry_run": False}
    again = json.loads(take_in(intake, "--json").out)
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 2)


def test_rows_to_correct_are_taken_in_again_without_what_was_wrong_with_them(intake: CommandLine) -> None:
    take_in(intake, "--errors", "wrong.csv")
    ran = take_in(intake, "--errors", "again.csv", file="wrong.csv")
    assert "Row 2: The email address cannot be used" in ran.err
    assert (intake.folder / "again.csv").read_bytes() == (intake.folder / "wrong.csv").read_bytes()
    corrected = (intake.folder / "wrong.csv").read_text(encoding="utf-8-sig").replace("nobody", "head@broken.example")
    (intake.folder / "wrong.csv").write_text(corrected)
    assert take_in(intake, file="wrong.csv").out.startswith("1 consultee added, 0 changed.")


def test_language_that_is_not_written_in_is_named(intake: CommandLine) -> None:
    rows = "A,school,French\nB,school,b@school.example\n"  # in the second the columns are mixed up
    (intake.folder / "schools.csv").write_text(f"School,Group,Language\n{rows}")
    ran = take_in(intake)
    assert "Row 2: “French” is not a language we write in: use English or Welsh." in ran.err
    assert "Row 3: Choose the language: English or Welsh." in ran.err


def test_list_without_a_mistake_ends_with_0(intake: CommandLine) -> None:
    (intake.folder / "lists.xlsx").write_bytes(workbook(Notes=[["Read me"]], Trusts=[["Trust"], ["A new trust"]]))
    ran = take_in(intake, "--group", "trust", "--sheet", "Trusts", file="lists.xlsx")
    assert (ran.code, ran.err) == (0, "")
    assert "Without an address: 1 of those added." in ran.out


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (None, [], "cannot be read (No such file or directory)"),
        (b"%PDF-1.4", [], "This is a PDF, not a list"),
        (b"Whom,What\nA,school\n", [], "No row has a heading such as “Organisation”"),
        (b"School\nA\n", ["--sheet", "Trusts"], "There is no sheet “Trusts” in it"),
        (b"School\nA\n", ["--errors", "no-such/wrong.csv"], "nothing was done"),
    ],
)
def test_file_that_cannot_be_taken_in_is_told_in_one_sentence(
    intake: CommandLine, content: bytes | None, options: list[str], words: str
) -> None:
    if content:
        (intake.folder / "list").write_bytes(content)
    ran = take_in(intake, *options, file="list")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert words in ran.err


def test_consultation_that_is_not_there_is_told(intake: CommandLine) -> None:
    ran = intake("consultee", "import", "no-such", intake.folder / "schools.csv")
    assert (ran.code, "There is no consultation “no-such”" in ran.err) == (1, True)
