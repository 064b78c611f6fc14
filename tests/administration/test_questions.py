"""The questions of a consultation: of every kind, changed and removed as far as answers allow it."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlmodel import select

from intake.administration.copying import brought_along, copy_consultation
from intake.administration.questions import add_question, answered, change_question, questions, remove_question
from intake.administration.sections import change_section
from intake.administration.setting_up import typed_consultation
from intake.errors import Mistakes, NotPossible
from intake.inbound.entering import Entry, GivenAnswer, StoredFile, enter
from intake.store.consultations import OnlineForm, Question, QuestionKind
from intake.store.online import DraftFile, FormDraft
from intake.store.responses import Answer, Channel
from tests.administration.administrators import adam, consultation, editing, typed
from tests.databases import both_databases
from tests.office import Office

SCALE = {
    "text": "Do you agree with the aims?",
    "key": "",
    "kind": "scale",
    "hint": "As they stand in the draft.",
    "is_required": True,
    "options": ["Agree", "Disagree"],
}
PLAN: dict[str, Any] = {"filename": "plan.pdf", "content_type": "application/pdf", "size": 4, "sha256": "0" * 64}


def _add(office: Office, given: Mapping[str, object] = SCALE) -> None:
    with editing(office) as (session, row, edit):
        add_question(session, row, given, edit)


def _change(office: Office, **changed: object) -> list[str]:
    with editing(office) as (session, row, edit):
        return change_question(session, row, questions(session, row)[0], {**SCALE, "key": "aims", **changed}, edit)


def _answer(office: Office, *files: StoredFile) -> None:
    with editing(office) as (session, row, _):
        asked = questions(session, row)[0]
        given = [] if files else [GivenAnswer.to(asked, "Mostly.", ["Agree"])]
        entry = Entry(Channel.online, office.now, answers=given, files=files)
        enter(session, row, [entry], now=office.now, actor="respondent", rules=None)


@both_databases
def test_question_keeps_its_kind_hint_and_options_in_their_order(office: Office) -> None:
    _add(office)
    [row] = office.rows(Question)
    assert (row.kind, row.options, row.is_required) == (QuestionKind.scale, ["Agree", "Disagree"], True)
    assert (row.key, row.hint) == ("aims", "As they stand in the draft.")
    assert _change(office) == []
    assert _change(office, options=["Disagree", "Agree"], hint=None) == ["hint", "options"]
    assert office.rows(Question)[0].options == ["Disagree", "Agree"]
    assert office.history("question-changed")[-1].detail == {"question": row.id, "fields": ["hint", "options"]}


def test_options_of_a_kind_that_has_none_are_left_out(office: Office) -> None:
    _add(office)
    assert _change(office, kind="text") == ["kind", "options"]
    assert office.rows(Question)[0].options == []


@pytest.mark.parametrize(
    ("wrong", "mistakes"),
    [
        ({"kind": "essay"}, {"kind": "Choose how the question is answered."}),
        ({"options": ["Agree"]}, {"options": "The options must be 2 to 50 different ones."}),
        ({"options": ["Agree", "Agree"]}, {"options": "The options must be 2 to 50 different ones."}),
        ({"options": [str(n) for n in range(51)]}, {"options": "The options must be 2 to 50 different ones."}),
        ({"options": ["a", "b" * 201]}, {"options": "The options may have at most 200 characters each."}),
        ({"text": "", "key": "aims"}, {"text": "Enter the text."}),
        ({"text": "x" * 2001}, {"text": "The text may have at most 2000 characters; shorten it."}),
        ({"hint": "x" * 1001}, {"hint": "The hint may have at most 1000 characters; shorten it."}),
    ],
)
def test_mistakes_are_told_beside_their_fields(
    office: Office, wrong: dict[str, object], mistakes: dict[str, str]
) -> None:
    with pytest.raises(Mistakes) as raised:
        _add(office, SCALE | wrong)
    assert raised.value.by_field == mistakes
    assert office.rows(Question) == []


@both_databases
def test_question_that_was_answered_stays_and_says_by_how_many(office: Office) -> None:
    _add(office)
    question = office.rows(Question)[0].id
    _answer(office)
    _answer(office, StoredFile(**PLAN, question_id=question))
    with editing(office) as (session, row, _):
        assert answered(session, questions(session, row)[0]) == 2
    with pytest.raises(NotPossible, match="2 responses answered this question"), editing(office) as (s, row, edit):
        remove_question(s, row, questions(s, row)[0], edit)
    assert len(office.rows(Question)) == 1
    assert office.history("question-removed") == []


@both_databases
def test_answers_keep_the_question_as_it_was_asked(office: Office) -> None:
    _add(office)
    _answer(office)
    assert _change(office, text="Do you agree?", options=["Yes", "No"]) == ["text", "options"]
    [answer] = office.rows(Answer)
    assert (answer.question, answer.chosen, answer.text) == ("Do you agree with the aims?", ["Agree"], "Mostly.")


@both_databases
def test_file_in_a_form_that_is_not_handed_in_outlives_its_question(office: Office) -> None:
    _add(office)
    with editing(office) as (session, row, edit):
        asked = questions(session, row)[0]
        draft = FormDraft(token_sha256="0" * 64, consultation_id=row.id, begun_at=office.now, changed_at=office.now)
        session.add(draft)
        session.flush()
        session.add(DraftFile(draft_id=draft.id, question_id=asked.id, **PLAN))
        session.flush()
        remove_question(session, row, asked, edit)
    assert [file.question_id for file in office.rows(DraftFile)] == [None]


ONLINE = {"about": "Schools.\n\nAnd more.", "online_form": "one-page", "grace_minutes": 15}


def test_online_form_is_a_section_of_its_own(office: Office) -> None:
    with editing(office) as (session, row, edit):
        assert change_section(session, row, "online-form", ONLINE, edit) == list(ONLINE)
    row = consultation(office)
    assert (row.about, row.online_form, row.grace_minutes) == ("Schools.\n\nAnd more.", OnlineForm.one_page, 15)
    assert office.history("changed")[-1].detail == {"fields": list(ONLINE)}


@pytest.mark.parametrize(
    ("wrong", "mistakes"),
    [
        ({"online_form": ""}, {"online_form": "Choose how it is answered online."}),
        ({"grace_minutes": None}, {"grace_minutes": "The time of grace must be whole minutes, from 0 to 1440."}),
        ({"grace_minutes": 1441}, {"grace_minutes": "The time of grace must be whole minutes, from 0 to 1440."}),
        ({"about": "x" * 10_001}, {"about": "The text about it may have at most 10000 characters; shorten it."}),
    ],
)
def test_mistakes_about_the_online_form(office: Office, wrong: dict[str, object], mistakes: dict[str, str]) -> None:
    with editing(office) as (session, row, edit), pytest.raises(Mistakes) as raised:
        change_section(session, row, "online-form", ONLINE | wrong, edit)
    assert raised.value.by_field == mistakes


@both_databases
def test_copy_asks_the_same_questions_in_the_same_form(office: Office) -> None:
    _add(office)
    with editing(office) as (session, row, edit):
        change_section(session, row, "online-form", ONLINE, edit)
    with editing(office) as (session, source, edit):
        given = {**brought_along(session, source, []), "title": "School transport"}
        given["addresses"] = [{"address": "transport@county.example", "kind": "dedicated"}]
        opens, closes = typed("2 3 2020 9am"), typed("30 4 2020 5pm")
        file = typed_consultation(given, opens, closes, timezone=source.zone)
        new = copy_consultation(session, source, file, user=adam(session, office), now=office.now)
        assert (new.about, new.online_form, new.grace_minutes) == tuple(ONLINE.values())
        [asked] = session.exec(select(Question).where(Question.consultation_id == new.id)).all()
        assert {name: getattr(asked, name) for name in SCALE} == SCALE | {"key": "aims"}
