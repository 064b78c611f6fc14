"""Stored files are kept once, unaltered, and are never half there."""

import errno
import hashlib
import multiprocessing
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from intake.errors import FileMissing, FileTorn, StoreFull, WrongConfiguration
from intake.store import files
from intake.store.files import FileStore

LETTER = b"Dear Asha,\r\n\r\nwe agree with proposal 2.\r\n\r\nBen\r\n"
NAME = hashlib.sha256(LETTER).hexdigest()
NOW = datetime(2020, 2, 28, 12, tzinfo=UTC)


@pytest.fixture(params=["one sync for a batch", "a sync for each file"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileStore:
    if request.param == "a sync for each file":
        # As on systems that have no syncfs.
        monkeypatch.setattr(files, "_syncfs", None)
    return FileStore(tmp_path / "var" / "files")


def _stored(store: FileStore) -> list[str]:
    return sorted(path.name for path in store._root.glob("??/*"))


def _incoming(store: FileStore) -> list[Path]:
    return list((store._root / "incoming").iterdir())


def _spooled(store: FileStore, *contents: bytes) -> list[Path]:
    spool = store.spool()
    paths = [spool / str(number) for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


@pytest.mark.parametrize("number", [0, 1, 30])
def test_contents_are_read_back_by_their_names_in_order(store: FileStore, number: int) -> None:
    contents = [f"letter {one}".encode() for one in range(number)]
    names = store.put_many(iter(contents))
    assert names == [hashlib.sha256(content).hexdigest() for content in contents]
    assert [store.read(name) for name in names] == contents
    assert _incoming(store) == []


def test_same_content_is_kept_once(store: FileStore) -> None:
    assert store.put_many([LETTER, LETTER]) == [NAME, NAME]
    assert store.put_many([LETTER]) == [NAME]
    assert _stored(store) == [NAME]


def test_file_that_is_there_is_not_written_again(store: FileStore) -> None:
    store.put_many([LETTER])
    before = store.path(NAME).stat().st_ino
    store.put_many([LETTER])
    assert store.path(NAME).stat().st_ino == before


def test_empty_content_is_a_content(store: FileStore) -> None:
    (name,) = store.put_many([b""])
    assert store.read(name) == b""


@pytest.mark.parametrize("torn", [b"", LETTER[:10], b"x" * len(LETTER)])
def test_torn_file_is_replaced_when_its_content_comes_again(store: FileStore, torn: bytes) -> None:
    store.put_many([LETTER])
    store.path(NAME).write_bytes(torn)
    with pytest.raises(FileTorn, match=NAME):
        store.read(NAME)
    store.put_many([LETTER])
    assert store.read(NAME) == LETTER


def test_missing_file_is_named(store: FileStore) -> None:
    with pytest.raises(FileMissing, match=NAME):
        store.read(NAME)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", NAME.upper(), NAME[:-1], NAME + "\n"])
def test_name_that_is_no_hash_reaches_no_file(store: FileStore, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        store.read(name)


def test_content_in_pieces_is_one_file(store: FileStore) -> None:
    pieces = [LETTER[:4], b"", LETTER[4:]]
    assert store.put_streams([iter(pieces), []]) == [NAME, hashlib.sha256().hexdigest()]
    assert store.read(NAME) == LETTER


def test_store_makes_nothing_until_it_is_asked_to(store: FileStore, tmp_path: Path) -> None:
    with pytest.raises(WrongConfiguration, match="intake setup"):
        store.require_folders()
    assert store.clear_incoming(before=NOW) == 0
    with pytest.raises(FileMissing):
        store.read(NAME)
    assert list(tmp_path.iterdir()) == []
    store.make_folders()
    store.require_folders()
    store.make_folders()


def test_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "files").write_bytes(b"")
    store = FileStore(tmp_path / "files")
    for use in (store.make_folders, store.require_folders, store.spool, lambda: store.put_many([LETTER])):
        with pytest.raises(WrongConfiguration, match=r"files \(files\.path\)"):
            use()


def test_only_its_user_may_read_the_store(store: FileStore) -> None:
    store.put_many([LETTER])
    (spooled,) = _spooled(store, b"another")
    spooled.chmod(0o644)
    (adopted,) = store.adopt_many([spooled])
    for path in (store.path(NAME), store.path(adopted)):
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    assert spooled.parent.stat().st_mode & 0o777 == 0o700


def test_spooled_files_are_moved_into_the_store(store: FileStore) -> None:
    paths = _spooled(store, LETTER, b"attachment")
    before = paths[0].stat().st_ino
    names = store.adopt_many(paths)
    assert [store.read(name) for name in names] == [LETTER, b"attachment"]
    assert store.path(names[0]).stat().st_ino == before
    assert list(paths[0].parent.iterdir()) == []


def test_spooled_file_that_is_there_already_is_dropped(store: FileStore) -> None:
    store.put_many([LETTER])
    paths = _spooled(store, LETTER, LETTER)
    assert store.adopt_many(paths) == [NAME, NAME]
    assert not any(path.exists() for path in paths)


def test_only_spooled_files_are_adopted(store: FileStore, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(LETTER)
    link = store.spool() / "link"
    link.symlink_to(outside)
    for path in (outside, link, store.spool() / ".." / ".." / ".." / ".." / "outside"):
        with pytest.raises(ValueError, match="only a file in a spool"):
            store.adopt_many([path])
    assert outside.read_bytes() == LETTER


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_leaves_nothing_half_written(store: FileStore, number: int) -> None:
    def contents() -> Iterator[bytes]:
        yield LETTER
        raise OSError(number, os.strerror(number))

    store.put_many([b"earlier"])
    before = _stored(store)
    with pytest.raises(StoreFull):
        store.put_many(contents())
    assert _stored(store) == before
    assert _incoming(store) == []


def test_other_trouble_with_the_disk_is_not_called_full(store: FileStore) -> None:
    def contents() -> Iterator[bytes]:
        yield LETTER
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        store.put_many(contents())
    assert _incoming(store) == []


def _put_the_same(root: Path) -> list[str]:
    return FileStore(root).put_many(f"letter {number % 20}".encode() for number in range(100))


def test_several_processes_store_the_same_contents_at_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert len({tuple(names) for names in pool.map(_put_the_same, [tmp_path] * 6)}) == 1
        pool.close()
        pool.join()
    store = FileStore(tmp_path)
    assert len([store.read(name) for name in _stored(store)]) == 20


def test_what_a_crash_left_is_cleared_and_what_is_in_use_is_not(store: FileStore) -> None:
    ages = {"left": timedelta(days=2), "used": timedelta(days=2), "new": timedelta(hours=1)}
    spools = {name: _spooled(store, b"part")[0].parent for name in ages}
    for name, age in ages.items():
        at = (NOW - age).timestamp()
        for path in (spools[name] / "0", spools[name]):
            os.utime(path, (at, at))
    os.utime(spools["used"] / "0", (NOW.timestamp(), NOW.timestamp()))
    assert store.clear_incoming(before=NOW - timedelta(days=1)) == 1
    assert sorted(_incoming(store)) == sorted([spools["used"], spools["new"]])


def test_clearing_leaves_stored_files_alone(store: FileStore) -> None:
    store.put_many([LETTER])
    assert store.clear_incoming(before=datetime.now(UTC) + timedelta(days=1)) == 0
    assert store.read(NAME) == LETTER


def test_what_is_set_aside_is_found_by_its_name_alone_until_it_is_cleared(store: FileStore) -> None:
    name = store.set_aside(LETTER)
    assert store.set_aside(LETTER) != name
    assert store.aside(name) == LETTER
    assert _stored(store) == []
    spool, _, own = name.partition("/")
    for other in (f"{spool}/{own[:-1]}", spool, f"../incoming/{name}", f"{spool}/../{name}", ""):
        with pytest.raises(FileMissing):
            store.aside(other)
    store.clear_incoming(before=datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(FileMissing):
        store.aside(name)
