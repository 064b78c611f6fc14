"""Takes in what people answered on another platform: an export held against what was taken in before, then written.

Each row once: by the platform's identifier, else by what stands in it. Tomorrow's longer export adds its new rows;
rows that changed are told and left as they are, since officers may have read them. Written some hundred rows at a
time, each batch whole, so that whatever breaks off is gone on with by importing the same file again.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, select

from intake.documents.spreadsheets import (
    WHAT_IS_WRONG,
    Sheet,
    UnreadableSpreadsheet,
    as_csv,
    read_spreadsheet,
    without_what_was_wrong,
)
from intake.errors import Changed, NotPossible
from intake.inbound.entering import enter
from intake.inbound.import_mapping import AN_EXPORT, ImportMapping, sheet_of
from intake.inbound.import_rows import ImportRow, RowReader, WrongRow
from intake.outbound.acknowledging import AcknowledgementRules
from intake.store.consultations import Consultation, questions_asked
from intake.store.database import Database
from intake.store.history import note
from intake.store.online import ImportedRow
from intake.store.people import groups_of
from intake.store.response_changes import lock_consultations, some_at_a_time
from intake.store.responses import Response

A_BATCH = 300
_CHANGED = "It changed since it was imported as {reference}, which was left as it is; correct that response by hand."


class ExportChanged(Changed):
    """What this file would do changed since it was looked at; look at it again before it is imported."""


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that was taken in before and says otherwise now. `reference` is its response's."""

    number: int
    cells: tuple[str, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row to take in, and the key by which it is known from then on."""

    key: str
    row: ImportRow


@dataclass(slots=True)
class ImportPlan:
    """What an export comes to beside what was taken in before."""

    reader: RowReader
    new: list[NewRow] = field(default_factory=list)
    changed: list[ChangedRow] = field(default_factory=list)
    wrong: list[WrongRow] = field(default_factory=list)
    unchanged: int = 0

    @property
    def rows(self) -> int:
        return len(self.new) + len(self.changed) + len(self.wrong) + self.unchanged

    def go_on_after(self, done: int) -> None:
        """What is left once so many of the new rows are in."""
        self.unchanged += done
        self.new = self.new[done:]

    @property
    def batches(self) -> int:
        return -(-len(self.new) // A_BATCH)

    @property
    def digest(self) -> str:
        """The same for two plans that do the same."""
        known = hashlib.sha256()
        for one in self.new:
            known.update(repr((one.key, one.row.entry)).encode())
        known.update(repr([(one.number, one.sentence) for one in self.wrong]).encode())
        return known.hexdigest()

    def to_correct_as_csv(self) -> bytes:
        """The rows that are wrong or changed, under the file's own headings, with what is the matter with each."""
        width, above = self.reader.headings.width, self.reader.mapping.headings
        heads = [_padded(row, width) for row in self.reader.sheet.rows[:above]]
        heads = [(*row, WHAT_IS_WRONG if number == above else "") for number, row in enumerate(heads, start=1)]
        lines = [(one.number, one.cells, one.sentence) for one in self.wrong]
        lines += [(one.number, one.cells, _CHANGED.format(reference=one.reference)) for one in self.changed]
        return as_csv([*heads, *((*_padded(cells, width), what) for _, cells, what in sorted(lines))])


def sheets_of(content: bytes) -> list[Sheet]:
    """Raises UnreadableSpreadsheet."""
    return [without_what_was_wrong(one) for one in read_spreadsheet(content, AN_EXPORT)]


def reader_of(
    session: Session, consultation: Consultation, sheets: Sequence[Sheet], mapping: ImportMapping, now: datetime
) -> RowReader:
    """Raises WrongMapping, and NotPossible where nothing new is taken in any more."""
    if consultation.archived_at:
        raise NotPossible(f"“{consultation.title}” is archived; take it out of the archive before you import into it.")
    sheet = sheet_of(sheets, mapping)
    questions, groups = questions_asked(session, consultation), groups_of(session, consultation.id)
    return RowReader(sheet, mapping, consultation, questions, groups, now)


def plan_import(session: Session, reader: RowReader) -> ImportPlan:
    """Nothing is written. Of a row without an identifier its digest and its number among equals stand for one."""
    plan, before = ImportPlan(reader), _Before(session, reader.consultation.id)
    seen, equals = dict[str, int](), Counter[str]()
    for row in reader.read():
        if isinstance(row, WrongRow):
            plan.wrong.append(row)
            continue
        equals[row.sha256] += 1
        key = f"id:{row.identifier}" if row.identifier else f"row:{row.sha256}#{equals[row.sha256]}"
        if key in seen:
            sentence = f"Row {seen[key]} has the same identifier; leave one of them out, or correct it."
            plan.wrong.append(WrongRow(row.number, row.cells, sentence))
            continue
        seen[key] = row.number
        known = before.find(key, row.sha256, equals[row.sha256])
        if known is None:
            plan.new.append(NewRow(key, row))
        elif known.row_sha256 == row.sha256:
            plan.unchanged += 1
        else:
            plan.changed.append(ChangedRow(row.number, row.cells, before.references[known.response_id]))
    return plan


def take_in(
    database: Database,
    plan: ImportPlan,
    *,
    now: datetime,
    actor: str,
    rules: AcknowledgementRules | None = None,
) -> Iterator[int]:
    """Write the new rows; yields how many of them are in after each batch. Without `rules` nobody is told.

    What somebody else took in meanwhile is passed over.
    """
    done, consultation_id = 0, plan.reader.consultation.id
    for rows in some_at_a_time(range(len(plan.new)), A_BATCH):
        with database.transaction() as session:
            written = _write(session, consultation_id, [plan.new[i] for i in rows], now=now, actor=actor, rules=rules)
            if written:
                consultation = session.get_one(Consultation, consultation_id)
                note(session, consultation, "responses-imported", now=now, actor=actor, added=written)
        done += len(rows)
        yield done


def read_export(file: Path) -> list[Sheet]:
    """The sheets of a file on the disk. Raises UnreadableSpreadsheet."""
    try:
        with file.open("rb") as opened:
            content = opened.read(AN_EXPORT.file + 1)
    except OSError as error:
        raise UnreadableSpreadsheet(f"{file} cannot be read ({error.strerror}).") from None
    return sheets_of(content)


def _write(
    session: Session,
    consultation_id: int,
    rows: Sequence[NewRow],
    *,
    now: datetime,
    actor: str,
    rules: AcknowledgementRules | None,
) -> int:
    lock_consultations(session, [consultation_id])
    consultation = session.get_one(Consultation, consultation_id)
    known = select(ImportedRow.key).where(ImportedRow.consultation_id == consultation_id)
    taken = set(session.exec(known.where(col(ImportedRow.key).in_([one.key for one in rows]))))
    new = [one for one in rows if one.key not in taken]
    entries = [one.row.entry for one in new]
    responses = enter(session, consultation, entries, now=now, actor=actor, rules=rules)
    session.add_all(
        ImportedRow(consultation_id=consultation_id, key=one.key, row_sha256=one.row.sha256, response_id=response.id)
        for one, response in zip(new, responses, strict=True)
    )
    return len(new)


class _Before:
    """The rows taken in before. One with an identifier now may have been taken in without, and the other way about."""

    def __init__(self, session: Session, consultation_id: int) -> None:
        own = select(ImportedRow).where(ImportedRow.consultation_id == consultation_id)
        rows = session.exec(own.order_by(col(ImportedRow.id))).all()
        self._by_key = {row.key: row for row in rows}
        self._by_digest: dict[str, list[ImportedRow]] = {}
        for row in rows:
            self._by_digest.setdefault(row.row_sha256, []).append(row)
        named = select(Response.id, Response.reference).join(ImportedRow, col(ImportedRow.response_id) == Response.id)
        self.references = dict(session.exec(named.where(ImportedRow.consultation_id == consultation_id)).all())

    def find(self, key: str, sha256: str, number: int) -> ImportedRow | None:
        """`number` is that of the row among its equals, from 1."""
        equals = self._by_digest.get(sha256, [])
        return self._by_key.get(key) or (equals[number - 1] if number <= len(equals) else None)


def _padded(cells: Sequence[str], width: int) -> tuple[str, ...]:
    return (*cells, *[""] * (width - len(cells)))
