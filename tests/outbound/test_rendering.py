"""Templates are found, filled in within their limits, and broken ones say where without saying what they were given."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.outbound.filling import TEXT, check_text
from intake.outbound.names import LONGEST_NAME
from intake.outbound.rendering import (
    Renderer,
    TemplateBroken,
    fill_text,
    inert_name,
    person_name,
    product_folder,
    size_wording,
)
from intake.outbound.texts import OwnText

FIELDS = {"title": "Schools & trusts", "name": "Ben <b>", "parts": ["first", "second"], "nothing": None}


def written(folder: Path, text: str = "text", html: str = "page", subject: str = "subject") -> Path:
    """A folder of overrides with a template of kind "note" in it; returns the folder."""
    email = folder / "email"
    email.mkdir(parents=True, exist_ok=True)
    (email / "note.txt").write_text(text, encoding="utf-8")
    (email / "note.html").write_text(html, encoding="utf-8")
    (email / "note.subject.txt").write_text(subject, encoding="utf-8")
    return folder


def text_of(folder: Path, slug: str = "schools") -> str:
    return Renderer([folder]).render("note", FIELDS, slug=slug).text


def broken(folder: Path) -> str:
    with pytest.raises(TemplateBroken) as raised:
        text_of(folder)
    assert raised.value.__context__ is None
    return str(raised.value)


def test_values_are_escaped_in_the_page_and_plain_in_the_text(tmp_path: Path) -> None:
    template = "{{ name }} on {{ title }}"
    rendered = Renderer([written(tmp_path, template, template, template)]).render("note", FIELDS, slug="schools")
    assert rendered.html == "Ben &lt;b&gt; on Schools &amp; trusts\n"
    assert rendered.text == "Ben <b> on Schools & trusts\n"
    assert rendered.subject == "Ben <b> on Schools & trusts"


def test_subject_is_one_line_whatever_a_field_holds(tmp_path: Path) -> None:
    fields = {"title": "Schools\r\nBcc: all@county.example\x00\u2028and trusts"}
    rendered = Renderer([written(tmp_path, subject="\n[IEO]\n  {{ title }}\n")]).render("note", fields, slug="schools")
    assert rendered.subject == "[IEO] Schools Bcc: all@county.example and trusts"


def test_lines_left_empty_by_conditions_collapse_into_one(tmp_path: Path) -> None:
    template = "one\n\n{% if nothing %}never{% endif %}\n\n\ntwo{{ nothing }}  \n\n"
    assert text_of(written(tmp_path, template)) == "one\n\ntwo\n"


def test_consultations_own_template_comes_before_the_councils_and_that_before_the_products(tmp_path: Path) -> None:
    written(tmp_path, "the council's")
    written(tmp_path / "schools", "this consultation's")
    assert text_of(tmp_path, slug="schools") == "this consultation's\n"
    assert text_of(tmp_path, slug="admissions") == "the council's\n"
    assert (product_folder("templates") / "email" / "acknowledgement.txt").is_file()


def test_one_file_may_be_replaced_alone(tmp_path: Path) -> None:
    written(tmp_path, "the council's", html="the council's page")
    own = tmp_path / "schools" / "email"
    own.mkdir(parents=True)
    (own / "note.txt").write_text("this consultation's", encoding="utf-8")
    rendered = Renderer([tmp_path]).render("note", FIELDS, slug="schools")
    assert (rendered.text, rendered.html) == ("this consultation's\n", "the council's page\n")


def test_changed_template_counts_from_the_next_email_on(tmp_path: Path) -> None:
    renderer = Renderer([written(tmp_path, "before")])
    renderer.render("note", FIELDS, slug="schools")
    written(tmp_path, "after")
    os.utime(tmp_path / "email" / "note.txt", (1, 1))
    assert renderer.render("note", FIELDS, slug="schools").text == "after\n"


def test_template_added_in_front_counts_from_the_next_email_on(tmp_path: Path) -> None:
    renderer = Renderer([written(tmp_path, "the council's")])
    renderer.render("note", FIELDS, slug="schools")
    written(tmp_path / "schools", "this consultation's")
    assert renderer.render("note", FIELDS, slug="schools").text == "this consultation's\n"


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ("\n\n{{ titel }}", "line 3: it asks for “titel”, which is not among its fields; did you mean “title”?"),
        ("{{ weather }}", "line 1: it asks for “weather”, which is not among its fields."),
        ("\n{{ title.short }}", "line 2: it asks for a part that a field does not have"),
        ("{{ parts[name] }}", "line 1: it asks for a part that a field does not have"),
        ("{{ title|markup }}", "line 1: there is no “|markup”, only capitalize, "),
        ("{{ title|uper }}", "; did you mean “upper”?"),
        ("{{ title|safe }}", "line 1: there is no “|safe”, only "),
        ("{% extends 'letter.txt' %}", "There is no template “letter.txt”, which “note.txt” needs"),
        ("{% for n in range(1000000000) %}{% endfor %}", "line 1: it asks for “range”, which is not among its fields"),
        ("{{ title + 1 }}", "line 1: it joins or compares what does not go together"),
        ("{{ title * 1000000000 }}", "line 1: it does something templates may not do"),
        ("{{ '%999999999d' % 1 }}", "line 1: it does something templates may not do"),
        ("{{ title.upper() }}", "line 1: it does something templates may not do"),
        ("{{ title.__class__.__mro__ }}", "line 1: it does something templates may not do"),
    ],
)
def test_broken_template_says_where_and_what(tmp_path: Path, template: str, what: str) -> None:
    assert what in broken(written(tmp_path, template))


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ("\n{% if title %}\n\nx", "line 2: “{% if … %}” is never closed; write “{% endif %}” where it ends."),
        ("{% if title %}\n{% for a in parts %}x", "line 2: “{% for … %}” is never closed; write “{% endfor %}”"),
        ("{% if title %}\n{% endfor %}", "line 2: “{% endfor %}” stands where “{% endif %}” is expected."),
        ("{% if title %}{% end %}", "“{% end %}” stands where “{% endif %}” is expected."),
        ("\n{% endif %}", "line 2: “{% endif %}” stands without its “{% if … %}”."),
        ("{% else %}", "“{% else %}” stands outside “{% if … %}”."),
        ("{% iff title %}", "there is no “{% iff %}”; did you mean “if”?"),
        ("{% dance %}", "there is no “{% dance %}”."),
        ("Dear\n{{ title", "line 2: “{{” is not closed; write “}}” after it."),
        ("{% if title", "“{%” is not closed; write “%}” after it."),
        ("{{ title }", "“}” stands where it cannot; a field is written “{{ name }}”"),
        ("{% if title }}x", "“}” stands where it cannot"),
        ("{{ }}", "“{{ }}” says nothing."),
        ("{% %}", "“{% %}” says nothing."),
        ("{% if %}x{% endif %}", "the condition of “{% … %}” is missing."),
        ("{{ my title }}", "“{{ … }}” holds more than it can, at “title”; a field’s name has no spaces."),
        ("{% if title = name %}{% endif %}", "to compare, write “==”."),
        ("{% for part parts %}{% endfor %}", "“in” is expected where “parts” stands."),
        ("{% if title is lovely %}{% endif %}", "there is no “is lovely”."),
        ("{{ “title” }}", "curly quotation marks cannot stand between braces; write straight ones."),
        ("{{ title & name }}", "“&” cannot stand between braces."),
        ("{{ 'title }}", "a quotation mark is not closed."),
        ("{# remark", "“{#” begins a remark that is never closed; write “#}” after it."),
        ("{{ title. }}", "what stands between braces here cannot be understood"),
    ],
)
def test_what_is_wrong_with_a_template_is_said_in_plain_words(template: str, what: str) -> None:
    with pytest.raises(TemplateBroken) as raised:
        fill_text(template, FIELDS)
    assert what in str(raised.value)
    assert str(raised.value).startswith("The text, line ")
    assert raised.value.__context__ is None


def test_text_is_checked_in_every_branch_before_it_is_ever_filled_in() -> None:
    with pytest.raises(TemplateBroken, match="line 2: it asks for “nmae”, which is not among its fields; did you mean"):
        check_text("{% if nothing %}\n{{ nmae }}{% endif %}", FIELDS)
    with pytest.raises(TemplateBroken, match="line 1: there is no “\\|shout”, only"):
        check_text("{% if nothing %}{{ name|shout }}{% endif %}", FIELDS)
    with pytest.raises(TemplateBroken, match="line 1: there is no “is loud”"):
        check_text("{% if nothing %}{% if name is loud %}x{% endif %}{% endif %}", FIELDS)
    assert check_text("{% set x = title %}{% for p in parts %}{{ p }}{{ x }}{% endfor %}", FIELDS) == {"title", "parts"}


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ("{% set a = a ~ a %}", "more than 500,000 characters"),
        ("{% set a = a + a %}", "more than 500,000 characters"),
        ("{% set a = a|join(a) %}", "more than 500,000 characters"),
        ("{% set a = [a, a] %}", "it writes out a list as a whole; go through it with"),
        ("{% set a = [a] + [a] %}", "templates may not do"),
        ("{% set a %}{{ a }}{{ a }}{% endset %}", "a text may not keep or filter a part of itself"),
        ("{% filter upper %}{{ a }}{% endfilter %}", "a text may not keep or filter a part of itself"),
    ],
)
def test_text_that_doubles_itself_is_broken_before_it_fills_the_memory(step: str, what: str) -> None:
    with pytest.raises(TemplateBroken, match=re.escape(what)):
        fill_text("{% set a = title %}" + step * 60 + "{{ a|upper }}", FIELDS)


@pytest.mark.parametrize("inside", ["(" * 500 + "1" + ")" * 500, "9" * 5000])
def test_text_too_deep_or_too_long_for_python_is_refused_in_a_sentence(inside: str) -> None:
    with pytest.raises(TemplateBroken):
        check_text("{{ " + inside + " }}", FIELDS)


def test_text_of_the_database_is_compiled_once_for_thousands() -> None:
    renderer, own = Renderer([]), OwnText("{{ title }}", "{{ name }}: {{ title }}", "en")
    environment = renderer._of("schools")
    renderer.render("note", FIELDS, slug="schools", own=own)
    compiled = environment.own(TEXT, own.text)
    renderer.render("note", FIELDS | {"name": "Carol"}, slug="schools", own=own)
    assert environment.own(TEXT, own.text) is compiled


def test_shell_lays_out_paragraphs_lists_and_links_and_escapes_the_rest() -> None:
    text = "Dear Ben,\nhello.\n\nTo read:\n- The draft: https://county.example/draft\n- <b>\n\nBye"
    own = OwnText("Hello", text, "cy")
    html = Renderer([]).render("note", FIELDS, slug="schools", own=own).html
    assert '<html lang="cy">' in html
    assert '<p style="white-space: pre-line;">Dear Ben,\nhello.</p>' in html
    assert '<li>The draft: <a href="https://county.example/draft"' in html
    assert "<li>&lt;b&gt;</li>" in html
    assert html.count("<ul>") == 1


def test_language_without_files_of_its_own_is_written_in_english(tmp_path: Path) -> None:
    folder = written(tmp_path, "English")
    assert Renderer([folder]).render("note", FIELDS, slug="schools", language="cy").text == "English\n"
    (folder / "email" / "note.cy.txt").write_text("Cymraeg", encoding="utf-8")
    (folder / "email" / "note.cy.subject.txt").write_text("Pwnc", encoding="utf-8")
    rendered = Renderer([folder]).render("note", FIELDS, slug="schools", language="cy")
    assert (rendered.subject, rendered.text) == ("Pwnc", "Cymraeg\n")
    assert '<html lang="cy">' in rendered.html


def test_broken_template_names_its_file_and_no_value(tmp_path: Path) -> None:
    sentence = broken(written(tmp_path, "{{ parts[name] }}{{ name + 1 }}"))
    assert str(tmp_path / "email" / "note.txt") in sentence
    assert "Ben" not in sentence


def test_loops_within_loops_come_to_an_end(tmp_path: Path) -> None:
    loops = "{% for a in parts %}" * 16 + "{% endfor %}" * 16
    assert "its loops go round more than 10,000 times" in broken(written(tmp_path, loops))


def test_output_without_end_comes_to_an_end(tmp_path: Path) -> None:
    line = "x" * 200
    loops = "{% for a in parts %}" * 12 + line + "{% endfor %}" * 12
    assert "it comes to more than 500,000 characters" in broken(written(tmp_path, loops))


def test_template_that_includes_itself_is_broken(tmp_path: Path) -> None:
    assert "it includes itself without end" in broken(written(tmp_path, "{% include 'note.txt' %}"))


def test_template_outside_the_folders_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    assert "There is no template" in broken(written(tmp_path, "{% include '../secret.txt' %}"))


def test_kind_without_a_template_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(TemplateBroken, match=r"^There is no template “poem\.subject\.txt”\.$"):
        Renderer([tmp_path]).render("poem", FIELDS, slug="schools")


def test_template_that_is_not_text_is_broken(tmp_path: Path) -> None:
    (written(tmp_path) / "email" / "note.txt").write_bytes(b"\xff\xfe")
    assert "note.txt: it is not a text in UTF-8" in broken(tmp_path)


@pytest.mark.parametrize(
    ("size", "wording"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (34_400, "34 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (1_440_000, "1.4 MB"),
        (9_949_999, "9.9 MB"),
        (9_950_000, "10 MB"),
        (36_000_000, "36 MB"),
    ],
)
def test_size_is_said_in_words(size: int, wording: str) -> None:
    assert size_wording(size) == wording


@pytest.mark.parametrize(
    ("filename", "inert"),
    [
        ("Our response.docx", "Our response.docx"),
        ("minutes 2020-02-03_final.PDF", "minutes 2020-02-03_final.PDF"),
        ("v1.2 (draft).pdf", "v1_2 draft.pdf"),
        ("report.docm.example.com", "report_docm_example_com"),
        ("www.example.com", "www_example_com"),
        ("pay-here.zip", "pay-here_zip"),
        ("https://example.com/pay.pdf", "https example_com pay.pdf"),
        ("ben@school.example", "ben school_example"),
        ("e\u0301cole\u202e.pdf", "école.pdf"),
        ("evil。example\n.txt", "evil example.txt"),
        (".pdf", "unnamed.pdf"),
        ("", "unnamed"),
        ("a" * 80 + ".docx", "a" * 55 + ".docx"),
    ],
)
def test_file_name_is_repeated_without_anything_that_becomes_a_link(filename: str, inert: str) -> None:
    assert inert_name(filename) == inert


@given(st.text())
def test_no_file_name_is_long_or_has_a_dot_but_before_its_ending(filename: str) -> None:
    inert = inert_name(filename)
    assert 0 < len(inert) <= LONGEST_NAME
    assert inert.count(".") <= 1
    assert not set(inert) & set("@:/\\<>\n\"'&")


@pytest.mark.parametrize("name", ["Ben Okafor", "Dr. A. M. O’Neill-Smith", "Siân Llŷr", "Ewa Wiśniewska", ""])
def test_name_is_used_as_it_is(name: str) -> None:
    assert person_name(name) == name


@pytest.mark.parametrize(
    "name", ["ben@school.example", "visit example.com", "Call 0123", "<b>Ben</b>", " - ", "x " * 40]
)
def test_what_is_not_a_plain_name_is_not_used(name: str) -> None:
    assert person_name(name) == ""
