"""Every page, in every state, on a desktop and on a phone: no violation of WCAG 2.2 AA, and nothing cut off.

Nothing is refused by a page's own security policy either, and one heading says what it is.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.people import ADAM, ASHA, OLGA
from tests.web.browser import DESKTOP, PHONE, Front, assert_accessible, assert_fits, open_front
from tests.web.desk import Visitor
from tests.web.form_scene import set_forms
from tests.web.routes import api_routes
from tests.web.scene import set_scene
from tests.web.states import MISHAPS, NO_PAGES, STATES, State
from tests.web.states_api import API_STATES
from tests.web.states_import import IMPORT_STATES
from tests.web.states_keyed import KEYED_STATES
from tests.web.states_respond import RESPOND_STATES

EVERY_STATE = [*STATES, *API_STATES, *IMPORT_STATES, *KEYED_STATES, *RESPOND_STATES]
_MISHAPS = ("There is no such page", "You cannot do this", "This link no longer works")


class Stage:
    """The scene, and one window for each person who looks at it."""

    def __init__(self, front: Front) -> None:
        self.front, self.names = front, set_scene(front.desk)
        self.names |= set_forms(front.desk)
        self._windows: dict[str | None, Page] = {}

    def look(self, state: State) -> Page:
        address = (state.path or state.route).format_map(self.names)
        page = self._windows.get(state.who)
        if page is None:
            page = self._windows[state.who] = self.front.open(address, who=state.who)
        else:
            page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
            page.goto(address)
        if state.act:
            state.act(page)
        return page


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Stage]:
    with open_front(tmp_path_factory.mktemp("stage"), chromium) as front:
        yield Stage(front)


@pytest.mark.parametrize("state", EVERY_STATE, ids=str)
def test_a_page_is_accessible_on_a_desktop_and_on_a_phone(stage: Stage, state: State) -> None:
    page = stage.look(state)
    assert page.locator("h1").count() == 1
    assert any(title in page.inner_text("h1") for title in _MISHAPS) is (state.name in MISHAPS), page.inner_text("main")
    assert ("There is a problem" in page.inner_text("main")) is (state.name.startswith("mistakes"))
    assert state.says in page.inner_text("main")
    assert_accessible(page)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert_fits(page)
    if state.name == "filled":  # what a page says after a mistake, it says on a phone by the same elements
        assert_accessible(page)
    troubles, stage.front.troubles = stage.front.troubles, []
    assert troubles == []


def test_every_page_is_among_those_that_are_looked_at() -> None:
    pages = {route.path for route in api_routes() if "GET" in (route.methods or ())}
    assert pages - NO_PAGES.keys() - {state.route for state in EVERY_STATE} == set()
    assert {state.route for state in EVERY_STATE} <= pages


def test_every_page_has_a_title_of_its_own(stage: Stage) -> None:
    desk = stage.front.desk
    visitors: dict[str | None, Visitor] = {one: desk.sign_in(one) for one in (ADAM, ASHA, OLGA)}
    visitors[None] = desk.nobody
    titles: dict[str, list[str]] = {}
    for state in [state for state in EVERY_STATE if state.name == "filled" and not state.act]:
        title = visitors[state.who].page((state.path or state.route).format_map(stage.names)).css_first("title")
        assert title is not None
        titles.setdefault(title.text().partition(" – Consultation responses")[0], []).append(state.route)
    assert {title: routes for title, routes in titles.items() if len(routes) > 1} == {}
