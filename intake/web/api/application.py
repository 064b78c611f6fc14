"""The application under /api, and its description (OpenAPI 3.1) at /api/openapi.json."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from intake.jobs import Installation
from intake.web.api.problems import PROBLEM, TITLES, add_problems
from intake.web.api.routes import router
from intake.web.api.shapes import Problem, ResponseSent

_ABOUT = """Hand over responses that another form or platform took, and read the log.

A token is made by an administrator, on the page API tokens. Every answer that is not 2xx is a problem as RFC 9457 has
it, with one sentence in `detail`, and one for each field in `errors`."""
_REFUSED = {"get": (401, 403, 404, 422, 500, 503), "post": (400, 401, 403, 409, 413, 415, 422, 500, 503)}


def make_api(this: Installation) -> FastAPI:
    api = FastAPI(
        title="intake", version="1", description=_ABOUT, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    api.state.installation = this
    add_problems(api)
    api.include_router(router)
    described: dict[str, Any] = {}

    def describe() -> dict[str, Any]:
        if not described:
            described.update(_description(api, f"{this.settings.web.base_url}/api"))
        return described

    api.openapi = describe  # type: ignore[method-assign]  # as FastAPI documents extending it
    return api


def _description(api: FastAPI, address: str) -> dict[str, Any]:
    found = get_openapi(
        title=api.title,
        version=api.version,
        description=api.description,
        routes=api.routes,
        servers=[{"url": address}],
    )
    shapes = found["components"]["schemas"]
    _, ours = models_json_schema(
        [(ResponseSent, "validation"), (Problem, "serialization")], ref_template="#/components/schemas/{model}"
    )
    shapes |= ours["$defs"]
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own, which never appear
        shapes.pop(name, None)
    refused = {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for operations in found["paths"].values():
        for method, operation in operations.items():
            operation["responses"].pop("422", None)
            operation["responses"] |= {
                str(status): {"description": TITLES[status], **refused} for status in _REFUSED[method]
            }
    return found
