"""A reminder whose turn has come goes only while it is true; otherwise it waits or is given up, with the reason."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from intake import jobs
from intake.outbound.dead_addresses import mark_dead
from intake.outbound.opting_out import opt_out
from intake.outbound.rechecking import quiet_end
from intake.store.consultations import Consultation
from intake.store.emails import Mailbox, OutgoingStatus
from intake.store.mailings import Audience
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.users import User
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import CLOSES_AT, Office, account, open_office
from tests.outbound.mailed import add_mailed, review
from tests.outbound.ruled import (
    DUE_AT,
    add_consultee,
    add_rule,
    add_user,
    answer,
    at,
    change_review,
    change_rule,
    cycle,
    outcomes,
    remind,
    reminders,
)
from tests.people import ADAM, ASHA, BEN, CAROL, DAN, REVIEW

SENT = {BEN: ("sent", None), CAROL: ("sent", None)}


@pytest.fixture
def office(tmp_path: Path, database_kind: str) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


def send_queued(office: Office) -> dict[str, tuple[str, str | None]]:
    """The mailboxes were just read, and what waits is sent."""
    for name in office.this.settings.mailboxes:
        jobs.collect(office.this, name)
    jobs.send(office.this)
    return outcomes(office)


def queue(office: Office, **rule: Any) -> int:
    """A rule's reminders are queued at their time."""
    made = add_rule(office, **rule)
    remind(office, DUE_AT)
    return made.id


def change_contact(office: Office, contact: str, **values: Any) -> None:
    with office.database.transaction() as session:
        session.exec(select(ConsulteeAddress).where(ConsulteeAddress.address == contact)).one().sqlmodel_update(values)


@both_databases
def test_what_is_still_true_goes(office: Office) -> None:
    queue(office)
    assert send_queued(office) == SENT


@both_databases
def test_who_answers_between_queueing_and_sending_gets_none(office: Office) -> None:
    queue(office)
    answer(office, BEN)
    assert send_queued(office) == {BEN: ("cancelled", "answered"), CAROL: ("sent", None)}


def test_everybody_gets_what_is_for_everybody(office: Office) -> None:
    queue(office, audience=Audience.everyone)
    answer(office, BEN)
    assert send_queued(office) == SENT


@both_databases
def test_opt_outs_dead_addresses_and_who_is_no_longer_invited_are_asked_for_again(office: Office) -> None:
    add_consultee(office, "Ashford School", "head@ashford.example")
    bounced, review_id = (
        add_mailed(office, BEN, kind="acknowledgement", status=OutgoingStatus.bounced),
        review(office).id,
    )
    queue(office)
    with office.database.transaction() as session:
        mark_dead(session, bounced, now=DUE_AT)
        opt_out(session, review_id, CAROL, now=DUE_AT)
        session.get_one(Consultee, 3).removed_at = DUE_AT
    assert send_queued(office) == {
        BEN: ("cancelled", "address-dead"),
        CAROL: ("cancelled", "opted-out"),
        "head@ashford.example": ("cancelled", "not-invited"),
    }


def test_a_contact_that_is_no_longer_mailed_or_was_corrected_gets_none(office: Office) -> None:
    queue(office)
    change_contact(office, BEN, is_mailed=False)
    change_contact(office, CAROL, address=DAN)
    assert set(send_queued(office).values()) == {("cancelled", "not-invited")}


@pytest.mark.parametrize(
    "values", [{"is_on": False}, {"removed_at": DUE_AT}, {"set_at": DUE_AT + timedelta(seconds=1), "version": 1}]
)
def test_a_rule_that_was_turned_off_removed_or_changed_sends_nothing_more(
    office: Office, values: dict[str, Any]
) -> None:
    rule = add_rule(office)
    remind(office, DUE_AT)
    change_rule(office, rule, **values)
    assert set(send_queued(office).values()) == {("cancelled", "rule-changed")}


def test_a_due_day_that_is_none_any_more_sends_nothing(office: Office) -> None:
    queue(office)
    change_review(office, closes_at=CLOSES_AT + timedelta(days=7))
    assert set(send_queued(office).values()) == {("cancelled", "closing-moved")}


def test_nothing_goes_once_it_has_closed_even_if_it_was_begun_before(office: Office) -> None:
    add_rule(office, amount=0)
    change_review(office, closes_at=at("2020-02-28 12:00"))
    remind(office, at("2020-02-28 11:59"))
    office.sender.postpones = 1
    assert sorted(send_queued(office).values()) == [("queued", "mail-server-postponed"), ("sent", None)]
    office.now = at("2020-02-28 12:01")
    assert sorted(send_queued(office).values()) == [("missed", "has-closed"), ("sent", None)]


def test_what_waits_when_its_day_is_over_is_missed(office: Office) -> None:
    queue(office)
    office.now = at("2020-02-15 00:00")
    assert set(send_queued(office).values()) == {("missed", "day-passed")}


@both_databases
def test_quiet_hours_hold_it_back_until_they_are_over(office: Office) -> None:
    change_review(office, quiet_from=time(8, 30), quiet_until=time(10, 15))
    queue(office)
    assert set(send_queued(office).values()) == {("queued", "waits-for-morning")}
    assert {row.due_at for row in reminders(office)} == {at("2020-02-14 10:15")}
    office.now = at("2020-02-14 10:15")
    assert send_queued(office) == SENT


@both_databases
def test_it_waits_until_every_mailbox_of_the_consultation_was_read_since_it_was_due(office: Office) -> None:
    queue(office)
    jobs.collect(office.this, "review")
    jobs.send(office.this)
    assert set(outcomes(office).values()) == {("queued", "waits-for-mailbox")}
    assert {row.due_at for row in reminders(office)} == {DUE_AT + timedelta(minutes=2)}
    answer(office, BEN)
    office.now = DUE_AT + timedelta(minutes=2)
    assert send_queued(office) == {BEN: ("cancelled", "answered"), CAROL: ("sent", None)}


def test_a_mailbox_that_is_another_consultations_holds_nothing_back(tmp_path: Path) -> None:
    mailboxes = {"review": account(username=REVIEW), "admissions": account(username="admissions")}
    with open_office(tmp_path, settings={"mailboxes": mailboxes}) as office:
        queue(office)
        jobs.collect(office.this, "review")
        jobs.send(office.this)
        assert outcomes(office) == SENT


def test_a_poll_that_began_before_it_was_due_does_not_count(office: Office) -> None:
    """It may have listed the folder in which an answer arrived while it read the next."""
    queue(office)
    before = DUE_AT - timedelta(minutes=1)
    with office.database.transaction() as session:
        for mailbox in session.exec(select(Mailbox)):
            mailbox.last_poll_began_at, mailbox.last_polled_at = before, DUE_AT + timedelta(minutes=1)
    jobs.send(office.this)
    assert set(outcomes(office).values()) == {("queued", "waits-for-mailbox")}


@both_databases
def test_an_email_that_is_still_to_be_recorded_holds_back_all(office: Office) -> None:
    queue(office)
    office.receive(raw_email(sender=BEN, to=REVIEW), received_at=DUE_AT)
    assert set(send_queued(office).values()) == {("queued", "waits-for-email")}
    jobs.record(office.this)
    office.now += timedelta(minutes=2)
    assert send_queued(office) == {BEN: ("cancelled", "answered"), CAROL: ("sent", None)}


@both_databases
@pytest.mark.parametrize(
    ("sender", "waits"),
    [(CAROL, True), ("deputy@larkmead.example", True), ("deputy@shared.example", False), (DAN, False)],
)
def test_a_held_email_that_may_be_theirs_holds_back_that_consultees(office: Office, sender: str, waits: bool) -> None:
    with office.database.transaction() as session:
        session.get_one(Consultee, 2).domain = sender.partition("@")[2] if "deputy" in sender else "larkmead.example"
    if "shared" in sender:
        add_consultee(office, "Ashford School", domain="shared.example")
    office.receive(raw_email(sender=sender, to=ASHA, subject="A question", text="What is a hub?"), mailbox="asha")
    jobs.collect(office.this, "asha")
    jobs.record(office.this)
    assert office.outcomes()[-1][0] == "held"
    queue(office)
    expected = ("queued", "waits-for-email") if waits else ("sent", None)
    assert send_queued(office) == {BEN: ("sent", None), CAROL: expected}


@both_databases
def test_officers_are_asked_after_again_too(office: Office) -> None:
    add_user(office, ASHA)
    adam = add_user(office, ADAM)
    answer(office, BEN)
    queue(office, audience=Audience.officers_waiting)
    with office.database.transaction() as session:
        session.get_one(User, adam.id).disabled_at = DUE_AT
    assert outcomes(office) == {ASHA: ("queued", None), ADAM: ("queued", None)}
    jobs.send(office.this)
    assert outcomes(office) == {ASHA: ("sent", None), ADAM: ("cancelled", "no-access")}


def test_a_digest_goes_although_a_mailbox_was_not_read(office: Office) -> None:
    add_user(office, ASHA)
    queue(office, audience=Audience.officers_digest)
    jobs.send(office.this)
    assert outcomes(office) == {ASHA: ("sent", None)}


def test_what_a_server_could_not_take_is_checked_again_and_written_anew(office: Office) -> None:
    queue(office, amount=-9)
    office.now += timedelta(days=3)
    remind(office)
    office.sender.postpones = 2
    send_queued(office)
    assert set(outcomes(office).values()) == {("queued", "mail-server-postponed")}
    answer(office, BEN)
    change_review(office, closes_at=at("2020-02-28 17:00"))
    office.now += timedelta(minutes=1)
    assert send_queued(office) == {BEN: ("cancelled", "answered"), CAROL: ("sent", None)}
    assert "5pm on Friday 28 February 2020" in (reminders(office)[1].text or "")


def test_what_a_server_may_have_goes_again_as_it_was(office: Office) -> None:
    queue(office)
    office.sender.breaks = 2
    send_queued(office)
    change_review(office, closes_at=at("2020-02-28 17:00"))
    office.now += timedelta(minutes=1)
    assert send_queued(office) == SENT
    assert {"11:59pm on Friday 28 February 2020" in (row.text or "") for row in reminders(office)} == {True}


def test_acknowledgements_are_never_held_back(office: Office) -> None:
    change_review(office, quiet_from=time(0), quiet_until=time(23))
    office.now = DUE_AT
    answer(office, BEN)
    jobs.send(office.this)
    assert [(row.kind, row.status.value) for row in office.outgoing()] == [("acknowledgement", "sent")]


def test_a_worker_that_runs_sends_each_reminder_at_its_time(office: Office) -> None:
    add_rule(office)
    cycle(office, DUE_AT)
    cycle(office)
    assert outcomes(office) == SENT
    assert [one.recipient for one in office.sender.sent] == [BEN, CAROL]


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2020-02-14 19:59", None),
        ("2020-02-14 20:00", "2020-02-15 08:00"),
        ("2020-02-15 07:59", "2020-02-15 08:00"),
        ("2020-02-15 08:00", None),
        ("2020-03-28 23:00", "2020-03-29 08:00"),
        ("2020-10-24 23:00", "2020-10-25 08:00"),
    ],
)
def test_quiet_hours_are_of_the_local_clock(office: Office, now: str, ends: str | None) -> None:
    assert quiet_end(quiet(office, time(20), time(8)), at(now)) == (at(ends) if ends else None)


def test_quiet_hours_that_end_in_a_repeated_hour_end_once(office: Office) -> None:
    consultation, repeated = quiet(office, time(22), time(1, 30)), datetime(2020, 10, 25, 1, 10, tzinfo=UTC)
    assert quiet_end(consultation, repeated) is None
    assert quiet_end(consultation, repeated - timedelta(hours=1)) == datetime(2020, 10, 25, 0, 30, tzinfo=UTC)


def test_quiet_hours_that_begin_when_they_end_are_none(office: Office) -> None:
    assert quiet_end(quiet(office, time(8), time(8)), at("2020-02-14 08:00")) is None


def quiet(office: Office, begin: time, end: time) -> Consultation:
    return review(office).sqlmodel_update({"quiet_from": begin, "quiet_until": end})
