"""The command line: one thin function a command. Reads the clock, prints, and turns errors into one line.

Standard output carries what was asked for, and with --json nothing but JSON; everything else goes to standard error.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from intake.errors import DatabaseUnavailable, IntakeError, NotFound, WrongConfiguration
from intake.output import configure_output

if TYPE_CHECKING:
    from intake.jobs import Installation
    from intake.mail.automatic import OwnMail

DEFAULT_CONFIG = Path("config/intake.toml")
ACTOR = "command line"

app = typer.Typer(
    name="intake",
    help="Takes in, acknowledges and tracks consultation responses that arrive by email.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
consultation_app = typer.Typer(no_args_is_help=True, help="Consultations, from files and to files.")
app.add_typer(consultation_app, name="consultation")

AsJson = Annotated[bool, typer.Option("--json", help="Print machine-readable output.")]


@dataclass(frozen=True, slots=True)
class Given:
    """The configuration file, and whether somebody named it."""

    config: Path
    is_named: bool


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
    home = Path(__file__).parent
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


@app.command()
def setup(context: typer.Context) -> None:
    """Create or upgrade the database, and make the folder of stored files."""
    with _installed(context, needs_schema=False) as this:
        this.files.make_folders()
        changed = this.database.upgrade()
        typer.echo("The database is ready." if changed else "The database was ready already; nothing changed.")


@app.command()
def check(context: typer.Context, as_json: AsJson = False) -> None:
    """Check configuration, database, every mailbox and the mail server: a line each."""
    from intake.checking import check_installation

    with _installed(context, needs_schema=False) as this:
        checks = list(check_installation(this))
    if as_json:
        _print_json({"checks": [asdict(one) for one in checks]})
    else:
        for one in checks:
            typer.echo(f"{'ok  ' if one.ok else 'FAIL'}  {one.name}: {one.sentence}")
    if not all(one.ok for one in checks):
        raise typer.Exit(1)


@consultation_app.command("add")
def consultation_add(context: typer.Context, file: Path) -> None:
    """Add a consultation from a TOML file. The same file again changes nothing."""
    from intake.deadlines import closing_wording
    from intake.jobs import utc_now
    from intake.store.consultation_file import Added, add_consultation, read_consultation_file

    with _installed(context) as this:
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


@consultation_app.command("list")
def consultation_list(context: typer.Context, as_json: AsJson = False) -> None:
    """Show all consultations."""
    from intake.printing import consultation_in_words
    from intake.store.consultation_file import list_consultations

    with _installed(context) as this, this.database.reading() as session:
        rows = list_consultations(session)
    if as_json:
        _print_json({"consultations": [asdict(row) for row in rows]})
        return
    for row in rows:
        typer.echo(consultation_in_words(row))


@consultation_app.command("export")
def consultation_export(context: typer.Context, slug: str) -> None:
    """Print a consultation as a TOML file."""
    from intake.store.consultation_file import export_consultation

    with _installed(context) as this, this.database.reading() as session:
        typer.echo(export_consultation(session, slug), nl=False)


@app.command()
def collect(
    context: typer.Context,
    as_json: AsJson = False,
    fetch_oversize: Annotated[
        bool, typer.Option(help="Also fetch whole the emails that are held because they are too large.")
    ] = False,
) -> None:
    """Collect new mail from every mailbox once."""
    from intake import jobs
    from intake.errors import MailboxUnavailable
    from intake.inbound.fetching import request_oversize

    found: dict[str, Any] = {}
    failed: dict[str, str] = {}
    with _installed(context) as this:
        if fetch_oversize:
            with this.database.transaction() as session:
                request_oversize(session, now=this.clock(), actor=ACTOR)
        for name in this.settings.mailboxes:
            try:
                collected = jobs.collect(this, name)
            except MailboxUnavailable as error:
                failed[name] = str(error)
            else:
                found[name] = asdict(collected) if collected else None
    _report(as_json, {"mailboxes": found, "unavailable": failed})
    if failed:
        raise IntakeError(" ".join(failed.values()))


@app.command()
def record(context: typer.Context, as_json: AsJson = False) -> None:
    """Record every collected email that waits."""
    from intake import jobs

    with _installed(context) as this:
        done = jobs.record(this)
    _report(as_json, asdict(done))


@app.command()
def send(
    context: typer.Context,
    as_json: AsJson = False,
    release: Annotated[
        str | None,
        typer.Option(help="First release what is held for this reason, “backlog” or “template-error”, after a list."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Release without asking.")] = False,
) -> None:
    """Send every outgoing email that is due."""
    from intake import jobs

    with _installed(context) as this:
        if release is not None:
            _release(this, release, yes=yes)
        done = jobs.send(this)
    _report(as_json, asdict(done))


def _release(this: "Installation", named: str, *, yes: bool) -> None:
    """Release what the person was shown, as far as it is still held: nothing is locked while they think."""
    from intake.outbound.outbox import RELEASABLE, held_emails, release
    from intake.printing import local

    reason = next((reason for reason in RELEASABLE if reason.value == named), None)
    if reason is None:
        raise WrongConfiguration(f"--release takes {' or '.join(r.value for r in RELEASABLE)}, not “{named}”.")
    with this.database.reading() as session:
        listed = held_emails(session, reason)
    for outgoing in listed:
        since = local(outgoing.queued_at)
        typer.echo(f"{outgoing.kind} to {outgoing.recipient_address}, held since {since}", err=True)
    if listed and (yes or typer.confirm(f"Release these {len(listed)} emails?", err=True)):
        seen = {outgoing.id for outgoing in listed}
        with this.database.transaction() as session:
            still_held = [outgoing for outgoing in held_emails(session, reason) if outgoing.id in seen]
            release(session, still_held, now=this.clock(), actor=ACTOR)


@app.command()
def reconcile(
    context: typer.Context,
    mend: Annotated[
        bool, typer.Option("--mend", help="Collect, fetch, record and owe again what is missing. Sends nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Account for everything: servers, ledger, files, responses, acknowledgements. Exit 1 if something is amiss."""
    from intake import jobs

    with _installed(context) as this:
        found = jobs.reconcile(this, mend=mend, actor=ACTOR)
    differences = [asdict(one) for one in found.differences]
    if as_json:
        _print_json({"counts": asdict(found.counts), "differences": differences})
    else:
        _report(as_json, asdict(found.counts))
        for one in found.differences:
            what_next = "Mended." if one.mended else one.kind.remedy if mend else ""
            typer.echo(f"{one.kind}  {one.where}: {one.kind.sentence} {what_next}".rstrip())
    if found.unmended:
        if not mend:
            typer.echo("“intake reconcile --mend” mends what can be mended.", err=True)
        raise typer.Exit(1)


@app.command()
def held(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the emails that wait for a person or could not be read, and why."""
    from intake.inbound.holding import emails_held
    from intake.printing import LONDON, held_as_dict, held_in_words

    with _installed(context) as this, this.database.reading() as session:
        rows = emails_held(session)
    if as_json:
        _print_json({"held": [held_as_dict(email) for email, _ in rows]})
        return
    for email, consultation in rows:
        typer.echo(held_in_words(email, consultation.timezone if consultation else LONDON))
    typer.echo(f"{len(rows)} in all.")


@app.command()
def work(context: typer.Context) -> None:
    """Run the scheduled worker until it is told to stop."""
    from intake.worker import stop_on_signals
    from intake.worker import work as run_worker

    stop = threading.Event()
    stop_on_signals(stop)
    with _installed(context, stop=stop) as this:
        run_worker(this, stop)


@app.command()
def drop(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Email files (.eml), mboxes or Maildirs.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Take in mail from files as if it had been collected."""
    from intake.inbound.dropping import drop_files
    from intake.jobs import utc_now

    with _installed(context) as this:
        dropped = drop_files(files, this.database, this.files, now=utc_now(), actor=ACTOR)
    _report(as_json, asdict(dropped))


@app.command()
def explain(
    context: typer.Context,
    # Not paths: each is printed as it was given.
    files: Annotated[list[str], typer.Argument(help="Email files (.eml).", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Show what would be understood from these emails. Touches nothing, and needs no configuration."""
    from intake.mail.explaining import explained
    from intake.printing import explained_in_words

    missing = [file for file in files if not Path(file).is_file()]
    if missing:
        raise NotFound(f"There is no file {missing[0]}; nothing was explained.")
    for line in explained(files, own=_own_mail(context.obj)):
        if as_json:
            _print_json(line)
        else:
            typer.echo(explained_in_words(line))


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


@contextmanager
def _installed(
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


def _own_mail(given: Given) -> "OwnMail | None":
    """What our own mail is recognised by; None where nobody named a configuration and the usual one is of no use."""
    from intake.mail.automatic import OwnMail
    from intake.settings import load_message_id_domain

    try:
        return OwnMail(load_message_id_domain(given.config))
    except WrongConfiguration:
        if given.is_named:
            raise
        return None


def _print_json(value: object) -> None:
    from intake.printing import as_json_line

    typer.echo(as_json_line(value))


def _report(as_json: bool, counts: dict[str, Any]) -> None:
    from intake.printing import as_json_line, counts_in_words

    typer.echo(as_json_line(counts) if as_json else counts_in_words(counts))
