"""Consultees, their answers and the rules that remind them, written into an office as the pages and the inbox would."""

from datetime import datetime, time
from typing import Any

from sqlmodel import col, select

from intake import jobs
from intake.schedules import Anchor, DayUnit, Schedule
from intake.store.consultations import Consultation
from intake.store.emails import OutgoingEmail
from intake.store.mailings import Audience, ReminderRule
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.responses import Channel, Nature, Response
from tests.office import OPENS_AT, Office

NINE = time(9)
THREE_RULES = {
    "First reminder": Schedule(Anchor.closing, NINE, -10, DayUnit.working_days),
    "Second reminder": Schedule(Anchor.closing, NINE, -3, DayUnit.working_days),
    "Last reminder": Schedule(Anchor.closing, NINE, -1, DayUnit.days),
}
"""Those of docs/reminders.md."""


def review_of(office: Office) -> Consultation:
    """The office's first consultation, which all here belongs to."""
    return office.rows(Consultation)[0]


def add_consultee(office: Office, organisation: str, *addresses: str, group: str = "school", **more: Any) -> int:
    consultation_id = review_of(office).id
    with office.database.transaction() as session:
        one = Consultee(consultation_id=consultation_id, organisation=organisation, stakeholder_group=group, **more)
        session.add(one)
        session.flush()
        session.add_all(ConsulteeAddress(consultee_id=one.id, address=address) for address in addresses)
        return one.id


def add_rule(office: Office, name: str, schedule: Schedule, *, set_at: datetime = OPENS_AT, **more: Any) -> int:
    consultation_id = review_of(office).id
    given: dict[str, Any] = {"audience": Audience.unanswered, **more}
    with office.database.transaction() as session:
        rule = ReminderRule(
            consultation_id=consultation_id,
            name=name,
            anchor=schedule.anchor,
            amount=schedule.amount,
            unit=schedule.unit,
            weekdays=sorted(schedule.weekdays),
            clock=schedule.clock,
            off_days=schedule.off_days,
            set_at=set_at,
            **given,
        )
        session.add(rule)
        session.flush()
        return rule.id


def add_response(office: Office, consultee_id: int, channel: Channel, *, nature: Nature = Nature.response) -> int:
    """One that an officer keyed in, or that came by the form."""
    consultation = review_of(office)
    with office.database.transaction() as session:
        count = len(session.exec(select(Response.id)).all())
        response = Response(
            consultation_id=consultation.id,
            reference=consultation.reference(900 + count),
            nature=nature,
            channel=channel,
            received_at=office.now,
            recorded_at=office.now,
            consultee_id=consultee_id,
            text="We support the draft.",
            own_words="We support the draft.",
        )
        session.add(response)
        session.flush()
        return response.id


def change(office: Office, row: Any, **values: Any) -> None:
    """Set these on a stored row."""
    with office.database.transaction() as session:
        stored = session.get_one(type(row), row.id)
        for name, value in values.items():
            setattr(stored, name, value)
        session.add(stored)


def go_on(office: Office, at: datetime) -> None:
    """It becomes later, and the worker takes its turns: reads the mailboxes, plans, sends."""
    office.now = at
    jobs.remind(office.this)
    office.cycle()


def reminders(office: Office) -> list[OutgoingEmail]:
    """Of every kind of mailing, in the order they were queued."""
    with office.database.reading() as session:
        mailed = select(OutgoingEmail).where(col(OutgoingEmail.mailing_id).is_not(None))
        return list(session.exec(mailed.order_by(col(OutgoingEmail.id))).all())
