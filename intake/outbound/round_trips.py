"""Emails that intake sends to the consultations' own addresses, to see whether they come in again.

Known by their Message-ID as our own, so that recording sets them aside and they never show. Only addresses of which
everything is taken in are tried: in an officer's own mailbox nothing of ours has to be.
"""

from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.errors import SendPostponed, SendRefused
from intake.mail.compose import compose, new_message_id
from intake.mail.message import Address
from intake.mail.smtp import Sender
from intake.settings import Settings
from intake.settings_sections import is_account_of
from intake.store.alarms import RoundTrip
from intake.store.consultations import AddressKind, Consultation, PublishedAddress
from intake.store.database import Database, add_if_new
from intake.store.emails import InboundEmail
from intake.wording import length_wording

KIND = "round-trip"
_KEPT = timedelta(days=30)
_TEXT = "intake sent this to see whether mail to this address comes in. Nobody needs to do anything with it."


def note_what_came(session: Session) -> None:
    """From what was collected and understood since."""
    under_way = select(RoundTrip, InboundEmail.collected_at).join(
        InboundEmail, col(InboundEmail.message_id) == RoundTrip.message_id
    )
    for trip, collected_at in session.exec(under_way.where(col(RoundTrip.came_at).is_(None))):
        trip.came_at = collected_at


def send_round_trips(database: Database, settings: Settings, sender: Sender, *, now: datetime) -> int:
    """One to each address whose interval has begun; how many. What cannot be sent does not come, which is told."""
    minutes = settings.alarms.round_trip_minutes
    if not minutes:
        return 0
    slot = int(now.timestamp()) // (minutes * 60)
    with database.transaction() as session:
        session.execute(sa.delete(RoundTrip).where(col(RoundTrip.sent_at) < now - _KEPT))
        trips = list(_begun(session, settings, slot, now))
    with closing(sender):
        for trip in trips:
            with suppress(SendPostponed, SendRefused):
                address = _sender(settings)
                sender.send(sender=address, recipient=trip.address, raw=_written(trip, address, now))
    return len(trips)


def overdue(session: Session, settings: Settings, *, now: datetime) -> Iterator[tuple[str, str]]:
    """Each address with a sentence, where the last that should be back is not, and no later one is."""
    patience = timedelta(minutes=settings.alarms.round_trip_wait_minutes)
    last: dict[str, RoundTrip] = {}
    for trip in session.exec(select(RoundTrip).order_by(col(RoundTrip.sent_at))):
        if trip.came_at or now - trip.sent_at > patience:
            last[trip.address] = trip
    for address, trip in last.items():
        if trip.came_at is None and settings.alarms.round_trip_minutes:
            ago = length_wording(now - trip.sent_at)
            what = "responses may not reach us, or nothing goes out"
            yield address, f"A test email to {address} has not come back for {ago}: {what}."


def _begun(session: Session, settings: Settings, slot: int, now: datetime) -> Iterator[RoundTrip]:
    """Rows that this worker made, so that no other sends the same."""
    for address in _addresses(session, settings):
        message_id = new_message_id(KIND, settings.mail.message_id_domain)
        add_if_new(session, RoundTrip, address=address, slot=slot, message_id=message_id, sent_at=now)
        made = session.exec(select(RoundTrip).where(RoundTrip.message_id == message_id)).first()
        if made:
            yield made


def _addresses(session: Session, settings: Settings) -> list[str]:
    whole = [one.username for one in settings.mailboxes.values() if one.take == "all"]
    published = session.exec(
        select(PublishedAddress.address)
        .join(Consultation, col(Consultation.id) == PublishedAddress.consultation_id)
        .where(PublishedAddress.kind == AddressKind.dedicated, col(Consultation.archived_at).is_(None))
        .order_by(PublishedAddress.address)
    )
    return [address for address in published if any(is_account_of(name, address) for name in whole)]


def _sender(settings: Settings) -> str:
    username = settings.smtp.username or ""
    return username if "@" in username else f"intake@{settings.mail.message_id_domain}"


def _written(trip: RoundTrip, sender: str, now: datetime) -> bytes:
    return compose(
        message_id=trip.message_id,
        sender=Address("intake", sender),
        recipient=Address("", trip.address),
        subject="intake: a test of the way in",
        text=_TEXT,
        html=None,
        in_reply_to=None,
        references=[],
        sent_at=now,
        auto_submitted="auto-generated",
    )
