"""A worker killed while it carries out a decision, a database away, an email that cannot be read: nothing is lost."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from intake import jobs
from intake.errors import LostRace
from intake.inbound.choices import Choice
from intake.inbound.deciding import Given, decide
from intake.store.decisions import Decision
from intake.store.emails import EmailStatus
from intake.store.reasons import Reason
from intake.store.responses import Nature
from tests.building import raw_email
from tests.databases import both_databases
from tests.faults.points import POINTS, Point
from tests.faults.settled import copies
from tests.faults.site import open_site
from tests.inbound.at_dovecot import LARGEST_EMAIL_MB, big, office_at, put
from tests.inbound.decided import IEO, carried_out, decided, officer, seen
from tests.inbound.reconciled import named, reconcile
from tests.office import open_office
from tests.people import ADAM, ASHA, DAN
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink

MESSAGE_ID = "<question@somewhere.example>"
LETTER = raw_email(sender=DAN, to=ASHA, message_id=MESSAGE_ID)
RECORDING = [point for point in POINTS.values() if point.command == "record" and point.name != "attachments stored"]


@both_databases
@pytest.mark.parametrize("point", RECORDING, ids=lambda point: point.name)
def test_a_decision_outlives_a_kill_and_is_carried_out_once(
    point: Point, dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    with open_site(dovecot, smtp_sink, tmp_path) as site:
        site.receive(LETTER)
        site.office.cycle()
        decided(site.office, 1, Choice.question, consultation_id=IEO)
        site.kill_at(point)
        site.office.cycle()  # finds what is still claimed, and leaves it alone
        site.settle()
        site.assert_settled([MESSAGE_ID])
        assert [response.nature for response in site.office.responses()] == [Nature.question]
        assert [decision.carried_out_at is None for decision in site.office.rows(Decision)] == [False]
        assert copies(site.acknowledgements) == [1]


@both_databases
def test_a_decision_that_waits_for_the_worker_is_no_difference(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        office.receive(LETTER)
        office.cycle()
        decided(office, 1, Choice.question, consultation_id=IEO)
        assert named(reconcile(office)) == []
        assert named(reconcile(office, mend=True)) == []
        jobs.record(office.this)
        assert (office.outcomes(), len(office.responses())) == ([("recorded", None)], 1)


def test_what_was_decided_holds_when_the_email_cannot_be_read_at_first(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        office.receive(LETTER)
        office.cycle()
        decided(office, 1, Choice.question, consultation_id=IEO)
        stored = office.files.path(office.emails()[0].raw_sha256)
        aside = stored.rename(tmp_path / "aside")
        jobs.record(office.this)
        assert office.outcomes() == [("failed", "file-missing")]
        assert office.rows(Decision)[0].carried_out_at is None
        aside.rename(stored)
        carried_out(office, 1, Choice.again)
        assert office.outcomes() == [("recorded", None)]
        assert office.responses()[0].nature is Nature.question
        assert all(decision.carried_out_at for decision in office.rows(Decision))


@both_databases
def test_what_was_decided_is_overtaken_by_a_decision_to_ignore(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        office.receive(LETTER)
        office.cycle()
        decided(office, 1, Choice.question, consultation_id=IEO)
        stored = office.files.path(office.emails()[0].raw_sha256)
        aside = stored.rename(tmp_path / "aside")
        jobs.record(office.this)
        aside.rename(stored)
        decided(office, 1, Choice.ignore, reason=Reason.spam)
        carried_out(office, 1, Choice.again, ADAM)
        assert office.outcomes() == [("held", "possible-question")]
        assert office.outgoing() == []


def test_a_failed_email_is_tried_again_at_once_with_all_its_tries(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        office.receive(LETTER)
        office.collect()
        stored = office.files.path(office.emails()[0].raw_sha256)
        aside = stored.rename(tmp_path / "aside")
        jobs.record(office.this)
        assert office.outcomes() == [("failed", "file-missing")]
        aside.rename(stored)
        carried_out(office, 1, Choice.again, ADAM)
        assert office.outcomes() == [("held", "possible-question")]


def test_an_oversize_email_is_fetched_because_an_officer_said_so(dovecot: Dovecot, tmp_path: Path) -> None:
    with office_at(dovecot, "decided", tmp_path) as office:
        put(dovecot, "decided", big(1, LARGEST_EMAIL_MB * 1_000_000))
        office.cycle()
        decided(office, 1, Choice.ignore, ADAM, reason=Reason.private)
        decided(office, 1, Choice.fetch, ADAM)
        assert office.outcomes() == [("held", "oversize")]
        office.cycle()
        assert office.outcomes() == [("recorded", None)]
        assert all(decision.carried_out_at for decision in office.rows(Decision))


@both_databases
def test_two_officers_at_the_same_moment_decide_once(tmp_path: Path) -> None:
    """Both have looked; their transactions meet."""
    with open_office(tmp_path) as office:
        office.receive(LETTER)
        office.cycle()
        shown = seen(office, 1)
        officers = [officer(office, ASHA), officer(office, ADAM)]

        def decide_as(number: int) -> str:
            given = Given(choice=Choice.ignore, reason=(Reason.spam, Reason.private)[number])
            try:
                with office.database.transaction() as session:
                    decide(session, 1, given, seen=shown, access=officers[number], now=office.now)
            except LostRace as race:
                return str(race)
            return ""

        with ThreadPoolExecutor(2) as threads:
            first, second = sorted(threads.map(decide_as, range(2)))
        assert (first, "decided this just now: ignore it" in second) == ("", True)
        assert len(office.rows(Decision)) == 1
        assert office.emails()[0].status is EmailStatus.ignored
