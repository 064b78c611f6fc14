"""What is sent and answered under /api, field by field: the source of its OpenAPI description.

Never judges a value that only a consultation can judge.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from intake.deadlines import Timing
from intake.documents.kinds import GivenFile
from intake.inbound.handing_over import HandedOver, OtherAnswer
from intake.inbound.keying import LONGEST_ANSWER, LONGEST_NAME
from intake.responses.filters import LONGEST_SEARCH, Sort
from intake.responses.handling import Flag
from intake.responses.noticed import Noticed
from intake.store.database import storable
from intake.store.responses import Channel, LateDecision, Nature, ResponseStatus

MOST_ANSWERS, MOST_CHOSEN = 200, 50
YesNo = Literal["yes", "no"]
_EXAMPLE: JsonDict = {
    "consultation": "improving-education-outcomes",
    "received_at": "2020-02-20T14:30:00Z",
    "name": "Ben Hughes",
    "address": "ben.hughes@heathfield.example",
    "organisation": "Heathfield Primary School",
    "is_for_organisation": True,
    "may_publish": True,
    "answers": [
        {"question": "priorities", "text": "The first year of secondary school needs more."},
        {"asked": "How did you hear of it?", "chosen": ["From our trust"]},
    ],
}


def _words(text: str) -> str:
    return storable(text).strip()


def _one_line(text: str) -> str:
    return " ".join(storable(text).split())


Words = Annotated[str, Field(max_length=LONGEST_ANSWER), AfterValidator(_words)]
Name = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_one_line)]
Address = Annotated[str, Field(max_length=320), AfterValidator(_one_line)]
Key = Annotated[str, Field(max_length=80), AfterValidator(_one_line)]
AskedSo = Annotated[str, Field(max_length=2000), AfterValidator(_one_line)]
Option = Annotated[str, Field(max_length=500), AfterValidator(_one_line)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AnswerSent(_Sent):
    """What was said to one question: one of the consultation's, by its short name, or one of yours, as you asked it."""

    question: Key | None = None
    asked: AskedSo | None = None
    text: Words = ""
    chosen: list[Option] = Field(default_factory=list, max_length=MOST_CHOSEN, description="Of its options.")


class ResponseSent(_Sent):
    """A response that another system took. Only the consultation, and something that was said, have to be given."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, json_schema_extra={"examples": [_EXAMPLE]})

    consultation: Key = Field(description="The consultation's name in addresses.")
    received_at: AwareDatetime | None = Field(default=None, description="When you received it; now, if not given.")
    name: Name = ""
    address: Address = Field(default="", description="An email address.")
    organisation: Name = ""
    group: Key = Field(default="", description="A stakeholder group of the consultation.")
    is_for_organisation: bool | None = None
    may_publish: bool | None = Field(default=None, description="Whether they agreed; null if nobody asked.")
    is_confidential: bool = Field(default=False, description="Whether they asked for confidence.")
    text: Words = Field(default="", description="What answers no question.")
    answers: list[AnswerSent] = Field(default_factory=list, max_length=MOST_ANSWERS)
    acknowledge: bool = Field(default=True, description="Send an acknowledgement to the address, if there is one.")

    def handed_over(self, files: list[GivenFile]) -> HandedOver:
        plain = self.model_dump(exclude={"answers"})
        answers = [OtherAnswer(one.question, one.asked or "", one.text, one.chosen) for one in self.answers]
        return HandedOver(**plain, answers=answers, files=files)


class LogAsked(BaseModel):
    """What may be asked of the log; the names are those of the log's address in the pages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    consultation: str | None = Field(default=None, max_length=80)
    nature: Nature | None = None
    channel: list[Channel] = Field(default_factory=list)
    timing: Timing | None = None
    status: list[ResponseStatus] = Field(default_factory=list)
    officer: str | None = Field(default=None, pattern="^(nobody|[1-9][0-9]{0,8})$", description="A user, or nobody.")
    group: list[str] = Field(default_factory=list)
    tag: str | None = Field(default=None, max_length=40)
    flag: Flag | None = None
    noticed: Noticed | None = None
    attachments: YesNo | None = None
    withdrawn: YesNo | None = None
    received_from: date | None = Field(default=None, alias="from")
    received_to: date | None = Field(default=None, alias="to")
    q: str | None = Field(default=None, max_length=LONGEST_SEARCH, description="Words to search for.")
    sort: Sort = Sort.received
    is_reversed: YesNo | None = Field(default=None, alias="reversed")
    after: str | None = Field(default=None, max_length=600, description="As the address of the next ones has it.")


class Taken(BaseModel):
    """A response that was taken in, also when it was before."""

    reference: str
    consultation: str
    received_at: datetime | None
    timing: Timing
    url: str = Field(description="At which a token that may read finds it.")


class Answer(BaseModel):
    question: str | None
    asked: str
    chosen: list[str]
    text: str


class Addition(BaseModel):
    received_at: datetime | None
    channel: Channel
    subject: str | None
    text: str


class Attachment(BaseModel):
    name: str
    content_type: str
    size: int = Field(description="In bytes.")
    sha256: str


class Response(BaseModel):
    """A response as it stands in the log."""

    reference: str
    consultation: str
    nature: Nature
    channel: Channel
    status: ResponseStatus
    received_at: datetime | None
    recorded_at: datetime
    timing: Timing
    is_in_grace: bool
    late_decision: LateDecision | None
    withdrawn_at: datetime | None
    name: str
    address: str | None
    organisation: str | None
    group: str | None
    is_for_organisation: bool | None
    may_publish: bool | None
    is_confidential: bool
    is_abusive: bool
    needs_reply: bool
    officer: str | None
    meeting: str | None
    possible_duplicate_of: str | None
    tags: list[str]
    subject: str | None
    text: str
    answers: list[Answer]
    additions: list[Addition]
    attachments: list[Attachment]


class Responses(BaseModel):
    """Some of the log, in its order."""

    responses: list[Response]
    next: str | None = Field(description="The address of the next ones; null at the end.")


class FieldProblem(BaseModel):
    field: str
    detail: str


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = Field(default_factory=list)
