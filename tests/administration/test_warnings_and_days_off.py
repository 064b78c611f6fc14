"""What an administrator is warned of, and the days off behind it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from intake.administration.addresses import addresses, remove_address
from intake.administration.days_off import add_day_off, days_off, remove_day_off
from intake.administration.warnings import closing_warnings, instant_warnings, warnings
from intake.errors import Mistakes, NotFound
from intake.store.consultations import Consultation, OnlineForm, Question
from tests.administration.administrators import adam, consultation, editing
from tests.databases import both_databases
from tests.office import CLOSES_AT, DURING, OPENS_AT, Office
from tests.people import ASHA, REVIEW

POLLED = {REVIEW, ASHA}


def _warned(office: Office, accounts: set[str] = POLLED) -> list[str]:
    with office.database.reading() as session:
        return [one.what for one in warnings(session, consultation(office), accounts, now=office.now)]


def _add_day_off(office: Office, day: date, name: str) -> None:
    with office.database.transaction() as session:
        add_day_off(session, day, name, user=adam(session, office), now=office.now)


def test_nothing_speaks_against_closing_on_an_ordinary_friday(office: Office) -> None:
    assert _warned(office) == []


def test_online_form_that_says_and_asks_nothing_is_warned_of(office: Office) -> None:
    with office.database.transaction() as session:
        session.get_one(Consultation, consultation(office).id).online_form = OnlineForm.one_page
    assert _warned(office) == [
        "Its public page does not say what it is about.",
        "Its online form asks no question.",
    ]
    with office.database.transaction() as session:
        row = session.get_one(Consultation, consultation(office).id)
        row.about = "Schools, and how to better them."
        session.add(Question(consultation_id=row.id, position=1, key="agree", text="Do you agree?"))
    assert _warned(office) == []


@both_databases
def test_closing_on_an_administrators_day_off_is_warned_of(office: Office) -> None:
    _add_day_off(office, date(2020, 2, 28), "Half term")
    assert _warned(office) == ["It closes on a day off: Half term."]
    office.now = CLOSES_AT + timedelta(days=1)
    assert _warned(office) == []


def test_closing_day_is_the_one_people_there_have(office: Office) -> None:
    row = consultation(office)
    with office.database.reading() as session:
        at = datetime(2020, 7, 3, 23, 30, tzinfo=UTC)  # half past midnight on Saturday in London
        assert [one.what for one in closing_warnings(session, at, row.zone)] == [
            "It closes on a Saturday, when few people can be asked for help."
        ]


def test_address_that_no_mailbox_signs_in_as_is_warned_of(office: Office) -> None:
    assert _warned(office, {"education.review", ASHA.upper()}) == []
    assert _warned(office, {ASHA}) == [f"No mailbox in the configuration signs in as {REVIEW}."]
    assert _warned(office, set()) == [f"No mailbox in the configuration signs in as {REVIEW} or {ASHA}."]


def test_consultation_with_personal_addresses_only_is_warned_of(office: Office) -> None:
    with editing(office) as (session, row, edit):
        remove_address(session, row, addresses(session, row)[0], edit)
    assert _warned(office) == ["It has no address of its own, only officers’ personal ones."]


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (OPENS_AT - timedelta(days=1), []),
        (DURING, ["It opened in the past."]),
        (CLOSES_AT + timedelta(days=1), ["It closes in the past."]),
    ],
)
def test_times_in_the_past_are_warned_of(now: datetime, told: list[str]) -> None:
    assert [one.what for one in instant_warnings(OPENS_AT, CLOSES_AT, now=now)] == told


@both_databases
def test_day_off_is_added_once_and_removed(office: Office) -> None:
    _add_day_off(office, date(2026, 10, 27), "Half term")
    with pytest.raises(Mistakes) as refused:
        _add_day_off(office, date(2026, 10, 27), "Half term again")
    assert refused.value.by_field == {"day-day": "This day is already in the list."}
    with pytest.raises(Mistakes, match="Enter the name"):
        _add_day_off(office, date(2026, 10, 28), "")
    with office.database.transaction() as session:
        remove_day_off(session, date(2026, 10, 27), user=adam(session, office), now=office.now)
        assert days_off(session) == []
    with office.database.transaction() as session, pytest.raises(NotFound):
        remove_day_off(session, date(2026, 10, 27), user=adam(session, office), now=office.now)
    assert [entry.detail for entry in office.history("day-off-removed")] == [{"day": "2026-10-27"}]
