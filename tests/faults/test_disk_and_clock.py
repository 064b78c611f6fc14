"""A full disk, a torn file, a clock that is an hour off: one clear sentence where there is trouble, and it goes on."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from intake import jobs
from intake.deadlines import timing
from intake.errors import DatabaseUnavailable, StoreFull
from intake.jobs import utc_now
from intake.store.consultations import Consultation
from tests.faults.points import POINTS
from tests.faults.settled import copies
from tests.faults.site import LETTERS, Site, letter, letter_id, open_site
from tests.people import BEN, CAROL, DAN
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink

HOUR = timedelta(hours=1)
LARGE = [
    letter(number, sender=sender, files=[("views.pdf", "application/pdf", os.urandom(300_000))])
    for number, sender in enumerate((BEN, CAROL, DAN))
]


class SmallDisk:
    """Six megabytes of memory in place of a disk. Needs root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, *, room: int) -> None:
        """Leave room for so many bytes."""
        now = os.statvfs(self.folder)
        self._ballast.write_bytes(bytes(now.f_bavail * now.f_frsize - room))

    def fill_with_files(self) -> None:
        """Leave room for bytes, but for no file more."""
        now = os.statvfs(self.folder)
        self._remount(f"nr_inodes={now.f_files - now.f_ffree}")

    def make_room(self) -> None:
        self._ballast.unlink(missing_ok=True)
        self._remount("size=24m,nr_inodes=10000")

    def _remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", self.folder], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / tmp_path.name
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def site(dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path) -> Iterator[Site]:
    with open_site(dovecot, smtp_sink, tmp_path) as site:
        yield site


@contextmanager
def files_on(disk: SmallDisk, dovecot: Dovecot, sink: SmtpSink) -> Iterator[Site]:
    with open_site(dovecot, sink, disk.folder.parent, files={"path": str(disk.folder / "files")}) as site:
        site.office.files.make_folders()
        yield site


@pytest.mark.parametrize(
    "fill",
    [
        lambda disk: disk.fill(room=600_000),  # for one letter of three
        lambda disk: disk.fill(room=0),
        lambda disk: disk.fill_with_files(),
    ],
    ids=["in the middle", "before", "with files"],
)
def test_a_disk_that_fills_up_in_collecting_leaves_nothing_half_written(
    fill: Callable[[SmallDisk], None], disk: SmallDisk, dovecot: Dovecot, smtp_sink: SmtpSink
) -> None:
    with files_on(disk, dovecot, smtp_sink) as site:
        site.receive(*LARGE)
        fill(disk)
        assert_says(site, "collect", StoreFull())
        assert (site.office.emails(), what_is_stored(disk)) == ([], [])
        disk.make_room()
        site.settle()
        site.assert_settled()


def test_a_disk_that_fills_up_in_recording_is_no_fault_of_the_emails(
    disk: SmallDisk, dovecot: Dovecot, smtp_sink: SmtpSink
) -> None:
    with files_on(disk, dovecot, smtp_sink) as site:
        site.receive(*LARGE)
        site.office.collect()
        stored = what_is_stored(disk)
        disk.fill(room=400_000)
        assert_says(site, "record", StoreFull())
        assert (site.office.outcomes(), site.office.responses()) == ([("received", None)] * 3, [])
        assert [email.attempts for email in site.office.emails()] == [0, 0, 0]
        assert what_is_stored(disk) == stored
        disk.make_room()
        site.work()
        site.assert_settled()


@pytest.mark.parametrize("command", ["collect", "record", "send"])
def test_a_full_disk_under_the_database_loses_nothing(
    command: str, disk: SmallDisk, dovecot: Dovecot, smtp_sink: SmtpSink
) -> None:
    with open_site(dovecot, smtp_sink, disk.folder) as site:
        site.receive(*LARGE)
        if command != "collect":
            site.office.collect()
        if command == "send":
            jobs.record(site.office.this)
        before = site.office.outcomes()
        disk.fill(room=0)
        assert_says(site, command, DatabaseUnavailable())
        assert (site.office.outcomes(), smtp_sink.emails) == (before, [])
        disk.make_room()
        site.settle()
        site.assert_settled()


def test_a_disk_that_fills_up_under_the_database_while_a_batch_is_written_leaves_nothing_of_it(
    disk: SmallDisk, dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    long = [letter(number, sender=BEN, text="We agree.\n" * 20_000) for number in range(3)]
    with open_site(dovecot, smtp_sink, tmp_path, database={"url": f"sqlite:///{disk.folder}/intake.sqlite3"}) as site:
        site.receive(*long)
        site.office.collect()
        disk.fill(room=60_000)
        assert_says(site, "record", DatabaseUnavailable())
        assert (site.office.outcomes(), site.office.responses()) == ([("received", None)] * 3, [])
        disk.make_room()
        site.settle()
        site.assert_settled()


def test_a_disk_that_fills_up_under_a_large_email_is_full_and_nothing_else(
    disk: SmallDisk, dovecot: Dovecot, smtp_sink: SmtpSink
) -> None:
    large = letter(1, sender=BEN, files=[("plan.pdf", "application/pdf", os.urandom(3_500_000))])
    with files_on(disk, dovecot, smtp_sink) as site:
        site.receive(large)
        disk.fill(room=2_000_000)
        assert_says(site, "collect", StoreFull())
        assert what_is_stored(disk) == []
        disk.make_room()
        site.settle()
        site.assert_settled([letter_id(1)])


def assert_says(site: Site, command: str, sentence: Exception) -> None:
    """The command fails, and this sentence is the last thing it prints."""
    ran = site.run(command)
    assert (ran.code, ran.err.splitlines()[-1], ran.out) == (1, f"intake: {sentence}", "")


def what_is_stored(disk: SmallDisk) -> list[Path]:
    """Also what is on its way in."""
    return sorted(path for path in (disk.folder / "files").rglob("*") if path.is_file())


def test_torn_files_are_failed_and_recorded_once_they_are_restored(
    dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    with open_site(dovecot, smtp_sink, tmp_path, server_action="leave") as site:
        site.receive(*LETTERS)
        site.office.collect()
        truncated, flipped, _ = (site.office.files.path(email.raw_sha256) for email in site.office.emails())
        truncated.write_bytes(LETTERS[0][:-1])
        flipped.write_bytes(LETTERS[1].replace(b"Yes", b"No!"))
        site.office.cycle()
        assert site.office.outcomes() == [("failed", "file-missing")] * 2 + [("recorded", None)]
        truncated.write_bytes(LETTERS[0])
        flipped.write_bytes(LETTERS[1])
        site.office.now += timedelta(minutes=5)
        site.work()
        site.assert_settled()


def test_a_torn_file_is_whole_again_when_its_email_is_found_in_another_folder(site: Site) -> None:
    site.receive(*LETTERS)
    site.office.collect()
    torn = site.office.files.path(site.office.emails()[0].raw_sha256)
    torn.write_bytes(LETTERS[0][:-1])
    site.work()
    assert torn.read_bytes() == LETTERS[0]
    site.assert_settled()


@pytest.mark.parametrize(("ahead", "closes_in_minutes", "verdict"), [("+1h", 10, "in_time"), ("-1h", -20, "late")])
def test_late_is_what_the_server_received_late_whatever_our_clock_says(
    ahead: str, closes_in_minutes: int, verdict: str, site: Site
) -> None:
    now = utc_now().replace(microsecond=0)
    with site.office.database.transaction() as session:
        for consultation in session.exec(select(Consultation)):
            # By a clock an hour behind it has not opened yet.
            consultation.opens_at = now - timedelta(minutes=40)
            consultation.closes_at = closes_at = now + timedelta(minutes=closes_in_minutes)
    site.receive(*LETTERS, received_at=now)
    for command in ("collect", "record", "send"):
        assert site.run(command, under=clock(ahead)).code == 0
    assert [response.received_at for response in site.office.responses()] == [now] * 3
    assert timing(now, closes_at) == verdict
    assert [b"\nThat is late" in raw for raw in site.acknowledgements] == [verdict == "late"] * 3


# What is claimed is held until an instant: one claimed by a clock that was ahead is held until the others get there.
@pytest.mark.parametrize(("point", "sent"), [("lease taken", 0), ("claim committed", 0), ("content taken", 3)])
def test_what_a_clock_ahead_has_claimed_waits_for_that_time_and_is_done_then(point: str, sent: int, site: Site) -> None:
    site.receive(*LETTERS)
    site.come_to(POINTS[point])
    site.kill_at(POINTS[point], under=clock("+1h"))
    site.settle()
    assert copies(site.acknowledgements) == [1] * sent
    site.office.now += HOUR
    site.settle()
    site.assert_settled()


@pytest.mark.parametrize("point", ["lease taken", "claim committed", "content taken"])
def test_what_a_clock_behind_has_claimed_is_taken_over_at_once(point: str, site: Site) -> None:
    site.receive(*LETTERS)
    site.office.now -= HOUR
    site.come_to(POINTS[point])
    site.kill_at(POINTS[point], under=clock("-1h"))
    site.office.now += HOUR
    site.work()
    site.assert_settled()


def test_a_clock_set_back_never_makes_us_send_faster(dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path) -> None:
    with open_site(dovecot, smtp_sink, tmp_path, smtp={"per_minute": 2}) as site:
        site.receive(*LETTERS)
        site.office.collect()
        jobs.record(site.office.this)
        assert site.run("send", under=clock("+1h")).code == 0
        site.settle()
        assert copies(site.acknowledgements) == [1, 1]
        site.office.now += HOUR
        site.settle()
        site.assert_settled()


def clock(ahead: str) -> list[str]:
    """Puts a command under a clock that is off by so much, without touching the machine's."""
    [library] = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    return ["env", f"LD_PRELOAD={library}", f"FAKETIME={ahead}", "FAKETIME_DONT_FAKE_MONOTONIC=1"]
