"""The command line: one thin function a command. Reads the clock, prints, and turns errors into one line.

Standard output carries what was asked for, and with --json nothing but JSON; everything else goes to standard error.
"""

import os
import sys
from pathlib import Path
from traceback import walk_tb
from typing import Annotated

import typer

from intake.cli import backups, consultations, mail, responses, running, users
from intake.cli.opening import Given
from intake.errors import IntakeError, WrongConfiguration
from intake.output import configure_output

DEFAULT_CONFIG = Path("config/intake.toml")

app = typer.Typer(
    name="intake",
    help="Takes in, acknowledges and tracks consultation responses that arrive by email.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(running.app)
app.add_typer(consultations.app, name="consultation")
app.add_typer(consultations.consultees, name="consultee")
app.add_typer(users.app, name="user")
app.add_typer(mail.app)
app.add_typer(responses.app)
app.add_typer(backups.app)


def main() -> None:
    """The `intake` command. Exit 0 on success, 2 for a wrong configuration or call, 1 for anything else."""
    try:
        app()
    except WrongConfiguration as error:
        _end(error, 2)
    except IntakeError as error:
        _end(error, 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        # Nothing that the error itself says, and no traceback: either may quote a letter or an address.
        what = f"{type(error).__name__} ({error.strerror})" if isinstance(error, OSError) else type(error).__name__
        _end(f"This broke off unexpectedly: {what} at {_place(error)}.", 1)


def _end(sentence: object, code: int) -> None:
    typer.echo(f"intake: {sentence}", err=True)
    sys.exit(code)


def _place(error: Exception) -> str:
    """The last line of our own code that ran."""
    home = Path(__file__).parent.parent
    lines = [(Path(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
    file, line = [(file, line) for file, line in lines if file.is_relative_to(home)][-1]
    return f"{file.relative_to(home.parent)}:{line}"


@app.callback()
def configure(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(envvar="INTAKE_CONFIG", help=f"The configuration file; {DEFAULT_CONFIG} without it."),
    ] = None,
) -> None:
    os.umask(0o077)  # the database and the files hold people's letters: for intake's own user only
    configure_output()
    context.obj = Given(config or DEFAULT_CONFIG, config is not None)
