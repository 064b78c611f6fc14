"""The forms about consultees: an administrator's about who is invited, and officers' about their contacts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.store.people import Consultee, ConsulteeAddress
from tests.building import raw_email
from tests.people import BEN, CAROL, DAN, REVIEW
from tests.web.desk import REVIEW_SLUG, Desk, open_desk
from tests.web.shown import form_of, text_of

NEW = f"/consultations/{REVIEW_SLUG}/consultees/new"
EDIT, CONTACT, ADD_CONTACT = "/consultees/1/edit", "/consultees/1/contacts/1", "/consultees/1/contacts/new"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def test_consultee_is_added_with_its_contacts(desk: Desk) -> None:
    desk.office.receive(raw_email(sender=DAN, to=REVIEW))
    desk.office.cycle()
    typed = {"organisation": "Ysgol Bryn", "stakeholder_group": "school", "language": "cy", "contacts": f"Dan <{DAN}>"}
    answer = desk.adam.post(NEW, form_of(desk.adam.page(NEW), NEW) | typed)
    assert answer.headers["location"] == "/consultees/3"
    page = desk.adam.follow(answer)
    assert "Ysgol Bryn was added. 1 earlier response counts as theirs now." in text_of(page)
    assert desk.office.rows(Consultee)[2].language == "cy"


def test_mistakes_are_told_and_what_was_typed_stays(desk: Desk) -> None:
    answer = desk.adam.post(NEW, organisation="Larkmead Trust", contacts="nobody", language="en")
    assert answer.status_code == 422
    page = LexborHTMLParser(answer.text)
    assert "Enter the stakeholder group. In line 1:" in text_of(page, ".govuk-error-summary")
    assert form_of(page, NEW)["organisation"] == "Larkmead Trust"
    links = [one.attributes.get("href") or "" for one in page.css(".govuk-error-summary a")]
    assert all(page.css_first(link) is not None for link in links)


def test_what_is_known_of_a_consultee_is_corrected(desk: Desk) -> None:
    fields = form_of(desk.adam.page(EDIT), EDIT)
    assert (fields["organisation"], fields["stakeholder_group"], fields["language"]) == (
        "Heathfield Primary School",
        "school",
        "en",
    )
    assert desk.adam.post(EDIT, fields | {"consultee_key": "137204"}).headers["location"] == "/consultees/1"
    assert desk.office.rows(Consultee)[0].key == "137204"
    late = desk.adam.post(EDIT, fields | {"consultee_key": "137205"})
    assert late.status_code == 409
    page = LexborHTMLParser(late.text)
    assert "Adam Clarke changed the key." in text_of(page)
    assert "The key is now: 137204" in text_of(page)
    assert desk.adam.post(EDIT, form_of(page, EDIT)).status_code == 303
    assert desk.office.rows(Consultee)[0].key == "137205"


def test_consultee_is_taken_off_the_list_and_put_back(desk: Desk) -> None:
    off, back = "/consultees/1/remove", "/consultees/1/restore"
    answer = desk.adam.post(off, form_of(desk.adam.page(EDIT), off))
    assert "no longer invited. You can undo this." in text_of(desk.adam.follow(answer))
    assert desk.office.rows(Consultee)[0].removed_at is not None
    assert "is invited again" in text_of(desk.adam.follow(desk.adam.post(back, form_of(desk.adam.page(EDIT), back))))
    late = desk.adam.post(off, version="0")
    assert late.status_code == 409


def test_officer_keeps_the_contacts_of_her_consultations_consultees(desk: Desk) -> None:
    fields = form_of(desk.asha.page(ADD_CONTACT), ADD_CONTACT)
    assert fields["is_mailed"] == "yes"
    desk.asha.follow(desk.asha.post(ADD_CONTACT, fields | {"address": "office@heathfield.example", "name": "Office"}))
    fields = form_of(desk.asha.page(CONTACT), CONTACT)
    assert fields["address"] == BEN
    del fields["is_mailed"]
    desk.asha.follow(desk.asha.post(CONTACT, fields | {"name": "Ben Hughes"}))
    contacts = [(one.address, one.name, one.is_mailed) for one in desk.office.rows(ConsulteeAddress)]
    assert contacts == [
        (BEN, "Ben Hughes", False),
        (CAROL, "", True),
        ("office@heathfield.example", "Office", True),
    ]
    removal = f"{CONTACT}/remove"
    desk.asha.follow(desk.asha.post(removal, form_of(desk.asha.page(CONTACT), removal)))
    assert desk.asha.get(CONTACT).status_code == 404


def test_copy_of_a_consultation_invites_the_same_where_that_is_ticked(desk: Desk) -> None:
    path = f"/consultations/{REVIEW_SLUG}/copy"
    page = desk.adam.page(path)
    assert "Invite the same 2 consultees, with their contacts" in text_of(page)
    fields = form_of(page, path) | {
        "title": "Improving education outcomes 2021", "reference_prefix": "IEOB", "consultees": "yes",
        "opens-day": "4", "opens-month": "1", "opens-year": "2021", "opens-clock": "9am",
        "closes-day": "4", "closes-month": "3", "closes-year": "2021", "closes-clock": "5pm",
    }  # fmt: skip
    assert "The copy is made." in text_of(desk.adam.follow(desk.adam.post(path, fields)))
    assert [row.consultation_id for row in desk.office.rows(Consultee)] == [1, 1, 3, 3]


@pytest.mark.parametrize("path", [NEW, EDIT, "/consultees/1/remove", "/consultees/1/restore"])
def test_officer_changes_nothing_but_contacts(desk: Desk, path: str) -> None:
    assert desk.asha.post(path, organisation="Other", version="0").status_code == 403
    assert [row.version for row in desk.office.rows(Consultee)] == [0, 0]


def test_contact_with_a_mistake_is_shown_again(desk: Desk) -> None:
    answer = desk.asha.post(ADD_CONTACT, address=BEN, version="0")
    assert answer.status_code == 422
    assert "This consultee has this address already." in answer.text
    assert desk.asha.post(ADD_CONTACT, address=DAN, version="7").status_code == 409
    assert desk.olga.post(ADD_CONTACT, address=DAN, version="0").status_code == 404
