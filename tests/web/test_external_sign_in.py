"""Signing in through a certified OpenID provider, as a browser does."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import Response

from intake.store.users import ConsultationAccess, Role, User
from tests.accounts.staff import stored
from tests.people import ASHA, OLGA
from tests.servers.openid import OpenIdProvider, sign_in_there
from tests.web.desk import BASE_URL, Desk, Visitor, open_desk
from tests.web.test_signing_in import is_in

RETURN = f"{BASE_URL}/sign-in/external/return"


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    with OpenIdProvider(RETURN) as running:
        yield running


@contextmanager
def desk_at(folder: Path, provider: OpenIdProvider, **changed: Any) -> Iterator[Desk]:
    """A desk whose people sign in at the provider; its clock is the real one, as the provider's is."""
    with open_desk(folder, settings={"sign_in": provider.settings(**changed)}) as desk:
        desk.office.now = datetime.now(UTC)
        yield desk


@pytest.fixture
def desk(tmp_path: Path, provider: OpenIdProvider) -> Iterator[Desk]:
    with desk_at(tmp_path, provider) as desk:
        yield desk


def leave(browser: Visitor, wanted: str = "/account") -> str:
    """From the button on our page to the provider's address."""
    button = browser.page(f"/sign-in?wanted={wanted}").css_first("main a[role=button]")
    assert button is not None
    answer = browser.get(button.attributes["href"] or "")
    assert answer.status_code == 303
    return answer.headers["location"]


def come_back(browser: Visitor, address: str, **changed: str) -> Response:
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changed
    return browser._client.get(parts.path, params=query)


def enter(browser: Visitor, login: str) -> Response:
    return come_back(browser, sign_in_there(leave(browser), login))


def test_an_officer_comes_in_and_is_who_they_were(desk: Desk) -> None:
    browser = Visitor(desk.app)
    answer = enter(browser, "asha")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert "SameSite=lax" in answer.headers["set-cookie"]
    shown = browser.page("/account").text()
    assert all(word in shown for word in (ASHA, "Improving education outcomes", "With your council account"))
    assert browser.get("/users").status_code == 403
    assert stored(desk.office.database, ASHA).identity


def test_an_administrator_comes_in_by_a_group(desk: Desk) -> None:
    browser = Visitor(desk.app)
    enter(browser, "adam")
    assert browser.get("/users").status_code == 200


def test_a_new_officer_is_told_that_somebody_has_to_give_them_consultations(tmp_path: Path) -> None:
    with OpenIdProvider(RETURN) as provider, desk_at(tmp_path, provider) as desk:
        with desk.office.database.transaction() as session:
            session.delete(session.get_one(ConsultationAccess, (desk.users[OLGA].id, 2)))
            session.get_one(User, desk.users[OLGA].id).address = "olga.before@county.example"
        browser = Visitor(desk.app)
        enter(browser, "olga")
        made = stored(desk.office.database, OLGA)
        assert (made.role, made.name) == (Role.officer, "Olga Novak")
        assert "an administrator has to give you some" in browser.page("/account").text()


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ("dan", "in no group that may use this"),
        ("busy", "in more groups than"),
        ("nameless", "has no email address"),
        ("olga", "does not vouch that it is you"),
    ],
)
def test_who_may_not_come_in_is_told_why_on_one_page(desk: Desk, login: str, words: str) -> None:
    browser = Visitor(desk.app)
    before = len(desk.office.rows(User))
    answer = enter(browser, login)
    assert (answer.status_code, words in answer.text) == (403, True)
    assert not is_in(browser)
    assert len(desk.office.rows(User)) == before


def test_a_single_tenants_addresses_can_be_trusted(tmp_path: Path, provider: OpenIdProvider) -> None:
    with desk_at(tmp_path, provider, trust_addresses=True) as desk:
        browser = Visitor(desk.app)
        enter(browser, "olga")
        assert "School admissions" in browser.page("/account").text()


def test_a_return_nobody_of_this_browser_began_lets_nobody_in(desk: Desk) -> None:
    asha, victim = Visitor(desk.app), Visitor(desk.app)
    back = sign_in_there(leave(asha), "asha")
    leave(victim)
    assert come_back(victim, back).status_code == 403
    assert come_back(asha, back, state="another").status_code == 403
    assert come_back(asha, back, iss="https://elsewhere.example").status_code == 403
    assert come_back(asha, back, code="guessed").status_code == 403
    assert come_back(asha, back).status_code == 403  # the guess used the sign-in up
    assert (is_in(asha), is_in(victim)) == (False, False)


def test_a_return_is_good_once(desk: Desk) -> None:
    browser = Visitor(desk.app)
    back = sign_in_there(leave(browser), "asha")
    assert come_back(browser, back).status_code == 303
    assert come_back(browser, back).status_code == 403


def test_who_gives_up_there_is_told_what_to_do(desk: Desk) -> None:
    answer = desk.nobody.get("/sign-in/external/return?error=access_denied&state=x")
    assert (answer.status_code, "Go back to the sign-in page" in answer.text) == (403, True)


def test_what_the_address_leads_back_to_is_a_page_of_ours(desk: Desk) -> None:
    browser = Visitor(desk.app)
    back = sign_in_there(leave(browser, wanted="https://elsewhere.example"), "asha")
    assert come_back(browser, back).headers["location"] == "/"


def test_new_keys_of_the_provider_are_known_at_once(tmp_path: Path) -> None:
    provider = OpenIdProvider(RETURN)
    with provider, desk_at(tmp_path, provider) as desk:
        enter(Visitor(desk.app), "asha")
        provider.restart()
        assert enter(Visitor(desk.app), "asha").status_code == 303


def test_a_provider_that_is_away_is_one_clear_page(tmp_path: Path) -> None:
    provider = OpenIdProvider(RETURN)
    with provider, desk_at(tmp_path, provider) as desk:
        provider.stop()
        answer = desk.nobody.get("/sign-in/external")
        assert (answer.status_code, "cannot be reached now" in answer.text) == (503, True)


def test_without_a_provider_there_is_no_such_page(tmp_path: Path) -> None:
    with open_desk(tmp_path) as desk:
        assert desk.nobody.get("/sign-in/external").status_code == 404
        assert desk.nobody.get("/sign-in/external/return").status_code == 404
        assert desk.nobody.page("/sign-in").css_first("a[role=button]") is None
