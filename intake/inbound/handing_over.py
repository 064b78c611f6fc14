"""What another system hands over becomes a response: once for each key, however often it is sent.

Judged by the rules of what officers key in, because whoever answered cannot be asked again: nothing has to be given
but something that was said. Never reads a request; `intake/web/api` does.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, select

from intake.accounts.access import Access
from intake.documents.kinds import GivenFile, refusal
from intake.errors import LostRace, Mistakes, NotPossible
from intake.inbound.entering import Entry, GivenAnswer, enter, store_files
from intake.inbound.keying import answers_to, mistake_of_receipt, mistakes_in_details, questions_of
from intake.mail.usable_addresses import tidy_address
from intake.outbound.acknowledging import AcknowledgementRules
from intake.store.consultations import Consultation, Question, QuestionKind
from intake.store.database import Database, add_if_new
from intake.store.files import FileStore
from intake.store.online import ApiRequest, ApiToken
from intake.store.people import groups_of
from intake.store.responses import Channel, Response


class KeyUsedBefore(LostRace):
    """This Idempotency-Key was used before, for something else; nothing was recorded. Take a new key for each
    response."""


class NotOpenYet(NotPossible):
    """The consultation has not opened yet, so nothing was recorded; hand it over once it has."""


class Archived(NotPossible):
    """The consultation is archived, so nothing was recorded; ask the council to take it out of the archive."""


@dataclass(frozen=True, slots=True)
class OtherAnswer:
    """To the question of ours with the key `question`, or else to one of the other system's, as it was `asked`."""

    question: str | None = None
    asked: str = ""
    text: str = ""
    chosen: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What another system says that somebody answered. Without `received_at` it was received now."""

    consultation: str  # by its slug
    received_at: datetime | None = None
    name: str = ""
    address: str = ""
    organisation: str = ""
    group: str = ""
    is_for_organisation: bool | None = None
    may_publish: bool | None = None
    is_confidential: bool = False
    text: str = ""
    answers: Sequence[OtherAnswer] = ()
    files: Sequence[GivenFile] = ()
    acknowledge: bool = True  # where there is an address


@dataclass(frozen=True, slots=True)
class Sending:
    """By which token it came, with which key, and the SHA-256 of all that was sent."""

    token: ApiToken
    key: str
    sha256: str


def sending_of(token: ApiToken, key: str, told: bytes, files: Sequence[GivenFile]) -> Sending:
    """`told`: what is said of the response, always written in the same way."""
    known = hashlib.sha256(told)
    for file in files:
        known.update(f"\n{file.filename}\n".encode())
        known.update(hashlib.sha256(file.content).digest())
    return Sending(token, key, known.hexdigest())


def hand_over(
    database: Database,
    files: FileStore,
    sending: Sending,
    handed: HandedOver,
    access: Access,
    *,
    now: datetime,
    rules: AcknowledgementRules,
) -> Response:
    """The response; of two at once with one key the second waits, and gets the first one's.

    Raises NotOpenYet, Archived, KeyUsedBefore, or Mistakes by the names of the fields.
    """
    with database.reading() as session:
        if made := _made_before(session, sending):
            return made
        consultation = _consultation(session, access, handed)
        entry = _judged(session, consultation, handed, now)
    entry = replace(entry, files=store_files(files, handed.files), detail={"token": sending.token.id})
    with database.transaction() as session:
        add_if_new(session, ApiRequest, token_id=sending.token.id, key=sending.key, body_sha256=sending.sha256, at=now)
        if made := _made_before(session, sending):
            return made
        own, told = session.get_one(Consultation, consultation.id), rules if handed.acknowledge else None
        [response] = enter(session, own, [entry], now=now, actor=f"token {sending.token.id}", rules=told)
        session.get_one(ApiRequest, (sending.token.id, sending.key)).response_id = response.id
        return response


def _made_before(session: Session, sending: Sending) -> Response | None:
    """By a request with this key. Raises KeyUsedBefore where that said something else."""
    made = session.get(ApiRequest, (sending.token.id, sending.key))
    if made is None:
        return None
    if made.body_sha256 != sending.sha256:
        raise KeyUsedBefore
    return session.get_one(Response, made.response_id) if made.response_id else None


def _consultation(session: Session, access: Access, handed: HandedOver) -> Consultation:
    own = select(Consultation).where(Consultation.slug == handed.consultation, access.limit(Consultation.id))
    consultation = session.exec(own).first()
    if consultation is None:
        raise Mistakes({"consultation": "There is no such consultation that this token may hand over to; correct it."})
    if consultation.archived_at:
        raise Archived
    return consultation


def _judged(session: Session, consultation: Consultation, handed: HandedOver, now: datetime) -> Entry:
    if now < consultation.opens_at:
        raise NotOpenYet
    received_at = handed.received_at or now
    questions = {one.key: one for one in questions_of(session, consultation)}
    mistakes = mistakes_in_details(handed.name, handed.organisation, handed.address)
    if wrong := mistake_of_receipt(consultation, received_at, now):
        mistakes["received_at"] = wrong
    if handed.group and handed.group not in groups_of(session, consultation.id):
        mistakes["group"] = "The consultation has no such stakeholder group; correct it, or leave it out."
    mistakes |= _mistakes_in_answers(handed.answers, questions)
    for number, file in enumerate(handed.files):
        if wrong := refusal(file.filename, file.content):
            mistakes[f"files.{number}"] = wrong
    if not (handed.text or handed.files or any(one.text or one.chosen for one in handed.answers)):
        mistakes["text"] = "Nothing was said: give a text, an answer or a file."
    if mistakes:
        raise Mistakes(mistakes)
    return _entry(handed, list(questions.values()), received_at)


def _mistakes_in_answers(answers: Sequence[OtherAnswer], questions: Mapping[str, Question]) -> dict[str, str]:
    mistakes, seen = dict[str, str](), set[str]()
    for number, answer in enumerate(answers):
        if answer.question and answer.question in seen:
            mistakes[f"answers.{number}"] = "This question is answered twice; give each answer once."
        elif wrong := _mistake_in(answer, questions):
            mistakes[f"answers.{number}"] = wrong
        seen |= {answer.question or ""}
    return mistakes


def _mistake_in(answer: OtherAnswer, questions: Mapping[str, Question]) -> str | None:
    if not answer.question:
        return None if answer.asked else "Say which question it answers, as question or asked."
    question = questions.get(answer.question)
    if question is None:
        return "The consultation has no such question to be answered in words; correct it, or say how it was asked."
    if not set(answer.chosen) <= set(question.options):
        return "Not everything that was chosen is an option of the question; write the options as they are."
    if len(set(answer.chosen)) > 1 and question.kind is not QuestionKind.choices:
        return "Only one of the options of this question can be chosen; leave the others out."
    return None


def _entry(handed: HandedOver, questions: Sequence[Question], received_at: datetime) -> Entry:
    ours = {one.question: (one.text, one.chosen) for one in handed.answers if one.question}
    others = [GivenAnswer(one.asked, one.text, tuple(one.chosen)) for one in handed.answers if not one.question]
    return Entry(
        Channel.online,
        received_at,
        name=handed.name,
        address=tidy_address(handed.address) or None,
        organisation=handed.organisation or None,
        stakeholder_group=handed.group or None,
        is_for_organisation=handed.is_for_organisation,
        may_publish=handed.may_publish,
        is_confidential=handed.is_confidential,
        text=handed.text,
        answers=[*answers_to(questions, {one.id: ours[one.key] for one in questions if one.key in ours}), *others],
    )
