"""docs/api.md says what the API does: its examples are sent and answered so, and its fields are the real ones."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.store.consultations import Question, QuestionKind, consultation_by_slug
from intake.web.api.shapes import ResponseSent
from tests.documented import DOCS, table
from tests.web.api_scene import Caller, token_for
from tests.web.desk import REVIEW_SLUG, Desk, open_desk

TEXT = (DOCS / "api.md").read_text(encoding="utf-8")
SENT = json.loads(re.findall(r"--json '(.*?)'\n", TEXT, re.DOTALL)[0])
ANSWERED, PROBLEM = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    settings = {"web": {"base_url": "https://consultations.county.example"}}
    with open_desk(tmp_path, settings=settings) as desk:
        with desk.office.database.transaction() as session:
            own = consultation_by_slug(session, REVIEW_SLUG).id
            agree = Question(consultation_id=own, position=1, key="agree", text="Do you agree?")
            agree.kind, agree.options = QuestionKind.choice, ["Yes", "No"]
            session.add(agree)
        yield desk


def test_the_documents_response_is_answered_as_the_document_says(desk: Desk) -> None:
    caller = Caller(desk, token_for(desk))
    answer = caller.hand_over(SENT)
    assert (answer.status_code, answer.json()) == (201, ANSWERED)
    assert caller.hand_over(SENT | {"address": "Ben"}, "other").json() == PROBLEM
    with_file = caller.hand_over(json.dumps(SENT).encode(), "4f1c2b", [("plan.pdf", b"%PDF-1.7")])
    assert with_file.status_code == 201
    assert caller.get("/api/responses?channel=email&timing=late").json() == {"responses": [], "next": None}


def test_every_field_is_in_the_document_and_every_one_there_is_a_field() -> None:
    told = [re.findall(r"`(\w+)`", row["Field"]) for row in table("api.md", "Field", "What it is")]
    assert {name for names in told for name in names} == set(ResponseSent.model_fields)
