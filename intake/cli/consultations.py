"""Commands about consultations and their consultees: from files, and to files."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from intake.cli.opening import ACTOR, AsJson, installed, print_json, require_writable

if TYPE_CHECKING:
    from intake.administration.consultee_import import Imported
    from intake.administration.consultee_plan import Listing, Plan
    from intake.jobs import Installation

app = typer.Typer(no_args_is_help=True, help="Consultations, from files and to files.")
_FIELDS = {"organisation": "name", "stakeholder_group": "group", "key": "key", "domain": "domain"}
_FIELDS |= {"language": "language", "contacts": "contacts"}
consultees = typer.Typer(no_args_is_help=True, help="Those who are invited to respond.")


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


@consultees.command("import")
def consultee_import(
    context: typer.Context,
    slug: str,
    file: Path,
    as_json: AsJson = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    errors: Annotated[
        Path | None, typer.Option(help="Write the rows that have to be corrected to this CSV file.", show_default=False)
    ] = None,
    group: Annotated[str, typer.Option(help="The stakeholder group of rows that name none.", show_default=False)] = "",
    sheet: Annotated[
        str, typer.Option(help="The sheet with the list, if not the first that has one.", show_default=False)
    ] = "",
) -> None:
    """Add and correct the consultees in a list: CSV, XLSX, XLS or ODS. The same list again changes nothing.

    Rows that cannot be taken in are told, and end the command with 1; the others are taken in all the same.
    """
    from intake.administration.consultee_lists import read_listing

    listing = read_listing(file, sheet=sheet, group=group)
    if errors:
        require_writable(errors)
    with installed(context) as this:
        done = _imported(this, slug, listing, dry_run=dry_run)
    if errors:
        errors.write_bytes(listing.wrong_rows_as_csv(done.plan.wrong))
    if as_json:
        print_json(_in_numbers(done, dry_run=dry_run) | (_each_change(done.plan) if dry_run else {}))
    else:
        _print_in_words(done, dry_run=dry_run)
        if dry_run:
            _print_each_change(done.plan)
    if done.plan.wrong:
        raise typer.Exit(1)


def _imported(this: "Installation", slug: str, listing: "Listing", *, dry_run: bool) -> "Imported":
    from intake.administration.consultee_import import Imported, import_consultees
    from intake.administration.consultee_plan import plan_import
    from intake.store.consultations import consultation_by_slug

    if dry_run:
        with this.database.reading() as session:
            return Imported(plan_import(session, consultation_by_slug(session, slug), listing), 0)
    with this.database.transaction() as session:
        consultation = consultation_by_slug(session, slug)
        return import_consultees(session, consultation, listing, seen=None, now=this.clock(), actor=ACTOR)


def _in_numbers(done: "Imported", *, dry_run: bool) -> dict[str, Any]:
    plan = done.plan
    return {
        "dry_run": dry_run,
        "added": len(plan.added),
        "changed": len(plan.changed),
        "unchanged": len(plan.unchanged),
        "no_longer_invited": len(plan.uninvited),
        "not_in_file": len(plan.not_listed),
        "without_address": plan.without_address,
        "new_groups": plan.groups,
        "matched_responses": done.matched,
        "wrong": [{"row": row.number, "what": row.sentence} for row in plan.wrong],
    }


def _each_change(plan: "Plan") -> dict[str, Any]:
    """What would be done, consultee by consultee and field by field."""
    return {
        "additions": [{"row": one.number, **one.values, "contacts": one.contacts} for one in plan.added],
        "corrections": [
            {
                "row": one.number,
                "organisation": one.consultee.organisation,
                "changes": [{"field": each.name, "now": each.before, "from_list": each.after} for each in one.changes],
            }
            for one in plan.changed
        ],
    }


def _print_each_change(plan: "Plan") -> None:
    for one in plan.added:
        group, contacts = one.values["stakeholder_group"], one.contacts or "no address"
        typer.echo(f"Row {one.number}, new: {one.values['organisation']} ({group}), {contacts}.")
    for correction in plan.changed:
        for each in correction.changes:
            change = f"from “{each.before}” to" if each.before else "adds"
            what = f"{_FIELDS[each.name]} {change} “{each.after}”"
            typer.echo(f"Row {correction.number}, {correction.consultee.organisation}: {what}.")


def _print_in_words(done: "Imported", *, dry_run: bool) -> None:
    from intake.wording import plural

    plan: Plan = done.plan
    would = "would be " if dry_run else ""
    typer.echo(f"{plural(len(plan.added), 'consultee')} {would}added, {len(plan.changed):,} {would}changed.")
    say = "says" if len(plan.unchanged) == 1 else "say"
    typer.echo(f"{plural(len(plan.unchanged), 'row')} {say} what is known already.")
    if plan.groups:
        typer.echo(f"New stakeholder groups: {', '.join(plan.groups)}.")
    if plan.without_address:
        typer.echo(f"Without an address: {plan.without_address:,} of those added.")
    if plan.uninvited:
        typer.echo(f"No longer invited, and left so: {len(plan.uninvited):,}.")
    if plan.not_listed:
        typer.echo(f"Invited, but not in the list: {len(plan.not_listed):,}. Nothing changes for them.")
    if done.matched:
        typer.echo(f"{plural(done.matched, 'earlier response')} matched.")
    for row in plan.wrong:
        typer.echo(f"Row {row.number}: {row.sentence}", err=True)
