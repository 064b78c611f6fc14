"""The whole product on sample data: two consultations, four mailboxes, mail servers of its own, the worker, the pages.

Owns the order of it all and a temporary folder. Whatever configuration it is given, it touches no server, database or
folder named there: those are replaced before anything is opened.
"""

import json
import logging
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import structlog
from pydantic import SecretStr
from rich.console import Console

from intake import jobs
from intake.demo.mailings import go_on, invite
from intake.demo.officers import PASSWORD, add_people, handle_some, make_doors
from intake.demo.outcomes import counts, mailed, outcomes, posted
from intake.demo.samples import sample_consultations, sample_letters
from intake.demo.showing import (
    show_counts,
    show_doors,
    show_end,
    show_invitation,
    show_letter,
    show_mailed,
    show_outcome,
    show_outcomes,
    show_place,
    show_posted,
)
from intake.errors import IntakeError, WrongConfiguration
from intake.jobs import Installation, open_installation, utc_now
from intake.outbound.rendering import product_folder
from intake.settings import MailboxSettings, Settings, SignInSettings, load_settings
from intake.store.consultation_file import add_consultation
from intake.web.serving import Serving, listen
from intake.worker import stop_on_signals, work

if TYPE_CHECKING:
    from intake.demo.servers import MailServers

ACTOR = "demo"
HOST = "127.0.0.1"
MAILBOXES = ("review", "asha", "owen", "admissions")
LOOK_SECONDS = 0.2
ACKNOWLEDGEMENT = b"Message-ID: <intake.acknowledgement."


class DemoStopped(IntakeError):
    """The demo was stopped before it was finished."""


def run_demo(*, config: Path | None, once: bool, as_json: bool) -> None:
    """Show the product; with `once` end after one cycle, else serve its pages and go on until SIGINT or SIGTERM.

    `as_json` implies `once`. Without `config` the packaged one is used. Must be called in the main thread, for the
    signals.
    """
    settings = load_settings(config or product_folder("config") / "demo.toml")
    # Below a warning, process output would stand between the demo's tables.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    console = Console(quiet=as_json, highlight=False)
    stop = threading.Event()
    stop_on_signals(stop)
    with listen(HOST, 0) as listening, _installed(settings, stop, listening) as (this, servers):
        show_place(console, this.settings.files.path.parent)
        _run_cycle(this, servers)
        if once or as_json:
            _end_after_cycle(this, servers, console, stop)
        elif not stop.is_set():
            with Serving(this, listening):
                link = _open_pages(this, console)
                shown = _show_cycle(this, servers, console)
                show_invitation(console, this.settings, link=link, port=servers.smtp_port)
                _run_worker(this, servers, stop, console, shown)
            show_end(console)


def _end_after_cycle(this: Installation, servers: "MailServers", console: Console, stop: threading.Event) -> None:
    if stop.is_set():
        raise DemoStopped
    if console.quiet:
        _print_counts(this)
    else:
        _show_cycle(this, servers, console)


@contextmanager
def _installed(
    settings: Settings, stop: threading.Event, listening: socket.socket
) -> Iterator[tuple[Installation, "MailServers"]]:
    """The mail servers, and an installation that knows no others, in a folder that is removed at the end."""
    try:
        from intake.demo.servers import MailServers
    except ModuleNotFoundError as missing:
        raise WrongConfiguration(
            f"The demo needs the package {missing.name}; install them all with: pip install 'consultation-intake[demo]'"
        ) from None
    if absent := set(MAILBOXES) - set(settings.mailboxes):
        raise WrongConfiguration(
            f"The demo needs mailboxes called {', '.join(sorted(absent))}; run it without --config to use its own."
        )
    accounts = [settings.mailboxes[name].username.lower() for name in MAILBOXES]
    with (
        TemporaryDirectory(prefix="intake-demo-") as folder,
        MailServers(accounts, clock=utc_now) as servers,
        closing(
            open_installation(_redirected(settings, Path(folder), servers, listening), stopped=stop.is_set)
        ) as this,
    ):
        yield this, servers


def _redirected(settings: Settings, folder: Path, servers: "MailServers", listening: socket.socket) -> Settings:
    """The same settings with every server, database and folder replaced by the demo's own."""
    here = {"host": servers.host, "security": "none", "ca_file": None}
    imap = here | {"port": servers.imap_port, "password": SecretStr(servers.password)}
    smtp = here | {"port": servers.smtp_port, "username": None, "password": None}
    mailboxes: dict[str, MailboxSettings] = {
        name: one.model_copy(update=imap | {"username": one.username.lower()})
        for name, one in settings.mailboxes.items()
        if name in MAILBOXES
    }
    base_url = f"http://{HOST}:{listening.getsockname()[1]}"
    return settings.model_copy(
        update={
            "database": settings.database.model_copy(update={"url": f"sqlite:///{folder / 'intake.sqlite3'}"}),
            "files": settings.files.model_copy(update={"path": folder / "files"}),
            "mailboxes": mailboxes,
            "smtp": settings.smtp.model_copy(update=smtp),
            "web": settings.web.model_copy(update={"base_url": base_url}),
            "sign_in": SignInSettings(),
        }
    )


# One cycle


def _run_cycle(this: Installation, servers: "MailServers") -> None:
    """Set up, invite, let the mail come, then collect, record and send."""
    now = this.clock()
    this.database.upgrade()
    with this.database.transaction() as session:
        for file in sample_consultations(now=now):
            add_consultation(session, file, now=now, actor=ACTOR)
        add_people(session, now=now, actor=ACTOR)
    invite(this, now=now)
    # What a mailbox holds at its first poll is backlog and not acknowledged: the demo's mail comes after it.
    _collect(this)
    for letter in sample_letters(now=now):
        account = this.settings.mailboxes[letter.mailbox].username
        servers.deliver(account, letter.folder, letter.raw, received_at=letter.received_at)
    _collect(this)
    jobs.record(this)
    jobs.send(this)


def _collect(this: Installation) -> None:
    for name in this.settings.mailboxes:
        jobs.collect(this, name)


def _print_counts(this: Installation) -> None:
    with this.database.reading() as session:
        sys.stdout.write(json.dumps(counts(session)) + "\n")


def _show_cycle(this: Installation, servers: "MailServers", console: Console) -> "_Shown":
    with this.database.reading() as session:
        rows = outcomes(session)
        show_outcomes(console, rows)
        show_posted(console, posted(session))
        show_mailed(console, mailed(session))
        for letter in [one for one in servers.delivered if ACKNOWLEDGEMENT in one.raw][:1]:
            show_letter(console, letter.recipient, letter.raw)
        show_counts(console, counts(session))
    return _Shown({row.email_id for row in rows}, len(servers.delivered))


# The pages


def _open_pages(this: Installation, console: Console) -> str:
    """Let the people do a little, then tell the way in, and go there with the browser of a desktop. The officer's
    link."""
    now, base_url = this.clock(), this.settings.web.base_url
    with this.database.transaction() as session:
        handle_some(session, message_id_domain=this.settings.mail.message_id_domain, now=now)
        doors = make_doors(session, base_url, now=now, actor=ACTOR)
    go_on(this, now=now)
    jobs.send(this)
    jobs.reconcile(this)
    show_doors(console, doors, password=PASSWORD)
    if console.is_terminal:
        with suppress(webbrowser.Error):
            browser = webbrowser.get()
            # One that runs in the terminal (lynx, w3m) would stand in the way of the demo's own lines.
            if type(browser) is not webbrowser.GenericBrowser:
                browser.open(doors[0].link)
    return doors[0].link


# The worker


@dataclass(slots=True)
class _Shown:
    """What the terminal shows already: emails by id, and how many of the delivered letters."""

    emails: set[int]
    letters: int


def _run_worker(
    this: Installation, servers: "MailServers", stop: threading.Event, console: Console, shown: _Shown
) -> None:
    """Run the scheduled worker, and show what it does, until `stop` is set."""
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work, this, stop)
        try:
            while not (stop.is_set() or working.done()):
                _show_news(this, servers, console, shown)
                # Not stop.wait(): a signal's handler would wait for ever for the lock that this thread holds in it.
                time.sleep(LOOK_SECONDS)
        finally:
            stop.set()
    working.result()


def _show_news(this: Installation, servers: "MailServers", console: Console, shown: _Shown) -> None:
    # Counted first, so that no letter is shown before the email it answers.
    letters = len(servers.delivered)
    with this.database.reading() as session:
        for row in outcomes(session, but=shown.emails):
            show_outcome(console, row)
            shown.emails.add(row.email_id)
    for letter in servers.delivered[shown.letters : letters]:
        show_letter(console, letter.recipient, letter.raw)
    shown.letters = letters
