"""How well emails are understood where someone has written down how they are to be: the bars of docs/understanding.md.

`--folder` is any folder of emails. A folder `emails` in it, beside one `trimmed`, holds texts with the words of each
that are its writer's own. Of the rest only what holds of any email is counted.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from intake.mail.explaining import explained
from intake.mail.quoting import own_words
from tests.bench.explaining import OWN_EMAILS, email_paths


@dataclass(frozen=True, slots=True)
class Whole:
    """What was counted over whole emails."""

    emails: int
    unread: int
    without_text: int
    automatic: int
    bounces: int
    forwarded: int
    encrypted: int


@dataclass(frozen=True, slots=True)
class OwnWords:
    """`exact` after folding white space; `cut` short of a word that is the writer's own."""

    texts: int
    exact: int
    cut: int
    too_long: int


@dataclass(frozen=True, slots=True)
class Understanding:
    """`given` is of the folder that was given."""

    own: Whole
    own_words_of_ours: OwnWords
    given: Whole | None
    own_words_given: OwnWords | None


def measure_understanding(folder: Path | None) -> Understanding:
    """Our own test emails, and those of the folder."""
    texts = list(_trimmed(folder)) if folder else []
    return Understanding(
        _whole(email_paths(OWN_EMAILS)),
        _own_words(_expected_of_ours()),
        _whole([path for path in email_paths(folder) if not _is_bare_text(path)]) if folder else None,
        _own_words(texts) if texts else None,
    )


def _whole(paths: list[str]) -> Whole:
    lines = list(explained(paths, own=None))
    kinds = [line["automatic"]["kind"] for line in lines if isinstance(line["automatic"], dict)]
    defects = [set(line["defects"]) if isinstance(line["defects"], list) else set[str]() for line in lines]
    return Whole(
        emails=len(lines),
        unread=sum(any(" " in defect for defect in each) for each in defects),
        without_text=sum(not line["text"] for line in lines),
        automatic=len(kinds),
        bounces=kinds.count("bounce"),
        forwarded=sum(line["forwarded"] is not None for line in lines),
        encrypted=sum("encrypted" in each for each in defects),
    )


def _own_words(pairs: list[tuple[str, str]]) -> OwnWords:
    exact = cut = 0
    for found, expected in pairs:
        exact += found.split() == expected.split()
        cut += _is_cut(found.split(), expected.split())
    return OwnWords(len(pairs), exact, cut, len(pairs) - exact - cut)


def _is_cut(found: list[str], expected: list[str]) -> bool:
    """Whether some word that is the writer's own is missing."""
    rest = iter(found)
    return not all(word in rest for word in expected)


def _expected_of_ours() -> list[tuple[str, str]]:
    expected = tomllib.loads((OWN_EMAILS / "expected.toml").read_text(encoding="utf-8"))
    names = [name for name, wanted in expected.items() if "own_words" in wanted]
    lines = explained([str(OWN_EMAILS / f"{name}.eml") for name in names], own=None)
    return [(str(line["own_words"]), expected[name]["own_words"]) for name, line in zip(names, lines, strict=True)]


def _trimmed(folder: Path) -> Iterator[tuple[str, str]]:
    for trimmed in sorted(folder.rglob("trimmed/*")):
        text = trimmed.parent.parent / "emails" / trimmed.name
        if text.is_file():
            yield own_words(_read(text)), _read(trimmed)


def _is_bare_text(path: str) -> bool:
    """Pages, and texts beside what someone cut out of them, are no whole emails."""
    folder = Path(path).parent
    return path.endswith((".html", "_text")) or (folder.parent / "trimmed").is_dir()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
