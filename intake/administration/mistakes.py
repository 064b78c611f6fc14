"""What is wrong with what an administrator typed: a sentence for each field, none with the value itself.

The rules are those of a consultation's file (`store/consultation_keys.py`); only the sentences are made for a form.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from intake.errors import LostRace, Mistakes

# What a field is called in a sentence, by its name in the form.
NAMES: Mapping[str, str] = {
    "title": "title",
    "slug": "web name",
    "reference_prefix": "reference prefix",
    "timezone": "time zone",
    "contact_name": "contact’s name",
    "contact_address": "contact’s email address",
    "contact_phone": "contact’s telephone number",
    "next_steps": "next steps",
    "privacy_notice": "privacy notice",
    "subject_words": "subject words",
    "address": "email address",
    "officer_name": "officer’s name",
    "organisation": "name of the organisation",
    "stakeholder_group": "stakeholder group",
    "consultee_key": "key",
    "domain": "domain",
    "url": "address of the page",
    "outcome_url": "address of the final document",
    "outcome_note": "note",
    "key": "short name",
    "text": "text",
    "name": "name",
    "hint": "hint",
    "options": "options",
    "about": "text about it",
    "grace_minutes": "time of grace",
    "place": "place",
    "officers": "names of the officers",
    "attendance": "number of people who came",
    "notes": "notes",
}
_FOLLOWS = frozenset({"default_factory_not_called"})  # from another field's mistake
_CHOOSE = {
    "late_policy": "Choose what happens to late responses.",
    "kind": "Choose whose address it is.",
    "online_form": "Choose how it is answered online.",
    "language": "Choose the language: English or Welsh.",
}
Part = TypeVar("Part", bound=BaseModel)


def checked(part: type[Part], given: Mapping[str, object]) -> Part:
    """The values, checked and tidied. Raises Mistakes with a sentence for each field that has to be corrected."""
    try:
        return part.model_validate(given)
    except ValidationError as invalid:
        errors = [error for error in invalid.errors(include_url=False) if error["type"] not in _FOLLOWS]
        found = {_field(error["loc"]): error for error in reversed(errors)}
    # Raised outside the except clause: the first error carries what was typed.
    raise Mistakes({field: _sentence(field, error) for field, error in reversed(found.items())})


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Turns a broken rule of a table, which only two at the same moment can come to, into LostRace."""
    try:
        yield
    except sa.exc.IntegrityError:
        raced = True
    else:
        raced = False
    if raced:
        raise LostRace


def _field(location: tuple[int | str, ...]) -> str:
    """("contact", "name") is the field `contact_name`; ("addresses", 0, "kind") is `kind`."""
    if location in ((), ("addresses",)):
        return "closes-day" if location == () else "address"
    if location[0] == "contact" and len(location) > 1:
        return f"contact_{location[1]}"
    return str(location[-1] if location[0] == "addresses" else location[0])


def _sentence(field: str, error: ErrorDetails) -> str:
    if field == "closes-day":
        return "The closing time must be later than the opening time."
    if error["loc"] == ("addresses",):
        return "Enter an email address that people are told to write to."
    name = NAMES.get(field, field)
    context: dict[str, Any] = error.get("ctx", {})
    match error["type"]:
        case _ if field in _CHOOSE:
            return _CHOOSE[field]
        case _ if error["type"] == "missing" or error["input"] == "":
            return f"Enter the {name}."
        case "string_too_long" | "too_long":
            return f"The {name} may have at most {context['max_length']} characters; shorten it."
        case "value_error":
            return f"The {name} {context['error']}."
    return f"The {name} cannot be used; correct it."
