"""A mailbox at which something happens in the middle of a poll, and what the ledger says afterwards."""

from collections.abc import Callable, Sequence

from intake.mail.mailbox import FetchedEmail, FolderState
from intake.store.emails import InboundEmail, LedgerEntry, Mailbox, MailboxFolder
from tests.building import raw_email
from tests.fakes import Emails, FakeMailbox
from tests.office import Office
from tests.people import BEN, REVIEW


class EventfulMailbox(FakeMailbox):
    """`meanwhile[call]` happens once, right before that call: "fetch", "flag", "move" or "open for changes".

    The UIDs in `withheld` are listed but not handed over.
    """

    def __init__(self, folders: dict[str, Emails] | None = None) -> None:
        super().__init__(folders or {"INBOX": {}, "Junk": {}, "Done": {}})
        self.meanwhile: dict[str, Callable[[], object]] = {}
        self.withheld: set[int] = set()

    def lose_connection(self) -> None:
        self.close()

    def open_folder(self, name: str, *, for_changes: bool = False) -> FolderState:
        if for_changes:
            self._happen("open for changes")
        return super().open_folder(name, for_changes=for_changes)

    def fetch(self, uids: Sequence[int]) -> list[FetchedEmail]:
        self._happen("fetch")
        return super().fetch([uid for uid in uids if uid not in self.withheld])

    def fetch_headers(self, uids: Sequence[int]) -> list[FetchedEmail]:
        return super().fetch_headers([uid for uid in uids if uid not in self.withheld])

    def flag(self, uids: Sequence[int]) -> None:
        self._happen("flag")
        super().flag(uids)

    def move(self, uids: Sequence[int], folder: str) -> None:
        self._happen("move")
        super().move(uids, folder)

    def _happen(self, call: str) -> None:
        if event := self.meanwhile.pop(call, None):
            event()


def eventful(office: Office) -> EventfulMailbox:
    """The review's mailbox in this office, from now on one at which things happen."""
    office.mailboxes["review"] = mailbox = EventfulMailbox()
    return mailbox


def letter(number: int = 1, *, text: str = "We support the proposals.\n", to: str = REVIEW) -> bytes:
    """One of Ben's letters; each number another."""
    return raw_email(sender=BEN, to=to, text=text, message_id=f"<letter-{number}@heathfield.example>")


def ledger(office: Office) -> list[tuple[str, int, int | None]]:
    """Folder, UID and email of every entry, in the order they were made."""
    names = {folder.id: folder.name for folder in office.rows(MailboxFolder)}
    return [(names[entry.folder_id], entry.uid, entry.email_id) for entry in office.rows(LedgerEntry)]


def stored(office: Office) -> list[bytes]:
    """The stored bytes of every email, in order."""
    return [office.files.read(email.raw_sha256) for email in office.rows(InboundEmail)]


def review_mailbox(office: Office) -> Mailbox:
    return next(mailbox for mailbox in office.rows(Mailbox) if mailbox.name == "review")
