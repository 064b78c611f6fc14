"""Test the mailboxes an administrator asked to have tested: sign in, list the folders, open each that is watched.

Owns the words of the answer. Never collects, and takes no lease: to look at folders disturbs no poll. Who waits for an
answer is a row, so a request outlives the worker that was at it.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.errors import IntakeError
from intake.inbound.collecting import watched_folders
from intake.mail.mailbox import Mailbox as MailServer
from intake.settings import MailboxSettings
from intake.store.database import Database
from intake.store.emails import Mailbox
from intake.store.history import note
from intake.store.leases import mailbox_row


@dataclass(frozen=True, slots=True)
class Testing:
    """What tests work with. `mailboxes` are those of the configuration file, by name, which `connect` takes."""

    database: Database
    mailboxes: Mapping[str, MailboxSettings]
    connect: Callable[[str], MailServer]  # raises MailboxUnavailable
    clock: Callable[[], datetime]
    stopped: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Tested:
    """The folders that were found, by name."""

    watched: list[str]
    unwatched: list[str]


def request_test(session: Session, name: str, *, now: datetime, actor: str) -> None:
    """Ask the worker to test a configured mailbox. Asked again while it waits, it is tested once more."""
    mailbox = mailbox_row(session, name)
    mailbox.test_requested_at = now
    note(session, mailbox, "test-requested", now=now, actor=actor)


def test_requested(this: Testing) -> dict[str, bool]:
    """Test every mailbox that waits for it; whether each passed, by name."""
    results: dict[str, bool] = {}
    for name, requested_at in _waiting(this):
        if this.stopped():
            break
        passed, sentence = _result(this, name)
        if _answer(this, name, requested_at, passed=passed, sentence=sentence):
            results[name] = passed
    return results


def look_at(server: MailServer, settings: MailboxSettings) -> Tested:
    """List the folders and open every watched one. Raises MailboxUnavailable, whose sentence says what to correct."""
    found = server.folders()
    watched = [folder.name for folder in watched_folders(settings, found)]
    for folder in watched:
        server.open_folder(folder)
    return Tested(watched, [folder.name for folder in found if folder.name not in watched])


def listed(names: list[str]) -> str:
    return ", ".join(sorted(names, key=str.casefold)) or "none"


def _waiting(this: Testing) -> list[tuple[str, datetime]]:
    """Mailboxes no longer configured wait in vain, and are not shown as waiting."""
    asked = select(Mailbox.name, col(Mailbox.test_requested_at)).where(
        col(Mailbox.test_requested_at).is_not(None), col(Mailbox.name).in_(list(this.mailboxes))
    )
    with this.database.reading() as session:
        rows = session.exec(asked.order_by(col(Mailbox.test_requested_at))).all()
    return [(name, requested_at) for name, requested_at in rows if requested_at]


def _result(this: Testing, name: str) -> tuple[bool, str]:
    settings = this.mailboxes[name]
    try:
        with closing(this.connect(name)) as server:
            tested = look_at(server, settings)
    except IntakeError as error:
        return False, str(error)
    return True, f"Signed in. It watches {listed(tested.watched)}. {_unwatched(settings, tested)}"


def _unwatched(settings: MailboxSettings, tested: Tested) -> str:
    """Of an officer's own mailbox the number only: names of folders there are names of people and troubles."""
    if settings.take == "all" and not settings.folders:
        return f"It does not watch {listed(tested.unwatched)}."
    return f"Other folders, not watched: {len(tested.unwatched)}."


def _answer(this: Testing, name: str, requested_at: datetime, *, passed: bool, sentence: str) -> bool:
    """Compare-and-set on the request: of two workers the first answers, and a request made meanwhile is kept."""
    with this.database.transaction() as session:
        answered = session.execute(
            sa.update(Mailbox)
            .where(col(Mailbox.name) == name, col(Mailbox.test_requested_at) == requested_at)
            .values(test_requested_at=None, tested_at=this.clock(), test_passed=passed, test_sentence=sentence)
        )
        return bool(answered.rowcount)  # type: ignore[attr-defined]
