"""The log as a file: every response with its answers, the same in each format, and nothing in it acts as a formula."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from intake.documents.spreadsheets import read_spreadsheet
from intake.documents.workbooks import LONGEST_CELL
from intake.errors import NotFound
from intake.inbound.entering import Entry, GivenAnswer, StoredFile, add_to, enter
from intake.inbound.import_mapping import AN_EXPORT
from intake.responses.exporting import Exported, Format, export_consultation
from intake.store.consultations import Consultation, Question
from intake.store.history import history_of
from intake.store.responses import Channel, ResponseTag
from tests.databases import both_databases
from tests.office import DURING, Office, open_office
from tests.people import BEN, DAN

pytestmark = both_databases
SLUG = "improving-education-outcomes"
LATE = datetime(2020, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


@pytest.fixture
def filled(office: Office) -> Office:
    with office.database.transaction() as session:
        consultation = session.exec(select(Consultation).where(Consultation.slug == SLUG)).one()
        question = Question(consultation_id=consultation.id, position=1, key="sums", text="What does it come to?")
        session.add(question)
        session.flush()
        first = Entry(
            Channel.online,
            DURING,
            name="Ben Hughes",
            address=BEN,
            is_for_organisation=True,
            answers=(GivenAnswer.to(question, "=SUM(1)"), GivenAnswer("Anything else?", "Buses.", ("Often",))),
            files=(StoredFile("plan.pdf", "application/pdf", 12, "a" * 64),),
        )
        second = Entry(Channel.letter, LATE, address=DAN, is_confidential=True, text="Leave it." + "." * LONGEST_CELL)
        rows = enter(session, consultation, [first, second], now=LATE, actor="user 1", rules=None)
        add_to(session, rows[0], "And one more thing.", now=LATE, actor="respondent", rules=None)
        session.add(ResponseTag(response_id=rows[0].id, tag="funding"))
    return office


def exported(office: Office, path: Path, kind: str) -> Exported:
    with office.database.transaction() as session:
        return export_consultation(session, SLUG, path, Format(kind), now=LATE, actor="command line")


def test_workbook_and_csv_hold_the_log_with_a_column_for_each_question(filled: Office, tmp_path: Path) -> None:
    book, text = tmp_path / "log.xlsx", tmp_path / "log.csv"
    assert exported(filled, book, "xlsx") == Exported(2, 1, shortened=1)
    assert exported(filled, text, "csv") == Exported(2, 1)
    [sheet] = read_spreadsheet(book.read_bytes(), AN_EXPORT)
    in_book = [dict(zip(sheet.rows[0], row, strict=False)) for row in sheet.rows[1:]]
    in_text = list(csv.DictReader(io.StringIO(text.read_text(encoding="utf-8-sig"))))
    assert list(in_text[0]) == list(sheet.rows[0])
    for first, second in (in_book, in_text):
        assert (first["Reference"], first["Received"], first["In time or late"]) == (
            "IEO-0001",
            "2020-02-12 10:30",
            "in time",
        )
        assert (first["For an organisation"], first["May be published"]) == ("yes", "")
        assert (first["Anything else?"], first["Files"], first["Tags"]) == ("Often\nBuses.", "plan.pdf", "funding")
        assert first["Added later"] == "And one more thing."
        assert (second["Confidential"], second["In time or late"], second["Channel"]) == ("yes", "late", "letter")
    assert (in_text[0]["What does it come to?"], in_book[0]["What does it come to?"]) == ("'=SUM(1)", "=SUM(1)")
    assert in_book[1]["Response"].endswith("… (shortened)")
    assert in_text[1]["Response"] == "Leave it." + "." * LONGEST_CELL


def test_json_holds_answers_additions_and_files_apart(filled: Office, tmp_path: Path) -> None:
    exported(filled, tmp_path / "log.json", "json")
    first, second = json.loads((tmp_path / "log.json").read_text())
    assert [(one["asked"], one["chosen"], one["text"]) for one in first["answers"]][1] == (
        "Anything else?",
        ["Often"],
        "Buses.",
    )
    assert first["answers"][0]["question"] == "sums"
    assert first["received_at"] == "2020-02-12T10:30:00Z"
    assert [one["text"] for one in first["additions"]] == ["And one more thing."]
    assert [one["name"] for one in first["attachments"]] == ["plan.pdf"]
    assert (second["timing"], second["is_confidential"], second["answers"]) == ("late", True, [])


def test_export_is_noted_and_one_of_nothing_is_a_file_too(office: Office, tmp_path: Path) -> None:
    for kind in ("xlsx", "csv", "json"):
        assert exported(office, tmp_path / f"log.{kind}", kind) == Exported()
    assert json.loads((tmp_path / "log.json").read_text()) == []
    assert {path.name for path in tmp_path.glob("*log*")} == {"log.xlsx", "log.csv", "log.json"}
    with office.database.reading() as session:
        consultation = session.exec(select(Consultation).where(Consultation.slug == SLUG)).one()
        noted = [entry.actor for entry in history_of(session, consultation) if entry.action == "responses-exported"]
    assert noted == ["command line"] * 3


def test_consultation_that_is_not_there_leaves_no_file(office: Office, tmp_path: Path) -> None:
    with office.database.transaction() as session, pytest.raises(NotFound):
        export_consultation(session, "none", tmp_path / "log.csv", Format.csv, now=LATE, actor="command line")
    assert not (tmp_path / "log.csv").exists()
