"""Alarms: what has stopped working, found from the database, the disk and the clock; told to administrators by email,
once, and once when it is over.

Never repairs anything, and never quotes a letter: a sentence names mailboxes, counts and times.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.errors import SendPostponed, SendRefused
from intake.mail.compose import UnwritableAddress, new_message_id
from intake.mail.smtp import Sender
from intake.outbound.plain_emails import own_address, plain_email
from intake.outbound.round_trips import clock_ahead, note_what_came, overdue
from intake.settings import Settings
from intake.store.alarms import Alarm, LastLook
from intake.store.database import Database, add_if_new
from intake.store.emails import EmailStatus, InboundEmail, Mailbox, OutgoingEmail, OutgoingStatus, SendingAccount
from intake.store.users import Role, User
from intake.wording import length_wording, plural

KIND = "alarm"
_OLD = timedelta(days=1)
_NO_LOOK = timedelta(minutes=5)  # a look takes place each minute
_CLOCK_OFF = timedelta(minutes=5)
_LOOKED_AT = timedelta(hours=6)  # how far back emails tell of the clock


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong now; the same `key` is the same trouble."""

    key: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Told:
    """How many alarms were raised and ended, and how many emails about them went."""

    raised: int = 0
    over: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Watch:
    """What watching works with. `routes` are the ways an email may go, the usual one first."""

    database: Database
    settings: Settings
    routes: Sequence[Callable[[], Sender]]
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm as pages and machines see it. Without `since` it always was so."""

    key: str
    sentence: str
    since: datetime | None
    is_told: bool


def watch(this: Watch, *, now: datetime) -> Told:
    """Hold what is wrong against what stands, and tell what changed."""
    with this.database.transaction() as session:
        note_look(session, now=now)
        note_what_came(session)
        found = {one.key: one for one in (*troubles(session, this.settings, now=now), *_disks(this))}
        raised, over = _keep(session, found, now=now)
    return Told(raised, over, _tell(this, now=now))


def note_look(session: Session, *, now: datetime) -> None:
    """A worker is there."""
    add_if_new(session, LastLook, id=1, at=now)
    session.get_one(LastLook, 1).at = now


def standing_now(session: Session, *, now: datetime) -> list[Standing]:
    """Those that are not over, oldest first; and that no worker runs, which no worker can tell."""
    found = [Standing(one.key, one.sentence, one.since, one.told_at is not None) for one in standing(session)]
    last = session.get(LastLook, 1)
    if last is None or now - last.at > _NO_LOOK:
        told = "No worker runs: no mail is collected, acknowledged or sent. Start it: intake work."
        found.append(Standing("worker", told, last.at if last else None, is_told=False))
    return found


def standing(session: Session) -> Sequence[Alarm]:
    """Those that a worker found and that are not over, oldest first."""
    return session.exec(select(Alarm).where(col(Alarm.over_at).is_(None)).order_by(col(Alarm.since))).all()


def troubles(session: Session, settings: Settings, *, now: datetime) -> Iterator[Trouble]:
    """What the database knows of."""
    yield from _mailboxes(session, settings, now)
    yield from _queues(session, settings, now)
    yield from _left_lying(session, now)
    yield from _clock(session, now)
    yield from (Trouble(f"round-trip:{one}"[:120], told) for one, told in overdue(session, settings, now=now))


def _disks(this: Watch) -> Iterator[Trouble]:
    """Of the stored emails and, with SQLite, of the database, where that is another disk."""
    places = [("disk", "stored emails", this.settings.files.path)]
    if this.database.file:
        places.append(("disk-database", "database", this.database.file.parent))
    seen = set[int]()
    for key, what, folder in places:
        with suppress(OSError):  # a folder that is not there is told by whoever needs it
            device, free = folder.stat().st_dev, this.free_bytes(folder) // 1_000_000
            if device not in seen and free < this.settings.alarms.free_mb:
                yield Trouble(key, f"The disk with the {what} has {free:,} MB left; make room before it is full.")
            seen.add(device)


def _mailboxes(session: Session, settings: Settings, now: datetime) -> Iterator[Trouble]:
    rows = {row.name: row for row in session.exec(select(Mailbox))}
    patience = timedelta(minutes=settings.alarms.silent_minutes)
    for name, row in ((name, rows[name]) for name in settings.mailboxes if name in rows):
        if row.is_refused and row.last_error:
            yield Trouble(f"sign-in:{name}", row.last_error)
        elif row.last_polled_at and now - row.last_polled_at > patience:
            silent = length_wording(now - row.last_polled_at)
            yield Trouble(
                f"silent:{name}", f"Mailbox {name} has not been read for {silent}. {row.last_error or ''}".strip()
            )
        elif row.last_polled_at is None and row.last_error:
            yield Trouble(f"silent:{name}", f"Mailbox {name} has never been read. {row.last_error}")


def _queues(session: Session, settings: Settings, now: datetime) -> Iterator[Trouble]:
    """Mailings wait for quiet hours, and behind one another; what answers somebody does not."""
    before = now - timedelta(minutes=settings.alarms.waiting_minutes)
    length = length_wording(timedelta(minutes=settings.alarms.waiting_minutes))
    is_waiting = col(OutgoingEmail.status).in_([OutgoingStatus.queued, OutgoingStatus.sending])
    account = session.get(SendingAccount, settings.smtp.account)
    if account and account.refusal and _count(session, is_waiting):
        yield Trouble("sending-refused", account.refusal)
    is_owed = is_waiting & col(OutgoingEmail.mailing_id).is_(None)
    unsent = _count(session, is_owed, col(OutgoingEmail.queued_at) < before)
    unread = _count(session, col(InboundEmail.status) == EmailStatus.received, col(InboundEmail.collected_at) < before)
    for key, count, what in (("sending", unsent, "sent"), ("recording", unread, "recorded")):
        if count:
            waits = "has" if count == 1 else "have"
            told = f"{plural(count, 'email')} {waits} waited for longer than {length} to be {what}."
            yield Trouble(key, told)


def _left_lying(session: Session, now: datetime) -> Iterator[Trouble]:
    """What only a person can go on with, for longer than a day."""
    old = col(InboundEmail.collected_at) < now - _OLD
    for status, words in ((EmailStatus.held, "held for a person to decide"), (EmailStatus.failed, "that failed")):
        count = _count(session, col(InboundEmail.status) == status, old)
        if count:
            yield Trouble(f"{status}-long", f"{plural(count, 'email')} {words} for longer than a day: see Held.")
    is_failed = col(OutgoingEmail.status) == OutgoingStatus.failed
    count = _count(session, is_failed, col(OutgoingEmail.queued_at) < now - _OLD)
    if count:
        told = (
            f"{plural(count, 'email')} could not be sent, and nobody has dealt with that for a day: see Outgoing mail."
        )
        yield Trouble("unsent-long", told)


def _clock(session: Session, now: datetime) -> Iterator[Trouble]:
    """An email cannot have come to the server after we fetched it from there, nor one of ours before we sent it."""
    lately = now - _LOOKED_AT
    times = select(InboundEmail.received_at, InboundEmail.collected_at).where(col(InboundEmail.collected_at) > lately)
    behind = max((received - collected for received, collected in session.exec(times) if received), default=timedelta())
    for off, way in ((behind, "behind"), (clock_ahead(session, since=lately), "ahead of")):
        if off > _CLOCK_OFF:
            told = f"This machine’s clock is about {length_wording(off)} {way} a mail server’s; set it by NTP."
            yield Trouble("clock", told)


def _count(session: Session, *conditions: sa.ColumnElement[bool]) -> int:
    counted: int = session.execute(sa.select(sa.func.count()).where(*conditions)).scalar_one()
    return counted


def _keep(session: Session, found: dict[str, Trouble], *, now: datetime) -> tuple[int, int]:
    known = {row.key: row for row in standing(session)}
    for key, trouble in found.items():
        if key in known:
            known[key].sentence = trouble.sentence
        else:
            add_if_new(session, Alarm, key=key, sentence=trouble.sentence, since=now)
    gone = [row for key, row in known.items() if key not in found]
    for row in gone:
        row.over_at = now
    return len(found.keys() - known.keys()), len(gone)


def _tell(this: Watch, *, now: datetime) -> int:
    """One email to each administrator about all that changed. What could not go by any way is told at the next look."""
    with this.database.transaction() as session:
        new = _claim(session, col(Alarm.over_at).is_(None), "told_at", now)
        is_over = col(Alarm.over_at).is_not(None) & col(Alarm.told_at).is_not(None)
        over = _claim(session, is_over, "over_told_at", now)
        recipients = _recipients(session, this.settings)
        told = [(row.sentence, row.since) for row in new], [(row.sentence, row.since) for row in over]
        ids = [row.id for row in new], [row.id for row in over]
    if not any(ids):
        return 0
    sent = _send(this, recipients, *told, now=now) if recipients else 0
    if recipients and not sent:
        with this.database.transaction() as session:
            for rows, column in zip(ids, ("told_at", "over_told_at"), strict=True):
                session.execute(sa.update(Alarm).where(col(Alarm.id).in_(rows)).values({column: None}))
    return sent


def _claim(
    session: Session, condition: sa.ColumnElement[bool], told: Literal["told_at", "over_told_at"], now: datetime
) -> Sequence[Alarm]:
    """Marked as told before it is, so that of two workers only one tells."""
    untold = select(Alarm).where(condition, getattr(Alarm, told).is_(None)).order_by(col(Alarm.since))
    rows = session.exec(untold.with_for_update(skip_locked=True)).all()
    for row in rows:
        setattr(row, told, now)
    return rows


def _recipients(session: Session, settings: Settings) -> Sequence[str]:
    if settings.alarms.to:
        return settings.alarms.to
    administrators = select(User.address).where(User.role == Role.administrator, col(User.disabled_at).is_(None))
    return session.exec(administrators).all()


def _send(
    this: Watch,
    recipients: Sequence[str],
    new: Sequence[tuple[str, datetime]],
    over: Sequence[tuple[str, datetime]],
    *,
    now: datetime,
) -> int:
    """To how many it went, by the first way that takes it."""
    subject = f"intake: {new[0][0] if new else 'over: ' + over[0][0]}"
    text = "\n\n".join(_parts(this.settings, new, over, now))
    settings, sent = this.settings, 0
    sender = own_address(settings)
    for recipient in recipients:
        message_id = new_message_id(KIND, settings.mail.message_id_domain)
        with suppress(UnwritableAddress):
            raw = plain_email(
                message_id=message_id, sender=sender, recipient=recipient, subject=subject[:150], text=text, now=now
            )
            sent += any(_goes(route, sender, recipient, raw) for route in this.routes)
    return sent


def _goes(route: Callable[[], Sender], sender: str, recipient: str, raw: bytes) -> bool:
    with closing(route()) as way:
        try:
            way.send(sender=sender, recipient=recipient, raw=raw)
        except (SendPostponed, SendRefused):
            return False
    return True


def _parts(
    settings: Settings, new: Sequence[tuple[str, datetime]], over: Sequence[tuple[str, datetime]], now: datetime
) -> Iterator[str]:
    if new:
        yield "Something needs you:\n\n" + "\n\n".join(f"* {sentence}" for sentence, _ in new)
    if over:
        lines = [f"* {sentence} (it lasted {length_wording(now - since)})" for sentence, since in over]
        yield "This is over:\n\n" + "\n\n".join(lines)
    yield f"The overview shows what stands: {settings.web.base_url}/"
    yield "You get one such email when something begins, and one when it is over."
