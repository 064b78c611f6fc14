"""One response with everything that belongs to it: what came in, what went out, files, notes and tags, in order.

Also says whether somebody may see an email or a file: only through a response of a consultation they are given, or, for
an email that became none, through the consultation it seems meant for. Never changes anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.access import Access
from intake.errors import NotFound
from intake.mail.attachments import is_email_file
from intake.responses.noticed import FORGED
from intake.store.consultations import Consultation, PublishedAddress
from intake.store.emails import EmailStatus, InboundEmail, OutgoingEmail, OutgoingStatus
from intake.store.history import HistoryEntry, about
from intake.store.online import ApiToken, Meeting
from intake.store.reasons import Reason
from intake.store.responses import Addition, Answer, Attachment, FormerReference, Response, ResponseNote, ResponseTag
from intake.store.users import User

_KINDS = {
    "acknowledgement": "Acknowledgement",
    "reply": "Reply",
    "invitation": "Invitation",
    "reminder": "Reminder",
    "deadline-extended": "Notice of the new closing time",
    "outcome": "Notice of the outcome",
}
_FILE_KINDS = {
    "application/msword": "Word document",
    "application/pdf": "PDF",
    "application/vnd.ms-excel": "Excel spreadsheet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel spreadsheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word document",
    "text/calendar": "invitation",
    "text/html": "web page",
    "text/plain": "text",
}
_FILE_FAMILIES = {"audio": "sound", "image": "picture", "video": "film"}
_STANDINGS: Mapping[OutgoingStatus, str] = {
    OutgoingStatus.queued: "Waiting to be sent",
    OutgoingStatus.sending: "Being sent",
    OutgoingStatus.sent: "Sent",
    OutgoingStatus.held: "Held: waits for a person",
    OutgoingStatus.failed: "Not sent",
    OutgoingStatus.cancelled: "Cancelled",
    OutgoingStatus.missed: "Not sent in time",
    OutgoingStatus.bounced: "Came back undelivered",
}


@dataclass(frozen=True, slots=True)
class Incoming:
    """What came in: the response itself, or an addition. `email` is None for what came by another channel."""

    is_outgoing: ClassVar[bool] = False
    row: Response | Addition
    email: InboundEmail | None
    attachments: Sequence[Attachment]

    @property
    def is_addition(self) -> bool:
        return isinstance(self.row, Addition)

    @property
    def at(self) -> datetime:
        """Its place in the thread: its receipt, and where nobody knows it, its recording."""
        return self.row.received_at or self.row.recorded_at

    @property
    def files(self) -> Sequence[tuple[Attachment, str]]:
        """Each with its kind in words."""
        return [(one, file_kind(one.filename, one.content_type)) for one in self.attachments]

    @property
    def is_forged(self) -> bool:
        """Whether the domain it names as its sender's disowns it."""
        return self.email is not None and self.email.dmarc == FORGED

    @property
    def says_more(self) -> bool:
        """Whether the whole text has anything beside the own words."""
        return "".join(self.row.text.split()) != "".join(self.row.own_words.split())


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What went out, or is still to go. `author` is the officer who wrote it; None where intake did."""

    is_outgoing: ClassVar[bool] = True
    row: OutgoingEmail
    author: str | None

    @property
    def at(self) -> datetime:
        return self.row.sent_at or self.row.queued_at

    @property
    def kind(self) -> str:
        return _KINDS.get(self.row.kind, "Email")

    @property
    def standing(self) -> str:
        return "Not delivered yet" if self.is_delayed else _STANDINGS[self.row.status]

    @property
    def is_delayed(self) -> bool:
        """Whether it could not be delivered for now, and may still arrive."""
        return self.row.status is OutgoingStatus.bounced and self.row.reason == Reason.bounced_for_now

    @property
    def reason(self) -> str | None:
        """Why it stands so, in one sentence, where there is more to say."""
        return Reason.of(self.row.reason).sentence if self.row.reason else None

    @property
    def text(self) -> str | None:
        """As it went; before that, as the officer wrote it."""
        return self.row.text or self.row.given_text


@dataclass(frozen=True, slots=True)
class Thread:
    """`entries` are in order, the response's own first."""

    response: Response
    consultation: Consultation
    entries: Sequence[Incoming | Outgoing]
    notes: Sequence[tuple[ResponseNote, str]]  # with their writers' names, oldest first
    tags: Sequence[str]
    officer: User | None
    duplicate: Response | None
    forwarder: str | None  # the name of the officer who forwarded it, else their address
    former_references: Sequence[str]
    answers: Sequence[Answer] = ()  # in the order of the questions
    meeting: Meeting | None = None
    keyed_by: str | None = None  # the name of the officer who keyed it in

    @property
    def beside_answers(self) -> str:
        """What was said that answers no question; without any answers it is the whole."""
        words = "\n\n".join(filter(None, (one.words for one in self.answers)))
        return self.response.own_words.removesuffix(words).strip()

    def files_for(self, question_id: int | None) -> Sequence[tuple[Attachment, str]]:
        """Those that answer this question; of None, those that answer none that is among the answers."""
        if question_id is not None:
            return [pair for pair in self.own.files if pair[0].question_id == question_id]
        answered = {one.question_id for one in self.answers if one.question_id}
        return [pair for pair in self.own.files if pair[0].question_id not in answered]

    @property
    def returned(self) -> OutgoingEmail | None:
        """The last that was sent about it, where that came back: the respondent has not got it."""
        sent = [entry.row for entry in self.entries if isinstance(entry, Outgoing)]
        last = max(sent, key=lambda row: row.id, default=None)
        return last if last and last.status is OutgoingStatus.bounced else None

    @property
    def is_acknowledged(self) -> bool:
        """Whether an acknowledgement went, or is to go."""
        return any(isinstance(entry, Outgoing) and entry.row.kind == "acknowledgement" for entry in self.entries)

    @property
    def own(self) -> Incoming:
        """What the response was made of."""
        return self.incoming[0]

    @property
    def incoming(self) -> Sequence[Incoming]:
        """The response's own, then its additions."""
        return [entry for entry in self.entries if isinstance(entry, Incoming)]


def file_kind(filename: str, content_type: str) -> str:
    """What people call such a file: "email", "PDF", "Word document", "picture"; else the ending of its name."""
    if is_email_file(filename, content_type):
        return "email"
    if found := _FILE_KINDS.get(content_type) or _FILE_FAMILIES.get(content_type.partition("/")[0]):
        return found
    _, dot, ending = filename.rpartition(".")
    return f"{ending.upper()} file" if dot and ending.isalnum() and len(ending) <= 5 else "file"


def find_response(session: Session, access: Access, reference: str) -> Response:
    """By its reference, or by one it had before it was moved. Raises NotFound."""
    wanted = reference.strip().upper()
    if not wanted.isprintable():  # PostgreSQL takes no NUL in a text
        raise NotFound
    found = session.exec(select(Response).where(Response.reference == wanted)).first()
    if found is None:
        former = session.get(FormerReference, wanted)
        found = session.get(Response, former.response_id) if former else None
    if found is None or not access.may_read(found):
        raise NotFound
    return found


def thread_of(session: Session, response: Response, access: Access) -> Thread:
    incoming = _incoming(session, response)
    later: list[Incoming | Outgoing] = [*incoming[1:], *_outgoing(session, response)]
    duplicate = session.get(Response, response.possible_duplicate_of_id or 0)
    answers = select(Answer).where(Answer.response_id == response.id)
    former = select(FormerReference.reference).where(FormerReference.response_id == response.id)
    tags = select(ResponseTag.tag).where(ResponseTag.response_id == response.id).order_by(col(ResponseTag.tag))
    return Thread(
        response=response,
        consultation=session.get_one(Consultation, response.consultation_id),
        entries=[incoming[0], *sorted(later, key=lambda entry: entry.at)],
        notes=_notes(session, response),
        tags=session.exec(tags).all(),
        officer=session.get(User, response.officer_id or 0),
        duplicate=duplicate if duplicate and access.may_read(duplicate) else None,
        forwarder=_forwarder(session, response),
        former_references=session.exec(former.order_by(col(FormerReference.reference))).all(),
        answers=session.exec(answers.order_by(col(Answer.position), col(Answer.id))).all(),
        meeting=session.get(Meeting, response.meeting_id or 0),
        keyed_by=_keyed_by(session, response),
    )


def find_email(session: Session, access: Access, email_id: int) -> InboundEmail:
    """Raises NotFound for what this user may not see, as for what is not there."""
    email = session.get(InboundEmail, email_id)
    if email is None:
        raise NotFound
    may_see = access.consultation_ids is None or any(map(access.may_see, _consultations_of(session, email)))
    if not may_see:
        raise NotFound
    return email


def find_attachment(session: Session, access: Access, attachment_id: int) -> Attachment:
    """As `find_email`."""
    attachment = session.get(Attachment, attachment_id)
    if attachment is None or not access.may_read(session.get_one(Response, attachment.response_id)):
        raise NotFound
    return attachment


def recorded_as(session: Session, access: Access, email: InboundEmail) -> Sequence[str]:
    """References of the responses the email became or was added to, as far as this user may see them."""
    found = select(Response.reference).where(_came_by(email), access.limit(Response.consultation_id))
    return session.exec(found.order_by(col(Response.id))).all()


def _consultations_of(session: Session, email: InboundEmail) -> set[int | None]:
    """Where the email is recorded, or all letters that were attached to it; else the consultation it seems meant for.

    All, as whoever sees a forward sees every letter in it.
    """
    recorded = select(Response.consultation_id).where(_came_by(email))
    meant = set() if email.status is EmailStatus.recorded else {email.consultation_id}
    letters = session.exec(select(InboundEmail).where(InboundEmail.enclosed_in_id == email.id)).all()
    inside = [_consultations_of(session, letter) for letter in letters]
    return {*session.exec(recorded), *meant}.union(set.intersection(*inside) if inside else ())


def _came_by(email: InboundEmail) -> sa.ColumnElement[bool]:
    added = select(Addition.response_id).where(Addition.email_id == email.id)
    return sa.or_(col(Response.email_id) == email.id, col(Response.id).in_(added))


def _incoming(session: Session, response: Response) -> list[Incoming]:
    additions = session.exec(
        select(Addition).where(Addition.response_id == response.id).order_by(col(Addition.id))
    ).all()
    rows: list[Response | Addition] = [response, *additions]
    emails = _by_id(
        session.exec(select(InboundEmail).where(col(InboundEmail.id).in_([row.email_id for row in rows]))).all()
    )
    attachments = session.exec(
        select(Attachment)
        .where(Attachment.response_id == response.id)
        .order_by(col(Attachment.position), col(Attachment.id))
    ).all()
    return [
        Incoming(
            row,
            emails.get(row.email_id or 0),
            [one for one in attachments if one.addition_id == (row.id if isinstance(row, Addition) else None)],
        )
        for row in rows
    ]


def _outgoing(session: Session, response: Response) -> list[Outgoing]:
    rows = session.exec(
        select(OutgoingEmail, User.name)
        .join(User, col(User.id) == col(OutgoingEmail.user_id), isouter=True)
        .where(OutgoingEmail.response_id == response.id)
        .order_by(col(OutgoingEmail.id))
    ).all()
    return [Outgoing(row, author) for row, author in rows]


def _notes(session: Session, response: Response) -> list[tuple[ResponseNote, str]]:
    rows = session.exec(
        select(ResponseNote, User.name)
        .join(User, col(User.id) == col(ResponseNote.user_id))
        .where(ResponseNote.response_id == response.id)
        .order_by(col(ResponseNote.id))
    ).all()
    return [(note, name) for note, name in rows]


def _keyed_by(session: Session, response: Response) -> str | None:
    """Whoever recorded it, where that was an officer or another system."""
    recorded = select(HistoryEntry.actor).where(about(response), HistoryEntry.action == "recorded")
    kind, _, number = (session.exec(recorded.order_by(col(HistoryEntry.id))).first() or "").partition(" ")
    if not number.isdigit():
        return None
    names = {"user": select(User.name).where(User.id == int(number))}
    names["token"] = select(ApiToken.name).where(ApiToken.id == int(number))
    return session.exec(names[kind]).first() if kind in names else None


def _forwarder(session: Session, response: Response) -> str | None:
    if response.forwarded_by is None:
        return None
    named = [
        select(User.name).where(User.address == response.forwarded_by),
        select(PublishedAddress.officer_name).where(PublishedAddress.address == response.forwarded_by),
    ]
    names = (session.exec(one).first() for one in named)
    return next(filter(None, names), response.forwarded_by)


def _by_id(emails: Iterable[InboundEmail]) -> dict[int, InboundEmail]:
    return {email.id: email for email in emails}
