"""What every command needs: the installation that the configuration describes, and the two ways to print a result."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intake.errors import DatabaseUnavailable, NotPossible

if TYPE_CHECKING:
    from intake.jobs import Installation

ACTOR = "command line"

AsJson = Annotated[bool, typer.Option("--json", help="Print machine-readable output.")]


@dataclass(frozen=True, slots=True)
class Given:
    """The configuration file, and whether somebody named it."""

    config: Path
    is_named: bool


@contextmanager
def installed(
    context: typer.Context, *, needs_schema: bool = True, stop: threading.Event | None = None
) -> Iterator["Installation"]:
    """The installation the configuration describes, closed at the end."""
    from sqlalchemy.exc import OperationalError

    from intake.jobs import open_installation
    from intake.settings import load_settings

    given: Given = context.obj
    settings = load_settings(given.config)
    this = open_installation(settings, stopped=stop.is_set if stop else lambda: False)
    try:
        if needs_schema:
            this.database.require_newest_schema()
        yield this
    except OperationalError:
        raise DatabaseUnavailable from None
    finally:
        this.close()


def print_json(value: object) -> None:
    from intake.printing import as_json_line

    typer.echo(as_json_line(value))


def report(as_json: bool, counts: dict[str, Any]) -> None:
    from intake.printing import as_json_line, counts_in_words

    typer.echo(as_json_line(counts) if as_json else counts_in_words(counts))


def require_writable(path: Path) -> None:
    """Before anything is done, whose report could then not be written."""
    was_there = path.exists()
    try:
        path.open("ab").close()
        if not was_there:
            path.unlink()
    except OSError as error:
        raise NotPossible(f"{path} cannot be written ({error.strerror}); nothing was done.") from None
