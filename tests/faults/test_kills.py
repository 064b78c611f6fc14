"""The worker is killed between every two steps of collecting, recording and sending; the next one goes on from it."""

import os
from pathlib import Path

import pytest

from tests.databases import both_databases
from tests.faults.points import POINTS, Point
from tests.faults.settled import copies
from tests.faults.site import LETTERS, Kill, open_site
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink


@both_databases
@pytest.mark.parametrize("point", POINTS.values(), ids=lambda point: f"{point.command}: {point.name}")
def test_a_kill_loses_nothing_and_doubles_nothing(
    point: Point, kill: Kill, dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    with open_site(dovecot, smtp_sink, tmp_path) as site:
        site.receive(*LETTERS)
        site.come_to(point)
        kill(site, point)
        site.office.cycle()  # finds what is still claimed, and leaves it alone
        site.settle()
        site.assert_settled()
        # What the mail server may have had goes again, as a copy of the same email.
        assert copies(site.acknowledgements) in ([1, 1, 1], [1, 1, 2] if point.is_handed_over else None)


def test_what_a_killed_worker_left_half_stored_is_gone_when_all_is_accounted_for_days_later(
    kill: Kill, dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    with open_site(dovecot, smtp_sink, tmp_path) as site:
        site.receive(*LETTERS)
        kill(site, POINTS["files written without their names"])
        [spool] = (tmp_path / "files" / "incoming").iterdir()
        for path in (*spool.iterdir(), spool):
            os.utime(path, (0, 0))
        site.run("reconcile")
        assert not spool.exists()
