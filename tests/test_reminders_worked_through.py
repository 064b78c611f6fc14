"""The founding case of docs/reminders.md, day by day through the worker's own jobs: who is reminded, what is missed,
and what a closing time that moves does to it all.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import select

from intake import jobs
from intake.administration.extending import change_closing
from intake.outbound.opting_out import by_token, opt_out
from intake.outbound.recipients import recipients_of_rule
from intake.outbound.reminding import calendar
from intake.store.emails import OutgoingStatus
from intake.store.mailings import Mailing, ReminderRule
from intake.store.people import Consultee
from intake.store.responses import Channel, Nature, Response
from tests.administration.administrators import editing
from tests.building import raw_bounce, raw_email
from tests.consulted import THREE_RULES, add_consultee, add_response, add_rule, change, go_on, reminders
from tests.databases import both_databases
from tests.documented import Row, table
from tests.office import OPENS_AT, Office, open_office
from tests.people import BEN, CAROL, REVIEW
from tests.test_reminders_document import DOCUMENT, day_of, instant_of

pytestmark = both_databases

DAYS = {"14 February": date(2020, 2, 14), "25 February": date(2020, 2, 25), "27 February": date(2020, 2, 27)}
CASES = table(DOCUMENT, "Consultee", "What happens", *DAYS)
ADDRESSES = {"Heathfield Primary School": BEN, "Larkmead Trust": CAROL} | {
    row["Consultee"]: f"office@{row['Consultee'].lower().replace(' ', '-')}.example" for row in CASES[2:]
}


def at(day: int, hour: int = 9, minute: int = 0, *, month: int = 2) -> datetime:
    return datetime(2020, month, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """On the day it opens, with the three rules."""
    with open_office(tmp_path) as office:
        office.now = OPENS_AT
        for name, schedule in THREE_RULES.items():
            add_rule(office, name, schedule)
        yield office


def rules_of(office: Office) -> dict[str, ReminderRule]:
    return {rule.name: rule for rule in office.rows(ReminderRule)}


def rule_due_on(office: Office, day: date) -> ReminderRule:
    return dict(zip(DAYS.values(), office.rows(ReminderRule), strict=True))[day]


# Who is reminded


def test_everybody_is_reminded_or_not_as_the_table_says(office: Office) -> None:
    ids = {row.organisation: row.id for row in office.rows(Consultee)}
    ids |= {name: add_consultee(office, name, address) for name, address in ADDRESSES.items() if name not in ids}
    harbourside, coppergate = ids["Harbourside Academies"], ids["Coppergate Governors"]
    what_people_do: dict[str, tuple[datetime, Callable[[], object]]] = {
        "answers by email on 12 February": (at(12, 10), partial(_write, office, BEN)),
        "asks a question by email on 13 February": (at(13), partial(_ask, office, ADDRESSES["Mill Lane Infants"])),
        "opts out by the link in the first reminder": (at(14, 11), partial(_opt_out, office, "Thistlewood School")),
        "the first reminder comes back for good": (at(14, 12), partial(_bounce, office, "Ferncombe First School")),
        "answers online on 20 February, withdraws on 26 February": (
            at(20),
            partial(add_response, office, harbourside, Channel.online),
        ),
        "sends a letter that is keyed in on 24 February": (
            at(24),
            partial(add_response, office, coppergate, Channel.letter),
        ),
        "is no longer invited from 26 February on": (at(26), partial(_remove, office, ids["Millrace College"])),
        "does not answer": (at(26), partial(_withdraw, office, harbourside)),
    }
    assert set(what_people_do) == {row["What happens"] for row in CASES}
    steps = [(moment, act) for moment, act in what_people_do.values()]
    steps += [(at(day.day), partial(_assert_reminded, office, day)) for day in DAYS.values()]
    for moment, act in sorted(steps, key=lambda step: step[0]):
        office.now = moment
        act()


def _assert_reminded(office: Office, day: date) -> None:
    """The rule's page says so before, and so it happens."""
    [column] = [name for name, one in DAYS.items() if one == day]
    told = {row["Consultee"]: row[column] for row in CASES}
    with office.database.reading() as session:
        verdicts = recipients_of_rule(session, rule_due_on(office, day), due_on=day, now=office.now)
    said = {one.recipient.organisation: one.reason.value if one.reason else "reminded" for one in verdicts}
    assert {name: said.get(name, "not-invited") for name in told} == told
    before = len(office.sender.sent)
    go_on(office, office.now)
    assert sorted(sent.recipient for sent in office.sender.sent[before:]) == sorted(
        ADDRESSES[name] for name, word in told.items() if word == "reminded"
    )


def _write(office: Office, address: str) -> None:
    raw = raw_email(sender=address, to=REVIEW, message_id=f"<{office.now.timestamp()}@x.example>")
    office.receive(raw, received_at=office.now)
    office.cycle()


def _ask(office: Office, address: str) -> None:
    _write(office, address)
    change(office, office.rows(Response)[-1], nature=Nature.question)


def _opt_out(office: Office, name: str) -> None:
    [sent] = [row for row in reminders(office) if row.recipient_address == ADDRESSES[name]]
    with office.database.transaction() as session:
        found = by_token(session, sent.opt_out_token or "")
        assert found
        opt_out(session, found.consultation_id, found.recipient_address, now=office.now)


def _bounce(office: Office, name: str) -> None:
    [sent] = [row for row in reminders(office) if row.recipient_address == ADDRESSES[name]]
    office.receive(raw_bounce(of=sent.message_id, address=sent.recipient_address), received_at=office.now)
    office.cycle()


def _remove(office: Office, consultee_id: int) -> None:
    with office.database.transaction() as session:
        session.get_one(Consultee, consultee_id).removed_at = office.now


def _withdraw(office: Office, consultee_id: int) -> None:
    with office.database.transaction() as session:
        row = session.exec(select(Response).where(Response.consultee_id == consultee_id)).one()
        row.withdrawn_at = office.now


# When the worker was down


@pytest.mark.parametrize(
    "row",
    table(DOCUMENT, "Due", "The worker is down until", "What becomes of it"),
    ids=lambda row: row["The worker is down until"],
)
def test_what_came_due_while_the_worker_was_down_becomes_what_the_table_says(office: Office, row: Row) -> None:
    due, back = instant_of(row["Due"]), instant_of(row["The worker is down until"])
    go_on(office, due - timedelta(minutes=1))
    [rule] = [one for one in office.rows(ReminderRule) if due.date() == _only_day(office, one)]
    for hours in range(24):  # it is looked at until everything has had its time
        go_on(office, back + timedelta(hours=hours))
    [mailing] = [one for one in office.rows(Mailing) if one.rule_id == rule.id]
    emails = [one for one in reminders(office) if one.mailing_id == mailing.id]
    match row["What becomes of it"]:
        case "sent":
            assert {one.status for one in emails} == {OutgoingStatus.sent}
            assert {one.sent_at for one in emails} == {back}
        case "missed":
            assert mailing.missed_at or {one.status for one in emails} == {OutgoingStatus.missed}
            assert bool(mailing.missed_at) is (back.date() > due.date())
        case other:
            raise AssertionError(other)
    with office.database.reading() as session:
        [shown] = calendar(session, rule, now=office.now)
    assert shown.fate.value == row["What becomes of it"]


def _only_day(office: Office, rule: ReminderRule) -> date:
    with office.database.reading() as session:
        [day] = calendar(session, rule, now=OPENS_AT)
    return day.day


# When the closing time moves


def test_a_closing_time_that_moves_does_to_each_rule_what_the_table_says(office: Office) -> None:
    told = {row["Rule"]: row for row in table(DOCUMENT, "Rule", "Before", "After", "What becomes of it")}
    extended = instant_of("11:59pm on Friday 6 March 2020")
    for day in range(9, 26):
        go_on(office, at(day))
    go_on(office, at(26, 12))
    assert [one.due_on for one in office.rows(Mailing)] == [day_of(told[name]["Before"]) for name in told][:2]
    with office.database.reading() as session:
        for name, rule in rules_of(office).items():
            shown = {day.day: day.fate.value for day in calendar(session, rule, now=office.now, closes_at=extended)}
            assert shown[day_of(told[name]["After"])] == told[name]["What becomes of it"]
            assert set(shown) <= {day_of(told[name]["Before"]), day_of(told[name]["After"])}
    with editing(office) as (session, review, edit):
        change_closing(session, review, extended, "Two schools had no heating.", edit)
    for day in range(20):
        go_on(office, at(26, 13) + timedelta(days=day))
    after = [one for one in office.rows(Mailing) if one.created_at >= at(26, 12)]
    coming = [row for row in told.values() if row["What becomes of it"] == "coming"]
    assert [(one.due_on, one.missed_at) for one in after] == [(day_of(row["After"]), None) for row in coming]
    new = [one for one in reminders(office) if one.mailing_id in {mailing.id for mailing in after}]
    assert {one.status for one in new} == {OutgoingStatus.sent}
    assert all("11:59pm on Friday 6 March 2020" in (one.text or "") for one in new)
    assert not [one for one in office.rows(Mailing) if one.missed_at]


def test_what_was_queued_for_a_day_that_is_no_longer_right_is_cancelled_as_the_time_moves(office: Office) -> None:
    office.now = at(25)
    jobs.remind(office.this)
    assert {one.status for one in reminders(office)} == {OutgoingStatus.queued}
    with editing(office) as (session, review, edit):
        change_closing(session, review, instant_of("11:59pm on Friday 6 March 2020"), "A storm.", edit)
    assert {(one.status.value, one.reason, one.day_key) for one in reminders(office)} == {
        ("cancelled", "closing-moved", None)
    }
