"""A backup: one tar file with the database as it stood at one moment and every stored file, made while all goes on.

The database comes first: a stored file never changes, and is there before a row names it, so whatever the rows name is
in the tar file. Never restores; `restoring.py` does.
"""

import io
import json
import os
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from intake.errors import NotPossible
from intake.store.database import Database
from intake.store.files import FileStore, written_whole

ABOUT, SQLITE_FILE, POSTGRESQL_FILE, FILES = "backup.json", "intake.sqlite3", "intake.dump", "files/"


@dataclass(frozen=True, slots=True)
class About:
    """What a backup says of itself: when it was made, on which kind of database, at which revision of the schema."""

    made_at: str
    database: str
    revision: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class BackedUp:
    files: int
    megabytes: float


def back_up(database: Database, files: FileStore, target: Path, *, now: datetime) -> BackedUp:
    """Write the tar file; whole or not at all. Raises NotPossible, and DatabaseUnavailable."""
    if target.exists():
        raise NotPossible(f"{target} is there already; name a new file, so that no earlier backup is lost.")
    try:
        with (
            tempfile.TemporaryDirectory(dir=_folder(target)) as folder,
            written_whole(target) as beside,
            tarfile.open(beside, "w") as tar,
        ):
            snapshot = Path(folder) / (SQLITE_FILE if database.file else POSTGRESQL_FILE)
            revision = database.revision() or ""
            _snapshot(database, snapshot)
            _add(tar, ABOUT, json.dumps(asdict(About(now.isoformat(), snapshot.name, revision))).encode())
            tar.add(snapshot, arcname=snapshot.name)
            count = 0
            for path in files.every():
                tar.add(path, arcname=f"{FILES}{path.name}")
                count += 1
    except OSError as error:
        raise NotPossible(f"The backup cannot be written to {target} ({error.strerror}).") from None
    return BackedUp(count, target.stat().st_size / 1e6)


def _folder(target: Path) -> Path:
    if not target.parent.is_dir():
        raise NotPossible(f"There is no folder {target.parent}; make it, or name another.")
    return target.parent


def _snapshot(database: Database, target: Path) -> None:
    if database.file:
        with closing(sqlite3.connect(database.file)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)  # of one moment, while others write
        return
    run_postgresql(database, "pg_dump", "--format=custom", "--no-owner", f"--file={target}")


def run_postgresql(database: Database, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs. The password never stands among its arguments."""
    url = database.engine.url
    command = [program, *arguments]
    with _environment(url) as environment:
        try:
            ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        except FileNotFoundError:
            raise NotPossible(f"{program} is not installed; install PostgreSQL's client programs.") from None
    if ran.returncode:
        said = ran.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise NotPossible(f"{program} failed: {said[0][:200]}")


@contextmanager
def _environment(url: sa.URL) -> Iterator[dict[str, str]]:
    given: dict[str, object] = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username}
    given |= {"PGDATABASE": url.database, "PGPASSWORD": url.password}
    given |= {f"PG{key.upper()}": value for key, value in url.query.items()}
    yield {**os.environ, **{key: str(value) for key, value in given.items() if value is not None}}


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    tar.addfile(entry, io.BytesIO(content))
