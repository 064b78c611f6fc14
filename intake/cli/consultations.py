"""Commands about consultations: from files, and to files."""

from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from intake.cli.opening import ACTOR, AsJson, installed, print_json

app = typer.Typer(no_args_is_help=True, help="Consultations, from files and to files.")


@app.command("add")
def consultation_add(context: typer.Context, file: Path) -> None:
    """Add a consultation from a TOML file. The same file again changes nothing."""
    from intake.deadlines import closing_wording
    from intake.jobs import utc_now
    from intake.store.consultation_file import Added, add_consultation, read_consultation_file

    with installed(context) as this:
        given = read_consultation_file(file)
        with this.database.transaction() as session:
            added = add_consultation(session, given, now=utc_now(), actor=ACTOR)
    if added is Added.added:
        typer.echo(f"Added “{given.slug}”.")
        if given.closes_at < utc_now():
            closed = closing_wording(given.closes_at, ZoneInfo(given.timezone))
            typer.echo(f"Mind that it closed at {closed}: all that comes is late.", err=True)
    else:
        typer.echo(f"“{given.slug}” is there already, just as in {file}; nothing changed.")


@app.command("list")
def consultation_list(context: typer.Context, as_json: AsJson = False) -> None:
    """Show all consultations."""
    from intake.printing import consultation_in_words
    from intake.store.consultation_file import list_consultations

    with installed(context) as this, this.database.reading() as session:
        rows = list_consultations(session)
    if as_json:
        print_json({"consultations": [asdict(row) for row in rows]})
        return
    for row in rows:
        typer.echo(consultation_in_words(row))


@app.command("export")
def consultation_export(context: typer.Context, slug: str) -> None:
    """Print a consultation as a TOML file."""
    from intake.store.consultation_file import export_consultation

    with installed(context) as this, this.database.reading() as session:
        typer.echo(export_consultation(session, slug), nl=False)
