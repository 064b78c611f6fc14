"""The opening, and the archive."""

from datetime import timedelta

import pytest

from intake.accounts.access import Access
from intake.administration.consultations import State, state_of, state_wording, visible
from intake.administration.opening import archive, change_opening, unarchive
from intake.errors import Mistakes, NotPossible
from tests.administration.administrators import adam, consultation, editing
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import CLOSES_AT, DURING, OPENS_AT, Office
from tests.people import BEN, REVIEW

BEFORE = OPENS_AT - timedelta(days=2)


def _open_at(office: Office, opens_at: object) -> int:
    with editing(office) as (session, row, edit):
        return change_opening(session, row, opens_at, edit)  # type: ignore[arg-type]


@both_databases
def test_mail_that_came_too_early_is_judged_again_when_the_opening_moves_before_it(office: Office) -> None:
    office.now = BEFORE
    office.receive(raw_email(sender=BEN, to=REVIEW), received_at=BEFORE)
    office.cycle()
    assert office.outcomes() == [("ignored", "before-opening")]
    assert _open_at(office, BEFORE - timedelta(hours=1)) == 1
    office.cycle()
    assert office.outcomes() == [("recorded", None)]
    assert [row.reference for row in office.responses()] == ["IEO-0001"]


@both_databases
def test_mail_that_is_too_early_still_stays_as_it_is(office: Office) -> None:
    office.now = BEFORE
    office.receive(raw_email(sender=BEN, to=REVIEW), received_at=BEFORE - timedelta(hours=5))
    office.cycle()
    assert _open_at(office, BEFORE) == 0
    assert office.outcomes() == [("ignored", "before-opening")]


def test_opening_stays_once_it_has_opened_and_comes_before_the_closing(office: Office) -> None:
    with pytest.raises(NotPossible, match="has opened"):
        _open_at(office, DURING)
    office.now = BEFORE
    with pytest.raises(Mistakes, match="must be earlier than the closing time"):
        _open_at(office, CLOSES_AT)


@both_databases
def test_consultation_is_archived_once_closed_and_its_mail_still_recorded(office: Office) -> None:
    with pytest.raises(NotPossible, match="once it has closed"), editing(office) as all_of_it:
        archive(*all_of_it)
    office.now = CLOSES_AT + timedelta(days=1)
    with editing(office) as (session, row, edit):
        archive(session, row, edit)
    office.receive(raw_email(sender=BEN, to=REVIEW), received_at=office.now)
    office.cycle()
    assert len(office.responses()) == 1
    assert _slugs(office, archived=True) == ["improving-education-outcomes"]
    assert _slugs(office, archived=False) == ["school-admissions"]
    with editing(office) as (session, row, edit):
        unarchive(session, row, edit)
    assert len(_slugs(office, archived=False)) == 2
    with pytest.raises(NotPossible, match="is not archived"), editing(office) as all_of_it:
        unarchive(*all_of_it)


@pytest.mark.parametrize(
    ("now", "state", "wording"),
    [
        (OPENS_AT - timedelta(days=3), State.coming, "Not open yet, opens in 3 days"),
        (OPENS_AT - timedelta(hours=1), State.coming, "Not open yet, opens today at 9am"),
        (OPENS_AT, State.open, "Open, closes in 50 days"),
        (CLOSES_AT - timedelta(days=1), State.open, "Open, closes tomorrow at 11:59pm"),
        (CLOSES_AT + timedelta(seconds=59), State.open, "Closes within a minute"),
        (CLOSES_AT + timedelta(minutes=1), State.closed, "Closed yesterday"),
        (CLOSES_AT + timedelta(days=12), State.closed, "Closed 12 days ago"),
    ],
)
def test_where_a_consultation_stands_is_read_off_its_instants(
    office: Office, now: object, state: State, wording: str
) -> None:
    row = consultation(office)
    assert (state_of(row, now), state_wording(row, now)) == (state, wording)  # type: ignore[arg-type]


def _slugs(office: Office, *, archived: bool) -> list[str]:
    with office.database.transaction() as session:
        return [row.slug for row in visible(session, Access(adam(session, office), None), archived=archived)]
