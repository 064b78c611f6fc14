"""Errors that cross folders. Each docstring is the sentence an operator reads when no better one is given.

Messages name references, ids, files and settings; never a body, a subject or an address.
"""

from collections.abc import Mapping


class IntakeError(Exception):
    """Something went wrong that intake knows about; the line above says what."""

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or " ".join((type(self).__doc__ or "").split()))


class WrongConfiguration(IntakeError):
    """The configuration is wrong; nothing was touched."""


class NotFound(IntakeError):
    """There is no such thing."""


class LostRace(IntakeError):
    """Someone else changed this at the same moment; nothing was changed here."""


class NotPossible(IntakeError):
    """This cannot be done; nothing was changed."""


class Mistakes(IntakeError):
    """Something that was typed has to be corrected; nothing was changed."""

    def __init__(self, by_field: Mapping[str, str]) -> None:
        """`by_field`: a sentence for each field, none with the value itself."""
        super().__init__(" ".join(by_field.values()))
        self.by_field = dict(by_field)


class Changed(LostRace):
    """Somebody else changed this while you had it open; nothing of yours was changed."""


class MailboxUnavailable(IntakeError):
    """The mailbox could not be reached; it is tried again at the next poll."""


class SignInRefused(MailboxUnavailable):
    """The mail server refused the user name or password; check them in the configuration file."""


class DatabaseUnavailable(IntakeError):
    """The database cannot be used now; check database.url, that the database runs and lets intake in, and that its
    disk has room."""


class SendPostponed(IntakeError):
    """The mail server could not take the email now; it is tried again later."""


class SendRefused(IntakeError):
    """The mail server refused the email for good; it is not tried again."""


class RecipientUnknown(SendRefused):
    """The mail server refused the email for good: it says that there is no such address."""


class FileMissing(IntakeError):
    """A stored file is missing; restore it from the backup or fetch it again from the mailbox."""


class FileTorn(IntakeError):
    """A stored file is not what was stored; restore it from the backup or fetch it again from the mailbox."""


class StoreFull(IntakeError):
    """The disk that keeps the emails is full; nothing was lost, and it goes on when there is room again."""


class ChildDied(IntakeError):
    """The process that read this was stopped: it took too long, too much memory, or broke."""
