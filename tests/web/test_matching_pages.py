"""Whose responses are: proposed with their reasons, decided with one click, in the list or on the response's page."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from sqlmodel import select

from intake.store.consultations import consultation_by_slug
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.responses import Response
from tests.building import raw_email
from tests.people import CAROL, DAN, REVIEW
from tests.web.desk import REVIEW_SLUG, Desk, open_desk
from tests.web.test_consultees_pages import consultee_id, said

MATCHING = f"/consultations/{REVIEW_SLUG}/matching"
ONE, CHOICE = "/responses/IEO-0001", "/responses/IEO-0001/consultee"
BURSAR = "bursar@larkmead.example"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        receive(opened, BURSAR)
        yield opened


def receive(desk: Desk, sender: str) -> None:
    number = len(desk.office.emails())
    desk.office.receive(raw_email(sender=f"Bo Lind <{sender}>", to=REVIEW, message_id=f"<{number}@x.example>"))
    desk.office.cycle()


def post(desk: Desk, reference: str = "IEO-0001", **fields: str) -> httpx2.Response:
    version = str(response(desk, reference).version)
    return desk.asha.post(f"/responses/{reference}/consultee", {"version": version, **fields})


def response(desk: Desk, reference: str = "IEO-0001") -> Response:
    with desk.office.database.reading() as session:
        return session.exec(select(Response).where(Response.reference == reference)).one()


def test_what_may_be_a_consultees_is_listed_with_the_reason(desk: Desk) -> None:
    receive(desk, DAN)
    text = said(desk.asha.page(MATCHING))
    assert "IEO-0001" in text
    assert "Larkmead Trust Its address is at larkmead.example, as theirs is." in text
    assert "IEO-0002" not in text
    assert "2 responses wait" in text
    without = said(desk.asha.page(f"{MATCHING}?show=without"))
    assert "IEO-0002" in without
    assert "IEO-0001" not in without


def test_the_lists_say_how_many_they_hold_and_the_first_with_any_is_shown(desk: Desk) -> None:
    receive(desk, DAN)
    text = said(desk.asha.page(MATCHING))
    assert "May be a consultee’s (1) Without a proposal (1) None of the consultees’ (0)" in text
    post(desk, none_of_them="yes")
    text = said(desk.asha.page(MATCHING))
    assert "May be a consultee’s (0) Without a proposal (1) None of the consultees’ (1)" in text
    assert "IEO-0002" in text


def test_a_response_from_an_address_that_two_share_is_no_answer_before_itself(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        for key in (1, 2):
            session.add(ConsulteeAddress(consultee_id=key, address="office@hub.example"))
    receive(desk, "office@hub.example")
    assert "They have answered already" not in said(desk.asha.page("/responses/IEO-0002/consultee"))
    receive(desk, "office@hub.example")
    assert "They have answered already" in said(desk.asha.page("/responses/IEO-0003/consultee"))


def test_one_click_in_the_list_confirms_it_and_comes_back_to_the_list(desk: Desk) -> None:
    key = consultee_id(desk, "Larkmead Trust")
    done = post(desk, consultee=str(key), list=REVIEW_SLUG)
    assert done.headers["location"] == MATCHING
    text = said(desk.asha.follow(done))
    assert "IEO-0001 is from Larkmead Trust." in text
    assert "Nothing waits" in text
    assert response(desk).consultee_id == key


def test_the_page_of_a_response_proposes_and_confirms(desk: Desk) -> None:
    text = said(desk.asha.page(ONE))
    assert "Is it from a consultee?" in text
    assert "Its address is at larkmead.example, as theirs is." in text
    page = desk.asha.follow(post(desk, consultee=str(consultee_id(desk, "Larkmead Trust"))))
    assert "Is it from a consultee?" not in said(page)
    assert "It is not theirs" in said(page)
    assert "confirmed that it is from Larkmead Trust" in said(page)


def test_the_address_becomes_theirs_only_where_it_is_ticked(desk: Desk) -> None:
    key = str(consultee_id(desk, "Larkmead Trust"))
    post(desk, consultee=key)
    assert [row.address for row in desk.office.rows(ConsulteeAddress)][1:] == [CAROL]
    post(desk, reopen="yes")
    post(desk, consultee=key, writes_from_it="yes")
    [added] = desk.office.rows(ConsulteeAddress)[2:]
    assert (added.address, added.is_mailed) == (BURSAR, False)


def test_none_of_them_is_remembered_until_it_is_opened_again(desk: Desk) -> None:
    assert "none of the consultees’" in said(desk.asha.follow(post(desk, none_of_them="yes")))
    assert "Is it from a consultee?" not in said(desk.asha.page(ONE))
    assert "IEO-0001" in said(desk.asha.page(f"{MATCHING}?show=nobody"))
    desk.asha.follow(post(desk, reopen="yes", list=REVIEW_SLUG))
    assert "IEO-0001" in said(desk.asha.page(MATCHING))


def test_any_consultee_can_be_found_and_chosen(desk: Desk) -> None:
    assert "Nothing in it says" not in said(desk.asha.page(CHOICE))
    text = said(desk.asha.page(f"{CHOICE}?q=heath"))
    assert "Heathfield Primary School" in text
    assert "No consultee is called like that." in said(desk.asha.page(f"{CHOICE}?q=zebra"))
    post(desk, consultee=str(consultee_id(desk, "Heathfield Primary School")))
    assert response(desk).organisation == "Heathfield Primary School"
    assert "Now it counts as Heathfield Primary School’s." in said(desk.asha.page(CHOICE))


def test_a_form_without_a_choice_is_shown_again(desk: Desk) -> None:
    answer = post(desk)
    assert answer.status_code == 422
    assert "Choose whose response it is." in answer.text
    assert response(desk).consultee_id is None


def test_whoever_was_second_is_told_what_the_first_did(desk: Desk) -> None:
    post(desk, none_of_them="yes")
    key = str(consultee_id(desk, "Larkmead Trust"))
    answer = desk.asha.post(CHOICE, {"version": "0", "consultee": key})
    assert answer.status_code == 409
    assert "none of the consultees" in answer.text
    assert "Larkmead Trust" in answer.text
    assert response(desk).consultee_id is None


def test_nobody_elses_consultees_can_be_chosen(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        admissions = consultation_by_slug(session, "school-admissions")
        other = Consultee(consultation_id=admissions.id, organisation="Oxley School", stakeholder_group="school")
        session.add(other)
        session.flush()
        key = other.id
    assert post(desk, consultee=str(key)).status_code == 422
    assert desk.olga.get(MATCHING).status_code == 404
    assert desk.olga.get(CHOICE).status_code == 404
    assert desk.olga.post(CHOICE, {"version": "0", "consultee": str(key)}).status_code == 404


def test_a_letter_is_shown_as_text_and_never_as_markup(desk: Desk) -> None:
    raw = raw_email(sender=BURSAR, to=REVIEW, text="<b>We agree</b>", message_id="<m@x.example>")
    desk.office.receive(raw)
    desk.office.cycle()
    assert "&lt;b&gt;We agree" in desk.asha.get(MATCHING).text
