"""Commands that take in, explain, send and account for mail: one pass of a job each."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from intake.cli.opening import ACTOR, AsJson, Given, installed, print_json, report
from intake.errors import IntakeError, NotFound, WrongConfiguration
from intake.wording import plural

if TYPE_CHECKING:
    from intake.jobs import Installation
    from intake.mail.automatic import OwnMail

app = typer.Typer()


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
    with installed(context) as this:
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
    report(as_json, {"mailboxes": found, "unavailable": failed})
    if failed:
        raise IntakeError(" ".join(failed.values()))


@app.command()
def record(context: typer.Context, as_json: AsJson = False) -> None:
    """Record every collected email that waits."""
    from intake import jobs

    with installed(context) as this:
        done = jobs.record(this)
    report(as_json, asdict(done))


@app.command()
def send(
    context: typer.Context,
    as_json: AsJson = False,
    release: Annotated[
        str | None,
        typer.Option(help="First release what is held for this reason, such as “backlog” or “restored”, after a list."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Release without asking.")] = False,
) -> None:
    """Send every outgoing email that is due."""
    from intake import jobs

    with installed(context) as this:
        if release is not None:
            _release(this, release, yes=yes)
        done = jobs.send(this)
    report(as_json, asdict(done))


@app.command()
def remind(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what is due and who gets it. Writes nothing.")
    ] = False,
    at: Annotated[
        str | None,
        typer.Option(help="Judge by this instant, such as “2020-02-14 09:00” (UK time) or 2020-02-14T09:00:00Z."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Queue the reminders that are due. Each is checked again by the clock before it is sent."""
    from intake import jobs

    instant = _instant(at) if at else None
    with installed(context) as this:
        if dry_run:
            _show_due(this, instant or this.clock(), as_json=as_json)
        else:
            report(as_json, asdict(jobs.remind(this, at=instant)))


def _instant(written: str) -> datetime:
    """An instant of ISO 8601; without an offset it is UK time."""
    from intake.printing import LONDON

    refused = "--at is not a date and time; write it like “2020-02-14 09:00” or 2020-02-14T09:00:00Z."
    if len(written) <= len("2020-02-14"):
        raise WrongConfiguration(refused)
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise WrongConfiguration(refused) from None
    if not 1970 < found.year < 2970:
        raise WrongConfiguration(refused)
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(LONDON))).astimezone(UTC)


def _show_due(this: "Installation", at: datetime, *, as_json: bool) -> None:
    from intake.outbound.reminding import what_is_due, who_is_due
    from intake.printing import due_as_dict, due_in_words

    with this.database.reading() as session:
        found = [one for one in what_is_due(session, at) if not one.is_missed or one.is_missed_by(this.clock())]
        due = [(one, [] if one.is_missed else who_is_due(session, one, at)) for one in found]
        if as_json:
            missed = [due_as_dict(one, verdicts) for one, verdicts in due if one.is_missed]
            print_json({"at": at, "due": [due_as_dict(*one) for one in due if not one[0].is_missed], "missed": missed})
            return
        for one, verdicts in due:
            typer.echo(due_in_words(one, verdicts))
    typer.echo(f"{plural(len(due), 'mailing')} {'is' if len(due) == 1 else 'are'} due." if due else "Nothing is due.")


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

    with installed(context) as this:
        found = jobs.reconcile(this, mend=mend, actor=ACTOR)
    differences = [asdict(one) for one in found.differences]
    if as_json:
        print_json({"counts": asdict(found.counts), "differences": differences})
    else:
        report(as_json, asdict(found.counts))
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

    with installed(context) as this, this.database.reading() as session:
        rows = emails_held(session)
    if as_json:
        print_json({"held": [held_as_dict(email) for email, _ in rows]})
        return
    for email, consultation in rows:
        typer.echo(held_in_words(email, consultation.timezone if consultation else LONDON))
    typer.echo(f"{len(rows)} in all.")


@app.command()
def drop(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Email files (.eml), mboxes or Maildirs.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Take in mail from files as if it had been collected."""
    from intake.inbound.dropping import drop_files
    from intake.jobs import utc_now

    with installed(context) as this:
        dropped = drop_files(files, this.database, this.files, now=utc_now(), actor=ACTOR)
    report(as_json, asdict(dropped))


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
            print_json(line)
        else:
            typer.echo(explained_in_words(line))


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
