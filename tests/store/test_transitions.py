"""Status moves: only those that exist, only from where the row still is, each with its line of history."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from intake.errors import LostRace
from intake.store.emails import EmailStatus, InboundEmail, OutgoingStatus
from intake.store.reasons import Reason
from intake.store.transitions import EMAIL_MOVES, OUTGOING_MOVES, move_email
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import DURING, Office, open_office
from tests.people import ASHA, DAN

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        opened.receive(raw_email(sender=DAN, to=ASHA))
        opened.cycle()
        yield opened


def test_a_move_is_written_with_who_and_why(office: Office) -> None:
    with office.database.transaction() as session:
        email = session.exec(select(InboundEmail)).one()
        move_email(session, email, EmailStatus.ignored, now=DURING, actor="Asha", reason=Reason.duplicate)
    assert office.outcomes() == [("ignored", "duplicate")]
    [entry] = office.history("ignored")
    assert (entry.actor, entry.at, entry.detail) == ("Asha", DURING, {"from": "held", "reason": "duplicate"})


def test_the_second_of_two_who_decide_at_once_changes_nothing(office: Office) -> None:
    with office.database.reading() as session:
        as_carol_saw_it = session.exec(select(InboundEmail)).one()
    with office.database.transaction() as session:
        move_email(session, session.get_one(InboundEmail, 1), EmailStatus.ignored, now=DURING)
    with pytest.raises(LostRace), office.database.transaction() as session:
        move_email(session, as_carol_saw_it, EmailStatus.recorded, now=DURING)
    assert [status for status, _ in office.outcomes()] == ["ignored"]
    assert len(office.history("recorded")) == 0


def test_a_move_that_does_not_exist_is_refused(office: Office) -> None:
    with pytest.raises(ValueError, match="cannot move from held to failed"), office.database.transaction() as session:
        move_email(session, session.get_one(InboundEmail, 1), EmailStatus.failed, now=DURING)


def test_every_status_has_its_moves() -> None:
    assert set(EMAIL_MOVES) == set(EmailStatus)
    assert set(OUTGOING_MOVES) == set(OutgoingStatus)


def test_every_status_can_be_reached() -> None:
    for moves, first in ((EMAIL_MOVES, EmailStatus.received), (OUTGOING_MOVES, OutgoingStatus.queued)):
        reached = {first}
        for _ in moves:
            reached |= {to for status in reached for to in moves[status]}  # type: ignore[index]
        assert reached == set(moves)
