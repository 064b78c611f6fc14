"""Stored files: emails and attachments as they arrived, each kept once under the SHA-256 of its content.

A file is on the disk for good before its name is told, so a row never names what a power cut can take away. Files are
never changed. Who may see one, and when one is deleted, is not decided here. Any number of processes may use one store.

    root/ab/ab12…    a stored file, under the first two letters of its name
    root/incoming/   files on their way in, or set aside; what is left there is of no use to anybody
"""

import ctypes
import errno
import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from intake.errors import FileMissing, FileTorn, StoreFull, WrongConfiguration

_REMEDY = "restore it from the backup or fetch it again from the mailbox"
_FEW = 8
_syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """Where to write it, beside its place: it gets there once it is whole and on the disk for good, or not at all."""
    beside = file.with_name(f".{file.name}.part")
    try:
        yield beside
        _fsync(beside)
        beside.replace(file)
        _fsync(file.parent)
    finally:
        beside.unlink(missing_ok=True)


class FileStore:
    """One folder of stored files. To name it makes nothing: `make_folders` does, as does whatever is stored first."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"

    def make_folders(self) -> None:
        """Raises WrongConfiguration where there can be no such folders."""
        try:
            if self._incoming.is_dir():
                return
            self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            sentence = f"The folder {self._root} (files.path) cannot be used ({error.strerror})."
            raise WrongConfiguration(sentence) from None
        _fsync(self._root.parent)

    def require_folders(self) -> None:
        """Refuse to work without folders that this user may read and write."""
        if not os.access(self._incoming, os.R_OK | os.W_OK | os.X_OK):
            raise WrongConfiguration(f"The folder {self._root} (files.path) cannot be used yet; run: intake setup")

    def put_many(self, contents: Iterable[bytes]) -> list[str]:
        """Stores each content; its SHA-256 in hex, in the same order. StoreFull leaves nothing half-written."""
        return self.put_streams([content] for content in contents)

    def put_streams(self, streams: Iterable[Iterable[bytes]]) -> list[str]:
        """Like `put_many`, for contents that come in pieces, each used up before the next is asked for."""
        with self._opened() as disk:
            spool = self.spool()
            try:
                return self._keep(
                    [_written(spool / str(number), pieces) for number, pieces in enumerate(streams)], disk
                )
            finally:
                shutil.rmtree(spool)

    def adopt_many(self, paths: Iterable[Path]) -> list[str]:
        """Like `put_many`, for files already written in a `spool`: they are moved, not copied, and gone from there."""
        with self._opened() as disk:
            return self._keep([(path, self._adoptable(path)) for path in paths], disk)

    def spool(self) -> Path:
        """A new empty folder for files to adopt. Remove it afterwards; `clear_incoming` does after a crash."""
        with telling_when_full():
            self.make_folders()
            return Path(tempfile.mkdtemp(dir=self._incoming))

    def set_aside(self, content: bytes) -> str:
        """Keeps what may never be stored, such as a file that is only looked at so far, until `clear_incoming`.

        The name by which it is found again is nobody's to guess.
        """
        spool, name = self.spool(), secrets.token_urlsafe(32)
        with telling_when_full(), open(spool / name, "xb", opener=_private) as file:
            file.write(content)
        return f"{spool.name}/{name}"

    def aside(self, name: str) -> bytes:
        """What was set aside under this name. Raises FileMissing once it was cleared."""
        if not re.fullmatch(r"\w+/[\w-]{43}", name, re.ASCII):
            raise FileMissing("No file was set aside under this name.")
        try:
            return (self._incoming / name).read_bytes()
        except FileNotFoundError:
            raise FileMissing("The file that was set aside is no longer kept; choose it again.") from None

    def path(self, sha256: str) -> Path:
        """Where the file is, or would be."""
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise ValueError("not a SHA-256 in hex")
        return self._root / sha256[:2] / sha256

    def every(self) -> Iterator[Path]:
        """Each stored file, in the order of their names. What is being stored meanwhile may be among them."""
        for folder in sorted(self._root.glob("[0-9a-f][0-9a-f]")):
            yield from sorted(path for path in folder.iterdir() if len(path.name) == 64)

    def read(self, sha256: str) -> bytes:
        try:
            content = self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise FileMissing(f"The stored file {sha256} is missing; {_REMEDY}.") from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise FileTorn(f"The stored file {sha256} is not what was stored; {_REMEDY}.")
        return content

    def whole(self, sha256: str) -> Path:
        """The path of a stored file that was just checked, for those too large to `read`. Raises like `read`."""
        path = self.path(sha256)
        try:
            with path.open("rb") as file:
                is_whole = hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except FileNotFoundError:
            raise FileMissing(f"The stored file {sha256} is missing; {_REMEDY}.") from None
        if not is_whole:
            raise FileTorn(f"The stored file {sha256} is not what was stored; {_REMEDY}.")
        return path

    def clear_incoming(self, *, before: datetime) -> int:
        """Removes spools in which nothing was written since `before`; how many. A spool in use must be younger."""
        stale = [entry for entry in self._incoming.glob("*") if _last_written(entry) < before.timestamp()]
        for entry in stale:
            # Another process may be clearing too.
            shutil.rmtree(entry, ignore_errors=True)
        return len(stale)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        self.make_folders()
        # Open before the first write: syncfs reports the disk's errors since its descriptor was opened.
        disk = os.open(self._root, os.O_RDONLY)
        try:
            with telling_when_full():
                yield disk
        finally:
            os.close(disk)

    def _keep(self, arrived: list[tuple[Path, str]], disk: int) -> list[str]:
        """Gives files in `incoming` their names."""
        _sync([path for path, _ in arrived], disk)
        for path, sha256 in arrived:
            stored = self.path(sha256)
            if _is_whole(stored, path.stat().st_size, sha256):
                path.unlink()
                continue
            stored.parent.mkdir(mode=0o700, exist_ok=True)
            # In one step. It also replaces a file that was torn; and of two processes at once, one replaces the
            # other's file by the same content.
            path.replace(stored)
        # Also when all was there already: another process may have named it a moment ago, and not synced the name yet.
        _sync([self._root, *{self.path(sha256).parent for _, sha256 in arrived}], disk)
        return [sha256 for _, sha256 in arrived]

    def _adoptable(self, path: Path) -> str:
        if path.is_symlink() or not path.resolve().is_relative_to(self._incoming.resolve()):
            raise ValueError("only a file in a spool can be adopted")
        path.chmod(0o600)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def telling_when_full() -> Iterator[None]:
    """For whatever writes below the store's folder: a full disk is StoreFull."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull from error
        raise


def _written(path: Path, pieces: Iterable[bytes]) -> tuple[Path, str]:
    digest = hashlib.sha256()
    with open(path, "xb", opener=_private) as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
    return path, digest.hexdigest()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _is_whole(path: Path, size: int, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            same_size = os.fstat(file.fileno()).st_size == size
            return same_size and hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


def _sync(paths: list[Path], disk: int) -> None:
    """Until this returns, a power cut may lose these files and folders."""
    if _syncfs is None or len(paths) <= _FEW:
        for path in paths:
            _fsync(path)
    # One call for the whole batch: 200 files take a third of the time. A few are better off without it, as it waits
    # for everything other programs have written to that disk, too.
    elif _syncfs(disk):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _last_written(entry: Path) -> float:
    times = [0.0]
    for path in (entry, *entry.rglob("*")):
        try:
            times.append(path.lstat().st_mtime)
        except FileNotFoundError:
            continue
    return max(times)
