"""Who gets no mailings: those who opted out, and addresses that mail came back from; undone, corrected, revived."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.store.emails import OutgoingStatus
from intake.store.people import Consultee, ConsulteeAddress, DeadAddress, OptOut
from tests.building import raw_bounce, raw_email
from tests.outbound.mailed import add_mailed, opt_out_of, outgoing
from tests.people import ADMISSIONS, ASHA, BEN, CAROL, DAN, REVIEW
from tests.web.desk import ADMISSIONS_SLUG, REVIEW_SLUG, Desk, open_desk
from tests.web.looked import text_of

PAGE = f"/consultations/{REVIEW_SLUG}/wishes"
NEW = "c.lewis@larkmead.example"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def _come_back(desk: Desk, address: str = CAROL, *, slug: str = REVIEW_SLUG) -> int:
    """An invitation to this address came back; the number of the dead address."""
    sent = add_mailed(
        desk.office, address, kind="invitation", slug=slug, status=OutgoingStatus.sent, sent_at=desk.office.now
    )
    desk.office.receive(raw_bounce(of=sent.message_id, address=address))
    desk.office.cycle()
    return next(row.id for row in desk.office.rows(DeadAddress) if row.address == address)


def _contact(desk: Desk, address: str = CAROL) -> ConsulteeAddress:
    return next(row for row in desk.office.rows(ConsulteeAddress) if row.address == address)


def test_those_who_opted_out_are_listed_with_when_and_how(desk: Desk) -> None:
    opt_out_of(desk.office, CAROL)
    desk.asha.post(PAGE, address=DAN)
    page = desk.asha.page(PAGE)
    rows = [" ".join(row.text().split()) for row in page.css("tbody tr")]
    assert f"{CAROL} Larkmead Trust 12 Feb 2020, 10:30am By the link in an email" in rows[0]
    assert f"{DAN} None 12 Feb 2020, 10:30am Entered by Asha Rahman" in rows[1]


def test_officer_enters_the_wish_of_somebody_who_rang_and_it_counts_at_once(desk: Desk) -> None:
    waiting = add_mailed(desk.office)
    page = desk.asha.follow(desk.asha.post(PAGE, address=f" {CAROL.upper()} "))
    assert f"No more of these emails go to {CAROL}. 1 email that waited was cancelled." in text_of(page)
    assert next(row for row in desk.office.outgoing() if row.id == waiting.id).status is OutgoingStatus.cancelled
    again = desk.asha.follow(desk.asha.post(PAGE, address=CAROL))
    assert "had opted out already" in text_of(again)


@pytest.mark.parametrize("address", ["", "nobody", REVIEW])
def test_wish_of_what_is_no_address_is_refused(desk: Desk, address: str) -> None:
    answer = desk.asha.post(PAGE, address=address)
    assert answer.status_code == 422
    assert desk.office.rows(OptOut) == []


def test_wish_entered_with_an_address_copied_from_elsewhere_counts(desk: Desk) -> None:
    waiting = add_mailed(desk.office)
    desk.asha.post(PAGE, address=f"\u200b{CAROL.upper()}\u200b")
    assert [row.address for row in desk.office.rows(OptOut)] == [CAROL]
    assert outgoing(desk.office, waiting).status is OutgoingStatus.cancelled


def test_officer_undoes_a_wish_with_a_reason(desk: Desk) -> None:
    opt_out_of(desk.office, CAROL)
    [wish] = desk.office.rows(OptOut)
    without = desk.asha.post(f"{PAGE}/{wish.id}/undo", {f"reason-{wish.id}": ""})
    assert without.status_code == 422
    assert "Enter why" in without.text
    page = desk.asha.follow(desk.asha.post(f"{PAGE}/{wish.id}/undo", {f"reason-{wish.id}": "They rang."}))
    assert "1 wish taken back" in text_of(page)
    assert "by Asha Rahman. “They rang.”" in text_of(page)
    assert desk.office.rows(OptOut)[0].undone_by_id == desk.users[ASHA].id


def test_wish_about_another_consultation_is_not_found(desk: Desk) -> None:
    opt_out_of(desk.office, CAROL, slug=ADMISSIONS_SLUG)
    [wish] = desk.office.rows(OptOut)
    assert desk.asha.post(f"{PAGE}/{wish.id}/undo", {f"reason-{wish.id}": "Why."}).status_code == 404
    assert desk.office.rows(OptOut)[0].undone_at is None


def test_dead_address_is_shown_with_the_email_and_what_the_server_said(desk: Desk) -> None:
    _come_back(desk)
    text = text_of(desk.asha.page(PAGE))
    assert "Addresses that do not work (1)" in text
    assert "Larkmead Trust" in text
    assert "The mail server said 5.1.1" in text


def test_contact_is_corrected_and_the_new_address_is_not_invited_yet(desk: Desk) -> None:
    dead_id, contact = _come_back(desk), _contact(desk)
    path = f"{PAGE}/dead/{dead_id}/contacts/{contact.id}"
    wrong = desk.asha.post(path, {f"address-{contact.id}": "carol", "version": "0"})
    assert wrong.status_code == 422
    assert f'href="#address-{contact.id}"' in wrong.text
    page = desk.asha.follow(desk.asha.post(path, {f"address-{contact.id}": NEW, "version": "0"}))
    assert f"The address of Larkmead Trust is {NEW} now." in text_of(page)
    assert "Addresses that do not work (0)" in text_of(page)
    invitations = desk.adam.page(f"/consultations/{REVIEW_SLUG}/invitations")
    assert NEW in text_of(invitations, "#gets")


def test_second_of_two_who_correct_a_contact_is_told(desk: Desk) -> None:
    dead_id, contact = _come_back(desk), _contact(desk)
    with desk.office.database.transaction() as session:
        session.get_one(Consultee, contact.consultee_id).version = 3
    late = desk.asha.post(
        f"{PAGE}/dead/{dead_id}/contacts/{contact.id}", {f"address-{contact.id}": NEW, "version": "0"}
    )
    assert late.status_code == 409
    assert _contact(desk).address == CAROL


def test_contact_of_another_dead_address_is_not_corrected_through_this_one(desk: Desk) -> None:
    dead_id, ben = _come_back(desk), _contact(desk, BEN)
    path = f"{PAGE}/dead/{dead_id}/contacts/{ben.id}"
    assert desk.asha.post(path, {f"address-{ben.id}": NEW, "version": "0"}).status_code == 404


def test_address_that_works_again_is_written_to_again(desk: Desk) -> None:
    dead_id = _come_back(desk)
    page = desk.asha.follow(desk.asha.post(f"{PAGE}/dead/{dead_id}/revive"))
    assert f"Emails go to {CAROL} again." in text_of(page)
    assert "Addresses that do not work (0)" in text_of(page)
    assert desk.asha.post(f"{PAGE}/dead/{dead_id}/revive").status_code == 404


def test_email_of_a_consultation_one_was_not_given_is_not_linked(desk: Desk) -> None:
    _come_back(desk, slug=ADMISSIONS_SLUG)
    page = desk.asha.page(PAGE)
    assert "an email of another consultation" in text_of(page)
    assert page.css_first("main a[href^='/outgoing/']") is None


def test_dead_address_of_a_respondent_is_corrected_at_the_response(desk: Desk) -> None:
    desk.office.receive(raw_email(sender=DAN, to=REVIEW))
    desk.office.cycle()
    _come_back(desk, DAN)
    page = desk.asha.page(PAGE)
    assert "IEO-0001 came from it. Correct it there." in text_of(page)
    assert ADMISSIONS not in text_of(page)
