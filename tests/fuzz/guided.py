"""Lets atheris look for input that reaches new code in one target: `python -m tests.fuzz.guided TARGET [options]`.

The options are libFuzzer's. Half of the changes are libFuzzer's, half keep the form of an email (`mutants.py`).
"""

import sys
from random import Random

import atheris  # type: ignore[import-untyped]

from tests.fuzz.mutants import mutant


def main(arguments: list[str]) -> None:
    """Never returns: libFuzzer ends the process, with another code than 0 when something was found."""
    with atheris.instrument_imports(include=["intake.mail"]):
        from tests.fuzz.targets import TARGETS
    target = TARGETS[arguments[1]]
    atheris.Setup([arguments[0], *arguments[2:]], target, custom_mutator=_changed, internal_libfuzzer=True)
    atheris.Fuzz()


def _changed(raw: bytes, most: int, seed: int) -> bytes:
    random = Random(seed)
    if random.random() < 0.5:
        changed: bytes = atheris.Mutate(raw, most)
        return changed
    return mutant(random, [raw])[:most]


if __name__ == "__main__":
    main(sys.argv)
