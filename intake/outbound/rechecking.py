"""Whether an email of a mailing is still true when its turn comes: it goes, waits, or is given up, with the reason.

Asked before every try, also of an email that a server may have had: to try that again is to write once more. Never
sends, and never judges acknowledgements and officers' replies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.deadlines import late_from
from intake.outbound.dead_addresses import dead
from intake.outbound.mailings import REMINDER, UNTIL_CLOSING, lock_waiting, move_waiting
from intake.outbound.officers import judge_officer
from intake.outbound.opting_out import has_opted_out
from intake.outbound.recipients import counts, has_answered
from intake.outbound.rule_dates import dates_of, is_due_on
from intake.outbound.texts import PUBLIC_MAILINGS
from intake.schedules import due_at
from intake.settings_sections import is_account_of
from intake.store.consultations import Consultation, DeadlineChange, PublishedAddress
from intake.store.emails import IS_WAITING, EmailStatus, InboundEmail, Mailbox, OutgoingEmail, OutgoingStatus
from intake.store.history import WORKER
from intake.store.mailings import Audience, Mailing, ReminderRule
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.reasons import Reason
from intake.store.responses import Response

HELD_BACK = timedelta(minutes=2)
_ONLY_INVITED = ("invitation", REMINDER)


@dataclass(frozen=True, slots=True)
class Wait:
    """It goes later, if it is still true then. `whole`: so does everything of the mailing that waits."""

    until: datetime
    reason: Reason
    whole: bool = True


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It is never sent. `whole`: nor is anything of the mailing that waits."""

    to: OutgoingStatus
    reason: Reason
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Given:
    """An email whose turn it is, and what it belongs to."""

    outgoing: OutgoingEmail
    mailing: Mailing
    consultation: Consultation
    rule: ReminderRule | None
    now: datetime


def objection(
    session: Session, outgoing: OutgoingEmail, usernames: Mapping[str, str], *, now: datetime
) -> Wait | GiveUp | None:
    """Why this email does not go now; None when it does. `usernames`: those of the configured mailboxes, by name."""
    if outgoing.mailing_id is None:
        return None
    mailing = session.get_one(Mailing, outgoing.mailing_id, populate_existing=True)
    given = Given(
        outgoing,
        mailing,
        session.get_one(Consultation, outgoing.consultation_id, populate_existing=True),
        session.get_one(ReminderRule, mailing.rule_id, populate_existing=True) if mailing.rule_id else None,
        now,
    )
    return (
        _of_mailing(session, given) or _of_recipient(session, given) or _of_mail_that_waits(session, given, usernames)
    )


def obey(session: Session, outgoing: OutgoingEmail, what: Wait | GiveUp, *, now: datetime) -> int:
    """Put it, or all of its mailing that waits, off or out. Says how many. Another worker's rows are left to it."""
    ids = [outgoing.mailing_id] if what.whole and outgoing.mailing_id else []
    waiting = lock_waiting(session, ids, [OutgoingStatus.queued], skip_locked=True) if ids else [outgoing]
    match what:
        case GiveUp():
            move_waiting(session, waiting, what.to, what.reason, now=now, actor=WORKER)
        case Wait():
            for row in waiting:
                row.due_at, row.reason = max(row.due_at, what.until), what.reason
            session.flush()
    return len(waiting)


def missed_reason(mailing: Mailing, consultation: Consultation, now: datetime) -> Reason:
    """Why what expired was too late."""
    has_closed = mailing.kind in (*UNTIL_CLOSING, REMINDER) and now >= late_from(consultation.closes_at)
    return Reason.has_closed if has_closed else Reason.day_passed


def quiet_end(consultation: Consultation, now: datetime) -> datetime | None:
    """When the quiet hours that it is in end; None when it is in none."""
    zone, begin, end = consultation.zone, consultation.quiet_from, consultation.quiet_until
    local = now.astimezone(zone)
    clock, day = local.time(), local.date()
    if begin <= end:
        is_quiet = begin <= clock < end
    else:
        is_quiet = clock >= begin or clock < end
        day += timedelta(days=clock >= begin)
    ends_at = due_at(day, end, zone)
    # In an hour that the clocks repeat, the end may have been already.
    return ends_at if is_quiet and ends_at > now else None


def _of_mailing(session: Session, given: Given) -> Wait | GiveUp | None:
    """What holds for each of its emails."""
    mailing, consultation, now = given.mailing, given.consultation, given.now
    if mailing.cancelled_at or consultation.archived_at:
        return GiveUp(OutgoingStatus.cancelled, Reason.mailing_cancelled)
    if reason := _of_rule(session, given) or _of_notice(session, given):
        return GiveUp(OutgoingStatus.cancelled, reason)
    has_closed = missed_reason(mailing, consultation, now) is Reason.has_closed
    if has_closed or (mailing.expires_at and mailing.expires_at <= now):
        return GiveUp(OutgoingStatus.missed, missed_reason(mailing, consultation, now))
    ends_at = quiet_end(consultation, now)
    return Wait(ends_at, Reason.waits_for_morning) if ends_at else None


def _of_rule(session: Session, given: Given) -> Reason | None:
    rule, mailing = given.rule, given.mailing
    if rule is None or mailing.due_on is None:
        return None
    if not rule.is_on or rule.removed_at or rule.set_at > mailing.created_at:
        return Reason.rule_changed
    is_due = is_due_on(rule, dates_of(session, given.consultation), mailing.due_on, now=given.now)
    return None if is_due else Reason.closing_moved


def _of_notice(session: Session, given: Given) -> Reason | None:
    """A notice names the time there was before: it is over when that is the time again."""
    if given.mailing.deadline_change_id is None:
        return None
    before = session.get_one(DeadlineChange, given.mailing.deadline_change_id).before
    return Reason.closing_moved if late_from(before) == late_from(given.consultation.closes_at) else None


def _of_recipient(session: Session, given: Given) -> GiveUp | None:
    reason = _officers_reason(session, given) if given.mailing.kind not in PUBLIC_MAILINGS else _reason(session, given)
    return GiveUp(OutgoingStatus.cancelled, reason, whole=False) if reason else None


def _officers_reason(session: Session, given: Given) -> Reason | None:
    only_waiting = given.rule is not None and given.rule.audience is Audience.officers_waiting
    address = given.outgoing.recipient_address
    return judge_officer(session, given.consultation, address, only_waiting=only_waiting)


def _reason(session: Session, given: Given) -> Reason | None:
    outgoing, consultation = given.outgoing, given.consultation
    if _has_answered(session, given):
        return Reason.answered
    if has_opted_out(session, consultation.id, outgoing.recipient_address):
        return Reason.opted_out
    if dead(session, [outgoing.recipient_address]):
        return Reason.address_dead
    if given.mailing.kind == "outcome" and not _is_answer(session, given):
        return Reason.answer_gone
    is_invited = given.mailing.kind not in _ONLY_INVITED or _is_contact(session, given)
    return None if is_invited else Reason.not_invited


def _has_answered(session: Session, given: Given) -> bool:
    """Asked only where it is for those who have not."""
    consultee_id = given.outgoing.consultee_id
    if consultee_id is None or given.rule is None or given.rule.audience is not Audience.unanswered:
        return False
    return bool(has_answered(session, given.consultation.id, consultee_id))


def _is_answer(session: Session, given: Given) -> bool:
    """Whether they still have answered: a response can be withdrawn, moved, or taken for a question meanwhile."""
    outgoing, consultation_id = given.outgoing, given.consultation.id
    is_theirs = sa.or_(
        col(Response.id) == outgoing.response_id, col(Response.respondent_address) == outgoing.recipient_address
    )
    if session.exec(select(Response.id).where(*counts(consultation_id), is_theirs).limit(1)).first():
        return True
    consultee_id = outgoing.consultee_id
    return consultee_id is not None and bool(has_answered(session, consultation_id, consultee_id))


def _is_contact(session: Session, given: Given) -> bool:
    """Whether it goes to one who is mailed for a consultee that is still invited, and in a group the rule is for."""
    contact = (
        select(ConsulteeAddress.id)
        .join(Consultee, col(Consultee.id) == col(ConsulteeAddress.consultee_id))
        .where(Consultee.id == given.outgoing.consultee_id, col(Consultee.removed_at).is_(None))
        .where(ConsulteeAddress.address == given.outgoing.recipient_address, col(ConsulteeAddress.is_mailed))
    )
    if given.rule and given.rule.groups:
        contact = contact.where(col(Consultee.stakeholder_group).in_(given.rule.groups))
    return session.exec(contact).first() is not None


def _of_mail_that_waits(session: Session, given: Given, usernames: Mapping[str, str]) -> Wait | None:
    """A reminder is held back while an answer may lie somewhere unread."""
    if given.mailing.kind != REMINDER:
        return None
    later = given.now + HELD_BACK
    if _has_unread_mailbox(session, given, usernames):
        return Wait(later, Reason.waits_for_mailbox)
    received = select(InboundEmail.id).where(InboundEmail.status == EmailStatus.received).limit(1)
    if session.exec(received).first():
        return Wait(later, Reason.waits_for_email)
    return Wait(later, Reason.waits_for_email, whole=False) if _has_unrecorded(session, given) else None


def _has_unread_mailbox(session: Session, given: Given, usernames: Mapping[str, str]) -> bool:
    """Whether a mailbox of the consultation had no successful poll that began since the mailing was due: one that ended
    since then may have listed a folder before."""
    own = select(PublishedAddress.address).where(PublishedAddress.consultation_id == given.consultation.id)
    published = session.exec(own).all()
    theirs = [name for name, user in usernames.items() if any(is_account_of(user, one) for one in published)]
    names = theirs or list(usernames)  # mail to its addresses is forwarded to one of them
    polled = select(Mailbox.name).where(
        col(Mailbox.name).in_(names), col(Mailbox.last_poll_began_at) >= given.mailing.due_at
    )
    return len(session.exec(polled).all()) < len(names)


def _has_unrecorded(session: Session, given: Given) -> bool:
    """Whether an email waits for a person, or could not be read, that may be the consultee's."""
    consultee = session.get(Consultee, given.outgoing.consultee_id)
    if consultee is None:
        return False
    contacts = select(ConsulteeAddress.address).where(ConsulteeAddress.consultee_id == consultee.id)
    sender = sa.func.lower(col(InboundEmail.sender_address))
    may_be_theirs: list[sa.ColumnElement[bool]] = [sender.in_(session.exec(contacts).all())]
    if consultee.domain and _is_only_theirs(session, consultee):
        may_be_theirs.append(sender.endswith(f"@{consultee.domain.lower()}", autoescape=True))
    meant_for = col(InboundEmail.consultation_id)
    waiting = select(InboundEmail.id).where(
        IS_WAITING, sa.or_(*may_be_theirs), sa.or_(meant_for.is_(None), meant_for == given.consultation.id)
    )
    return session.exec(waiting.limit(1)).first() is not None


def _is_only_theirs(session: Session, consultee: Consultee) -> bool:
    """Whether no other consultee has this domain: a trust's may hold many schools."""
    others = select(Consultee.id).where(
        Consultee.consultation_id == consultee.consultation_id,
        Consultee.domain == consultee.domain,
        Consultee.id != consultee.id,
        col(Consultee.removed_at).is_(None),
    )
    return session.exec(others.limit(1)).first() is None
