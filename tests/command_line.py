"""`intake` as people start it: a real process, with nothing of the tests' own environment. Never reads what it made."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`intake` with a configuration file of the test's own."""

    folder: Path
    config: Path

    def __call__(self, *arguments: str | Path) -> Ran:
        return run("--config", self.config, *arguments, folder=self.folder)


def copy_made(made: Path, to: Path) -> None:
    """The database and the stored files that commands made in one folder, in another."""
    shutil.copy(made / "intake.sqlite3", to)
    shutil.copytree(made / "files", to / "files")


def start(*arguments: str | Path, folder: Path) -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("INTAKE_")}
    command = [sys.executable, "-W", "error", "-c", "from intake.cli import main; main()", *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=clean, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def finish(process: subprocess.Popen[str], answer: str = "") -> Ran:
    with process:
        try:
            out, err = process.communicate(answer, timeout=120)
        finally:
            process.kill()
    assert "Traceback" not in err
    return Ran(process.returncode, out, err)


def run(*arguments: str | Path, folder: Path) -> Ran:
    return finish(start(*arguments, folder=folder))
