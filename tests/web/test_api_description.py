"""The OpenAPI description says what the interface does: whatever it allows or forbids is answered as it says."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.api_scene import Caller, token_for
from tests.web.desk import Desk, open_desk

DESCRIPTION = "/api/openapi.json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    ignored_auth,
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk")) as desk:
        yield desk


@pytest.fixture(scope="module")
def description(desk: Desk) -> dict[str, Any]:
    answer = Caller(desk).get(DESCRIPTION)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_it_names_every_address_its_token_and_its_problems(description: dict[str, Any]) -> None:
    operations = {(path, method) for path, methods in description["paths"].items() for method in methods}
    read = {("/metrics", "get"), ("/responses", "get"), ("/responses/{reference}", "get")}
    assert operations == read | {("/responses", "post")}
    assert description["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for methods in description["paths"].values():
        for operation in methods.values():
            assert operation["security"] == [{"token": []}]
            refused = {status for status in operation["responses"] if not status.startswith("2")}
            assert {"401", "403", "422", "500", "503"} <= refused
    post = description["paths"]["/responses"]["post"]
    assert set(post["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
    assert [one["name"] for one in post["parameters"] if one["required"]] == ["Idempotency-Key"]


def test_the_description_shows_nothing_of_the_pages(description: dict[str, Any]) -> None:
    assert not [path for path in description["paths"] if "consultations" in path]
    assert "HTTPValidationError" not in description["components"]["schemas"]


@pytest.mark.filterwarnings("ignore")  # of the libraries it drives
@pytest.mark.parametrize("mode", list(GenerationMode), ids=["allows", "forbids"])
def test_whatever_the_description_allows_or_forbids_is_answered_as_it_says(desk: Desk, mode: GenerationMode) -> None:
    host = urlsplit(desk.office.this.settings.web.base_url).netloc
    headers = {"Authorization": f"Bearer {token_for(desk, mode)}", "Host": host}
    schema = schemathesis.openapi.from_asgi(DESCRIPTION, desk.app, headers=headers)
    tried = Counter[int]()

    def answered(case: schemathesis.Case[Any]) -> None:
        tried[case.call_and_validate(headers=headers, checks=CHECKS).status_code] += 1

    few = settings(
        max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=[*HealthCheck]
    )
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        few(given(found.ok().as_strategy(generation_mode=mode))(answered))()
    assert tried.total() > 15
    assert tried.keys() <= {200, 201, 404, 422, 400, 401, 405, 409, 413, 415}
