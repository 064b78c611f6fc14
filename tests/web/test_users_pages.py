"""Administrators' pages of users: what they do, and that nobody else gets there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.store.consultations import Consultation
from intake.store.users import ConsultationAccess, Role
from tests.accounts.staff import PASSWORD, add, add_second_factor, stored
from tests.people import ADAM, ASHA, OLGA
from tests.web.desk import Desk, Visitor, open_desk
from tests.web.test_signing_in import BEA, enter, is_in, send


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def page_of(desk: Desk, address: str) -> str:
    return f"/users/{stored(desk.office.database, address).id}"


def link_on(text: str) -> str:
    field = LexborHTMLParser(text).css_first("input[name=link]")
    assert field is not None, text
    return (field.attributes["value"] or "").removeprefix("http://127.0.0.1:8000")


def test_a_new_officer_gets_a_link_chooses_a_password_and_sees_what_was_given(desk: Desk) -> None:
    review = desk.office.rows(Consultation)[0]
    fields = {"address": BEA, "name": "Bea Lloyd", "role": "officer", "consultations": [str(review.id), "999", "x"]}
    added = desk.adam.post("/users/new", fields)
    assert (added.status_code, "Bea Lloyd has been added" in added.text) == (200, True)
    browser = Visitor(desk.app)
    path = link_on(added.text)
    assert send(browser, path, {"password": PASSWORD, "again": PASSWORD}).status_code == 303
    assert "Improving education outcomes" in browser.page("/account").text()
    again = desk.adam.post("/users/new", fields)
    assert (again.status_code, "There is a user with this address already" in again.text) == (422, True)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"address": "bea", "name": "Bea", "role": "officer"}, "address"),
        ({"address": BEA, "name": "Bea", "role": "owner"}, "role"),
        ({"address": BEA, "name": "x" * 201, "role": "officer"}, "name"),
    ],
)
def test_what_is_wrong_with_a_new_user_is_said_at_its_field(desk: Desk, fields: dict[str, str], field: str) -> None:
    answer = desk.adam.post("/users/new", fields)
    shown = LexborHTMLParser(answer.text)
    assert answer.status_code == 422
    assert shown.css_first(f".govuk-error-summary a[href='#{field}']") is not None
    assert shown.css_first(f"#{field}-error") is not None


def test_the_list_shows_everybody_with_role_and_consultations(desk: Desk) -> None:
    text = desk.adam.page("/users").text()
    assert all(word in text for word in (ADAM, ASHA, OLGA, "Administrator", "School admissions", "Not yet"))


def test_a_user_is_renamed_promoted_and_given_other_consultations(desk: Desk) -> None:
    ids = [str(row.id) for row in desk.office.rows(Consultation)]
    path = page_of(desk, ASHA)
    saved = desk.adam.post(path, name="Asha Khan", role="officer", consultations=ids)
    assert "The changes have been saved" in desk.adam.follow(saved).text()
    given = [
        row for row in desk.office.rows(ConsultationAccess) if row.user_id == stored(desk.office.database, ASHA).id
    ]
    assert (stored(desk.office.database, ASHA).name, len(given)) == ("Asha Khan", 2)
    assert len(desk.adam.page(path).css("input[name=consultations][checked]")) == 2
    desk.adam.post(path, name="Asha Khan", role="administrator")
    assert desk.asha.get("/users").status_code == 200


def test_the_last_administrator_is_told_why_they_stay_one(desk: Desk) -> None:
    path = page_of(desk, ADAM)
    demoted = desk.adam.post(path, name="Adam Clarke", role="officer")
    assert (demoted.status_code, "This is the last administrator" in demoted.text) == (422, True)
    disabled = desk.adam.post(f"{path}/disable")
    assert (disabled.status_code, "This is the last administrator" in disabled.text) == (400, True)
    assert is_in(desk.adam)


def test_an_administrator_among_several_can_become_an_officer(desk: Desk) -> None:
    add(desk.office, BEA, role=Role.administrator, password=None)
    answer = desk.adam.post(page_of(desk, ADAM), name="Adam Clarke", role="officer")
    assert answer.headers["location"] == "/"
    assert desk.adam.get("/users").status_code == 403


def test_to_disable_somebody_signs_them_out_and_to_enable_lets_them_in_again(desk: Desk) -> None:
    add(desk.office, BEA)
    bea = Visitor(desk.app)
    enter(bea)
    path = page_of(desk, BEA)
    assert "is disabled and signed out everywhere" in desk.adam.follow(desk.adam.post(f"{path}/disable")).text()
    assert not is_in(bea)
    assert enter(bea).status_code == 422
    desk.adam.follow(desk.adam.post(f"{path}/enable"))
    assert enter(bea).status_code == 303


def test_an_administrator_ends_somebodys_sessions_and_second_factor(desk: Desk) -> None:
    add(desk.office, BEA)
    bea = Visitor(desk.app)
    enter(bea)
    add_second_factor(desk.office, BEA)
    path = page_of(desk, BEA)
    desk.adam.follow(desk.adam.post(f"{path}/sign-out"))
    assert not is_in(bea)
    desk.adam.follow(desk.adam.post(f"{path}/second-factor"))
    assert enter(bea).headers["location"] == "/"
    assert [entry.actor for entry in desk.office.history("second-factor-off")] == [desk.users[ADAM].actor]


def test_a_new_link_leads_in_again_and_the_old_password_holds_until_then(desk: Desk) -> None:
    add(desk.office, BEA)
    path = link_on(desk.adam.post(f"{page_of(desk, BEA)}/link").text)
    assert enter(Visitor(desk.app)).status_code == 303
    new = "velvet tractor windmill"
    assert send(Visitor(desk.app), path, {"password": new, "again": new}).status_code == 303
    assert enter(Visitor(desk.app)).status_code == 422


def test_a_user_of_the_identity_provider_has_no_role_and_no_link_to_change(desk: Desk) -> None:
    add(desk.office, BEA, password=None)
    with desk.office.database.transaction() as session:
        user = session.get_one(type(desk.users[ASHA]), stored(desk.office.database, BEA).id)
        user.identity = "https://issuer 1"
        session.add(user)
    path = page_of(desk, BEA)
    shown = desk.adam.page(path)
    assert shown.css_first("input[name=role]") is None
    assert "With their council account" in shown.text()
    assert desk.adam.post(f"{path}/link").status_code == 400
    assert desk.adam.post(path, name="Bea", role="administrator").status_code == 400
    assert stored(desk.office.database, BEA).role is Role.officer


@pytest.mark.parametrize("path", ["/users", "/users/new", "/users/1"])
def test_an_officer_is_refused_and_a_stranger_asked_to_sign_in(desk: Desk, path: str) -> None:
    assert desk.asha.get(path).status_code == 403
    assert desk.nobody.get(path).headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("path", ["/users/1", *(f"/users/1/{act}" for act in ("link", "disable", "enable"))])
def test_an_officer_changes_no_user(desk: Desk, path: str) -> None:
    assert desk.asha.post(path, name="Me", role="administrator").status_code == 403


def test_a_user_who_does_not_exist_is_a_page_that_does_not(desk: Desk) -> None:
    assert desk.adam.get("/users/999").status_code == 404
    assert desk.adam.post("/users/999/disable").status_code == 404
