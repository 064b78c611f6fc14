"""Who has answered and who has not: exact at any size, by any channel, with what was sent to them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from intake.outbound.opting_out import opt_out
from intake.responses.answering import Rate, Trouble, answered_sentence, rates, standing_of, standings
from intake.responses.consultee_filters import PAGE, Answered, Sort, Wanted
from intake.responses.consultee_record import record_of
from intake.store.consultations import StakeholderGroup
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.people import Consultee, ConsulteeAddress, DeadAddress
from intake.store.responses import Channel, Nature
from tests.databases import both_databases
from tests.office import DURING
from tests.people import BEN, CAROL
from tests.responses.log_rows import add_response, add_responses
from tests.responses.officers import Officers, open_officers

pytestmark = both_databases


@pytest.fixture
def officers(tmp_path: Path) -> Iterator[Officers]:
    with open_officers(tmp_path) as opened:
        yield opened


def add_consultees(officers: Officers, each: list[dict[str, Any]]) -> list[Consultee]:
    with officers.work() as session:
        consultation_id = officers.consultation("IEO").id
        rows = [Consultee(consultation_id=consultation_id, **values) for values in each]
        session.add_all(rows)
        session.flush()
    return rows


def send(officers: Officers, consultee_id: int, kind: str, sent_at: datetime | None, **values: Any) -> OutgoingEmail:
    with officers.work() as session:
        number = len(session.exec(select(OutgoingEmail.id)).all())
        given = {
            "status": OutgoingStatus.sent if sent_at else OutgoingStatus.queued,
            "recipient_address": CAROL,
            **values,
        }
        row = OutgoingEmail(
            kind=kind,
            once_key=f"{kind}:{number}",
            message_id=f"<{number}@intake.county.example>",
            consultation_id=officers.consultation("IEO").id,
            consultee_id=consultee_id,
            queued_at=DURING,
            due_at=DURING,
            sent_at=sent_at,
            **given,
        )
        session.add(row)
        session.flush()
    return row


def by_group(officers: Officers) -> dict[str | None, tuple[int, int, int]]:
    """Invited, answered, per cent."""
    with officers.office.database.reading() as session:
        found = rates(session, officers.consultation("IEO"))
    return {one.group: (one.invited, one.answered, one.percent) for one in found}


def shown(officers: Officers, **query: str | list[str]) -> list[str]:
    pairs = [(name, one) for name, value in query.items() for one in ([value] if isinstance(value, str) else value)]
    with officers.office.database.reading() as session:
        wanted = Wanted.from_query(pairs, ["school", "trust"])
        return [one.consultee.organisation for one in wanted.of(standings(session, officers.consultation("IEO")))]


@contextmanager
def counted_statements(session: Session) -> Iterator[list[str]]:
    said = list[str]()

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        said.append(statement)

    engine = session.get_bind()
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def test_rates_are_by_group_in_its_order_and_the_last_is_of_all(officers: Officers) -> None:
    officers.receive(BEN)
    with officers.work() as session:
        review = officers.consultation("IEO")
        session.add(StakeholderGroup(consultation_id=review.id, position=1, name="trust"))
        session.add(StakeholderGroup(consultation_id=review.id, position=2, name="parent"))
    assert list(by_group(officers).items()) == [("trust", (1, 0, 0)), ("school", (1, 1, 100)), (None, (2, 1, 50))]


def test_an_answer_by_any_channel_counts_once(officers: Officers) -> None:
    database = officers.office.database
    later = DURING + timedelta(days=1)
    add_response(database, consultee_id=2, channel=Channel.email, received_at=later)
    add_response(database, consultee_id=2, channel=Channel.meeting, received_at=DURING)
    with database.reading() as session:
        total = rates(session, officers.consultation("IEO"))[-1]
    assert total.channels == Counter({Channel.meeting: 1})


def test_what_does_not_count_is_no_answer(officers: Officers) -> None:
    database = officers.office.database
    add_response(database, consultee_id=2, nature=Nature.question)
    add_response(database, consultee_id=2, withdrawn_at=DURING)
    add_response(database, respondent_address=CAROL, is_uninvited=True)
    assert by_group(officers)[None] == (2, 0, 0)


def test_a_consultee_is_shown_no_response_from_a_shared_address_that_is_anothers(officers: Officers) -> None:
    add_response(officers.office.database, respondent_address=CAROL, consultee_id=1)
    open_one = add_response(officers.office.database, respondent_address=CAROL)
    with officers.office.database.reading() as session:
        review, carols = officers.consultation("IEO"), session.get_one(Consultee, 2)
        record = record_of(session, review, carols, now=DURING)
    assert [one.id for one in record.responses] == [open_one.id]
    assert record.standing.answered is not None
    assert record.standing.answered.id == open_one.id


def test_who_is_no_longer_invited_is_in_no_rate_and_listed_apart(officers: Officers) -> None:
    add_consultees(officers, [{"organisation": "Oxley School", "stakeholder_group": "school", "removed_at": DURING}])
    assert by_group(officers)[None] == (2, 0, 0)
    assert shown(officers) == ["Heathfield Primary School", "Larkmead Trust"]
    assert shown(officers, removed="yes") == ["Oxley School"]


def test_numbers_are_exact_for_two_thousand_consultees_in_few_queries(officers: Officers) -> None:
    rows = add_consultees(
        officers,
        [{"organisation": f"School {n:04}", "stakeholder_group": f"area {n % 4}"} for n in range(2000)],
    )
    with officers.work() as session:
        session.add_all(ConsulteeAddress(consultee_id=row.id, address=f"head@s{row.id}.example") for row in rows)
    answers = [{"consultee_id": row.id, "channel": Channel.online} for row in rows[:700]]
    answers += [{"respondent_address": f"head@s{row.id}.example"} for row in rows[600:900]]
    add_responses(officers.office.database, answers)
    with officers.office.database.reading() as session:
        consultation = officers.consultation("IEO")
        with counted_statements(session) as said:
            found, every = rates(session, consultation), standings(session, consultation)
    assert len(said) < 15
    assert (found[-1].invited, found[-1].answered, found[-1].not_answered) == (2002, 900, 1102)
    assert found[-1].channels == Counter({Channel.online: 700, Channel.email: 200})
    assert {one.group: one.answered for one in found if one.invited == 500} == dict.fromkeys(
        [f"area {n}" for n in range(4)], 225
    )
    assert sum(one.answered is not None for one in every) == 900


@pytest.mark.parametrize(
    ("answered", "invited", "percent"), [(0, 0, 0), (0, 3, 0), (1, 300, 1), (1, 3, 33), (299, 300, 99), (3, 3, 100)]
)
def test_all_and_none_are_said_only_where_they_are_true(answered: int, invited: int, percent: int) -> None:
    assert Rate("school", invited, Counter({Channel.email: answered})).percent == percent


def test_each_has_what_went_to_them_and_not_what_is_still_to_go(officers: Officers) -> None:
    send(officers, 2, "invitation", DURING)
    send(officers, 2, "reminder", DURING + timedelta(days=3))
    send(officers, 2, "reminder", DURING + timedelta(days=9), status=OutgoingStatus.bounced)
    send(officers, 2, "reminder", None)
    with officers.office.database.reading() as session:
        heathfield, larkmead = standings(session, officers.consultation("IEO"))
    assert heathfield.sent is None
    assert larkmead.sent is not None
    assert larkmead.sent.kinds == {"invitation": 1, "reminder": 2}
    assert larkmead.sent.last_at == DURING + timedelta(days=9)


def test_why_somebody_is_not_reached_is_said(officers: Officers) -> None:
    add_consultees(officers, [{"organisation": "Oxley School", "stakeholder_group": "school"}])
    bounced = send(officers, 1, "reminder", DURING, recipient_address=BEN)
    with officers.work() as session:
        opt_out(session, officers.consultation("IEO").id, CAROL, now=DURING)
        session.add(DeadAddress(address=BEN, bounced_at=DURING, outgoing_id=bounced.id))
        session.add(ConsulteeAddress(consultee_id=3, address="head@oxley.example", is_mailed=False))
    with officers.office.database.reading() as session:
        found = standings(session, officers.consultation("IEO"))
    assert [(set(one.troubles), one.is_reached) for one in found] == [
        ({Trouble.address_dead}, False),
        ({Trouble.opted_out}, False),
        ({Trouble.no_address}, False),
    ]
    assert shown(officers, trouble="no-address") == ["Oxley School"]


def test_one_alone_stands_as_in_the_list(officers: Officers) -> None:
    officers.receive(CAROL)
    send(officers, 2, "invitation", DURING)
    send(officers, 1, "reminder", DURING)
    with officers.office.database.reading() as session:
        consultation = officers.consultation("IEO")
        listed = standings(session, consultation)[1]
        alone = standing_of(session, consultation, session.get_one(Consultee, 2))
    assert (alone.consultee.id, alone.sent, [c.row.address for c in alone.contacts]) == (2, listed.sent, [CAROL])
    assert alone.answered is not None
    assert answered_sentence(alone.answered, consultation) == (
        "Answered on Wednesday 12 February 2020 by email (IEO-0001)."
    )


def test_filters_combine_and_the_order_is_chosen(officers: Officers) -> None:
    add_consultees(
        officers,
        [
            {"organisation": "Ashfield School", "stakeholder_group": "school", "key": "URN7"},
            {"organisation": "oxley Trust", "stakeholder_group": "trust"},
        ],
    )
    officers.receive(BEN)
    everybody = ["Ashfield School", "Heathfield Primary School", "Larkmead Trust", "oxley Trust"]
    assert shown(officers) == everybody
    assert shown(officers, reversed="yes") == everybody[::-1]
    assert shown(officers, answered="no", group="trust") == ["Larkmead Trust", "oxley Trust"]
    assert shown(officers, group=["school", "trust"]) == everybody
    assert shown(officers, q="heathfield.EXAMPLE") == ["Heathfield Primary School"]
    assert shown(officers, q="urn7") == ["Ashfield School"]
    assert shown(officers, sort="answered")[0] == "Heathfield Primary School"
    assert shown(officers, sort="answered", reversed="yes")[-1] == "Heathfield Primary School"
    assert shown(officers, sort="group", reversed="yes")[:2] == ["Larkmead Trust", "oxley Trust"]


def test_an_address_is_read_as_it_was_written_and_nonsense_is_left_out() -> None:
    wanted = Wanted(Answered.no, ("school",), Trouble.opted_out, "oak", False, Sort.group, True, 3)
    assert Wanted.from_query(wanted.pairs(), ["school"]) == wanted
    assert wanted.to_query(page=4).endswith("page=4")
    assert "page" not in wanted.to_query(q="elm")
    nonsense = {"answered": "maybe", "group": "pupil", "trouble": "x", "sort": "y", "page": "²", "q": "\0 ", "z": "1"}
    assert Wanted.from_query(nonsense.items(), ["school"]) == Wanted()
    assert PAGE == 100
