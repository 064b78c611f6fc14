"""Replying from a response's page: written, looked at as it will go, sent once."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from selectolax.lexbor import LexborHTMLParser

from intake import jobs
from intake.store.consultations import ReplyTemplate
from intake.store.responses import Response
from tests.building import raw_email
from tests.people import BEN, REVIEW
from tests.web.desk import Desk, Visitor, open_desk

PAGE = "/responses/IEO-0001/reply"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        opened.office.receive(raw_email(sender=f"Ben Hughes <{BEN}>", to=REVIEW, text="Where is the map?\n"))
        opened.office.cycle()
        yield opened


def fields_of(page: LexborHTMLParser) -> dict[str, str]:
    """What the page's form would send."""
    form = page.css_first('main form[method="post"]')
    assert form is not None
    fields = {str(one.attributes["name"]): one.attributes.get("value") or "" for one in form.css("input")}
    return fields | {str(one.attributes["name"]): one.text().removeprefix("\n") for one in form.css("textarea")}


def preview(visitor: Visitor, text: str = "Dear Ben,\n\nOn page 12.", **more: str) -> httpx2.Response:
    return visitor.post(PAGE, {**fields_of(visitor.page(PAGE)), "text": text, "step": "preview", **more})


def test_the_page_says_to_whom_and_from_where_and_shows_what_was_asked(desk: Desk) -> None:
    text = desk.asha.page(PAGE).css_first("main").text()  # type: ignore[union-attr]
    assert BEN in text
    assert REVIEW in text
    assert "Where is the map?" in text
    assert fields_of(desk.asha.page(PAGE))["subject"] == "Re: Improving education outcomes (IEO-0001)"


def test_a_reply_is_looked_at_as_it_will_go_then_sent_and_shown_in_the_correspondence(desk: Desk) -> None:
    looked_at = preview(desk.asha)
    assert looked_at.status_code == 200
    assert "Asha Rahman" in looked_at.text
    assert "Education review team" in looked_at.text
    assert len(desk.office.outgoing()) == 1
    answer = desk.asha.post(PAGE, {**fields_of(LexborHTMLParser(looked_at.text)), "step": "send"})
    page = desk.asha.follow(answer)
    assert "on its way" in page.css_first(".govuk-notification-banner").text()  # type: ignore[union-attr]
    assert "On page 12." in page.css_first(".app-thread").text()  # type: ignore[union-attr]
    jobs.send(desk.office.this)
    assert desk.office.sender.sent[-1].recipient == BEN
    assert b"On page 12." in desk.office.sender.sent[-1].raw
    told = [entry.text() for entry in desk.asha.page("/responses/IEO-0001").css(".app-history li")]
    assert sum("replied" in sentence for sentence in told) == 1
    assert not any("queued a reply" in sentence for sentence in told)


def test_the_form_sent_twice_sends_one_email(desk: Desk) -> None:
    given = {**fields_of(LexborHTMLParser(preview(desk.asha).text)), "step": "send"}
    assert [desk.asha.post(PAGE, given).status_code for _ in range(2)] == [303, 303]
    assert [row.kind for row in desk.office.outgoing()] == ["acknowledgement", "reply"]


def test_back_from_the_preview_everything_is_as_it_was_typed(desk: Desk) -> None:
    looked_at = preview(desk.asha, "\nDear Ben,\n\n <b>page 12</b>", subject="The map")
    again = desk.asha.post(PAGE, {**fields_of(LexborHTMLParser(looked_at.text)), "step": "edit"})
    kept = fields_of(LexborHTMLParser(again.text))
    assert (kept["subject"], kept["text"]) == ("The map", "Dear Ben,\n\n <b>page 12</b>")


def test_what_is_missing_is_told_beside_its_field(desk: Desk) -> None:
    answer = preview(desk.asha, "", subject="")
    assert answer.status_code == 422
    page = LexborHTMLParser(answer.text)
    assert [link.attributes["href"] for link in page.css(".govuk-error-summary a")] == ["#subject", "#text"]


def test_a_template_fills_the_text_without_a_script(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        session.add(ReplyTemplate(name="Map", text="Dear {{ respondent_name }}, see page 12.\n\n{{ officer }}"))
        session.add(ReplyTemplate(name="Broken", text="Dear {{ respondant }}"))
        session.add(ReplyTemplate(name="Of others", text="x", consultation_id=2))
    page = desk.asha.page(PAGE)
    assert [one.text() for one in page.css("#template option")] == ["Broken", "Map"]
    chosen = fields_of(desk.asha.page(f"{PAGE}?template=1&status=unread"))
    assert chosen["text"] == "Dear Ben Hughes, see page 12.\n\nAsha Rahman\n"
    broken = desk.asha.get(f"{PAGE}?template=2")
    assert (broken.status_code, "respondant" in broken.text) == (422, True)
    assert fields_of(desk.asha.page(f"{PAGE}?template=3"))["text"] == ""


def test_of_two_officers_who_reply_at_once_the_second_sees_it_before_sending(desk: Desk) -> None:
    adams = fields_of(LexborHTMLParser(preview(desk.adam, "Adam's answer.").text))
    ashas = fields_of(LexborHTMLParser(preview(desk.asha, "Asha's answer.").text))
    desk.adam.post(PAGE, {**adams, "step": "send"})
    answer = desk.asha.post(PAGE, {**ashas, "step": "send"})
    assert answer.status_code == 409
    assert "Adam Clarke replied to it." in answer.text
    assert len(desk.office.outgoing()) == 2
    again = desk.asha.post(PAGE, {**fields_of(LexborHTMLParser(answer.text)), "step": "send"})
    assert again.status_code == 303
    assert desk.office.outgoing()[-1].given_text == "Asha's answer."


def test_without_an_address_there_is_no_form(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        session.get_one(Response, 1).respondent_address = None
    page = desk.asha.page(PAGE)
    assert page.css_first("#text") is None
    assert desk.asha.post(PAGE, {"subject": "x", "text": "x", "step": "send", "version": "0"}).status_code == 422


def test_the_officer_goes_back_to_the_filter_they_came_from(desk: Desk) -> None:
    looked_at = desk.asha.post(
        f"{PAGE}?status=unread", {**fields_of(desk.asha.page(PAGE)), "text": "On page 12.", "step": "preview"}
    )
    form = LexborHTMLParser(looked_at.text).css_first("main form")
    assert form is not None
    assert form.attributes["action"] == f"{PAGE}?status=unread"
    sent = desk.asha.post(f"{PAGE}?status=unread", {**fields_of(LexborHTMLParser(looked_at.text)), "step": "send"})
    assert sent.headers["location"] == "/responses/IEO-0001?status=unread"


def test_an_officer_of_another_consultation_finds_no_such_page(desk: Desk) -> None:
    assert desk.olga.get(PAGE).status_code == 404
    assert desk.olga.post(PAGE, {"subject": "x", "text": "x", "step": "send"}).status_code == 404
