"""Ten wrong guesses in five minutes, for an account and for a network address, whoever counts them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from intake.accounts.signing_in import Caller, NotLetIn, SignedIn, sign_in
from intake.accounts.throttling import (
    MOST_GUESSES,
    TooManyGuesses,
    account_key,
    count_guess,
    network_key,
    take_back,
)
from intake.store.users import SignInAttempt
from tests.accounts.staff import ELSEWHERE, OFFICE_NETWORK, PASSWORD, add
from tests.databases import both_databases
from tests.office import Office, open_office
from tests.people import ASHA, OLGA


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path, polled=False) as office:
        yield office


def guess(office: Office, *keys: str) -> None:
    with office.database.transaction() as session:
        count_guess(session, *keys, now=office.now)


def test_the_eleventh_guess_in_five_minutes_is_refused_and_says_when_to_come_back(office: Office) -> None:
    for _ in range(MOST_GUESSES):
        guess(office, "account")
        office.now += timedelta(seconds=6)
    with pytest.raises(TooManyGuesses, match="Try again in 4 minutes"):
        guess(office, "account")
    guess(office, "another")
    office.now += timedelta(minutes=4)
    guess(office, "account")
    with pytest.raises(TooManyGuesses, match="Try again in 1 minute\\."):
        guess(office, "account")


def test_what_was_refused_is_not_counted_and_old_rows_are_cleared(office: Office) -> None:
    for _ in range(MOST_GUESSES + 5):
        try:
            guess(office, "account")
        except TooManyGuesses:
            continue
    assert len(office.rows(SignInAttempt)) == MOST_GUESSES
    office.now += timedelta(minutes=5)
    guess(office, "account")
    assert len(office.rows(SignInAttempt)) == MOST_GUESSES + 1
    office.now += timedelta(hours=1)
    guess(office, "account")
    assert len(office.rows(SignInAttempt)) == 1


def test_a_right_guess_does_not_count(office: Office) -> None:
    for _ in range(MOST_GUESSES * 2):
        with office.database.transaction() as session:
            take_back(session, count_guess(session, "account", "network", now=office.now))
    assert not office.rows(SignInAttempt)


@both_databases
def test_of_many_guesses_at_once_only_ten_are_judged(office: Office) -> None:
    def guessed(_: int) -> bool:
        try:
            guess(office, account_key(ASHA), network_key("192.0.2.10"))
        except TooManyGuesses:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(guessed, range(40))) == MOST_GUESSES


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.10", "192.0.2.11", False),
        ("192.0.2.10", "::ffff:192.0.2.10", True),
        ("2001:db8:0:1::5", "2001:db8:0:1:ffff::6", True),
        ("2001:db8:0:1::5", "2001:db8:0:2::5", False),
        ("unknown", "unknown", True),
    ],
)
def test_a_network_address_is_what_one_customer_has(one: str, other: str, is_same: bool) -> None:
    assert (network_key(one) == network_key(other)) is is_same
    assert len(network_key(one)) == 64


def test_an_account_is_shut_to_guesses_from_anywhere_and_says_the_same_of_one_that_does_not_exist(
    office: Office,
) -> None:
    add(office, ASHA)
    for address in (ASHA, "nobody@county.example"):
        for n in range(MOST_GUESSES):
            with pytest.raises(NotLetIn, match="The email address or the password is not right"):
                sign_in(office.database, address, "guess", Caller(f"198.51.100.{n}", ""), now=office.now)
        with pytest.raises(TooManyGuesses):
            sign_in(office.database, address, PASSWORD, OFFICE_NETWORK, now=office.now)


def test_one_network_is_shut_after_ten_accounts_and_others_are_not(office: Office) -> None:
    add(office, OLGA)
    for n in range(MOST_GUESSES):
        with pytest.raises(NotLetIn):
            sign_in(office.database, f"officer{n}@county.example", "guess", ELSEWHERE, now=office.now)
    with pytest.raises(TooManyGuesses):
        sign_in(office.database, OLGA, PASSWORD, ELSEWHERE, now=office.now)
    assert isinstance(sign_in(office.database, OLGA, PASSWORD, OFFICE_NETWORK, now=office.now), SignedIn)


def test_keys_hide_whom_they_are_for() -> None:
    assert ASHA not in account_key(ASHA)
    assert account_key(ASHA) != network_key(ASHA)
