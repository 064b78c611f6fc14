"""One Chromium for each module of tests that asks for it.

Not one for the whole run: while Playwright runs, its event loop is the thread's, and other tests start loops of theirs.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.web.browser import Front, open_chromium, open_front


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def front(tmp_path: Path, chromium: Browser, database_kind: str) -> Iterator[Front]:
    with open_front(tmp_path, chromium) as front:
        yield front
