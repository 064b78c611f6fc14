"""What to think of before a consultation's reminders go: each a sentence and what to do. A warning blocks nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from intake.administration.consultations import State, state_of
from intake.administration.rule_days import Counting, next_day
from intake.administration.rule_wordings import date_wording
from intake.administration.warnings import Warn, mailbox_warnings
from intake.deadlines import moment_wording
from intake.outbound.mailing_listing import all_gone
from intake.outbound.recipients import has_answered, to_invite
from intake.outbound.reminding import DueDay
from intake.outbound.rule_dates import dates_of, expires_at
from intake.settings import Settings
from intake.store.consultations import Consultation
from intake.store.mailings import ReminderRule
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.reasons import Reason
from intake.wording import plural


def rule_warnings(
    session: Session,
    consultation: Consultation,
    rules: Sequence[ReminderRule],
    days: Mapping[int, Sequence[DueDay]],
    counting: Counting,
    settings: Settings,
) -> list[Warn]:
    """Of a consultation that is still to close, and of what its rules send afterwards."""
    now = counting.now
    if state_of(consultation, now) is State.archived:
        return []
    own = [rule for rule in rules if not rule.audience.is_officers]
    is_over = state_of(consultation, now) is State.closed
    found = [] if is_over else [*_no_rule(rules, own), *_nobody(session, consultation)]
    if own and not is_over:
        found += _no_way_out(settings)
        found += mailbox_warnings(session, consultation, settings.accounts)
        found += _never_invited(session, consultation, now)
    dates, per_minute = dates_of(session, consultation), settings.smtp.per_minute
    for rule in rules:
        if (due := next_day(days[rule.id])) and (count := len(counting.reached(rule))):
            end = all_gone(consultation, count, start=max(due.at, now), per_minute=per_minute)
            is_too_slow = end > expires_at(rule, dates, due.day)
            found += (
                [_slow(rule, due, count, moment_wording(end, consultation.zone), per_minute)] if is_too_slow else []
            )
    return found


def _no_rule(rules: Sequence[ReminderRule], own: Sequence[ReminderRule]) -> list[Warn]:
    if not rules:
        return [Warn("Nobody is reminded of anything.", "There is no rule yet; start from one of the schedules below.")]
    if not any(rule.is_on for rule in rules):
        return [Warn("Nobody is reminded of anything.", "All rules are turned off; turn on those that should run.")]
    if not any(rule.is_on for rule in own):
        return [Warn("No consultee is reminded.", "Only officers are written to; add a rule for consultees.")]
    return []


def _nobody(session: Session, consultation: Consultation) -> list[Warn]:
    invited = select(Consultee.id).where(
        Consultee.consultation_id == consultation.id, col(Consultee.removed_at).is_(None)
    )
    if session.exec(invited.limit(1)).first() is None:
        return [Warn("There is nobody to remind.", "No consultee is invited yet; add or import them.")]
    mailed = select(ConsulteeAddress.id).where(
        col(ConsulteeAddress.consultee_id).in_(invited), col(ConsulteeAddress.is_mailed)
    )
    if session.exec(mailed.limit(1)).first() is None:
        return [Warn("None of the consultees has an address to write to.", "Add the contacts’ email addresses.")]
    return []


def _no_way_out(settings: Settings) -> list[Warn]:
    if settings.web.is_secure:
        return []
    return [
        Warn(
            "The link by which people ask for no more reminders would not open for them.",
            "It leads to this machine only. Set web.base_url in the configuration to the https:// address of these "
            "pages before any reminder goes.",
        )
    ]


def _never_invited(session: Session, consultation: Consultation, now: datetime) -> list[Warn]:
    """Of those who have not answered either: to them a reminder is the first they hear of it."""
    verdicts = to_invite(session, consultation, now=now)
    told = {one.recipient.consultee_id for one in verdicts if one.reason is Reason.told_already}
    never = {one.recipient.consultee_id for one in verdicts if one.goes} - told
    if not (never := never - has_answered(session, consultation.id).keys()):
        return []
    have = "has" if len(never) == 1 else "have"
    what = f"{plural(len(never), 'consultee')} {have} never been invited."
    remedy = "A reminder would be the first they hear of the consultation."
    path = f"/consultations/{consultation.slug}/invitations"
    return [Warn(what, remedy, path=path, link="Look at the invitations")]


def _slow(rule: ReminderRule, due: DueDay, count: int, end: str, per_minute: int) -> Warn:
    """Not everybody would get theirs before it is too late."""
    return Warn(
        f"“{rule.name}” will not reach everybody on {date_wording(due.day)}.",
        f"At {plural(per_minute, 'email')} a minute, and none in the quiet hours, the last of {plural(count, 'email')} "
        f"would go at about {end}, which is too late. Set an earlier time, or divide it by groups over several days.",
    )
