"""Collecting from a real server: what is said to it, and what every kind of mailbox leaves in the store."""

from collections import Counter
from pathlib import Path

import pytest

from intake.errors import SignInRefused
from intake.store.emails import LedgerEntry, MailboxFolder, ServerAction
from tests.inbound.at_dovecot import big, fetches, office_at, put, said_meanwhile, uids_of
from tests.inbound.eventful import ledger, letter, review_mailbox, stored
from tests.people import ASHA
from tests.servers.dovecot import Dovecot


def test_many_emails_come_in_chunks_of_one_round_trip_each(dovecot: Dovecot, tmp_path: Path) -> None:
    with office_at(dovecot, "chunks", tmp_path) as office:
        put(dovecot, "chunks", *(letter(number) for number in range(450)))
        with said_meanwhile(dovecot, "chunks") as said:
            assert office.collect().emails == 450
        wanted = fetches(said, "BODY.PEEK[]")
        assert [len(uids.split(",")) for uids in wanted] == [200, 200, 50]
        assert len([line for line in said if line.startswith("UID")]) == len(wanted) + 2  # and one search, one list
        assert len(ledger(office)) == 450


def test_chunks_are_bounded_by_bytes_too(dovecot: Dovecot, tmp_path: Path) -> None:
    with office_at(dovecot, "bytes", tmp_path) as office:
        raws = [big(number, 3_000_000) for number in range(5)]
        put(dovecot, "bytes", *raws)
        with said_meanwhile(dovecot, "bytes") as said:
            office.collect()
        assert fetches(said, "BODY.PEEK[]") == ["1,2", "3,4", "5"]
        assert stored(office) == raws


def test_nothing_is_searched_when_nothing_can_have_come(dovecot: Dovecot, tmp_path: Path) -> None:
    put(dovecot, "quiet", letter())
    with office_at(dovecot, "quiet", tmp_path) as office:
        with said_meanwhile(dovecot, "quiet") as said:
            assert office.collect().emails == 0
        assert [line for line in said if line.startswith("UID")] == []
        put(dovecot, "quiet", letter(2))
        with said_meanwhile(dovecot, "quiet") as said:
            assert office.collect().emails == 1
        assert fetches(said, "BODY.PEEK[]") == ["2"]


def test_a_folder_made_anew_with_the_same_mail_brings_nothing_twice(dovecot: Dovecot, tmp_path: Path) -> None:
    raws = [letter(1), letter(2)]
    put(dovecot, "anew-again", *raws, folder="Consultation")
    with office_at(dovecot, "anew-again", tmp_path) as office:
        with dovecot.signed_in("anew-again") as other_program:
            other_program.delete("Consultation")
        put(dovecot, "anew-again", *reversed(raws), letter(3), folder="Consultation")
        found = office.collect()
        assert (found.emails, found.again) == (1, 2)
        assert stored(office) == [*raws, letter(3)]
        first, second, third = (email.id for email in office.emails())
        places = {uid: email_id for _, uid, email_id in ledger(office)[2:]}
        assert places == {1: second, 2: first, 3: third}
        assert len({entry.uid_validity for entry in office.rows(LedgerEntry)}) == 2
        assert [folder.uid_next for folder in office.rows(MailboxFolder) if folder.name == "Consultation"] == [4]


def test_an_email_moved_by_its_reader_stays_the_same_email(dovecot: Dovecot, tmp_path: Path) -> None:
    put(dovecot, "mover", letter())
    with office_at(dovecot, "mover", tmp_path) as office:
        with dovecot.signed_in("mover") as other_program:
            other_program.create("Schools")
            other_program.select("INBOX")
            other_program.uid("MOVE", "1", "Schools")
        assert (office.collect().again, len(office.emails())) == (1, 1)
        assert [folder for folder, _, _ in ledger(office)] == ["INBOX", "Schools"]


def test_what_somebody_has_read_is_collected_and_what_nobody_has_read_stays_unread(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    with office_at(dovecot, "seen", tmp_path) as office:
        put(dovecot, "seen", letter(1), letter(2), big(3, 5_000_000))
        with dovecot.signed_in("seen") as other_program:
            other_program.select("INBOX")
            other_program.store("1", "+FLAGS", r"(\Seen)")
        assert office.collect().emails == 3
        assert uids_of(dovecot, "seen", "INBOX", "UNSEEN") == [2, 3]


def test_stored_emails_are_flagged_and_stay_unread(dovecot: Dovecot, tmp_path: Path) -> None:
    with office_at(dovecot, "starred", tmp_path, server_action="flag") as office:
        put(dovecot, "starred", letter(1), letter(2))
        assert office.collect().server_actions == 2
        assert uids_of(dovecot, "starred", "INBOX", "FLAGGED UNSEEN") == [1, 2]


def test_stored_emails_are_moved_once(dovecot: Dovecot, tmp_path: Path) -> None:
    put(dovecot, "tidy", letter(1), folder="Done")
    with office_at(dovecot, "tidy", tmp_path, server_action="move:Done") as office:
        put(dovecot, "tidy", letter(2), letter(3))
        assert [office.collect().server_actions for _ in range(3)] == [2, 0, 0]
        assert uids_of(dovecot, "tidy", "INBOX", "ALL") == []
        assert len(uids_of(dovecot, "tidy", "Done", "ALL")) == 3
        assert stored(office) == [letter(1), letter(2), letter(3)]
        assert Counter(entry.server_action for entry in office.rows(LedgerEntry)) == {
            ServerAction.done: 2,
            ServerAction.none: 3,
        }


def test_mail_in_junk_is_marked_and_mail_in_sent_drafts_and_trash_is_not_collected(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    for number, folder in enumerate(("INBOX", "Junk", "Sent", "Drafts", "Trash")):
        put(dovecot, "roles-kept", letter(number), folder=folder)
    with office_at(dovecot, "roles-kept", tmp_path) as office:
        assert sorted((email.is_junk, raw) for email, raw in zip(office.emails(), stored(office), strict=True)) == [
            (False, letter(0)),
            (True, letter(1)),
        ]


def test_a_missing_folder_is_reported_and_the_others_are_collected(dovecot: Dovecot, tmp_path: Path) -> None:
    with office_at(dovecot, "absent", tmp_path, folders=["Consultation", "INBOX"]) as office:
        put(dovecot, "absent", letter())
        found = office.collect()
        assert (found.emails, found.folders, found.missing_folders) == (1, ["INBOX"], ["Consultation"])


def test_a_wrong_password_is_noted_at_the_mailbox_in_a_sentence(dovecot: Dovecot, tmp_path: Path) -> None:
    with office_at(dovecot, "locked", tmp_path, polled=False, password="not-it") as office:
        with pytest.raises(SignInRefused):
            office.collect()
        assert review_mailbox(office).last_error == (
            "Mailbox review: the mail server refused the user name or password (AUTHENTICATIONFAILED); "
            "check username and password_file."
        )


def test_of_private_mail_nothing_but_the_header_leaves_the_server(dovecot: Dovecot, tmp_path: Path) -> None:
    with office_at(dovecot, "own", tmp_path, take="matching") as office:
        put(dovecot, "own", letter(1, to=ASHA), letter(2), big(3, 5_000_000, to=ASHA))
        with said_meanwhile(dovecot, "own") as said:
            found = office.collect()
        assert (found.emails, found.left_in_place) == (1, 2)
        assert fetches(said, "BODY") == ["1,2", "2", "3"]
