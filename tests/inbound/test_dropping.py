"""Mail from files is taken in whole and once, or not at all, whatever its size and however odd its mbox is."""

import mailbox
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from intake.errors import NotFound
from intake.inbound.dropping import Dropped, drop_files
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import DURING, Office, open_office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path / "office", polled=False) as office:
        yield office


def drop(office: Office, *paths: Path) -> Dropped:
    return drop_files(paths, office.database, office.files, now=DURING, actor="command line")


def contents(office: Office) -> list[bytes]:
    return [office.files.read(email.raw_sha256) for email in office.emails()]


def eml(folder: Path, number: int = 1) -> Path:
    path = folder / f"{number:03}.eml"
    path.write_bytes(raw_email(message_id=f"<{number}@school.example>"))
    return path


def maildir(folder: Path, *emails: bytes) -> Path:
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    for number, raw in enumerate(emails):
        (folder / ("cur", "new")[number % 2] / str(number)).write_bytes(raw)
    return folder


@both_databases
def test_dropped_email_is_stored_once_as_backlog(office: Office, tmp_path: Path) -> None:
    path = eml(tmp_path)
    assert drop(office, path, path) == Dropped(emails=1, again=1)
    assert drop(office, path) == Dropped(emails=0, again=1)
    [email] = office.emails()
    assert (email.is_backlog, email.received_at, email.size) == (True, None, path.stat().st_size)
    assert contents(office) == [path.read_bytes()]
    assert len(office.history("dropped")) == 1


def test_mbox_says_when_its_emails_were_received(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "box"
    raw = raw_email().replace(b"\r\n", b"\n")
    other = raw[:-1] + b"!\n"
    path.write_bytes(b"From ben@school.example Thu Jan  9 10:00:00 2020\n" + raw + b"\nFrom nobody\n" + other)
    assert drop(office, path).emails == 2
    assert [email.received_at for email in office.emails()] == [datetime(2020, 1, 9, 10, tzinfo=UTC), None]
    assert contents(office) == [raw, other]


def test_mbox_with_a_name_in_any_character_set_is_taken_in(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "box"
    raw = raw_email().replace(b"\r\n", b"\n")
    path.write_bytes("From Siân Thu Jan  9 10:00:00 2020\n".encode("latin-1") + raw)
    assert drop(office, path).emails == 1
    assert office.emails()[0].received_at == datetime(2020, 1, 9, 10, tzinfo=UTC)
    assert contents(office) == [raw]


def test_mbox_is_cut_where_python_cuts_it(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "box"
    letters = [f"Subject: {number}\n\nWords.\n>From here\n\n\n" for number in range(250)]
    path.write_text("\n".join(f"From ben@school.example Thu Jan  9 10:00:00 2020\n{one}" for one in letters))
    before = path.read_bytes()
    assert drop(office, path).emails == 250
    box = mailbox.mbox(path)
    assert contents(office) == [box.get_bytes(key) for key in box.iterkeys()]
    box.close()
    assert path.read_bytes() == before


def test_maildirs_and_files_are_taken_in_together(office: Office, tmp_path: Path) -> None:
    emails = [raw_email(message_id=f"<maildir-{number}@school.example>") for number in range(3)]
    assert drop(office, maildir(tmp_path / "mail", *emails), eml(tmp_path)).emails == 4
    assert set(contents(office)) == {*emails, eml(tmp_path).read_bytes()}


@pytest.mark.parametrize("wrong", ["missing.eml", "folder", "loop"])
def test_every_path_is_looked_at_before_the_first_email_is_stored(office: Office, tmp_path: Path, wrong: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    good = [eml(tmp_path, number) for number in range(150)]
    with pytest.raises(NotFound, match=f"{wrong} .*; nothing was taken in") as refused:
        drop(office, *good, tmp_path / wrong)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    assert office.emails() == []


def test_large_emails_are_stored_without_being_held_in_memory(office: Office, tmp_path: Path) -> None:
    header = raw_email()
    large = [header + bytes([number]) * 12_000_000 for number in range(2)]
    files = [tmp_path / f"large-{number}.eml" for number in range(2)]
    for path, raw in zip(files, large, strict=True):
        path.write_bytes(raw)
    box = tmp_path / "box"
    box.write_bytes(b"From - Thu Jan  9 10:00:00 2020\n" + header + b"\r\n".join([b"x" * 70] * 170_000))
    del large
    tracemalloc.start()
    try:
        assert drop(office, *files, box).emails == 3
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6_000_000
    assert [email.size for email in office.emails()[:2]] == [path.stat().st_size for path in files]
