"""The queue's rows and numbers, for each officer their own; and many decided alike."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from intake import jobs
from intake.accounts.access import Access
from intake.inbound.choices import Choice
from intake.inbound.deciding import Given, decide_alike
from intake.inbound.queue import (
    Filter,
    decided_lately,
    decisions_about,
    next_waiting,
    waiting_by,
    waiting_by_status,
    waiting_count,
    waiting_emails,
)
from intake.store.emails import EmailStatus
from intake.store.reasons import Reason
from tests.building import raw_email
from tests.databases import both_databases
from tests.inbound.decided import ADM, IEO, carried_out, decided, officer, seen
from tests.office import Office, open_office
from tests.people import ADAM, ADMISSIONS, ASHA, BEN, DAN, OLGA, REVIEW

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Four emails wait: two questions to Asha, a newsletter to the admissions, one that is meant for nobody we know."""
    with open_office(tmp_path) as opened:
        opened.receive(raw_email(sender=DAN, to=ASHA, message_id="<1@x.example>"), mailbox="asha")
        opened.receive(raw_email(sender=BEN, to=ASHA, message_id="<2@x.example>"), mailbox="asha")
        opened.cycle()
        newsletter = raw_email(
            sender=DAN, to=ADMISSIONS, message_id="<3@x.example>", headers={"List-Id": "<l.example>"}
        )
        opened.receive(newsletter, mailbox="admissions")
        opened.receive(raw_email(sender=DAN, to="old@county.example", message_id="<4@x.example>"))
        opened.receive(raw_email(sender=DAN, to=REVIEW, message_id="<5@x.example>"))
        opened.cycle()
        yield opened


def ids(office: Office, access: Access, which: Filter = Filter(), after: int = 0) -> list[int]:  # noqa: B008  # frozen
    with office.database.reading() as session:
        rows = waiting_emails(session, access, which, after=after, limit=10)
        if not after and which == Filter():
            assert waiting_count(session, access) == len(rows) == sum(waiting_by(session, access).values())
        return [row.email.id for row in rows]


def test_everybody_has_a_queue_of_their_own(office: Office) -> None:
    by_reason = {email.reason: email.id for email in office.emails()}
    newsletter, unknown = by_reason["list-mail"], by_reason["unknown-address"]
    assert ids(office, officer(office, ASHA)) == [1, 2]
    assert ids(office, officer(office, OLGA)) == [newsletter]
    assert ids(office, officer(office, ADAM)) == sorted([1, 2, newsletter, unknown])


def test_the_queue_is_cut_by_consultation_reason_and_place(office: Office) -> None:
    adam = officer(office, ADAM)
    [newsletter] = ids(office, adam, Filter(ADM))
    [unknown] = ids(office, adam, Filter(0))
    assert ids(office, adam, Filter(reason=Reason.list_mail)) == [newsletter]
    assert ids(office, adam, Filter(IEO, Reason.list_mail)) == []
    assert ids(office, adam, after=2) == sorted([newsletter, unknown])
    with office.database.reading() as session:
        assert waiting_by(session, adam)[IEO, "possible-question"] == 2
        held = EmailStatus.held
        assert waiting_by_status(session, adam) == {(IEO, held): 2, (ADM, held): 1, (0, held): 1}
        assert waiting_by_status(session, officer(office, OLGA)) == {(ADM, held): 1}


def test_after_the_last_of_the_queue_comes_its_first_and_after_the_only_one_none(office: Office) -> None:
    asha, olga = officer(office, ASHA), officer(office, OLGA)
    with office.database.reading() as session:
        assert [next_waiting(session, asha, Filter(), after=email_id) for email_id in (1, 2)] == [2, 1]
        [newsletter] = [row.email.id for row in waiting_emails(session, olga, Filter(), limit=10)]
        assert next_waiting(session, olga, Filter(), after=newsletter) is None


def test_what_was_decided_tells_what_came_of_it(office: Office) -> None:
    asha = officer(office)
    decided(office, 1, Choice.ignore, reason=Reason.spam)
    carried_out(office, 1, Choice.question, consultation_id=IEO)
    decided(office, 2, Choice.response, consultation_id=IEO)
    with office.database.reading() as session:
        waits, recorded, overtaken = decided_lately(session, asha, limit=10)
        assert (waits.is_pending, recorded.is_pending, overtaken.is_pending) == (True, False, False)
        assert (recorded.is_latest, overtaken.is_latest) == (True, False)
        assert recorded.user.name == "Asha Rahman"
        [response] = recorded.outcome.recorded_as
        assert response.email_id == 1
        assert [row.decision.id for row in decided_lately(session, asha, before=waits.decision.id, limit=1)] == [2]
        assert [row.decision.id for row in decisions_about(session, recorded.email)] == [2, 1]
        assert decided_lately(session, officer(office, OLGA), limit=10) == []


def test_many_are_decided_alike_but_for_those_that_changed_or_need_more(office: Office) -> None:
    asha = officer(office)
    office.receive(raw_email(sender=ASHA, to=REVIEW, message_id="<6@x.example>"))
    office.cycle()
    own = office.emails()[-1].id
    shown = {email_id: seen(office, email_id) for email_id in (1, 2, own)}
    decided(office, 1, Choice.ignore, reason=Reason.spam)
    given = Given(choice=Choice.response, consultation_id=IEO)
    with office.database.transaction() as session:
        done = decide_alike(session, shown, given, access=asha, now=office.now)
    assert (done.decided, done.overtaken, done.left) == (1, 1, 1)
    jobs.record(office.this)
    assert [response.email_id for response in office.responses() if response.email_id in shown] == [2]


def test_the_number_in_every_pages_header_is_read_from_the_index_of_those_that_wait(office: Office) -> None:
    if office.database.engine.dialect.name != "sqlite":
        return  # PostgreSQL reads so small a table whole
    counts = list[str]()
    sa.event.listen(
        office.database.engine, "before_cursor_execute", lambda _connection, _cursor, asked, *_: counts.append(asked)
    )
    with office.database.reading() as session:
        waiting_count(session, officer(office, ADAM))
        [count] = [asked for asked in counts if asked.startswith("SELECT count")]
        plan = [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {count}")]
    assert plan == ["SCAN inbound_email USING COVERING INDEX ix_inbound_email_waiting"]
