"""A consultation with rules, for the tests of their pages: reminders to consultees, a digest, a mailing under way."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode
from sqlmodel import Session, col, select

from intake.administration.rules import add_rule
from intake.administration.typed_rules import TypedRule
from intake.outbound.mailings import start_mailing
from intake.outbound.recipients import recipients_of_rule
from intake.store.consultations import StakeholderGroup, consultation_by_slug
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.mailings import Mailing, ReminderRule
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.reasons import Reason
from tests.office import MAIL_DOMAIN
from tests.people import ADAM
from tests.web.desk import REVIEW_SLUG, Desk

DIGEST = TypedRule(audience="officers-digest", when="weekly", weekdays=("0",), clock="8:30am", name="Monday digest")
FIRST_DAY = date(2020, 2, 14)
"""10 working days before the office's consultation closes."""


def add_rules(desk: Desk, *typed: TypedRule, slug: str = REVIEW_SLUG) -> list[int]:
    with desk.office.database.transaction() as session:
        consultation = consultation_by_slug(session, slug)
        user = desk.users[ADAM]
        return [add_rule(session, consultation, one, user=user, now=desk.office.now).id for one in typed]


def add_consultees(desk: Desk, count: int, *, group: str = "school") -> None:
    """Beside Ben's and Carol's: "School 1" and so on, each with one contact."""
    with desk.office.database.transaction() as session:
        consultation = consultation_by_slug(session, REVIEW_SLUG)
        for number in range(1, count + 1):
            row = Consultee(
                consultation_id=consultation.id, organisation=f"School {number:04}", stakeholder_group=group
            )
            session.add(row)
            session.flush()
            session.add(ConsulteeAddress(consultee_id=row.id, address=f"head@school{number}.example"))


def add_groups(desk: Desk, *names: str) -> None:
    with desk.office.database.transaction() as session:
        consultation = consultation_by_slug(session, REVIEW_SLUG)
        for position, name in enumerate(names, start=1):
            session.add(StakeholderGroup(consultation_id=consultation.id, position=position, name=name))


def queue_mailing(desk: Desk, rule_id: int, *, day: date = FIRST_DAY, clock: int = 9) -> int:
    """What the worker makes of a rule on its day."""
    at = datetime(day.year, day.month, day.day, clock, tzinfo=UTC)
    with desk.office.database.transaction() as session:
        rule = session.get_one(ReminderRule, rule_id)
        mailing = Mailing(
            consultation_id=rule.consultation_id,
            kind=rule.audience.kind,
            rule_id=rule.id,
            due_on=day,
            due_at=at,
            expires_at=at.replace(hour=0) + timedelta(days=1),
            created_at=at,
        )
        _start(session, rule, mailing, at)
        return mailing.id


def _start(session: Session, rule: ReminderRule, mailing: Mailing, at: datetime) -> None:
    verdicts = recipients_of_rule(session, rule, due_on=mailing.due_on, now=at)
    going = [one.recipient for one in verdicts if one.goes]
    start_mailing(session, mailing, going, message_id_domain=MAIL_DOMAIN, now=at, actor="worker")


def set_reminders(desk: Desk) -> dict[str, int]:
    """For looking at every page: a mailing under way, one that is paused and one that was missed, by their rules."""
    reminder, other, digest = add_rules(desk, *three_rules()[:2], DIGEST)
    add_consultees(desk, 3)
    going = queue_mailing(desk, reminder)
    paused = queue_mailing(desk, other, day=date(2020, 2, 25))
    with desk.office.database.transaction() as session:
        _work_off(session, going)
        at = datetime(2020, 2, 18, 6, tzinfo=UTC)
        session.get_one(Mailing, paused).paused_at = at
        due_at = datetime(2020, 2, 17, 8, 30, tzinfo=UTC)
        consultation_id = session.get_one(Mailing, going).consultation_id
        common: dict[str, Any] = {"consultation_id": consultation_id, "due_at": due_at, "created_at": at}
        missed = Mailing(**common, kind="digest", rule_id=digest, due_on=due_at.date(), missed_at=at)
        session.add(missed)
        session.flush()
        return {
            "rule_id": reminder,
            "digest_rule_id": digest,
            "mailing_id": going,
            "paused_mailing_id": paused,
            "missed_mailing_id": missed.id,
        }


def three_rules() -> list[TypedRule]:
    amounts = (("10", "working-days"), ("3", "working-days"), ("1", "days"))
    return [replace(TypedRule(), amount=amount, unit=unit) for amount, unit in amounts]


def text_of(tree: LexborHTMLParser, selector: str = "main") -> str:
    found = tree.css_first(selector)
    assert found is not None, selector
    return _words(found)


def rows_of(tree: LexborHTMLParser, selector: str = "main") -> list[str]:
    """Each row of the tables there."""
    return [_words(row) for row in tree.css(f"{selector} tbody tr")]


def _words(node: LexborNode) -> str:
    return re.sub(r" ([.,])", r"\1", " ".join(node.text(separator=" ").split()))


def _work_off(session: Session, mailing_id: int) -> None:
    """One of its emails is sent, one left out, the others are held back."""
    own = select(OutgoingEmail).where(OutgoingEmail.mailing_id == mailing_id).order_by(col(OutgoingEmail.id))
    sent, left_out, *waiting = session.exec(own)
    sent.status, sent.sent_at = OutgoingStatus.sent, sent.due_at + timedelta(minutes=1)
    left_out.status, left_out.reason = OutgoingStatus.cancelled, Reason.opted_out.value
    for row in waiting:
        row.reason = Reason.waits_for_mailbox.value
