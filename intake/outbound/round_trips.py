"""Emails that intake sends to the consultations' published addresses, to see whether they come in again.

Known by their Message-ID as our own, so that recording sets them aside and they never show. An officer's own mailbox
gets them only where they may be removed from it again. Never touches a mailbox: collecting does.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.errors import SendPostponed, SendRefused
from intake.mail.compose import UnwritableAddress, new_message_id
from intake.mail.smtp import Sender
from intake.outbound.plain_emails import own_address, plain_email
from intake.settings import Settings
from intake.settings_sections import is_account_of
from intake.store.alarms import RoundTrip
from intake.store.consultations import AddressKind, Consultation, PublishedAddress
from intake.store.database import Database, add_if_new
from intake.store.emails import EmailStatus, InboundEmail
from intake.store.reasons import Reason
from intake.wording import length_wording

KIND = "round-trip"
_KEPT = timedelta(days=30)
_SUBJECT = "intake: a test of the way in"
_TEXT = "intake sent this to see whether mail to this address comes in. Nobody needs to do anything with it."


def is_round_trip(message_id: str | None) -> bool:
    """Of an email that is our own."""
    return (message_id or "").startswith(f"<intake.{KIND}.")


def own_test_emails() -> sa.Select[Any]:
    """The ids of those that came in again and were set aside as our own."""
    return sa.select(col(InboundEmail.id)).where(
        col(InboundEmail.message_id).in_(sa.select(col(RoundTrip.message_id))),
        col(InboundEmail.status) == EmailStatus.ignored,
        col(InboundEmail.reason) == Reason.own_mail.value,
    )


def note_what_came(session: Session) -> None:
    """From what was collected and understood since."""
    for trip, email in _with_email(session, col(RoundTrip.came_at).is_(None)):
        trip.came_at = email.collected_at


def clock_ahead(session: Session, *, since: datetime) -> timedelta:
    """By how much an email of ours came to its server before we sent it, as our clock has it. 0: by none."""
    came = _with_email(session, col(RoundTrip.sent_at) > since)
    return max((trip.sent_at - email.received_at for trip, email in came if email.received_at), default=timedelta())


def send_round_trips(database: Database, settings: Settings, sender: Sender, *, now: datetime) -> int:
    """One to each address whose interval has begun; how many. What cannot be sent does not come, which is told."""
    minutes = settings.alarms.round_trip_minutes
    if not minutes:
        return 0
    slot = int(now.timestamp()) // (minutes * 60)
    with database.transaction() as session:
        session.execute(sa.delete(RoundTrip).where(col(RoundTrip.sent_at) < now - _KEPT))
        trips = [(trip.address, trip.message_id) for trip in _begun(session, settings, slot, now)]
    ours = own_address(settings)
    with closing(sender):
        for address, message_id in trips:
            with suppress(SendPostponed, SendRefused, UnwritableAddress):
                raw = plain_email(
                    message_id=message_id, sender=ours, recipient=address, subject=_SUBJECT, text=_TEXT, now=now
                )
                sender.send(sender=ours, recipient=address, raw=raw)
    return len(trips)


def overdue(session: Session, settings: Settings, *, now: datetime) -> Iterator[tuple[str, str]]:
    """Each address that is still tried, with a sentence, where the last email that should be back is not, and no later
    one is."""
    if not settings.alarms.round_trip_minutes:
        return
    patience = timedelta(minutes=settings.alarms.round_trip_wait_minutes)
    tried = set(_addresses(session, settings))
    last: dict[str, RoundTrip] = {}
    for trip in session.exec(select(RoundTrip).order_by(col(RoundTrip.sent_at))):
        if trip.address in tried and (trip.came_at or now - trip.sent_at > patience):
            last[trip.address] = trip
    for address, trip in last.items():
        if trip.came_at is None:
            ago = length_wording(now - trip.sent_at)
            what = "responses may not reach us, or nothing goes out"
            yield address, f"A test email to {address} has not come back for {ago}: {what}."


def _with_email(session: Session, condition: sa.ColumnElement[bool]) -> Sequence[tuple[RoundTrip, InboundEmail]]:
    is_it = col(InboundEmail.message_id) == RoundTrip.message_id
    return session.exec(select(RoundTrip, InboundEmail).join(InboundEmail, is_it).where(condition)).all()


def _begun(session: Session, settings: Settings, slot: int, now: datetime) -> Iterator[RoundTrip]:
    """Rows that this worker made, so that no other sends the same."""
    for address in _addresses(session, settings):
        message_id = new_message_id(KIND, settings.mail.message_id_domain)
        add_if_new(session, RoundTrip, address=address, slot=slot, message_id=message_id, sent_at=now)
        made = session.exec(select(RoundTrip).where(RoundTrip.message_id == message_id)).first()
        if made:
            yield made


def _addresses(session: Session, settings: Settings) -> list[str]:
    """Every dedicated address; an officer's where we read that mailbox and may remove from it what we sent."""
    cleared = [one.username for one in settings.mailboxes.values() if one.remove_round_trips]
    published = session.exec(
        select(PublishedAddress.address, PublishedAddress.kind)
        .join(Consultation, col(Consultation.id) == PublishedAddress.consultation_id)
        .where(col(Consultation.archived_at).is_(None))
        .order_by(PublishedAddress.address)
    )
    return list(
        dict.fromkeys(
            address
            for address, kind in published
            if kind is AddressKind.dedicated or any(is_account_of(name, address) for name in cleared)
        )
    )
