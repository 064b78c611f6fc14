"""Every route of the pages."""

from collections.abc import Iterator
from importlib import import_module

from fastapi.routing import APIRoute

from intake.web.pages import PAGES


def api_routes() -> Iterator[APIRoute]:
    for name in PAGES:
        for route in import_module(f"intake.web.pages.{name}").router.routes:
            assert isinstance(route, APIRoute)
            yield route
