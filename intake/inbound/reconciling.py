"""Reconcile: hold servers, ledger, stored files, outcomes and acknowledgements against each other.

Owns the order, and the numbers. Without `mend` it changes nothing, except that each mailbox's row says when it was
compared and with what result. Mending collects, fetches, records and queues again by the same code that does so every
day; it never sends, and never writes other bytes than those that were stored.
"""

import sqlalchemy as sa
from sqlmodel import Session, col

from intake.inbound.reconciliation import Reconciled, Reconciling
from intake.inbound.reconciling_files import check_attachment_files, check_document_files, check_email_files
from intake.inbound.reconciling_outcomes import check_acknowledgements, check_outcomes, check_outgoing
from intake.inbound.reconciling_servers import compare_mailbox
from intake.outbound.acknowledging import KIND
from intake.store.emails import InboundEmail, LedgerEntry, OutgoingEmail, OutgoingStatus
from intake.store.responses import Response


def reconcile_all(this: Reconciling) -> Reconciled:
    """Each difference, and the numbers as they are at the end. Stops early, with what it has, when asked to stop.

    What an earlier step mends a later one needs: bytes for the files, files for recording, responses to acknowledge.
    """
    for name in this.mailboxes:
        if not this.stopped():
            compare_mailbox(this, name)
    check_email_files(this)
    check_attachment_files(this)
    check_document_files(this)
    check_outcomes(this)
    check_acknowledgements(this)
    check_outgoing(this)
    _count(this)
    return this.found


def _count(this: Reconciling) -> None:
    counts = this.found.counts
    unsent = col(OutgoingEmail.status).in_((OutgoingStatus.held, OutgoingStatus.failed))
    with this.database.reading() as session:
        counts.emails = _by(session, InboundEmail.status)
        taken_out = sa.select(sa.func.count(col(InboundEmail.id))).where(col(InboundEmail.enclosed_in_id).is_not(None))
        counts.taken_out = session.execute(taken_out).scalar_one()
        counts.responses = session.execute(sa.select(sa.func.count(col(Response.id)))).scalar_one()
        counts.acknowledgements = _by(session, OutgoingEmail.status, col(OutgoingEmail.kind) == KIND)
        counts.held_or_failed = _by(session, OutgoingEmail.reason, unsent)
        left = sa.select(sa.func.count(col(LedgerEntry.id))).where(col(LedgerEntry.email_id).is_(None))
        counts.left_in_place = session.execute(left).scalar_one()


def _by(session: Session, column: object, *conditions: sa.ColumnElement[bool]) -> dict[str, int]:
    group = col(column)
    rows = session.execute(sa.select(group, sa.func.count()).where(*conditions).group_by(group).order_by(group))
    return {str(name): number for name, number in rows}
