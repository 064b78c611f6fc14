"""The application: the pages, what guards them, the built files. Knows no route by name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from intake.jobs import Installation
from intake.web.api.application import make_api
from intake.web.emails import EmailReader
from intake.web.mishaps import LastResort, add_mishaps
from intake.web.pages import PAGES
from intake.web.security import Guard
from intake.web.showing import STATIC, asset


def make_app(this: Installation) -> FastAPI:
    """The pages of this installation. Starts nothing but, on the first look at an email, the process that reads it."""
    asset("app.css")  # says at the start, not on the first page, that the pages were never built
    app = FastAPI(
        title="intake",
        openapi_url=None,  # a map of the pages helps nobody; the interface for programs has its own, under /api
        lifespan=_lifespan,
        middleware=[Middleware(Guard, base_url=this.settings.web.base_url), Middleware(LastResort)],
    )
    app.state.installation = this
    app.state.reader = EmailReader(this)
    add_mishaps(app)
    for name in PAGES:
        app.include_router(import_module(f"intake.web.pages.{name}").router)
    app.mount("/api", make_api(this))
    app.mount("/static", _BuiltFiles(directory=STATIC))
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.reader.close()


class _BuiltFiles(StaticFiles):
    """Their address changes with their content, so they may be kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer
