"""Holds the house to its rules: sizes, names, and papers (README, CHANGELOG, lock file) that tell the truth."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted([*ROOT.glob("intake/**/*.py"), *ROOT.glob("tests/**/*.py")])
# A migration is a record of one day: however long, it is never reshaped.
SHAPED = [path for path in MODULES if path.parent.name != "versions"]
VAGUE_NAMES = {"util", "helper", "common", "manager", "service", "processor", "handler"}
# In pieces, so that this file does not name them itself.
HOSTS = ("pypi" + ".org", "python" + "hosted", "npmjs" + ".", "debian" + ".org")
MACHINE_PATH = re.compile(r"(?<![\w.])/" + r"(work|root)/")


def test_every_module_says_what_it_is() -> None:
    assert not [_shown(path) for path in MODULES if not ast.get_docstring(_tree(path))]


def test_no_file_is_longer_than_400_lines() -> None:
    assert not [_shown(path) for path in SHAPED if len(_text(path).splitlines()) > 400]


def test_no_function_is_longer_than_60_lines() -> None:
    assert not [f"{_shown(path)}: {name}" for path in SHAPED for name, size in _functions(path) if size > 60]


@pytest.mark.parametrize("folder", ["intake", "tests"])
def test_nine_functions_in_ten_have_at_most_25_lines(folder: str) -> None:
    sizes = [size for path in SHAPED if _is_in(folder, path) for _, size in _functions(path)]
    assert sum(size <= 25 for size in sizes) >= 0.9 * len(sizes)


def test_no_module_has_a_name_that_says_nothing() -> None:
    words = {path: path.with_suffix("").relative_to(ROOT).as_posix() for path in MODULES}
    assert not [name for name in words.values() if {word.rstrip("s") for word in re.split("[/_]", name)} & VAGUE_NAMES]


def test_readme_shows_how_to_set_up_try_and_test() -> None:
    assert {"make setup", "make demo", "make test"} <= {" ".join(words) for words in _readme_commands()}


def test_every_make_command_in_readme_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z]+):", _text(ROOT / "Makefile"), re.MULTILINE))
    named = {word for words in _readme_commands() if words[0] == "make" for word in words[1:] if "=" not in word}
    assert named <= targets


def test_every_intake_command_in_readme_is_one() -> None:
    commands = [words for words in _readme_commands() if words[0].removeprefix(".venv/bin/") == "intake"]
    assert not [" ".join(words) for words in commands if not _is_command(words[1:])]


def test_every_setting_in_readmes_table_is_one() -> None:
    from intake.settings import Settings

    schema = Settings.model_json_schema()
    existing = set(_settings(schema, schema.get("$defs", {})))
    section = re.search(r"^## Settings\n(.*?)(?=^## |\Z)", _text(ROOT / "README.md"), re.MULTILINE | re.DOTALL)
    assert section
    named = set(re.findall(r"^\| *`([^`]+)`", section[1], re.MULTILINE))
    assert named
    assert named <= existing


def test_changelog_has_the_form_of_keep_a_changelog() -> None:
    text = _text(ROOT / "CHANGELOG.md")
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert text.startswith("# Changelog\n")
    assert re.match(r"\[Unreleased\]|\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", text.partition("\n## ")[2])
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= kinds


def test_every_dependency_is_locked_with_its_hashes() -> None:
    project = tomllib.loads(_text(ROOT / "pyproject.toml"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    locked = re.findall(r"^([\w.-]+)==\S+.*\\\n    --hash=sha256:", _text(ROOT / "requirements.lock"), re.MULTILINE)
    assert {_package(line) for line in wanted} <= {*locked, project["name"]}


@pytest.mark.parametrize("lock", ["requirements.lock", ".ci/virtualenv.lock"])
def test_lock_file_holds_only_versions_hashes_and_reasons(lock: str) -> None:
    version, hashed, reason = r"[\w.-]+==[\w.]+( ; [^/]+)? \\", r"    --hash=sha256:[0-9a-f]{64}( \\)?", r"    # .*"
    assert not [
        line for line in _text(ROOT / lock).splitlines() if not re.fullmatch(f"{version}|{hashed}|{reason}", line)
    ]


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    texts = {_shown(path): path.read_bytes().decode(errors="replace") for path in _kept_files()}
    assert not [name for name, text in texts.items() if MACHINE_PATH.search(text)]
    assert not [name for name, text in texts.items() if any(host in text for host in HOSTS)]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _tree(path: Path) -> ast.Module:
    return ast.parse(_text(path))


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _is_in(folder: str, path: Path) -> bool:
    return path.is_relative_to(ROOT / folder)


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function's name and its lines, from `def` to its end."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def _readme_commands() -> list[list[str]]:
    """The words of each `make` and `intake` command in the README's fenced blocks, prompt and comment left off."""
    blocks = re.findall(r"^ *```.*?\n(.*?)^ *```", _text(ROOT / "README.md"), re.MULTILINE | re.DOTALL)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if re.match(r"(make|(\.venv/bin/)?intake)\b", line)]


def _is_command(words: list[str]) -> bool:
    import typer.main

    from intake.cli import app

    found: Any = typer.main.get_command(app)
    options = {"--help"}
    for word in words:
        options |= {option for parameter in found.params for option in parameter.opts}
        found = getattr(found, "commands", {}).get(word, found)
    options |= {option for parameter in found.params for option in parameter.opts}
    return not hasattr(found, "commands") and {word for word in words if word.startswith("-")} <= options


def _settings(schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    """The dotted name of each setting; the part an administrator chooses is NAME, as in `mailboxes.NAME.host`."""
    schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    parts = dict(schema.get("properties", {}))
    if isinstance(schema.get("additionalProperties"), dict):
        parts["NAME"] = schema["additionalProperties"]
    for choice in schema.get("anyOf", []):
        yield from _settings(choice, definitions)
    for name, part in parts.items():
        below = [f"{name}.{rest}" for rest in _settings(part, definitions)]
        yield from below or [name]


def _package(requirement: str) -> str:
    name = re.match(r"[\w.-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def _kept_files() -> list[Path]:
    """Every file git does not ignore, so far as the plain lines of .gitignore say."""
    ignored = {*(line.strip("/") for line in _text(ROOT / ".gitignore").splitlines()), ".git"}
    return [path for path in _below(ROOT, ignored) if path.is_file()]


def _below(folder: Path, ignored: set[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in ignored or _shown(path) in ignored or path.suffix == ".egg-info":
            continue
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _below(path, ignored)
