"""How a consultation is answered online, in its file: the form, its questions, and what is wrong with one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from intake.errors import WrongConfiguration
from intake.store.consultation_file import Added, add_consultation, export_consultation
from intake.store.consultation_keys import QuestionPart
from intake.store.consultations import Consultation, OnlineForm, Question, QuestionKind
from intake.store.database import Database
from tests.store.test_consultation_file import NOW, TABLES, TOP, read

FORM = 'about = "Schools.\\n\\nAnd \\"more\\"."\nonline_form = "one-page"\ngrace_minutes = 0\n'
QUESTIONS = """
[[questions]]
key = "agree"
text = "Do you agree?"
kind = "scale"
is_required = true
options = ["Agree", "Neither", "Disagree"]

[[questions]]
key = "why"
text = "Why?"
hint = "In a few words."
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/t.sqlite3")
    database.upgrade()
    yield database
    database.close()


def test_a_file_that_says_nothing_of_a_form_has_none(tmp_path: Path) -> None:
    file = read(tmp_path, TOP + TABLES)
    assert (file.about, file.online_form, file.grace_minutes) == ("", OnlineForm.off, 30)
    assert QuestionPart(key="why", text="Why?") == QuestionPart(
        key="why", text="Why?", kind=QuestionKind.text, hint=None, is_required=False, options=[]
    )


def test_form_and_questions_are_added_and_exported_as_they_were(database: Database, tmp_path: Path) -> None:
    file = read(tmp_path, TOP + FORM + TABLES + QUESTIONS)
    with database.transaction() as session:
        add_consultation(session, file, now=NOW, actor="command line")
    with database.transaction() as session:
        consultation = session.exec(select(Consultation)).one()
        agree, why = session.exec(select(Question).order_by("position")).all()
        assert (consultation.online_form, consultation.grace_minutes) == (OnlineForm.one_page, 0)
        assert consultation.about == 'Schools.\n\nAnd "more".'
        assert (agree.kind, agree.is_required, agree.options) == ("scale", True, ["Agree", "Neither", "Disagree"])
        assert (why.kind, why.is_required, why.hint) == ("text", False, "In a few words.")
        assert read(tmp_path, export_consultation(session, "schools")) == file
        assert add_consultation(session, file, now=NOW, actor="command line") is Added.unchanged


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"one-page"', '"two-pages"', "online_form should be 'off', 'question-a-page' or 'one-page'"),
        ("grace_minutes = 0", "grace_minutes = -1", "grace_minutes must be whole minutes, from 0 to 1440."),
        ("grace_minutes = 0", "grace_minutes = 1441", "grace_minutes must be whole minutes"),
        ("grace_minutes = 0", "grace_minutes = true", "grace_minutes must be whole minutes"),
        ("grace_minutes = 0", 'grace_minutes = "soon"', "grace_minutes must be whole minutes"),
        ('"scale"', '"essay"', "kind in questions number 1 should be 'text', 'choice', 'choices', 'scale' or 'file'"),
        ('"scale"', '"file"', "options in questions number 1 are only for the kinds choice, choices and scale."),
        ('"Neither", "Disagree"', "", "options in questions number 1 must be 2 to 50 different ones."),
        ('"Neither"', '"Agree"', "options in questions number 1 must be 2 to 50 different ones."),
        ('"Neither"', f'"{"x" * 201}"', "options in questions number 1 may have at most 200 characters each."),
        ('"Neither"', '"Nei\\nther"', "options number 2 in questions number 1 must be one line of plain text."),
        ("is_required = true", 'is_required = "yes"', "is_required in questions number 1 should be a valid boolean"),
        ('"In a few words."', f'"{"x" * 1001}"', "hint in questions number 2 should have at most 1000 characters"),
        ('"Why?"', f'"{"x" * 2001}"', "text in questions number 2 should have at most 2000 characters"),
        ('options = ["Agree", "Neither", "Disagree"]\n', "", "options in questions number 1 must be 2 to 50 different"),
    ],
)
def test_mistake_in_a_form_or_a_question_is_refused_by_its_key(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    text = TOP + FORM + TABLES + QUESTIONS
    assert old in text
    with pytest.raises(WrongConfiguration) as raised:
        read(tmp_path, text.replace(old, new, 1))
    assert sentence in str(raised.value)
