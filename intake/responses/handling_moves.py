"""Responses that are in the wrong place: moved to another consultation, or put back among the emails that are held.

A move gives a new reference, and the old one goes on finding the response. To put back withdraws it: its reference is
never used again, and its emails are decided anew. Nothing is deleted but the digests that keep a letter from being
recorded twice.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.access import access_of
from intake.errors import NotPossible
from intake.responses.handling_notes import write_note
from intake.responses.handling_respondent import find_consultee
from intake.responses.handling_standing import UNDECIDED
from intake.store.consultations import Consultation, next_references
from intake.store.emails import EmailStatus, InboundEmail, OutgoingEmail, OutgoingStatus
from intake.store.people import groups_of
from intake.store.reasons import Reason
from intake.store.response_changes import Change, lock_consultations, lock_responses, write_changes
from intake.store.responses import Addition, FormerReference, LetterDigest, Response
from intake.store.transitions import Move, move_emails, move_outgoing
from intake.store.users import User

_WAITING = (OutgoingStatus.queued, OutgoingStatus.held)


def move_to(
    session: Session,
    responses: Sequence[Response],
    target: Consultation,
    *,
    user: User,
    now: datetime,
    version: int | None = None,
) -> int:
    """Move responses to another consultation. Raises NotPossible where the same letter is in it already."""
    lock_consultations(session, {target.id, *(response.consultation_id for response in responses)})
    rows = [row for row in lock_responses(session, responses, version) if row.consultation_id != target.id]
    changes = [_moved(session, row, target) for row in rows]
    return write_changes(session, changes, user=user, now=now)


def put_back(
    session: Session, response: Response, reason: str, *, user: User, now: datetime, version: int | None = None
) -> None:
    """Put a response's emails back among what is held, and withdraw it. Raises NotPossible."""
    [row] = lock_responses(session, [response], version)
    emails = _emails(session, row)
    if not emails or any(email.status is not EmailStatus.recorded for email in emails):
        raise NotPossible("Only a response that came by email, and is recorded, can be put back.")
    _require_nowhere_else(session, row, emails)
    note = write_note(session, row, reason, user=user, now=now)
    _cancel_acknowledgements(session, row, user, now)
    ids = [email.id for email in emails]
    session.execute(
        sa.delete(LetterDigest).where(
            col(LetterDigest.consultation_id) == row.consultation_id, col(LetterDigest.email_id).in_(ids)
        )
    )
    meant = {"consultation_id": row.consultation_id}
    moves = [Move(email, EmailStatus.held, Reason.put_back, meant) for email in emails]
    move_emails(session, moves, now=now, actor=user.actor)
    values = {"withdrawn_at": row.withdrawn_at or now}
    change = Change(row, "put-back", values, {"emails": ids, "note": note.id})
    write_changes(session, [change], user=user, now=now)


# Moving


def _moved(session: Session, row: Response, target: Consultation) -> Change:
    before, came_from = row.reference, row.consultation_id
    _move_digests(session, row, target)
    session.execute(
        sa.update(OutgoingEmail)
        .where(col(OutgoingEmail.response_id) == row.id, col(OutgoingEmail.status).in_(_WAITING))
        .where(col(OutgoingEmail.mailing_id).is_(None))  # a mailing is about one consultation
        .where(col(OutgoingEmail.written_at).is_(None))  # what a server may have had stays as it was written
        .values(consultation_id=target.id)
    )
    reference = _take_reference(session, row, target)
    values = {"consultation_id": target.id, "reference": reference, **_fitted(session, row, target)}
    detail = {"from": came_from, "to": target.id, "before": before, "after": reference}
    return Change(row, "moved", values, detail)


def _take_reference(session: Session, row: Response, target: Consultation) -> str:
    """The one it had there before, else a new one."""
    former = session.exec(select(FormerReference).where(FormerReference.response_id == row.id)).all()
    had = next((one for one in former if one.reference.startswith(f"{target.reference_prefix}-")), None)
    session.add(FormerReference(reference=row.reference, response_id=row.id))
    if had is None:
        return next_references(session, target, 1)[0]
    session.delete(had)
    return had.reference


def _fitted(session: Session, row: Response, target: Consultation) -> dict[str, object]:
    """What belonged to the old consultation: its consultee, group, officer and decision on being late."""
    consultee = find_consultee(session, target.id, row.organisation)
    group = row.stakeholder_group if row.stakeholder_group in groups_of(session, target.id) else None
    officer = session.get(User, row.officer_id) if row.officer_id else None
    return {
        "consultee_id": consultee.id if consultee else None,
        "is_uninvited": False,
        "stakeholder_group": consultee.stakeholder_group if consultee else group,
        "officer_id": officer.id if officer and access_of(session, officer).may_see(target.id) else None,
        **UNDECIDED,
    }


def _move_digests(session: Session, row: Response, target: Consultation) -> None:
    """So that the letter goes on counting once, where it is now."""
    ids = [email.id for email in _emails(session, row)]
    digests = select(LetterDigest).where(
        LetterDigest.consultation_id == row.consultation_id, col(LetterDigest.email_id).in_(ids)
    )
    for digest in session.exec(digests).all():
        there = session.get(LetterDigest, (target.id, digest.digest))
        if there is not None:
            raise NotPossible(f"The same letter is in “{target.title}” already{_named(session, target, there)}.")
        session.delete(digest)
        session.add(LetterDigest(consultation_id=target.id, digest=digest.digest, email_id=digest.email_id))
    session.flush()


def _named(session: Session, target: Consultation, there: LetterDigest) -> str:
    added = select(Addition.response_id).where(Addition.email_id == there.email_id)
    found = session.exec(
        select(Response.reference)
        .where(Response.consultation_id == target.id)
        .where(sa.or_(col(Response.email_id) == there.email_id, col(Response.id).in_(added)))
        .order_by(col(Response.id))
    ).first()
    return f", as {found}" if found else ""


# Putting back


def _emails(session: Session, row: Response) -> Sequence[InboundEmail]:
    """The email it came by, and those of its additions."""
    added = select(Addition.email_id).where(Addition.response_id == row.id)
    found = select(InboundEmail).where(sa.or_(col(InboundEmail.id) == row.email_id, col(InboundEmail.id).in_(added)))
    return session.exec(found.order_by(col(InboundEmail.id)).with_for_update(key_share=True)).all()


def _require_nowhere_else(session: Session, row: Response, emails: Sequence[InboundEmail]) -> None:
    """An email has one status: while it stands in another consultation it cannot be held for this one."""
    ids = [email.id for email in emails]
    other = select(Response.id).where(
        col(Response.email_id).in_(ids), Response.id != row.id, col(Response.withdrawn_at).is_(None)
    )
    added = (
        select(Addition.id)
        .join(Response, col(Response.id) == Addition.response_id)
        .where(col(Addition.email_id).in_(ids), Addition.response_id != row.id, col(Response.withdrawn_at).is_(None))
    )
    if session.exec(other).first() or session.exec(added).first():
        raise NotPossible("The same email is recorded in another place too; move or withdraw this response instead.")


def _cancel_acknowledgements(session: Session, row: Response, user: User, now: datetime) -> None:
    """Those that have not gone yet name a reference that will not be used."""
    waiting = select(OutgoingEmail).where(
        OutgoingEmail.response_id == row.id,
        OutgoingEmail.kind == "acknowledgement",
        col(OutgoingEmail.status).in_([*_WAITING, OutgoingStatus.failed]),
    )
    for outgoing in session.exec(waiting.with_for_update()).all():
        reason = Reason.response_put_back
        move_outgoing(session, outgoing, OutgoingStatus.cancelled, now=now, actor=user.actor, reason=reason)
