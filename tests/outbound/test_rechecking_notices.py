"""A notice, an outcome or a group's reminder whose turn has come goes only while what it says is true."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from intake import jobs
from intake.outbound.mailings import start_mailing
from intake.outbound.recipients import Recipient
from intake.store.consultations import DeadlineChange
from intake.store.mailings import Mailing
from intake.store.people import Consultee
from intake.store.responses import Nature, Response
from tests.databases import both_databases
from tests.office import CLOSES_AT, MAIL_DOMAIN, Office, open_office
from tests.outbound.mailed import review
from tests.outbound.ruled import DUE_AT, add_rule, add_user, answer, move_closing, outcomes, remind
from tests.people import ADAM, BEN, CAROL

WEEK = timedelta(days=7)


@pytest.fixture
def office(tmp_path: Path, database_kind: str) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


def queue(office: Office, kind: str, *recipients: Recipient, deadline_change_id: int | None = None) -> None:
    mailing = Mailing(
        consultation_id=review(office).id,
        kind=kind,
        due_at=office.now,
        created_at=office.now,
        deadline_change_id=deadline_change_id,
    )
    with office.database.transaction() as session:
        start_mailing(session, mailing, recipients, message_id_domain=MAIL_DOMAIN, now=office.now, actor="user 1")


def sent(office: Office, kind: str) -> dict[str, tuple[str, str | None]]:
    """The mailboxes were just read, and what waits is sent."""
    for name in office.this.settings.mailboxes:
        jobs.collect(office.this, name)
    jobs.send(office.this)
    return {row.recipient_address: (row.status.value, row.reason) for row in office.outgoing() if row.kind == kind}


@both_databases
def test_a_notice_of_a_new_closing_time_is_over_when_the_old_one_is_back(office: Office) -> None:
    adam = add_user(office, ADAM)
    move_closing(office, adam, CLOSES_AT + WEEK)
    [change] = office.rows(DeadlineChange)
    queue(office, "deadline-extended", Recipient(BEN), deadline_change_id=change.id)
    move_closing(office, adam, CLOSES_AT)
    assert sent(office, "deadline-extended") == {BEN: ("cancelled", "closing-moved")}


@both_databases
def test_a_notice_goes_while_the_old_time_is_not_the_time(office: Office) -> None:
    move_closing(office, add_user(office, ADAM), CLOSES_AT + WEEK)
    [change] = office.rows(DeadlineChange)
    queue(office, "deadline-extended", Recipient(BEN), deadline_change_id=change.id)
    assert sent(office, "deadline-extended") == {BEN: ("sent", None)}


@both_databases
@pytest.mark.parametrize("values", [{"withdrawn_at": DUE_AT}, {"nature": Nature.question}])
def test_the_outcome_is_not_told_to_who_has_no_answer_any_more(office: Office, values: dict[str, object]) -> None:
    answer(office, BEN)
    answer(office, CAROL)
    ben, carol = office.responses()
    office.now = CLOSES_AT + timedelta(hours=9)
    queue(office, "outcome", Recipient(BEN, response_id=ben.id), Recipient(CAROL, response_id=carol.id))
    with office.database.transaction() as session:
        session.get_one(Response, ben.id).sqlmodel_update(values)
    assert sent(office, "outcome") == {BEN: ("cancelled", "answer-gone"), CAROL: ("sent", None)}


@both_databases
def test_a_consultee_who_is_in_none_of_the_rules_groups_any_more_gets_no_reminder(office: Office) -> None:
    add_rule(office, groups=["school", "trust"])
    remind(office, DUE_AT)
    with office.database.transaction() as session:
        ben = session.exec(select(Consultee).where(Consultee.stakeholder_group == "school")).one()
        ben.stakeholder_group = "governor"
    sent(office, "reminder")
    assert outcomes(office) == {BEN: ("cancelled", "not-invited"), CAROL: ("sent", None)}


def test_an_invitation_that_came_back_can_be_sent_again_until_the_new_closing_time(office: Office) -> None:
    adam = add_user(office, ADAM)
    queue(office, "invitation", Recipient(BEN))
    sent(office, "invitation")
    move_closing(office, adam, CLOSES_AT + WEEK)
    [mailing] = office.rows(Mailing)
    assert mailing.expires_at == CLOSES_AT + WEEK + timedelta(minutes=1)
