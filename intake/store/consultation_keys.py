"""The keys of a consultation's file: what each may hold, and the sentence that says what is wrong with one.

Never reads a file and never sees the database.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from unicodedata import category
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from intake.deadlines import parse_instant
from intake.mail.usable_addresses import tidy_address
from intake.store.consultations import AddressKind, LatePolicy, OnlineForm, QuestionKind
from intake.toml_files import first_mistake, mistake_in_words

_ADDRESS = re.compile(r"[^\s\x00-\x1f@<>()\[\],;:\\\"]+@[\w-]+(\.[\w-]+)+")
_DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)+")
_NAMED = re.compile(r"(?P<name>[^<]*)<(?P<address>[^<>]*)>")
LONGEST_NAME = 200
LONGEST_GRACE = 24 * 60  # minutes
LONGEST_OPTION = 200
MOST_OPTIONS = 50


def named_address(name: str, address: str) -> str:
    """ "Ben Hughes <ben@school.example>", or the bare address of somebody without a name."""
    return f"{name} <{address}>" if name else address


def split_address(text: str) -> tuple[str, str]:
    """Name and address of either form above; the name is empty where there is none."""
    found = _NAMED.fullmatch(text.strip())
    return (found["name"].strip('" '), found["address"].strip()) if found else ("", text.strip())


def _one_line(text: str) -> str:
    if _controls(text):
        raise ValueError("must be one line of plain text")
    return text


def _plain_text(text: str) -> str:
    if _controls(text) - {"\n", "\t"}:
        raise ValueError("must be plain text without control characters")
    return text


def _controls(text: str) -> set[str]:
    return {character for character in text if category(character) in ("Cc", "Zl", "Zp")}


def _address(text: str) -> str:
    address = tidy_address(text)
    if not _ADDRESS.fullmatch(address):
        raise ValueError("is not an email address")
    return address


def _named_address(text: str) -> str:
    name, address = split_address(text)
    return named_address(_contact_name(name), _address(address))


def _contact_name(text: str) -> str:
    """Such that name and address can be told apart again."""
    text = _one_line(text).strip('" ')
    if len(text) > LONGEST_NAME or {"<", ">"} & set(text):
        raise ValueError(f"must have at most {LONGEST_NAME} characters, and neither < nor >")
    return text


def _domain(text: str) -> str:
    if not _DOMAIN.fullmatch(text):
        raise ValueError('is not the domain of email addresses, such as "school.example"')
    return text.lower()


def _slug(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text):
        raise ValueError("must be lower-case letters, digits and single hyphens")
    if text == "new":
        raise ValueError("is one of intake's own pages; choose another")
    return text


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{2,8}", text):
        raise ValueError("must be 2 to 8 capital letters")
    return text


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError('is not a timezone, such as "Europe/London"') from None
    return text


def _grace(value: object) -> object:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LONGEST_GRACE:
        raise ValueError(f"must be whole minutes, from 0 to {LONGEST_GRACE}")
    return value


def _subject_words(text: str) -> str:
    # As they are compared with a subject: in lower case, with single spaces.
    return " ".join(text.lower().split())


Line = Annotated[str, Field(min_length=1), AfterValidator(_one_line)]
Text = Annotated[str, Field(min_length=1), AfterValidator(_plain_text)]
EmailAddress = Annotated[str, Field(max_length=320), AfterValidator(_address)]
Slug = Annotated[str, Field(max_length=80), AfterValidator(_slug)]
Prefix = Annotated[str, AfterValidator(_prefix)]
Timezone = Annotated[str, Field(max_length=40), AfterValidator(_timezone)]
SubjectWords = Annotated[Line, AfterValidator(_subject_words)]
GroupName = Annotated[Line, Field(max_length=80)]
ContactName = Annotated[str, AfterValidator(_contact_name)]
NamedAddress = Annotated[str, AfterValidator(_named_address)]
Domain = Annotated[str, Field(max_length=255), AfterValidator(_domain)]
Language = Literal["en", "cy"]
Hint = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_plain_text)]
About = Annotated[str, Field(max_length=10_000), AfterValidator(_plain_text)]
GraceMinutes = Annotated[int, BeforeValidator(_grace)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Contact(Part):
    name: Line = Field(max_length=200)
    address: EmailAddress
    phone: Line | None = Field(default=None, max_length=40)


class AddressPart(Part):
    address: EmailAddress
    kind: AddressKind
    officer_name: Line | None = Field(default=None, max_length=200)


class QuestionPart(Part):
    """`options` are those of a kind that has some, in the order they are shown."""

    key: Line = Field(max_length=40)
    text: Text = Field(max_length=2000)
    kind: QuestionKind = QuestionKind.text
    hint: Hint | None = None
    is_required: StrictBool = False
    options: list[Line] = Field(default=[], validate_default=True)

    @field_validator("options")
    @classmethod
    def _some_to_choose_from(cls, options: list[str], info: ValidationInfo) -> list[str]:
        kind = info.data.get("kind", QuestionKind.text)
        if not kind.has_options:
            if options:
                raise ValueError("are only for the kinds choice, choices and scale")
            return options
        if not 2 <= len(options) <= MOST_OPTIONS or len(set(options)) < len(options):
            raise ValueError(f"must be 2 to {MOST_OPTIONS} different ones")
        if max(map(len, options)) > LONGEST_OPTION:
            raise ValueError(f"may have at most {LONGEST_OPTION} characters each")
        return options


class ConsulteePart(Part):
    """`not_mailed` are those of its addresses that it only writes from."""

    organisation: Line = Field(max_length=200)
    stakeholder_group: GroupName
    key: Line | None = Field(default=None, max_length=80)
    domain: Domain | None = None
    language: Language = "en"
    addresses: list[NamedAddress] = []
    not_mailed: list[EmailAddress] | None = None

    @field_validator("addresses")
    @classmethod
    def _each_address_once(cls, addresses: list[str]) -> list[str]:
        return _each_once(addresses, [split_address(address)[1] for address in addresses])

    @field_validator("not_mailed")
    @classmethod
    def _some_of_its_addresses(cls, not_mailed: list[str] | None, info: ValidationInfo) -> list[str] | None:
        own = {split_address(address)[1] for address in info.data.get("addresses", [])}
        if set(not_mailed or ()) - own:
            raise ValueError("names an address that is not in addresses")
        return not_mailed or None


class ConsultationFile(Part):
    """Everything a file says of a consultation. Instants are UTC, addresses and subject words in lower case."""

    slug: Slug
    title: Line = Field(max_length=200)
    reference_prefix: Prefix
    timezone: Timezone = "Europe/London"
    opens_at: datetime
    closes_at: datetime
    late_policy: LatePolicy = LatePolicy.accept
    acknowledges_forwards: StrictBool = False
    subject_words: list[SubjectWords] = Field(default_factory=lambda given: [_subject_words(given["title"])])
    about: About = ""
    online_form: OnlineForm = OnlineForm.off
    grace_minutes: GraceMinutes = 30
    next_steps: Text
    privacy_notice: Text
    contact: Contact
    addresses: list[AddressPart] = Field(default=[], validate_default=True)
    questions: list[QuestionPart] = []
    consultees: list[ConsulteePart] = []
    stakeholder_groups: list[GroupName] = Field(default_factory=lambda given: _groups_of(given.get("consultees", [])))

    @field_validator("opens_at", "closes_at", mode="before")
    @classmethod
    def _instant(cls, value: object, info: ValidationInfo) -> datetime:
        timezone = ZoneInfo(info.data.get("timezone", "Europe/London"))
        return parse_instant(value, timezone=timezone, key=info.field_name or "")

    @field_validator("addresses")
    @classmethod
    def _some_published_address(cls, addresses: list[AddressPart]) -> list[AddressPart]:
        if not addresses:
            raise ValueError("is empty; add at least one published address as [[addresses]]")
        return _each_once(addresses, [part.address for part in addresses])

    @field_validator("questions")
    @classmethod
    def _each_question_once(cls, questions: list[QuestionPart]) -> list[QuestionPart]:
        return _each_once(questions, [part.key for part in questions])

    @field_validator("consultees")
    @classmethod
    def _each_organisation_once(cls, consultees: list[ConsulteePart]) -> list[ConsulteePart]:
        _each_once(consultees, [part.key or f"\n{number}" for number, part in enumerate(consultees)])
        return _each_once(consultees, [part.organisation for part in consultees])

    @field_validator("stakeholder_groups")
    @classmethod
    def _every_consultees_group(cls, groups: list[str], info: ValidationInfo) -> list[str]:
        if missing := set(_groups_of(info.data.get("consultees", []))) - set(groups):
            raise ValueError(f"lacks {len(missing)} of the groups that consultees are in; add every one")
        return _each_once(groups, groups)

    @model_validator(mode="after")
    def _closes_after_opening(self) -> Self:
        if self.closes_at <= self.opens_at:
            raise ValueError("closes_at must be later than opens_at")
        return self


def what_is_wrong(invalid: ValidationError) -> str:
    """One sentence about the first thing that is wrong, without any value: it may be somebody's address."""
    error = first_mistake(invalid)
    known = _part_of(error["loc"]).model_fields
    return mistake_in_words(error, _name(error["loc"]), known=known, key="key", table="table")


def _name(location: tuple[int | str, ...]) -> str:
    """ "kind in addresses number 3", counted from 1 as people do."""
    parts: list[str] = []
    for part in location:
        if isinstance(part, int):
            parts[-1] += f" number {part + 1}"
        else:
            parts.append(part)
    return " in ".join(reversed(parts))


def _part_of(location: tuple[int | str, ...]) -> type[BaseModel]:
    parts: dict[int | str, type[BaseModel]] = {
        "contact": Contact,
        "addresses": AddressPart,
        "questions": QuestionPart,
        "consultees": ConsulteePart,
    }
    return parts.get(location[0], ConsultationFile) if len(location) > 1 else ConsultationFile


def _groups_of(consultees: Sequence[ConsulteePart]) -> list[str]:
    """In the order they first come in."""
    return list(dict.fromkeys(part.stakeholder_group for part in consultees))


def _each_once(parts: list[Any], keys: Sequence[str]) -> list[Any]:
    for number, key in enumerate(keys, start=1):
        first = keys.index(key) + 1
        if first != number:
            raise ValueError(f"says the same twice, in number {first} and number {number}")
    return parts
