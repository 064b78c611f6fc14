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


Fill = Callable[[str], None]
"""Puts into the database at an address what it is to hold, and leaves no connection to it."""


def set_up(url: str) -> None:
    """Its tables, for this version."""
    made = Database(url)
    made.upgrade()
    made.close()


def ready_sqlite_url(folder: Path, fill: Fill = set_up) -> str:
    """A filled database: a copy, as to fill one takes longer than most tests."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "intake.sqlite3").write_bytes(_filled(fill))
    return sqlite_url(folder)


@cache
def _filled(fill: Fill) -> bytes:
    with TemporaryDirectory() as folder:
        fill(sqlite_url(Path(folder)))
        return (Path(folder) / "intake.sqlite3").read_bytes()


new_url: Callable[[Path, Fill], str] = ready_sqlite_url
"""Set for each test by the fixture `database_kind`; `open_office` asks it for a database."""
