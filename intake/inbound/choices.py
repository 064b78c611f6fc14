"""What an officer may decide about an email that waits, by the reason it waits for. A table; it never decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from intake.store.decisions import DecisionKind
from intake.store.emails import EmailStatus, InboundEmail
from intake.store.reasons import Reason
from intake.store.responses import Nature


class Choice(StrEnum):
    """One thing to decide, as an officer reads it."""

    label: str
    kind: DecisionKind
    nature: Nature | None

    def __new__(cls, value: str, label: str, kind: DecisionKind, nature: Nature | None = None) -> "Choice":
        member = str.__new__(cls, value)
        member._value_ = value
        member.label, member.kind, member.nature = label, kind, nature
        return member

    response = "response", "Record it as a response", DecisionKind.record, Nature.response
    question = "question", "Record it as a question", DecisionKind.record, Nature.question
    addition = "addition", "Join it to an earlier response", DecisionKind.addition
    again = "again", "Try again", DecisionKind.again
    fetch = "fetch", "Fetch the whole email", DecisionKind.fetch
    ignore = "ignore", "Ignore it", DecisionKind.ignore


@dataclass(frozen=True, slots=True)
class Choices:
    """`options` in the order they are shown. `preselected` None: no choice is the likely one."""

    advice: str
    options: tuple[Choice, ...]
    preselected: Choice | None = None


IGNORE_REASONS: Mapping[Reason, str] = {
    Reason.spam: "It is spam",
    Reason.not_about_it: "It is not about a consultation",
    Reason.private: "It is private",
    Reason.a_copy: "It is a copy of something already here",
    Reason.other_reason: "Another reason",
}

_RESPONSE_FIRST = (Choice.response, Choice.question, Choice.addition, Choice.ignore)
_QUESTION_FIRST = (Choice.question, Choice.response, Choice.addition, Choice.ignore)
_ADDITION_FIRST = (Choice.addition, Choice.response, Choice.question, Choice.ignore)
_ANEW = (Choice.response, Choice.question, Choice.addition, Choice.again, Choice.ignore)

_HELD: Mapping[Reason, Choices] = {
    Reason.possible_question: Choices(
        "Most emails to an officer's own address ask something; a question is answered, and does not count as a "
        "response.",
        _QUESTION_FIRST,
        Choice.question,
    ),
    Reason.unknown_address: Choices(
        "Choose the consultation it is meant for. If its address should have been known, publish the address and try "
        "again.",
        _ANEW,
        Choice.response,
    ),
    Reason.found_in_junk: Choices("Read it first: real letters are found in junk, and so is junk.", _RESPONSE_FIRST),
    Reason.list_mail: Choices(
        "Newsletters need nothing; a letter that a list passed on is a response.", _RESPONSE_FIRST, Choice.ignore
    ),
    Reason.possible_auto_reply: Choices(
        "An automatic reply needs nothing; a letter in a person's own words is a response.",
        _RESPONSE_FIRST,
        Choice.ignore,
    ),
    Reason.names_a_reference: Choices(
        "If the same person or organisation wrote both, join it; otherwise record it on its own.",
        _ADDITION_FIRST,
        Choice.addition,
    ),
    Reason.another_senders_thread: Choices(
        "If it was written for the same respondent, such as by a colleague, join it; otherwise record it on its own.",
        _ADDITION_FIRST,
        Choice.addition,
    ),
    Reason.answers_withdrawn: Choices(
        "Record it on its own, or restore the withdrawn response first and then join it.",
        (Choice.response, Choice.question, Choice.addition, Choice.ignore),
        Choice.response,
    ),
    Reason.forwarded_by_officer: Choices(
        "Check who wrote the letter and when it first came; the response is theirs, not the officer's.",
        _RESPONSE_FIRST,
        Choice.response,
    ),
    Reason.unproven_officer: Choices(
        "Anybody can write an officer's address into an email. Ask the officer whether they sent it; if so, say who "
        "wrote the letter.",
        _ANEW,
    ),
    Reason.from_ourselves: Choices(
        "Our own letters and copies of our answers need nothing.", _RESPONSE_FIRST, Choice.ignore
    ),
    Reason.oversize: Choices(
        "Fetching it takes a moment at the next look into its mailbox; then it is dealt with like any other email.",
        (Choice.fetch, Choice.ignore),
        Choice.fetch,
    ),
    Reason.encrypted: Choices(
        "Nobody can read it here. Ask its sender for the letter without encryption; record it only if it has to count "
        "as it came.",
        _RESPONSE_FIRST,
    ),
    Reason.asks_to_withdraw: Choices(
        "Join it to the response it is about; what it asks for is then shown there until an officer has dealt with it.",
        _ADDITION_FIRST,
        Choice.addition,
    ),
    Reason.asks_to_replace: Choices(
        "Join it to the response it replaces; or record it on its own, and withdraw the earlier one.",
        _ADDITION_FIRST,
        Choice.addition,
    ),
    Reason.empty: Choices(
        "Nothing can be read in it. Look at the whole email before you decide.", _RESPONSE_FIRST, Choice.ignore
    ),
    Reason.no_sender: Choices("Say who wrote it, then it can be recorded.", _RESPONSE_FIRST, Choice.response),
}
_FAILED = Choices(
    "It is tried again by itself at growing intervals. Try now if the cause is gone; ignore it if it cannot be mended.",
    (Choice.again, Choice.ignore),
    Choice.again,
)
_ANY_HELD = Choices("Decide what becomes of it.", _ANEW)
_JUDGED_BY_RULE = Choices("Nothing is owed for it. If that is wrong, have it judged again.", (Choice.again,))
_TAKE_BACK = Choices(
    "It was ignored. If that was wrong, say what becomes of it instead.",
    (Choice.response, Choice.question, Choice.addition, Choice.again),
)
_FETCH_AFTER_ALL = Choices("It was ignored, and only its headers are here.", (Choice.fetch,))


def choices_for(email: InboundEmail) -> Choices | None:
    """What may be decided now; None for an email that waits for nobody: recorded, or about to be."""
    match email.status:
        case EmailStatus.held:
            return _HELD.get(Reason.of(email.reason), _ANY_HELD) if email.reason else _ANY_HELD
        case EmailStatus.failed:
            return _FAILED
        case EmailStatus.ignored if email.is_headers_only:
            return _FETCH_AFTER_ALL
        case EmailStatus.ignored:
            by_rule = (Reason.duplicate, Reason.own_mail, Reason.bounce, Reason.handed_on)
            return _JUDGED_BY_RULE if email.reason in by_rule else _TAKE_BACK
        case _:
            return None
