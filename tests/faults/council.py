"""An office at the real mail system: Ben writes by email, is acknowledged through Postfix, and reads it in his mailbox.

Never judges what became of a letter: `settled` does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from intake.mail.mailbox import connect
from intake.mail.smtp import SmtpSender
from intake.mail.understanding import understand
from intake.store.emails import EmailStatus, OutgoingStatus
from tests.building import raw_email
from tests.office import DURING, Office, open_office
from tests.people import BEN, REVIEW
from tests.servers.mail_system import MailSystem


@dataclass(frozen=True, slots=True)
class Council:
    """What a test works with. `office` signs in to the mailbox of the review, and sends as it."""

    office: Office
    mail_system: MailSystem

    def receive(self, *numbers: int, folder: str = "INBOX", size: int = 0) -> list[str]:
        """Ben's letters lie in the review's mailbox, as if just delivered. Their Message-IDs."""
        self.mail_system.dovecot.append_all(
            REVIEW, folder, [(raw_letter(number, size=size), DURING) for number in numbers]
        )
        return [letter_id(number) for number in numbers]

    def write(self, *numbers: int) -> list[str]:
        """Ben sends letters by the council's Postfix, which delivers them when it can. Their Message-IDs."""
        for number in numbers:
            self.mail_system.send(raw_letter(number), sender=BEN, recipients=[REVIEW])
        return [letter_id(number) for number in numbers]

    def acknowledgements(self, *addresses: str) -> list[bytes]:
        """The emails of ours that lie in these mailboxes, Ben's if none is named, once Postfix has nothing left."""
        self.mail_system.wait_until_delivered()
        arrived = [raw for address in addresses or (BEN,) for raw in self.mail_system.read(address)]
        own = self.office.this.own
        return [raw for raw in arrived if (automatic := understand(raw, own=own).automatic) and automatic.kind == "own"]

    def settle(self) -> None:
        """Time goes on, and the jobs take their turns, until nothing waits any more; then once more."""
        self.mail_system.wait_until_delivered()
        for _ in range(10):
            is_last = not self._is_waiting()
            self.office.now += timedelta(hours=1)
            self.office.cycle()
            if is_last and not self._is_waiting():
                return
        raise AssertionError("something still waits for its turn")

    def _is_waiting(self) -> bool:
        return any(email.status in (EmailStatus.received, EmailStatus.failed) for email in self.office.emails()) or any(
            outgoing.status in (OutgoingStatus.queued, OutgoingStatus.sending) for outgoing in self.office.outgoing()
        )


@contextmanager
def open_council(
    mail_system: MailSystem,
    folder: Path,
    *,
    review: dict[str, Any] | None = None,
    smtp: dict[str, Any] | None = None,
    web: dict[str, Any] | None = None,
) -> Iterator[Council]:
    """`review` and `smtp` change how the mailbox and Postfix are reached, such as by a wire."""
    settings = {
        "mailboxes": {"review": mail_system.mailbox_settings(REVIEW, **(review or {}))},
        "smtp": mail_system.smtp_settings(**{"per_minute": 1000, **(smtp or {})}),
        "acknowledgements": {"per_sender_a_day": 1000},
        "worker": {"parsers": 1},
        "web": web or {},
    }
    with open_office(folder, settings=settings, connect=connect) as office:
        office.this = replace(office.this, make_sender=SmtpSender)
        yield Council(office, mail_system)


def letter_id(number: int) -> str:
    return f"<letter-{number}@heathfield.example>"


def raw_letter(number: int, *, size: int = 0) -> bytes:
    """One of Ben's letters, of somewhat more than this size; each number another."""
    text, plan = f"We support proposal {number}.\n", ("plan.bin", "application/octet-stream", bytes(size * 3 // 4))
    return raw_email(sender=BEN, to=REVIEW, text=text, attachments=[plan] if size else (), message_id=letter_id(number))
