"""Copies of one letter: which were taken in before, whole or under the same Message-ID, and what that means for others.

Never decides what becomes of a letter that comes first.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.inbound.reading import ReadEmail
from intake.mail.quoting import own_words
from intake.mail.understanding import Understood
from intake.store.consultations import Consultation
from intake.store.emails import EmailStatus, InboundEmail, OutgoingEmail
from intake.store.history import note
from intake.store.reasons import Reason
from intake.store.responses import Addition, LetterDigest, Response
from intake.store.transitions import move_email


@dataclass(frozen=True, slots=True)
class Letter:
    """An email that waits, and what was read in it."""

    email: InboundEmail
    read: ReadEmail

    @property
    def marks(self) -> set[str]:
        """Two letters without a mark in common are no copies of each other."""
        email = self.read.understood
        marks = {self.read.digest, email.message_id or "", _same_words(email), _same_words_inside(email)}
        return marks - {""}


def without_copies(letters: Sequence[Letter]) -> Iterator[list[Letter]]:
    """The letters in their order, cut wherever one may be a copy of another since the last cut."""
    some, marks = list[Letter](), set[str]()
    for letter in letters:
        if not marks.isdisjoint(letter.marks):
            yield some
            some, marks = [], set()
        some.append(letter)
        marks |= letter.marks
    if some:
        yield some


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What was taken in before under the marks of some letters; the keys begin with the consultation."""

    emails: Mapping[tuple[int, str], int]  # by digest, the letters' own rows among them
    responses: Mapping[tuple[int, str], int]  # the earliest other one by Message-ID
    handed_on: Mapping[tuple[int, str], int]  # the earliest other one by sender and words, where one was handed on

    def has_noted(self, letter: Letter, consultation_id: int) -> bool:
        return (consultation_id, letter.read.digest) in self.emails

    def first_copy(self, letter: Letter, consultation_id: int) -> int | None:
        """The other email by which this consultation took in the same letter."""
        email_id = self.emails.get((consultation_id, letter.read.digest))
        return None if email_id == letter.email.id else email_id

    def possible_duplicate(self, letter: Letter, said: Understood, consultation_id: int) -> int | None:
        """An earlier response under the same Message-ID; where there is no first copy, it has other content. A letter
        quoted in a forward has lost its own, and is known by who wrote it and in which words."""
        by_id = self.responses.get((consultation_id, letter.read.understood.message_id or ""))
        return by_id or self.handed_on.get((consultation_id, _same_words(said)))


def look_for_duplicates(session: Session, letters: Sequence[Letter], handed_on: Collection[Understood]) -> TakenIn:
    """For letters that have no mark in common; `handed_on` is what those of them say that an officer quoted."""
    digests = {letter.read.digest for letter in letters}
    taken = session.exec(select(LetterDigest).where(col(LetterDigest.digest).in_(digests)))
    message_ids = {letter.read.understood.message_id for letter in letters} - {None}
    responses = session.exec(
        select(Response.consultation_id, InboundEmail.message_id, sa.func.min(Response.id))
        .join(InboundEmail, col(InboundEmail.id) == Response.email_id)
        .where(col(InboundEmail.message_id).in_(message_ids))
        .where(col(InboundEmail.id).not_in([letter.email.id for letter in letters]))
        .group_by(col(Response.consultation_id), col(InboundEmail.message_id))
    )
    return TakenIn(
        emails={(one.consultation_id, one.digest): one.email_id for one in taken},
        responses={(consultation_id, message_id or ""): first for consultation_id, message_id, first in responses},
        handed_on=_by_words(session, letters, handed_on),
    )


def _by_words(
    session: Session, letters: Sequence[Letter], handed_on: Collection[Understood]
) -> dict[tuple[int, str], int]:
    """Of a quoted letter any earlier response, of another only those that were quoted letters."""
    quoted = {one.sender.address.lower() for one in handed_on if one.sender}
    senders = {email.sender.address.lower() for email in (one.read.understood for one in letters) if email.sender}
    address, email_id = col(Response.respondent_address), col(Response.email_id)
    found = select(Response).where(
        col(Response.consultation_id).in_(select(Consultation.id)),  # for the index, which begins with it
        address.in_(quoted | senders),
        sa.or_(address.in_(quoted), col(Response.forwarded_by).is_not(None)),
        sa.or_(email_id.is_(None), email_id.not_in([letter.email.id for letter in letters])),
    )
    first = dict[tuple[int, str], int]()
    for response in session.exec(found.order_by(col(Response.id))):
        words = _words_of(response.respondent_address, response.own_words)
        first.setdefault((response.consultation_id, words), response.id)
    return first


def _same_words(email: Understood) -> str:
    return _words_of(email.sender.address if email.sender else None, email.own_words)


def _same_words_inside(email: Understood) -> str:
    """The mark a quoted letter would have, had it come by itself."""
    original = email.forwarded
    if original is None or original.sender is None:
        return ""
    return _words_of(original.sender.address, own_words(original.text))


def _words_of(address: str | None, words: str) -> str:
    """ "" says nothing: many letters have no words but those in their attachment."""
    folded = " ".join(words.casefold().split())
    return f"{(address or '').lower()} {folded}" if folded else ""


def keep_earliest_receipt(
    session: Session, email_id: int | None, received_at: datetime | None, *, now: datetime
) -> None:
    """A letter was received when its first copy was, whichever copy was recorded first. Of one that an officer handed
    on nobody may have known."""
    if email_id is None or received_at is None:
        return
    responses = session.exec(select(Response).where(Response.email_id == email_id)).all()
    additions = session.exec(select(Addition).where(Addition.email_id == email_id)).all()
    rows: list[Response | Addition] = [*responses, *additions]
    for row in rows:
        if row.received_at is not None and received_at < row.received_at:
            row.received_at = received_at
            note(session, row, "received-earlier", now=now)
    for response in responses:
        if response.received_at is None and response.forwarded_by:
            response.received_at = received_at
            note(session, response, "received-directly", now=now)


def forwarded_unanswered(session: Session, email_id: int | None) -> Sequence[Response]:
    """The responses that an officer's forward made of this letter, and that its writer was told nothing of."""
    told = sa.exists().where(col(OutgoingEmail.response_id) == col(Response.id))
    forwarded = select(Response).where(
        Response.email_id == email_id, col(Response.forwarded_by).is_not(None), col(Response.withdrawn_at).is_(None)
    )
    return session.exec(forwarded.where(~told).order_by(col(Response.id))).all()


def settle_held_copies(session: Session, recorded: Sequence[tuple[int, Letter]], *, now: datetime) -> None:
    """Copies that waited for a person, in junk or at an officer's address, wait for nothing once one is recorded."""
    recorded_by = {(consultation_id, letter.read.digest): letter.email.id for consultation_id, letter in recorded}
    held = select(InboundEmail).where(
        InboundEmail.status == EmailStatus.held,
        col(InboundEmail.letter_digest).in_({letter.read.digest for _, letter in recorded}),
    )
    for email in session.exec(held) if recorded else ():
        first = recorded_by.get((email.consultation_id or 0, email.letter_digest or ""))
        if first is not None and first != email.id:
            values: dict[str, Any] = {"duplicate_of_id": first}
            move_email(session, email, EmailStatus.ignored, now=now, reason=Reason.duplicate, **values)
            keep_earliest_receipt(session, first, email.received_at, now=now)
