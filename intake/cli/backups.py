"""Commands that keep everything in one file, and put it back."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from intake.cli.opening import ACTOR, installed

app = typer.Typer()


@app.command()
def backup(context: typer.Context, file: Path) -> None:
    """Write database and stored files to one new tar file, while everything goes on."""
    from intake.store.backing_up import back_up
    from intake.wording import plural

    with installed(context) as this:
        done = back_up(this.database, this.files, file, now=this.clock())
    typer.echo(f"The database and {plural(done.files, 'stored file')} are in {file} ({done.megabytes:,.1f} MB).")


@app.command()
def restore(context: typer.Context, file: Path) -> None:
    """Put a backup into an empty installation. Nothing is sent by it: what waited is held for you to look at."""
    from intake.deadlines import moment_wording
    from intake.store.restoring import JUMP, restore
    from intake.wording import plural

    with installed(context, needs_schema=False) as this:
        done = restore(this.database, this.files, file, now=this.clock(), actor=ACTOR)
    then = moment_wording(datetime.fromisoformat(done.made_at), ZoneInfo("UTC"))
    typer.echo(f"Restored as it stood at {then} (UTC), with {plural(done.files, 'stored file')}.")
    typer.echo(f"References go on {JUMP:,} higher, as some may have been given out since.")
    typer.echo(
        f"Held: {plural(done.held, 'email')} that waited to be sent. Look at them: intake send --release restored"
    )
    typer.echo(
        "What lies in the mailboxes is collected again as a backlog: recorded, and acknowledged when you say so. "
        "Reminders that were due before now wait, paused, for you to go on with them."
    )
    typer.echo(
        "Everybody signs in again. Users and API tokens are as they were then: remove anew what you have removed since."
    )
