"""`intake import` and `intake export` as people use them: what they say, what they write, and what they leave alone."""

import json
from pathlib import Path

import pytest

from tests.command_line import CommandLine, Ran
from tests.documents.test_spreadsheets import workbook
from tests.people import BEN
from tests.test_cli import made_ready
from tests.test_cli_consultees import SLUG, intake

__all__ = ["intake", "made_ready"]  # fixtures

EXPORT = f"""ID,Date,Email,What should we do?
r-1,12/02/2020 09:30,{BEN},Build it.
r-2,some day,,Leave it.
"""
MAPPING = """identifier = "ID"
received = "Date"
address = "Email"

[[answers]]
columns = "What should we do?"
"""


@pytest.fixture
def platform(intake: CommandLine) -> CommandLine:
    (intake.folder / "export.csv").write_text(EXPORT)
    (intake.folder / "mapping.toml").write_text(MAPPING)
    return intake


def take_in(intake: CommandLine, *options: str, file: str = "export.csv") -> Ran:
    return intake("import", SLUG, intake.folder / file, "--mapping", intake.folder / "mapping.toml", *options)


def exported(intake: CommandLine) -> list[dict[str, object]]:
    assert intake("export", SLUG, "log.json", "--format", "json").code == 0
    log: list[dict[str, object]] = json.loads((intake.folder / "log.json").read_text())
    return log


def test_export_of_a_platform_is_taken_in_and_its_wrong_rows_are_told_and_written(platform: CommandLine) -> None:
    ran = take_in(platform, "--errors", "wrong.csv")
    assert (ran.code, ran.out) == (1, "1 response imported from 2 rows.\n")
    assert ran.err == "Row 3: Its date cannot be read; write it like 28/02/2020 14:30, or 2020-02-28 14:30.\n"
    assert [row["address"] for row in exported(platform)] == [BEN]
    corrected = (platform.folder / "wrong.csv").read_text(encoding="utf-8-sig").replace("some day", "13/02/2020")
    (platform.folder / "wrong.csv").write_text(corrected)
    assert take_in(platform, file="wrong.csv").code == 0
    assert [row["received_at"] for row in exported(platform)] == ["2020-02-12T09:30:00Z", "2020-02-13T12:00:00Z"]


def test_dry_run_says_the_same_and_does_nothing(platform: CommandLine) -> None:
    dry = json.loads(take_in(platform, "--dry-run", "--json").out)
    assert (dry["dry_run"], dry["rows"], dry["added"], dry["unchanged"], dry["changed"]) == (True, 2, 1, 0, [])
    assert [one["row"] for one in dry["wrong"]] == [3]
    assert take_in(platform, "--dry-run").out == "1 response would be imported from 2 rows.\n"
    assert exported(platform) == []
    assert json.loads(take_in(platform, "--json").out) == {**dry, "dry_run": False}


def test_tomorrows_export_adds_its_new_rows_and_tells_of_the_changed(platform: CommandLine) -> None:
    take_in(platform)
    longer = EXPORT.replace("Build it.", "Build it soon.").replace("some day", "13/02/2020")
    cells: list[list[object]] = [list(line.split(",")) for line in longer.splitlines()]
    (platform.folder / "tomorrow.xlsx").write_bytes(workbook(Responses=cells))
    ran = take_in(platform, file="tomorrow.xlsx")
    assert (ran.code, ran.out) == (1, "1 response imported from 2 rows.\n")
    assert ran.err == "Row 2: It changed since it was imported as IEO-0001.\n"
    assert [row["text"] for row in exported(platform)] == [
        "What should we do?\nBuild it.",
        "What should we do?\nLeave it.",
    ]
    assert "Imported before, and unchanged: 1." in take_in(platform, file="tomorrow.xlsx").out


def test_log_is_written_as_a_file_and_only_whole(platform: CommandLine) -> None:
    take_in(platform)
    for kind in ("xlsx", "csv", "json"):
        ran = platform("export", SLUG, f"log.{kind}", "--format", kind)
        assert (ran.code, ran.out) == (0, f"1 response written to log.{kind}.\n")
    assert platform("export", "none", "none.csv", "--format", "csv").code == 1
    assert not (platform.folder / "none.csv").exists()


@pytest.mark.parametrize(
    ("file", "mapping", "code", "sentence"),
    [
        ("none.csv", MAPPING, 1, "none.csv cannot be read (No such file or directory)."),
        ("export.csv", MAPPING.replace('"Email"', '"E-mail"'), 1, "There is no column “E-mail” in the file"),
        ("export.csv", "identifer = 'ID'\n" + MAPPING, 2, "there is no key identifer"),
        ("picture.csv", MAPPING, 1, "This is no list that can be read"),
    ],
)
def test_what_cannot_be_imported_is_told_in_one_line_and_changes_nothing(
    platform: CommandLine, file: str, mapping: str, code: int, sentence: str
) -> None:
    (platform.folder / "mapping.toml").write_text(mapping)
    (platform.folder / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    ran = take_in(platform, file=file)
    assert ran.code == code
    assert sentence in ran.err
    assert ran.err.count("\n") == 1
    assert exported(platform) == []


def test_report_that_cannot_be_written_is_told_before_anything_is_done(platform: CommandLine) -> None:
    ran = take_in(platform, "--errors", str(Path("nowhere") / "wrong.csv"))
    assert "cannot be written (No such file or directory); nothing was done." in ran.err
    assert exported(platform) == []
