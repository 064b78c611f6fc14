"""What is wrong with the answers in a form, in sentences that say how to put it right.

Knows the questions and what was given; neither a database nor a page.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from intake.inbound.drafts import Draft
from intake.mail.usable_addresses import is_usable_address
from intake.store.consultations import Question, QuestionKind

NO_GROUP = "-"
"""What is given for a group by whoever is of none, or would rather not say."""
LONGEST_ANSWER, LONGEST_NAME, LONGEST_ADDRESS = 20_000, 200, 320  # characters


def mistakes_in_questions(draft: Draft, questions: Sequence[Question]) -> dict[str, str]:
    """By the name of the field."""
    found = {f"question-{one.id}": _mistake(one, draft.given, bool(draft.files_of(one))) for one in questions}
    return {field: sentence for field, sentence in found.items() if sentence}


def mistakes_in_person(given: Mapping[str, Any], groups: Sequence[str]) -> dict[str, str]:
    """Nothing of it has to be given but what somebody answers for, and whether it may be published."""
    found = dict[str, str]()
    for field, name, most in (
        ("name", "name", LONGEST_NAME),
        ("organisation", "name of the organisation", LONGEST_NAME),
        ("address", "email address", LONGEST_ADDRESS),
    ):
        if len(given.get(field, "")) > most:
            found[field] = f"Your {name} must be {most} characters or fewer."
    address = given.get("address", "")
    if address and "address" not in found and not is_usable_address(address):
        found["address"] = "Enter an email address in the correct format, like name@example.com, or leave it empty."
    if given.get("is_for_organisation") not in ("yes", "no"):
        found["is_for_organisation"] = "Select whether you are answering for yourself or for an organisation."
    elif given["is_for_organisation"] == "yes" and not given.get("organisation"):
        found["organisation"] = "Enter the name of the organisation."
    if given.get("group") and given["group"] not in (*groups, NO_GROUP):
        found["group"] = "Select one of the groups, or none."
    if given.get("may_publish") not in ("yes", "no"):
        found["may_publish"] = "Select whether we may publish your response."
    return found


def mistakes_in(draft: Draft) -> dict[str, str]:
    """In the whole form, as it is handed in."""
    found = mistakes_in_questions(draft, draft.questions) | mistakes_in_person(draft.given, draft.groups)
    if not found and not is_answered(draft):
        first = draft.questions[0]
        found[f"question-{first.id}"] = "Answer at least one question."
    return found


def is_answered(draft: Draft) -> bool:
    return bool(draft.files) or any(_said(draft.given.get(f"question-{one.id}")) for one in draft.questions)


def chosen(question: Question, given: Mapping[str, Any]) -> list[str]:
    """Of its options, in their order, whatever a browser sent."""
    value = given.get(f"question-{question.id}", [])
    picked = [value] if isinstance(value, str) else value
    return [option for option in question.options if option in picked]


def _mistake(question: Question, given: Mapping[str, Any], has_files: bool) -> str | None:
    value = given.get(f"question-{question.id}")
    if question.kind is QuestionKind.file:
        return "Choose a file." if question.is_required and not has_files else None
    if question.kind.has_options:
        unknown = set(_many(value)) - set(question.options)
        if unknown or (question.is_required and not _said(value)):
            return "Select at least one answer." if question.kind is QuestionKind.choices else "Select an answer."
        return None
    if question.is_required and not _said(value):
        return "Enter your answer."
    if value and len(value) > LONGEST_ANSWER:
        return f"Your answer must be {LONGEST_ANSWER:,} characters or fewer; shorten it."
    return None


def _many(value: str | list[str] | None) -> Iterable[str]:
    return [] if not value else [value] if isinstance(value, str) else value


def _said(value: str | list[str] | None) -> bool:
    return any(one.strip() for one in _many(value))
