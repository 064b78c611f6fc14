"""Reconciling with a real server: its messages against the ledger, and stored files fetched again from it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from intake.store.emails import LedgerEntry, MailboxFolder
from tests.inbound.at_dovecot import big, fetches, office_at, put, said_meanwhile, uids_of
from tests.inbound.eventful import letter, stored
from tests.inbound.reconciled import named, reconcile
from tests.office import Office
from tests.people import ASHA
from tests.servers.dovecot import Dovecot

USER = "accountable"


@pytest.fixture
def user(tmp_path: Path) -> str:
    return f"{USER}-{tmp_path.name}"


@pytest.fixture
def office(dovecot: Dovecot, tmp_path: Path, user: str) -> Iterator[Office]:
    """Letters 1 to 3 in the inbox and 4 in the junk, collected in this order, none read by anybody."""
    put(dovecot, user, letter(1), letter(2), letter(3))
    with office_at(dovecot, user, tmp_path) as opened:
        put(dovecot, user, letter(4), folder="Junk")
        opened.cycle()
        yield opened


def lose(office: Office, *uids: int) -> None:
    """The ledger forgets these, and claims as before to know everything."""
    with office.database.transaction() as session:
        session.execute(sa.delete(LedgerEntry).where(col(LedgerEntry.uid).in_(uids)))


def test_every_message_is_found_in_the_ledger(office: Office, dovecot: Dovecot, user: str) -> None:
    with said_meanwhile(dovecot, user) as said:
        found = reconcile(office)
    assert (named(found), found.counts.on_servers, found.counts.in_ledger) == ([], 4, 4)
    assert [line for line in said if line.startswith(("SELECT", "UID FETCH", "UID STORE"))] == []


def test_what_the_ledger_lost_is_collected_again_in_each_folder(office: Office) -> None:
    lose(office, 1, 3)
    lost = ["review/INBOX/1", "review/INBOX/3", "review/Junk/1"]
    assert office.collect().emails == 0
    assert sorted(named(reconcile(office))) == [("not-in-ledger", where, False) for where in lost]
    assert sorted(named(reconcile(office, mend=True))) == [("not-in-ledger", where, True) for where in lost]
    assert named(reconcile(office)) == []
    assert len(office.rows(LedgerEntry)) == len(office.emails()) == 4


def test_mail_that_a_forged_uid_next_hid_is_collected(office: Office, dovecot: Dovecot, user: str) -> None:
    put(dovecot, user, letter(5))
    with office.database.transaction() as session:
        session.execute(sa.update(MailboxFolder).where(col(MailboxFolder.name) == "INBOX").values(uid_next=5))
    assert office.collect().emails == 0
    assert named(reconcile(office, mend=True)) == [("not-in-ledger", "review/INBOX/4", True)]
    assert stored(office)[-1] == letter(5)


def test_mail_that_people_deleted_is_counted_and_no_difference(office: Office, dovecot: Dovecot, user: str) -> None:
    with dovecot.signed_in(user) as other_program:
        other_program.select("INBOX")
        other_program.store("1:2", "+FLAGS", r"(\Deleted)")
        other_program.expunge()
    found = reconcile(office)
    assert (named(found), found.counts.on_servers, found.counts.gone_from_servers) == ([], 2, 2)


def test_a_folder_made_anew_is_unknown_until_it_is_collected(office: Office, dovecot: Dovecot, user: str) -> None:
    with dovecot.signed_in(user) as other_program:
        other_program.delete("Junk")
    put(dovecot, user, letter(4), folder="Junk")
    office.now += timedelta(hours=2)
    assert ("not-in-ledger", "review/Junk/1", False) in named(reconcile(office))
    assert reconcile(office, mend=True).unmended == []
    assert named(reconcile(office)) == []
    assert len(office.emails()) == 4


def test_a_server_that_is_away_is_named_and_the_stored_files_are_checked_all_the_same(
    office: Office, dovecot: Dovecot
) -> None:
    office.files.path(office.emails()[0].raw_sha256).unlink()
    settings = office.this.settings.mailboxes["review"].model_copy(update={"port": dovecot.lmtp_port})
    office.this.settings.mailboxes["review"] = settings
    assert named(reconcile(office, mend=True)) == [
        ("mailbox-unavailable", "review", False),
        ("file-missing", "email 1", False),
    ]


def test_lost_and_torn_files_are_fetched_again_and_stay_unread(office: Office, dovecot: Dovecot, user: str) -> None:
    put(dovecot, user, big(5, 5_000_000))
    office.collect()
    raws = stored(office)
    lost, torn, _, _, large = (office.files.path(email.raw_sha256) for email in office.emails())
    lost.unlink()
    torn.write_bytes(b"")
    large.write_bytes(large.read_bytes()[:1_000_000])
    broken = [("file-missing", "email 1"), ("file-torn", "email 2"), ("file-torn", "email 5")]
    assert named(reconcile(office)) == [(kind, where, False) for kind, where in broken]
    assert named(reconcile(office, mend=True)) == [(kind, where, True) for kind, where in broken]
    assert (named(reconcile(office)), stored(office)) == ([], raws)
    assert uids_of(dovecot, user, "INBOX", "UNSEEN") == [1, 2, 3, 4]


def test_a_file_is_fetched_from_the_folder_its_email_was_moved_to(office: Office, dovecot: Dovecot, user: str) -> None:
    with dovecot.signed_in(user) as other_program:
        other_program.create("Schools")
        other_program.select("INBOX")
        other_program.uid("MOVE", "2", "Schools")
    office.collect()
    office.files.path(office.emails()[1].raw_sha256).unlink()
    assert named(reconcile(office, mend=True)) == [("file-missing", "email 2", True)]


def test_a_file_that_is_nowhere_on_the_server_stays_named(office: Office, dovecot: Dovecot, user: str) -> None:
    with dovecot.signed_in(user) as other_program:
        other_program.select("INBOX")
        other_program.store("1", "+FLAGS", r"(\Deleted)")
        other_program.expunge()
    office.files.path(office.emails()[0].raw_sha256).unlink()
    assert named(reconcile(office, mend=True)) == [("file-missing", "email 1", False)]


def test_private_mail_is_accounted_for_without_being_fetched(dovecot: Dovecot, tmp_path: Path, user: str) -> None:
    put(dovecot, user, letter(1, to=ASHA), letter(2))
    with office_at(dovecot, user, tmp_path, take="matching") as office:
        lose(office, 1)
        with said_meanwhile(dovecot, user) as said:
            assert named(reconcile(office, mend=True)) == [("not-in-ledger", "review/INBOX/1", True)]
        assert (fetches(said, "BODY.PEEK[HEADER]"), fetches(said, "BODY.PEEK[]")) == (["1"], [])
        assert reconcile(office).counts.left_in_place == 1
