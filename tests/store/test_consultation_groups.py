"""Stakeholder groups in a consultation's file."""

from pathlib import Path
from typing import Any

import pytest

from intake.errors import WrongConfiguration
from intake.outbound.rendering import product_folder
from intake.store.consultation_file import (
    Added,
    add_consultation,
    export_consultation,
    read_consultation_file,
)
from intake.store.consultations import StakeholderGroup
from tests.office import OPENS_AT, Office, open_office

SAMPLE = product_folder("config") / "consultations" / "improving-education-outcomes.toml"


def _file(folder: Path, *lines: str) -> Path:
    text = SAMPLE.read_text(encoding="utf-8")
    text = text.replace('slug = "improving', 'slug = "sample-improving').replace('prefix = "IEO"', 'prefix = "SIE"')
    text = text.replace("county.example", "sample.example").replace(
        "subject_words", "\n".join([*lines, "subject_words"]), 1
    )
    path = folder / "ours.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _add(office: Office, path: Path) -> Added:
    with office.database.transaction() as session:
        return add_consultation(session, read_consultation_file(path), now=OPENS_AT, actor="test")


def _groups(office: Office) -> list[tuple[int, str]]:
    return [(row.position, row.name) for row in office.rows(StakeholderGroup)]


@pytest.mark.parametrize(
    ("lines", "groups"),
    [
        ([], ["school", "trust", "governor", "diocese", "union"]),
        (
            ['stakeholder_groups = ["parent", "union", "diocese", "governor", "trust", "school"]'],
            ["parent", "union", "diocese", "governor", "trust", "school"],
        ),
    ],
)
def test_groups_are_those_named_or_else_the_consultees_in_their_order(
    tmp_path: Path, lines: list[str], groups: list[str]
) -> None:
    with open_office(tmp_path) as office:
        path = _file(tmp_path, *lines)
        assert _add(office, path) is Added.added
        assert _add(office, path) is Added.unchanged
        assert _groups(office) == list(enumerate(groups, start=1))


def test_exported_consultation_reads_back_with_its_groups(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        path = _file(tmp_path, 'stakeholder_groups = ["union", "diocese", "governor", "trust", "school", "parent"]')
        _add(office, path)
        with office.database.reading() as session:
            path.write_text(export_consultation(session, "sample-improving-education-outcomes"), encoding="utf-8")
        assert read_consultation_file(path).stakeholder_groups[-1] == "parent"
        assert _add(office, path) is Added.unchanged


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('stakeholder_groups = ["school"]', "stakeholder_groups lacks 4 of the groups that consultees are in"),
        ('stakeholder_groups = ["school", "school"]', "stakeholder_groups"),
        ('stakeholder_groups = [""]', "stakeholder_groups number 1 should have at least 1"),
    ],
)
def test_groups_with_a_mistake_are_refused(tmp_path: Path, line: str, sentence: Any) -> None:
    with pytest.raises(WrongConfiguration, match=sentence):
        read_consultation_file(_file(tmp_path, line))
