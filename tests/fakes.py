"""The two things tests pretend: a mailbox and a sender. They keep the contracts of their Protocols, errors included."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from intake.errors import MailboxUnavailable, RecipientUnknown, SendPostponed, SendRefused, SignInRefused
from intake.mail.folders import Folder, with_roles
from intake.mail.mailbox import FetchedEmail, FolderMissing, FolderState, ListedEmail, Mailbox
from intake.mail.smtp import HandoverBroken, SenderRefused, SenderUnavailable
from intake.settings import MailboxSettings

Emails = dict[int, tuple[bytes, datetime]]


class FakeMailbox:
    """An account in memory, `{folder: {uid: (raw, received_at)}}`; pass `connect` where mailbox.connect is wanted.

    `fetched`, `headers_fetched`, `flagged`, `moved` and `removed` say what was done, as (folder, uid).
    `loses_connection_after` n emails fetched, every call raises MailboxUnavailable until the next `connect`; it happens
    once.
    """

    def __init__(self, folders: dict[str, Emails] | None = None) -> None:
        self.contents: dict[str, Emails] = folders if folders is not None else {"INBOX": {}}
        self.uid_validity: dict[str, int] = {}
        self.refuses_sign_in = False
        self.loses_connection_after: int | None = None
        self.fetched: list[tuple[str, int]] = []
        self.headers_fetched: list[tuple[str, int]] = []
        self.flagged: list[tuple[str, int]] = []
        self.moved: list[tuple[str, int]] = []
        self.removed: list[tuple[str, int]] = []
        self._highest: dict[str, int] = {}
        self._is_connected = True
        self._open = ""
        self._may_change = False

    def add(self, raw: bytes, received_at: datetime, *, folder: str = "INBOX") -> int:
        """Puts an email there; its UID, higher than any before."""
        emails = self.contents.setdefault(folder, {})
        uid = self._uid_next(folder)
        emails[uid] = (raw, received_at)
        return uid

    def change_uid_validity(self, folder: str = "INBOX") -> None:
        """As after a restore: the same emails under new UIDs."""
        self.uid_validity[folder] = self.uid_validity.get(folder, 1) + 1
        self.contents[folder] = dict(enumerate(self.contents[folder].values(), start=1))
        self._highest.pop(folder, None)

    def connect(self, settings: MailboxSettings, *, name: str) -> Mailbox:
        if self.refuses_sign_in:
            raise SignInRefused(f"Mailbox {name}: the mail server refused the user name or password.")
        self._is_connected, self._open = True, ""
        return self

    def folders(self) -> list[Folder]:
        self._needs_connection()
        return with_roles([((), b"/", name) for name in self.contents])

    def open_folder(self, name: str, *, for_changes: bool = False) -> FolderState:
        self._needs_connection()
        self._needs_folder(name)
        self._open, self._may_change = name, for_changes
        return FolderState(self.uid_validity.get(name, 1), self._uid_next(name), len(self.contents[name]))

    def uids(self) -> list[int]:
        self._needs_connection()
        return sorted(self.contents[self._open])

    def list_emails(self, uids: Sequence[int]) -> list[ListedEmail]:
        return [ListedEmail(uid, len(raw), received_at) for uid, (raw, received_at) in self._present(uids)]

    def fetch(self, uids: Sequence[int]) -> list[FetchedEmail]:
        return [self._bring(uid, raw, received_at) for uid, (raw, received_at) in self._present(uids)]

    def fetch_headers(self, uids: Sequence[int]) -> list[FetchedEmail]:
        present = self._present(uids)
        self.headers_fetched += [(self._open, uid) for uid, _ in present]
        return [FetchedEmail(uid, _header(raw), received_at) for uid, (raw, received_at) in present]

    def fetch_to_file(self, uid: int, path: Path, *, after_each_part: Callable[[], None] = lambda: None) -> bool:
        for email in self.fetch([uid]):
            path.write_bytes(email.raw)
            after_each_part()
            return True
        return False

    def flag(self, uids: Sequence[int]) -> None:
        self._needs_changes()
        self.flagged += [(self._open, uid) for uid, _ in self._present(uids)]

    def move(self, uids: Sequence[int], folder: str) -> None:
        self._needs_changes()
        self._needs_folder(folder)
        for uid, (raw, received_at) in self._present(uids):
            del self.contents[self._open][uid]
            self.add(raw, received_at, folder=folder)
            self.moved.append((self._open, uid))

    def remove(self, uids: Sequence[int]) -> None:
        self._needs_changes()
        for uid, _ in self._present(uids):
            del self.contents[self._open][uid]
            self.removed.append((self._open, uid))

    def close(self) -> None:
        self._is_connected = False

    def _present(self, uids: Sequence[int]) -> list[tuple[int, tuple[bytes, datetime]]]:
        self._needs_connection()
        emails = self.contents[self._open]
        return [(uid, emails[uid]) for uid in uids if uid in emails]

    def _bring(self, uid: int, raw: bytes, received_at: datetime) -> FetchedEmail:
        if self.loses_connection_after is not None and len(self.fetched) >= self.loses_connection_after:
            self.loses_connection_after = None
            self._is_connected = False
        self._needs_connection()
        self.fetched.append((self._open, uid))
        return FetchedEmail(uid, raw, received_at)

    def _uid_next(self, folder: str) -> int:
        """Higher than any UID the folder ever had, those taken out again included."""
        highest = max(self._highest.get(folder, 0), *self.contents[folder], 0)
        self._highest[folder] = highest
        return highest + 1

    def _needs_connection(self) -> None:
        if not self._is_connected:
            raise MailboxUnavailable("The mail server closed the connection; it is tried again at the next poll.")

    def _needs_changes(self) -> None:
        self._needs_connection()
        if not self._may_change:
            raise MailboxUnavailable("The folder was opened for reading only.")

    def _needs_folder(self, name: str) -> None:
        if name not in self.contents:
            raise FolderMissing(f'There is no folder "{name}"; make it, or correct the configuration.')


@dataclass(frozen=True, slots=True)
class SentEmail:
    sender: str
    recipient: str
    raw: bytes


class FakeSender:
    """Keeps what it is given in `sent`.

    The next `postpones` emails are postponed, those to `refuses` are refused, those to `unknown` as addresses that do
    not exist, and while `is_unavailable` nothing goes, nor while `refusal` says why we are refused. Over the first
    `breaks` the connection breaks.
    """

    def __init__(self) -> None:
        self.sent: list[SentEmail] = []
        self.postpones = 0
        self.breaks = 0
        self.refuses: set[str] = set()
        self.unknown: set[str] = set()
        self.is_unavailable = False
        self.refusal: str | None = None
        self.is_closed = False

    def open(self) -> None:
        if self.refusal:
            raise SenderRefused(self.refusal)
        if self.is_unavailable:
            raise SenderUnavailable

    def offer(self, *, sender: str, recipient: str) -> None:
        self.open()

    def send(self, *, sender: str, recipient: str, raw: bytes) -> None:
        self.open()
        if self.postpones > 0:
            self.postpones -= 1
            raise SendPostponed
        if self.breaks > 0:
            self.breaks -= 1
            raise HandoverBroken
        if recipient in self.refuses:
            raise SendRefused
        if recipient in self.unknown:
            raise RecipientUnknown
        self.sent.append(SentEmail(sender, recipient, raw))

    def close(self) -> None:
        self.is_closed = True


def _header(raw: bytes) -> bytes:
    """Up to and with the empty line, as BODY[HEADER] has it."""
    end = raw.find(b"\r\n\r\n")
    return raw if end < 0 else raw[: end + 4]
