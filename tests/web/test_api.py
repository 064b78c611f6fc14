"""What other systems hand over is recorded once, and read back as officers filter it; what is wrong is told."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from intake.store.consultations import Consultation, Question, QuestionKind
from intake.store.emails import OutgoingEmail
from intake.store.online import ApiRequest, ApiToken
from intake.store.responses import Attachment, Channel, Response
from intake.web.api import routes
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import CLOSES_AT
from tests.people import BEN, DAN, REVIEW
from tests.web.api_scene import RESPONSES, Caller, token_for
from tests.web.desk import REVIEW_SLUG, Desk, open_desk

pytestmark = both_databases
AFTER_CLOSING = CLOSES_AT + timedelta(days=1)
TOLD: dict[str, Any] = {
    "consultation": REVIEW_SLUG,
    "received_at": "2020-02-11T09:30:00Z",
    "name": "Ben Hughes",
    "address": BEN,
    "organisation": "Heathfield Primary School",
    "is_for_organisation": True,
    "may_publish": False,
    "answers": [
        {"question": "agree", "chosen": ["Yes"], "text": "With care."},
        {"asked": "How did you hear of it?", "text": "From our trust."},
    ],
}
PDF = ("plan.pdf", b"%PDF-1.7 the plan")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        with desk.office.database.transaction() as session:
            own = session.exec(select(Consultation).where(Consultation.slug == REVIEW_SLUG)).one().id
            agree = Question(consultation_id=own, position=1, key="agree", text="Do you agree?")
            agree.kind, agree.options = QuestionKind.choice, ["Yes", "No"]
            session.add(agree)
            session.add(Question(consultation_id=own, position=2, key="why", text="Why?"))
        yield desk


@pytest.fixture
def survey(desk: Desk) -> Caller:
    return Caller(desk, token_for(desk))


def is_problem(answer: Any, status: int, sentence: str) -> bool:
    told = answer.json()
    assert (answer.status_code, told["status"]) == (status, status), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    sentences = [told["detail"], *(one["detail"] for one in told.get("errors", []))]
    assert any(sentence in one for one in sentences), sentences
    return True


def test_response_that_is_handed_over_is_recorded_with_all_that_was_said(desk: Desk, survey: Caller) -> None:
    answer = survey.hand_over(TOLD)
    assert answer.status_code == 201
    assert answer.json() == {
        "reference": "IEO-0001",
        "consultation": REVIEW_SLUG,
        "received_at": "2020-02-11T09:30:00Z",
        "timing": "in_time",
        "url": answer.headers["location"],
    }
    [row] = desk.office.rows(Response)
    assert (row.channel, row.respondent_address, row.may_publish) == (Channel.online, BEN, False)
    read = survey.get(answer.headers["location"]).json()
    assert [(one["question"], one["asked"], one["chosen"], one["text"]) for one in read["answers"]] == [
        ("agree", "Do you agree?", ["Yes"], "With care."),
        ("why", "Why?", [], ""),
        (None, "How did you hear of it?", [], "From our trust."),
    ]
    page = desk.adam.page("/responses/IEO-0001").text()
    assert "Survey handed it over." in page
    assert "Handed over by" in page


def test_acknowledgement_goes_to_the_address_unless_the_system_sends_its_own(desk: Desk, survey: Caller) -> None:
    survey.hand_over(TOLD)
    survey.hand_over(TOLD | {"acknowledge": False}, "key-2")
    assert [row.recipient_address for row in desk.office.rows(OutgoingEmail)] == [BEN]


def test_files_come_with_a_response_and_are_told_of(desk: Desk, survey: Caller) -> None:
    answer = survey.hand_over(json.dumps(TOLD).encode(), files=[PDF, ("notes.txt", b"Buses.")])
    assert answer.status_code == 201, answer.text
    assert [(row.filename, row.size) for row in desk.office.rows(Attachment)] == [("plan.pdf", 17), ("notes.txt", 6)]
    attachments = survey.get(answer.headers["location"]).json()["attachments"]
    assert [one["name"] for one in attachments] == ["plan.pdf", "notes.txt"]


def test_the_same_key_again_makes_nothing_new(desk: Desk, survey: Caller) -> None:
    first, second = survey.hand_over(TOLD), survey.hand_over(TOLD)
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert len(desk.office.rows(Response)) == 1
    assert is_problem(survey.hand_over(TOLD | {"name": "Ben"}), 409, "This Idempotency-Key was used before")
    other = Caller(desk, token_for(desk, "Other form"))
    assert other.hand_over(TOLD).json()["reference"] == "IEO-0002", "each token has keys of its own"


def test_key_of_what_was_refused_is_free_again(desk: Desk, survey: Caller) -> None:
    assert survey.hand_over(TOLD | {"group": "no such group"}).status_code == 422
    assert survey.hand_over(TOLD).status_code == 201
    assert len(desk.office.rows(ApiRequest)) == 1


def test_two_at_once_with_one_key_make_one_response(desk: Desk, survey: Caller) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: survey.hand_over(TOLD), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["reference"] for answer in answers} == {"IEO-0001"}
    assert len(desk.office.rows(Response)) == 1


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"consultation": "none"}, "consultation", "There is no such consultation that this token may hand over to"),
        ({"received_at": "2030-01-01T00:00:00Z"}, "received_at", "It cannot have come later than now"),
        ({"received_at": "2019-01-01T00:00:00Z"}, "received_at", "The consultation opened only at"),
        ({"received_at": "2020-02-11T09:30:00"}, "received_at", "Write the offset from UTC too"),
        ({"address": "Ben at school"}, "address", "This is not an email address"),
        ({"group": "no such group"}, "group", "The consultation has no such stakeholder group"),
        ({"answers": [{"question": "none", "text": "a"}]}, "answers.0", "The consultation has no such question"),
        ({"answers": [{"question": "agree", "chosen": ["May"]}]}, "answers.0", "Not everything that was chosen"),
        ({"answers": [{"question": "agree", "chosen": ["Yes", "No"]}]}, "answers.0", "Only one of the options"),
        ({"answers": [{"question": "why", "text": "a"}] * 2}, "answers.1", "This question is answered twice"),
        ({"answers": [{"text": "a"}]}, "answers.0", "Say which question it answers"),
        ({"answers": []}, "text", "Nothing was said"),
        ({"nickname": "Benny"}, "nickname", "There is no such field"),
        ({"may_publish": "yes"}, "may_publish", "valid boolean"),
        ({"name": "B" * 201}, "name", "at most 200 characters"),
    ],
)
def test_what_has_to_be_corrected_is_told_by_its_field(
    desk: Desk, survey: Caller, change: dict[str, Any], field: str, sentence: str
) -> None:
    answer = survey.hand_over(TOLD | change)
    assert is_problem(answer, 422, sentence)
    assert field in [one["field"] for one in answer.json()["errors"]]
    assert not any(str(value) in answer.text for value in ("Ben at school", "Benny", "no such group."))
    assert desk.office.rows(Response) == []


def test_files_of_a_refused_kind_and_too_many_of_them_are_told(desk: Desk, survey: Caller) -> None:
    told = json.dumps(TOLD).encode()
    assert is_problem(survey.hand_over(told, files=[("run.exe", b"MZ")]), 422, "Files of this kind are not taken")
    assert is_problem(survey.hand_over(told, files=[PDF] * 11), 422, "Send at most 10 files")
    assert is_problem(survey.hand_over(b"{", files=[PDF]), 422, "This is not JSON that can be read")
    assert desk.office.rows(Response) == []


def test_late_response_is_taken_in_and_said_to_be_late(desk: Desk, survey: Caller) -> None:
    desk.office.now = AFTER_CLOSING
    told = {name: value for name, value in TOLD.items() if name != "received_at"}
    assert survey.hand_over(told).json()["timing"] == "late"


def test_consultation_that_is_not_open_yet_or_archived_takes_nothing(desk: Desk, survey: Caller) -> None:
    with desk.office.database.transaction() as session:
        session.exec(select(Consultation).where(Consultation.slug == REVIEW_SLUG)).one().archived_at = desk.office.now
    assert is_problem(survey.hand_over(TOLD), 409, "The consultation is archived")
    with desk.office.database.transaction() as session:
        row = session.exec(select(Consultation).where(Consultation.slug == REVIEW_SLUG)).one()
        row.archived_at, row.opens_at = None, AFTER_CLOSING
    assert is_problem(survey.hand_over(TOLD), 409, "The consultation has not opened yet")
    assert desk.office.rows(Response) == []


@pytest.mark.parametrize(
    ("headers", "body", "status", "sentence"),
    [
        ({"content-type": "application/json"}, b"{}", 400, "Send an Idempotency-Key"),
        ({"content-type": "application/json", "idempotency-key": "a b"}, b"{}", 400, "Send an Idempotency-Key"),
        ({"content-type": "text/plain", "idempotency-key": "a"}, b"{}", 415, "as application/json"),
        ({"content-type": "application/json", "idempotency-key": "a"}, b"{", 422, "This is not JSON"),
        ({"content-type": "application/json", "idempotency-key": "a"}, b"[]", 422, "This should be an object"),
        ({"content-type": "application/json", "idempotency-key": "a"}, b" " * 4_000_001, 413, "at most 4 MB"),
        ({"content-type": "multipart/form-data", "idempotency-key": "a"}, b"--", 400, "could not be read"),
    ],
)
def test_request_that_cannot_be_read_is_told(
    survey: Caller, headers: dict[str, str], body: bytes, status: int, sentence: str
) -> None:
    assert is_problem(survey.send("POST", RESPONSES, content=body, headers=headers), status, sentence)


def test_without_a_token_that_is_good_nothing_is_told_or_read(desk: Desk) -> None:
    revoked = token_for(desk, "Old form")
    with desk.office.database.transaction() as session:
        session.exec(select(ApiToken)).one().revoked_at = desk.office.now
    for caller in (Caller(desk), Caller(desk, "intake_guessed"), Caller(desk, revoked)):
        for answer in (caller.get(RESPONSES), caller.get(f"{RESPONSES}/IEO-0001"), caller.hand_over(TOLD)):
            assert is_problem(answer, 401, "Send a token that is good")
            assert answer.headers["www-authenticate"] == "Bearer"
    assert desk.adam.get(RESPONSES).status_code == 401, "signing in to the pages is no token"
    assert desk.office.rows(Response) == []


def test_a_token_does_only_what_it_may(desk: Desk, survey: Caller) -> None:
    survey.hand_over(TOLD)
    writer = Caller(desk, token_for(desk, "Writes", may_read=False))
    reader = Caller(desk, token_for(desk, "Reads", may_write=False))
    elsewhere = Caller(desk, token_for(desk, "Elsewhere", consultation_ids=[2]))
    assert is_problem(writer.get(RESPONSES), 403, "may not read the log")
    assert is_problem(reader.hand_over(TOLD), 403, "may not hand responses over")
    assert is_problem(elsewhere.hand_over(TOLD), 422, "There is no such consultation that this token may")
    assert elsewhere.get(RESPONSES).json() == {"responses": [], "next": None}
    assert is_problem(elsewhere.get(f"{RESPONSES}/IEO-0001"), 404, "no such")


def test_confidential_responses_are_there_only_for_a_token_that_may_see_them(desk: Desk, survey: Caller) -> None:
    survey.hand_over(TOLD | {"is_confidential": True})
    survey.hand_over(TOLD, "key-2")
    trusted = Caller(desk, token_for(desk, "Trusted", sees_confidential=True))
    assert [one["reference"] for one in survey.get(RESPONSES).json()["responses"]] == ["IEO-0002"]
    assert survey.get(f"{RESPONSES}/IEO-0001").status_code == 404
    assert survey.get(f"{RESPONSES}?flag=confidential").json()["responses"] == []
    assert len(trusted.get(RESPONSES).json()["responses"]) == 2
    assert trusted.get(f"{RESPONSES}/IEO-0001").json()["is_confidential"] is True


def test_the_log_is_read_with_the_officers_filters_whatever_way_a_response_came(desk: Desk, survey: Caller) -> None:
    survey.hand_over(TOLD)
    desk.office.receive(raw_email(sender=DAN, to=REVIEW, text="Buses matter most.\n"))
    desk.office.cycle()

    def found(query: str) -> list[str]:
        answer = survey.get(f"{RESPONSES}?{query}")
        assert answer.status_code == 200, answer.text
        return [one["reference"] for one in answer.json()["responses"]]

    assert found("") == ["IEO-0002", "IEO-0001"]
    assert found("channel=email") == ["IEO-0002"]
    assert found("channel=email&channel=online&sort=reference") == ["IEO-0001", "IEO-0002"]
    assert found("q=buses") == ["IEO-0002"]
    assert found(f"consultation={REVIEW_SLUG}&to=2020-02-11") == ["IEO-0001"]
    assert found("officer=nobody&attachments=no&withdrawn=no") == ["IEO-0002", "IEO-0001"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("chanel=email", "chanel"),
        ("channel=pigeon", "channel.0"),
        ("consultation=none", "consultation"),
        ("officer=me", "officer"),
        ("from=11/02/2020", "from"),
        ("from=2020-02-12&to=2020-02-11", "from"),
        ("q=%22%22", "q"),
        ("after=nowhere", "after"),
    ],
)
def test_filters_that_make_no_sense_find_nothing_and_are_told(survey: Caller, query: str, field: str) -> None:
    answer = survey.get(f"{RESPONSES}?{query}")
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]


def test_a_long_log_is_read_to_its_end(desk: Desk, survey: Caller) -> None:
    for number in range(53):
        survey.hand_over({"consultation": REVIEW_SLUG, "text": f"Answer {number}"}, f"key-{number}")
    first = survey.get(RESPONSES).json()
    last = survey.get(first["next"]).json()
    assert (len(first["responses"]), len(last["responses"]), last["next"]) == (50, 3, None)
    assert len({one["reference"] for part in (first, last) for one in part["responses"]}) == 53


def test_a_confidential_response_is_not_even_named_by_another(desk: Desk, survey: Caller) -> None:
    survey.hand_over(TOLD | {"is_confidential": True})
    survey.hand_over(TOLD, "key-2")
    with desk.office.database.transaction() as session:
        session.get_one(Response, 2).possible_duplicate_of_id = 1
    trusted = Caller(desk, token_for(desk, "Trusted", sees_confidential=True))
    assert trusted.get(f"{RESPONSES}/IEO-0002").json()["possible_duplicate_of"] == "IEO-0001"
    assert survey.get(f"{RESPONSES}/IEO-0002").json()["possible_duplicate_of"] is None


def test_an_address_that_is_none_and_a_method_that_is_not_taken_are_problems_too(survey: Caller) -> None:
    assert is_problem(survey.get("/api/nothing"), 404, "There is nothing at this address")
    assert is_problem(survey.get(f"{RESPONSES}/"), 404, "There is nothing at this address")
    refused = survey.send("DELETE", RESPONSES)
    assert is_problem(refused, 405, "does not take this method")
    assert refused.headers["allow"]


def test_what_breaks_off_is_a_problem_too_and_says_that_it_can_be_sent_again(
    desk: Desk, survey: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("ben.hughes@heathfield.example")

    monkeypatch.setattr(routes, "hand_over", broken)
    answer = survey.hand_over(TOLD)
    assert is_problem(answer, 500, "Send it again with the same Idempotency-Key: it is recorded once.")
    assert BEN not in answer.text


def test_last_use_of_a_token_is_kept_to_the_minute(desk: Desk, survey: Caller) -> None:
    survey.get(RESPONSES)
    [token] = desk.office.rows(ApiToken)
    assert token.last_used_at == desk.office.now
