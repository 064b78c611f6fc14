"""The only door to imapclient: one signed-in connection to one IMAP account.

It says what lies in the account and brings the bytes. It never chooses which emails are wanted, never remembers
anything between two connections, and never changes the server unless `flag`, `move` or `remove` is called. One
connection belongs to one thread; after MailboxUnavailable it is of no more use: close it and connect again.
"""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from imapclient import DELETED, FLAGGED, IMAPClient, imap_utf7  # type: ignore[import-untyped]  # ships no types
from imapclient.exceptions import (  # type: ignore[import-untyped]
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
    LoginError,
)

from intake.errors import IntakeError, MailboxUnavailable, SignInRefused
from intake.mail.connecting import network_reason, tls_context
from intake.mail.folders import Folder, with_roles
from intake.mail.signin import TO_READ, TokenRefused, TokenSource, TokenUnavailable, tokens_of
from intake.settings import MailboxSettings

# Its DEBUG lines hold subjects and bodies, so no level of anybody's root logger may let them out.
logging.getLogger("imapclient").setLevel(logging.CRITICAL)

# imapclient never shortens a list of UIDs to ranges, and since 4.0 accepts none. Ten digits and a comma each make
# 5.5 kB, below the 8 kB that RFC 7162 section 4 asks servers to take.
_UIDS_A_COMMAND = 500
# imaplib refuses an answer line above 1 MB, which is about 100,000 UIDs of nine digits.
_UIDS_A_SEARCH = 100_000
_STREAM_BYTES = 1024 * 1024
# RFC 5530: the server's trouble, not the password's.
_TEMPORARY_CODES = {"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN"}


class FolderMissing(MailboxUnavailable):
    """There is no such folder in the mailbox; make it there, or correct its name in the configuration."""


class FolderRefused(MailboxUnavailable):
    """The mail server lists this folder but does not let the account use it; ask whoever runs the server."""


@dataclass(frozen=True, slots=True)
class FolderState:
    """The folder when it was opened. UIDs mean nothing once `uid_validity` has changed (RFC 3501 section 2.3.1.1)."""

    uid_validity: int
    uid_next: int | None
    email_count: int


@dataclass(frozen=True, slots=True)
class ListedEmail:
    uid: int
    size: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class FetchedEmail:
    uid: int
    raw: bytes
    received_at: datetime


class Mailbox(Protocol):
    """What collecting needs of an account. Every method may raise MailboxUnavailable; `open_folder` comes first."""

    def folders(self) -> list[Folder]:
        """Every folder that can be opened."""

    def open_folder(self, name: str, *, for_changes: bool = False) -> FolderState:
        """Raises FolderMissing or FolderRefused. Without `for_changes` nothing done afterwards can alter the folder."""

    def uids(self) -> list[int]:
        """Every UID in the open folder, ascending."""

    def list_emails(self, uids: Sequence[int]) -> list[ListedEmail]:
        """Those of these that are still there. `size` is what the server says, and servers have been seen to err."""

    def fetch(self, uids: Sequence[int]) -> list[FetchedEmail]:
        """Those of these that are still there, whole, at once in memory. No email becomes "seen" by it."""

    def fetch_headers(self, uids: Sequence[int]) -> list[FetchedEmail]:
        """The same with `raw` ending after the header; nothing below it leaves the server."""

    def fetch_to_file(self, uid: int, path: Path, *, after_each_part: Callable[[], None] = lambda: None) -> bool:
        """Write one email, a megabyte at a time; False, and no file, if it is gone."""

    def flag(self, uids: Sequence[int]) -> None:
        r"""Set \Flagged, the star people see. Not \Seen: what nobody has read must not look read."""

    def move(self, uids: Sequence[int], folder: str) -> None:
        r"""Raises FolderMissing. A server that can neither MOVE nor expunge by UID keeps them, marked \Deleted."""

    def remove(self, uids: Sequence[int]) -> None:
        r"""For good. A server that cannot expunge by UID keeps them, marked \Deleted."""

    def close(self) -> None:
        """Never raises."""


def connect(settings: MailboxSettings, *, name: str) -> Mailbox:
    """Sign in. Raises SignInRefused if the user name or password is wrong, else MailboxUnavailable.

    `name` is the mailbox's own in the configuration and is what errors call it.
    """
    with _in_plain_words(name):
        client = _reach(settings)
        try:
            _sign_in(client, settings, name)
        except BaseException:
            _hang_up(client)
            raise
    return ImapMailbox(client, name)


class ImapMailbox:
    """A Mailbox on a real server."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name
        self._email_count = 0
        self._is_for_changes = False
        self._wire_names: dict[str, bytes] = {}

    def folders(self) -> list[Folder]:
        with _in_plain_words(self._name):
            listed = [
                (flags, delimiter, self._readable(wire)) for flags, delimiter, wire in self._client.list_folders()
            ]
            return with_roles(listed)

    def open_folder(self, name: str, *, for_changes: bool = False) -> FolderState:
        with _in_plain_words(self._name), self._or_missing(name):
            answer = self._client.select_folder(self._wire(name), readonly=not for_changes)
            self._email_count, self._is_for_changes = answer[b"EXISTS"], for_changes
            return FolderState(answer[b"UIDVALIDITY"], answer.get(b"UIDNEXT"), answer[b"EXISTS"])

    def uids(self) -> list[int]:
        with _in_plain_words(self._name):
            if self._email_count <= _UIDS_A_SEARCH:
                return sorted(self._client.search("ALL"))
            found: set[int] = set()
            # By place in the folder, last first: an email that moves up meanwhile is seen twice, never missed.
            for first in reversed(range(1, self._email_count + 1, _UIDS_A_SEARCH)):
                last = first + _UIDS_A_SEARCH - 1
                found.update(self._client.search(f"{first}:{last if last < self._email_count else '*'}"))
            return sorted(found)

    def list_emails(self, uids: Sequence[int]) -> list[ListedEmail]:
        answers = self._fetch(uids, "RFC822.SIZE")
        return [ListedEmail(uid, size, received_at) for uid, size, received_at in answers]

    def fetch(self, uids: Sequence[int]) -> list[FetchedEmail]:
        return [FetchedEmail(*answer) for answer in self._fetch(uids, "BODY.PEEK[]")]

    def fetch_headers(self, uids: Sequence[int]) -> list[FetchedEmail]:
        return [FetchedEmail(*answer) for answer in self._fetch(uids, "BODY.PEEK[HEADER]")]

    def fetch_to_file(self, uid: int, path: Path, *, after_each_part: Callable[[], None] = lambda: None) -> bool:
        complete = False
        try:
            with path.open("wb") as file:
                complete = self._stream(uid, file, after_each_part)
        finally:
            if not complete:
                path.unlink(missing_ok=True)
        return complete

    def flag(self, uids: Sequence[int]) -> None:
        self._needs_changes()
        with _in_plain_words(self._name):
            for some in _by_command(uids):
                self._client.add_flags(some, [FLAGGED], silent=True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        self._needs_changes()
        with _in_plain_words(self._name), self._or_missing(folder):
            for some in _by_command(uids):
                self._move(some, self._wire(folder))

    def remove(self, uids: Sequence[int]) -> None:
        self._needs_changes()
        with _in_plain_words(self._name):
            for some in _by_command(uids):
                self._remove(some)

    def close(self) -> None:
        _hang_up(self._client)

    def _readable(self, wire: bytes | str) -> str:
        """The folder's name for people. Names that are not proper modified UTF-7 are read as Latin-1 and remembered."""
        encoded = wire.encode() if isinstance(wire, str) else wire
        with suppress(ValueError):
            name = str(imap_utf7.decode(encoded))
            if imap_utf7.encode(name) == encoded:
                return name
        name = encoded.decode("latin-1")
        self._wire_names[name] = encoded
        return name

    def _wire(self, name: str) -> str:
        wire: bytes = self._wire_names.get(name) or imap_utf7.encode(name)
        return wire.decode("ascii")

    @contextmanager
    def _or_missing(self, folder: str) -> Iterator[None]:
        """A refusal is FolderMissing if the folder is not there, as too few servers say so, else FolderRefused."""
        try:
            yield
        except IMAPClientAbortError:
            raise
        except IMAPClientReadOnlyError:
            raise
        except IMAPClientError as error:
            if any(one.name == folder for one in self.folders()):
                raise FolderRefused(
                    f'Mailbox {self._name}: the mail server does not let this account use the folder "{folder}"'
                    f"{f' ({_code(error)})' if _code(error) else ''}; it is tried again at the next poll."
                ) from None
            raise FolderMissing(
                f'Mailbox {self._name}: there is no folder "{folder}"; make it, or correct the configuration.'
            ) from None

    def _fetch(self, uids: Sequence[int], item: str) -> Iterator[tuple[int, Any, datetime]]:
        key = item.replace(".PEEK", "").encode()
        with _in_plain_words(self._name):
            for some in _by_command(uids):
                for uid, answer in self._client.fetch(some, [item, "INTERNALDATE"]).items():
                    # Either is missing when only a change of flags was reported, or the server cannot give the email.
                    # It then gets no row in the ledger, so the next poll asks again.
                    if answer.get(key) is not None and answer.get(b"INTERNALDATE"):
                        yield uid, answer[key], _utc(answer[b"INTERNALDATE"])

    def _stream(self, uid: int, file: Any, after_each_part: Callable[[], None]) -> bool:
        offset = 0
        while True:
            with _in_plain_words(self._name):
                answer = self._client.fetch([uid], [f"BODY.PEEK[]<{offset}.{_STREAM_BYTES}>"]).get(uid, {})
            if f"BODY[]<{offset}>".encode() not in answer:
                return False
            part = answer[f"BODY[]<{offset}>".encode()]
            # Until nothing comes, not until the size the server listed: Exchange is known to guess sizes.
            if not part:
                return offset > 0
            file.write(part)
            offset += len(part)
            after_each_part()

    def _needs_changes(self) -> None:
        # Dovecot answers a MOVE from a folder opened for reading with OK, and moves nothing.
        if not self._is_for_changes:
            raise MailboxUnavailable(f"Mailbox {self._name}: the folder was opened for reading only.")

    def _move(self, uids: list[int], wire: str) -> None:
        if self._client.has_capability("MOVE"):
            self._client.move(uids, wire)
            return
        self._client.copy(uids, wire)
        self._remove(uids)

    def _remove(self, uids: list[int]) -> None:
        self._client.add_flags(uids, [DELETED], silent=True)
        # A plain EXPUNGE would also remove what other people have marked (RFC 4315 section 1).
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge(uids)


def _reach(settings: MailboxSettings) -> Any:
    """A connection that is encrypted as the settings ask, not yet signed in."""
    context = tls_context(settings.ca_file)
    is_tls = settings.security == "tls"
    client = IMAPClient(
        settings.host,
        settings.port,
        ssl=is_tls,
        ssl_context=context if is_tls else None,
        timeout=settings.timeout_seconds,
    )
    client.normalise_times = False
    client.folder_encode = False
    # imapclient asks imaplib for every line of its debugging, which formats each body for a log that is switched off.
    client._imap.debug = 0
    try:
        if settings.security == "starttls":
            client.starttls(ssl_context=context)
    except BaseException:
        _hang_up(client)
        raise
    return client


def _sign_in(client: Any, settings: MailboxSettings, name: str) -> None:
    tokens = tokens_of(settings)
    token = _token(tokens, settings, name) if tokens else None
    try:
        # LOGIN takes ASCII only, and imaplib sends a user name with a space in it unquoted.
        if token:
            client.oauth2_login(settings.username, token)
        elif client.has_capability("AUTH=PLAIN"):
            client.plain_login(settings.username, _password(settings))
        else:
            client.login(settings.username, _password(settings))
    except LoginError as error:
        # imapclient gives a connection lost at this moment the same name as a wrong password.
        if isinstance(error.__context__, IMAPClientAbortError):
            raise error.__context__ from None
        refusal = _refusal(settings, name, _code(error))
        if tokens and isinstance(refusal, SignInRefused):
            tokens.forget(settings.username)
        raise refusal from None


def _password(settings: MailboxSettings) -> str:
    assert settings.password
    return settings.password.get_secret_value()


def _token(tokens: TokenSource, settings: MailboxSettings, name: str) -> str:
    try:
        return tokens.token(settings.username)
    except TokenRefused as refused:
        raise SignInRefused(f"Mailbox {name}: {refused}") from None
    except TokenUnavailable as unavailable:
        raise MailboxUnavailable(f"Mailbox {name}: {unavailable}") from None


def _refusal(settings: MailboxSettings, name: str, code: str) -> MailboxUnavailable:
    shown = f" ({code})" if code else ""
    if code in _TEMPORARY_CODES:
        return MailboxUnavailable(
            f"Mailbox {name}: the mail server takes no sign-in now{shown}; it is tried again at the next poll."
        )
    refused = "a token was given, but the mail server does not let it into this mailbox"
    if settings.sign_in == "password":
        refused = "the mail server refused the user name or password"
    return SignInRefused(f"Mailbox {name}: {refused}{shown}; {TO_READ[settings.sign_in]}.")


def _hang_up(client: Any) -> None:
    # A connection that broke cannot say goodbye, and shutdown() of one that has done so fails: neither matters.
    with suppress(Exception):
        client.logout()
    with suppress(Exception):
        client.shutdown()


@contextmanager
def _in_plain_words(name: str) -> Iterator[None]:
    """Everything imapclient, imaplib, ssl and sockets raise, as one sentence without the server's own words.

    `from None`: the first error can quote addresses and folder contents.
    """
    try:
        yield
    except IntakeError:
        raise
    except IMAPClientReadOnlyError:
        reason = "the mail server lets this account read the folder but not change it"
    except IMAPClientAbortError:
        reason = "the mail server closed the connection; it is tried again at the next poll"
    except IMAPClientError as error:
        code = _code(error)
        reason = f"the mail server refused a command{f' ({code})' if code else ''}; it is tried again at the next poll"
    except OSError as error:
        reason = network_reason(error)
    except (ValueError, LookupError, TypeError, AttributeError):
        reason = "the mail server gave an answer that cannot be understood; it is tried again at the next poll"
    else:
        return
    raise MailboxUnavailable(f"Mailbox {name}: {reason}.") from None


def _code(error: Exception) -> str:
    """The response code of RFC 5530 in the server's answer, such as AUTHENTICATIONFAILED, or nothing."""
    found = re.search(r"\[([A-Z][A-Z-]*)[\] ]", str(error))
    return found[1] if found else ""


def _by_command(uids: Sequence[int]) -> Iterator[list[int]]:
    for first in range(0, len(uids), _UIDS_A_COMMAND):
        yield list(uids[first : first + _UIDS_A_COMMAND])


def _utc(internal_date: datetime) -> datetime:
    # A zone of "-0000" comes back without one and is UTC (RFC 5322 section 3.3).
    return internal_date.astimezone(UTC) if internal_date.tzinfo else internal_date.replace(tzinfo=UTC)
