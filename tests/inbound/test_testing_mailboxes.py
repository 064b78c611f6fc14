"""Mailboxes tested on demand: the worker signs in, looks at the folders, and answers each request once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from intake import jobs, worker
from intake.errors import MailboxUnavailable
from intake.inbound.testing_mailboxes import request_test
from intake.mail.folders import Folder
from intake.store.emails import Mailbox
from tests.databases import both_databases
from tests.fakes import FakeMailbox
from tests.office import DURING, Office, account, open_office

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    boxes = {"review": account(), "asha": account(folders=["INBOX"]), "admissions": account()}
    with open_office(tmp_path, settings={"mailboxes": boxes}) as office:
        yield office


def ask(office: Office, name: str = "review") -> None:
    with office.database.transaction() as session:
        request_test(session, name, now=office.now, actor="user 1")


def row(office: Office, name: str = "review") -> Mailbox:
    return next(one for one in office.rows(Mailbox) if one.name == name)


def test_a_mailbox_that_lets_us_in_passes_and_says_what_it_watches(office: Office) -> None:
    ask(office)
    office.now += timedelta(seconds=2)
    assert jobs.test_mailboxes(office.this) == {"review": True}
    tested = row(office)
    assert (tested.test_passed, tested.tested_at, tested.test_requested_at) == (True, office.now, None)
    assert tested.test_sentence == "Signed in. It watches INBOX, Junk. It does not watch Sent."


def test_folders_of_an_officers_own_mailbox_are_not_named(office: Office) -> None:
    office.mailboxes["asha"].contents["Divorce"] = {}
    ask(office, "asha")
    jobs.test_mailboxes(office.this)
    assert row(office, "asha").test_sentence == "Signed in. It watches INBOX. Other folders, not watched: 3."


def test_a_mailbox_that_refuses_us_fails_in_plain_words(office: Office) -> None:
    office.mailboxes["review"].refuses_sign_in = True
    ask(office)
    assert jobs.test_mailboxes(office.this) == {"review": False}
    tested = row(office)
    assert tested.test_passed is False
    assert tested.test_sentence == "Mailbox review: the mail server refused the user name or password."


def test_a_missing_folder_fails(office: Office) -> None:
    del office.mailboxes["asha"].contents["INBOX"]
    ask(office, "asha")
    assert jobs.test_mailboxes(office.this) == {"asha": False}
    assert "There is no folder" in (row(office, "asha").test_sentence or "")


def test_nothing_is_tested_that_nobody_asked_for(office: Office) -> None:
    ask(office)
    jobs.test_mailboxes(office.this)
    assert jobs.test_mailboxes(office.this) == {}
    assert row(office, "admissions").tested_at is None


def test_a_test_disturbs_no_poll_under_way(office: Office) -> None:
    with office.database.transaction() as session:
        session.get_one(Mailbox, row(office).id).lease_until = office.now + timedelta(minutes=5)
    ask(office)
    assert jobs.test_mailboxes(office.this) == {"review": True}
    assert row(office).lease_until == office.now + timedelta(minutes=5)


def test_a_mailbox_that_left_the_configuration_is_not_tested(office: Office) -> None:
    ask(office, "gone")
    assert jobs.test_mailboxes(office.this) == {}


class Meanwhile(FakeMailbox):
    """While it is looked at, something happens elsewhere."""

    office: Office
    happens = "another"

    def folders(self) -> list[Folder]:
        happens, self.happens = self.happens, ""
        if happens == "another":
            assert jobs.test_mailboxes(self.office.this) == {"review": True}
        if happens == "asked":
            self.office.now += timedelta(seconds=1)
            ask(self.office)
        return super().folders()


def meanwhile(office: Office, happens: str) -> Meanwhile:
    mailbox = Meanwhile({"INBOX": {}})
    mailbox.office, mailbox.happens = office, happens
    office.mailboxes["review"] = mailbox
    return mailbox


def test_of_two_workers_one_answers(office: Office) -> None:
    meanwhile(office, "another")
    ask(office)
    assert jobs.test_mailboxes(office.this) == {}
    assert row(office).test_passed


def test_a_request_made_during_a_test_is_answered_by_another(office: Office) -> None:
    meanwhile(office, "asked")
    ask(office)
    assert jobs.test_mailboxes(office.this) == {}
    assert row(office).test_requested_at == DURING + timedelta(seconds=1)
    assert jobs.test_mailboxes(office.this) == {"review": True}


def test_the_history_says_who_asked(office: Office) -> None:
    ask(office)
    [entry] = office.history("test-requested")
    assert (entry.actor, entry.subject_kind, entry.subject_id) == ("user 1", "mailbox", row(office).id)


def test_an_unreachable_server_is_one_answer_and_the_next_mailbox_is_tested(office: Office) -> None:
    class Away(FakeMailbox):
        def folders(self) -> list[Folder]:
            raise MailboxUnavailable

    office.mailboxes["review"] = Away()
    for name in ("review", "admissions"):
        ask(office, name)
    assert jobs.test_mailboxes(office.this) == {"review": False, "admissions": True}


def test_the_worker_looks_for_requests_every_few_seconds(office: Office) -> None:
    job = worker._schedule(office.this).get_job("test_mailboxes")
    assert (job.next_run_time, job.trigger.interval) == (office.now, timedelta(seconds=worker.TEST_SECONDS))
