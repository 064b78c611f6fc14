"""Which database a test's offices are opened on: SQLite, and where the database matters PostgreSQL too."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from intake.store.database import Database

# Mark a test, or with `pytestmark` a module, so that it runs on each.
both_databases = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder}/intake.sqlite3"


def ready_sqlite_url(folder: Path) -> str:
    """A database that is set up for this version: a copy, as to run every migration takes longer than most tests."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "intake.sqlite3").write_bytes(_ready())
    return sqlite_url(folder)


@cache
def _ready() -> bytes:
    with TemporaryDirectory() as folder:
        made = Database(sqlite_url(Path(folder)))
        made.upgrade()
        made.close()
        return (Path(folder) / "intake.sqlite3").read_bytes()


new_url: Callable[[Path], str] = ready_sqlite_url
"""Set for each test by the fixture `database_kind`; `open_office` asks it for a database."""
