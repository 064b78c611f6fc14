"""Templates are found, filled in within their limits, and broken ones say where without saying what they were given."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.outbound.rendering import (
    LONGEST_NAME,
    Renderer,
    TemplateBroken,
    inert_name,
    person_name,
    product_folder,
    size_wording,
)

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
        ("\n\n{{ titel }}", "line 3: it asks for “titel”, which is not among its fields"),
        ("\n{{ title.short }}", "line 2: it asks for a part that a field does not have"),
        ("{{ parts[name] }}", "line 1: it asks for a part that a field does not have"),
        ("\n{% if title %}", "line 2: Unexpected end of template"),
        ("{{ title|markup }}", "line 1: No filter named 'markup'"),
        ("{{ title|safe }}", "line 1: No filter named 'safe'"),
        ("{% extends 'letter.txt' %}", "There is no template “letter.txt”, which “note.txt” needs"),
        ("{% for n in range(1000000000) %}{% endfor %}", "line 1: it asks for “range”, which is not among its fields"),
        ("{{ title + 1 }}", "line 1: it could not be filled in (TypeError)"),
        ("{{ title * 1000000000 }}", "line 1: it does something templates may not do"),
        ("{{ '%999999999d' % 1 }}", "line 1: it does something templates may not do"),
        ("{{ title.upper() }}", "line 1: it does something templates may not do"),
        ("{{ title.__class__.__mro__ }}", "line 1: it does something templates may not do"),
    ],
)
def test_broken_template_says_where_and_what(tmp_path: Path, template: str, what: str) -> None:
    assert what in broken(written(tmp_path, template))


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
    assert "RecursionError" in broken(written(tmp_path, "{% include 'note.txt' %}"))


def test_template_outside_the_folders_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    assert "There is no template" in broken(written(tmp_path, "{% include '../secret.txt' %}"))


def test_kind_without_a_template_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(TemplateBroken, match=r"^There is no template “poem\.subject\.txt”\.$"):
        Renderer([tmp_path]).render("poem", FIELDS, slug="schools")


def test_template_that_is_not_text_is_broken(tmp_path: Path) -> None:
    (written(tmp_path) / "email" / "note.txt").write_bytes(b"\xff\xfe")
    assert "note.txt: it could not be filled in (UnicodeDecodeError)" in broken(tmp_path)


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
