"""Debian's Chromium in front of the real pages: served on loopback over a whole office, driven by Playwright.

Every page that is opened is watched: an error on the console (a breach of the content security policy is one), a script
that fails, or a request to anywhere else fails the test that opened it.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from sqlmodel import select

from intake.accounts.sessions import begin_session
from intake.store.users import User
from intake.web.asking import cookie_name
from intake.web.serving import Serving, listen
from tests.web.desk import Desk, open_desk

DESKTOP, PHONE, ZOOMED = (1280, 900), (320, 640), (320, 256)
"""Width and height; a window of 1280 by 1024 at 400 % is 320 by 256 (WCAG 2.2, 1.4.10)."""
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """Never downloads a browser: Debian's is in tests/servers/packages.txt."""
    with sync_playwright() as playwright:
        found = shutil.which("chromium")
        assert found, "chromium is not installed; run: make servers"
        only_here = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", only_here])
        try:
            yield browser
        finally:
            browser.close()


class Front:
    """The pages of a desk as people see them in a browser."""

    def __init__(self, desk: Desk, browser: Browser, base_url: str) -> None:
        self.desk, self.office, self.base_url = desk, desk.office, base_url
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.troubles: list[str] = []
        self.requested: list[str] = []

    def open(
        self, path: str = "/", *, who: str | None = None, size: tuple[int, int] = DESKTOP, javascript: bool = True
    ) -> Page:
        """A window of `who` (an address of the cast; None: nobody) at this page."""
        width, height = size
        context = self._browser.new_context(
            base_url=self.base_url, viewport={"width": width, "height": height}, java_script_enabled=javascript
        )
        self._contexts.append(context)
        context.set_default_timeout(10_000)
        if who:
            name = cookie_name(self.office.this.settings.web)
            context.add_cookies([{"name": name, "value": self._session_of(who), "url": self.base_url}])
        context.on("request", lambda request: self._note_request(request.url))
        context.on("console", self._note_console)
        context.on("weberror", lambda error: self.troubles.append(f"{error.page and error.page.url}: {error.error}"))
        page = context.new_page()
        page.goto(path)
        return page

    def later(self, *, minutes: int) -> None:
        self.office.now += timedelta(minutes=minutes)

    def leave(self) -> None:
        """Close every window."""
        while self._contexts:
            self._contexts.pop().close()

    def _session_of(self, address: str) -> str:
        with self.office.database.transaction() as session:
            user = session.exec(select(User).where(User.address == address)).one()
            return begin_session(session, user, browser="Chromium", now=self.office.now)

    def _note_request(self, url: str) -> None:
        self.requested.append(url)
        if not url.startswith((f"{self.base_url}/", "data:", "about:")):
            self.troubles.append(f"a request left for {url}")

    def _note_console(self, said: ConsoleMessage) -> None:
        # Chromium reports the status of a page that says 404, 409 or 422 as it should; a built file must be there.
        is_status_of_page = said.text.startswith("Failed to load resource") and "/static/" not in said.location["url"]
        if said.type in ("error", "warning") and not is_status_of_page:
            self.troubles.append(f"{said.location['url']}: {said.text}")


@contextmanager
def open_front(folder: Path, browser: Browser, *, settings: dict[str, Any] | None = None) -> Iterator[Front]:
    """A desk whose pages are served. The troubles of its windows fail at the end, unless the test failed before."""
    listening = listen("127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    given = {**(settings or {}), "web": {**(settings or {}).get("web", {}), "base_url": base_url}}
    with open_desk(folder, settings=given) as desk, Serving(desk.office.this, listening):
        front = Front(desk, browser, base_url)
        try:
            yield front
        finally:
            front.leave()
        assert front.troubles == []


def assert_accessible(page: Page, *, rules: Sequence[str] = (*WCAG, "best-practice")) -> None:
    """axe-core finds no violation of WCAG 2.0 to 2.2, level A and AA, nor of its own best practices."""
    # Not into frames: a letter's is sandboxed, and axe's own question to it would be an error on the console.
    options = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": list(rules)}, "iframes": False}
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    assert not found, "\n".join(
        f"{page.url}: {one['id']}: {one['help']}: {node['html'][:300]} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    )


def assert_fits(page: Page) -> None:
    """Nothing makes the page wider than the window (WCAG 2.2, 1.4.10)."""
    widths = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    wide = "e => [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
    culprits = f"{wide}.slice(0, 5).map(e => e.outerHTML.slice(0, 200))"
    assert widths[0] <= widths[1], (page.url, widths, page.evaluate(culprits))
