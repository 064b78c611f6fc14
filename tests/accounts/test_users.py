"""Users added, changed, given consultations and disabled; one administrator is always left."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from intake.accounts.access import access_of
from intake.accounts.links import LinkOver, open_link
from intake.accounts.sessions import SessionRules, find_session
from intake.accounts.signing_in import NotLetIn, SignedIn, change_password, choose_password, follow_link, sign_in
from intake.accounts.users import (
    FromElsewhere,
    LastAdministrator,
    add_user,
    change_user,
    disable,
    enable,
    give_consultations,
    list_users,
    user_by_address,
)
from intake.errors import Mistakes
from intake.store.consultations import Consultation
from intake.store.users import LinkPurpose, OneTimeLink, Role, UserSession
from tests.accounts.staff import OFFICE_NETWORK, PASSWORD, add, link_for, stored
from tests.databases import both_databases
from tests.office import Office, open_office
from tests.people import ADAM, ASHA, OLGA

RULES = SessionRules(timedelta(hours=1), timedelta(hours=12))
NEW_PASSWORD = "velvet tractor windmill"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path, polled=False) as office:
        yield office


def is_signed_in(office: Office, token: str) -> bool:
    with office.database.reading() as session:
        return find_session(session, token, RULES, now=office.now) is not None


def enter(office: Office, address: str, password: str = PASSWORD) -> str:
    door = sign_in(office.database, address, password, OFFICE_NETWORK, now=office.now)
    assert isinstance(door, SignedIn)
    return door.token


def test_an_address_is_kept_in_lower_case_and_signs_in_however_it_is_typed(office: Office) -> None:
    add(office, "Asha.Rahman@County.Example")
    assert stored(office.database, ASHA).name == "Asha Rahman"
    assert is_signed_in(office, enter(office, " ASHA.RAHMAN@county.example "))


@both_databases
def test_an_address_that_is_none_or_is_taken_is_refused(office: Office) -> None:
    add(office, ASHA, password=None)
    for address, word in ((ASHA, "already"), ("asha", "email address"), ("a b@county.example", "email address")):
        with pytest.raises(Mistakes) as refused, office.database.transaction() as session:
            add_user(session, address=address, name="", role=Role.officer, now=office.now, actor="test")
        assert word in refused.value.by_field["address"]


@both_databases
def test_an_officer_sees_what_is_given_and_an_administrator_all(office: Office) -> None:
    add(office, ASHA, password=None)
    add(office, ADAM, role=Role.administrator, password=None)
    review, admissions = office.rows(Consultation)
    with office.database.transaction() as session:
        asha = user_by_address(session, ASHA)
        give_consultations(session, asha, [review.id, 999], now=office.now, actor="user 1")
        give_consultations(session, asha, [admissions.id], now=office.now, actor="user 1")
        assert access_of(session, asha).consultation_ids == frozenset({admissions.id})
        assert access_of(session, user_by_address(session, ADAM)).consultation_ids is None
        assert [list(one.consultations) for one in list_users(session)] == [[], [admissions]]
    assert [entry.detail for entry in office.history("given")] == [
        {"given": [review.id], "taken": []},
        {"given": [admissions.id], "taken": [review.id]},
    ]


def test_who_is_disabled_is_out_at_once_and_can_come_back(office: Office) -> None:
    add(office, ASHA)
    token = enter(office, ASHA)
    unused = link_for(office, ASHA)
    with office.database.transaction() as session:
        disable(session, user_by_address(session, ASHA), now=office.now, actor="user 9")
    assert not is_signed_in(office, token)
    with pytest.raises(NotLetIn):
        enter(office, ASHA)
    with pytest.raises(LinkOver):
        choose_password(office.database, unused, NEW_PASSWORD, OFFICE_NETWORK, now=office.now)
    with office.database.transaction() as session:
        enable(session, user_by_address(session, ASHA), now=office.now, actor="user 9")
    assert not is_signed_in(office, token)
    assert is_signed_in(office, enter(office, ASHA))


def test_the_last_administrator_stays_one(office: Office) -> None:
    add(office, ADAM, role=Role.administrator, password=None)
    with pytest.raises(LastAdministrator), office.database.transaction() as session:
        disable(session, user_by_address(session, ADAM), now=office.now, actor="test")
    adam = stored(office.database, ADAM)
    with pytest.raises(LastAdministrator), office.database.transaction() as session:
        change_user(session, adam, name="Adam", role=Role.officer, now=office.now, actor="test")
    add(office, OLGA, role=Role.administrator, password=None)
    with office.database.transaction() as session:
        disable(session, user_by_address(session, ADAM), now=office.now, actor="test")
    with pytest.raises(LastAdministrator), office.database.transaction() as session:
        disable(session, user_by_address(session, OLGA), now=office.now, actor="test")


@both_databases
def test_of_two_administrators_who_disable_each_other_at_once_one_is_left(office: Office) -> None:
    for address in (ADAM, OLGA):
        add(office, address, role=Role.administrator, password=None)

    def attempt(address: str) -> bool:
        try:
            with office.database.transaction() as session:
                disable(session, user_by_address(session, address), now=office.now, actor="test")
        except LastAdministrator:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sum(threads.map(attempt, (ADAM, OLGA))) == 1


def test_a_link_chooses_a_password_once_and_a_new_link_ends_the_old_one(office: Office) -> None:
    add(office, ASHA, password=None)
    first, second = link_for(office, ASHA), link_for(office, ASHA)
    with pytest.raises(LinkOver):
        choose_password(office.database, first, PASSWORD, OFFICE_NETWORK, now=office.now)
    with pytest.raises(Mistakes):
        choose_password(office.database, second, "too short", OFFICE_NETWORK, now=office.now)
    assert isinstance(choose_password(office.database, second, PASSWORD, OFFICE_NETWORK, now=office.now), SignedIn)
    with pytest.raises(LinkOver):
        choose_password(office.database, second, NEW_PASSWORD, OFFICE_NETWORK, now=office.now)
    assert all(token not in str(row) for row in office.rows(OneTimeLink) for token in (first, second))


@pytest.mark.parametrize(
    ("purpose", "lasts"),
    [(LinkPurpose.set_password, timedelta(days=7)), (LinkPurpose.sign_in, timedelta(minutes=15))],
)
def test_a_link_runs_out(office: Office, purpose: LinkPurpose, lasts: timedelta) -> None:
    add(office, ASHA, password=None)
    token = link_for(office, ASHA, purpose)
    office.now += lasts
    with pytest.raises(LinkOver), office.database.reading() as session:
        open_link(session, token, purpose, now=office.now)


def test_a_link_for_one_purpose_serves_no_other(office: Office) -> None:
    add(office, ASHA, password=None)
    with pytest.raises(LinkOver):
        follow_link(office.database, link_for(office, ASHA), OFFICE_NETWORK, now=office.now)
    token = link_for(office, ASHA, LinkPurpose.sign_in)
    with pytest.raises(LinkOver):
        choose_password(office.database, token, PASSWORD, OFFICE_NETWORK, now=office.now)
    assert isinstance(follow_link(office.database, token, OFFICE_NETWORK, now=office.now), SignedIn)
    with pytest.raises(LinkOver):
        follow_link(office.database, token, OFFICE_NETWORK, now=office.now)


@both_databases
def test_of_two_who_follow_one_link_at_once_one_is_let_in(office: Office) -> None:
    add(office, ASHA, password=None)
    token = link_for(office, ASHA, LinkPurpose.sign_in)

    def attempt(_: int) -> bool:
        try:
            follow_link(office.database, token, OFFICE_NETWORK, now=office.now)
        except LinkOver:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(attempt, range(4))) == 1


def test_a_changed_password_ends_the_other_sessions_and_asks_for_the_old_one(office: Office) -> None:
    add(office, ASHA)
    own, other = enter(office, ASHA), enter(office, ASHA)
    with office.database.reading() as session:
        found = find_session(session, own, RULES, now=office.now)
    assert found
    row: UserSession = found[0]
    with pytest.raises(Mistakes, match="not your present password"):
        change_password(office.database, row, "guess", NEW_PASSWORD, OFFICE_NETWORK, now=office.now)
    change_password(office.database, row, PASSWORD, NEW_PASSWORD, OFFICE_NETWORK, now=office.now)
    assert (is_signed_in(office, own), is_signed_in(office, other)) == (True, False)
    with pytest.raises(NotLetIn):
        enter(office, ASHA)
    assert enter(office, ASHA, NEW_PASSWORD)


def test_who_signs_in_elsewhere_gets_no_link_and_no_other_role_here(office: Office) -> None:
    with office.database.transaction() as session:
        user = add_user(
            session, address=ASHA, name="Asha", role=Role.officer, identity="issuer 1", now=office.now, actor="test"
        )
        with pytest.raises(FromElsewhere):
            change_user(session, user, name="Asha", role=Role.administrator, now=office.now, actor="test")
    with pytest.raises(FromElsewhere):
        link_for(office, ASHA)


def test_the_history_names_fields_and_ids_but_no_person(office: Office) -> None:
    add(office, ASHA)
    with office.database.transaction() as session:
        user = user_by_address(session, ASHA)
        change_user(session, user, name="Asha Khan", role=Role.administrator, now=office.now, actor="user 9")
    entries = [office.history(action) for action in ("added", "link-made", "password-set", "signed-in", "changed")]
    assert all(entries)
    assert office.history("changed")[0].detail == {"fields": ["name", "role"]}
    assert not any(word in str(entry.detail) for some in entries for entry in some for word in ("Khan", "county"))
