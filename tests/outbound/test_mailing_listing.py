"""A mailing as officers look at it: its emails, what holds them back, and when the last one goes."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from intake.accounts.access import Access
from intake.errors import NotFound
from intake.outbound.mailing_listing import (
    PAGE,
    Part,
    all_gone,
    emails_of,
    expected_end,
    held_back,
    origins,
    visible_mailing,
)
from intake.outbound.mailings import progress, start_mailing
from intake.outbound.recipients import Recipient
from intake.store.consultations import Consultation, consultation_by_slug
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.mailings import Mailing
from intake.store.reasons import Reason
from intake.store.users import Role, User
from tests.databases import both_databases
from tests.office import DURING, MAIL_DOMAIN, Office, open_office
from tests.people import ADAM

SLUG = "improving-education-outcomes"


@pytest.fixture
def office(tmp_path: Path, database_kind: str) -> Iterator[Office]:
    with open_office(tmp_path) as office:
        yield office


def _start(session: Session, count: int) -> Mailing:
    """An invitation of Adam's to so many."""
    user = User(address=ADAM, name="Adam Clarke", role=Role.administrator, created_at=DURING)
    session.add(user)
    session.flush()
    own = consultation_by_slug(session, SLUG)
    mailing = Mailing(consultation_id=own.id, kind="invitation", due_at=DURING, created_at=DURING, user_id=user.id)
    recipients = [Recipient(f"head@school{number}.example") for number in range(count)]
    start_mailing(session, mailing, recipients, message_id_domain=MAIL_DOMAIN, now=DURING, actor=user.actor)
    return mailing


def _mark(session: Session, count: int, status: OutgoingStatus, reason: Reason | None = None) -> None:
    waiting = select(OutgoingEmail).where(
        OutgoingEmail.status == OutgoingStatus.queued, col(OutgoingEmail.reason).is_(None)
    )
    for row in session.exec(waiting.order_by(col(OutgoingEmail.id)).limit(count)):
        row.status, row.reason = status, reason
    session.flush()


@both_databases
def test_emails_come_a_page_at_a_time_by_their_state(office: Office) -> None:
    with office.database.transaction() as session:
        mailing = _start(session, PAGE + 5)
        _mark(session, 3, OutgoingStatus.bounced)
        first = emails_of(session, mailing, Part.all)
        assert (len(first.emails), first.next is None) == (PAGE, False)
        second = emails_of(session, mailing, Part.all, start=first.next or 0)
        assert (len(second.emails), second.next) == (5, None)
        assert len(emails_of(session, mailing, Part.trouble).emails) == 3
        assert emails_of(session, mailing, Part.sent).emails == []


@both_databases
def test_what_is_held_back_is_counted_by_its_reason(office: Office) -> None:
    with office.database.transaction() as session:
        mailing = _start(session, 10)
        _mark(session, 2, OutgoingStatus.queued, Reason.waits_for_morning)
        _mark(session, 3, OutgoingStatus.queued, Reason.waits_for_mailbox)
        _mark(session, 1, OutgoingStatus.queued, Reason.mail_server_postponed)
        _mark(session, 1, OutgoingStatus.cancelled, Reason.opted_out)
        assert dict(held_back(session, mailing)) == {Reason.waits_for_mailbox: 3, Reason.waits_for_morning: 2}


@both_databases
def test_mailing_names_who_started_it_and_is_found_by_those_who_may_see_it(office: Office) -> None:
    with office.database.transaction() as session:
        mailing = _start(session, 1)
        assert origins(session, [mailing])[mailing.id].user_name == "Adam Clarke"
        user = session.exec(select(User)).first()
        assert user is not None
        assert visible_mailing(session, Access(user, None), mailing.id)[1].slug == SLUG
        with pytest.raises(NotFound):
            visible_mailing(session, Access(user, frozenset({99})), mailing.id)
        with pytest.raises(NotFound):
            visible_mailing(session, Access(user, None), 99)


def test_paused_mailing_has_no_end_to_expect(office: Office) -> None:
    with office.database.transaction() as session:
        own, mailing = consultation_by_slug(session, SLUG), _start(session, 60)
        done = progress(session, mailing)
        assert expected_end(mailing, done, own, per_minute=30, now=DURING) == DURING.replace(minute=32)
        mailing.paused_at = DURING
        assert expected_end(mailing, done, own, per_minute=30, now=DURING) is None


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ((2020, 2, 14, 9, 0), 60, (2020, 2, 14, 10, 0)),
        ((2020, 2, 14, 19, 0), 60, (2020, 2, 14, 20, 0)),  # the last before the quiet hours
        ((2020, 2, 14, 19, 0), 61, (2020, 2, 15, 8, 1)),
        ((2020, 2, 14, 21, 0), 1, (2020, 2, 15, 8, 1)),  # begun in them
        ((2020, 2, 14, 9, 0), 1000, (2020, 2, 15, 13, 40)),
        ((2020, 3, 28, 19, 0), 61, (2020, 3, 29, 7, 1)),  # 8am is an hour earlier once the clocks have gone forward
        ((2020, 10, 24, 18, 0), 61, (2020, 10, 25, 8, 1)),
    ],
)
def test_last_email_goes_when_the_rate_and_the_quiet_hours_let_it(
    start: tuple[int, ...], count: int, end: tuple[int, ...]
) -> None:
    quiet = _quiet(time(20), time(8))
    begin, last = (datetime(*at, tzinfo=UTC) for at in (start, end))  # type: ignore[arg-type,misc]
    assert all_gone(quiet, count, start=begin, per_minute=1) == last


def test_without_quiet_hours_only_the_rate_counts() -> None:
    never = _quiet(time(9), time(9))
    start = datetime(2020, 2, 14, 21, tzinfo=UTC)
    assert all_gone(never, 60, start=start, per_minute=30) == start.replace(minute=2)


def _quiet(begin: time, end: time) -> Consultation:
    given: dict[str, Any] = {"timezone": "Europe/London", "quiet_from": begin, "quiet_until": end}
    return Consultation(**given)
