"""The log as a file: every response with its answers, as a workbook, as CSV or as JSON.

Holds whatever was said and by whom, confidential responses too, and marks those; who may have it, the caller decides.
"""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.access import Access
from intake.deadlines import Timing, timing
from intake.documents.spreadsheets import inert
from intake.documents.workbooks import write_workbook
from intake.responses.filters import Filters
from intake.responses.finding import matching_ids, visible_consultations
from intake.store.consultations import Consultation, Question, consultation_by_slug
from intake.store.files import written_whole
from intake.store.history import note
from intake.store.online import Meeting
from intake.store.response_changes import some_at_a_time
from intake.store.responses import Addition, Answer, Attachment, Response, ResponseTag
from intake.store.users import User

_SOME = 500


class Format(StrEnum):
    """Of the file."""

    xlsx = "xlsx"
    csv = "csv"
    json = "json"


_TIMINGS = {Timing.in_time: "in time", Timing.late: "late", Timing.unknown: "not known"}


@dataclass(slots=True)
class Exported:
    """`shortened`: cells that a workbook cannot hold whole."""

    responses: int = 0
    confidential: int = 0
    shortened: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One response, with what other tables hold of it."""

    response: Response
    consultation: Consultation
    answers: Sequence[Answer]
    additions: Sequence[Addition]
    attachments: Sequence[Attachment]
    tags: Sequence[str]
    names: "Names"

    @property
    def timing(self) -> Timing:
        row = self.response
        return timing(row.received_at, self.consultation.closes_at, is_in_grace=row.is_in_grace)

    def as_json(self) -> dict[str, Any]:
        """Instants in UTC as RFC 3339 has them; nothing where something is not known."""
        row = self.response
        return {
            "reference": row.reference,
            "consultation": self.consultation.slug,
            "nature": row.nature.value,
            "channel": row.channel.value,
            "status": row.status.value,
            "received_at": _instant(row.received_at),
            "recorded_at": _instant(row.recorded_at),
            "timing": self.timing.value,
            "is_in_grace": row.is_in_grace,
            "late_decision": row.late_decision.value if row.late_decision else None,
            "late_decision_reason": row.late_decision_reason,
            "withdrawn_at": _instant(row.withdrawn_at),
            "name": row.respondent_name,
            "address": row.respondent_address,
            "organisation": row.organisation,
            "group": row.stakeholder_group,
            "is_for_organisation": row.is_for_organisation,
            "may_publish": row.may_publish,
            "is_confidential": row.is_confidential,
            "is_abusive": row.is_abusive,
            "needs_reply": row.needs_reply,
            "officer": self.names.officers.get(row.officer_id or 0),
            "meeting": self.names.meetings.get(row.meeting_id or 0),
            "possible_duplicate_of": self.names.references.get(row.possible_duplicate_of_id or 0),
            "tags": list(self.tags),
            "subject": row.subject,
            "text": row.text,
            "answers": [self._answer(one) for one in self.answers],
            "additions": [_addition(one) for one in self.additions],
            "attachments": [_attachment(one) for one in self.attachments],
        }

    def _answer(self, one: Answer) -> dict[str, Any]:
        key = self.names.question_keys.get(one.question_id or 0)
        return {"question": key, "asked": one.question, "chosen": one.chosen, "text": one.text}


@dataclass(slots=True)
class Names:
    """What rows of other tables are called, by their ids."""

    officers: Mapping[int, str]
    meetings: Mapping[int, str]
    references: dict[int, str] = field(default_factory=dict)
    question_keys: Mapping[int, str] = field(default_factory=dict)


def export_consultation(
    session: Session, slug: str, file: Path, kind: Format, *, now: datetime, actor: str
) -> Exported:
    """Write all its responses. Raises NotFound; the file is whole or not there."""
    consultation = consultation_by_slug(session, slug)
    found = select(Response.id).where(Response.consultation_id == consultation.id).order_by(col(Response.id))
    return _export(session, [consultation], session.exec(found).all(), file, kind, now=now, actor=actor)


def export_found(
    session: Session, access: Access, filters: Filters, file: Path, kind: Format, *, now: datetime, actor: str
) -> Exported:
    """Write the log as it is filtered, of what may be seen."""
    ids = matching_ids(session, access, filters)
    seen = visible_consultations(session, access)
    consultations = [one for one in seen if filters.consultation in (None, one.slug)]
    return _export(session, consultations, ids, file, kind, may_read=access.may_read, now=now, actor=actor)


def _export(
    session: Session,
    consultations: Sequence[Consultation],
    ids: Sequence[int],
    file: Path,
    kind: Format,
    *,
    may_read: Callable[[Response], bool] = lambda _: True,
    now: datetime,
    actor: str,
) -> Exported:
    table = _Table(session, consultations, ids, may_read)
    with written_whole(file) as beside:
        _WRITERS[kind](table, beside)
    for consultation in consultations:
        if table.counts[consultation.id] or len(consultations) == 1:
            counts = {"responses": table.counts[consultation.id]}
            note(session, consultation, "responses-exported", now=now, actor=actor, **counts)
    return table.done


def records(
    session: Session, ids: Sequence[int], *, may_read: Callable[[Response], bool] = lambda _: True
) -> Iterator[Record]:
    """Those responses, in this order; some hundred are held at a time. Another that may not be read is not named."""
    named = Names(
        officers=dict(session.exec(select(User.id, User.name)).all()),
        meetings=dict(session.exec(select(Meeting.id, Meeting.title)).all()),
        question_keys=dict(session.exec(select(Question.id, Question.key)).all()),
    )
    for some in some_at_a_time(ids, _SOME):
        rows = {row.id: row for row in session.exec(select(Response).where(col(Response.id).in_(some)))}
        doubles = {row.possible_duplicate_of_id for row in rows.values() if row.possible_duplicate_of_id}
        originals = session.exec(select(Response).where(col(Response.id).in_(doubles)))
        named.references = {row.id: row.reference for row in originals if may_read(row)}
        answers = _by_response(session, Answer, some, Answer.position)
        additions = _by_response(session, Addition, some)
        attachments = _by_response(session, Attachment, some, Attachment.addition_id, Attachment.position)
        tags = _by_response(session, ResponseTag, some, ResponseTag.tag)
        for one in filter(rows.__contains__, some):
            yield Record(
                rows[one],
                session.get_one(Consultation, rows[one].consultation_id),
                answers[one],
                additions[one],
                attachments[one],
                [tag.tag for tag in tags[one]],
                named,
            )


def _by_response(session: Session, table: Any, ids: Sequence[int], *order: Any) -> Mapping[int, list[Any]]:
    found = defaultdict[int, list[Any]](list)
    last = [table.id] if hasattr(table, "id") else []
    for row in session.exec(select(table).where(table.response_id.in_(ids)).order_by(*order, *last)):
        found[row.response_id].append(row)
    return found


# As a table: a row a response, and behind what is known of it a column for each question.


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question that has a column: one of ours, or one that was asked elsewhere in these words."""

    question_id: int | None
    text: str

    def said(self, record: Record) -> str:
        same = [one for one in record.answers if (one.question_id, one.question) == (self.question_id, self.text)]
        ours = [one for one in record.answers if one.question_id and one.question_id == self.question_id]
        return "\n".join(filter(None, (one.words for one in ours or same)))


_COLUMNS: Sequence[tuple[str, Callable[[Record], object]]] = (
    ("Reference", lambda one: one.response.reference),
    ("Consultation", lambda one: one.consultation.title),
    ("Kind", lambda one: one.response.nature),
    ("Channel", lambda one: one.response.channel),
    ("Received", lambda one: _local(one, one.response.received_at)),
    ("Recorded", lambda one: _local(one, one.response.recorded_at)),
    ("In time or late", lambda one: _TIMINGS[one.timing]),
    ("In the time of grace", lambda one: one.response.is_in_grace),
    ("Late: decided", lambda one: one.response.late_decision),
    ("Late: reason", lambda one: one.response.late_decision_reason),
    ("Status", lambda one: one.response.status),
    ("Withdrawn", lambda one: _local(one, one.response.withdrawn_at)),
    ("Name", lambda one: one.response.respondent_name),
    ("Email address", lambda one: one.response.respondent_address),
    ("Organisation", lambda one: one.response.organisation),
    ("Stakeholder group", lambda one: one.response.stakeholder_group),
    ("For an organisation", lambda one: one.response.is_for_organisation),
    ("May be published", lambda one: one.response.may_publish),
    ("Confidential", lambda one: one.response.is_confidential),
    ("Abusive", lambda one: one.response.is_abusive),
    ("Needs a reply", lambda one: one.response.needs_reply),
    ("Officer", lambda one: one.names.officers.get(one.response.officer_id or 0)),
    ("Meeting", lambda one: one.names.meetings.get(one.response.meeting_id or 0)),
    ("Possibly the same as", lambda one: one.names.references.get(one.response.possible_duplicate_of_id or 0)),
    ("Tags", lambda one: ", ".join(one.tags)),
    ("Files", lambda one: "\n".join(file.filename for file in one.attachments)),
    ("Subject", lambda one: one.response.subject),
    ("Response", lambda one: one.response.text),
    ("Added later", lambda one: "\n\n".join(addition.text for addition in one.additions)),
)


@dataclass(slots=True)
class _Table:
    """Counts what went into it as its rows are asked for."""

    session: Session
    consultations: Sequence[Consultation]
    ids: Sequence[int]
    may_read: Callable[[Response], bool]
    done: Exported = field(default_factory=Exported)
    counts: Counter[int] = field(default_factory=Counter)  # by the consultation's id
    asked: Sequence[_Asked] = field(init=False)

    def __post_init__(self) -> None:
        self.asked = _asked(self.session, self.consultations)

    @property
    def headings(self) -> list[str]:
        return [*(heading for heading, _ in _COLUMNS), *(one.text for one in self.asked)]

    @property
    def rows(self) -> Iterator[list[str]]:
        for record in self.records:
            cells = [_cell(value(record)) for _, value in _COLUMNS]
            yield [*cells, *(one.said(record) for one in self.asked)]

    @property
    def records(self) -> Iterator[Record]:
        for record in records(self.session, self.ids, may_read=self.may_read):
            self.done.responses += 1
            self.counts[record.consultation.id] += 1
            self.done.confidential += record.response.is_confidential
            yield record


def _asked(session: Session, consultations: Sequence[Consultation]) -> list[_Asked]:
    ids = [one.id for one in consultations]
    ours = select(Question).where(col(Question.consultation_id).in_(ids))
    ours = ours.order_by(col(Question.consultation_id), col(Question.position))
    elsewhere = (
        select(Answer.question)
        .join(Response, col(Response.id) == Answer.response_id)
        .where(col(Response.consultation_id).in_(ids), col(Answer.question_id).is_(None))
        .group_by(Answer.question)
        .order_by(sa.func.min(Answer.id))
    )
    found = [_Asked(question.id, question.text) for question in session.exec(ours)]
    return found + [_Asked(None, text) for text in session.exec(elsewhere)]


def _as_workbook(table: _Table, file: Path) -> None:
    table.done.shortened = write_workbook(file, "Responses", table.headings, table.rows)


def _as_csv(table: _Table, file: Path) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([inert(cell) for cell in table.headings])
        writer.writerows([inert(cell) for cell in row] for row in table.rows)


def _as_json(table: _Table, file: Path) -> None:
    with file.open("w", encoding="utf-8") as out:
        for number, record in enumerate(table.records):
            out.write("[\n" if number == 0 else ",\n")
            out.write(json.dumps(record.as_json(), ensure_ascii=False))
        out.write("\n]\n" if table.done.responses else "[]\n")


_WRITERS: Mapping[Format, Callable[[_Table, Path], None]] = {
    Format.xlsx: _as_workbook,
    Format.csv: _as_csv,
    Format.json: _as_json,
}


def _cell(value: object) -> str:
    if value is None:
        return ""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _local(record: Record, at: datetime | None) -> str:
    """By the consultation's clock, as spreadsheets sort it."""
    return f"{at.astimezone(record.consultation.zone):%Y-%m-%d %H:%M}" if at else ""


def _instant(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def _addition(one: Addition) -> dict[str, Any]:
    received = _instant(one.received_at)
    return {"received_at": received, "channel": one.channel.value, "subject": one.subject, "text": one.text}


def _attachment(one: Attachment) -> dict[str, Any]:
    return {"name": one.filename, "content_type": one.content_type, "size": one.size, "sha256": one.sha256}
