"""What watches intake from outside is told whether it lives, whether it is ready, and whether anything is wrong."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from intake import jobs
from intake.store.alarms import LastLook
from tests.building import raw_email
from tests.people import BEN, REVIEW
from tests.web.api_scene import Caller, token_for
from tests.web.desk import Desk, open_desk
from tests.web.shown import text_of


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        desk.office.receive(raw_email(sender=BEN, to=REVIEW))
        desk.office.cycle()
        yield desk


def silenced(desk: Desk) -> None:
    desk.office.now += timedelta(minutes=40)
    jobs.alarms(desk.office.this)


def test_alarm_is_seen_by_administrators_and_counted_for_machines(desk: Desk) -> None:
    for path in ("/health", "/health/live", "/health/ready", "/health/alarms"):
        answer = desk.nobody.get(path, host="10.0.0.7")
        assert (answer.status_code, answer.text) == (200, "ok"), path
    silenced(desk)
    number = len(desk.office.this.settings.mailboxes)
    alarms = desk.nobody.get("/health/alarms")
    assert (alarms.status_code, alarms.text) == (503, f"There are {number} alarms.")
    assert desk.nobody.get("/health/ready").status_code == 200, "the pages still work"
    assert "Mailbox review has not been read for" in text_of(desk.adam.page("/"), "#alarms")
    assert not desk.asha.page("/").css_matches("#alarms")


@pytest.mark.parametrize("ago", [None, timedelta(minutes=6)])
def test_worker_that_does_not_run_is_seen_where_no_worker_is_needed(desk: Desk, ago: timedelta | None) -> None:
    with desk.office.database.transaction() as session:
        session.delete(session.get_one(LastLook, 1))
        session.flush()
        if ago:
            session.add(LastLook(at=desk.office.now - ago))
    assert "No worker runs: no mail is collected" in text_of(desk.adam.page("/"), "#alarms")
    assert desk.nobody.get("/health/alarms").text == "There is 1 alarm."
    metrics = Caller(desk, token_for(desk)).get("/api/metrics").text
    assert 'intake_alarm{key="worker"} 1.0' in metrics
    jobs.start(desk.office.this)
    assert desk.nobody.get("/health/alarms").text == "ok"
    desk.office.now += timedelta(minutes=4)
    jobs.alarms(desk.office.this)
    desk.office.now += timedelta(minutes=4)
    assert desk.nobody.get("/health/alarms").text == "ok"


def test_metrics_are_read_back_by_prometheus_own_parser(desk: Desk) -> None:
    silenced(desk)
    answer = Caller(desk, token_for(desk)).get("/api/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["intake_responses", ("email",)] == 1
    assert samples["intake_emails", ("recorded",)] == 1
    assert samples["intake_outgoing", ("sent",)] == 1
    assert samples["intake_mailbox_silent_seconds", ("review",)] == 40 * 60
    assert samples["intake_alarm", ("silent:review",)] == 1
    assert samples["intake_disk_free_bytes", ()] > 0
    assert BEN not in answer.text


def test_metrics_are_for_a_token_that_may_read(desk: Desk) -> None:
    assert Caller(desk).get("/api/metrics").status_code == 401
    assert Caller(desk, token_for(desk, "Writes", may_read=False)).get("/api/metrics").status_code == 403
