"""What is kept for security alone is forgotten in time."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from intake import jobs, worker
from intake.store.users import UserSession
from tests.people import ASHA
from tests.web.desk import Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def test_sessions_are_forgotten_after_ninety_days(desk: Desk) -> None:
    desk.office.now += timedelta(days=89)
    desk.sign_in(ASHA)
    jobs.forget(desk.office.this)
    assert len(desk.office.rows(UserSession)) == 4
    desk.office.now += timedelta(days=2)
    jobs.forget(desk.office.this)
    assert len(desk.office.rows(UserSession)) == 1


def test_the_worker_forgets_daily(desk: Desk) -> None:
    assert worker._schedule(desk.office.this).get_job("forget").trigger.interval == timedelta(days=1)
