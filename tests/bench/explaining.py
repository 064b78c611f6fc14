"""How many emails `understand` explains a second, beside mail-parser alone, and how it stands up to hostile ones.

Both read the same emails in a process of its own each, in turn; both give what an officer sees of an email.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from intake.mail.explaining import MEMORY_MB
from intake.mail.understanding import as_explained, understand
from intake.sandbox import Sandbox
from tests.bench.measuring import peak_memory_mb
from tests.fuzz.hostile import BUILDERS

OWN_EMAILS = Path(__file__).parent.parent / "emails"
_SECONDS = 3.0
_ROUNDS = 3
_HOSTILE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Hostile:
    """Seconds of the processor for one of `BUILDERS` of so many bytes, and for one twice as large."""

    name: str
    once: float
    twice: float
    memory: float

    @property
    def growth(self) -> float:
        return self.twice / max(self.once, 0.001)


@dataclass(frozen=True, slots=True)
class Explaining:
    """Emails a second; mail-parser's are of those it can read at all."""

    emails: int
    bytes_in_all: int
    intake: float
    mail_parser: float
    unread_by_mail_parser: int
    hostile: tuple[Hostile, ...]


def measure_explaining(folder: Path | None) -> Explaining:
    """Over all files of the folder, or our own test emails."""
    paths = tuple(email_paths(folder or OWN_EMAILS))
    with (
        Sandbox(_explain_all, children=1, seconds=600, memory_mb=MEMORY_MB) as intake,
        Sandbox(_read_all_with_mail_parser, children=1, seconds=600, memory_mb=MEMORY_MB) as mail_parser,
    ):
        ours, theirs = 0.0, 0.0
        unread = 0
        for _ in range(_ROUNDS):
            ours = max(ours, _outcome(intake, paths)[0])
            speed, unread = _outcome(mail_parser, paths)
            theirs = max(theirs, speed)
    size = sum(len(Path(path).read_bytes()) for path in paths)
    return Explaining(len(paths), size, ours, theirs, unread, tuple(_measure_hostile()))


def email_paths(folder: Path) -> list[str]:
    """The files of a folder that may be emails."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in _NO_EMAILS)
    return [str(path) for path in files]


_NO_EMAILS = {".toml", ".md", ".py", ".png", ".jpeg", ".jpg", ".gif", ".bmp", ".wav", ".au", ".tiff", ".webp"}


def _outcome(sandbox: Sandbox[tuple[str, ...], tuple[float, int]], paths: tuple[str, ...]) -> tuple[float, int]:
    ((_, outcome),) = sandbox.run_each([paths])
    if not isinstance(outcome, tuple):
        raise outcome
    return outcome


def _explain_all(paths: tuple[str, ...]) -> tuple[float, int]:
    """Emails a second, and how many could not be read. Runs in a child process."""
    emails = [Path(path).read_bytes() for path in paths]
    done, started = 0, time.process_time()
    while time.process_time() - started < _SECONDS:
        for raw in emails:
            as_explained("", understand(raw))
        done += len(emails)
    return done / (time.process_time() - started), 0


def _read_all_with_mail_parser(paths: tuple[str, ...]) -> tuple[float, int]:
    """What mail-parser cannot read takes its time too. Runs in a child process."""
    emails = [Path(path).read_bytes() for path in paths]
    done, unread, started = 0, 0, time.process_time()
    while time.process_time() - started < _SECONDS:
        unread = sum(not _read_with_mail_parser(raw) for raw in emails)
        done += len(emails)
    return done / (time.process_time() - started), unread


def _read_with_mail_parser(raw: bytes) -> bool:
    import mailparser  # type: ignore[import-untyped]

    try:
        parsed = mailparser.parse_from_bytes(raw)
        _ = (parsed.subject, parsed.from_, parsed.to, parsed.date, parsed.body, parsed.attachments)
    except Exception:
        return False
    return True


def _measure_hostile() -> list[Hostile]:
    with Sandbox(_read_hostile, children=1, seconds=120, memory_mb=MEMORY_MB) as sandbox:
        read = []
        for name in BUILDERS:
            ((_, outcome),) = sandbox.run_each([name])
            read.append(outcome if isinstance(outcome, Hostile) else Hostile(name, 120.0, 240.0, float(MEMORY_MB)))
        return read


def _read_hostile(name: str) -> Hostile:
    """Runs in a child process; its memory is the most so far."""
    seconds = []
    for size in (_HOSTILE_BYTES, 2 * _HOSTILE_BYTES):
        raw = BUILDERS[name](size)
        started = time.process_time()
        understand(raw)
        seconds.append(time.process_time() - started)
    return Hostile(name, seconds[0], seconds[1], peak_memory_mb())
