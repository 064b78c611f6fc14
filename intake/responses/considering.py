"""Whether every response has been considered, as it is said wherever something is about to be decided or told.

A decision before that can be struck down (rules for consultations: Gunning). Pure; `counting.py` counts.
"""

from intake.responses.counting import Counted
from intake.store.responses import ResponseStatus
from intake.wording import plural

BEFORE_DECIDING = "Nothing may be decided before every response has been considered."


def unread_wording(counted: Counted) -> str:
    """ "3 responses have not been read"; "" when all have."""
    return f"{_responses_have(counted.unread)} not been read" if counted.unread else ""


def unconsidered_wording(counted: Counted) -> str:
    """ "3 responses have not been read, and 2 are read but not considered"; "" when all are considered."""
    unread, read = unread_wording(counted), counted.statuses[ResponseStatus.read]
    if unread and read:
        return f"{unread}, and {read:,} {'is' if read == 1 else 'are'} read but not considered"
    return unread or (f"{_responses_have(read)} not been considered" if read else "")


def _responses_have(count: int) -> str:
    return f"{plural(count, 'response')} {'has' if count == 1 else 'have'}"
