"""Named points between two steps of collecting, recording, planning and sending, where a test's process can be struck.

They are put in place by `killed.py`, in a process started for it: the product's code has no fault of ours in it. A
point's name says what has happened by then.
"""

import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from itertools import count
from typing import Any

import sqlalchemy as sa

from intake import jobs, sandbox
from intake.inbound import collecting, poll, recording, server_actions
from intake.mail import smtp
from intake.outbound import outbox, reminding
from intake.store import files

Strike = Callable[[], None]
Plant = Callable[[Strike], None]


@dataclass(frozen=True, slots=True)
class Point:
    """`command` is the one that comes by it. `is_handed_over`: the mail server may have the email by then."""

    command: str
    name: str
    plant: Plant
    is_handed_over: bool = False


def _before(owner: Any, name: str, *, call: int = 1) -> Plant:
    """Before this function is called for the first time, or that often."""

    def plant(strike: Strike) -> None:
        original, calls = getattr(owner, name), count(1)

        @wraps(original)
        def struck(*arguments: Any, **named: Any) -> Any:
            if next(calls) == call:
                strike()
            return original(*arguments, **named)

        setattr(owner, name, struck)

    return plant


def _after(owner: Any, name: str) -> Plant:
    """When this function has returned for the first time."""

    def plant(strike: Strike) -> None:
        original, calls = getattr(owner, name), count(1)

        @wraps(original)
        def struck(*arguments: Any, **named: Any) -> Any:
            returned = original(*arguments, **named)
            if next(calls) == 1:
                strike()
            return returned

        setattr(owner, name, struck)

    return plant


def _within(owner: Any, name: str, inner: Plant) -> Plant:
    """At the inner point, counted from the first call of this function on."""
    return lambda strike: _before(owner, name)(lambda: inner(strike))


def _commit(strike: Strike) -> None:
    """Everything has been written to the database, and the commit is not sent."""
    sa.event.listen(sa.Engine, "commit", lambda _: strike(), once=True)


POINTS = {
    point.name: point
    for point in (
        Point("collect", "lease taken", _before(jobs, "collect_mailbox")),
        Point("collect", "emails fetched", _before(files.FileStore, "put_many")),
        Point("collect", "files written without their names", _after(files, "_sync")),
        Point("collect", "files stored", _after(files.FileStore, "put_many")),
        Point("collect", "rows written", _within(collecting, "_collect_chunk", _commit)),
        Point("collect", "rows committed", _after(collecting, "_collect_chunk")),
        Point("collect", "poll noted", _before(collecting, "act_on_server")),
        Point("collect", "emails moved on the server", _before(server_actions, "_note_done")),
        Point("collect", "move noted", _within(server_actions, "_note_done", _commit)),
        Point("collect", "move committed", _before(poll, "give_up_lease")),
        Point("record", "claim written", _within(recording, "_claim", _commit)),
        Point("record", "claim committed", _after(recording, "_claim")),
        Point("record", "email given to its reader", _after(sandbox._Child, "give")),
        Point("record", "emails read", _before(recording, "_write_batch")),
        Point("record", "attachments stored", _after(files.FileStore, "adopt_many")),
        Point("record", "outcomes written", _after(recording, "write_outcomes")),
        Point("record", "batch written", _within(recording, "_write_batch", _commit)),
        Point("record", "batch committed", _after(recording, "_write_batch")),
        Point("send", "email claimed and filled in", _within(outbox, "_claim", _commit)),
        Point("send", "email's claim committed", _before(outbox, "_send")),
        Point("send", "signed in", _after(smtp.SmtpSender, "open")),
        Point("send", "envelope given", _before(smtp, "_give_content")),
        # The first answer within is the one to DATA, the second the one to the content.
        Point("send", "content given", _within(smtp, "_give_content", _before(smtplib.SMTP, "getreply", call=2)), True),
        Point("send", "content taken", _after(smtp.SmtpSender, "send"), True),
        Point("send", "sent noted", _within(outbox, "_note", _commit), True),
        Point("send", "sent committed", _after(outbox, "_note")),
    )
}
PLANNING_POINTS = {
    point.name: point
    for point in (
        Point("remind", "rules looked at", _before(reminding, "_make")),
        Point("remind", "emails queued", _after(reminding, "start_mailing")),
        Point("remind", "mailing written", _within(reminding, "_make", _commit)),
        Point("remind", "mailing committed", _before(reminding, "_expired")),
    )
}
"""Of what is due by the rules; what comes before `remind` is a rule whose time has come."""
