"""A form begun before closing and handed in within the time of grace is in time wherever that is asked, and marked."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from intake.deadlines import Timing
from intake.errors import NotPossible
from intake.inbound.entering import Entry, enter
from intake.outbound.acknowledging import fields
from intake.responses.counting import count_log
from intake.responses.finding import find_page
from intake.responses.handling_standing import decide_late, may_decide_late
from intake.responses.timeliness import timeliness
from intake.store.consultations import Consultation, LatePolicy
from intake.store.emails import OutgoingEmail
from intake.store.responses import Channel, LateDecision, Nature, Response
from tests.databases import both_databases
from tests.inbound.test_entering import RULES
from tests.office import CLOSES_AT
from tests.people import DAN
from tests.responses.log_rows import access, add_response, filters_of, found
from tests.responses.officers import Officers, open_officers

pytestmark = both_databases
AFTER = CLOSES_AT + timedelta(minutes=20)


@pytest.fixture
def officers(tmp_path: Path) -> Iterator[Officers]:
    """One in the grace, one late at the same minute; the consultation leaves late ones to its officers."""
    with open_officers(tmp_path) as opened:
        database = opened.office.database
        add_response(database, channel=Channel.online, received_at=AFTER, is_in_grace=True)
        add_response(database, channel=Channel.online, received_at=AFTER)
        with database.transaction() as session:
            session.get_one(Consultation, 1).late_policy = LatePolicy.discretion
        yield opened


def test_it_is_judged_in_time_and_says_why(officers: Officers) -> None:
    with officers.work() as session:
        in_grace, late = session.exec(select(Response).order_by(Response.reference)).all()
        consultation = session.get_one(Consultation, 1)
        judged = timeliness(session, in_grace, consultation, now=AFTER)
        assert (judged.timing, judged.label) == (Timing.in_time, "In time")
        assert judged.sentences[0] == (
            "Received 12:19am on Saturday 29 February 2020: begun before closing and handed in within the grace, "
            "so it is in time."
        )
        assert timeliness(session, late, consultation, now=AFTER).timing is Timing.late


def test_it_is_found_among_those_in_time(officers: Officers) -> None:
    database = officers.office.database
    assert found(database, officers.asha, timing="in_time") == ["IEO-0001"]
    assert found(database, officers.asha, timing="late") == ["IEO-0002"]
    filters = filters_of(database, officers.asha, [("timing", "in_time")])
    with database.reading() as session:
        [entry] = find_page(session, access(database, officers.asha), filters).entries
    assert (entry.timing, entry.is_in_grace) == (Timing.in_time, True)


def test_it_is_not_counted_among_the_late(officers: Officers) -> None:
    add_response(officers.office.database, received_at=AFTER, is_in_grace=True, nature=Nature.question)
    add_response(officers.office.database, received_at=AFTER, is_in_grace=True, withdrawn_at=AFTER)
    with officers.work() as session:
        counted = count_log(session, [session.get_one(Consultation, 1)])[1]
    assert (counted.responses, counted.late, counted.undecided) == (2, 1, 1)


def test_nobody_decides_on_it(officers: Officers) -> None:
    with officers.work() as session:
        row = session.exec(select(Response).where(Response.reference == "IEO-0001")).one()
        assert not may_decide_late(row, session.get_one(Consultation, 1))
        with pytest.raises(NotPossible):
            decide_late(session, [row], LateDecision.not_counted, "Late.", user=officers.asha, now=AFTER)


def test_its_acknowledgement_says_that_it_is_in_time(officers: Officers) -> None:
    with officers.work() as session:
        entry = Entry(Channel.online, AFTER, address=DAN, text="We agree.", is_in_grace=True)
        consultation = session.get_one(Consultation, 1)
        enter(session, consultation, [entry], now=AFTER, actor="respondent", rules=RULES)
        outgoing = session.exec(select(OutgoingEmail)).one()
        given = fields(session, outgoing, AFTER, base_url="https://intake.county.example")
    assert (given["timing"], given["is_in_grace"]) == ("in_time", True)
