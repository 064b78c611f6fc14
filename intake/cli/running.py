"""Commands that set the product up, check it, and run it."""

import signal
import sys
import threading
from dataclasses import asdict
from typing import Annotated

import typer

from intake.cli.opening import AsJson, Given, installed, print_json

app = typer.Typer()


@app.command()
def setup(context: typer.Context) -> None:
    """Create or upgrade the database, and make the folder of stored files."""
    with installed(context, needs_schema=False) as this:
        this.files.make_folders()
        changed = this.database.upgrade()
        typer.echo("The database is ready." if changed else "The database was ready already; nothing changed.")


@app.command()
def check(
    context: typer.Context,
    as_json: AsJson = False,
    send_to: Annotated[
        str | None, typer.Option(help="An address that gets an email from each consultation’s address, to be certain.")
    ] = None,
) -> None:
    """Check configuration, database, every mailbox, the mail server and sending: a line each."""
    from intake.checking import check_installation

    with installed(context, needs_schema=False) as this:
        checks = list(check_installation(this, send_to=send_to))
    if as_json:
        print_json({"checks": [asdict(one) for one in checks]})
    else:
        for one in checks:
            typer.echo(f"{'ok  ' if one.ok else 'FAIL'}  {one.name}: {one.sentence}")
    if not all(one.ok for one in checks):
        raise typer.Exit(1)


@app.command()
def work(context: typer.Context) -> None:
    """Run the scheduled worker until it is told to stop."""
    from intake.worker import stop_on_signals
    from intake.worker import work as run_worker

    stop = threading.Event()
    stop_on_signals(stop)
    with installed(context, stop=stop) as this:
        run_worker(this, stop)


@app.command()
def serve(context: typer.Context) -> None:
    """Serve the pages until it is told to stop."""
    from intake.web.serving import serve as serve_pages

    # uvicorn finishes what it answers, and then raises the signal again.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit())
    with installed(context) as this:
        web = this.settings.web
        typer.echo(f"The pages of {web.base_url} are served at {web.host}, port {web.port}; Ctrl-C ends it.", err=True)
        serve_pages(this)


@app.command()
def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option(help="Run one full cycle and end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the whole product on sample data."""
    from intake.demo import run_demo

    given: Given = context.obj
    run_demo(config=given.config if given.is_named else None, once=once, as_json=as_json)
