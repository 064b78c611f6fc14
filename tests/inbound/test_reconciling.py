"""Reconciling: whatever is not as it should be is named, mended by one flag, and not found a second time."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col
from structlog.testing import capture_logs

from intake import jobs
from intake.store.emails import LedgerEntry, Mailbox, MailboxFolder, OutgoingEmail, OutgoingStatus
from intake.store.history import HistoryEntry
from intake.store.leases import take_lease
from intake.store.online import Receipt
from intake.store.people import ConsulteeAddress
from intake.store.responses import Addition, Attachment, LetterDigest, Response
from tests.building import raw_email
from tests.databases import both_databases
from tests.inbound.eventful import eventful, letter
from tests.inbound.reconciled import named, reconcile
from tests.office import Office, account, open_office
from tests.people import ADMISSIONS, BEN, DAN, REVIEW

pytestmark = both_databases
PDF = ("views.pdf", "application/pdf", b"%PDF-1.4 our views")
TWO_HOURS = timedelta(hours=2)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Two letters of Ben's recorded and acknowledged, the second with a file."""
    with open_office(tmp_path) as opened:
        opened.receive(letter(1))
        opened.receive(raw_email(sender=BEN, to=REVIEW, attachments=[PDF], message_id="<letter-2@heathfield.example>"))
        opened.cycle()
        yield opened


def mends(office: Office, *expected: tuple[str, str]) -> None:
    """Named without mending, and again; then mended; then gone."""
    for _ in range(2):
        assert named(reconcile(office)) == [(kind, where, False) for kind, where in expected]
    assert named(reconcile(office, mend=True)) == [(kind, where, True) for kind, where in expected]
    assert named(reconcile(office)) == []


def sql(office: Office, *statements: Any) -> None:
    """What nobody should have done."""
    with office.database.transaction() as session:
        for statement in statements:
            session.execute(statement)


def delete(table: type[SQLModel], *conditions: Any) -> Any:
    return sa.delete(table).where(*conditions)


def file_of(office: Office, email_id: int) -> Path:
    return office.files.path(office.emails()[email_id - 1].raw_sha256)


def acknowledged(office: Office) -> list[tuple[int | None, str]]:
    return [(outgoing.response_id, outgoing.status.value) for outgoing in office.outgoing()]


def test_where_all_is_well_the_numbers_add_up_and_nothing_is_named(office: Office) -> None:
    office.receive(letter(3), folder="Junk")
    office.receive(letter(4, to="somebody.else@county.example"))
    office.cycle()
    del office.mailboxes["review"].contents["INBOX"][1]
    office.receive(letter(5))
    found = reconcile(office)
    assert named(found) == []
    counts = found.counts
    assert (counts.on_servers, counts.in_ledger, counts.just_arrived, counts.gone_from_servers) == (4, 3, 1, 1)
    assert (counts.emails, counts.responses) == ({"held": 2, "recorded": 2}, 2)
    assert (counts.acknowledgements, counts.held_or_failed) == ({"sent": 2}, {})


def test_without_the_flag_nothing_is_changed(office: Office) -> None:
    sql(office, delete(LedgerEntry, LedgerEntry.uid == 2), delete(OutgoingEmail))
    file_of(office, 1).unlink()
    before = office.emails(), office.rows(LedgerEntry), office.outgoing(), office.rows(MailboxFolder)
    assert len(reconcile(office).unmended) == 4
    assert before == (office.emails(), office.rows(LedgerEntry), office.outgoing(), office.rows(MailboxFolder))


def test_a_message_the_ledger_lost_is_collected_again_as_the_same_email(office: Office) -> None:
    sql(office, delete(LedgerEntry, LedgerEntry.uid == 1))
    mends(office, ("not-in-ledger", "review/INBOX/1"))
    assert len(office.emails()) == 2


def test_a_message_that_a_wrong_uid_next_hid_is_collected_and_recorded(office: Office) -> None:
    office.receive(letter(3))
    inbox = sa.and_(col(MailboxFolder.name) == "INBOX", col(MailboxFolder.uid_next) == 3)
    sql(office, sa.update(MailboxFolder).where(inbox).values(uid_next=4))
    assert office.collect().emails == 0
    mends(office, ("not-in-ledger", "review/INBOX/3"))
    assert office.outcomes() == [("recorded", None)] * 3


def test_a_message_no_poll_has_seen_for_an_hour_is_named(office: Office) -> None:
    office.receive(letter(3))
    assert named(reconcile(office)) == []
    office.now += TWO_HOURS
    mends(office, ("not-in-ledger", "review/INBOX/3"))


def test_a_message_the_server_never_hands_over_stays_named(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        mailbox = eventful(office)
        mailbox.withheld = {office.receive(letter())}
        office.collect()
        office.now += TWO_HOURS
        assert named(reconcile(office, mend=True)) == [("not-in-ledger", "review/INBOX/1", False)]


def test_a_mailbox_out_of_reach_and_one_without_its_folder_are_named_and_the_others_go_on(tmp_path: Path) -> None:
    names = {"review": account(), "asha": account(folders=["Consultation"]), "admissions": account()}
    with open_office(tmp_path, settings={"mailboxes": names}) as office:
        office.receive(letter(to=ADMISSIONS), mailbox="admissions")
        office.mailboxes["review"].refuses_sign_in = True
        office.now += TWO_HOURS
        assert named(reconcile(office)) == [
            ("mailbox-unavailable", "review", False),
            ("folder-missing", "asha/Consultation", False),
            ("not-in-ledger", "admissions/INBOX/1", False),
        ]


def test_a_mailbox_that_fails_while_it_is_mended_leaves_its_message_unmended(office: Office) -> None:
    sql(office, delete(LedgerEntry, LedgerEntry.uid == 1))
    office.mailboxes["review"].loses_connection_after = 0
    assert named(reconcile(office, mend=True)) == [
        ("not-in-ledger", "review/INBOX/1", False),
        ("mailbox-unavailable", "review", False),
    ]


def test_a_mailbox_another_worker_holds_is_skipped_with_a_note_and_the_others_go_on(office: Office) -> None:
    office.receive(letter(3), mailbox="admissions")
    with office.database.transaction() as session:
        take_lease(session, "review", owner="another", until=office.now + TWO_HOURS, now=office.now)
    found = reconcile(office)
    assert (found.counts.skipped, found.counts.just_arrived, named(found)) == (["review"], 1, [])
    assert {row.name: row.lease_owner for row in office.rows(Mailbox)}["review"] == "another"


def test_missing_and_torn_files_are_fetched_again_byte_for_byte(office: Office) -> None:
    missing, torn = file_of(office, 1), file_of(office, 2)
    whole = missing.read_bytes(), torn.read_bytes()
    missing.unlink()
    torn.write_bytes(whole[1][:-1] + b"?")  # of the right size
    mends(office, ("file-missing", "email 1"), ("file-torn", "email 2"))
    assert (missing.read_bytes(), torn.read_bytes()) == whole


def test_a_file_is_never_replaced_by_other_bytes(office: Office) -> None:
    inbox = office.mailboxes["review"].contents["INBOX"]
    file_of(office, 1).unlink()
    inbox[1] = (inbox[1][0].replace(b"support", b"oppose"), inbox[1][1])
    stored = sorted(office.files.path("0" * 64).parent.parent.rglob("*"))
    assert named(reconcile(office, mend=True)) == [("file-missing", "email 1", False)]
    assert sorted(office.files.path("0" * 64).parent.parent.rglob("*")) == stored


def test_a_file_whose_email_no_server_has_any_more_stays_named(office: Office) -> None:
    file_of(office, 1).write_bytes(b"")
    office.mailboxes["review"].contents["INBOX"].clear()
    file_of(office, 2).unlink()
    expected = [("file-torn", "email 1", False), ("file-missing", "email 2", False)]
    assert named(reconcile(office, mend=True)) == expected


def test_under_a_new_uid_validity_a_file_is_not_looked_for_at_its_old_place(office: Office) -> None:
    office.mailboxes["review"].change_uid_validity()
    file_of(office, 1).unlink()
    del office.mailboxes["review"].contents["INBOX"][1]
    assert named(reconcile(office, mend=True)) == [("file-missing", "email 1", False)]


def test_the_headers_of_an_email_too_large_to_fetch_are_fetched_again(tmp_path: Path) -> None:
    settings = {"mail": {"message_id_domain": "intake.county.example", "largest_email_mb": 1}}
    with open_office(tmp_path, settings=settings) as office:
        office.receive(letter(text="We support the proposals.\n" * 50_000))
        office.cycle()
        file_of(office, 1).unlink()
        mends(office, ("file-missing", "email 1"))


def test_a_file_of_a_letter_is_taken_out_of_the_letter_again_though_that_was_missing_too(office: Office) -> None:
    [attachment] = office.rows(Attachment)
    office.files.path(attachment.sha256).write_bytes(b"%PDF")
    file_of(office, 2).unlink()
    mends(office, ("file-missing", "email 2"), ("file-torn", "IEO-0002, attachment 1"))
    assert office.files.read(attachment.sha256) == PDF[2]


def test_one_letter_mends_the_file_that_all_copies_of_it_brought(office: Office) -> None:
    office.receive(raw_email(sender=DAN, to=REVIEW, attachments=[PDF], message_id="<letter-3@somewhere.example>"))
    office.cycle()
    office.files.path(office.rows(Attachment)[0].sha256).unlink()
    mends(office, ("file-missing", "IEO-0002, attachment 1"), ("file-missing", "IEO-0003, attachment 2"))


def test_a_file_that_no_email_brought_stays_named(office: Office) -> None:
    sql(office, sa.update(Attachment).values(sha256="0" * 64))
    assert named(reconcile(office, mend=True)) == [("file-missing", "IEO-0002, attachment 1", False)]


def test_an_email_nobody_recorded_for_an_hour_is_recorded(office: Office) -> None:
    office.receive(letter(3))
    office.collect()
    assert named(reconcile(office)) == []
    office.now += TWO_HOURS
    mends(office, ("stuck", "email 3"))
    assert len(office.responses()) == 3


def test_a_failed_email_is_tried_again_once_its_file_is_back(office: Office) -> None:
    office.receive(letter(3))
    office.collect()
    file_of(office, 3).unlink()
    jobs.record(office.this)
    mends(office, ("file-missing", "email 3"), ("failed", "email 3, file-missing"))
    assert office.outcomes()[2] == ("recorded", None)
    assert [entry.subject_id for entry in office.history("received") if entry.actor == "Asha"] == [3]


def test_a_failed_email_whose_file_is_lost_stays_named(office: Office) -> None:
    office.receive(letter(3))
    office.collect()
    file_of(office, 3).unlink()
    del office.mailboxes["review"].contents["INBOX"][3]
    jobs.record(office.this)
    assert [kind for kind, _, mended in named(reconcile(office, mend=True)) if not mended] == ["file-missing", "failed"]
    assert office.outcomes()[2] == ("failed", "file-missing")


def test_a_recorded_email_without_its_response_is_recorded_anew(office: Office) -> None:
    sql(
        office,
        delete(OutgoingEmail, OutgoingEmail.response_id == 1),
        delete(Receipt),
        delete(Response, Response.id == 1),
    )
    mends(office, ("recorded-without-response", "email 1"))
    assert [(response.reference, response.email_id) for response in office.responses()] == [
        ("IEO-0002", 2),
        ("IEO-0003", 1),
    ]
    assert [entry.action for entry in office.rows(HistoryEntry) if entry.actor == "Asha"] == ["held", "received"]


def test_a_response_whose_email_is_unknown_stays_named(office: Office) -> None:
    sql(office, sa.update(Response).where(col(Response.id) == 2).values(email_id=None))
    assert ("response-without-email", "IEO-0002", False) in named(reconcile(office, mend=True))


def test_a_missing_acknowledgement_is_owed_again_and_waits_for_an_administrator(office: Office) -> None:
    sql(office, delete(OutgoingEmail, OutgoingEmail.response_id == 1))
    mends(office, ("no-acknowledgement", "IEO-0001"))
    assert sorted(acknowledged(office)) == [(1, "held"), (2, "sent")]
    jobs.send(office.this)
    assert len(office.sender.sent) == 2
    assert office.outgoing()[-1].recipient_address == BEN


def test_a_missing_acknowledgement_of_an_addition_is_owed_again(office: Office) -> None:
    thread = {"In-Reply-To": office.outgoing()[0].message_id}
    office.receive(raw_email(sender=BEN, to=REVIEW, headers=thread, text="And this.\n", message_id="<more@x.example>"))
    office.cycle()
    assert len(office.rows(Addition)) == 1
    sql(office, delete(OutgoingEmail, OutgoingEmail.email_id == 3))
    mends(office, ("no-acknowledgement", "IEO-0001, addition 1"))


def test_each_consultation_of_a_letter_is_held_to_its_own_acknowledgement(office: Office) -> None:
    office.receive(letter(3, to=f"{REVIEW}, {ADMISSIONS}"))
    office.cycle()
    sql(office, delete(OutgoingEmail, OutgoingEmail.email_id == 3))
    mends(office, ("no-acknowledgement", "IEO-0003"), ("no-acknowledgement", "ADM-0001"))


def test_nobody_misses_an_acknowledgement_that_was_not_owed(office: Office) -> None:
    office.receive(raw_email(sender="no-reply@heathfield.example", to=REVIEW, message_id="<3@heathfield.example>"))
    office.cycle()
    assert (len(office.responses()), len(office.outgoing())) == (3, 2)
    sql(
        office,
        sa.update(Response).where(col(Response.id) == 2).values(withdrawn_at=office.now),
        delete(OutgoingEmail, OutgoingEmail.response_id == 2),
    )
    assert named(reconcile(office)) == []


def test_an_acknowledgement_whose_email_is_lost_stays_named(office: Office) -> None:
    office.mailboxes["review"].contents["INBOX"].clear()
    file_of(office, 1).unlink()
    sql(office, delete(OutgoingEmail, OutgoingEmail.response_id == 1))
    assert ("no-acknowledgement", "IEO-0001", False) in named(reconcile(office, mend=True))


def test_what_should_have_been_sent_an_hour_ago_is_named_and_only_sending_mends_it(office: Office) -> None:
    office.sender.is_unavailable = True
    office.receive(letter(3))
    office.cycle()
    assert named(reconcile(office)) == []
    office.now += TWO_HOURS
    assert named(reconcile(office, mend=True)) == [("not-sent", "outgoing email 3", False)]
    office.sender.is_unavailable = False
    jobs.send(office.this)
    assert named(reconcile(office)) == []


def test_a_claim_that_ran_out_an_hour_ago_is_named(office: Office) -> None:
    claimed = {"status": OutgoingStatus.sending, "claimed_until": office.now - TWO_HOURS}
    sql(office, sa.update(OutgoingEmail).where(col(OutgoingEmail.id) == 1).values(claimed))
    assert named(reconcile(office)) == [("not-sent", "outgoing email 1", False)]


def test_what_is_held_or_failed_for_good_is_counted_by_its_reason(tmp_path: Path) -> None:
    with open_office(tmp_path, polled=False) as office:
        office.receive(letter(1))
        office.cycle()
        office.sender.refuses = {DAN}
        office.receive(raw_email(sender=DAN, to=REVIEW, message_id="<dan@somewhere.example>"))
        office.cycle()
        found = reconcile(office)
        assert (named(found), found.counts.acknowledgements) == ([], {"failed": 1, "held": 1})
        assert found.counts.held_or_failed == {"backlog": 1, "mail-server-refused": 1}


def test_all_that_was_lost_at_once_is_mended_at_once(office: Office) -> None:
    sql(office, delete(LedgerEntry), delete(OutgoingEmail), delete(Receipt), delete(Attachment), delete(Response))
    shutil.rmtree(file_of(office, 1).parent)
    file_of(office, 2).write_bytes(b"")
    assert reconcile(office, mend=True).unmended == []
    assert named(reconcile(office)) == []
    assert [response.reference for response in office.responses()] == ["IEO-0003", "IEO-0004"]


def test_many_rows_are_read_in_few_queries(office: Office) -> None:
    for number in range(3, 33):
        office.receive(letter(number))
    office.cycle()
    queries: list[str] = []
    sa.event.listen(office.database.engine, "before_cursor_execute", lambda *given: queries.append(given[2]))
    assert named(reconcile(office)) == []
    assert len(queries) < 100


def test_one_line_of_output_has_the_numbers_and_warns_of_differences_without_naming_anybody(office: Office) -> None:
    with capture_logs() as lines:
        reconcile(office)
        sql(office, delete(OutgoingEmail), delete(ConsulteeAddress))
        reconcile(office)
    assert [(line["event"], line["log_level"], line["differences"]) for line in lines] == [
        ("reconcile", "info", 0),
        ("reconcile", "warning", 2),
    ]
    assert lines[0]["emails"] == {"recorded": 2}
    assert BEN not in str(lines)


def test_asked_to_stop_it_ends_with_what_it_has(office: Office) -> None:
    file_of(office, 1).unlink()
    assert named(jobs.reconcile(replace(office.this, stopped=lambda: True))) == []


def test_an_email_that_failed_until_its_file_was_back_is_recorded_by_the_mending_itself(office: Office) -> None:
    office.receive(letter(5))
    office.collect()
    lost = office.emails()[-1]
    office.files.path(lost.raw_sha256).unlink()
    for _ in range(4):
        jobs.record(office.this)
        office.now += timedelta(days=2)
    office.collect()
    jobs.reconcile(office.this, mend=True)
    assert office.outcomes()[-1] == ("recorded", None)


def test_what_is_recorded_again_is_acknowledged_again_only_when_a_person_says_so(office: Office) -> None:
    sent = len(office.sender.sent)
    with office.database.transaction() as session:
        for table in (HistoryEntry, OutgoingEmail, LetterDigest, Attachment, Receipt, Response):
            session.execute(sa.delete(table))
    jobs.reconcile(office.this, mend=True)
    jobs.send(office.this)
    assert len(office.sender.sent) == sent
    assert {row.status.value for row in office.outgoing()} == {"held"}
