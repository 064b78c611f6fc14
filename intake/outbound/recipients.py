"""Whom an email to many goes to, whom it does not, and why: a rule's on a due day, an invitation, a notice, an outcome.

Owns the verdicts, each made from the record as it stands, in as many queries for thousands as for one. Never queues
anything, and never reads the clock.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.deadlines import closing_wording
from intake.outbound.dead_addresses import dead
from intake.outbound.officers import judge_officers
from intake.outbound.opting_out import opted_out
from intake.outbound.rule_dates import Dates, coming_on, dates_of
from intake.outbound.texts import PUBLIC_MAILINGS
from intake.outbound.verdicts import Recipient, Verdict
from intake.schedules import due_at
from intake.store.consultations import Consultation, DeadlineChange
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.mailings import Audience, Mailing, ReminderRule
from intake.store.people import ENGLISH, WELSH, Consultee, ConsulteeAddress
from intake.store.reasons import Reason
from intake.store.response_changes import some_at_a_time
from intake.store.responses import Nature, Response

__all__ = [
    "Recipient",
    "Verdict",
    "counts",
    "day_key",
    "has_answered",
    "may_have_told",
    "recipients_of_rule",
    "to_invite",
    "to_tell_outcome",
    "told_old_time",
]

NEVER_WENT = (OutgoingStatus.cancelled, OutgoingStatus.missed)
_TO_THE_PUBLIC = (*PUBLIC_MAILINGS, "acknowledgement", "reply")
_LONG = ("text", "own_words", "added_words")


@dataclass(frozen=True, slots=True)
class Known:
    """What the verdicts on a consultation's consultees and respondents follow from, read once."""

    consultation: Consultation
    opted_out: Collection[str]
    answered: Mapping[int, Response] = field(default_factory=dict)
    taken: Collection[str] = frozenset()  # addresses that are, or were, written to already:
    taken_reason: Reason = Reason.told_already


def day_key(day: date, address: str) -> str:
    """Of a reminder: no address has two that carry the same."""
    return f"{day.isoformat()} {address}"


def recipients_of_rule(
    session: Session, rule: ReminderRule, *, due_on: date | None, now: datetime, consultee_id: int | None = None
) -> list[Verdict]:
    """Of all it is for, or of one consultee. Without `due_on` nobody is spared because of another reminder."""
    consultation = session.get_one(Consultation, rule.consultation_id)
    if rule.audience.is_officers:
        return judge_officers(session, consultation, only_waiting=rule.audience is Audience.officers_waiting)
    contacts = _contacts(session, consultation, rule.groups, consultee_id)
    known = Known(
        consultation,
        opted_out(session, consultation.id),
        has_answered(session, consultation.id, consultee_id) if rule.audience is Audience.unanswered else {},
        _reminded_on(session, rule, contacts, due_on, now) if due_on else frozenset(),
        Reason.another_that_day,
    )
    return _judge(session, contacts, known)


def to_invite(
    session: Session, consultation: Consultation, *, groups: Collection[str] = (), now: datetime
) -> list[Verdict]:
    """Of every contact of those invited, of these groups or of all. `now` is when it is judged."""
    known = Known(
        consultation, opted_out(session, consultation.id), {}, _told(session, consultation, "invitation", now=now)
    )
    return _judge(session, _contacts(session, consultation, groups), known)


def told_old_time(
    session: Session, consultation: Consultation, change: DeadlineChange, *, now: datetime
) -> list[Verdict]:
    """Of each address that an email told the closing time of before the change, and that may have gone."""
    told = _told(session, consultation, "deadline-extended", deadline_change_id=change.id, now=now)
    known = Known(consultation, opted_out(session, consultation.id), {}, told)
    return _judge(session, _addressed(session, consultation, change.before), known)


def to_tell_outcome(session: Session, consultation: Consultation, *, now: datetime) -> list[Verdict]:
    """Of everybody who answered, and of the contacts of the consultees that did, each address once."""
    recipients = dict[object, Recipient]()
    for one in _respondents(session, consultation):
        recipients.setdefault(one.address or one, one)
    answered = has_answered(session, consultation.id)
    for contact in _contacts(session, consultation):
        if contact.consultee_id in answered and contact.address:
            recipients.setdefault(contact.address, contact)
    told = _told(session, consultation, "outcome", now=now)
    return _judge(session, recipients.values(), Known(consultation, opted_out(session, consultation.id), {}, told))


def has_answered(session: Session, consultation_id: int, consultee_id: int | None = None) -> dict[int, Response]:
    """By consultee, or of one, the first response that counts: one matched to it, or from a contact's address.

    One that is an invited consultee's is nobody else's, whoever shares its address. Their texts are not read.
    """
    key = col(Consultee.id)
    matched = sa.select(key, Response).join(Response, col(Response.consultee_id) == key)
    written = (
        sa.select(key, Response)
        .join(ConsulteeAddress, col(ConsulteeAddress.consultee_id) == key)
        .join(Response, col(Response.respondent_address) == col(ConsulteeAddress.address))
        .where(is_open_to_others(), ~col(Response.is_uninvited))
    )
    # In a function, so that SQLite does not go through all consultees for each response: by their index it would.
    own = sa.func.coalesce(col(Consultee.consultation_id), 0) == consultation_id
    invited = key == consultee_id if consultee_id else own
    answers = list[tuple[int, Response]]()
    for way in (matched, written):
        found = session.execute(way.where(invited, *counts(consultation_id)).options(*_without_texts()))
        answers += [(one, response) for one, response in found]
    first = dict[int, Response]()
    for one, response in sorted(answers, key=lambda answer: _in_order(answer[1])):
        first.setdefault(one, response)
    return first


def is_open_to_others() -> sa.ColumnElement[bool]:
    """The condition that a response is nobody's yet, or one's who is no longer invited, such as a duplicate's."""
    gone = sa.select(col(Consultee.id)).where(col(Consultee.removed_at).is_not(None))
    return sa.or_(col(Response.consultee_id).is_(None), col(Response.consultee_id).in_(gone))


def counts(consultation_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions that a response is an answer to the consultation."""
    is_answer = col(Response.nature) == Nature.response
    return col(Response.consultation_id) == consultation_id, is_answer, col(Response.withdrawn_at).is_(None)


def _judge(session: Session, recipients: Iterable[Recipient], known: Known) -> list[Verdict]:
    """In their order: of two with one address the first gets it."""
    recipients, first = list(recipients), dict[str, Recipient]()
    gone = dead(session, {one.address for one in recipients if one.address})
    verdicts = []
    for one in recipients:
        answer = known.answered.get(one.consultee_id or 0)
        reason, instead = _reason(one.address, answer, known, gone), None
        if reason is None and (instead := first.get(one.address)):
            reason = Reason.same_address
        verdicts.append(Verdict(one, reason, answer, known.consultation.zone, instead))
        if reason is None:
            first[one.address] = one
    return verdicts


def _reason(address: str, answer: Response | None, known: Known, gone: Collection[str]) -> Reason | None:
    if answer:
        return Reason.answered
    if not address:
        return Reason.no_address
    if address in known.opted_out:
        return Reason.opted_out
    if address in gone:
        return Reason.address_dead
    return known.taken_reason if address in known.taken else None


def _contacts(
    session: Session, consultation: Consultation, groups: Collection[str] = (), consultee_id: int | None = None
) -> list[Recipient]:
    """A recipient for each contact that is mailed, by organisation; one without an address for who has none."""
    is_theirs = sa.and_(col(ConsulteeAddress.consultee_id) == col(Consultee.id), col(ConsulteeAddress.is_mailed))
    invited = (
        sa.select(Consultee, ConsulteeAddress)
        .outerjoin(ConsulteeAddress, is_theirs)
        .where(col(Consultee.consultation_id) == consultation.id, col(Consultee.removed_at).is_(None))
        .order_by(col(Consultee.organisation), col(Consultee.id), col(ConsulteeAddress.id))
    )
    if groups:
        invited = invited.where(col(Consultee.stakeholder_group).in_(groups))
    if consultee_id is not None:
        invited = invited.where(col(Consultee.id) == consultee_id)
    return [_contact(consultee, contact) for consultee, contact in session.execute(invited)]


def _contact(consultee: Consultee, contact: ConsulteeAddress | None) -> Recipient:
    return Recipient(
        address=contact.address if contact else "",
        name=contact.name if contact else "",
        language=consultee.language,
        consultee_id=consultee.id,
        organisation=consultee.organisation,
        group=consultee.stakeholder_group,
    )


def _reminded_on(
    session: Session, rule: ReminderRule, contacts: Collection[Recipient], day: date, now: datetime
) -> set[str]:
    """The addresses that another rule's reminder of that day goes to, is queued for, or comes first to."""
    keys = [day_key(day, one.address) for one in contacts if one.address]
    found = set[str]()
    for some in some_at_a_time(keys):
        queued = (
            select(OutgoingEmail.recipient_address)
            .outerjoin(Mailing, col(Mailing.id) == col(OutgoingEmail.mailing_id))
            .where(col(OutgoingEmail.day_key).in_(some), col(Mailing.rule_id).is_distinct_from(rule.id))
        )
        found |= set(session.exec(queued))
    for other in _due_before(session, rule, day, now):
        verdicts = recipients_of_rule(session, other, due_on=None, now=now)
        found |= {verdict.recipient.address for verdict in verdicts if verdict.goes}
    return found


def _due_before(session: Session, rule: ReminderRule, day: date, now: datetime) -> list[ReminderRule]:
    """The rules whose reminders of that day are still to be queued, and before this one's, of any consultation."""
    own = session.get_one(Consultation, rule.consultation_id)
    turn = due_at(day, rule.clock, own.zone), rule.id
    planned = select(Mailing.rule_id).where(Mailing.due_on == day, col(Mailing.rule_id).is_not(None))
    others = (
        sa.select(ReminderRule, Consultation)
        .join(Consultation, col(Consultation.id) == col(ReminderRule.consultation_id))
        .where(col(ReminderRule.is_on), col(ReminderRule.removed_at).is_(None), col(ReminderRule.id) != rule.id)
        .where(col(ReminderRule.audience).in_([Audience.unanswered, Audience.everyone]))
        .where(col(Consultation.archived_at).is_(None), col(ReminderRule.id).not_in(planned))
    )
    dates = dict[int, Dates]()
    found = list[ReminderRule]()
    for other, consultation in session.execute(others).all():
        if consultation.id not in dates:
            dates[consultation.id] = dates_of(session, consultation)
        time = coming_on(other, dates[consultation.id], day, now=now)
        if time and (time.at, other.id) < turn:
            found.append(other)
    return found


def _told(
    session: Session, consultation: Consultation, kind: str, *, now: datetime, deadline_change_id: int | None = None
) -> set[str]:
    """The addresses that an email of this kind was queued for by now, unless it never went."""
    queued = select(OutgoingEmail.recipient_address).where(
        OutgoingEmail.consultation_id == consultation.id,
        OutgoingEmail.kind == kind,
        col(OutgoingEmail.status).not_in(NEVER_WENT),
        OutgoingEmail.queued_at <= now,
    )
    if deadline_change_id is not None:
        mailings = select(Mailing.id).where(Mailing.deadline_change_id == deadline_change_id)
        queued = queued.where(col(OutgoingEmail.mailing_id).in_(mailings))
    return {address.lower() for address in session.exec(queued)}


def may_have_told(
    consultation: Consultation, closing_times: Collection[datetime]
) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions that an email to the public names one of these closing times, and went or may have."""
    text, zone = col(OutgoingEmail.text), consultation.zone
    wordings = {closing_wording(at, zone, language) for at in closing_times for language in (ENGLISH, WELSH)}
    return (
        col(OutgoingEmail.consultation_id) == consultation.id,
        col(OutgoingEmail.kind).in_(_TO_THE_PUBLIC),
        col(OutgoingEmail.written_at).is_not(None),
        col(OutgoingEmail.status).not_in(NEVER_WENT),
        sa.or_(*(text.contains(wording, autoescape=True) for wording in sorted(wordings))),
    )


def _addressed(session: Session, consultation: Consultation, closes_at: datetime) -> list[Recipient]:
    """Whom an email that names this closing time went to, or may have, by address; as the last of them names them that
    knows the consultee: an acknowledgement does not."""
    told = (
        sa.select(
            col(OutgoingEmail.recipient_address),
            col(OutgoingEmail.recipient_name),
            col(OutgoingEmail.response_id),
            Consultee,
        )
        .outerjoin(Consultee, col(Consultee.id) == col(OutgoingEmail.consultee_id))
        .where(*may_have_told(consultation, [closes_at]))
        .order_by(col(OutgoingEmail.consultee_id).is_not(None), col(OutgoingEmail.id))
    )
    found = dict[str, Recipient]()
    for address, name, response_id, consultee in session.execute(told):
        found[address.lower()] = _addressee(address.lower(), name, response_id, consultee)
    return sorted(found.values(), key=lambda one: (one.organisation, one.address))


def _addressee(address: str, name: str, response_id: int | None, consultee: Consultee | None) -> Recipient:
    if consultee is None:
        return Recipient(address, name, response_id=response_id)
    organisation, group = consultee.organisation, consultee.stakeholder_group
    return Recipient(address, name, consultee.language, consultee.id, response_id, None, organisation, group)


def _respondents(session: Session, consultation: Consultation) -> list[Recipient]:
    """A recipient for each response that counts, one without an address where none is known."""
    answers = (
        sa.select(
            col(Response.id),
            col(Response.respondent_address),
            col(Response.respondent_name),
            col(Response.organisation),
            col(Response.stakeholder_group),
            col(Response.consultee_id),
            col(Consultee.language),
        )
        .outerjoin(Consultee, col(Consultee.id) == col(Response.consultee_id))
        .where(*counts(consultation.id))
        .order_by(col(Response.id))
    )
    return [
        Recipient(address or "", name, language or ENGLISH, consultee_id, key, None, organisation or "", group or "")
        for key, address, name, organisation, group, consultee_id, language in session.execute(answers)
    ]


def _without_texts() -> list[sa.orm.interfaces.ORMOption]:
    """An answer can be as long as a book, and thousands are looked at."""
    return [sa.orm.defer(getattr(Response, name)) for name in _LONG]


def _in_order(response: Response) -> tuple[bool, float, int]:
    received_at = response.received_at
    return received_at is None, received_at.timestamp() if received_at else 0, response.id
