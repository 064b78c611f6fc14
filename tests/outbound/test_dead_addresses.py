"""Dead addresses: which mail came back for good, where that matters, and until when."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from intake.errors import NotFound
from intake.outbound.dead_addresses import Dead, dead, dead_address, dead_addresses, mark_dead, revive
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.people import Consultee, DeadAddress
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import DURING, Office, open_office
from tests.outbound.mailed import REVIEW_SLUG, add_mailed, asha, review
from tests.people import BEN, CAROL, DAN, REVIEW

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path, database_kind: str) -> Iterator[Office]:
    with open_office(tmp_path) as office:
        yield office


def _sent(office: Office, address: str = CAROL, *, slug: str = REVIEW_SLUG) -> OutgoingEmail:
    return add_mailed(office, address, slug=slug, status=OutgoingStatus.sent, sent_at=office.now)


def _mark(office: Office, row: OutgoingEmail) -> bool:
    with office.database.transaction() as session:
        return mark_dead(session, row, now=office.now)


def _revive(office: Office, address: str = CAROL) -> None:
    user = asha(office)
    with office.database.transaction() as session:
        [row] = session.exec(select(DeadAddress).where(DeadAddress.address == address))
        revive(session, row, user=user, now=office.now)


def _dead(office: Office, *addresses: str) -> set[str]:
    with office.database.reading() as session:
        return dead(session, addresses or (BEN, CAROL, DAN))


def _listed(office: Office, slug: str = REVIEW_SLUG) -> list[Dead]:
    with office.database.reading() as session:
        return dead_addresses(session, review(office, slug))


def test_address_is_dead_for_all_consultations_until_it_is_said_to_work(office: Office) -> None:
    assert _mark(office, _sent(office, slug="school-admissions"))
    assert _dead(office, CAROL.upper(), BEN) == {CAROL}
    office.now += timedelta(hours=1)
    _revive(office)
    assert _dead(office) == set()
    assert [entry.actor for entry in office.history("revived")] == [asha(office).actor]


def test_next_email_that_comes_back_makes_it_dead_again(office: Office) -> None:
    first = _sent(office)
    _mark(office, first)
    office.now += timedelta(hours=1)
    _revive(office)
    office.now += timedelta(hours=1)
    second = _sent(office)
    assert _mark(office, second)
    [row] = office.rows(DeadAddress)
    assert (row.outgoing_id, row.bounced_at) == (second.id, office.now)
    assert _dead(office) == {CAROL}


def test_late_report_of_an_email_sent_before_it_was_said_to_work_says_nothing_new(office: Office) -> None:
    first, second = _sent(office), _sent(office)
    _mark(office, first)
    office.now += timedelta(hours=1)
    _revive(office)
    office.now += timedelta(hours=1)
    assert not _mark(office, second)
    assert _dead(office) == set()


@pytest.mark.parametrize(("is_unknown", "expected"), [(True, {BEN}), (False, set())])
def test_refusal_when_it_is_sent_makes_it_dead_only_where_there_is_no_such_address(
    office: Office, is_unknown: bool, expected: set[str]
) -> None:
    (office.sender.unknown if is_unknown else office.sender.refuses).add(BEN)
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.cycle()
    assert [row.status for row in office.outgoing()] == [OutgoingStatus.failed]
    assert _dead(office) == expected


def test_many_addresses_are_asked_about_at_once(office: Office) -> None:
    _mark(office, _sent(office))
    assert _dead(office, *(f"someone-{number}@somewhere.example" for number in range(2500)), CAROL) == {CAROL}


def test_consultation_lists_those_of_its_contacts_and_respondents_with_whose_they_are(office: Office) -> None:
    office.receive(raw_email(sender=DAN, to=REVIEW))
    office.cycle()
    for number, address in enumerate((CAROL, DAN, "stranger@elsewhere.example")):
        office.now = DURING + timedelta(hours=number)
        _mark(office, _sent(office, address))
    found = _listed(office)
    assert [one.row.address for one in found] == [DAN, CAROL]
    assert [response.reference for response in found[0].responses] == ["IEO-0001"]
    assert [consultee.organisation for _, consultee in found[1].contacts] == ["Larkmead Trust"]
    assert found[1].outgoing.recipient_address == CAROL
    assert _listed(office, "school-admissions") == []


def test_contact_that_is_no_longer_invited_is_not_listed(office: Office) -> None:
    _mark(office, _sent(office))
    with office.database.transaction() as session:
        consultee = next(one for one in office.rows(Consultee) if one.organisation == "Larkmead Trust")
        session.get_one(Consultee, consultee.id).removed_at = office.now
    assert _listed(office) == []


def test_one_is_found_only_where_it_belongs_and_while_it_is_dead(office: Office) -> None:
    _mark(office, _sent(office))
    [row] = office.rows(DeadAddress)
    with office.database.transaction() as session:
        assert dead_address(session, review(office), row.id).row.address == CAROL
        with pytest.raises(NotFound):
            dead_address(session, review(office, "school-admissions"), row.id)
    _revive(office)
    with office.database.transaction() as session, pytest.raises(NotFound):
        dead_address(session, review(office), row.id)
