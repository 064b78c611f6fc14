"""The overview's numbers, each with the address of what it counts. Never counts by itself."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from sqlmodel import Session

from intake.accounts.access import Access
from intake.deadlines import Timing
from intake.inbound.queue import waiting_by_status
from intake.outbound.listing import Tray, counts
from intake.responses.counting import Counted
from intake.responses.filters import Filters
from intake.responses.handling import Flag
from intake.responses.noticed import Noticed
from intake.store.consultations import Consultation
from intake.store.emails import EmailStatus
from intake.store.responses import Nature, ResponseStatus
from intake.web.showing import with_query

_UNSENT = {
    Tray.failed: "of our emails refused",
    Tray.bounced: "of our emails came back",
    Tray.held: "of our emails held",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """A number that leads to what it counts. `is_urgent`: somebody has to act."""

    number: int
    label: str
    path: str
    is_urgent: bool = False


def headlines(session: Session, access: Access, total: Counted, *, only: Consultation | None) -> list[Headline]:
    """Of one consultation, or of all the user may see. What went wrong is there only when it did."""
    waiting = Counter[EmailStatus]()
    for (consultation_id, status), number in waiting_by_status(session, access).items():
        waiting[status] += number if only is None or only.id == consultation_id else 0
    held, failed = waiting[EmailStatus.held], waiting[EmailStatus.failed]
    queue = _path("/held", consultation=only.slug if only else "")
    trouble = [Headline(failed, "emails that could not be read", queue, is_urgent=True)]
    for tray, number in counts(session, access, only.id if only else None).items():
        if tray in _UNSENT:
            path = _path("/outgoing", state=tray, consultation=only.slug if only else "")
            trouble.append(Headline(number, _UNSENT[tray], path, is_urgent=True))
    of_log = list(_of_log(total, only))
    of_log.insert(2, Headline(held, f"{_noun(held, 'email')} held", queue, is_urgent=held > 0))
    return of_log + [one for one in trouble if one.number]


def log_path(filters: Filters, **more: Any) -> str:
    """The address of the log with these filters."""
    return with_query("/responses", replace(filters, **more).to_query())


def _of_log(total: Counted, only: Consultation | None) -> Iterator[Headline]:
    every = Filters(consultation=only.slug if only else None, withdrawn=False)
    answers = replace(every, nature=Nature.response)
    late = log_path(answers, timing=Timing.late)
    yield Headline(total.responses, _noun(total.responses, "response"), log_path(answers))
    yield Headline(total.unread, "unread", log_path(answers, status=(ResponseStatus.unread,)))
    yield Headline(total.needs_reply, "to reply to", log_path(every, flag=Flag.needs_reply))
    yield Headline(total.questions, _noun(total.questions, "question"), log_path(every, nature=Nature.question))
    yield Headline(total.late, "late", late)
    if total.asking:
        path = log_path(every, noticed=Noticed.asks)
        yield Headline(total.asking, "asks for something" if total.asking == 1 else "ask for something", path, True)
    if total.undecided:
        yield Headline(total.undecided, "late, to be decided", late, is_urgent=True)


def _path(path: str, **query: str) -> str:
    return with_query(path, urlencode({name: value for name, value in query.items() if value}))


def _noun(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"
