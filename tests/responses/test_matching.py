"""Whose a response is: certain by address, else an officer's word, which can be taken back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from intake.errors import Changed, NotPossible
from intake.outbound.recipients import has_answered
from intake.responses.handling_moves import move_to
from intake.responses.handling_respondent import Respondent, correct_respondent
from intake.responses.matching import (
    LOOKED_AT,
    PAGE,
    Show,
    confirm,
    count_unmatched,
    decline,
    find_consultees,
    load_invited,
    proposals_for,
    take_back,
    unmatched,
)
from intake.responses.recounting import recount
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.responses import Nature
from tests.databases import both_databases
from tests.office import DURING
from tests.people import BEN, CAROL, DAN
from tests.responses.log_rows import add_response, add_responses
from tests.responses.officers import Officers, open_officers

pytestmark = both_databases
BURSAR = "bursar@larkmead.example"


@pytest.fixture
def officers(tmp_path: Path) -> Iterator[Officers]:
    with open_officers(tmp_path) as opened:
        yield opened


def larkmead(officers: Officers) -> Consultee:
    with officers.office.database.reading() as session:
        return session.exec(select(Consultee).where(Consultee.organisation == "Larkmead Trust")).one()


def add_consultee(officers: Officers, organisation: str, *addresses: str, **values: Any) -> Consultee:
    with officers.work() as session:
        given = {"consultation_id": officers.consultation("IEO").id, "stakeholder_group": "school", **values}
        row = Consultee(organisation=organisation, **given)
        session.add(row)
        session.flush()
        session.add_all(ConsulteeAddress(consultee_id=row.id, address=address) for address in addresses)
    return row


def confirmed(officers: Officers, reference: str = "IEO-0001", to: Consultee | None = None, **more: Any) -> None:
    with officers.work() as session:
        consultee = to or larkmead(officers)
        confirm(session, officers.response(reference), consultee, user=officers.asha, now=DURING, **more)


def taken_back(officers: Officers, reference: str = "IEO-0001") -> None:
    with officers.work() as session:
        take_back(session, officers.response(reference), user=officers.asha, now=DURING)


def declined(officers: Officers, reference: str = "IEO-0001") -> None:
    with officers.work() as session:
        decline(session, officers.response(reference), user=officers.asha, now=DURING)


def proposed(officers: Officers, reference: str = "IEO-0001") -> list[str]:
    with officers.office.database.reading() as session:
        return [one.consultee.organisation for one in proposals_for(session, officers.response(reference))]


def listed(officers: Officers, show: Show = Show.proposed) -> list[str]:
    with officers.office.database.reading() as session:
        looked = unmatched(session, officers.consultation("IEO"), show)
        return [one.response.reference for one in looked.found]


def those_who_answered(officers: Officers) -> set[int]:
    with officers.office.database.reading() as session:
        return set(has_answered(session, officers.consultation("IEO").id))


def addresses_of(officers: Officers, consultee: Consultee) -> list[tuple[str, bool]]:
    return [
        (row.address, row.is_mailed)
        for row in officers.office.rows(ConsulteeAddress)
        if row.consultee_id == consultee.id
    ]


def test_a_response_from_one_consultees_address_is_theirs_when_it_is_recorded(officers: Officers) -> None:
    officers.receive(BEN)
    assert officers.response().consultee_id == 1
    assert proposed(officers) == []


def test_an_address_that_several_share_is_only_proposed(officers: Officers) -> None:
    add_consultee(officers, "Larkmead School", CAROL)
    officers.receive(CAROL)
    assert officers.response().consultee_id is None
    assert proposed(officers) == ["Larkmead School", "Larkmead Trust"]


def test_an_address_taken_over_from_one_no_longer_invited_is_certain(officers: Officers) -> None:
    add_consultee(officers, "Larkmead School", CAROL, removed_at=DURING)
    officers.receive(CAROL)
    assert officers.response().consultee_id == larkmead(officers).id


def test_what_an_officer_confirms_counts_as_that_consultees_answer(officers: Officers) -> None:
    officers.receive(BURSAR)
    assert proposed(officers) == ["Larkmead Trust"]
    assert those_who_answered(officers) == set()
    confirmed(officers, version=0)
    row = officers.response()
    assert (row.consultee_id, row.organisation, row.stakeholder_group) == (2, "Larkmead Trust", "trust")
    assert those_who_answered(officers) == {2}
    assert officers.done() == [(officers.asha.actor, "matched")]


def test_what_an_officer_wrote_before_stays_when_it_is_confirmed(officers: Officers) -> None:
    officers.receive(BURSAR)
    given = Respondent("Bo Lind", BURSAR, "Larkmead Academies", "")
    with officers.work() as session:
        correct_respondent(session, officers.response(), given, user=officers.asha, now=DURING)
    confirmed(officers)
    assert (officers.response().organisation, officers.response().stakeholder_group) == ("Larkmead Academies", "trust")
    taken_back(officers)
    row = officers.response()
    assert (row.consultee_id, row.organisation, row.stakeholder_group) == (None, "Larkmead Academies", None)


def test_a_match_taken_back_leaves_the_response_as_it_was(officers: Officers) -> None:
    officers.receive(BURSAR)
    confirmed(officers, writes_from_it=True)
    assert addresses_of(officers, larkmead(officers)) == [(CAROL, True), (BURSAR, False)]
    taken_back(officers)
    row = officers.response()
    assert (row.consultee_id, row.organisation, row.stakeholder_group) == (None, None, None)
    assert addresses_of(officers, larkmead(officers)) == [(CAROL, True)]
    assert those_who_answered(officers) == set()
    assert larkmead(officers).version == 2
    assert proposed(officers) == ["Larkmead Trust"]


def test_a_match_made_by_the_address_can_be_taken_back_too(officers: Officers) -> None:
    officers.receive(CAROL)
    taken_back(officers)
    assert officers.response().organisation is None
    assert addresses_of(officers, larkmead(officers)) == [(CAROL, True)]
    declined(officers)
    assert those_who_answered(officers) == set()


def test_from_then_on_the_address_is_theirs_and_is_never_written_to(officers: Officers) -> None:
    officers.receive(BURSAR)
    confirmed(officers, writes_from_it=True)
    officers.receive(BURSAR, text="One more thing, about the buses.\n", message_id="<more@x.example>")
    assert officers.response("IEO-0002").consultee_id == larkmead(officers).id
    assert addresses_of(officers, larkmead(officers))[1] == (BURSAR, False)


def test_a_match_is_changed_to_another_consultee_in_one_step(officers: Officers) -> None:
    officers.receive(BURSAR)
    other = add_consultee(officers, "Larkmead School")
    confirmed(officers)
    confirmed(officers, to=other)
    row = officers.response()
    assert (row.consultee_id, row.organisation, row.stakeholder_group) == (other.id, "Larkmead School", "school")


def test_none_of_them_is_remembered_and_can_be_opened_again(officers: Officers) -> None:
    officers.receive(BURSAR)
    declined(officers)
    assert (proposed(officers), listed(officers), listed(officers, Show.nobody)) == ([], [], ["IEO-0001"])
    taken_back(officers)
    assert (proposed(officers), listed(officers), listed(officers, Show.nobody)) == (
        ["Larkmead Trust"],
        ["IEO-0001"],
        [],
    )


def test_doing_the_same_again_changes_nothing(officers: Officers) -> None:
    officers.receive(BURSAR)
    taken_back(officers)
    confirmed(officers)
    confirmed(officers)
    assert len(officers.done()) == 1


def test_a_confirmation_made_over_somebody_elses_is_refused(officers: Officers) -> None:
    officers.receive(BURSAR)
    with officers.work() as session:
        decline(session, officers.response(), user=officers.asha, now=DURING, version=0)
    with pytest.raises(Changed):
        confirmed(officers, version=0)
    assert officers.response().consultee_id is None


def test_only_somebody_invited_to_the_same_consultation_is_confirmed(officers: Officers) -> None:
    officers.receive(BURSAR)
    elsewhere = add_consultee(officers, "Larkmead Trust", consultation_id=officers.consultation("ADM").id)
    gone = add_consultee(officers, "Oxley School", removed_at=DURING)
    for consultee in (elsewhere, gone):
        with pytest.raises(NotPossible):
            confirmed(officers, to=consultee)


def test_moved_to_another_consultation_nobody_has_said_that_it_is_nobodys(officers: Officers) -> None:
    officers.receive(DAN)
    declined(officers)
    with officers.work() as session:
        target = officers.consultation("ADM")
        move_to(session, [officers.response()], target, user=officers.adam, now=DURING)
    assert officers.response("ADM-0001").is_uninvited is False


def test_the_list_has_what_counts_and_is_nobodys_the_latest_first(officers: Officers) -> None:
    database = officers.office.database
    for values in (
        {"respondent_address": BURSAR},
        {"respondent_address": BURSAR, "nature": Nature.question},
        {"respondent_address": BURSAR, "withdrawn_at": DURING},
        {"respondent_address": BEN, "consultee_id": 1},
        {"respondent_address": DAN},
        {"organisation": "Larkmead Academies Trust"},
    ):
        add_response(database, **values)
    assert listed(officers) == ["IEO-0006", "IEO-0001"]
    assert listed(officers, Show.without) == ["IEO-0005"]
    with database.reading() as session:
        assert count_unmatched(session, officers.consultation("IEO")) == 3


def test_a_long_list_is_read_in_pieces_and_nothing_is_left_out(officers: Officers) -> None:
    strangers: dict[str, Any] = {"respondent_address": DAN}
    each = [{"respondent_address": BURSAR}, *[strangers] * (LOOKED_AT + 150), *[{"respondent_address": BURSAR}] * PAGE]
    add_responses(officers.office.database, each)
    consultation, before, pages = officers.consultation("IEO"), None, list[int]()
    with officers.office.database.reading() as session:
        while True:
            looked = unmatched(session, consultation, Show.proposed, before=before)
            pages.append(len(looked.found))
            before = looked.before
            if before is None:
                break
    assert pages == [PAGE, 0, 1]


def test_a_consultee_is_found_by_name_key_or_address(officers: Officers) -> None:
    add_consultee(officers, "Oxley School", key="123456")
    with officers.office.database.reading() as session:
        among = load_invited(session, officers.consultation("IEO").id)
    for text, name in (("OXLEY", "Oxley School"), ("123456", "Oxley School"), ("carol.l", "Larkmead Trust")):
        assert [one.organisation for one in find_consultees(among, text)] == [name]
    assert find_consultees(among, " ") == find_consultees(among, "12345") == []


def test_the_history_names_the_consultee(officers: Officers) -> None:
    officers.receive(BURSAR)
    confirmed(officers)
    taken_back(officers)
    declined(officers)
    with officers.office.database.reading() as session:
        told = [one.sentence for one in recount(session, officers.response())]
    assert told[:3] == [
        "Asha said that it is none of the consultees'.",
        "Asha took back whose it is.",
        "Asha confirmed that it is from Larkmead Trust.",
    ]
