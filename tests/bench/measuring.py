"""What a benchmark counts beside time: memory, database statements and commits."""

import os
import re
from pathlib import Path
from typing import Any

import sqlalchemy as sa


class Statements:
    """Counts what is sent to a database from now on."""

    def __init__(self, engine: sa.Engine) -> None:
        self.commits = self.statements = 0
        self._engine = engine
        sa.event.listen(engine, "commit", self._commit)
        sa.event.listen(engine, "before_cursor_execute", self._statement)

    def rows(self, table: str, condition: str = "true") -> int:
        with self._engine.connect() as connection:
            counted: int = connection.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE {condition}").scalar_one()
            return counted

    def _commit(self, _connection: Any) -> None:
        self.commits += 1

    def _statement(self, *_: Any) -> None:
        self.statements += 1


def peak_memory_mb(process: int | None = None) -> float:
    """The most memory a process ever held. (ru_maxrss would do, but a child's begins at what its parent held.)"""
    status = Path(f"/proc/{process or os.getpid()}/status").read_text()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert peak
    return int(peak[1]) / 1000


def peak_memory_of_a_child_mb() -> float:
    """That of the largest child that is still there."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return max((peak_memory_mb(int(child)) for child in children), default=0)
