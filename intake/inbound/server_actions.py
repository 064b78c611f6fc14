"""Touch a mailbox on its server: flag or move what was collected, and remove the test emails that came back to us.

This comes last in a poll: a server that refuses it keeps no email from being collected, and as the ledger keeps what is
owed, it is made good at the next poll. Never touches what is not stored here, and removes nothing but our own emails.
"""

from collections.abc import Callable, Sequence
from functools import partial

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.inbound.poll import Poll
from intake.outbound.round_trips import own_test_emails
from intake.store.emails import LedgerEntry, MailboxFolder, ServerAction

_AT_ONCE = 200


def act_on_server(this: Poll, folders: Sequence[MailboxFolder]) -> None:
    """Raises MailboxUnavailable when the server refuses."""
    verb, _, target = this.settings.server_action.partition(":")
    move_there = partial(this.server.move, folder=target)
    for row in folders:
        if this.settings.remove_round_trips:
            _each(this, row, _came_back(this, row), this.server.remove, ServerAction.removed)
        if verb == "flag":
            _each(this, row, _owed(this, row), this.server.flag, ServerAction.done)
        elif verb == "move":
            _each(this, row, _owed(this, row), move_there, ServerAction.done)


_Places = Sequence[tuple[int, int]]
"""Id of a ledger entry, and UID."""


def _each(
    this: Poll, row: MailboxFolder, places: _Places, act: Callable[[Sequence[int]], None], done: ServerAction
) -> None:
    # In a folder made anew since it was collected the same UIDs are other messages.
    if not places or this.server.open_folder(row.name, for_changes=True).uid_validity != row.uid_validity:
        return
    for start in range(0, len(places), _AT_ONCE):
        entry_ids, uids = zip(*places[start : start + _AT_ONCE], strict=True)
        act(uids)
        _note_done(this, entry_ids, done)


def _note_done(this: Poll, entry_ids: Sequence[int], done: ServerAction) -> None:
    with this.database.transaction() as session:
        this.renew(session)
        acted = sa.update(LedgerEntry).where(col(LedgerEntry.id).in_(entry_ids))
        session.execute(acted.values(server_action=done))
    this.found.server_actions += len(entry_ids)


def _owed(this: Poll, row: MailboxFolder) -> _Places:
    with this.database.reading() as session:
        return _places(session, row, col(LedgerEntry.server_action) == ServerAction.pending)


def _came_back(this: Poll, row: MailboxFolder) -> _Places:
    with this.database.reading() as session:
        is_there = col(LedgerEntry.server_action) != ServerAction.removed
        return _places(session, row, is_there & col(LedgerEntry.email_id).in_(own_test_emails()))


def _places(session: Session, row: MailboxFolder, condition: sa.ColumnElement[bool]) -> _Places:
    here = col(LedgerEntry.folder_id) == row.id, col(LedgerEntry.uid_validity) == row.uid_validity
    return session.exec(select(LedgerEntry.id, LedgerEntry.uid).where(*here, condition)).all()
