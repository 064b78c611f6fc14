"""Explain emails from files: each is read in a child process and gets its line, whatever is in it.

Never touches a database or a server.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from intake.errors import ChildDied
from intake.mail.automatic import OwnMail
from intake.mail.understanding import as_explained, understand
from intake.sandbox import ChildFailed, Sandbox

CHILDREN = 2
SECONDS = 60
MEMORY_MB = 2048


@dataclass(frozen=True, slots=True)
class FileToExplain:
    """A file as it was named on the command line, with its place there."""

    position: int
    name: str
    own: OwnMail | None


def explained(names: Sequence[str], *, own: OwnMail | None) -> Iterator[dict[str, object]]:
    """One line a file, in order, as `intake explain --json` prints it. A file that stops its reader gets one too."""
    waiting: dict[int, dict[str, object]] = {}
    next_position = 0
    jobs = (FileToExplain(position, name, own) for position, name in enumerate(names))
    with Sandbox(explain_file, children=CHILDREN, seconds=SECONDS, memory_mb=MEMORY_MB) as readers:
        for job, line in readers.run_each(jobs):
            waiting[job.position] = _unread(job, line) if isinstance(line, ChildDied | ChildFailed) else line
            while next_position in waiting:
                yield waiting.pop(next_position)
                next_position += 1


def explain_file(job: FileToExplain) -> dict[str, object]:
    """Runs in a child process."""
    return as_explained(job.name, understand(Path(job.name).read_bytes(), own=job.own))


def _unread(job: FileToExplain, death: ChildDied | ChildFailed) -> dict[str, object]:
    return as_explained(job.name, understand(b"", own=None)) | {"defects": [str(death)]}
