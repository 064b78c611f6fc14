"""What the demo tells of the database: what became of each email, what was sent, and the counts. Never writes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.deadlines import Timing, timing
from intake.outbound import acknowledging
from intake.store.consultations import Consultation
from intake.store.emails import EmailStatus, InboundEmail, OutgoingEmail, OutgoingStatus
from intake.store.mailings import Mailing
from intake.store.reasons import Reason
from intake.store.responses import Addition, Response


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one email. `explanation` is its references, or the reason's sentence."""

    email_id: int
    sender: str
    subject: str
    status: EmailStatus
    explanation: str


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of one email that was owed: its status, and why if it was not simply sent."""

    recipient: str
    subject: str
    status: str


def outcomes(session: Session, *, but: Collection[int] = ()) -> list[Outcome]:
    """The emails that have been dealt with, in the order they were collected; `but` holds ids to leave out."""
    emails = session.exec(
        select(InboundEmail)
        .where(col(InboundEmail.id).not_in(but), InboundEmail.status != EmailStatus.received)
        .order_by(col(InboundEmail.id))
    )
    return [_outcome(session, email) for email in emails]


def posted(session: Session) -> list[Posted]:
    """Everything that was owed to one person, in the order it was queued."""
    owed = select(OutgoingEmail).where(col(OutgoingEmail.mailing_id).is_(None))
    rows = session.exec(owed.order_by(col(OutgoingEmail.id)))
    return [
        Posted(row.recipient_address, row.subject or "", " ".join([row.status.value, _sentence(row.reason)]).strip())
        for row in rows
    ]


def mailed(session: Session) -> list[str]:
    """What was sent to many, a line each: "invitation: 20 sent, 1 bounced"."""
    rows = session.exec(
        select(Mailing.id, Mailing.kind, OutgoingEmail.status, sa.func.count())
        .join(OutgoingEmail, col(OutgoingEmail.mailing_id) == Mailing.id)
        .group_by(col(Mailing.id), col(Mailing.kind), col(OutgoingEmail.status))
        .order_by(col(Mailing.id), col(OutgoingEmail.status).desc())
    )
    found: dict[tuple[int, str], list[str]] = {}
    for mailing_id, kind, status, count in rows:
        found.setdefault((mailing_id, kind), []).append(f"{count} {status}")
    return [f"{kind}: {', '.join(counted)}" for (_, kind), counted in found.items()]


def counts(session: Session) -> dict[str, int]:
    """The numbers of `intake demo --once --json`."""
    status = dict(session.exec(select(InboundEmail.status, sa.func.count()).group_by(col(InboundEmail.status))).all())
    return {
        "collected": sum(status.values()),
        "responses": session.exec(select(sa.func.count()).select_from(Response)).one(),
        "acknowledgements": session.exec(
            select(sa.func.count())
            .select_from(OutgoingEmail)
            .where(OutgoingEmail.status == OutgoingStatus.sent, OutgoingEmail.kind == acknowledging.KIND)
        ).one(),
        "held": status.get(EmailStatus.held, 0),
        "ignored": status.get(EmailStatus.ignored, 0),
        "failed": status.get(EmailStatus.failed, 0),
    }


def _outcome(session: Session, email: InboundEmail) -> Outcome:
    assert email.id
    return Outcome(
        email_id=email.id,
        sender=email.sender_name or email.sender_address or "",
        subject=email.subject or "",
        status=email.status,
        explanation=_sentence(email.reason) or "; ".join(_references(session, email)),
    )


def _sentence(reason: str | None) -> str:
    return Reason.of(reason).sentence if reason else ""


def _references(session: Session, email: InboundEmail) -> Iterator[str]:
    recorded = select(Response, Consultation).join(Consultation, col(Consultation.id) == Response.consultation_id)
    for response, consultation in session.exec(recorded.where(Response.email_id == email.id)):
        judged = timing(response.received_at, consultation.closes_at, is_in_grace=response.is_in_grace)
        is_late = judged is Timing.late
        yield f"{response.reference}{', late' if is_late else ''}"
    added = select(Response.reference).join(Addition, col(Addition.response_id) == Response.id)
    for reference in session.exec(added.where(Addition.email_id == email.id)):
        yield f"added to {reference}"
