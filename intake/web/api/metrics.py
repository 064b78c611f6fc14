"""What Prometheus is told: how much lies where, how long since each mailbox was read, which alarms stand.

The one door to prometheus-client. Counts and times; never an address, a name or a subject.
"""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from sqlmodel import Session, col, select

from intake.outbound.alarms import standing_now
from intake.settings import Settings
from intake.store.emails import EmailStatus, InboundEmail, Mailbox, OutgoingEmail, OutgoingStatus
from intake.store.responses import Channel, Response

METRICS_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class _Found:
    """A collector that has been collected from already."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def figures(session: Session, settings: Settings, *, now: datetime) -> list[Metric]:
    return [
        _by(session, "intake_emails", "Emails, by where they stand.", InboundEmail.status, EmailStatus),
        _by(session, "intake_outgoing", "Outgoing emails, by where they stand.", OutgoingEmail.status, OutgoingStatus),
        _by(session, "intake_responses", "Responses, by the way they came.", Response.channel, Channel),
        _polled(session, settings, now),
        _waiting(session, now),
        _alarms(session, now),
        _disk(settings),
    ]


def exposition(metrics: list[Metric]) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Found(metrics))  # it is one by what it does
    return generate_latest(registry)


def _by(
    session: Session, name: str, told: str, column: object, every: type[EmailStatus | OutgoingStatus | Channel]
) -> Metric:
    gauge = GaugeMetricFamily(name, told, labels=["channel" if every is Channel else "status"])
    counted: dict[str, int] = dict(session.execute(sa.select(column, sa.func.count()).group_by(column)).all())  # type: ignore[call-overload]
    for one in every:
        gauge.add_metric([one.value], counted.get(one, 0))
    return gauge


def _polled(session: Session, settings: Settings, now: datetime) -> Metric:
    told = "Seconds since the last successful poll of a mailbox."
    gauge = GaugeMetricFamily("intake_mailbox_silent_seconds", told, labels=["mailbox"])
    for row in session.exec(select(Mailbox).where(col(Mailbox.last_polled_at).is_not(None))):
        if row.name in settings.mailboxes and row.last_polled_at:
            gauge.add_metric([row.name], (now - row.last_polled_at).total_seconds())
    return gauge


def _waiting(session: Session, now: datetime) -> Metric:
    """Mailings wait for quiet hours, so they are not looked at."""
    first = select(sa.func.min(OutgoingEmail.queued_at)).where(
        OutgoingEmail.status == OutgoingStatus.queued, col(OutgoingEmail.mailing_id).is_(None)
    )
    queued_at = session.exec(first).first()
    waits = (now - queued_at).total_seconds() if queued_at else 0
    gauge = GaugeMetricFamily("intake_outgoing_waiting_seconds", "How long the oldest email that is owed has waited.")
    gauge.add_metric([], waits)
    return gauge


def _alarms(session: Session, now: datetime) -> Metric:
    gauge = GaugeMetricFamily("intake_alarm", "1 for each alarm that stands.", labels=["key"])
    for one in standing_now(session, now=now):
        gauge.add_metric([one.key], 1)
    return gauge


def _disk(settings: Settings) -> Metric:
    gauge = GaugeMetricFamily("intake_disk_free_bytes", "Room on the disk with the stored emails.")
    with suppress(OSError):  # a folder that is not there is told by whoever needs it
        gauge.add_metric([], shutil.disk_usage(settings.files.path).free)
    return gauge
