"""Reminder rules over an office, and what comes of them: for tests of planning, checking again and sending.

The review closes at 11:59pm on Friday 28 February 2020, so 10 working days before it is Friday 14 February.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import select

from intake import jobs
from intake.administration.changing import Edit
from intake.administration.extending import change_closing
from intake.outbound.recipients import Verdict, recipients_of_rule
from intake.outbound.reminding import Reminded, calendar
from intake.schedules import Anchor, DayUnit, OffDays
from intake.store.consultations import Consultation, consultation_by_slug
from intake.store.emails import OutgoingEmail
from intake.store.mailings import Audience, Mailing, ReminderRule
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.users import ConsultationAccess, Role, User
from tests.building import raw_email
from tests.office import OPENS_AT, Office
from tests.outbound.mailed import REVIEW_SLUG, review
from tests.people import REVIEW

DUE_ON = date(2020, 2, 14)
DUE_AT = datetime(2020, 2, 14, 9, tzinfo=UTC)


def at(written: str) -> datetime:
    """ "2020-02-14 09:00", in London."""
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)


def add_rule(office: Office, *, slug: str = REVIEW_SLUG, **given: Any) -> ReminderRule:
    """10 working days before closing at 9am, to who has not answered, unless told otherwise."""
    with office.database.transaction() as session:
        values: dict[str, Any] = {
            "name": "First reminder",
            "audience": Audience.unanswered,
            "anchor": Anchor.closing,
            "amount": -10,
            "unit": DayUnit.working_days,
            "clock": time(9),
            "off_days": OffDays.earlier,
            "set_at": OPENS_AT,
            "consultation_id": consultation_by_slug(session, slug).id,
            **given,
        }
        rule = ReminderRule(**values)
        session.add(rule)
        session.flush()
        return rule


def change_rule(office: Office, rule: ReminderRule, **values: Any) -> None:
    with office.database.transaction() as session:
        session.get_one(ReminderRule, rule.id).sqlmodel_update(values)


def change_review(office: Office, **values: Any) -> None:
    with office.database.transaction() as session:
        consultation_by_slug(session, REVIEW_SLUG).sqlmodel_update(values)


def add_consultee(
    office: Office, organisation: str, *addresses: str, slug: str = REVIEW_SLUG, group: str = "school", **more: Any
) -> Consultee:
    with office.database.transaction() as session:
        consultation = consultation_by_slug(session, slug)
        consultee = Consultee(
            consultation_id=consultation.id, organisation=organisation, stakeholder_group=group, **more
        )
        session.add(consultee)
        session.flush()
        session.add_all(ConsulteeAddress(consultee_id=consultee.id, address=address) for address in addresses)
        return consultee


def add_user(office: Office, address: str, role: Role = Role.officer, *, slug: str | None = REVIEW_SLUG) -> User:
    with office.database.transaction() as session:
        user = User(address=address, name=address.partition("@")[0], role=role, created_at=office.now)
        session.add(user)
        session.flush()
        if slug:
            session.add(ConsultationAccess(user_id=user.id, consultation_id=review(office, slug).id))
        return user


def answer(office: Office, address: str) -> None:
    """They answer by email, and it is recorded."""
    office.receive(raw_email(sender=address, to=REVIEW, message_id=f"<by-{address}>"), received_at=office.now)
    office.collect()
    jobs.record(office.this)


def remind(office: Office, now: datetime | None = None) -> Reminded:
    office.now = now or office.now
    return jobs.remind(office.this)


def cycle(office: Office, now: datetime | None = None) -> None:
    """What the worker does at this time: read every mailbox, queue what is due, send."""
    office.now = now or office.now
    for name in office.this.settings.mailboxes:
        jobs.collect(office.this, name)
    jobs.record(office.this)
    jobs.remind(office.this)
    jobs.send(office.this)


def move_closing(office: Office, user: User, closes_at: datetime) -> None:
    with office.database.transaction() as session:
        consultation = session.exec(select(Consultation).where(Consultation.slug == REVIEW_SLUG)).one()
        edit = Edit(user, consultation.version, office.now)
        change_closing(session, consultation, closes_at, "Schools asked for more time.", edit)


def fates(office: Office, rule: ReminderRule, **given: Any) -> list[tuple[str, str]]:
    """The rule's calendar, as day and fate."""
    with office.database.reading() as session:
        days = calendar(session, rule, now=office.now, **given)
    return [(day.day.isoformat(), day.fate.value) for day in days]


def verdicts(office: Office, rule: ReminderRule, day: date | None = DUE_ON) -> list[Verdict]:
    with office.database.reading() as session:
        return recipients_of_rule(session, rule, due_on=day, now=office.now)


def said(found: Sequence[Verdict]) -> dict[str, str | None]:
    """By address, the reason; None for who gets it."""
    return {one.recipient.address: one.reason.value if one.reason else None for one in found}


def outcomes(office: Office) -> dict[str, tuple[str, str | None]]:
    """By address, status and reason of what was queued for it."""
    return {row.recipient_address: (row.status.value, row.reason) for row in office.outgoing() if row.mailing_id}


def reminders(office: Office) -> list[OutgoingEmail]:
    return [row for row in office.outgoing() if row.kind == "reminder"]


def mailings(office: Office) -> Sequence[Mailing]:
    return office.rows(Mailing)
