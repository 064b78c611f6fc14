"""The mailboxes for administrators: what the configuration says but never a secret, tests on demand, what is amiss."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from intake import jobs
from intake.store.emails import LedgerEntry, Mailbox, MailboxFolder
from tests.databases import both_databases
from tests.office import DURING, account
from tests.people import ADMISSIONS, ASHA, REVIEW
from tests.web.desk import Desk, Visitor, open_desk

SECRET = "xylophone-quartz-9"
BOXES: dict[str, dict[str, Any]] = {
    "review": account(username=REVIEW.title(), password=SECRET, skip_folders=["Calendar"]),
    "asha": account(username=ASHA, take="matching", folders=["INBOX"], server_action="move:Done", port=1143),
    "office": account(username="office@county.example", server_action="flag"),
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path, settings={"mailboxes": BOXES}) as desk:
        yield desk


def facts(visitor: Visitor, name: str = "review") -> dict[str, str]:
    card = visitor.page("/mailboxes").css(f"#{name}")[0]
    keys, values = (card.css(f".govuk-summary-list__{part}") for part in ("key", "value"))
    return {key.text(): " ".join(value.text().split()) for key, value in zip(keys, values, strict=True)}


def text(visitor: Visitor) -> str:
    return " ".join(visitor.page("/mailboxes").css("main")[0].text(separator=" ").split())


def test_settings_are_told_in_words(desk: Desk) -> None:
    asha = facts(desk.adam, "asha")
    assert asha["Server"] == "127.0.0.1, port 1143, no encryption, on this machine only"
    assert asha["User name"] == ASHA
    assert asha["Folders"] == "INBOX"
    assert asha["What is taken in"].startswith("Only mail that belongs to a consultation")
    assert asha["On the server afterwards"] == "Moved to the folder “Done”"
    assert facts(desk.adam)["Folders"] == "All but Sent, Drafts, Trash and Calendar"
    assert facts(desk.adam, "office")["On the server afterwards"] == "Flagged"


def test_no_secret_is_on_the_page_nor_how_long_it_is(desk: Desk) -> None:
    html = desk.adam.get("/mailboxes").text
    assert SECRET not in html
    assert not re.search(r"\*{3,}|•{3,}", html)


def test_a_mailbox_says_for_which_consultation_its_address_is_published(desk: Desk) -> None:
    assert facts(desk.adam)["Published for"] == "Improving education outcomes"
    assert facts(desk.adam, "office")["Published for"].startswith("No consultation")


def test_published_addresses_without_a_mailbox_are_named(desk: Desk) -> None:
    said = text(desk.adam)
    assert f"{ADMISSIONS}, for School admissions" in said
    assert f"{ASHA}, for" not in said


def test_only_administrators_see_and_test_mailboxes(desk: Desk) -> None:
    assert desk.asha.get("/mailboxes").status_code == 403
    assert desk.asha.post("/mailboxes/review/test").status_code == 403
    assert desk.nobody.get("/mailboxes").headers["location"].startswith("/sign-in")
    assert desk.office.rows(Mailbox)[0].test_requested_at is None


def test_a_test_is_asked_for_and_the_workers_answer_shown(desk: Desk) -> None:
    answer = desk.adam.post("/mailboxes/review/test")
    assert (answer.status_code, answer.headers["location"]) == (303, "/mailboxes#review")
    assert facts(desk.adam)["Last test"].startswith("Being tested This takes a few seconds.")
    assert desk.adam.page("/mailboxes").css_first("#test-review").attributes["data-refresh"]  # type: ignore[union-attr]
    jobs.test_mailboxes(desk.office.this)
    assert facts(desk.adam)["Last test"] == (
        "Passed Signed in. It watches INBOX, Junk. It does not watch Sent. (12 Feb 2020, 10:30am)"
    )
    assert "data-refresh" not in desk.adam.get("/mailboxes").text


def test_a_failed_test_says_why(desk: Desk) -> None:
    desk.office.mailboxes["review"].refuses_sign_in = True
    desk.adam.post("/mailboxes/review/test")
    jobs.test_mailboxes(desk.office.this)
    assert "Failed Mailbox review: the mail server refused the user name" in facts(desk.adam)["Last test"]


def test_a_worker_that_does_not_answer_is_suspected(desk: Desk) -> None:
    desk.adam.post("/mailboxes/review/test")
    desk.office.now += timedelta(minutes=2)
    assert "The worker has not answered yet" in facts(desk.adam)["Last test"]


def test_a_mailbox_that_is_not_configured_cannot_be_tested(desk: Desk) -> None:
    assert desk.adam.post("/mailboxes/gone/test").status_code == 404


def test_a_mailbox_that_left_the_configuration_is_shown_as_such(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        session.add(Mailbox(name="gone", last_polled_at=DURING))
    assert list(facts(desk.adam, "gone")) == ["State", "Last read", "Messages"]
    assert facts(desk.adam, "gone")["State"] == "Not in use It is no longer in the configuration file."
    assert desk.adam.page("/mailboxes").css("#gone form") == []


@both_databases
def test_mail_left_in_place_is_counted(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        row = session.execute(
            sa.select(col(MailboxFolder.id))
            .join(Mailbox, col(Mailbox.id) == col(MailboxFolder.mailbox_id))
            .where(col(Mailbox.name) == "asha")
        ).scalar_one()
        for uid in (1, 2):
            session.add(LedgerEntry(folder_id=row, uid_validity=1, uid=uid, received_at=DURING, seen_at=DURING))
    assert facts(desk.adam, "asha")["Messages"].endswith("; 2 left in place")
    assert "left in place" not in facts(desk.adam)["Messages"]


def test_a_reconciliation_is_shown(desk: Desk) -> None:
    desk.office.receive(b"From: dan@somewhere.example\r\nTo: x@county.example\r\n\r\nHello\r\n", mailbox="review")
    desk.office.cycle()
    jobs.reconcile(desk.office.this)
    assert facts(desk.adam)["Messages"] == "1 on the server, all accounted for (12 Feb 2020, 10:30am)"


def test_without_mailboxes_the_page_says_how_to_add_one(tmp_path: Path) -> None:
    with open_desk(tmp_path, settings={"mailboxes": {}}) as desk:
        said = text(desk.adam)
    assert "so no email is read" in said
    assert "add a section such as" in said
