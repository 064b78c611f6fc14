"""One shallow function per scheduled job: put the parts together, call one thing below, write one line of output.

A job's name is its function's name, its id in the scheduler and the first word of its output. Jobs are the only place
besides `cli` and `web` that reads the clock.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Protocol

import structlog

from intake.accounts.sessions import forget_old_sessions
from intake.errors import IntakeError, LostRace
from intake.inbound.circumstances import Knowledge
from intake.inbound.collecting import collect_mailbox
from intake.inbound.copying import copying_rule
from intake.inbound.drafts import forget_drafts
from intake.inbound.poll import Collected, Poll, under_lease
from intake.inbound.reading import read
from intake.inbound.reconciliation import Reconciled, Reconciling
from intake.inbound.reconciling import reconcile_all
from intake.inbound.recording import Parsers, Recorded, Recording, record_waiting
from intake.inbound.testing_mailboxes import Testing, test_requested
from intake.mail.automatic import OwnMail
from intake.mail.mailbox import Mailbox, connect
from intake.mail.smtp import Sender, SmtpSender
from intake.outbound import acknowledging, mailing_fields, receipts, replying, testing_texts
from intake.outbound.acknowledging import AcknowledgementRules
from intake.outbound.alarms import Told, Watch, note_look, watch
from intake.outbound.outbox import Fields, Outbox, Sent, send_queued
from intake.outbound.reminding import Reminded
from intake.outbound.reminding import remind as remind_due
from intake.outbound.rendering import Renderer
from intake.outbound.round_trips import send_round_trips
from intake.outbound.texts import OFFICERS_MAILINGS, PUBLIC_MAILINGS
from intake.sandbox import Sandbox
from intake.settings import MailboxSettings, Settings, SmtpSettings
from intake.store.database import Database
from intake.store.files import FileStore
from intake.store.history import WORKER

PARSER_MEMORY_MB = 1024
SMTP_STEPS = 10  # connect, greeting, EHLO, STARTTLS, EHLO, AUTH, MAIL, RCPT, DATA and its answer may each time out
SESSIONS_KEPT = timedelta(days=90)
log = structlog.get_logger()


def utc_now() -> datetime:
    return datetime.now(UTC)


class Connect(Protocol):
    """Signs in to a mailbox; `intake.mail.mailbox.connect` outside tests."""

    def __call__(self, settings: MailboxSettings, *, name: str) -> Mailbox: ...


@dataclass(frozen=True, slots=True)
class Installation:
    """One configured intake: what every job works with. The two seams, mailbox and sender, are made by functions."""

    settings: Settings
    database: Database
    files: FileStore
    parsers: Parsers
    collecting_parsers: dict[str, Parsers] = field(default_factory=dict)  # one a mailbox: a sandbox serves one thread
    connect: Connect = connect
    make_sender: Callable[[SmtpSettings], Sender] = SmtpSender
    clock: Callable[[], datetime] = utc_now
    stopped: Callable[[], bool] = lambda: False

    @property
    def own(self) -> OwnMail:
        return OwnMail(self.settings.mail.message_id_domain)

    @property
    def renderer(self) -> Renderer:
        return _renderer(self.settings.templates.path)

    def close(self) -> None:
        for parsers in (self.parsers, *self.collecting_parsers.values()):
            parsers.close()
        self.database.close()


@cache
def _renderer(own_templates: Path | None) -> Renderer:
    """One a process: to compile the templates takes longer than to send an email. It sees when one changes."""
    return Renderer([own_templates] if own_templates else [])


def open_installation(settings: Settings, *, stopped: Callable[[], bool] = lambda: False) -> Installation:
    """The installation these settings describe. Starts nothing, makes nothing and touches no server."""
    return Installation(
        settings=settings,
        database=Database(settings.database.url),
        files=FileStore(settings.files.path),
        parsers=_parsers(settings, children=settings.worker.parsers),
        collecting_parsers={
            name: _parsers(settings, children=1) for name, one in settings.mailboxes.items() if one.take == "matching"
        },
        stopped=stopped,
    )


def collect(this: Installation, name: str) -> Collected | None:
    """Collect one mailbox. None when another worker is at it; raises MailboxUnavailable, which is noted first."""
    try:
        with _polling(this, name) as poll:
            found = collect_mailbox(poll)
    except LostRace:
        log.info("collect", mailbox=name, skipped="another worker is collecting it")
        return None
    except IntakeError as error:
        log.warning("collect", mailbox=name, error=str(error))
        raise
    if found.emails or found.missing_folders:
        # The number of folders only: an officer's folders have names of people and troubles.
        counts = asdict(found) | {"folders": len(found.folders), "missing_folders": len(found.missing_folders)}
        log.info("collect", mailbox=name, **counts)
    return found


def record(this: Installation) -> Recorded:
    """Record every email that waits."""
    worker, mail = this.settings.worker, this.settings.mail
    done = record_waiting(
        Recording(
            database=this.database,
            files=this.files,
            parsers=this.parsers,
            own=this.own,
            rules=partial(_rules, this),
            authserv_id=mail.authserv_id,
            claim_lasts=timedelta(seconds=worker.lease_seconds),
            clock=this.clock,
            stopped=this.stopped,
        )
    )
    if any(asdict(done).values()):
        log.info("record", **asdict(done))
    return done


def remind(this: Installation, *, at: datetime | None = None) -> Reminded:
    """Queue what the rules say is due, now or at an instant."""
    now = this.clock()
    domain = this.settings.mail.message_id_domain
    done = remind_due(this.database, at=at or now, message_id_domain=domain, now=now)
    if any(asdict(done).values()):
        log.info("remind", **asdict(done))
    return done


def send(this: Installation) -> Sent:
    """Send every outgoing email that is due."""
    smtp = this.settings.smtp
    sender = this.make_sender(this.settings.smtp)
    try:
        done = send_queued(
            Outbox(
                database=this.database,
                sender=sender,
                renderer=this.renderer,
                fields=fields_of(this),
                usernames={name: one.username for name, one in this.settings.mailboxes.items()},
                base_url=this.settings.web.base_url,
                account=smtp.account,
                per_minute=smtp.per_minute,
                claim_lasts=timedelta(seconds=smtp.timeout_seconds * SMTP_STEPS),
                clock=this.clock,
                stopped=this.stopped,
            )
        )
    finally:
        sender.close()
    if any(asdict(done).values()):
        log.info("send", **asdict(done))
    return done


def reconcile(this: Installation, *, mend: bool = False, actor: str = WORKER) -> Reconciled:
    """Account for everything. To mend takes `parsers`, which serve one thread: never beside `record`."""
    # What a killed process left in the spool; a day is longer than any fetch.
    this.files.clear_incoming(before=this.clock() - timedelta(days=1))
    found = reconcile_all(
        Reconciling(
            mailboxes=list(this.settings.mailboxes),
            poll=partial(_polling, this),
            database=this.database,
            files=this.files,
            parsers=this.parsers,
            record=partial(record, this),
            rules=partial(_rules, this),
            own=this.own,
            authserv_id=this.settings.mail.authserv_id,
            actor=actor,
            mend=mend,
            clock=this.clock,
            stopped=this.stopped,
        )
    )
    say = log.warning if found.differences else log.info
    say("reconcile", differences=len(found.differences), unmended=len(found.unmended), **asdict(found.counts))
    return found


def test_mailboxes(this: Installation) -> dict[str, bool]:
    """Test the mailboxes an administrator asked to have tested; whether each passed, by name."""
    mailboxes = this.settings.mailboxes
    results = test_requested(
        Testing(
            database=this.database,
            mailboxes=mailboxes,
            connect=lambda name: this.connect(mailboxes[name], name=name),
            clock=this.clock,
            stopped=this.stopped,
        )
    )
    for name, passed in results.items():
        log.info("test_mailboxes", mailbox=name, passed=passed)
    return results


def start(this: Installation) -> None:
    """A worker has begun; it looks for alarms once it has had time to read the mailboxes."""
    with this.database.transaction() as session:
        note_look(session, now=this.clock())


def alarms(this: Installation) -> Told:
    """Look for what stopped working, and tell administrators what began and what is over."""
    settings = this.settings
    servers = [one for one in (settings.smtp, settings.other_smtp) if one]
    routes = [partial(this.make_sender, one) for one in servers]
    tried = send_round_trips(this.database, settings, this.make_sender(settings.smtp), now=this.clock())
    if tried:
        log.info("alarms", round_trips=tried)
    told = watch(Watch(this.database, settings, routes), now=this.clock())
    if any(asdict(told).values()):
        log.warning("alarms", **asdict(told))
    return told


def forget(this: Installation) -> None:
    """Forget who signed in longer ago than security records are kept, and forms that nobody ever handed in."""
    now = this.clock()
    with this.database.transaction() as session:
        forget_old_sessions(session, before=now - SESSIONS_KEPT)
        forget_drafts(session, now=now)


def fields_of(this: Installation) -> dict[str, Fields]:
    """By kind, what fills in the text of an email."""
    of_mailings = partial(mailing_fields.fields, base_url=this.settings.web.base_url)
    own: dict[str, Fields] = {one.KIND: one.fields for one in (replying, testing_texts, receipts)}
    own[acknowledging.KIND] = partial(acknowledging.fields, base_url=this.settings.web.base_url)
    return own | dict.fromkeys((*PUBLIC_MAILINGS, *OFFICERS_MAILINGS), of_mailings)


@contextmanager
def _polling(this: Installation, name: str) -> Iterator[Poll]:
    """A poll of this mailbox, under its lease."""
    settings = this.settings.mailboxes[name]
    lease = timedelta(seconds=this.settings.worker.lease_seconds)
    with under_lease(this.database, name, lasts=lease, clock=this.clock) as owner:
        server = this.connect(settings, name=name)
        try:
            yield _poll(this, name, server, owner)
        finally:
            server.close()


def acknowledgement_rules(this: Installation, own_addresses: frozenset[str]) -> AcknowledgementRules:
    limit, domain = this.settings.acknowledgements.per_sender_a_day, this.settings.mail.message_id_domain
    return AcknowledgementRules(limit, domain, own_addresses)


def _rules(this: Installation, known: Knowledge) -> AcknowledgementRules:
    return acknowledgement_rules(this, known.own_addresses)


def _poll(this: Installation, name: str, server: Mailbox, owner: str) -> Poll:
    parsers = this.collecting_parsers.get(name)
    return Poll(
        name=name,
        settings=this.settings.mailboxes[name],
        server=server,
        database=this.database,
        files=this.files,
        may_copy=copying_rule(this.database, parsers, this.own) if parsers else None,
        largest_email=this.settings.mail.largest_email_mb * 1_000_000,
        lease=timedelta(seconds=this.settings.worker.lease_seconds),
        owner=owner,
        clock=this.clock,
        stopped=this.stopped,
    )


def _parsers(settings: Settings, *, children: int) -> Parsers:
    return Sandbox(read, children=children, seconds=settings.worker.parse_seconds, memory_mb=PARSER_MEMORY_MB)
