"""Invitations: whom one goes to is looked at first, how it reads too; then they go, each once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from intake.store.emails import OutgoingStatus
from intake.store.mailings import Mailing
from tests.consulted import add_consultee
from tests.office import CLOSES_AT, OPENS_AT
from tests.outbound.mailed import opt_out_of
from tests.people import ADAM, BEN, CAROL
from tests.web.desk import REVIEW_SLUG, Desk, open_desk
from tests.web.looked import hidden, mailed, send_looked_at, text_of

PAGE = f"/consultations/{REVIEW_SLUG}/invitations"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def _invited(desk: Desk) -> list[tuple[str, str]]:
    return [(row.recipient_address, row.status.value) for row in mailed(desk, "invitation")]


def test_page_says_who_gets_one_and_who_does_not_and_why(desk: Desk) -> None:
    opt_out_of(desk.office, CAROL)
    add_consultee(desk.office, "Hilltop School")
    page = desk.adam.page(PAGE)
    assert "1 person gets it, 2 others do not." in text_of(page)
    assert BEN in text_of(page, "#gets")
    others = text_of(page, "#not")
    assert f"{CAROL} trust They asked for no more of these emails." in others
    assert "Hilltop Schoolno address school No contact with an email address is known." in others
    assert desk.office.outgoing() == []


def test_email_is_shown_as_any_of_them_would_get_it(desk: Desk) -> None:
    page = desk.adam.page(PAGE)
    assert "Heathfield Primary School thinks" in text_of(page, ".app-letter")
    assert "11:59pm on Friday 28 February 2020" in text_of(page, ".app-letter")
    [carol] = [link for link in page.css("#gets a") if CAROL in link.text()]
    assert CAROL not in (carol.attributes["href"] or "")
    shown = desk.adam.page((carol.attributes["href"] or "").partition("#")[0])
    assert "Larkmead Trust thinks" in text_of(shown, ".app-letter")


def test_what_it_says_is_changed_where_it_is_written(desk: Desk) -> None:
    def link() -> str:
        [found] = [one for one in desk.adam.page(PAGE).css("main a") if one.text() == "Change what it says"]
        return found.attributes["href"] or ""

    assert link() == f"/consultations/{REVIEW_SLUG}/texts/invitation"
    desk.adam.post(f"/consultations/{REVIEW_SLUG}/texts", kind="invitation", name="Ours")
    assert link() == "/texts/1"


def test_the_quiet_hours_are_told_before_anything_is_sent(desk: Desk) -> None:
    assert "quiet hours" not in text_of(desk.adam.page(PAGE))
    desk.office.now = desk.office.now.replace(hour=21)
    page = desk.sign_in(ADAM).page(PAGE)
    assert "It is in the quiet hours: the emails wait until 8am." in text_of(page)


def test_invitations_go_once_to_each_and_later_only_to_those_added_since(desk: Desk) -> None:
    assert "2 invitations are queued." in text_of(send_looked_at(desk.adam, PAGE))
    desk.office.cycle()
    assert _invited(desk) == [(BEN, "sent"), (CAROL, "sent")]
    assert {row.mailing_id for row in mailed(desk, "invitation")} == {desk.office.rows(Mailing)[0].id}
    again = desk.adam.page(PAGE)
    assert "Nobody gets it, 2 others do not." in text_of(again)
    assert again.css_first("[name=seen]") is None
    add_consultee(desk.office, "Hilltop School", "head@hilltop.example")
    send_looked_at(desk.adam, PAGE)
    assert _invited(desk)[2:] == [("head@hilltop.example", "queued")]


def test_only_the_groups_that_were_chosen_are_invited(desk: Desk) -> None:
    page = desk.adam.page(PAGE)
    assert "school – 1 of 1 contact still to invite" in text_of(page, "fieldset")
    chosen = desk.adam.page(f"{PAGE}?group=trust")
    assert "1 person gets it" in text_of(chosen)
    assert chosen.css_first("[value=trust][checked]") is not None
    send_looked_at(desk.adam, f"{PAGE}?group=trust")
    assert _invited(desk) == [(CAROL, "queued")]


def test_invitations_are_not_sent_to_others_than_were_looked_at(desk: Desk) -> None:
    seen = hidden(desk.adam.page(PAGE), "seen")
    add_consultee(desk.office, "Hilltop School", "head@hilltop.example")
    answer = desk.adam.post(PAGE, seen=seen)
    assert answer.status_code == 409
    assert "The list of those who get it has changed" in answer.text
    assert _invited(desk) == []


def test_second_press_of_the_button_invites_nobody_again(desk: Desk) -> None:
    seen = hidden(desk.adam.page(PAGE), "seen")
    assert desk.adam.post(PAGE, seen=seen).status_code == 303
    second = desk.adam.post(PAGE, seen=seen)
    assert second.status_code == 422
    assert "There is nobody left to send it to." in second.text
    assert len(desk.office.rows(Mailing)) == 1


def test_test_email_goes_to_oneself_and_invites_nobody(desk: Desk) -> None:
    page = desk.adam.page(PAGE)
    answer = desk.adam.post(f"{PAGE}/test", show=hidden(page, "show"))
    assert f"A test is on its way to {ADAM}." in text_of(desk.adam.follow(answer))
    desk.office.cycle()
    [sent] = desk.office.sender.sent
    assert sent.recipient == ADAM
    assert b"[Test]" in sent.raw
    assert _invited(desk) == []


def test_page_warns_before_the_opening_without_documents_and_where_links_lead_nowhere(desk: Desk) -> None:
    desk.office.now = OPENS_AT - timedelta(days=1)
    page = text_of(desk.sign_in(ADAM).page(PAGE))
    assert "The consultation is not open yet: it opens at 9am on Thursday 9 January 2020." in page
    assert "The consultation has no documents." in page
    assert "The links in it begin with http://127.0.0.1:8000." in page


def test_nobody_is_invited_after_the_closing_time(desk: Desk) -> None:
    seen = hidden(desk.adam.page(PAGE), "seen")
    desk.office.now = CLOSES_AT + timedelta(minutes=1)
    adam = desk.sign_in(ADAM)
    assert "nobody is invited to it any more" in text_of(adam.page(PAGE))
    assert adam.post(PAGE, seen=seen).status_code == 422
    assert _invited(desk) == []


def test_whoever_opts_out_after_they_were_queued_gets_none(desk: Desk) -> None:
    send_looked_at(desk.adam, PAGE)
    opt_out_of(desk.office, CAROL)
    desk.office.cycle()
    assert [row.status for row in mailed(desk, "invitation")] == [OutgoingStatus.sent, OutgoingStatus.cancelled]


def test_many_are_listed_a_page_at_a_time(desk: Desk) -> None:
    for number in range(120):
        add_consultee(desk.office, f"School {number:03d}", f"head@school-{number}.example")
    first = desk.adam.page(PAGE)
    assert len(first.css("#gets tbody tr")) == 100
    assert "Page 1 of 2" in text_of(first)
    [later] = first.css("nav a[rel=next]")
    second = desk.adam.page((later.attributes["href"] or "").partition("#")[0])
    assert len(second.css("#gets tbody tr")) == 22


def test_officer_starts_no_mailing(desk: Desk) -> None:
    assert desk.asha.get(PAGE).status_code == 403
    assert desk.asha.post(PAGE, seen="").status_code == 403
