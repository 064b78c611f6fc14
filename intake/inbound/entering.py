"""What comes by any way but email becomes a response here: through the online form, or keyed in by an officer.

Everything of it in the caller's transaction, with its history and, where one is owed, its acknowledgement.

Never judges what was answered: whoever calls has checked it, and has stored the files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from intake.documents.kinds import GivenFile, content_type
from intake.inbound.circumstances import consultee_of, consultees_by_address
from intake.mail.attachments import safe_filename
from intake.outbound.acknowledging import AcknowledgementRules, Answered, acknowledge_recorded
from intake.store.consultations import Consultation, Question, next_references
from intake.store.files import FileStore
from intake.store.history import Note, note_each
from intake.store.people import Consultee
from intake.store.response_changes import lock_responses
from intake.store.responses import (
    Addition,
    Answer,
    Attachment,
    Channel,
    Nature,
    Response,
    ResponseStatus,
    answer_words,
)
from intake.store.transitions import move_responses


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that lies in the file store; `question_id` is the question it answers."""

    filename: str
    content_type: str
    size: int
    sha256: str
    question_id: int | None = None


def store_files(files: FileStore, given: Sequence[GivenFile], question_id: int | None = None) -> list[StoredFile]:
    """On the disk for good, before a row names them."""
    digests = files.put_many([one.content for one in given]) if given else []
    return [
        StoredFile(
            safe_filename(one.filename) or "file", content_type(one.filename), len(one.content), sha256, question_id
        )
        for one, sha256 in zip(given, digests, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What was said to one question: text, what was chosen of its options, or both. `asked` is how it was asked."""

    asked: str
    text: str = ""
    chosen: tuple[str, ...] = ()
    question_id: int | None = None

    @classmethod
    def to(cls, question: Question, text: str = "", chosen: Sequence[str] = ()) -> "GivenAnswer":
        return cls(question.text, text, tuple(chosen), question.id)

    @property
    def words(self) -> str:
        return answer_words(self.chosen, self.text)


@dataclass(frozen=True, slots=True)
class Entry:
    """One response as it was handed in. What is neither the answer to a question nor a file is `text`."""

    channel: Channel
    received_at: datetime | None
    name: str = ""
    address: str | None = None
    organisation: str | None = None
    stakeholder_group: str | None = None
    is_for_organisation: bool | None = None
    may_publish: bool | None = None
    is_in_grace: bool = False
    is_confidential: bool = False
    nature: Nature = Nature.response
    subject: str | None = None
    text: str = ""
    answers: Sequence[GivenAnswer] = ()
    files: Sequence[StoredFile] = ()
    meeting_id: int | None = None
    detail: dict[str, int] = field(default_factory=dict)  # for the history: ids only


def enter(
    session: Session,
    consultation: Consultation,
    entries: Sequence[Entry],
    *,
    now: datetime,
    actor: str,
    rules: AcknowledgementRules | None,
) -> list[Response]:
    """The new responses, in the entries' order. Without `rules` nobody gets an acknowledgement.

    `actor`: "respondent", "user 12".
    """
    references = next_references(session, consultation, len(entries)) if entries else []
    known = consultees_by_address(session, {entry.address.lower() for entry in entries if entry.address})
    rows = [
        _response(consultation, entry, reference, consultee_of(known, _address(entry), consultation.id), now)
        for entry, reference in zip(entries, references, strict=True)
    ]
    session.add_all(rows)
    session.flush()
    pairs = list(zip(rows, entries, strict=True))
    answers = [_answer(row, place, one) for row, entry in pairs for place, one in enumerate(entry.answers)]
    if answers:
        session.execute(sa.insert(Answer), answers)  # hundreds at once, when an export is imported
    session.add_all(_attachment(row, place, file) for row, entry in pairs for place, file in enumerate(entry.files))
    notes = [Note(row, "recorded", {"channel": row.channel.value, **entry.detail}) for row, entry in pairs]
    note_each(session, notes, now=now, actor=actor)
    session.flush()
    if rules:
        owed = [(row, Answered.by_form(row)) for row in rows if row.respondent_address]
        acknowledge_recorded(session, owed, rules, now=now)
    return rows


def add_to(
    session: Session,
    response: Response,
    text: str,
    files: Sequence[StoredFile] = (),
    *,
    channel: Channel = Channel.online,
    now: datetime,
    actor: str,
    rules: AcknowledgementRules | None,
) -> Addition:
    """Something more from a respondent, received now: it joins the response, which waits for an officer again."""
    [row] = lock_responses(session, [response])
    addition = Addition(
        response_id=row.id, channel=channel, received_at=now, recorded_at=now, text=text, own_words=text
    )
    session.add(addition)
    row.added_words = f"{row.added_words}\n{text}".strip()
    row.version += 1
    session.flush()
    session.add_all(_attachment(row, place, file, addition.id) for place, file in enumerate(files))
    detail = {"addition": addition.id, "version": row.version, "channel": channel.value}
    note_each(session, [Note(row, "added-to", detail)], now=now, actor=actor)
    mark_unread(session, [row], now=now, actor=actor)
    session.flush()
    if rules and row.respondent_address:
        acknowledge_recorded(session, [(row, Answered.by_form(row, addition))], rules, now=now)
    return addition


def mark_unread(session: Session, rows: Sequence[Response], *, now: datetime, actor: str) -> None:
    """Nobody has read what came later: what was read, or considered, waits for an officer again."""
    for before, after in (
        (ResponseStatus.considered, ResponseStatus.read),
        (ResponseStatus.read, ResponseStatus.unread),
    ):
        moved = [row for row in rows if row.status is before]
        move_responses(session, moved, after, now=now, actor=actor)


def _address(entry: Entry) -> str | None:
    return entry.address.lower() if entry.address else None


def _response(
    consultation: Consultation, entry: Entry, reference: str, consultee: Consultee | None, now: datetime
) -> Response:
    answered = [one for one in entry.answers if one.words]
    return Response(
        consultation_id=consultation.id,
        reference=reference,
        channel=entry.channel,
        nature=entry.nature,
        received_at=entry.received_at,
        recorded_at=now,
        respondent_name=entry.name,
        respondent_address=_address(entry),
        organisation=entry.organisation or (consultee.organisation if consultee else None),
        stakeholder_group=entry.stakeholder_group or (consultee.stakeholder_group if consultee else None),
        consultee_id=consultee.id if consultee else None,
        is_for_organisation=entry.is_for_organisation,
        may_publish=entry.may_publish,
        is_in_grace=entry.is_in_grace,
        is_confidential=entry.is_confidential,
        meeting_id=entry.meeting_id,
        subject=entry.subject,
        text="\n\n".join(filter(None, (entry.text, *(f"{one.asked}\n{one.words}" for one in answered)))),
        own_words="\n\n".join(filter(None, (entry.text, *(one.words for one in answered)))),
    )


def _answer(row: Response, place: int, given: GivenAnswer) -> dict[str, Any]:
    return {
        "response_id": row.id,
        "question_id": given.question_id,
        "position": place,
        "question": given.asked,
        "text": given.text,
        "chosen": list(given.chosen),
    }


def _attachment(row: Response, place: int, file: StoredFile, addition_id: int | None = None) -> Attachment:
    return Attachment(
        response_id=row.id,
        addition_id=addition_id,
        question_id=file.question_id,
        position=place,
        filename=file.filename,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
    )
