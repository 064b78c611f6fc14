"""What the demo puts on the terminal: tables, letters and what to try next. Reads no database.

Subjects, names and letters are strangers' text: only their printable characters reach the terminal.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from intake.demo.officers import Door
from intake.demo.outcomes import Outcome, Posted
from intake.mail.understanding import understand
from intake.settings import Settings
from intake.store.emails import EmailStatus
from intake.store.users import Role

STYLES = {
    EmailStatus.recorded: "green",
    EmailStatus.held: "yellow",
    EmailStatus.ignored: "bright_black",
    EmailStatus.failed: "red",
}


def show_place(console: Console, folder: Path) -> None:
    """Where the database and the files are meanwhile."""
    console.print(Text(f"Everything is kept in {folder} until the demo ends.\n"))


def show_doors(console: Console, doors: Sequence[Door], *, password: str) -> None:
    """The way in to the pages."""
    for order, door in enumerate(doors):
        verb = "or open" if order else "Open"
        who = "an officer" if door.role is Role.officer else "an administrator"
        # However narrow the terminal, one line: it is there to be clicked or copied.
        console.print(Text(f"{verb} {door.link}", style="bold"), soft_wrap=True)
        console.print(Text(f"     and you are signed in as {door.name}, {who}."))
    console.print(
        Text(
            "Each link lets you in once, within 15 minutes. Later sign in there as "
            f"{' or '.join(door.address for door in doors)}, with the password {password}\n"
        )
    )


def show_outcomes(console: Console, rows: Iterable[Outcome]) -> None:
    """What became of every email."""
    table = _table("What became of every email")
    table.add_column("From", ratio=4, no_wrap=True)
    table.add_column("Subject", ratio=5, no_wrap=True)
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Reference or reason", ratio=7)
    for row in rows:
        table.add_row(_plain(row.sender), _plain(row.subject), _status(row), Text(row.explanation))
    console.print(table)


def show_posted(console: Console, rows: Iterable[Posted]) -> None:
    """What was sent, and what was not and why."""
    table = _table("What was sent")
    table.add_column("To", ratio=3, no_wrap=True)
    table.add_column("Subject", ratio=5, no_wrap=True)
    table.add_column("Status", ratio=1)
    for row in rows:
        table.add_row(_plain(row.recipient), _plain(row.subject), Text(row.status))
    console.print(table)


def show_mailed(console: Console, lines: Sequence[str]) -> None:
    """What was sent to many, counted."""
    console.print(Text(f"To many at once: {'; '.join(lines)}.\n"))


def show_letter(console: Console, recipient: str, raw: bytes) -> None:
    """An email as its recipient reads it."""
    letter = understand(raw)
    lines = Text("\n").join(_plain(line) for line in letter.text.strip().splitlines())
    title, place = _plain(letter.subject or ""), _plain(f"in the mailbox of {recipient}")
    console.print(Panel(lines, title=title, title_align="left", subtitle=place, subtitle_align="left", padding=(1, 2)))


def show_outcome(console: Console, row: Outcome) -> None:
    """One email that came while the demo runs."""
    sender, subject = _plain(row.sender), _plain(row.subject)
    console.print(Text.assemble(sender, ", “", subject, "” → ", _status(row), ": ", row.explanation))


def show_counts(console: Console, counts: dict[str, int]) -> None:
    console.print(", ".join(f"{value} {name}" for name, value in counts.items()) + ".\n")


def show_invitation(console: Console, settings: Settings, *, link: str, port: int) -> None:
    """What to try: the pages, and a letter to the demo."""
    address, officer = (settings.mailboxes[name].username for name in ("review", "asha"))
    command = (
        f"swaks --server 127.0.0.1:{port} --to {address} --from you@somewhere.example "
        '--header "Subject: My response" --body "Keep our village school open."'
    )
    console.print(Text(f"Work as an officer: {link}\n", style="bold"), soft_wrap=True)
    console.print(Text(f"Write to {address} at 127.0.0.1 port {port}, for example:\n"))
    # However narrow the terminal, one line: it is there to be copied.
    console.print(Text(f"  {command}\n", style="bold"), soft_wrap=True)
    console.print(Text(f"An email to {officer}, an officer's own address, is held for a person to look at."))
    console.print(Text("Each email and its acknowledgement appear below within seconds. Ctrl-C ends the demo.\n"))


def show_end(console: Console) -> None:
    console.print("\nThe demo has ended; its folder is removed.")


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, expand=True)


def _status(row: Outcome) -> Text:
    return Text(row.status.value, style=STYLES.get(row.status, ""))


def _plain(text: str) -> Text:
    return Text("".join(character if character.isprintable() else " " for character in text))
