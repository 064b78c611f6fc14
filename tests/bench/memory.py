"""The most memory intake needs: for a mailbox ten times as long, and for one very large email."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.filling import fill
from tests.bench.intake_run import Intake, polled_intake, take_in
from tests.bench.letters import large_letter, letters
from tests.servers.dovecot import Dovecot


@dataclass(frozen=True, slots=True)
class Memory:
    """`tenth` is a mailbox of a tenth of the emails; `large` one with a single email of `large_bytes`."""

    emails: int
    tenth: Intake
    whole: Intake
    large: Intake
    large_bytes: int


def measure_memory(emails: int) -> Memory:
    """On SQLite, each in a process and a mailbox of its own."""
    tenth = emails // 10
    with Dovecot() as dovecot, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large, size = _taken_in(dovecot, folder / "large", [large_letter()], emails=1)
        return Memory(
            emails,
            tenth=_taken_in(dovecot, folder / "tenth", letters(tenth), emails=tenth)[0],
            whole=_taken_in(dovecot, folder / "whole", letters(emails), emails=emails)[0],
            large=large,
            large_bytes=size,
        )


def _taken_in(dovecot: Dovecot, folder: Path, waiting: Iterable[bytes], *, emails: int) -> tuple[Intake, int]:
    settings = polled_intake(folder, dovecot, folder.name)
    size = fill(dovecot, folder.name, waiting)
    return take_in(settings, emails=emails), size
