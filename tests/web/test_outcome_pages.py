"""The outcome: where the final document is, and that everyone who answered is told once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.store.emails import OutgoingStatus
from intake.store.responses import Channel, Response, ResponseStatus
from tests.building import raw_email
from tests.consulted import add_consultee, add_response, change, review_of
from tests.office import CLOSES_AT
from tests.outbound.mailed import opt_out_of
from tests.people import ADAM, BEN, CAROL, DAN, REVIEW
from tests.web.desk import REVIEW_SLUG, Desk, Visitor, open_desk
from tests.web.looked import hidden, mailed, send_looked_at, text_of

PAGE = f"/consultations/{REVIEW_SLUG}/outcome"
DOCUMENT = "https://www.county.example/final-plan"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Ben answered twice, Dan once; Carol has not. Half a year later the final document is there."""
    with open_desk(tmp_path) as desk:
        for number, sender in enumerate((BEN, BEN, DAN)):
            raw = raw_email(sender=sender, to=REVIEW, text=f"Letter {number}.", message_id=f"<{number}@x.example>")
            desk.office.receive(raw)
            desk.office.cycle()
        desk.office.now = CLOSES_AT + timedelta(days=150)
        yield desk


@pytest.fixture
def adam(desk: Desk) -> Visitor:
    return desk.sign_in(ADAM)


def _publish(desk: Desk, adam: Visitor, url: str = DOCUMENT, note: str = "") -> LexborHTMLParser:
    version = str(review_of(desk.office).version)
    answer = adam.post(f"{PAGE}/document", outcome_url=url, outcome_note=note, version=version)
    return adam.follow(answer) if answer.status_code == 303 else LexborHTMLParser(answer.text)


def _told(desk: Desk) -> list[str]:
    return [row.recipient_address for row in mailed(desk, "outcome")]


def test_nobody_is_told_before_there_is_a_document(adam: Visitor) -> None:
    assert "Enter the address of the final document first." in text_of(adam.page(PAGE))
    assert adam.post(PAGE, seen="").status_code == 422


@pytest.mark.parametrize("url", ["", "http://county.example/plan", "https://", "javascript:alert(1)", "the website"])
def test_address_of_the_document_must_be_one_that_people_can_open(desk: Desk, adam: Visitor, url: str) -> None:
    page = _publish(desk, adam, url)
    assert "of the final document" in text_of(page, ".govuk-error-summary")
    assert review_of(desk.office).outcome_url is None


def test_everyone_who_answered_is_told_once_with_the_link_and_the_note(desk: Desk, adam: Visitor) -> None:
    page = _publish(desk, adam, note="The council adopted it on 3 June.")
    assert "Saved. Nobody was told yet" in text_of(page)
    assert "2 people get it." in text_of(page)
    assert "2 emails are queued." in text_of(send_looked_at(adam, PAGE))
    desk.office.now += timedelta(hours=10)
    desk.office.cycle()
    rows = mailed(desk, "outcome")
    assert sorted(_told(desk)) == sorted([BEN, DAN])
    assert {row.status for row in rows} == {OutgoingStatus.sent}
    ben = next(row.text or "" for row in rows if row.recipient_address == BEN)
    assert DOCUMENT in ben
    assert "The council adopted it on 3 June." in ben
    assert "IEO-0001, IEO-0002" in ben


def test_telling_before_every_response_was_considered_is_warned_of(desk: Desk, adam: Visitor) -> None:
    responses = desk.office.rows(Response)
    page = text_of(_publish(desk, adam))
    assert "3 responses have not been read. Nothing may be decided before every response has been considered." in page
    change(desk.office, responses[0], status=ResponseStatus.considered)
    change(desk.office, responses[1], status=ResponseStatus.read)
    assert "1 response has not been read, and 1 is read but not considered." in text_of(adam.page(PAGE))
    change(desk.office, responses[2], status=ResponseStatus.read)
    assert "2 responses have not been considered." in text_of(adam.page(PAGE))
    for response in responses[1:]:
        change(desk.office, response, status=ResponseStatus.considered)
    assert "Nothing may be decided" not in text_of(adam.page(PAGE))


def test_whoever_has_withdrawn_opted_out_or_no_address_is_told_otherwise_or_not(desk: Desk, adam: Visitor) -> None:
    hilltop = add_consultee(desk.office, "Hilltop School")
    add_response(desk.office, hilltop, Channel.letter)
    change(
        desk.office,
        next(row for row in desk.office.rows(Response) if row.respondent_address == DAN),
        withdrawn_at=CLOSES_AT,
    )
    opt_out_of(desk.office, BEN)
    page = _publish(desk, adam)
    others = text_of(page, "#not")
    assert "Nobody gets it" in text_of(page)
    assert "They asked for no more of these emails." in others
    assert "No contact with an email address is known. Write to them another way." in others
    assert DAN not in text_of(page)
    assert CAROL not in text_of(page)


def test_another_address_later_tells_nobody_again_and_says_so(desk: Desk, adam: Visitor) -> None:
    _publish(desk, adam)
    send_looked_at(adam, PAGE)
    published_at = review_of(desk.office).outcome_published_at
    desk.office.now += timedelta(days=1)
    adam = desk.sign_in(ADAM)
    page = _publish(desk, adam, "https://www.county.example/final-plan-2")
    assert "2 people were told before, and nobody is told again." in text_of(page)
    assert "2 people were told already." in text_of(page)
    assert page.css_first("[name=seen]") is None
    assert adam.post(PAGE, seen="").status_code == 422
    assert len(_told(desk)) == 2
    assert review_of(desk.office).outcome_published_at == published_at


def test_second_of_two_who_publish_at_once_is_told(desk: Desk, adam: Visitor) -> None:
    _publish(desk, adam)
    stale = adam.post(f"{PAGE}/document", outcome_url=f"{DOCUMENT}-2", version="0")
    assert stale.status_code == 409
    assert "Somebody changed this while you had it open" in stale.text
    assert review_of(desk.office).outcome_url == DOCUMENT
    assert [entry.detail for entry in desk.office.history("outcome-set")] == [{"fields": ["outcome_url"]}]


def test_test_email_shows_what_the_chosen_person_would_read(desk: Desk, adam: Visitor) -> None:
    page = _publish(desk, adam)
    adam.post(f"{PAGE}/test", show=hidden(page, "show"))
    [row] = mailed(desk, "test")
    assert row.recipient_address == ADAM
    assert DOCUMENT in (row.given_text or "")
    assert _told(desk) == []


def test_nobody_is_told_the_outcome_of_what_has_not_closed(desk: Desk) -> None:
    _publish(desk, desk.sign_in(ADAM))
    desk.office.now = CLOSES_AT - timedelta(days=1)
    assert "has not closed yet" in text_of(desk.sign_in(ADAM).page(PAGE))
