"""Every email in a mailbox is stored once, whatever folder it is in and however often it is polled."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from intake import jobs
from intake.inbound.reading import EmailToRead, HeaderToRead, NotAsStored, ReadEmail
from intake.mail.mailbox import FolderRefused, FolderState
from intake.mail.understanding import Understood
from intake.sandbox import Sandbox
from intake.store.emails import LedgerEntry, Mailbox
from tests.databases import both_databases
from tests.fakes import FakeMailbox
from tests.inbound.eventful import eventful, ledger, letter, review_mailbox, stored
from tests.office import DURING, Office, account, open_office
from tests.people import ADMISSIONS, ASHA

pytestmark = both_databases

FOLDERS = ("INBOX", "Junk", "Sent", "Drafts", "Trash", "Schools")


def break_down(_: EmailToRead | HeaderToRead) -> ReadEmail | Understood | NotAsStored:
    raise RuntimeError


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as office:
        yield office


def test_an_email_is_stored_as_it_came_with_the_servers_time(office: Office) -> None:
    received_at = DURING - timedelta(days=3)
    office.receive(letter(), received_at=received_at)
    assert office.collect().emails == 1
    assert stored(office) == [letter()]
    (email,) = office.emails()
    assert (email.received_at, email.collected_at, email.size) == (received_at, office.now, len(letter()))
    assert office.outcomes() == [("received", None)]


def test_second_poll_collects_nothing(office: Office) -> None:
    office.receive(letter(1))
    office.receive(letter(2), folder="Junk")
    assert office.collect().emails == 2
    again = office.collect()
    assert (again.emails, again.again, again.not_given) == (0, 0, 0)
    assert office.mailboxes["review"].fetched == [("INBOX", 1), ("Junk", 1)]


def test_only_what_is_new_is_fetched(office: Office) -> None:
    office.receive(letter(1))
    office.collect()
    office.receive(letter(2))
    assert office.collect().emails == 1
    assert office.mailboxes["review"].fetched == [("INBOX", 1), ("INBOX", 2)]


def test_every_folder_is_watched_but_sent_drafts_and_trash(office: Office) -> None:
    for number, folder in enumerate(FOLDERS):
        office.receive(letter(number), folder=folder)
    found = office.collect()
    assert (found.emails, found.folders) == (3, ["INBOX", "Junk", "Schools"])


@pytest.mark.parametrize(
    ("changed", "watched"),
    [
        ({"folders": ["Schools", "Sent"]}, ["Schools", "Sent"]),
        ({"skip_folders": ["Junk", "INBOX"]}, ["Schools"]),
    ],
)
def test_folders_are_watched_as_configured(tmp_path: Path, changed: dict[str, list[str]], watched: list[str]) -> None:
    with open_office(tmp_path, polled=False, settings={"mailboxes": {"review": account(**changed)}}) as office:
        for number, folder in enumerate(FOLDERS):
            office.receive(letter(number), folder=folder)
        found = office.collect()
    assert (found.emails, found.folders, found.missing_folders) == (len(watched), watched, [])


def test_a_missing_folder_is_reported_and_the_others_are_collected(tmp_path: Path) -> None:
    settings = {"mailboxes": {"review": account(folders=["Consultation", "INBOX"])}}
    with open_office(tmp_path, settings=settings) as office:
        office.receive(letter())
        found = office.collect()
    assert (found.emails, found.folders, found.missing_folders) == (1, ["INBOX"], ["Consultation"])


class KeptToItself(FakeMailbox):
    """Its junk folder is listed, but nobody may open it until `is_open`."""

    is_open = False

    def open_folder(self, name: str, *, for_changes: bool = False) -> FolderState:
        if name == "Junk" and not self.is_open:
            raise FolderRefused
        return super().open_folder(name, for_changes=for_changes)


def test_a_refused_folder_is_told_and_the_others_are_collected(tmp_path: Path) -> None:
    with open_office(tmp_path, polled=False) as office:
        office.mailboxes["review"] = mailbox = KeptToItself({"Junk": {}, "INBOX": {}})
        office.receive(letter(1))
        office.receive(letter(2), folder="Junk", received_at=office.now - timedelta(days=3))
        with pytest.raises(FolderRefused):
            office.collect()
        [row] = office.rows(Mailbox)
        assert (len(office.emails()), row.last_polled_at, row.last_error) == (1, None, FolderRefused.__doc__)

        office.receive(letter(3))
        mailbox.is_open = True
        office.collect()
        # What came since is answered at once; what had lain in that folder for days is not.
        assert [email.is_backlog for email in office.emails()] == [True, True, False]
        assert office.rows(Mailbox)[0].last_polled_at == office.now


def test_old_mail_in_a_folder_that_is_new_or_renumbered_is_backlog(office: Office) -> None:
    office.receive(letter(1), folder="Archive", received_at=office.now - timedelta(days=30))
    office.receive(letter(2), folder="Archive")
    office.collect()
    assert [email.is_backlog for email in office.emails()] == [True, False]
    office.receive(letter(3), folder="Archive", received_at=office.now - timedelta(days=30))
    office.mailboxes["review"].change_uid_validity("Archive")
    office.collect()
    assert [email.is_backlog for email in office.emails()] == [True, False, True]
    # Mail that an officer moves into a folder that was gone through before is answered, however old.
    office.receive(letter(4), folder="Archive", received_at=office.now - timedelta(days=30))
    office.collect()
    assert not office.emails()[3].is_backlog


def test_what_lay_in_junk_is_marked(office: Office) -> None:
    office.receive(letter(1))
    office.receive(letter(2), folder="Junk")
    office.collect()
    assert [email.is_junk for email in office.emails()] == [False, True]


def test_only_the_first_poll_finds_backlog(tmp_path: Path) -> None:
    with open_office(tmp_path, polled=False) as office:
        office.receive(letter(1))
        office.collect()
        office.receive(letter(2))
        office.collect()
        assert [email.is_backlog for email in office.emails()] == [True, False]
        assert review_mailbox(office).first_poll_completed_at == office.now


def test_the_same_bytes_in_another_folder_are_the_same_email(office: Office) -> None:
    office.receive(letter())
    office.collect()
    contents = office.mailboxes["review"].contents
    contents["Schools"] = {7: contents["INBOX"].pop(1)}
    found = office.collect()
    assert (found.emails, found.again) == (0, 1)
    (email,) = office.emails()
    assert ledger(office) == [("INBOX", 1, email.id), ("Schools", 7, email.id)]


def test_the_same_bytes_twice_in_one_poll_are_one_email(office: Office) -> None:
    office.receive(letter())
    office.receive(letter())
    found = office.collect()
    assert (found.emails, found.again) == (1, 1)
    assert [uid for _, uid, _ in ledger(office)] == [1, 2]


def test_the_same_bytes_in_two_mailboxes_are_two_emails(office: Office) -> None:
    office.receive(letter())
    office.receive(letter(), mailbox="asha")
    assert [office.collect(name).emails for name in ("review", "asha")] == [1, 1]


def test_an_email_that_vanishes_before_it_is_fetched_is_simply_not_there(office: Office) -> None:
    mailbox = eventful(office)
    office.receive(letter(1))
    office.receive(letter(2))
    mailbox.meanwhile["fetch"] = lambda: mailbox.contents["INBOX"].pop(1)
    assert office.collect().emails == 1
    assert stored(office) == [letter(2)]
    assert [uid for _, uid, _ in ledger(office)] == [2]
    assert (office.collect().not_given, review_mailbox(office).last_error) == (0, None)


def test_an_email_the_server_does_not_hand_over_is_asked_for_again(office: Office) -> None:
    mailbox = eventful(office)
    mailbox.withheld = {office.receive(letter(1))}
    office.receive(letter(2))
    assert [office.collect().not_given for _ in range(2)] == [1, 1]
    mailbox.withheld.clear()
    assert office.collect().emails == 1
    assert stored(office) == [letter(2), letter(1)]


def test_of_an_officers_own_mail_only_what_is_meant_for_a_consultation_is_copied(tmp_path: Path) -> None:
    with open_office(tmp_path, settings={"mailboxes": {"asha": account(take="matching")}}) as office:
        office.receive(letter(1, to=ASHA), mailbox="asha")
        office.receive(letter(2, to=ADMISSIONS), mailbox="asha")
        found = office.collect("asha")
        assert (found.emails, found.left_in_place) == (1, 1)
        assert stored(office) == [letter(2, to=ADMISSIONS)]
        (left, copied) = sorted(office.rows(LedgerEntry), key=lambda entry: entry.uid)
        assert (left.email_id, left.received_at, left.seen_at) == (None, DURING, office.now)
        assert copied.email_id == office.emails()[0].id
        assert (office.collect("asha").left_in_place, office.mailboxes["asha"].fetched) == (0, [("INBOX", 2)])


def test_an_officers_email_whose_header_does_not_come_is_not_taken_for_private(tmp_path: Path) -> None:
    with open_office(tmp_path, settings={"mailboxes": {"review": account(take="matching")}}) as office:
        mailbox = eventful(office)
        mailbox.withheld = {office.receive(letter())}
        found = office.collect()
        assert (found.left_in_place, found.not_given, ledger(office)) == (0, 1, [])
        mailbox.withheld.clear()
        assert office.collect().emails == 1


def test_an_officers_email_whose_reader_broke_is_not_taken_for_private(tmp_path: Path) -> None:
    with open_office(tmp_path, settings={"mailboxes": {"review": account(take="matching")}}) as office:
        office.receive(letter())
        with Sandbox(break_down, children=1, seconds=10, memory_mb=512) as broken:
            found = jobs.collect(replace(office.this, collecting_parsers={"review": broken}), "review")
        assert found
        assert (found.left_in_place, found.not_given, ledger(office)) == (0, 1, [])
        assert office.collect().emails == 1
