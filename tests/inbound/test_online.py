"""A form is kept while it is filled in, and handed in once, in time or within the grace."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from intake import jobs
from intake.accounts.sessions import token_sha256
from intake.errors import Mistakes, NotFound, NotPossible
from intake.inbound.drafts import (
    LONGEST_KEPT,
    DraftState,
    add_files,
    draft_state,
    find_draft,
    forget_drafts,
    remove_file,
)
from intake.inbound.entering import StoredFile
from intake.inbound.form_rules import LONGEST_ANSWER
from intake.inbound.online import FormOver
from intake.store.consultations import Question
from intake.store.online import DraftFile, FormDraft, Receipt
from intake.store.responses import Answer, Attachment, Channel
from tests.databases import both_databases
from tests.inbound.filled_in import PERSON, begun, filled, handed_in, question_ids, turn_on, whole
from tests.office import CLOSES_AT, DURING, OPENS_AT, Office, open_office
from tests.people import BEN, DAN

pytestmark = both_databases
MINUTE = timedelta(minutes=1)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


def mistakes(office: Office, slug: str, token: str) -> dict[str, str]:
    with pytest.raises(Mistakes) as wrong:
        handed_in(office, slug, token)
    return dict(wrong.value.by_field)


def test_form_handed_in_is_a_response_with_its_answers(office: Office) -> None:
    slug = turn_on(office)
    token = begun(office, slug)
    filled(office, slug, token, whole(office) | {"name": "Dan Price", "address": DAN})
    done = handed_in(office, slug, token)
    assert done.is_new
    assert (done.response.channel, done.response.reference) == (Channel.online, "IEO-0001")
    assert (done.response.may_publish, done.response.is_for_organisation, done.response.received_at) == (
        True,
        False,
        DURING,
    )
    assert [(one.text, one.chosen) for one in office.rows(Answer)] == [
        ("More time.", []),
        ("", ["Agree"]),
        ("", []),
        ("", []),
    ]
    jobs.send(office.this)
    assert [one.recipient_address for one in office.outgoing()] == [DAN]


def test_form_handed_in_again_is_the_same_response(office: Office) -> None:
    slug = turn_on(office)
    token = begun(office, slug)
    filled(office, slug, token, whole(office))
    first, second = handed_in(office, slug, token), handed_in(office, slug, token, at=CLOSES_AT + timedelta(days=3))
    assert (first.is_new, second.is_new) == (True, False)
    assert first.response.id == second.response.id
    assert len(office.responses()) == 1


def test_form_handed_in_twice_at_once_is_one_response(office: Office) -> None:
    slug = turn_on(office)
    token = begun(office, slug)
    filled(office, slug, token, whole(office))
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: handed_in(office, slug, token), range(4)))
    assert sum(one.is_new for one in done) == 1
    assert len(office.responses()) == 1


def test_what_was_typed_is_kept_until_it_is_handed_in_and_then_only_as_the_response(office: Office) -> None:
    slug = turn_on(office)
    token = begun(office, slug)
    filled(office, slug, token, {"question-1": "half a th"})
    filled(office, slug, token, {"name": "Dan"})
    with office.database.reading() as session:
        assert find_draft(session, slug, token).given == {"question-1": "half a th", "name": "Dan"}
    filled(office, slug, token, whole(office))
    handed_in(office, slug, token)
    [row] = office.rows(FormDraft)
    assert row.fields == {}


def test_secret_is_kept_as_its_digest_and_opens_the_receipt_afterwards(office: Office) -> None:
    slug = turn_on(office)
    token = begun(office, slug)
    filled(office, slug, token, whole(office))
    done = handed_in(office, slug, token)
    [receipt] = office.rows(Receipt)
    assert (receipt.token_sha256, receipt.response_id) == (token_sha256(token), done.response.id)
    assert token not in str(office.rows(FormDraft)) + str(receipt)


def test_files_go_with_the_response_under_their_question(office: Office) -> None:
    slug = turn_on(office)
    token, asked = begun(office, slug), question_ids(office)["file"]
    files = [StoredFile(f"{name}.pdf", "application/pdf", 5, name * 64, asked) for name in "ab"]
    with office.database.transaction() as session:
        add_files(session, find_draft(session, slug, token, lock=True), files, now=DURING)
    with office.database.transaction() as session:
        draft = find_draft(session, slug, token, lock=True)
        remove_file(session, draft, draft.files[0].id)
    filled(office, slug, token, whole(office))
    handed_in(office, slug, token)
    [kept] = office.rows(Attachment)
    assert (kept.filename, kept.question_id) == ("b.pdf", asked)
    assert office.rows(DraftFile) == []


def test_no_more_files_than_a_form_may_have(office: Office) -> None:
    slug = turn_on(office)
    token, asked = begun(office, slug), question_ids(office)["file"]
    files = [StoredFile("a.pdf", "application/pdf", 5, "a" * 64, asked)] * 11
    with office.database.transaction() as session, pytest.raises(Mistakes, match="10 files"):
        add_files(session, find_draft(session, slug, token, lock=True), files, now=DURING)
    assert office.rows(DraftFile) == []


def test_in_the_grace_after_closing_a_form_begun_before_is_taken_and_marked(office: Office) -> None:
    slug = turn_on(office, grace_minutes=15)
    token = begun(office, slug, at=CLOSES_AT)
    filled(office, slug, token, whole(office), at=CLOSES_AT)
    done = handed_in(office, slug, token, at=CLOSES_AT + 15 * MINUTE)
    assert done.response.is_in_grace
    assert done.response.received_at == CLOSES_AT + 15 * MINUTE


def test_after_the_grace_nothing_is_handed_in_and_nothing_typed_is_lost(office: Office) -> None:
    slug = turn_on(office, grace_minutes=15)
    token = begun(office, slug)
    filled(office, slug, token, whole(office))
    with pytest.raises(FormOver):
        handed_in(office, slug, token, at=CLOSES_AT + 17 * MINUTE)
    assert office.responses() == []
    with office.database.reading() as session:
        draft = find_draft(session, slug, token)
        assert draft_state(draft, CLOSES_AT + 17 * MINUTE) is DraftState.over
        assert draft.given == whole(office)


@pytest.mark.parametrize("at", [OPENS_AT - MINUTE, CLOSES_AT + MINUTE])
def test_no_form_is_begun_before_opening_or_after_closing(office: Office, at: object) -> None:
    slug = turn_on(office)
    with pytest.raises(NotPossible):
        begun(office, slug, at=at)  # type: ignore[arg-type]
    assert office.rows(FormDraft) == []


def test_a_secret_opens_the_form_of_its_own_consultation_only(office: Office) -> None:
    slug = turn_on(office)
    token = begun(office, slug)
    with office.database.reading() as session:
        for wrong in ((slug, token[:-1]), ("admissions", token)):
            with pytest.raises(NotFound):
                find_draft(session, *wrong)


def test_each_mistake_is_told_at_its_field(office: Office) -> None:
    slug, ids = turn_on(office), question_ids(office)
    token = begun(office, slug)
    fields = {
        f"question-{ids['text']}": "x" * (LONGEST_ANSWER + 1),
        f"question-{ids['choices']}": ["Primary", "Tertiary"],
        "name": "x" * 201,
        "address": "dan at home",
        "is_for_organisation": "yes",
        "group": "Martians",
    }
    filled(office, slug, token, fields)
    told = mistakes(office, slug, token)
    assert set(told) == {
        *(f"question-{ids[kind]}" for kind in ("text", "scale", "choices")),
        "name",
        "address",
        "organisation",
        "group",
        "may_publish",
    }
    assert "20,000 characters" in told[f"question-{ids['text']}"]
    assert office.responses() == []


def test_a_form_without_any_answer_is_not_taken(office: Office) -> None:
    slug = turn_on(office)
    with office.database.transaction() as session:
        for question in session.exec(select(Question)):
            question.is_required = False
    token = begun(office, slug)
    filled(office, slug, token, PERSON)
    assert "Answer at least one question." in mistakes(office, slug, token).values()


def test_a_consultation_without_questions_takes_any_answer(office: Office) -> None:
    slug = turn_on(office)
    _remove_questions(office)
    token = begun(office, slug)
    filled(office, slug, token, {"question-0": "Leave it as it is.", **PERSON})
    assert handed_in(office, slug, token).response.own_words == "Leave it as it is."


def test_more_than_a_form_can_hold_is_refused_and_what_stood_there_stays(office: Office) -> None:
    slug = turn_on(office)
    token = begun(office, slug)
    filled(office, slug, token, {"name": "Dan"})
    with pytest.raises(Mistakes):
        filled(office, slug, token, {"question-1": "x" * LONGEST_KEPT})
    [row] = office.rows(FormDraft)
    assert row.fields == {"name": "Dan"}


def test_consultee_who_answers_online_is_not_reminded(office: Office) -> None:
    slug = turn_on(office)
    token = begun(office, slug)
    filled(office, slug, token, whole(office) | {"address": BEN})
    assert handed_in(office, slug, token).response.consultee_id is not None


def test_forms_that_were_left_are_forgotten_long_after_closing(office: Office) -> None:
    slug = turn_on(office)
    left, done = begun(office, slug), begun(office, slug)
    filled(office, slug, done, whole(office))
    handed_in(office, slug, done)
    later = CLOSES_AT + timedelta(days=91)
    for now, kept in ((CLOSES_AT + timedelta(days=29), 2), (later, 0)):
        with office.database.transaction() as session:
            forget_drafts(session, now=now)
        assert len(office.rows(FormDraft)) == kept
    with office.database.reading() as session, pytest.raises(NotFound):
        find_draft(session, slug, left)
    assert len(office.rows(Receipt)) == 1


def _remove_questions(office: Office) -> None:
    with office.database.transaction() as session:
        _delete_all(session, Question)


def _delete_all(session: Session, table: type[Question]) -> None:
    for row in session.exec(select(table)):
        session.delete(row)
