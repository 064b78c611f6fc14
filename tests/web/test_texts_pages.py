"""The pages of the emails' texts: what is used, a text edited beside its preview, its versions, a test to oneself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlmodel import select

from intake.store.mailings import EmailTemplate, EmailTemplateVersion
from tests.people import ADAM, CAROL
from tests.web.desk import ADMISSIONS_SLUG, REVIEW_SLUG, Desk, open_desk
from tests.web.shown import form_of

LIST = f"/consultations/{REVIEW_SLUG}/texts"
TEXT = "{{ greeting }}\n\nPlease answer by {{ closing }}."
GOOD = {"subject": "One more week: {{ consultation_title }}", "text": TEXT, "language": "en", "version": "1"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path, polled=False) as opened:
        yield opened


def begun(desk: Desk, *, kind: str = "reminder", name: str = "Last reminder") -> str:
    """Adam adds a text; its address."""
    answer = desk.adam.post(LIST, kind=kind, name=name)
    assert answer.status_code == 303, answer.text[:500]
    return answer.headers["location"]


def said(page: LexborHTMLParser, selector: str = "main") -> str:
    found = page.css_first(selector)
    assert found is not None
    return " ".join(found.text().split())


def typed(desk: Desk, path: str, step: str, *, status: int = 200, **changed: str) -> LexborHTMLParser:
    answer = desk.adam.post(path, {**GOOD, "step": step, **changed})
    assert answer.status_code == status, (answer.status_code, answer.text[:1000])
    return LexborHTMLParser(answer.text)


def frame(page: LexborHTMLParser) -> str:
    found = page.css_first("#preview iframe")
    assert found is not None
    assert found.attributes["sandbox"] in ("", None)
    return found.attributes["srcdoc"] or ""


def saved_versions(desk: Desk) -> list[tuple[str, int, str]]:
    return [(one.language, one.number, one.subject) for one in desk.office.rows(EmailTemplateVersion)]


def test_every_kind_is_written_from_the_products_own_words_until_somebody_writes_another(desk: Desk) -> None:
    before = said(desk.asha.page(LIST))
    assert before.count("The product’s own words") >= 7
    assert "Write it" not in before
    path = begun(desk)
    after = desk.adam.page(LIST)
    assert "“Last reminder”" in said(after)
    assert "Last changed by Adam Clarke, 12 Feb 2020, 10:30am" in said(after)
    assert after.css_first(f'a[href="{path}"]') is not None


@pytest.mark.parametrize("kind", ["reminder", "digest", "acknowledgement", "outcome"])
def test_officers_read_each_email_as_it_goes_now(desk: Desk, kind: str) -> None:
    page = desk.asha.page(f"{LIST}/{kind}")
    assert "It is written from the product’s own words." in said(page)
    assert "Improving education outcomes" in said(page, ".app-text__plain")
    assert desk.asha.get(f"{LIST}/poem").status_code == 404


def test_text_of_our_own_is_begun_from_the_email_as_it_goes_now(desk: Desk) -> None:
    page = desk.adam.page(f"{LIST}/reminder")
    assert "Write our own" in said(page)
    begun_here = desk.adam.post(LIST, form_of(page, LIST))
    assert begun_here.headers["location"] == "/texts/1"
    assert "The text “Reminder” begins with the product’s own words. It is used" in said(desk.adam.follow(begun_here))
    after = desk.adam.page(f"{LIST}/reminder")
    assert "Write our own" not in said(after)
    assert after.css_first("main a[href='/texts/1?language=en'][role=button]") is not None
    assert "Write our own" not in said(desk.asha.page(f"{LIST}/outcome"))


def test_welsh_is_shown_in_welsh(desk: Desk) -> None:
    page = desk.asha.page(f"{LIST}/reminder?language=cy")
    assert "Yr amser cau yw 11:59pm ddydd Gwener 28 Chwefror 2020." in said(page, ".app-text__plain")


def test_acknowledgement_is_shown_with_the_page_it_goes_with(desk: Desk) -> None:
    shown = desk.asha.page(f"{LIST}/acknowledgement").css_first("iframe")
    assert shown is not None
    assert "<h2" in (shown.attributes["srcdoc"] or "")


def test_text_is_shown_as_it_would_go_before_it_is_saved(desk: Desk) -> None:
    path = begun(desk)
    page = typed(desk, path, "preview")
    assert "One more week: Improving education outcomes" in said(page, "#preview")
    assert "Please answer by 11:59pm on Friday 28 February 2020." in said(page, ".app-text__plain")
    assert "Please answer by 11:59pm on Friday 28 February 2020." in frame(page)
    assert "/stop/test" in frame(page)
    assert len(saved_versions(desk)) == 2


def test_preview_is_of_the_consultee_that_was_chosen(desk: Desk) -> None:
    path = begun(desk)
    options = desk.adam.page(path).css("#example option")
    assert [one.text() for one in options] == [
        "Heathfield Primary School, ben.hughes@heathfield.example",
        f"Larkmead Trust, {CAROL}",
    ]
    page = typed(
        desk, path, "preview", text="{{ organisation }}, {{ closing }}", example=options[1].attributes["value"] or ""
    )
    assert said(page, ".app-text__plain").startswith("Larkmead Trust, 11:59pm")


def test_where_nobody_is_invited_the_example_is_made_up_and_says_so(desk: Desk) -> None:
    answer = desk.adam.post(f"/consultations/{ADMISSIONS_SLUG}/texts", kind="invitation", name="Ours")
    page = desk.adam.follow(answer)
    assert "Alex Example of Example School is made up." in said(page, "#preview")


def test_what_a_text_holds_is_escaped_in_the_page_and_in_the_frame(desk: Desk) -> None:
    page = typed(desk, begun(desk), "preview", text="{{ closing }} <script>alert(1)</script>")
    assert page.css("main script") == []
    assert "&lt;script&gt;" in frame(page)


def test_fields_are_listed_with_what_they_hold_here(desk: Desk) -> None:
    fields = said(desk.adam.page(begun(desk)), ".app-text__fields")
    assert "{{ closing }} Its closing time as it stands when the email goes." in fields
    assert "Here: 11:59pm on Friday 28 February 2020" in fields


@pytest.mark.parametrize("step", ["save", "preview", "test"])
def test_mistake_is_said_with_its_line_and_what_was_typed_stays(desk: Desk, step: str) -> None:
    page = typed(desk, begun(desk), step, status=422, text="{{ closing }}\n\n{{ organization }}")
    sentence = "Line 3: it asks for “organization”, which is not among its fields; did you mean “organisation”?"
    assert sentence in said(page, ".govuk-error-summary")
    assert sentence in said(page, "#preview")
    area = page.css_first("textarea[name=text]")
    assert area is not None
    assert "{{ organization }}" in area.text()
    assert len(saved_versions(desk)) == 2
    assert desk.office.outgoing() == []


def test_saved_text_is_the_next_version(desk: Desk) -> None:
    path = begun(desk)
    page = desk.adam.follow(desk.adam.post(path, {**GOOD, "step": "save"}))
    assert "Saved: this is version 2 now." in said(page)
    assert ("en", 2, GOOD["subject"]) in saved_versions(desk)


def test_second_of_two_administrators_is_told_and_may_save_again(desk: Desk) -> None:
    path = begun(desk)
    desk.adam.post(path, {**GOOD, "step": "save"})
    page = typed(desk, path, "save", status=409, subject="Mine: {{ consultation_title }}")
    assert "Adam Clarke changed the text." in said(page)
    version = page.css_first("input[name=version]")
    subject = page.css_first("input[name=subject]")
    assert version is not None
    assert subject is not None
    assert (version.attributes["value"], subject.attributes["value"]) == ("2", "Mine: {{ consultation_title }}")
    again = desk.adam.post(path, {**GOOD, "step": "save", "subject": "Mine: {{ consultation_title }}", "version": "2"})
    assert again.status_code == 303


def test_test_goes_to_the_administrator_with_what_was_typed_and_nothing_is_saved(desk: Desk) -> None:
    page = typed(desk, begun(desk), "test")
    assert f"A test of what stands below is on its way to {ADAM}. Nothing was saved." in said(page)
    [outgoing] = desk.office.outgoing()
    assert (outgoing.kind, outgoing.recipient_address) == ("test", ADAM)
    assert outgoing.given_subject == "[Test] One more week: Improving education outcomes"
    desk.office.cycle()
    [sent] = desk.office.outgoing()
    assert (sent.status.value, sent.subject) == ("sent", "[Test] One more week: Improving education outcomes")
    assert "Please answer by" in (sent.html or "")


def test_versions_are_listed_compared_and_restored(desk: Desk) -> None:
    path = begun(desk)
    desk.adam.post(path, {**GOOD, "step": "save"})
    page = desk.asha.page(f"{path}/versions?show=2")
    assert [row.text() for row in page.css("ins .govuk-visually-hidden")][:1] == ["Added: "]
    assert "One more week" in said(page, "ins")
    assert "since version 1" in said(desk.asha.page(f"{path}/versions?show=2&with=1"))
    assert desk.asha.get(f"{path}/versions?show=9").status_code == 404
    assert desk.asha.get(f"{path}/versions?show=x").status_code == 404
    answer = desk.adam.post(f"{path}/versions", language="en", number="1", version="2")
    assert "Version 1 was restored: it is version 3 now." in said(desk.adam.follow(answer))
    lost = desk.adam.post(f"{path}/versions", language="en", number="1", version="2")
    assert lost.status_code == 409


def test_product_words_are_begun_from_again_without_saving(desk: Desk) -> None:
    path = begun(desk)
    desk.adam.post(path, {**GOOD, "step": "save"})
    page = desk.adam.page(f"{path}?start=product")
    area = page.css_first("textarea[name=text]")
    assert area is not None
    assert "If you have just answered" in area.text()
    assert ("en", 3) not in [one[:2] for one in saved_versions(desk)]


def test_text_is_put_out_of_use_renamed_and_removed(desk: Desk) -> None:
    path = begun(desk)
    assert "product’s own words are used" in said(desk.adam.follow(desk.adam.post(f"{path}/use", use="no")))
    assert "“Last reminder” is used" in said(desk.adam.follow(desk.adam.post(f"{path}/use", use="yes")))
    assert desk.adam.post(f"{path}/name", name="").status_code == 422
    assert "Final call" in said(desk.adam.follow(desk.adam.post(f"{path}/name", name="Final call")), "h1")
    assert "was removed" in said(desk.adam.follow(desk.adam.post(f"{path}/remove")))
    assert desk.adam.get(path).status_code == 404


@pytest.mark.parametrize(("fields", "field"), [({"name": "Ours"}, "kind"), ({"kind": "reminder"}, "name")])
def test_text_needs_a_kind_and_a_name(desk: Desk, fields: dict[str, Any], field: str) -> None:
    answer = desk.adam.post(LIST, fields)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text


def test_officers_change_nothing_and_another_consultations_texts_are_not_there(desk: Desk) -> None:
    path = begun(desk)
    assert desk.asha.get(path).status_code == 403
    assert desk.asha.post(path, {**GOOD, "step": "save"}).status_code == 403
    assert desk.olga.get(LIST).status_code == 404
    assert desk.olga.get(f"{path}/versions").status_code == 404
    with desk.office.database.reading() as session:
        assert session.exec(select(EmailTemplate.name)).all() == ["Last reminder"]
