"""Tries mutants of our own emails, and any bytes at all, as hypothesis draws them.

As a program: `python -m tests.fuzz.generated SECONDS FOLDER` writes the smallest input that breaks something there.
"""

import hashlib
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.guarding import limit_memory, within_time
from tests.fuzz.mutants import mutant
from tests.fuzz.targets import TARGETS

MUTANTS = st.builds(mutant, st.randoms(use_true_random=False))
ANY_BYTES = st.binary(max_size=2_000)


def main(seconds: float, folder: Path) -> int:
    """1 when something was found."""
    limit_memory()
    ends_at, examples = time.monotonic() + seconds, 0
    while time.monotonic() < ends_at:
        for name in TARGETS:
            if time.monotonic() < ends_at and (found := _broken_by(name)) is not None:
                (folder / f"{name}-{hashlib.sha256(found).hexdigest()[:12]}.eml").write_bytes(found)
                return 1
            examples += 100
    sys.stdout.write(f"{examples} drawn emails and bytes: nothing found\n")
    return 0


def _broken_by(name: str) -> bytes | None:
    """The last input of a failing run: hypothesis ends with the smallest."""
    last: list[bytes] = [b""]

    @settings(
        max_examples=100,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(MUTANTS, ANY_BYTES))
    def tried(raw: bytes) -> None:
        try:
            within_time(TARGETS[name], raw)
        except Exception:
            last[0] = raw
            raise

    try:
        tried()
    except Exception as error:
        sys.stdout.write(f"{name}: {type(error).__name__} {error}\n")
        return last[0]
    return None


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), Path(sys.argv[2])))
