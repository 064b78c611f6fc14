"""Outgoing mail as officers look through it: newest first, some at a time, and only what they were given."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from intake.accounts.access import Access
from intake.outbound.listing import PAGE, Tray, counts, list_outgoing
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.users import Role, User
from tests.databases import both_databases
from tests.office import DURING, Office, open_office
from tests.people import ADAM, BEN, DAN, OLGA

pytestmark = both_databases
ALL = Access(User(id=1, address=ADAM, name="Adam", role=Role.administrator, created_at=DURING), None)
OF_ADMISSIONS = Access(User(id=2, address=OLGA, name="Olga", role=Role.officer, created_at=DURING), frozenset({2}))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path, polled=False) as opened:
        with opened.database.transaction() as session:
            add(session, 60, consultation_id=1, recipient=BEN)
            add(session, 2, consultation_id=2, recipient=DAN)
            add(session, 1, consultation_id=1, recipient=BEN, status=OutgoingStatus.failed)
            add(session, 1, consultation_id=1, recipient=BEN, status=OutgoingStatus.sending)
        yield opened


def add(
    session: Session,
    count: int,
    *,
    consultation_id: int,
    recipient: str,
    status: OutgoingStatus = OutgoingStatus.sent,
) -> None:
    for number in range(count):
        name = f"{consultation_id}-{status}-{number}"
        session.add(
            OutgoingEmail(
                kind="acknowledgement",
                once_key=name,
                message_id=f"<{name}@x.example>",
                consultation_id=consultation_id,
                recipient_address=recipient,
                status=status,
                queued_at=DURING,
                due_at=DURING + timedelta(minutes=number // 3),  # some at the same moment
            )
        )


def test_pages_follow_each_other_and_hold_each_email_once_newest_first(office: Office) -> None:
    with office.database.reading() as session:
        first = list_outgoing(session, ALL, Tray.sent)
        second = list_outgoing(session, ALL, Tray.sent, before=first.older)
    lines = [*first.lines, *second.lines]
    assert len(first.lines) == PAGE
    assert len({line.id for line in lines}) == len(lines) == 62
    assert second.older is None
    assert lines == sorted(lines, key=lambda line: (line.at, line.id), reverse=True)


def test_an_officer_sees_and_counts_their_own_consultations_only(office: Office) -> None:
    with office.database.reading() as session:
        assert {line.consultation_id for line in list_outgoing(session, OF_ADMISSIONS, Tray.sent).lines} == {2}
        assert counts(session, OF_ADMISSIONS)[Tray.failed] == 0
        assert list_outgoing(session, OF_ADMISSIONS, Tray.sent, consultation_id=1).lines == []


def test_what_is_being_sent_this_moment_is_shown_among_what_is_queued(office: Office) -> None:
    with office.database.reading() as session:
        assert [line.status for line in list_outgoing(session, ALL, Tray.queued).lines] == [OutgoingStatus.sending]
        assert counts(session, ALL) == {Tray.queued: 1, Tray.held: 0, Tray.failed: 1, Tray.bounced: 0}


def test_emails_of_one_consultation_or_to_one_address_are_found(office: Office) -> None:
    with office.database.reading() as session:
        assert len(list_outgoing(session, ALL, Tray.sent, consultation_id=2).lines) == 2
        assert len(list_outgoing(session, ALL, Tray.sent, address=DAN.upper()).lines) == 2
        assert counts(session, ALL, 2)[Tray.failed] == 0
