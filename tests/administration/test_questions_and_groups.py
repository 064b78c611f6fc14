"""Questions and stakeholder groups: added, renamed, put in order, removed."""

from collections.abc import Sequence
from datetime import time

import pytest
from sqlmodel import select

from intake.administration.groups import add_group, groups, move_group, remove_group, rename_group
from intake.administration.questions import (
    add_question,
    change_question,
    move_question,
    proposed_key,
    question,
    questions,
    remove_question,
)
from intake.errors import Mistakes, NotFound, NotPossible
from intake.schedules import Anchor
from intake.store.consultations import StakeholderGroup
from intake.store.mailings import Audience, ReminderRule
from intake.store.people import Consultee
from intake.store.responses import Response
from tests.administration.administrators import editing
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import Office
from tests.people import BEN, REVIEW


def _add_questions(office: Office, *texts: str) -> None:
    for text in texts:
        with editing(office) as (session, row, edit):
            add_question(session, row, {"text": text, "key": ""}, edit)


def _questions(office: Office) -> list[tuple[int, str]]:
    with editing(office) as (session, row, _):
        return [(one.position, one.key) for one in questions(session, row)]


def _add_groups(office: Office, *names: str) -> None:
    for name in names:
        with editing(office) as (session, row, edit):
            add_group(session, row, name, edit)


def _groups(office: Office) -> list[tuple[str, int, int]]:
    with editing(office) as (session, row, _):
        return [(use.row.name, use.responses, use.consultees) for use in groups(session, row)]


@pytest.mark.parametrize(
    ("text", "taken", "key"),
    [
        ("Do you agree with the priorities in the draft?", [], "priorities"),
        ("Is there a priority that is missing?", [], "priority"),
        ("What priorities are missing?", ["priorities"], "priorities-2"),
        ("Why?", [], "question"),
        ("", ["question"], "question-2"),
    ],
)
def test_short_name_of_a_question_is_its_first_telling_word(text: str, taken: Sequence[str], key: str) -> None:
    assert proposed_key(text, taken) == key


@both_databases
def test_questions_keep_their_order_without_gaps(office: Office) -> None:
    _add_questions(office, "Do you agree with the aims?", "What would you change?", "Which measures?")
    with editing(office) as (session, row, edit):
        move_question(session, row, questions(session, row)[2], edit, places=-1)
    assert _questions(office) == [(1, "aims"), (2, "measures"), (3, "change")]
    with editing(office) as (session, row, edit):
        remove_question(session, row, questions(session, row)[0], edit)
    assert _questions(office) == [(1, "measures"), (2, "change")]
    with editing(office) as (session, row, edit):
        move_question(session, row, questions(session, row)[1], edit, places=1)
    assert _questions(office) == [(1, "measures"), (2, "change")]
    assert len(office.history("question-moved")) == 2


def test_question_is_changed_under_its_own_name_and_never_under_anothers(office: Office) -> None:
    _add_questions(office, "Do you agree with the aims?", "What would you change?")
    with editing(office) as (session, row, edit):
        one = questions(session, row)[0]
        given = {"text": "Do you agree?", "key": "aims"}
        assert change_question(session, row, one, given, edit) == ["text"]
    with editing(office) as (session, row, edit), pytest.raises(Mistakes, match="Another question already has"):
        change_question(session, row, questions(session, row)[0], {"text": "Do you?", "key": "change"}, edit)
    with editing(office) as (session, row, edit), pytest.raises(Mistakes, match="Enter the text"):
        add_question(session, row, {"text": "", "key": ""}, edit)


def test_question_of_another_consultation_is_not_found(office: Office) -> None:
    _add_questions(office, "Do you agree?")
    with editing(office, "school-admissions") as (session, row, _), pytest.raises(NotFound):
        question(session, row, 1)


@both_databases
def test_renamed_group_is_renamed_on_its_responses_and_consultees(office: Office) -> None:
    _add_groups(office, "school", "trust")
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.cycle()
    assert _groups(office) == [("school", 1, 1), ("trust", 0, 1)]
    with editing(office) as (session, row, edit):
        before = session.exec(select(Response.version)).one()
        assert rename_group(session, row, groups(session, row)[0].row, "Primary school", edit) == 2
    assert _groups(office) == [("Primary school", 1, 1), ("trust", 0, 1)]
    assert office.responses()[0].stakeholder_group == "Primary school"
    assert office.responses()[0].version == before + 1
    assert {one.stakeholder_group for one in office.rows(Consultee)} == {"Primary school", "trust"}
    assert [entry.detail for entry in office.history("group-renamed")] == [{"group": 1}]


@both_databases
def test_group_that_is_used_is_not_removed_and_says_by_how_many(office: Office) -> None:
    _add_groups(office, "school", "parent", "governor")
    with pytest.raises(NotPossible, match="used by 0 responses and 1 consultee;"):
        _remove(office, 0)
    _remove(office, 1)
    assert [name for name, _, _ in _groups(office)] == ["school", "governor"]
    assert [one.position for one in office.rows(StakeholderGroup)] == [1, 2]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("School", "There is a group of this name already."),
        ("", "Enter the name."),
        ("s" * 81, "at most 80 characters"),
    ],
)
def test_group_needs_a_name_of_its_own(office: Office, name: str, sentence: str) -> None:
    _add_groups(office, "school")
    with editing(office) as (session, row, edit), pytest.raises(Mistakes, match=sentence):
        add_group(session, row, name, edit)


def test_groups_are_shown_in_the_order_they_are_put_in(office: Office) -> None:
    _add_groups(office, "school", "trust", "parent")
    with editing(office) as (session, row, edit):
        move_group(session, row, groups(session, row)[2].row, edit, places=-1)
    assert [name for name, _, _ in _groups(office)] == ["school", "parent", "trust"]


def _remove(office: Office, place: int) -> None:
    with editing(office) as (session, row, edit):
        remove_group(session, row, groups(session, row)[place].row, edit)


def _add_rule(office: Office, *names: str) -> None:
    with editing(office) as (session, row, _):
        rule = ReminderRule(
            consultation_id=row.id,
            name="Schools first",
            audience=Audience.unanswered,
            groups=list(names),
            anchor=Anchor.closing,
            clock=time(9),
            set_at=office.now,
        )
        session.add(rule)


def test_a_renamed_group_is_renamed_in_the_reminders_for_it(office: Office) -> None:
    _add_groups(office, "school", "trust")
    _add_rule(office, "school", "trust")
    with editing(office) as (session, row, edit):
        rename_group(session, row, groups(session, row)[0].row, "school or college", edit)
    assert [rule.groups for rule in office.rows(ReminderRule)] == [["school or college", "trust"]]


def test_a_group_that_a_reminder_is_for_stays(office: Office) -> None:
    _add_groups(office, "parent")
    _add_rule(office, "parent")
    with editing(office) as (session, row, edit), pytest.raises(NotPossible, match="“Schools first” is for this group"):
        remove_group(session, row, groups(session, row)[0].row, edit)
