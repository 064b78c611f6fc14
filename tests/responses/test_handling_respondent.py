"""Correcting who responded: what changes is named in the history, what it was is not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from intake.errors import Changed, NotPossible
from intake.responses.handling_respondent import (
    Respondent,
    correct_address,
    correct_respondent,
    mistakes_in,
)
from intake.store.consultations import StakeholderGroup
from intake.store.people import groups_of
from tests.databases import both_databases
from tests.office import DURING
from tests.people import BEN, DAN
from tests.responses.officers import Officers, open_officers

pytestmark = both_databases
DANS = Respondent("Dan Morris", DAN, "", "")


@pytest.fixture
def officers(tmp_path: Path) -> Iterator[Officers]:
    with open_officers(tmp_path) as opened:
        opened.receive(f"Dan Morris <{DAN}>", BEN)
        yield opened


def correct(officers: Officers, to: Respondent, *, version: int | None = None) -> int:
    with officers.work() as session:
        return correct_respondent(session, officers.response(), to, user=officers.asha, now=DURING, version=version)


def test_an_organisation_that_was_invited_makes_it_that_consultees_response(officers: Officers) -> None:
    assert correct(officers, replace(DANS, organisation="larkmead trust")) == 1
    row = officers.response()
    assert (row.organisation, row.stakeholder_group, row.consultee_id) == ("Larkmead Trust", "trust", 2)
    correct(officers, replace(DANS, organisation="Somewhere Parish Council"))
    assert officers.response().consultee_id is None


def test_the_group_an_officer_chose_stands_over_the_consultees(officers: Officers) -> None:
    correct(officers, replace(DANS, organisation="Larkmead Trust", stakeholder_group="school"))
    row = officers.response()
    assert (row.stakeholder_group, row.consultee_id) == ("school", 2)


def test_a_consultees_response_stays_theirs_when_only_the_name_is_corrected(officers: Officers) -> None:
    row = officers.response("IEO-0002")
    given = Respondent("Ben Hughes, head teacher", BEN, row.organisation or "", row.stakeholder_group or "")
    with officers.work() as session:
        correct_respondent(session, row, given, user=officers.asha, now=DURING)
    assert officers.response("IEO-0002").consultee_id == row.consultee_id == 1


def test_the_history_names_the_fields_and_nothing_of_what_they_held(officers: Officers) -> None:
    correct(officers, replace(DANS, respondent_name="Daniel Morris", respondent_address="DANIEL@somewhere.example"))
    assert officers.response().respondent_address == "daniel@somewhere.example"
    [entry] = officers.office.history("corrected")
    assert entry.detail == {"fields": ["respondent_address", "respondent_name"], "version": 1}


def test_a_form_sent_unchanged_changes_nothing(officers: Officers) -> None:
    assert correct(officers, DANS) == 0
    assert officers.done() == []


def test_a_correction_made_over_somebody_elses_is_refused(officers: Officers) -> None:
    correct(officers, replace(DANS, respondent_name="Daniel Morris"), version=0)
    with pytest.raises(Changed):
        correct(officers, replace(DANS, respondent_name="D. Morris"), version=0)
    assert officers.response().respondent_name == "Daniel Morris"


def test_what_cannot_be_right_is_told_field_by_field(officers: Officers) -> None:
    wrong = Respondent("n" * 201, "dan at somewhere", "o" * 201, "parish")
    with officers.work() as session:
        assert set(mistakes_in(session, officers.response(), wrong)) == {
            "respondent_name",
            "respondent_address",
            "organisation",
            "stakeholder_group",
        }
    with pytest.raises(NotPossible):
        correct(officers, wrong)


def test_a_respondent_without_an_address_is_possible(officers: Officers) -> None:
    correct(officers, replace(DANS, respondent_address=""))
    assert officers.response().respondent_address is None


def test_the_address_alone_is_corrected(officers: Officers) -> None:
    with officers.work() as session:
        correct_address(session, officers.response(), "Dan@Elsewhere.example", user=officers.asha, now=DURING)
    assert officers.response().respondent_address == "dan@elsewhere.example"
    with pytest.raises(NotPossible), officers.work() as session:
        correct_address(session, officers.response(), "nowhere", user=officers.asha, now=DURING)


def test_groups_are_the_consultations_in_their_order_then_its_consultees(officers: Officers) -> None:
    review = officers.consultation("IEO")
    with officers.work() as session:
        session.add(StakeholderGroup(consultation_id=review.id, position=1, name="trust"))
        session.add(StakeholderGroup(consultation_id=review.id, position=0, name="governor"))
        session.flush()
        assert groups_of(session, review.id) == ["governor", "trust", "school"]
        assert groups_of(session, officers.consultation("ADM").id) == []
