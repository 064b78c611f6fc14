"""Signing in at the pages: passwords, codes, links, and a browser's cookies."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from intake.accounts.throttling import MOST_GUESSES
from intake.store.users import LinkPurpose
from intake.web.forms import TOKEN_FIELD
from tests.accounts.staff import PASSWORD, add, add_second_factor, code_of, link_for, stored
from tests.people import ASHA
from tests.web.desk import Desk, Visitor, open_desk

NEW_PASSWORD = "velvet tractor windmill"
BEA = "bea.lloyd@county.example"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


@pytest.fixture
def bea(desk: Desk) -> Visitor:
    """A browser of Bea's, who has a password; nobody is signed in at it."""
    add(desk.office, BEA)
    return Visitor(desk.app)


def send(browser: Visitor, path: str, fields: dict[str, Any], *, page: str | None = None) -> Response:
    """Open a page, fill its form in, send it."""
    field = browser.page(page or path).css_first(f"main input[name={TOKEN_FIELD}]")
    assert field is not None
    browser.form_token = field.attributes["value"] or ""
    return browser.post(path, fields)


def enter(browser: Visitor, address: str = BEA, password: str = PASSWORD, wanted: str = "/") -> Response:
    return send(browser, "/sign-in", {"address": address, "password": password, "wanted": wanted})


def is_in(browser: Visitor) -> bool:
    return browser.get("/account").status_code == 200


def test_an_address_and_a_password_lead_to_the_page_that_was_wanted(bea: Visitor) -> None:
    asked = bea.get("/account?from=letter")
    assert asked.headers["location"] == "/sign-in?wanted=/account%3Ffrom%3Dletter"
    wanted = bea.page(asked.headers["location"]).css_first("input[name=wanted]")
    assert wanted is not None
    answer = enter(bea, wanted=wanted.attributes["value"] or "")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?from=letter")
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"))
    assert is_in(bea)


@pytest.mark.parametrize(
    "wanted", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)", ""]
)
def test_nobody_is_sent_to_another_site(bea: Visitor, wanted: str) -> None:
    assert enter(bea, wanted=wanted).headers["location"] == "/"
    assert bea.get(f"/sign-in?wanted={wanted}").headers["location"] == "/"


def test_a_wrong_password_an_unknown_address_and_a_disabled_user_are_told_the_same(desk: Desk, bea: Visitor) -> None:
    answers = [enter(bea, password="wrong guess"), enter(bea, "nobody@county.example"), enter(bea, ASHA)]
    texts = {answer.text.replace(sent, "…") for answer, sent in zip(answers, _sent(answers), strict=True)}
    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert all("The email address or the password is not right" in text for text in texts)
    assert len(texts) == 1
    assert PASSWORD not in "".join(texts)
    assert not is_in(bea)


def _sent(answers: list[Response]) -> list[str]:
    return [BEA, "nobody@county.example", ASHA][: len(answers)]


def test_after_ten_guesses_the_page_says_when_to_come_back(desk: Desk, bea: Visitor) -> None:
    for _ in range(MOST_GUESSES):
        enter(bea, password="wrong guess")
    answer = enter(bea)
    assert (answer.status_code, "Try again in 5 minutes" in answer.text) == (429, True)
    desk.office.now += timedelta(minutes=5)
    assert enter(bea).status_code == 303


def test_over_tls_every_cookie_is_secure_and_for_this_host_alone(tmp_path: Path) -> None:
    with open_desk(tmp_path, settings={"web": {"base_url": "https://127.0.0.1:8000"}}) as desk:
        add(desk.office, BEA)
        secret = add_second_factor(desk.office, BEA)
        desk.office.now += timedelta(seconds=30)
        browser = Visitor(desk.app)
        browser._client.base_url = "https://127.0.0.1:8000"
        first = enter(browser)
        second = send(browser, "/sign-in/code", {"code": code_of(secret, desk.office.now)})
        cookies = [*first.headers.get_list("set-cookie"), *second.headers.get_list("set-cookie")]
        assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-intake", "__Host-intake-code"}
        assert all("Secure" in cookie and "HttpOnly" in cookie and "Domain" not in cookie for cookie in cookies)
        assert is_in(browser)


def test_each_sign_in_has_a_new_session_and_ends_the_one_the_browser_had(desk: Desk, bea: Visitor) -> None:
    enter(bea)
    before = bea._client.cookies["intake"]
    bea.post("/sign-in", address=BEA, password=PASSWORD)  # from a tab that was open all the time
    assert bea._client.cookies["intake"] != before
    assert (is_in(bea), is_in(Visitor(desk.app, before))) == (True, False)


def test_to_sign_out_ends_the_session_for_every_copy_of_its_cookie(desk: Desk) -> None:
    copy = Visitor(desk.app, desk.asha._client.cookies["intake"], desk.asha.form_token)
    assert "You have signed out" in desk.asha.follow(desk.asha.post("/sign-out")).text()
    assert (is_in(desk.asha), is_in(copy)) == (False, False)


def test_with_a_second_factor_the_password_alone_opens_no_page(desk: Desk, bea: Visitor) -> None:
    secret = add_second_factor(desk.office, BEA)
    desk.office.now += timedelta(seconds=30)
    answer = enter(bea, wanted="/account")
    assert answer.headers["location"] == "/sign-in/code?wanted=/account"
    assert not is_in(bea)
    wrong = send(bea, "/sign-in/code", {"code": "000000", "wanted": "/account"})
    assert (wrong.status_code, "This code is not right" in wrong.text) == (422, True)
    assert not is_in(bea)
    right = send(bea, "/sign-in/code", {"code": code_of(secret, desk.office.now), "wanted": "/account"})
    assert right.headers["location"] == "/account"
    assert is_in(bea)


def test_the_page_for_a_code_is_nothing_without_a_password_before_and_not_for_ever(desk: Desk, bea: Visitor) -> None:
    assert bea.get("/sign-in/code").headers["location"] == "/sign-in"
    secret = add_second_factor(desk.office, BEA)
    enter(bea)
    bea.page("/sign-in/code")
    desk.office.now += timedelta(minutes=6)
    late = bea.post("/sign-in/code", {"code": code_of(secret, desk.office.now)})
    assert (late.status_code, "took too long" in late.text) == (422, True)
    assert not is_in(bea)


def test_a_one_time_link_shows_a_form_and_only_the_form_acts(desk: Desk) -> None:
    add(desk.office, BEA, password=None)
    path, browser = f"/link/{link_for(desk.office, BEA)}", Visitor(desk.app)
    for _ in range(2):
        answer = browser.get(path)
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex"
        assert 'name="referrer" content="no-referrer"' in answer.text
    unlike = send(browser, path, {"password": NEW_PASSWORD, "again": PASSWORD})
    weak = send(browser, path, {"password": "password1234", "again": "password1234"})
    assert ["not the same" in unlike.text, "first to be guessed" in weak.text] == [True, True]
    done = send(browser, path, {"password": NEW_PASSWORD, "again": NEW_PASSWORD})
    assert done.headers["location"] == "/"
    assert is_in(browser)
    over = browser.get(path)
    assert (over.status_code, over.headers["referrer-policy"]) == (410, "no-referrer")
    assert enter(Visitor(desk.app), password=NEW_PASSWORD).status_code == 303


def test_a_new_password_by_link_still_asks_for_the_code(desk: Desk, bea: Visitor) -> None:
    add_second_factor(desk.office, BEA)
    path = f"/link/{link_for(desk.office, BEA)}"
    answer = send(bea, path, {"password": NEW_PASSWORD, "again": NEW_PASSWORD})
    assert answer.headers["location"].startswith("/sign-in/code")
    assert not is_in(bea)


def test_a_link_that_signs_in_does_so_once(desk: Desk) -> None:
    path, browser = f"/link/{link_for(desk.office, ASHA, LinkPurpose.sign_in)}", Visitor(desk.app)
    assert send(browser, path, {}).headers["location"] == "/"
    assert is_in(browser)
    assert browser.get(path).status_code == 410


def test_an_invented_link_is_told_nothing(desk: Desk) -> None:
    answer = desk.nobody.get("/link/" + "x" * 43)
    assert (answer.status_code, "Ask an administrator" in answer.text) == (410, True)


def test_where_passwords_are_not_kept_here_none_is_taken(tmp_path: Path) -> None:
    issuer = {"issuer": "https://sign-in.county.example", "client_id": "intake", "client_secret": "s"}
    only = {"sign_in": {**issuer, "officers_group": "officers", "local_accounts": False}}
    with open_desk(tmp_path, settings=only) as desk:
        add(desk.office, BEA)
        shown = desk.nobody.page("/sign-in")
        assert shown.css_first("input[type=password]") is None
        assert "Sign in with your council account" in shown.text()
        desk.nobody.form_token = desk.nobody._client.cookies["intake-form"]
        assert desk.nobody.post("/sign-in", address=BEA, password=PASSWORD).status_code == 404
        assert desk.nobody.get(f"/link/{link_for(desk.office, BEA)}").status_code == 410


def test_one_sees_and_changes_ones_own_account(desk: Desk, bea: Visitor) -> None:
    enter(bea)
    elsewhere = Visitor(desk.app)
    enter(elsewhere)
    shown = bea.page("/account")
    assert "None yet: an administrator has to give you some" in shown.text()
    assert "Name" in shown.text()
    assert send(bea, "/account/name", {"name": ""}).status_code == 422
    assert "Your name has been changed" in bea.follow(send(bea, "/account/name", {"name": "Bea Lloyd"})).text()
    for form in bea.page("/account").css("main form"):
        assert bea.post(form.attributes["action"] or "").status_code == 303
    assert (is_in(bea), is_in(elsewhere)) == (True, False)


def test_nobody_ends_the_session_of_another_as_if_it_were_their_own(desk: Desk) -> None:
    assert desk.asha.post("/account/sessions/3/end").status_code == 404
    assert is_in(desk.adam)


def test_a_password_is_changed_with_the_old_one_and_ends_other_sessions(desk: Desk, bea: Visitor) -> None:
    enter(bea)
    elsewhere = Visitor(desk.app)
    enter(elsewhere)
    given = {"old_password": "wrong guess", "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    wrong = send(bea, "/account/password", given)
    assert (wrong.status_code, "not your present password" in wrong.text) == (422, True)
    assert send(bea, "/account/password", {**given, "old_password": PASSWORD}).status_code == 303
    assert (is_in(bea), is_in(elsewhere)) == (True, False)


def test_who_has_no_password_here_has_none_to_change_and_no_second_factor(desk: Desk) -> None:
    for path in ("/account/password", "/account/second-factor"):
        assert desk.asha.get(path).headers["location"] == "/account"
    given = {"old_password": "", "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    assert desk.asha.post("/account/password", given).status_code == 400
    assert desk.asha.post("/account/second-factor", secret="A" * 32, code="000000").status_code == 404


def test_a_second_factor_is_switched_on_with_a_code_and_off_with_another(desk: Desk, bea: Visitor) -> None:
    enter(bea)
    shown = bea.page("/account/second-factor")
    field = shown.css_first("input[name=secret]")
    assert field is not None
    secret = field.attributes["value"] or ""
    assert shown.css_first("svg") is not None
    assert " ".join(secret[at : at + 4] for at in range(0, 32, 4)) in shown.text()
    wrong = send(bea, "/account/second-factor", {"secret": secret, "code": "000000"})
    assert (wrong.status_code, secret in wrong.text) == (422, True)
    assert stored(desk.office.database, BEA).totp_secret is None
    bea.post("/account/second-factor", secret=secret, code=code_of(secret, desk.office.now))
    assert stored(desk.office.database, BEA).totp_secret == secret
    off = "/account/second-factor/off"
    assert send(bea, off, {"code": code_of(secret, desk.office.now)}, page="/account/second-factor").status_code == 422
    desk.office.now += timedelta(seconds=30)
    for _ in ("once", "and pressed twice"):
        assert bea.post(off, code=code_of(secret, desk.office.now)).status_code == 303
    assert stored(desk.office.database, BEA).totp_secret is None
