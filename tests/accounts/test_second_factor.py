"""Codes of an app: asked for after the password, good once, throttled like passwords."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from intake.accounts.links import LinkOver
from intake.accounts.second_factor import WrongCode, new_secret, qr_code, turn_off, turn_on, use_code
from intake.accounts.sessions import SessionRules, find_session
from intake.accounts.signing_in import CodeNeeded, SignedIn, send_code, sign_in
from intake.accounts.throttling import MOST_GUESSES, TooManyGuesses
from intake.accounts.users import user_by_address
from intake.store.users import UserSession
from tests.accounts.staff import OFFICE_NETWORK, PASSWORD, add, add_second_factor, code_of, stored
from tests.databases import both_databases
from tests.office import Office, open_office
from tests.people import ASHA

RULES = SessionRules(timedelta(hours=1), timedelta(hours=12))
STEP = timedelta(seconds=30)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path, polled=False) as office:
        add(office, ASHA)
        yield office


def first_step(office: Office) -> str:
    door = sign_in(office.database, ASHA, PASSWORD, OFFICE_NETWORK, now=office.now)
    assert isinstance(door, CodeNeeded)
    return door.token


def test_between_password_and_code_nobody_is_signed_in(office: Office) -> None:
    secret = add_second_factor(office, ASHA)
    before = len(office.rows(UserSession))
    token = first_step(office)
    with office.database.reading() as session:
        assert find_session(session, token, RULES, now=office.now) is None
    assert len(office.rows(UserSession)) == before
    office.now += STEP
    door = send_code(office.database, token, code_of(secret, office.now), OFFICE_NETWORK, now=office.now)
    assert isinstance(door, SignedIn)
    with office.database.reading() as session:
        assert find_session(session, door.token, RULES, now=office.now) is not None


def test_a_code_is_good_once_and_so_are_earlier_ones(office: Office) -> None:
    secret = add_second_factor(office, ASHA)
    office.now += 2 * STEP
    earlier = code_of(secret, office.now - STEP)
    code = code_of(secret, office.now)
    send_code(office.database, first_step(office), code, OFFICE_NETWORK, now=office.now)
    for used in (code, earlier):
        with pytest.raises(WrongCode):
            send_code(office.database, first_step(office), used, OFFICE_NETWORK, now=office.now)


@both_databases
def test_of_two_requests_with_one_code_one_is_let_in(office: Office) -> None:
    secret = add_second_factor(office, ASHA)
    office.now += STEP
    code = code_of(secret, office.now)

    def use(_: int) -> bool:
        with office.database.transaction() as session:
            return use_code(session, user_by_address(session, ASHA), code, now=office.now)

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(use, range(4))) == 1


@pytest.mark.parametrize("off", [-1, 1])
def test_a_telephones_clock_may_be_half_a_minute_wrong(office: Office, off: int) -> None:
    secret = add_second_factor(office, ASHA)
    office.now += 4 * STEP
    code = code_of(secret, office.now + off * STEP)
    assert send_code(office.database, first_step(office), f" {code[:3]} {code[3:]} ", OFFICE_NETWORK, now=office.now)


@pytest.mark.parametrize("wrong", ["", "000000", "12345", "abcdef", "１２３４５６", "1234567"])
def test_a_wrong_code_lets_nobody_in_and_the_step_can_be_tried_again(office: Office, wrong: str) -> None:
    secret = add_second_factor(office, ASHA)
    office.now += 4 * STEP
    token = first_step(office)
    with pytest.raises(WrongCode):
        send_code(office.database, token, wrong, OFFICE_NETWORK, now=office.now)
    assert send_code(office.database, token, code_of(secret, office.now), OFFICE_NETWORK, now=office.now)


def test_codes_are_guessed_ten_times_and_no_more(office: Office) -> None:
    secret = add_second_factor(office, ASHA)
    office.now += 4 * STEP
    token = first_step(office)
    for _ in range(MOST_GUESSES):
        with pytest.raises(WrongCode):
            send_code(office.database, token, "000000", OFFICE_NETWORK, now=office.now)
    with pytest.raises(TooManyGuesses):
        send_code(office.database, token, code_of(secret, office.now), OFFICE_NETWORK, now=office.now)


def test_who_waits_too_long_begins_again_and_a_step_leads_in_once(office: Office) -> None:
    secret = add_second_factor(office, ASHA)
    office.now += STEP
    token = first_step(office)
    send_code(office.database, token, code_of(secret, office.now), OFFICE_NETWORK, now=office.now)
    office.now += STEP
    with pytest.raises(LinkOver):
        send_code(office.database, token, code_of(secret, office.now), OFFICE_NETWORK, now=office.now)
    late = first_step(office)
    office.now += timedelta(minutes=5)
    with pytest.raises(LinkOver):
        send_code(office.database, late, code_of(secret, office.now), OFFICE_NETWORK, now=office.now)


def test_it_counts_only_once_a_code_proved_that_the_app_has_the_secret(office: Office) -> None:
    with pytest.raises(WrongCode), office.database.transaction() as session:
        turn_on(session, user_by_address(session, ASHA), new_secret(), "000000", now=office.now)
    assert stored(office.database, ASHA).totp_secret is None


def test_it_can_be_switched_off_and_the_history_says_who_did(office: Office) -> None:
    add_second_factor(office, ASHA)
    with office.database.transaction() as session:
        turn_off(session, user_by_address(session, ASHA), now=office.now, actor="user 99")
    assert isinstance(sign_in(office.database, ASHA, PASSWORD, OFFICE_NETWORK, now=office.now), SignedIn)
    assert [entry.actor for entry in office.history("second-factor-off")] == ["user 99"]


def test_the_picture_stands_in_a_page_without_a_style_or_a_script() -> None:
    picture = qr_code(new_secret(), address=ASHA, issuer='Riverford "County" & Council')
    assert picture.startswith("<svg ")
    assert not re.search(r"style|script|href|on\w+=", picture)
