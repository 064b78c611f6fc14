"""What officers do with responses: each change is made once, by name, and never over somebody else's."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlmodel import Session, select

from intake.errors import Changed, NotPossible
from intake.responses.handling import (
    Flag,
    add_tag,
    assign,
    officers_of,
    remove_tag,
    set_flag,
    set_nature,
    set_status,
    tags_in,
)
from intake.responses.handling_notes import add_note, remove_note
from intake.store.history import HistoryEntry
from intake.store.response_changes import changes_since
from intake.store.responses import Nature, Response, ResponseNote, ResponseStatus, ResponseTag
from intake.store.users import User
from tests.databases import both_databases
from tests.office import DURING
from tests.people import BEN, CAROL, DAN
from tests.responses.officers import Officers, open_officers

pytestmark = both_databases


@pytest.fixture
def officers(tmp_path: Path) -> Iterator[Officers]:
    with open_officers(tmp_path) as opened:
        opened.receive(BEN, CAROL)
        yield opened


def mark(officers: Officers, status: ResponseStatus, *references: str, version: int | None = None) -> int:
    rows = [officers.response(reference) for reference in references or ["IEO-0001"]]
    with officers.work() as session:
        return set_status(session, rows, status, user=officers.asha, now=DURING, version=version)


def test_a_response_marked_as_read_says_who_read_it(officers: Officers) -> None:
    assert mark(officers, ResponseStatus.read, version=0) == 1
    assert officers.response().status is ResponseStatus.read
    assert officers.done() == [(officers.asha.actor, "read")]


def test_who_marks_an_unread_response_as_considered_has_read_it_too(officers: Officers) -> None:
    mark(officers, ResponseStatus.considered)
    assert officers.done() == [(officers.asha.actor, "read"), (officers.asha.actor, "considered")]
    mark(officers, ResponseStatus.unread)
    assert officers.response().status is ResponseStatus.unread


def test_many_are_marked_in_one_go_and_those_that_are_so_already_are_not_counted(officers: Officers) -> None:
    mark(officers, ResponseStatus.read, "IEO-0002")
    assert mark(officers, ResponseStatus.read, "IEO-0001", "IEO-0002") == 1
    assert officers.done("IEO-0002") == [(officers.asha.actor, "read")]


def test_the_second_of_two_officers_overwrites_nothing_and_learns_what_the_first_did(officers: Officers) -> None:
    seen = officers.response()
    mark(officers, ResponseStatus.considered)
    with pytest.raises(Changed), officers.work() as session:
        set_nature(session, [seen], Nature.question, user=officers.adam, now=DURING, version=seen.version)
    assert officers.response().nature is Nature.response
    with officers.office.database.reading() as session:
        assert [entry.action for entry in changes_since(session, seen, seen.version)] == ["read", "considered"]


def test_of_two_changes_in_the_same_moment_one_is_made_and_the_other_told(officers: Officers) -> None:
    both_ready = Barrier(2)

    def change(nature: Nature) -> str:
        seen = officers.response()
        both_ready.wait()
        try:
            with officers.work() as session:
                set_nature(session, [seen], nature, user=officers.asha, now=DURING, version=seen.version)
        except Changed:
            return "told"
        return nature.value

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(change, [Nature.question, Nature.neither]))
    row = officers.response()
    assert sorted(outcomes) == sorted(["told", row.nature.value])
    assert row.version == 1


def test_nothing_is_changed_when_one_of_two_changes_breaks(officers: Officers) -> None:
    def flag_and_give(session: Session) -> None:
        set_flag(session, [officers.response()], Flag.abusive, is_set=True, user=officers.asha, now=DURING)
        assign(session, [officers.response()], officers.olga, user=officers.asha, now=DURING)

    with pytest.raises(NotPossible), officers.work() as session:
        flag_and_give(session)
    assert not officers.response().is_abusive
    assert officers.done() == []


def test_a_question_becomes_a_response_with_one_click_and_back(officers: Officers) -> None:
    for nature in (Nature.question, Nature.response):
        with officers.work() as session:
            set_nature(session, [officers.response()], nature, user=officers.asha, now=DURING)
        assert officers.response().nature is nature
    [first, second] = officers.office.history("nature-changed")
    assert (first.detail["from"], first.detail["to"]) == ("response", "question")
    assert (second.detail["from"], second.detail["to"]) == ("question", "response")


def test_a_response_is_given_to_an_officer_and_taken_back(officers: Officers) -> None:
    with officers.work() as session:
        assert assign(session, [officers.response()], officers.asha, user=officers.adam, now=DURING) == 1
    assert officers.response().officer_id == officers.asha.id
    with officers.work() as session:
        assign(session, [officers.response()], None, user=officers.adam, now=DURING)
    assert officers.response().officer_id is None


def test_no_response_is_given_to_an_officer_who_may_not_see_it_or_left(officers: Officers) -> None:
    with officers.work() as session:
        left = session.get_one(User, officers.asha.id)
        left.disabled_at = DURING
    for officer in (officers.olga, left):
        with pytest.raises(NotPossible), officers.work() as session:
            assign(session, [officers.response()], officer, user=officers.adam, now=DURING)
    assert officers.response().officer_id is None
    with officers.work() as session:
        names = [officer.name for officer in officers_of(session, officers.response().consultation_id)]
    assert names == ["Adam"]


@pytest.mark.parametrize("flag", list(Flag))
def test_a_flag_is_set_and_taken_off(officers: Officers, flag: Flag) -> None:
    for is_set in (True, False):
        with officers.work() as session:
            set_flag(session, [officers.response()], flag, is_set=is_set, user=officers.asha, now=DURING)
        row = officers.response()
        assert {"confidential": row.is_confidential, "abusive": row.is_abusive, "needs_reply": row.needs_reply}[
            flag.value
        ] is is_set
    assert [action for _, action in officers.done()] == ["flagged", "unflagged"]


def test_tags_are_stored_in_one_spelling() -> None:
    assert tags_in(" School  Transport, BUDGET,, budget ") == ["school transport", "budget"]
    with pytest.raises(NotPossible):
        tags_in("x" * 41)
    with pytest.raises(NotPossible):
        tags_in(",".join(f"tag {number}" for number in range(21)))


def test_a_tag_is_put_on_once_however_often_it_is_given(officers: Officers) -> None:
    rows = [officers.response(reference) for reference in ("IEO-0001", "IEO-0002")]
    with officers.work() as session:
        assert add_tag(session, rows[:1], "transport", user=officers.asha, now=DURING) == 1
        assert add_tag(session, rows, "transport", user=officers.asha, now=DURING) == 1
    assert [tag.tag for tag in officers.office.rows(ResponseTag)] == ["transport", "transport"]
    with officers.work() as session:
        assert remove_tag(session, rows, "transport", user=officers.asha, now=DURING) == 2
        assert remove_tag(session, rows, "transport", user=officers.asha, now=DURING) == 0
    assert [action for _, action in officers.done()] == ["tagged", "untagged"]


def test_tags_and_notes_of_two_officers_never_stand_in_each_others_way(officers: Officers) -> None:
    seen = officers.response()
    with officers.work() as session:
        add_tag(session, [seen], "transport", user=officers.adam, now=DURING)
        add_note(session, seen, "Compare IEO-0002.", user=officers.adam, now=DURING)
    assert mark(officers, ResponseStatus.read, version=seen.version) == 1


def test_a_note_is_removed_by_its_writer_only(officers: Officers) -> None:
    with officers.work() as session:
        written = add_note(session, officers.response(), "Compare IEO-0002.", user=officers.asha, now=DURING)
    with pytest.raises(NotPossible), officers.work() as session:
        remove_note(session, officers.response(), written.id, user=officers.adam, now=DURING)
    with officers.work() as session:
        remove_note(session, officers.response(), written.id, user=officers.asha, now=DURING)
    assert officers.office.rows(ResponseNote) == []
    assert [action for _, action in officers.done()] == ["noted", "note-removed"]


def test_an_empty_note_is_refused(officers: Officers) -> None:
    with pytest.raises(NotPossible), officers.work() as session:
        add_note(session, officers.response(), "  \n ", user=officers.asha, now=DURING)


def test_no_word_of_an_officer_or_a_respondent_is_in_the_history(officers: Officers) -> None:
    with officers.work() as session:
        add_note(session, officers.response(), "Seems upset.", user=officers.asha, now=DURING)
        add_tag(session, [officers.response()], "upset", user=officers.asha, now=DURING)
    entries = [entry for entry in officers.office.rows(HistoryEntry) if entry.subject_kind == "response"]
    assert "pset" not in str([entry.detail for entry in entries])


def test_what_is_done_to_one_response_leaves_the_others_alone(officers: Officers) -> None:
    officers.receive(DAN)
    with officers.work() as session:
        set_flag(session, [officers.response()], Flag.needs_reply, is_set=True, user=officers.asha, now=DURING)
        later = DURING + timedelta(minutes=1)
        set_status(session, [officers.response()], ResponseStatus.read, user=officers.asha, now=later)
    with officers.office.database.reading() as session:
        others = session.exec(select(Response).where(Response.reference != "IEO-0001")).all()
    assert [(other.version, other.needs_reply) for other in others] == [(0, False), (0, False)]
