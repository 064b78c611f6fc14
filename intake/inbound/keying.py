"""A letter, a telephone call or what was said at a meeting becomes a response: an officer keys it in, and says when it
came.

Checks what was typed; how a response is written is in `entering.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from intake.deadlines import closing_wording
from intake.documents.kinds import LONGEST_FILE, MOST_FILES, GivenFile
from intake.errors import Mistakes
from intake.inbound.entering import Entry, GivenAnswer, enter, store_files
from intake.mail.usable_addresses import is_usable_address, tidy_address
from intake.outbound.acknowledging import AcknowledgementRules
from intake.store.consultations import Consultation, Question, QuestionKind, questions_asked
from intake.store.files import FileStore
from intake.store.online import Meeting
from intake.store.responses import KEYED_CHANNELS, Channel, Response
from intake.store.users import User

LONGEST_NAME = 200
LONGEST_ANSWER = 100_000  # characters: a long letter, typed out


@dataclass(frozen=True, slots=True)
class Keyed:
    """What was typed. `answers`: by a question's id its text and what was chosen; `text` is what answers none."""

    channel: Channel | None
    received_at: datetime | None
    name: str = ""
    organisation: str = ""
    address: str = ""
    group: str = ""
    text: str = ""
    is_for_organisation: bool | None = None
    may_publish: bool | None = None
    answers: Mapping[int, tuple[str, Sequence[str]]] = field(default_factory=dict)
    scans: Sequence[GivenFile] = ()
    meeting: Meeting | None = None


def key_in(
    session: Session,
    files: FileStore,
    consultation: Consultation,
    keyed: Keyed,
    groups: Sequence[str],
    *,
    user: User,
    now: datetime,
    rules: AcknowledgementRules | None,
) -> Response:
    """The response. `groups` may be chosen; without `rules` nobody is told. Raises Mistakes."""
    questions = questions_of(session, consultation)
    mistakes = _mistakes(consultation, questions, keyed, groups, now)
    if mistakes or keyed.channel is None:
        raise Mistakes(mistakes)
    entry = Entry(
        keyed.channel,
        keyed.received_at,
        name=keyed.name,
        address=tidy_address(keyed.address) or None,
        organisation=keyed.organisation or None,
        stakeholder_group=keyed.group or None,
        is_for_organisation=keyed.is_for_organisation,
        may_publish=keyed.may_publish,
        text=keyed.text,
        answers=answers_to(questions, keyed.answers),
        files=store_files(files, keyed.scans),
        meeting_id=keyed.meeting.id if keyed.meeting else None,
        detail={"meeting": keyed.meeting.id} if keyed.meeting else {},
    )
    [response] = enter(session, consultation, [entry], now=now, actor=user.actor, rules=rules)
    return response


def questions_of(session: Session, consultation: Consultation) -> Sequence[Question]:
    """Those that can be answered in words or by options, in their order; files are scans of the whole."""
    return [one for one in questions_asked(session, consultation) if one.kind is not QuestionKind.file]


def mistake_of_receipt(consultation: Consultation, received_at: datetime, now: datetime) -> str | None:
    """Why it cannot have come then."""
    if received_at > now:
        return "It cannot have come later than now; correct the date."
    if received_at < consultation.opens_at:
        opened = closing_wording(consultation.opens_at, consultation.zone)
        return f"The consultation opened only at {opened}; correct the date."
    return None


def mistakes_in_details(name: str, organisation: str, address: str) -> dict[str, str]:
    """Of whoever answered; by the name of the field."""
    given = {"name": name, "organisation": organisation}
    mistakes = {
        field: f"The {field} may have at most {LONGEST_NAME} characters; shorten it."
        for field, text in given.items()
        if len(text) > LONGEST_NAME
    }
    if address and not is_usable_address(tidy_address(address)):
        mistakes["address"] = "This is not an email address; write it like name@example.com, or leave it empty."
    return mistakes


def answers_to(questions: Sequence[Question], given: Mapping[int, tuple[str, Sequence[str]]]) -> list[GivenAnswer]:
    """Every question, also without an answer, once one of them has one; so that it is seen what was left out."""
    answers = [GivenAnswer.to(one, *given.get(one.id, ("", ()))) for one in questions]
    return answers if any(one.words for one in answers) else []


def _mistakes(
    consultation: Consultation, questions: Sequence[Question], keyed: Keyed, groups: Sequence[str], now: datetime
) -> dict[str, str]:
    mistakes: dict[str, str] = {}
    if keyed.channel not in KEYED_CHANNELS or (keyed.channel is Channel.meeting) is not bool(keyed.meeting):
        mistakes["channel"] = "Choose how it came: by letter or by phone."
    if keyed.received_at and (wrong := mistake_of_receipt(consultation, keyed.received_at, now)):
        mistakes["received-day"] = wrong
    mistakes |= mistakes_in_details(keyed.name, keyed.organisation, keyed.address)
    if keyed.group and keyed.group not in groups:
        mistakes["stakeholder_group"] = "Choose one of the groups."
    return mistakes | _mistakes_in_answers(questions, keyed) | _mistakes_in_scans(keyed.scans)


def _mistakes_in_answers(questions: Sequence[Question], keyed: Keyed) -> dict[str, str]:
    given = {one.id: keyed.answers.get(one.id, ("", ())) for one in questions}
    texts = {"text": keyed.text} | {f"question-{key}": text for key, (text, _) in given.items()}
    too_long = f"This may have at most {LONGEST_ANSWER:,} characters; give the rest as a scan."
    mistakes = {name: too_long for name, text in texts.items() if len(text) > LONGEST_ANSWER}
    for one in questions:
        if not set(given[one.id][1]) <= set(one.options):
            mistakes[f"question-{one.id}"] = "Choose among the options."
    if not (keyed.text or keyed.scans or any(text or chosen for text, chosen in given.values())):
        mistakes["text"] = "Key in what was said, or choose a scan of it."
    return mistakes


def _mistakes_in_scans(scans: Sequence[GivenFile]) -> dict[str, str]:
    if len(scans) > MOST_FILES:
        return {"scans": f"Choose at most {MOST_FILES} files."}
    if any(len(one.content) > LONGEST_FILE for one in scans):
        return {"scans": "One of the files is larger than 25 MB; scan it with fewer dots, or in parts."}
    if not all(one.content for one in scans):
        return {"scans": "There is nothing in one of the files; choose another."}
    return {}
