"""The texts officers start a reply from."""

from typing import Any

import pytest

from intake.administration.reply_templates import (
    add_reply_template,
    change_reply_template,
    digest,
    remove_reply_template,
    reply_template,
    reply_templates,
)
from intake.errors import Mistakes
from intake.outbound.replying import PLACEHOLDERS
from tests.administration.administrators import adam, consultation
from tests.databases import both_databases
from tests.office import Office

THANKS = {"name": "Thanks", "text": "Dear {{ respondent_name }},\n\nthank you for {{ reference }}.\n\n{{ officer }}"}


def _add(office: Office, consultation_id: int | None = None, **given: Any) -> int:
    with office.database.transaction() as session:
        made = add_reply_template(
            session, consultation_id, {**THANKS, **given}, user=adam(session, office), now=office.now
        )
        return made.id


def _change(office: Office, template_id: int, seen: str | None = None, **given: str) -> list[str]:
    with office.database.transaction() as session:
        row = reply_template(session, template_id)
        values = {"name": row.name, "text": row.text, **given}
        user, own = adam(session, office), row.consultation_id
        return change_reply_template(session, row, own, values, seen=seen or digest(row), user=user, now=office.now)


@both_databases
def test_templates_are_for_all_consultations_or_for_one(office: Office) -> None:
    _add(office, consultation(office).id, name="A of its own")
    _add(office)
    with office.database.reading() as session:
        found = [(row.name, own.slug if own else None) for row, own in reply_templates(session)]
    assert found == [("Thanks", None), ("A of its own", "improving-education-outcomes")]


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"text": "Dear {{ name }}"}, "text", "The text, line 1: it asks for “name”, which is not among its fields."),
        ({"text": "Dear\n{{ respondent_name"}, "text", "The text, line 2:"),
        ({"text": "{{ 9 ** 9 }}"}, "text", "The text, line 1: it does something templates may not do"),
        ({"text": ""}, "text", "Enter the text."),
        ({"name": ""}, "name", "Enter the name."),
        ({"name": "n" * 81}, "name", "The name may have at most 80 characters"),
    ],
)
def test_template_with_a_mistake_is_refused_when_it_is_saved(
    office: Office, given: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(Mistakes) as refused:
        _add(office, **given)
    assert refused.value.by_field[field].startswith(sentence)


def test_refusal_names_every_placeholder_there_is(office: Office) -> None:
    with pytest.raises(Mistakes) as refused:
        _add(office, text="{{ nothing }}")
    assert all(f"{{{{ {name} }}}}" in refused.value.by_field["text"] for name in PLACEHOLDERS)


@both_databases
def test_two_templates_of_one_name_are_never_beside_each_other(office: Office) -> None:
    _add(office)
    with pytest.raises(Mistakes, match="There is a template of this name already"):
        _add(office)
    _add(office, consultation(office).id)
    other = _add(office, name="Other")
    with pytest.raises(Mistakes, match="There is a template of this name already"):
        _change(office, other, name="Thanks")


@both_databases
def test_second_of_two_who_change_a_template_is_told(office: Office) -> None:
    template_id = _add(office)
    with office.database.reading() as session:
        seen = digest(reply_template(session, template_id))
    assert _change(office, template_id, seen, text="Thank you.") == ["text"]
    with pytest.raises(Mistakes, match="Somebody else changed this template"):
        _change(office, template_id, seen, text="Thanks.")
    assert _change(office, template_id) == []


@both_databases
def test_template_is_removed_and_the_history_keeps_no_word_of_it(office: Office) -> None:
    template_id = _add(office)
    with office.database.transaction() as session:
        remove_reply_template(session, reply_template(session, template_id), user=adam(session, office), now=office.now)
    with office.database.reading() as session:
        assert reply_templates(session) == []
    entries = office.history("added") + office.history("removed")
    assert [entry.subject_kind for entry in entries] == ["reply_template", "reply_template"]
    assert "Thanks" not in str([entry.detail for entry in entries])
