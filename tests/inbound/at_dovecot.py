"""An office whose mailbox is on a real Dovecot, and what its clients said there."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from intake.mail.mailbox import connect
from tests.building import raw_email
from tests.office import DURING, MAIL_DOMAIN, Office, open_office
from tests.people import BEN, REVIEW
from tests.servers.dovecot import Dovecot

LARGEST_EMAIL_MB = 10


@contextmanager
def office_at(dovecot: Dovecot, user: str, folder: Path, *, polled: bool = True, **changed: Any) -> Iterator[Office]:
    """An office with this user's account as its one mailbox, "review"."""
    settings = {
        "mail": {"message_id_domain": MAIL_DOMAIN, "largest_email_mb": LARGEST_EMAIL_MB},
        "mailboxes": {"review": dovecot.settings(user, **changed)},
    }
    with open_office(folder, polled=polled, settings=settings, connect=connect) as office:
        yield office


def put(dovecot: Dovecot, user: str, *raws: bytes, folder: str = "INBOX") -> None:
    dovecot.append_all(user, folder, [(raw, DURING) for raw in raws])


def big(number: int, size: int, *, to: str = REVIEW) -> bytes:
    """A letter of somewhat more than this size: by its file, as so many words take long to read."""
    plan = ("plan.bin", "application/octet-stream", bytes(size * 3 // 4))
    return raw_email(sender=BEN, to=to, attachments=[plan], message_id=f"<letter-{number}@heathfield.example>")


@contextmanager
def said_meanwhile(dovecot: Dovecot, user: str) -> Iterator[list[str]]:
    """Filled at the end of `with`: the commands this user's clients gave in it."""
    before, said = Counter(dovecot.said(user)), list[str]()
    yield said
    said += (Counter(dovecot.said(user)) - before).elements()


def fetches(said: list[str], item: str) -> list[str]:
    """The UIDs of which this item was asked for, a command each."""
    return [line.split()[2] for line in said if line.startswith("UID FETCH") and item in line]


def uids_of(dovecot: Dovecot, user: str, folder: str, criteria: str) -> list[int]:
    """What another mail program finds there."""
    with dovecot.signed_in(user) as other_program:
        other_program.select(folder, readonly=True)
        _, [found] = other_program.uid("SEARCH", criteria)
        return [int(uid) for uid in found.split()]
