"""Commands about responses that come and go as files: another platform's export in, the log out."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intake.cli.opening import ACTOR, AsJson, installed, print_json, require_writable

if TYPE_CHECKING:
    from intake.inbound.importing import ImportPlan
    from intake.jobs import Installation

app = typer.Typer()


class _Format(StrEnum):
    """As `intake.responses.exporting` has them, which only the command itself imports."""

    xlsx = "xlsx"
    csv = "csv"
    json = "json"


@app.command("import")
def import_(
    context: typer.Context,
    slug: str,
    file: Path,
    mapping: Annotated[Path, typer.Option(help="What the columns hold, as a TOML file.", show_default=False)],
    as_json: AsJson = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    acknowledge: Annotated[
        bool, typer.Option("--acknowledge", help="Send an acknowledgement to each new response's address.")
    ] = False,
    errors: Annotated[
        Path | None,
        typer.Option(help="Write the rows that are wrong or changed to this CSV file.", show_default=False),
    ] = None,
) -> None:
    """Take in what people answered on another platform, from its export: CSV, XLSX, XLS or ODS.

    Each row once: the same file again adds nothing, a longer one its new rows. Rows that are wrong, or that changed
    since they were imported, are told and end the command with 1; the others are taken in all the same.
    """
    from intake.inbound.import_mapping import read_mapping_file
    from intake.inbound.importing import plan_import, read_export, reader_of
    from intake.store.consultations import consultation_by_slug

    read = read_mapping_file(mapping)
    sheets = read_export(file)
    if errors:
        require_writable(errors)
    with installed(context) as this:
        with this.database.reading() as session:
            reader = reader_of(session, consultation_by_slug(session, slug), sheets, read, this.clock())
            plan = plan_import(session, reader)
        if not dry_run:
            _take_in(this, plan, acknowledge=acknowledge)
    if errors:
        errors.write_bytes(plan.to_correct_as_csv())
    if as_json:
        print_json(_in_numbers(plan, dry_run=dry_run))
    else:
        _print_in_words(plan, dry_run=dry_run)
    if plan.wrong or plan.changed:
        raise typer.Exit(1)


@app.command("export")
def export(
    context: typer.Context,
    slug: str,
    file: Path,
    format_: Annotated[_Format, typer.Option("--format", help="Of the file.", show_default=False)],
) -> None:
    """Write the log of a consultation to a file: every response with its answers, whoever it is from."""
    from intake.responses.exporting import Format, export_consultation
    from intake.wording import plural

    require_writable(file)
    with installed(context) as this, this.database.transaction() as session:
        done = export_consultation(session, slug, file, Format(format_), now=this.clock(), actor=ACTOR)
    kept = f", {done.confidential:,} of them confidential" if done.confidential else ""
    typer.echo(f"{plural(done.responses, 'response')}{kept} written to {file}.")
    if done.shortened:
        texts = plural(done.shortened, "text")
        typer.echo(f"{texts} too long for a workbook's cell: shortened here, whole as csv and as json.", err=True)


def _take_in(this: "Installation", plan: "ImportPlan", *, acknowledge: bool) -> None:
    """With a line of progress on a terminal."""
    from rich.console import Console
    from rich.progress import track

    from intake.inbound.importing import take_in
    from intake.jobs import acknowledgement_rules
    from intake.store.consultations import own_addresses

    with this.database.reading() as session:
        rules = acknowledgement_rules(this, own_addresses(session)) if acknowledge else None
    console = Console(stderr=True)
    under_way = take_in(this.database, plan, now=this.clock(), actor=ACTOR, rules=rules)
    for _ in track(under_way, "Importing", total=plan.batches, console=console, disable=not console.is_terminal):
        pass


def _in_numbers(plan: "ImportPlan", *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "rows": plan.rows,
        "added": len(plan.new),
        "unchanged": plan.unchanged,
        "changed": [{"row": one.number, "reference": one.reference} for one in plan.changed],
        "wrong": [{"row": one.number, "what": one.sentence} for one in plan.wrong],
    }


def _print_in_words(plan: "ImportPlan", *, dry_run: bool) -> None:
    from intake.wording import plural

    would = "would be " if dry_run else ""
    typer.echo(f"{plural(len(plan.new), 'response')} {would}imported from {plural(plan.rows, 'row')}.")
    if plan.unchanged:
        typer.echo(f"Imported before, and unchanged: {plan.unchanged:,}.")
    for changed in plan.changed:
        typer.echo(f"Row {changed.number}: It changed since it was imported as {changed.reference}.", err=True)
    for wrong in plan.wrong:
        typer.echo(f"Row {wrong.number}: {wrong.sentence}", err=True)
