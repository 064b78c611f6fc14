"""`make fuzz`: looks for bytes that break the reading of emails, by hypothesis and atheris, and keeps what it finds."""

import argparse
import subprocess
import sys
from pathlib import Path

from tests.fuzz.guarding import MEMORY_MB, SECONDS
from tests.fuzz.mutants import SEEDS
from tests.fuzz.targets import TARGETS

_ROOT = Path(__file__).parent.parent.parent
_FOUND = _ROOT / "var" / "fuzz" / "found"
_CORPUS = _ROOT / "var" / "fuzz" / "corpus"
_LONGEST = 60_000  # bytes of an input


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="how long in all (120)")
    parser.add_argument("--target", choices=sorted(TARGETS), help="only this one, by atheris")
    given = parser.parse_args()
    _FOUND.mkdir(parents=True, exist_ok=True)
    before = set(_FOUND.iterdir())
    targets = [given.target] if given.target else list(TARGETS)
    if not given.target:
        _run("tests.fuzz.generated", str(given.seconds / 4), str(_FOUND))
    share = given.seconds * (1 if given.target else 0.75) / len(targets)
    for target in targets:
        _guide(target, share)
    found = sorted(set(_FOUND.iterdir()) - before)
    for path in found:
        _print(f"Found {path.relative_to(_ROOT)}")
    if found:
        _print("Keep each that is mended: as tests/emails/NAME.eml, named by what is odd about it, and say in")
        _print("tests/emails/expected.toml how it is understood. What is no email goes into a test of its module.")
    sys.exit(bool(found))


def _guide(target: str, seconds: float) -> None:
    corpus = _CORPUS / target
    if not corpus.exists():
        corpus.mkdir(parents=True)
        for number, seed in enumerate(SEEDS):
            (corpus / f"seed-{number}").write_bytes(seed)
    options = {
        "max_total_time": max(int(seconds), 1),
        "timeout": SECONDS,
        "rss_limit_mb": MEMORY_MB,
        "max_len": _LONGEST,
        "artifact_prefix": f"{_FOUND}/{target}-",
        "verbosity": 0,
    }
    _run("tests.fuzz.guided", target, *(f"-{name}={value}" for name, value in options.items()), str(corpus))


def _run(module: str, *arguments: str) -> None:
    """One in a process of its own: what is found may kill it."""
    label = arguments[0] if module.endswith("guided") else "generated"
    done = subprocess.run([sys.executable, "-m", module, *arguments], cwd=_ROOT, capture_output=True, check=False)
    _print(f"{label}: {'nothing found' if done.returncode == 0 else 'ended with ' + str(done.returncode)}")
    if done.returncode:
        _print((done.stdout + done.stderr).decode("utf-8", "replace")[-3_000:])


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
