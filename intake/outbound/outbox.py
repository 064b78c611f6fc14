"""The outbox: every email owed is a row with its Message-ID before anything is sent, and leaves it by exactly one way.

Owns queueing, claims, order, the rate limit and what a mail server's answer means for a row. Never decides that an
email is owed, nor whether one of a mailing still is (`rechecking.py`). A crash can deliver a second copy of an email,
never a second email: the Message-ID stays.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from intake.errors import LostRace, RecipientUnknown, SendPostponed, SendRefused
from intake.mail.compose import UnwritableAddress, new_message_id
from intake.mail.smtp import HandoverBroken, Sender, SenderRefused, SenderUnavailable
from intake.outbound.composing import composed
from intake.outbound.dead_addresses import mark_dead
from intake.outbound.mailings import PRIORITY
from intake.outbound.rechecking import GiveUp, Wait, obey, objection
from intake.outbound.rendering import Rendered, Renderer, TemplateBroken
from intake.outbound.texts import own_text, wanted_language
from intake.store.consultations import Consultation
from intake.store.database import Database, UtcDateTime, add_if_new
from intake.store.emails import OutgoingEmail, OutgoingStatus, SendingAccount
from intake.store.history import WORKER, Note, note_each
from intake.store.mailings import Mailing
from intake.store.reasons import Reason
from intake.store.transitions import move_outgoing

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
PAUSE = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(days=3)
MOST_TRIES = 24  # which takes as long, of one that is written anew at each
PRIORITIES = {"acknowledgement": 0, "reply": 1}
RELEASABLE = (Reason.backlog, Reason.owed_again, Reason.restored, Reason.template_error)

Fields = Callable[[Session, OutgoingEmail, datetime], Mapping[str, object]]
"""Of one kind of email: the fields its template is filled with, read when it is claimed."""


@dataclass(frozen=True, slots=True)
class Owed:
    """An email that is owed. `once_key` is the same whenever the same thing is owed again, so it is queued once."""

    kind: str
    once_key: str
    consultation_id: int
    recipient_name: str
    recipient_address: str
    message_id_domain: str
    response_id: int | None = None
    email_id: int | None = None
    addition_id: int | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    held_reason: Reason | None = None  # it waits for a person before it is sent
    user_id: int | None = None  # the officer who wrote it:
    given_subject: str | None = None
    given_text: str | None = None
    mailing_id: int | None = None  # the mailing it is one of:
    consultee_id: int | None = None
    opt_out_token: str | None = None
    secret: str | None = None  # of the link or the code in it
    day_key: str | None = None


@dataclass(slots=True)
class Sent:
    """What one pass did, in emails; a postponed one goes later, and one that waits when it may."""

    sent: int = 0
    postponed: int = 0
    failed: int = 0
    held: int = 0
    waiting: int = 0
    cancelled: int = 0  # no longer true when its turn came
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Outbox:
    """What sending works with."""

    database: Database
    sender: Sender
    renderer: Renderer
    fields: Mapping[str, Fields]
    usernames: Mapping[str, str]  # of the configured mailboxes, by name
    base_url: str  # links begin with it
    account: str
    per_minute: int
    claim_lasts: timedelta  # longer than all SMTP timeouts of one email together
    clock: Callable[[], datetime]
    stopped: Callable[[], bool]


def queue_owed(
    session: Session, owed: Sequence[Owed], *, now: datetime, actor: str = WORKER
) -> Sequence[OutgoingEmail]:
    """Put emails into the outbox, in the transaction of what they are owed for."""
    queued = [_outgoing(one, now) for one in owed]
    session.add_all(queued)
    session.flush()
    note_each(
        session,
        [Note(row, row.status.value, {"reason": row.reason} if row.reason else {}) for row in queued],
        now=now,
        actor=actor,
    )
    return queued


def send_queued(box: Outbox) -> Sent:
    """Send what is due, until nothing is due, the minute's allowance is used up, or the server turns us away."""
    done = Sent()
    _take_up_lost_claims(box)
    while not box.stopped() and (outgoing := _claim(box, done)):
        if not _send(box, outgoing, done):
            break
    return done


def written(
    session: Session, outgoing: OutgoingEmail, renderer: Renderer, fields: Mapping[str, Fields], *, now: datetime
) -> Rendered:
    """The email as it would go now, in the administrator's own words where there are any. Raises TemplateBroken."""
    consultation = session.get_one(Consultation, outgoing.consultation_id)
    return renderer.render(
        outgoing.kind,
        fields[outgoing.kind](session, outgoing, now),
        slug=consultation.slug,
        language=wanted_language(session, outgoing),
        own=own_text(session, outgoing),
    )


def held_emails(session: Session, reason: Reason) -> Sequence[OutgoingEmail]:
    """The outgoing emails held for this reason, oldest first: what an administrator looks at before releasing them."""
    held = select(OutgoingEmail).where(OutgoingEmail.status == OutgoingStatus.held, OutgoingEmail.reason == reason)
    return session.exec(held.order_by(col(OutgoingEmail.id))).all()


def release(session: Session, held: Sequence[OutgoingEmail], *, now: datetime, actor: str) -> None:
    """Queue held emails that an administrator has seen listed."""
    for outgoing in held:
        # Written anew, and with three days of its own.
        values = {"due_at": now, "written_at": None, "attempts": 0}
        move_outgoing(session, outgoing, OutgoingStatus.queued, now=now, actor=actor, reason=Reason.released, **values)


# Queueing


def _outgoing(owed: Owed, now: datetime) -> OutgoingEmail:
    return OutgoingEmail(
        kind=owed.kind,
        once_key=owed.once_key,
        consultation_id=owed.consultation_id,
        response_id=owed.response_id,
        email_id=owed.email_id,
        addition_id=owed.addition_id,
        recipient_name=owed.recipient_name,
        recipient_address=owed.recipient_address,
        message_id=new_message_id(owed.kind, owed.message_id_domain),
        in_reply_to=owed.in_reply_to,
        references=list(owed.references),
        priority=PRIORITIES.get(owed.kind, PRIORITY),
        status=OutgoingStatus.held if owed.held_reason else OutgoingStatus.queued,
        reason=str(owed.held_reason) if owed.held_reason else None,
        queued_at=now,
        due_at=now,
        user_id=owed.user_id,
        given_subject=owed.given_subject,
        given_text=owed.given_text,
        mailing_id=owed.mailing_id,
        consultee_id=owed.consultee_id,
        opt_out_token=owed.opt_out_token,
        secret=owed.secret,
        day_key=owed.day_key,
    )


# Claiming


def _take_up_lost_claims(box: Outbox) -> None:
    now = box.clock()
    with box.database.transaction() as session:
        lost = select(OutgoingEmail).where(
            OutgoingEmail.status == OutgoingStatus.sending, col(OutgoingEmail.claimed_until) < now
        )
        for outgoing in session.exec(lost.with_for_update(skip_locked=True)):
            move_outgoing(session, outgoing, OutgoingStatus.queued, now=now, reason=Reason.claim_ran_out, due_at=now)


def _claim(box: Outbox, done: Sent) -> OutgoingEmail | None:
    """The next due email, now ours to send and written as it goes.

    One whose template breaks is held, and one of a mailing that is no longer true, or not yet certain to be, put off or
    given up: then the next is looked at, in a transaction of its own. One at a time: the claim need only outlast one
    email's timeouts, and the minute's allowance is exact.
    """
    while True:
        now = box.clock()
        with box.database.reading() as session:
            if session.exec(_due(now)).first() is None:
                return None
        with box.database.transaction() as session:
            if not _has_allowance(session, box, now):
                return None
            outgoing = session.exec(_due(now).with_for_update(skip_locked=True)).first()
            if outgoing is None:
                return None
            if _goes(session, box, outgoing, now, done):
                _claim_row(session, box, outgoing, now)
                return outgoing
        if box.stopped():
            return None


def _due(now: datetime) -> SelectOfScalar[OutgoingEmail]:
    paused = sa.select(col(Mailing.id)).where(col(Mailing.paused_at).is_not(None))
    mailing_id, due_at = col(OutgoingEmail.mailing_id), col(OutgoingEmail.due_at)
    # Not the bare column: SQLite would use the index of all that are due, and sort those thousands for each one.
    is_due = sa.func.coalesce(due_at, due_at, type_=UtcDateTime) <= now
    return (
        select(OutgoingEmail)
        .where(OutgoingEmail.status == OutgoingStatus.queued, is_due)
        .where(sa.or_(mailing_id.is_(None), mailing_id.not_in(paused)))
        .order_by(col(OutgoingEmail.priority), due_at, col(OutgoingEmail.id))
        .limit(1)
    )


def _has_allowance(session: Session, box: Outbox, now: datetime) -> bool:
    """Whether one more may go in this minute. The account's row is written first, so one worker counts at a time."""
    add_if_new(session, SendingAccount, name=box.account, last_claim_at=now)
    session.execute(sa.update(SendingAccount).where(col(SendingAccount.name) == box.account).values(last_claim_at=now))
    paused_until = session.get_one(SendingAccount, box.account, populate_existing=True).paused_until
    if paused_until and paused_until > now:
        return False
    attempted = session.exec(
        select(sa.func.count())
        .select_from(OutgoingEmail)
        .where(OutgoingEmail.account == box.account)
        .where(col(OutgoingEmail.attempted_at) > now - timedelta(minutes=1))
    ).one()
    return attempted < box.per_minute


def _pause(box: Outbox, error: SenderUnavailable) -> None:
    """Our own account was turned away: asking again at once could lock it."""
    with box.database.transaction() as session:
        account = session.get_one(SendingAccount, box.account)
        account.paused_until = box.clock() + PAUSE
        if isinstance(error, SenderRefused):
            account.refusal = str(error)


def _goes(session: Session, box: Outbox, outgoing: OutgoingEmail, now: datetime, done: Sent) -> bool:
    match objection(session, outgoing, box.usernames, now=now):
        case Wait() as wait:
            done.waiting += obey(session, outgoing, wait, now=now)
        case GiveUp(to=OutgoingStatus.missed) as too_late:
            done.missed += obey(session, outgoing, too_late, now=now)
        case GiveUp() as untrue:
            done.cancelled += obey(session, outgoing, untrue, now=now)
        case None:
            is_written = _write(session, box, outgoing, now)
            done.held += not is_written
            return is_written
    return False


def _write(session: Session, box: Outbox, outgoing: OutgoingEmail, now: datetime) -> bool:
    """Fill in the text, unless a server may have had the email already: then it stays as it was."""
    if outgoing.written_at is not None:
        return True
    try:
        rendered = written(session, outgoing, box.renderer, box.fields, now=now)
    except sa.exc.SQLAlchemyError:
        raise
    except Exception as error:
        # Whatever is wrong with one email, the next one goes.
        answer = str(error) if isinstance(error, TemplateBroken) else type(error).__name__
        move_outgoing(session, outgoing, OutgoingStatus.held, now=now, reason=Reason.template_error, answer=answer)
        return False
    outgoing.subject, outgoing.text, outgoing.html = rendered.subject, rendered.text, rendered.html
    outgoing.written_at = now
    return True


def _claim_row(session: Session, box: Outbox, outgoing: OutgoingEmail, now: datetime) -> None:
    move_outgoing(
        session,
        outgoing,
        OutgoingStatus.sending,
        now=now,
        attempts=outgoing.attempts + 1,
        account=box.account,
        attempted_at=now,
        claimed_until=now + box.claim_lasts,
    )


# Sending


def _send(box: Outbox, outgoing: OutgoingEmail, done: Sent) -> bool:
    """Send one claimed row. Returns whether to go on: not when our own account is turned away."""
    try:
        with box.database.reading() as session:
            sender, raw = composed(session, outgoing, base_url=box.base_url, now=box.clock())
        box.sender.send(sender=sender, recipient=outgoing.recipient_address, raw=raw)
    except SendRefused as error:
        _note(box, outgoing, OutgoingStatus.failed, Reason.mail_server_refused, str(error))
        _note_dead(box, outgoing, error)
        done.failed += 1
    except UnwritableAddress as error:
        _note(box, outgoing, OutgoingStatus.failed, Reason.unwritable, str(error))
        done.failed += 1
    except SenderUnavailable as error:
        # Nothing was tried with this email, and it is not given up however long our account is away.
        is_first = outgoing.attempts == 1
        values = {"attempts": outgoing.attempts - 1, "attempted_at": None}
        values |= {"written_at": None} if is_first else {}
        _note(box, outgoing, OutgoingStatus.queued, Reason.mail_server_postponed, str(error), **values)
        _pause(box, error)
        done.postponed += 1
        return False
    except SendPostponed as error:
        done.failed += _postpone(box, outgoing, error)
        done.postponed += 1
    else:
        _note(box, outgoing, OutgoingStatus.sent, None, None, secret=None)
        done.sent += 1
    return True


def _postpone(box: Outbox, outgoing: OutgoingEmail, error: SendPostponed) -> bool:
    """Queue it for later, or give up after three days. Returns whether it was given up."""
    now = box.clock()
    is_old = outgoing.written_at is not None and now - outgoing.written_at > GIVE_UP_AFTER
    if is_old or outgoing.attempts >= MOST_TRIES:
        _note(box, outgoing, OutgoingStatus.failed, Reason.gave_up, str(error))
        return True
    values: dict[str, Any] = {"due_at": now + WAITS[min(outgoing.attempts, len(WAITS)) - 1]}
    is_new = outgoing.written_at == outgoing.attempted_at  # no server can have it from an earlier try
    if outgoing.mailing_id and is_new and not isinstance(error, HandoverBroken):
        values |= dict.fromkeys(("written_at", "subject", "text", "html"))  # next time it tells what is true then
    _note(box, outgoing, OutgoingStatus.queued, Reason.mail_server_postponed, str(error), **values)
    return False


def _note_dead(box: Outbox, outgoing: OutgoingEmail, error: SendRefused) -> None:
    """As for mail that came back: our own server may know already that there is no such address."""
    if isinstance(error, RecipientUnknown):
        with box.database.transaction() as session:
            mark_dead(session, session.get_one(OutgoingEmail, outgoing.id), now=box.clock())


def _note(
    box: Outbox, outgoing: OutgoingEmail, to: OutgoingStatus, reason: Reason | None, answer: str | None, **values: Any
) -> None:
    now = box.clock()
    values |= {"answer": answer, "claimed_until": None}
    if to is OutgoingStatus.sent:
        values["sent_at"] = now
    # Where the claim ran out meanwhile, another worker has the email, and notes what becomes of it.
    with suppress(LostRace), box.database.transaction() as session:
        move_outgoing(session, outgoing, to, now=now, reason=reason, **values)
        if to is OutgoingStatus.sent:
            refused = sa.and_(col(SendingAccount.name) == box.account, col(SendingAccount.refusal).is_not(None))
            session.execute(sa.update(SendingAccount).where(refused).values(refusal=None))
