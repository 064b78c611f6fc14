"""A closing time that moves: what that changes is shown first, then it is done, with its reason.

Every text that names the closing time is made from the record when it is needed, and so are the due days of reminder
rules; what waits for a day that is none any more is cancelled in the same transaction. What was already sent cannot be
changed. Never writes to anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.administration.changing import Edit, change
from intake.administration.consultations import State, state_of
from intake.administration.outcome import told_outcome
from intake.deadlines import closing_wording, late_from, this_minute
from intake.errors import Mistakes, NotPossible
from intake.outbound.acknowledging import KIND as ACKNOWLEDGEMENT
from intake.outbound.due_calendar import DueDay, Fate, calendar
from intake.outbound.last_told import last_told_before
from intake.outbound.recipients import told_old_time
from intake.outbound.reminding import recompute, to_be_taken_back
from intake.outbound.texts import LANGUAGES
from intake.store.consultations import Consultation, DeadlineChange
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.mailings import ReminderRule
from intake.store.responses import Nature, Response
from intake.store.users import User

LONGEST_REASON = 1000
_WENT = (OutgoingStatus.sending, OutgoingStatus.sent, OutgoingStatus.bounced)
_WAITS = (OutgoingStatus.queued, OutgoingStatus.held)
_LIVE = (Fate.coming, Fate.due, Fate.sending)
_UNWRITTEN = (col(OutgoingEmail.status).in_(_WAITS), col(OutgoingEmail.written_at).is_(None))


@dataclass(frozen=True, slots=True)
class MovedRule:
    """A reminder rule whose due days another closing time moves: those it has no more, and those it has instead.

    Among the new ones may be days that are over by then, and that nothing is sent on; their sentence says so.
    """

    rule: ReminderRule
    gone: Sequence[DueDay]
    new: Sequence[DueDay]


@dataclass(frozen=True, slots=True)
class Effects:
    """What another closing time would change.

    `turned` are the responses that would be in time instead of late, or late instead of in time (`is_shorter`);
    `decided` how many of them an officer has decided upon as late ones.
    """

    before: datetime
    after: datetime
    turned: Sequence[Response]
    decided: int
    told: int  # emails that named the time there was, and went or may have gone
    going: int  # officers' replies that wait and name it: what an officer wrote is not changed
    to_be_told: int  # acknowledgements that wait, and will name the new time
    people_told: int  # who can be told the new one
    told_earlier: Sequence[tuple[DeadlineChange, int]]  # who know only an earlier time still, by the change of it
    outcome_told: int  # who were told the outcome of what opens again
    moved: Sequence[MovedRule]
    taken_back: int  # reminders that wait, and are cancelled
    reopens: bool
    closes: bool

    @property
    def is_shorter(self) -> bool:
        return self.after < self.before


def effects_of_closing(session: Session, consultation: Consultation, closes_at: datetime, *, now: datetime) -> Effects:
    """Changes nothing. Raises Mistakes or NotPossible when the time cannot be the closing time."""
    _refuse(consultation, closes_at)
    turned = _turned(session, consultation, closes_at)
    first_late = late_from(consultation.closes_at)
    reopens = first_late <= now < late_from(closes_at)
    return Effects(
        before=consultation.closes_at,
        after=closes_at,
        turned=turned,
        decided=sum(one.late_decision is not None for one in turned),
        told=_told(session, consultation),
        going=_going(session, consultation),
        to_be_told=_to_be_told(session, consultation),
        people_told=_people_told(session, consultation, now),
        told_earlier=last_told_before(session, consultation, now=now),
        outcome_told=told_outcome(session, consultation) if reopens else 0,
        moved=_moved(session, consultation, closes_at, now),
        taken_back=to_be_taken_back(session, consultation, closes_at, now=now),
        reopens=reopens,
        closes=closes_at <= now < first_late,
    )


def change_closing(
    session: Session, consultation: Consultation, closes_at: datetime, reason: str, edit: Edit
) -> DeadlineChange:
    """Raises Mistakes, NotPossible or ChangedMeanwhile. The reason is kept beside the change, not in the history."""
    _refuse(consultation, closes_at)
    if not reason:
        raise Mistakes({"reason": "Enter why the closing time changes; people may ask."})
    if len(reason) > LONGEST_REASON:
        raise Mistakes({"reason": f"The reason may have at most {LONGEST_REASON:,} characters; shorten it."})
    before = consultation.closes_at
    detail = {"before": before.isoformat(), "after": closes_at.isoformat()}
    change(session, consultation, "closing-changed", edit, values={"closes_at": closes_at}, **detail)
    done = DeadlineChange(
        consultation_id=consultation.id,
        at=edit.now,
        user_id=edit.user.id,
        before=before,
        after=closes_at,
        reason=reason,
    )
    session.add(done)
    session.flush()
    recompute(session, consultation, now=edit.now, actor=edit.user.actor)
    return done


def closing_changes(session: Session, consultation: Consultation) -> Sequence[tuple[DeadlineChange, str]]:
    """The latest first, each with the name of who made it."""
    own = select(DeadlineChange, User.name).join(User, col(User.id) == DeadlineChange.user_id)
    of_it = own.where(DeadlineChange.consultation_id == consultation.id)
    return session.exec(of_it.order_by(col(DeadlineChange.id).desc())).all()


def closing_now(consultation: Consultation, now: datetime) -> datetime:
    """The closing time of a consultation that is closed now: this minute, the whole of which is still in time.

    Raises NotPossible unless it is open.
    """
    if state_of(consultation, now) is not State.open:
        raise NotPossible("Only a consultation that is open can be closed.")
    return this_minute(now, consultation.zone)


def may_be_told(session: Session, consultation: Consultation, change: DeadlineChange, *, now: datetime) -> int:
    """How many people can be sent a notice of the change: nothing goes to anybody once the new time has passed."""
    if now >= late_from(consultation.closes_at):
        return 0
    return sum(verdict.goes for verdict in told_old_time(session, consultation, change, now=now))


def _refuse(consultation: Consultation, closes_at: datetime) -> None:
    if consultation.archived_at:
        raise NotPossible("This consultation is archived; take it out of the archive first.")
    if closes_at <= consultation.opens_at:
        raise Mistakes({"closes-day": "The new closing time must be later than the opening time."})
    if late_from(closes_at) == late_from(consultation.closes_at):
        raise Mistakes({"closes-day": "This is the closing time it has already."})


def _turned(session: Session, consultation: Consultation, closes_at: datetime) -> Sequence[Response]:
    earlier, later = sorted((late_from(consultation.closes_at), late_from(closes_at)))
    return session.exec(
        select(Response)
        .where(Response.consultation_id == consultation.id, Response.nature == Nature.response)
        .where(col(Response.withdrawn_at).is_(None))
        .where(col(Response.received_at) >= earlier, col(Response.received_at) < later)
        .order_by(col(Response.received_at), col(Response.id))
    ).all()


def _told(session: Session, consultation: Consultation) -> int:
    """Whatever its kind: an officer's reply can name the closing time too."""
    # What a server may have had goes again as it was.
    may_have_gone = sa.or_(col(OutgoingEmail.status).in_(_WENT), col(OutgoingEmail.written_at).is_not(None))
    return _count(session, consultation, may_have_gone, _names(OutgoingEmail.text, consultation))


def _going(session: Session, consultation: Consultation) -> int:
    return _count(session, consultation, *_UNWRITTEN, _names(OutgoingEmail.given_text, consultation))


def _to_be_told(session: Session, consultation: Consultation) -> int:
    return _count(session, consultation, *_UNWRITTEN, col(OutgoingEmail.kind) == ACKNOWLEDGEMENT)


def _people_told(session: Session, consultation: Consultation, now: datetime) -> int:
    before = consultation.closes_at
    about = {"id": 0, "consultation_id": consultation.id, "user_id": 0}  # as it is not made yet, nobody was told of it
    change = DeadlineChange(**about, at=now, before=before, after=before, reason="")
    return sum(verdict.goes for verdict in told_old_time(session, consultation, change, now=now))


def _moved(session: Session, consultation: Consultation, closes_at: datetime, now: datetime) -> list[MovedRule]:
    rules = session.exec(
        select(ReminderRule)
        .where(ReminderRule.consultation_id == consultation.id)
        .where(col(ReminderRule.is_on), col(ReminderRule.removed_at).is_(None))
        .order_by(col(ReminderRule.id))
    )
    moved = [_difference(session, rule, closes_at, now) for rule in rules.all()]
    return [one for one in moved if one.gone or one.new]


def _difference(session: Session, rule: ReminderRule, closes_at: datetime, now: datetime) -> MovedRule:
    before, after = calendar(session, rule, now=now), calendar(session, rule, now=now, closes_at=closes_at)
    known = {one.day for one in before if one.fate is not Fate.never}
    live = {one.day for one in after if one.fate in _LIVE}
    gone = [one for one in before if one.fate in _LIVE and one.day not in live]
    new = [one for one in after if one.day not in known and one.fate in (*_LIVE, Fate.passed)]
    return MovedRule(rule, gone, new)


def _names(text: object, consultation: Consultation) -> sa.ColumnElement[bool]:
    wordings = [closing_wording(consultation.closes_at, consultation.zone, language) for language in LANGUAGES]
    return sa.or_(*(col(text).contains(wording, autoescape=True) for wording in wordings))


def _count(session: Session, consultation: Consultation, *conditions: sa.ColumnElement[bool]) -> int:
    own = sa.select(sa.func.count()).where(col(OutgoingEmail.consultation_id) == consultation.id, *conditions)
    return int(session.execute(own).scalar_one())
