"""Reads stored emails for showing, in child processes of the web's own: no letter can stall or harm the pages.

Never reads one in this process, and never shows one whose bytes are not those that were stored.
"""

from queue import Empty, LifoQueue
from typing import Literal

import structlog

from intake.errors import ChildDied, IntakeError, NotFound
from intake.jobs import PARSER_MEMORY_MB, Installation
from intake.mail.attachments import AttachedFile
from intake.mail.letters import ReadLetter
from intake.mail.showing import NothingThere, Shown, ShownEmail, StoredEmail, show_stored
from intake.sandbox import ChildFailed, Sandbox
from intake.store.emails import InboundEmail

CHILDREN = 2
SECONDS = 15.0
_PATIENCE = 20.0  # seconds to wait for a child that reads something else

log = structlog.get_logger()
_Reader = Sandbox[StoredEmail, Shown]
Place = tuple[int, ...]
Part = Literal["body", "header", "letter", "file"]


class EmailNotShown(IntakeError):
    """This email cannot be shown here; download the original to open it in a mail program."""


class EmailReader:
    """For any thread: each sandbox is with one at a time. Its child starts with the first email."""

    def __init__(self, this: Installation, *, seconds: float = SECONDS) -> None:
        self._files = this.files
        self._all: list[_Reader] = [
            Sandbox(show_stored, children=1, seconds=seconds, memory_mb=PARSER_MEMORY_MB) for _ in range(CHILDREN)
        ]
        # The one used last first: the second child only starts when two emails are read at once.
        self._idle: LifoQueue[_Reader] = LifoQueue()
        for reader in reversed(self._all):
            self._idle.put(reader)

    def close(self) -> None:
        """Ends the children. Nothing may be read any more."""
        for reader in self._all:
            reader.close()

    def body(self, email: InboundEmail) -> ShownEmail:
        """What the email says, made safe. Raises EmailNotShown with the sentence to show instead."""
        if email.is_headers_only:
            raise EmailNotShown("This email is larger than intake fetches by itself; only its headers are here.")
        shown = self._read(email.raw_sha256, "body")
        assert isinstance(shown, ShownEmail)
        return shown

    def header(self, email: InboundEmail) -> str:
        """The email's header, line by line. Raises EmailNotShown."""
        shown = self._read(email.raw_sha256, "header")
        assert isinstance(shown, str)
        return shown

    def letter(self, email: InboundEmail) -> ReadLetter:
        """What an officer needs to decide about it; of one too large, what its header says. Raises EmailNotShown."""
        return self.attached_letter(email.raw_sha256, ())

    def attached_letter(self, sha256: str, place: Place) -> ReadLetter:
        """What an email says that is attached in this place of a stored one, or is the stored one itself.

        Raises NotFound where there is none, or EmailNotShown.
        """
        read = self._read(sha256, "letter", place)
        assert isinstance(read, ReadLetter)
        return read

    def attached_file(self, sha256: str, place: Place) -> AttachedFile:
        """As `attached_letter`, for any file."""
        file = self._read(sha256, "file", place)
        assert isinstance(file, AttachedFile)
        return file

    def _read(self, sha256: str, part: Part, place: Place = ()) -> ShownEmail | ReadLetter | AttachedFile | str:
        outcome = self._run(StoredEmail(self._files.path(sha256), sha256, part, place))
        if isinstance(outcome, ChildDied | ChildFailed):
            log.warning("show", file=sha256, error=str(outcome))
            raise EmailNotShown
        if isinstance(outcome, NothingThere):
            raise NotFound
        if outcome is None:
            log.error("show", file=sha256, error="it is missing or damaged")
            raise EmailNotShown("The stored file of this email is missing or damaged; an administrator can restore it.")
        return outcome

    def _run(self, job: StoredEmail) -> Shown | ChildDied | ChildFailed:
        try:
            reader = self._idle.get(timeout=_PATIENCE)
        except Empty:
            raise EmailNotShown("Other emails are being read just now; try again in a moment.") from None
        try:
            [(_, outcome)] = reader.run_each([job])
            return outcome
        finally:
            self._idle.put(reader)
