"""Which database a test's offices are opened on: SQLite, and where the database matters PostgreSQL too."""

from collections.abc import Callable
from pathlib import Path

import pytest

# Mark a test, or with `pytestmark` a module, so that it runs on each.
both_databases = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder}/intake.sqlite3"


new_url: Callable[[Path], str] = sqlite_url
"""Set for each test by the fixture `database_kind`; `open_office` asks it for a database."""
