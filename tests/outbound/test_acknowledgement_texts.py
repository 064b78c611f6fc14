"""The acknowledgement's own templates: every case says what is true, and the page says what the text says."""

import re
from html import unescape
from itertools import product
from typing import Any

import pytest

from intake.mail.quoting import REPLY_MARKER, own_words
from intake.outbound.rendering import Rendered, Renderer
from intake.outbound.texts import OwnText

FIELDS: dict[str, Any] = {
    "consultation_title": "Improving education outcomes",
    "reference": "IEO-0042",
    "is_addition": False,
    "nature": "response",
    "received": "10:15am on Monday 3 February 2020",
    "timing": "in_time",
    "is_in_grace": False,
    "closing": "11:59pm on Friday 28 February 2020",
    "has_closed": False,
    "late_policy": "accept",
    "attachments": [{"name": "Our response.docx", "size": "34 kB"}, {"name": "minutes.pdf", "size": "1.2 MB"}],
    "next_steps": "We read every response.\n\nThe final document follows in the summer.",
    "privacy_notice": "We use your response only for this consultation: https://county.example/privacy",
    "contact_name": "Asha Rahman",
    "contact_address": "education.review@county.example",
    "contact_phone": "01632 960 123",
    "respondent_name": "Ben Okafor",
    "receipt_url": "https://intake.county.example/receipt/secret-not-kept",
    "reply_marker": REPLY_MARKER,
}
LATE = {"timing": "late", "has_closed": True, "received": "9:00am on Monday 2 March 2020"}


def acknowledgement(**changed: object) -> Rendered:
    return Renderer([]).render("acknowledgement", FIELDS | changed, slug="improving-education-outcomes")


Case = dict[str, object]


def cases() -> list[Case]:
    """Every combination that changes a sentence."""
    natures: list[Case] = [{"is_addition": True}, {}, {"nature": "question"}, {"nature": "neither"}]
    timings: list[Case] = [{}, {"has_closed": True}, {"timing": "unknown", "received": None}]
    timings += [{**LATE, "late_policy": policy} for policy in ("accept", "discretion", "strict")]
    others: list[Case] = [{}, {"attachments": [], "contact_phone": None, "respondent_name": ""}]
    return [nature | timing | other for nature, timing, other in product(natures, timings, others)]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


@pytest.mark.parametrize("case", cases())
def test_page_says_what_the_text_says(case: Case) -> None:
    rendered = acknowledgement(**case)
    shown = unescape(re.sub(r"<[^>]+>", " ", rendered.html.partition("<body")[2].partition(">")[2]))
    assert words(shown) == words(rendered.text)


@pytest.mark.parametrize("case", cases())
def test_every_case_names_what_people_need_to_know(case: Case) -> None:
    rendered = acknowledgement(**case)
    assert rendered.subject.startswith("[IEO-0042] ")
    for needed in (
        "Improving education outcomes",
        "IEO-0042",
        "11:59pm on Friday 28 February 2020",
        "an officer will answer it",
        "The final document follows in the summer.",
        "correct it, add to it or withdraw it",
        "https://county.example/privacy",
        "freedom of information",
        "education.review@county.example",
        "sent automatically",
    ):
        assert needed.lower() in rendered.text.lower()


def test_response_in_time_is_told_so() -> None:
    text = acknowledgement().text
    assert "It reached us in time, at 10:15am on Monday 3 February 2020." in text
    assert "The closing time is 11:59pm on Friday 28 February 2020." in text
    assert "late" not in words(text)


@pytest.mark.parametrize(
    ("policy", "meaning"),
    [
        ("accept", "it will be counted all the same"),
        ("discretion", "an officer will decide whether it can still be counted"),
        ("strict", "late responses to this consultation are not counted"),
    ],
)
def test_late_response_is_told_what_late_means(policy: str, meaning: str) -> None:
    text = acknowledgement(**LATE, late_policy=policy).text
    closing = "after the closing time, 11:59pm on Friday 28 February 2020"
    assert f"It reached us at 9:00am on Monday 2 March 2020, {closing}." in text
    assert meaning in text
    assert "in time" not in text


def test_late_addition_is_told_that_the_response_stands() -> None:
    text = acknowledgement(**LATE, is_addition=True).text
    assert "added what you sent to your response IEO-0042" in text
    assert "What you sent before is not affected." in text


def test_unknown_receipt_is_called_neither_late_nor_in_time() -> None:
    text = acknowledgement(timing="unknown", received=None).text
    assert "in time" not in text
    assert "late" not in words(text)
    assert "reached us in time" not in text
    assert "It reached us" not in text


@pytest.mark.parametrize("nature", ["question", "neither"])
def test_what_is_not_a_response_is_never_called_late(nature: str) -> None:
    text = acknowledgement(**LATE, nature=nature).text
    assert "We have not counted it as a response" in text
    assert "late" not in words(text)


def test_each_file_is_named_with_its_size() -> None:
    assert "- Our response.docx (34 kB)\n- minutes.pdf (1.2 MB)\n" in acknowledgement().text


def test_forgotten_attachment_is_noticed() -> None:
    assert "We received no files with it." in acknowledgement(attachments=[]).text


def test_reply_above_the_marker_is_all_that_counts_as_own_words() -> None:
    quoted = acknowledgement().text
    assert quoted.startswith(REPLY_MARKER)
    assert own_words(f"Please add this.\n\n{quoted}").strip() == "Please add this."


@pytest.mark.parametrize("name", ["", "ben@school.example", "Visit example.com"])
def test_who_gives_no_plain_name_is_greeted_without_one(name: str) -> None:
    assert "\nHello,\n" in acknowledgement(respondent_name=name).text


def test_page_can_be_read_on_a_phone_and_loads_nothing() -> None:
    html = acknowledgement().html
    assert '<html lang="en-GB">' in html
    assert 'name="viewport"' in html
    assert "max-width: 36em" in html
    assert not re.findall(r"src=|url\(|<table|<img|<link|<script", html)
    assert re.findall(r'href="([^"]+)"', html) == [
        "https://intake.county.example/receipt/secret-not-kept",
        "https://county.example/privacy",
        "mailto:education.review@county.example",
    ]


def test_page_escapes_what_an_administrator_typed() -> None:
    assert "Schools &lt;&amp; trusts" in acknowledgement(consultation_title="Schools <& trusts").html


def welsh(**changed: object) -> Rendered:
    spoken = {"received": "10:15am ddydd Llun 3 Chwefror 2020", "closing": "11:59pm ddydd Gwener 28 Chwefror 2020"}
    given = FIELDS | spoken | {"greeting": "Annwyl Ben Okafor,"} | changed
    return Renderer([]).render("acknowledgement", given, slug="improving-education-outcomes", language="cy")


@pytest.mark.parametrize("case", cases())
def test_welsh_names_what_people_need_to_know_in_every_case(case: Case) -> None:
    rendered = welsh(**case)
    assert rendered.subject.startswith("[IEO-0042] ")
    for needed in (
        "IEO-0042",
        "11:59pm ddydd Gwener 28 Chwefror 2020",
        "ryddid gwybodaeth",
        "yn awtomatig",
        REPLY_MARKER,
    ):
        assert needed in rendered.text
    shown = unescape(re.sub(r"<[^>]+>", " ", rendered.html.partition("<body")[2].partition(">")[2]))
    assert words(shown) == words(rendered.text)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ({}, "Cyrhaeddodd ni mewn pryd, am 10:15am ddydd Llun 3 Chwefror 2020."),
        ({**LATE, "late_policy": "accept"}, "Mae hynny’n hwyr, ond caiff ei gyfrif er hynny."),
        ({**LATE, "late_policy": "discretion"}, "bydd swyddog yn penderfynu a ellir ei gyfrif o hyd"),
        ({**LATE, "late_policy": "strict"}, "nid yw ymatebion hwyr i’r ymgynghoriad hwn yn cael eu cyfrif"),
        ({**LATE, "is_addition": True}, "Nid yw hyn yn effeithio ar yr hyn a anfonwyd gennych o’r blaen."),
        ({"nature": "question"}, "Bydd swyddog yn ei ateb. Nid ydym wedi ei gyfrif yn ymateb"),
    ],
)
def test_welsh_says_what_is_true(case: Case, said: str) -> None:
    assert said in welsh(**case).text


def test_welsh_quoted_below_an_answer_is_no_part_of_it() -> None:
    quoted = welsh().text
    assert quoted.startswith(REPLY_MARKER)
    assert own_words(f"Ychwanegwch hyn.\n\n{quoted}").strip() == "Ychwanegwch hyn."


def test_text_of_an_administrator_keeps_the_line_that_replies_stand_above() -> None:
    own = OwnText("[{{ reference }}] Received", "{{ greeting }}\n\nWe have {{ reference }}.", "en")
    given = FIELDS | {"greeting": "Dear Ben,"}
    rendered = Renderer([]).render("acknowledgement", given, slug="improving-education-outcomes", own=own)
    assert rendered.subject == "[IEO-0042] Received"
    assert rendered.text == f"{REPLY_MARKER}\n\nDear Ben,\n\nWe have IEO-0042.\n"
    assert REPLY_MARKER in unescape(rendered.html)
