"""What is flagged or moved on the server: only what is stored, only as configured, and sooner or later."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from intake import jobs
from intake.errors import MailboxUnavailable
from intake.settings import MailboxSettings
from intake.store.emails import LedgerEntry, ServerAction
from tests.inbound.eventful import EventfulMailbox, eventful, letter, review_mailbox, stored
from tests.office import Office, account, open_office
from tests.people import ASHA

ACTIONS = {"flag": "flag", "move": "move:Done"}


@contextmanager
def acting_office(folder: Path, action: str, **changed: Any) -> Iterator[tuple[Office, EventfulMailbox]]:
    settings = {"mailboxes": {"review": account(server_action=action, **changed)}}
    with open_office(folder, settings=settings) as office:
        yield office, eventful(office)


def owed(office: Office) -> list[ServerAction]:
    return [entry.server_action for entry in office.rows(LedgerEntry)]


def test_mail_is_left_alone_unless_configured_otherwise(tmp_path: Path) -> None:
    with acting_office(tmp_path, "leave") as (office, mailbox):
        office.receive(letter())
        assert office.collect().server_actions == 0
        assert (mailbox.flagged, mailbox.moved, owed(office)) == ([], [], [ServerAction.none])


@pytest.mark.parametrize("call", ACTIONS)
def test_the_server_is_touched_only_after_the_email_is_committed(tmp_path: Path, call: str) -> None:
    with acting_office(tmp_path, ACTIONS[call]) as (office, mailbox):
        seen: list[tuple[list[bytes], list[ServerAction]]] = []
        mailbox.meanwhile[call] = lambda: seen.append((stored(office), owed(office)))
        office.receive(letter())
        assert office.collect().server_actions == 1
        assert seen == [([letter()], [ServerAction.pending])]
        assert [*mailbox.flagged, *mailbox.moved] == [("INBOX", 1)]
        assert ServerAction.pending not in owed(office)


@pytest.mark.parametrize("call", ACTIONS)
def test_what_the_server_failed_to_do_is_done_at_the_next_poll(tmp_path: Path, call: str) -> None:
    with acting_office(tmp_path, ACTIONS[call]) as (office, mailbox):
        mailbox.meanwhile[call] = mailbox.lose_connection
        office.receive(letter())
        with pytest.raises(MailboxUnavailable):
            office.collect()
        assert (stored(office), owed(office)) == ([letter()], [ServerAction.pending])
        assert review_mailbox(office).last_error
        assert office.collect().server_actions == 1
        assert owed(office)[0] is ServerAction.done
        assert [*mailbox.flagged, *mailbox.moved] == [("INBOX", 1)]
        assert review_mailbox(office).last_error is None


def test_moved_mail_is_the_same_email_and_is_not_moved_again(tmp_path: Path) -> None:
    with acting_office(tmp_path, "move:Done") as (office, mailbox):
        office.receive(letter())
        office.collect()
        found = office.collect()
        assert (found.again, found.server_actions, len(office.emails())) == (1, 0, 1)
        assert (owed(office), mailbox.moved) == ([ServerAction.done, ServerAction.none], [("INBOX", 1)])


def test_mail_put_into_the_folder_to_move_to_is_collected_and_stays(tmp_path: Path) -> None:
    with acting_office(tmp_path, "move:Done") as (office, mailbox):
        office.receive(letter(), folder="Done")
        assert (office.collect().emails, owed(office), mailbox.moved) == (1, [ServerAction.none], [])


def test_a_missing_folder_to_move_to_keeps_no_mail_from_being_collected(tmp_path: Path) -> None:
    with acting_office(tmp_path, "move:Gone") as (office, mailbox):
        office.receive(letter(1))
        office.receive(letter(2), folder="Junk")
        with pytest.raises(MailboxUnavailable, match='no folder "Gone"'):
            office.collect()
        assert (stored(office), set(owed(office))) == ([letter(1), letter(2)], {ServerAction.pending})
        mailbox.contents["Gone"] = {}
        assert office.collect().server_actions == 2
        assert sorted(mailbox.moved) == [("INBOX", 1), ("Junk", 1)]


def test_mail_under_the_same_number_in_a_folder_made_anew_is_not_touched(tmp_path: Path) -> None:
    with acting_office(tmp_path, "move:Done") as (office, mailbox):

        def make_anew() -> None:
            mailbox.contents["INBOX"] = {1: (letter(2), office.now)}
            mailbox.change_uid_validity("INBOX")

        mailbox.meanwhile["open for changes"] = make_anew
        office.receive(letter(1))
        assert office.collect().server_actions == 0
        assert (mailbox.moved, stored(office)) == ([], [letter(1)])
        assert (office.collect().emails, mailbox.moved) == (1, [("INBOX", 1)])


def test_mail_left_in_place_is_never_touched(tmp_path: Path) -> None:
    with acting_office(tmp_path, "flag", take="matching") as (office, mailbox):
        office.receive(letter(1, to=ASHA))
        office.receive(letter(2))
        office.collect()
        assert mailbox.flagged == [("INBOX", 2)]


def test_a_flag_stays_owed_while_the_server_is_to_be_left_alone(tmp_path: Path) -> None:
    with acting_office(tmp_path, "flag") as (office, mailbox):
        mailbox.meanwhile["flag"] = mailbox.lose_connection
        office.receive(letter())
        with pytest.raises(MailboxUnavailable):
            office.collect()
        left_alone = {"mailboxes": {"review": MailboxSettings(**account(server_action="leave"))}}
        settings = office.this.settings.model_copy(update=left_alone)
        jobs.collect(replace(office.this, settings=settings), "review")
        assert (owed(office), mailbox.flagged) == ([ServerAction.pending], [])
