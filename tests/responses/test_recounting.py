"""The history as people read it: every action has its sentence, and the sentence says what was done, by whom."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from intake.responses.handling import Flag, assign, set_flag, set_nature, set_status
from intake.responses.handling_moves import move_to
from intake.responses.handling_notes import add_note
from intake.responses.handling_respondent import Respondent, correct_respondent
from intake.responses.handling_standing import withdraw
from intake.responses.recounting import recount, sentence_for, tell
from intake.responses.sentences import SENTENCES
from intake.store.consultations import consultation_by_slug
from intake.store.emails import EmailStatus, InboundEmail, OutgoingEmail, OutgoingStatus
from intake.store.history import HistoryEntry, note
from intake.store.responses import Nature, Response, ResponseStatus
from intake.store.users import Role, User
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import DURING, Office, open_office
from tests.people import ASHA, BEN, REVIEW

INTAKE = Path(__file__).parents[2] / "intake"
ACTION_AT = {"note": 2, "Note": 1, "Change": 1}
# Where an action is told by what a row or a note holds: statuses, which have a test of their own, and what was
# collected where the row or the note was made.
TAKEN_OVER = {"row.status.value", "move.to.value", "one.action", "action"}


@pytest.mark.parametrize(
    ("table", "statuses"),
    [(InboundEmail, EmailStatus), (OutgoingEmail, OutgoingStatus), (Response, ResponseStatus)],
)
def test_every_status_a_row_can_move_to_has_a_sentence(table: Any, statuses: Any) -> None:
    assert {status.value for status in statuses} <= set(SENTENCES[table.__tablename__])


def test_every_action_that_is_noted_anywhere_has_a_sentence() -> None:
    noted = {action for action in _noted_actions() if action not in TAKEN_OVER}
    assert {"recorded", "flagged", "unflagged", "added", "put-back", "signed-in"} <= noted
    known = {action for sentences in SENTENCES.values() for action in sentences}
    assert sorted(noted - known) == []


def test_every_sentence_can_be_filled_in_even_when_its_entry_holds_nothing(tmp_path: Path) -> None:
    entries = [
        HistoryEntry(at=DURING, actor="worker", action=action.partition(":")[0], subject_kind=kind, subject_id=1)
        for kind, sentences in SENTENCES.items()
        for action in sentences
    ]
    with open_office(tmp_path, polled=False) as office, office.database.reading() as session:
        sentences = [told.sentence for told in tell(session, entries)]
    assert not [one for one in sentences if not one.startswith("Intake ") or not one.endswith(".") or "{" in one]


def test_an_action_nobody_wrote_a_sentence_for_is_told_all_the_same() -> None:
    assert sentence_for("response", "sent-to-the-moon", {}) == "{who} did this: sent to the moon."


@both_databases
def test_what_happened_to_a_response_is_told_the_latest_first(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        _receive(office)
        asha = _handled(office)
        with office.database.reading() as session:
            told = recount(session, session.get_one(Response, 1))
    assert [one.sentence for one in told] == [
        f"{asha} withdrew it.",
        f"{asha} moved it from Improving education outcomes to School admissions: IEO-0001 became ADM-0001.",
        f"{asha} corrected the stakeholder group.",
        f"{asha} took it from {asha}, so nobody has it.",
        f"{asha} gave it to {asha}.",
        f"{asha} changed it from a response to a question.",
        f"{asha} wrote a note.",
        f"{asha} took back the mark “needing a reply”.",
        f"{asha} marked it as needing a reply.",
        f"{asha} took back that it was considered.",
        f"{asha} marked it as considered.",
        f"{asha} marked it as read.",
        "Intake sent the acknowledgement.",
        "Intake queued the acknowledgement.",
        "Intake recorded it.",
    ]
    assert told == sorted(told, key=lambda one: one.at, reverse=True)


def test_why_an_email_was_held_is_in_its_sentence(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        office.receive(raw_email(sender=f"Ben <{BEN}>", to=ASHA), mailbox="asha")
        office.cycle()
        with office.database.transaction() as session:
            email = session.get_one(InboundEmail, 1)
            note(session, email, "fetch-requested", now=office.now, actor="command line")
        told = _told(office)
    assert told[0] == "An administrator at the command line asked for the whole of the email, however large."
    assert told[-1] == (
        "Intake held the email for a person to decide. It came to an officer's own address and may be a question "
        "rather than a response."
    )


def test_a_later_email_is_told_apart_from_the_first(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        _receive(office)
        answered = {"In-Reply-To": office.outgoing()[0].message_id}
        later = raw_email(
            sender=f"Ben <{BEN}>", to=REVIEW, text="And one thing more.", headers=answered, message_id="<2>"
        )
        office.receive(later)
        office.cycle()
        with office.database.transaction() as session:
            note(session, session.get_one(InboundEmail, 2), "dropped", now=office.now)
        with office.database.reading() as session:
            told = [one.sentence for one in recount(session, session.get_one(Response, 1))]
    assert "Intake took in a later email from a file." in told
    assert told.count("Intake added a later email to it.") == 1


def _receive(office: Office) -> None:
    office.receive(raw_email(sender=f"Ben <{BEN}>", to=REVIEW))
    office.cycle()


def _handled(office: Office) -> str:
    """Everything an officer may do, a minute apart; who it was."""
    with office.database.transaction() as session:
        asha = User(address=ASHA, name="Asha Rahman", role=Role.administrator, created_at=office.now)
        session.add(asha)
        session.flush()
        row = [session.get_one(Response, 1)]
        target = consultation_by_slug(session, "school-admissions")
        without_group = Respondent(row[0].respondent_name, BEN, row[0].organisation or "", "")
        steps: list[Any] = [
            lambda **by: set_status(session, row, ResponseStatus.considered, **by),
            lambda **by: set_status(session, row, ResponseStatus.read, **by),
            lambda **by: set_flag(session, row, Flag.needs_reply, is_set=True, **by),
            lambda **by: set_flag(session, row, Flag.needs_reply, is_set=False, **by),
            lambda **by: add_note(session, row[0], "Call her back.", **by),
            lambda **by: set_nature(session, row, Nature.question, **by),
            lambda **by: assign(session, row, asha, **by),
            lambda **by: assign(session, row, None, **by),
            lambda **by: correct_respondent(session, row[0], without_group, **by),
            lambda **by: move_to(session, row, target, **by),
            lambda **by: withdraw(session, row, "She asked for it.", **by),
        ]
        for minute, step in enumerate(steps, start=1):
            step(user=asha, now=office.now + timedelta(minutes=minute))
        return asha.name


def _told(office: Office) -> list[str]:
    entries = [entry for entry in office.rows(HistoryEntry) if entry.subject_kind == "inbound_email"]
    with office.database.reading() as session:
        return [one.sentence for one in tell(session, entries)]


# Reading the product's source for what it notes


def _noted_actions() -> Iterator[str]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in INTAKE.rglob("*.py")]
    calls = [(call, scope) for tree in trees for call, scope in _calls(tree)]
    for call, scope in calls:
        if (name := _name(call.func)) in ACTION_AT and (given := _given(call, ACTION_AT[name], "action")):
            yield from _values(given, scope, calls)


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, ast.FunctionDef]]:
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef):
            yield from ((node, scope) for node in ast.walk(scope) if isinstance(node, ast.Call))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _given(call: ast.Call, position: int, name: str) -> ast.expr | None:
    named = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    return named or (call.args[position] if len(call.args) > position else None)


def _values(given: ast.expr, scope: ast.FunctionDef, calls: list[tuple[ast.Call, ast.FunctionDef]]) -> Iterator[str]:
    """What an expression may be, as text; of what cannot be told, its source."""
    match given:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from [*_values(one, scope, calls), *_values(other, scope, calls)]
        case ast.Attribute(value=ast.Name(id=owner), attr=member) if owner[0].isupper():
            yield member  # a member of a list of names has its name as its value
        case ast.Name(id=name) if name in (parameters := [one.arg for one in scope.args.args]):
            position = parameters.index(name)
            for call, elsewhere in calls:
                if _name(call.func) == scope.name and (passed := _given(call, position, name)):
                    yield from _values(passed, elsewhere, calls)
        case ast.Name(id=name):
            for value in _assigned(name, scope):
                yield from _values(value, scope, calls)
        case _:
            yield ast.unparse(given)


def _assigned(name: str, scope: ast.FunctionDef) -> Iterator[ast.expr]:
    for node in ast.walk(scope):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield value
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                yield from (value for target, value in zip(targets, values, strict=True) if _name(target) == name)
