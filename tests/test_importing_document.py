"""docs/importing.md says what an import does: its export is read by its mapping, and each key it names is one."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from intake.inbound.import_mapping import Asked, ImportMapping, read_mapping
from intake.inbound.import_values import Moments
from intake.inbound.importing import plan_import, reader_of, sheets_of
from intake.store.consultations import Consultation, StakeholderGroup
from tests.documented import DOCS, table
from tests.office import Office, open_office

TEXT = (DOCS / "importing.md").read_text(encoding="utf-8")
EXPORT, MAPPING = (re.findall(f"```{kind}\n(.*?)```", TEXT, re.DOTALL)[0] for kind in ("csv", "toml"))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


def test_the_documents_export_is_read_by_its_mapping(office: Office) -> None:
    with office.database.transaction() as session:
        consultation = session.exec(select(Consultation).where(Consultation.reference_prefix == "IEO")).one()
        session.add(StakeholderGroup(consultation_id=consultation.id, position=1, name="school"))
        now = datetime(2020, 3, 1, tzinfo=UTC)
        reader = reader_of(session, consultation, sheets_of(EXPORT.encode()), read_mapping(MAPPING), now)
        plan = plan_import(session, reader)
    assert plan.wrong == []
    first, second = (one.row.entry for one in plan.new)
    assert [(answer.asked, answer.text) for answer in first.answers] == [
        ("Do you agree with the first proposal?", "Do you agree?: Yes\nWhy?: It is time."),
        ("Anything else?", "Buses."),
    ]
    assert (first.stakeholder_group, second.stakeholder_group) == (None, "school")
    assert second.received_at == datetime(2020, 2, 12, 21, 5, tzinfo=UTC)


def test_every_key_of_a_mapping_is_in_the_document_and_every_one_there_is_a_key() -> None:
    told = {key for row in table("importing.md", "Key", "What it is") for key in re.findall(r"`\W*(\w+)", row["Key"])}
    assert told | {"groups"} == set(ImportMapping.model_fields)
    assert all(f"`{key}`" in TEXT for key in Asked.model_fields if key != "columns")


def test_the_documents_dates_are_understood() -> None:
    [row] = [row for row in table("importing.md", "Key", "What it is") if row["Key"] == "`received`"]
    dates = re.findall(r"`([^`]+)`", row["What it is"])
    assert len(dates) == 3
    for written in dates:
        found = Moments(is_month_first=False).read(written)
        assert found is not None
        assert (found.year, found.month, found.day, found.hour, found.minute) == (2020, 2, 28, 14, 30), written
