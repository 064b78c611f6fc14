"""The outbox: every owed email leaves it by exactly one way, and never as two different emails."""

import email
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from intake import jobs
from intake.errors import SendPostponed
from intake.outbound.outbox import held_emails, release
from intake.store.consultations import Consultation
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.reasons import Reason
from intake.store.transitions import move_outgoing
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import DURING, Office, open_office
from tests.people import BEN, CAROL, DAN, REVIEW

pytestmark = both_databases

SMTP = {"host": "127.0.0.1", "security": "none", "per_minute": 3}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path, settings={"smtp": SMTP}) as opened:
        yield opened


def owe(office: Office, *senders: str) -> None:
    """Each of these has written, and is owed an acknowledgement."""
    for number, sender in enumerate(senders):
        office.receive(raw_email(sender=sender, to=REVIEW, message_id=f"<{number}@x.example>"))
    office.collect()
    jobs.record(office.this)


def statuses(office: Office) -> list[tuple[str, str | None]]:
    return [(outgoing.status.value, outgoing.reason) for outgoing in office.outgoing()]


def test_an_acknowledgement_says_who_answers_what_and_that_it_is_automatic(office: Office) -> None:
    owe(office, BEN)
    jobs.send(office.this)
    sent = email.message_from_bytes(office.sender.sent[0].raw)
    assert sent["Auto-Submitted"] == "auto-replied"
    assert sent["X-Auto-Response-Suppress"] == "All"
    assert sent["In-Reply-To"] == "<0@x.example>"
    assert sent["References"] == "<0@x.example>"
    assert sent["Message-ID"] == office.outgoing()[0].message_id
    assert REVIEW in sent["From"]


def test_what_was_sent_is_kept_as_it_went(office: Office) -> None:
    owe(office, BEN)
    jobs.send(office.this)
    [row] = office.outgoing()
    assert row.subject
    assert "IEO-0001" in (row.text or "")
    assert "IEO-0001" in (row.html or "")


def test_a_postponed_email_goes_later_with_the_same_message_id(office: Office) -> None:
    owe(office, BEN)
    office.sender.postpones = 1
    jobs.send(office.this)
    [row] = office.outgoing()
    assert (row.status, row.reason, row.due_at) == (
        OutgoingStatus.queued,
        "mail-server-postponed",
        DURING + timedelta(minutes=1),
    )
    office.now = DURING + timedelta(minutes=1)
    jobs.send(office.this)
    assert office.outgoing()[0].status is OutgoingStatus.sent
    assert office.outgoing()[0].message_id == row.message_id


def test_waits_grow_until_it_is_given_up_after_three_days(office: Office) -> None:
    owe(office, BEN)
    office.sender.postpones = 1000
    waits = []
    while (row := office.outgoing()[0]).status is OutgoingStatus.queued:
        office.now = row.due_at
        jobs.send(office.this)
        waits.append(office.outgoing()[0].due_at - office.now)
    assert [wait / timedelta(minutes=1) for wait in waits[:6]] == [1, 5, 15, 60, 240, 240]
    assert (row.status, row.reason) == (OutgoingStatus.failed, "gave-up")
    assert office.now - row.queued_at > timedelta(days=3)


def test_a_second_try_is_the_same_email_to_the_letter(office: Office) -> None:
    owe(office, BEN)
    sent: list[bytes] = []
    taken = office.sender.send

    def lose_the_answer(*, sender: str, recipient: str, raw: bytes) -> None:
        sent.append(raw)
        if len(sent) == 1:
            raise SendPostponed
        taken(sender=sender, recipient=recipient, raw=raw)

    office.sender.send = lose_the_answer  # type: ignore[method-assign]
    jobs.send(office.this)
    office.now += timedelta(days=30)  # closed meanwhile
    jobs.send(office.this)
    assert sent[0] == sent[1]


def test_what_was_held_for_days_is_not_given_up_at_the_first_trouble(tmp_path: Path) -> None:
    with open_office(tmp_path, polled=False) as office:
        owe(office, BEN)
        office.now += timedelta(days=4)
        with office.database.transaction() as session:
            release(session, held_emails(session, Reason.backlog), now=office.now, actor="Asha")
        office.sender.postpones = 1
        jobs.send(office.this)
        assert office.outgoing()[0].reason == "mail-server-postponed"


def test_an_email_nobody_can_write_keeps_no_other_from_going(office: Office) -> None:
    owe(office, BEN, CAROL)
    with office.database.transaction() as session:
        first = session.exec(select(OutgoingEmail).order_by("id")).first()
        assert first
        first.kind = "a-kind-without-fields"
    jobs.send(office.this)
    assert statuses(office) == [("held", "template-error"), ("sent", None)]


def test_a_refused_email_fails_for_good_and_the_next_one_goes(office: Office) -> None:
    owe(office, BEN, CAROL)
    office.sender.refuses = {BEN}
    jobs.send(office.this)
    assert statuses(office) == [("failed", "mail-server-refused"), ("sent", None)]


def test_when_our_own_account_is_turned_away_nothing_is_tried_for_a_minute(office: Office) -> None:
    owe(office, BEN, CAROL)
    office.sender.is_unavailable = True
    jobs.send(office.this)
    assert [(row.status.value, row.attempts) for row in office.outgoing()] == [("queued", 0)] * 2
    office.sender.is_unavailable = False
    jobs.send(office.this)
    assert office.sender.sent == []
    office.now += timedelta(minutes=1)
    jobs.send(office.this)
    assert [row.status.value for row in office.outgoing()] == ["sent", "sent"]


def test_no_more_go_in_a_minute_than_the_account_allows(office: Office) -> None:
    owe(office, BEN, CAROL, DAN, "erin@somewhere.example", "fay@somewhere.example")
    jobs.send(office.this)
    assert len(office.sender.sent) == 3
    office.now += timedelta(seconds=59)
    jobs.send(office.this)
    assert len(office.sender.sent) == 3
    office.now += timedelta(seconds=1)
    jobs.send(office.this)
    assert len(office.sender.sent) == 5


def test_a_worker_that_died_while_sending_sends_the_same_message_id_again(office: Office) -> None:
    owe(office, BEN)
    with office.database.transaction() as session:
        row = session.exec(select(OutgoingEmail)).one()
        until = DURING + timedelta(minutes=5)
        move_outgoing(session, row, OutgoingStatus.sending, now=DURING, claimed_until=until, attempts=1)
    jobs.send(office.this)
    assert office.sender.sent == []
    office.now += timedelta(minutes=6)
    jobs.send(office.this)
    [sent] = office.sender.sent
    assert email.message_from_bytes(sent.raw)["Message-ID"] == row.message_id


def test_acknowledgements_go_before_mailings(office: Office) -> None:
    owe(office, BEN, CAROL)
    with office.database.transaction() as session:
        first = session.exec(select(OutgoingEmail).order_by("id")).first()
        assert first
        first.priority = 2
    jobs.send(office.this)
    assert [sent.recipient for sent in office.sender.sent] == [CAROL, BEN]


def test_a_template_that_breaks_holds_the_email_and_the_recording_stands(tmp_path: Path) -> None:
    broken = tmp_path / "texts" / "email"
    broken.mkdir(parents=True)
    (broken / "acknowledgement.txt").write_text("Dear {{ respondant_name }}")
    with open_office(tmp_path, settings={"templates": {"path": tmp_path / "texts"}}) as office:
        owe(office, BEN)
        jobs.send(office.this)
        [row] = office.outgoing()
        assert (row.status, row.reason) == (OutgoingStatus.held, "template-error")
        assert "respondant_name" in (row.answer or "")
        assert office.outcomes() == [("recorded", None)]

        (broken / "acknowledgement.txt").write_text("Dear {{ respondent_name }}")
        with office.database.transaction() as session:
            release(session, held_emails(session, Reason.template_error), now=office.now, actor="Asha")
        jobs.send(office.this)
        assert office.outgoing()[0].status is OutgoingStatus.sent


def test_a_deadline_that_moved_before_sending_is_stated_as_it_stands(office: Office) -> None:

    owe(office, BEN)
    with office.database.transaction() as session:
        review = session.exec(select(Consultation).where(Consultation.reference_prefix == "IEO")).one()
        review.closes_at += timedelta(days=7)
    jobs.send(office.this)
    assert "Friday 6 March 2020" in (office.outgoing()[0].text or "")


def test_released_backlog_is_sent(tmp_path: Path) -> None:
    with open_office(tmp_path, polled=False) as office:
        owe(office, BEN)
        jobs.send(office.this)
        assert office.sender.sent == []
        with office.database.transaction() as session:
            held = held_emails(session, Reason.backlog)
            assert [row.recipient_address for row in held] == [BEN]
            release(session, held, now=office.now, actor="Asha")
        jobs.send(office.this)
        assert [sent.recipient for sent in office.sender.sent] == [BEN]
        assert [entry.actor for entry in office.history("queued")] == ["Asha"]


def test_stopping_leaves_the_rest_queued(office: Office) -> None:

    owe(office, BEN, CAROL)
    answers = iter([False, True, True])
    jobs.send(replace(office.this, stopped=lambda: next(answers)))
    assert sorted(row.status.value for row in office.outgoing()) == ["queued", "sent"]
