"""Tables of mail: mailboxes, the ledger of what lies on the servers, inbound and outgoing emails.

Never holds an email's bytes (those are stored files) and never changes a status (`transitions.py` does).
"""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel, col

from intake.store.database import UtcDateTime, name_type
from intake.store.reasons import Reason


class Mailbox(SQLModel, table=True):
    """What is known of one configured mailbox; its address and password stay in the configuration file."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=80)
    lease_owner: str | None = Field(default=None, max_length=40)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    first_poll_completed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_polled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # when the last one that succeeded ended
    last_poll_began_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # and when it began
    last_tried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str | None = None
    is_refused: bool = False  # the last try: by whoever signs in, not by a server that is away
    test_requested_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the worker tests it and says so:
    tested_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    test_passed: bool | None = None
    test_sentence: str | None = None
    reconciled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # when the server was last compared:
    messages_on_server: int | None = None
    messages_missing: int | None = None  # on the server, and not in the ledger


class MailboxFolder(SQLModel, table=True):
    """One folder of a mailbox. All UIDs below `uid_next` of this `uid_validity` are in the ledger.

    All below `gone_through_to` were seen, handed over or not. None: it was never gone through under this
    `uid_validity`, and what it holds may have lain there long.
    """

    __tablename__ = "mailbox_folder"
    __table_args__ = (sa.UniqueConstraint("mailbox_id", "name"),)

    id: int = Field(default=None, primary_key=True)
    mailbox_id: int = Field(foreign_key="mailbox.id")
    name: str = Field(max_length=500)
    uid_validity: int | None = Field(default=None, sa_type=sa.BigInteger)
    uid_next: int | None = Field(default=None, sa_type=sa.BigInteger)
    gone_through_to: int | None = Field(default=None, sa_type=sa.BigInteger)


class ServerAction(StrEnum):
    """What is still to be done, or was, to a message on the server, after it was stored here."""

    none = "none"
    pending = "pending"
    done = "done"
    removed = "removed"  # a test email of our own


class LedgerEntry(SQLModel, table=True):
    """One message as it lay on a server. Without `email_id` it was left in place: only its place and time are kept."""

    __tablename__ = "ledger_entry"
    __table_args__ = (sa.UniqueConstraint("folder_id", "uid_validity", "uid"),)

    id: int = Field(default=None, primary_key=True)
    folder_id: int = Field(foreign_key="mailbox_folder.id")
    uid_validity: int = Field(sa_type=sa.BigInteger)
    uid: int = Field(sa_type=sa.BigInteger)
    received_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    email_id: int | None = Field(default=None, foreign_key="inbound_email.id", index=True)
    server_action: ServerAction = Field(default=ServerAction.none, sa_type=name_type(ServerAction))


class EmailStatus(StrEnum):
    """Where an inbound email stands."""

    received = "received"  # stored, not yet understood
    recorded = "recorded"  # became a response or an addition
    held = "held"  # waits for a person's decision
    ignored = "ignored"  # needs nothing: automatic, a duplicate, before opening
    failed = "failed"  # could not be read; tried again, and visible


# Word for word as in the index of those that wait: SQLite uses it only for a query that says the same. With the bare
# status it would rather walk the index of every status, and sort.
IS_WAITING = sa.text("inbound_email.status || '' IN ('held', 'failed')")
_INDEXED = sa.text("status || '' IN ('held', 'failed')")


class InboundEmail(SQLModel, table=True):
    """One message as it lay in a mailbox. `raw_sha256` names its unaltered bytes in the file store."""

    __tablename__ = "inbound_email"
    __table_args__ = (
        sa.UniqueConstraint("mailbox_id", "raw_sha256"),
        sa.Index(
            "uq_inbound_email_dropped",
            "raw_sha256",
            unique=True,
            sqlite_where=sa.text("mailbox_id IS NULL"),
            postgresql_where=sa.text("mailbox_id IS NULL"),
        ),
        sa.Index("ix_inbound_email_status_next_attempt_at", "status", "next_attempt_at"),
        sa.Index(
            "ix_inbound_email_waiting",
            "id",
            "consultation_id",
            "reason",
            "status",
            sqlite_where=_INDEXED,
            postgresql_where=_INDEXED,
        ),
    )

    id: int = Field(default=None, primary_key=True)
    mailbox_id: int | None = Field(default=None, foreign_key="mailbox.id")  # None: taken in by `intake drop`
    raw_sha256: str = Field(max_length=64)
    size: int
    is_headers_only: bool = False  # too large to fetch by itself
    header_sha256: str | None = Field(default=None, max_length=64)  # of one that was fetched whole later
    fetch_requested_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_backlog: bool = False
    is_junk: bool = False
    received_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    collected_at: datetime = Field(sa_type=UtcDateTime)
    status: EmailStatus = Field(default=EmailStatus.received, sa_type=name_type(EmailStatus))
    reason: str | None = Field(default=None, max_length=40)
    attempts: int = 0
    failures: int = 0
    next_attempt_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    enclosed_in_id: int | None = Field(default=None, foreign_key="inbound_email.id", index=True)
    """The officer's forward it was attached to, out of which it was taken."""
    dmarc: str | None = Field(default=None, max_length=4)  # what our own server found: pass, fail or none
    letter_digest: str | None = Field(default=None, max_length=64, index=True)
    message_id: str | None = Field(default=None, index=True)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sender_address: str | None = None
    sender_name: str | None = None
    subject: str | None = None
    consultation_id: int | None = Field(default=None, foreign_key="consultation.id")  # held: the one it seems meant for
    duplicate_of_id: int | None = Field(default=None, foreign_key="inbound_email.id")


class OutgoingStatus(StrEnum):
    """Where an outgoing email stands."""

    queued = "queued"  # waits for its turn
    sending = "sending"  # claimed by a worker until `claimed_until`
    sent = "sent"  # the mail server took it
    held = "held"  # waits for a person
    failed = "failed"  # refused for good, or given up
    cancelled = "cancelled"  # a person decided against it
    missed = "missed"  # its time passed before it could be sent
    bounced = "bounced"  # came back


class OutgoingEmail(SQLModel, table=True):
    """One email owed to one recipient. Its Message-ID is chosen when it is queued and never changes.

    `subject`, `text` and `html` are filled when it is claimed: the message as it goes, the same at every try.
    """

    __tablename__ = "outgoing_email"
    __table_args__ = (
        sa.Index("ix_outgoing_email_status_due_at", "status", "due_at"),
        sa.Index("ix_outgoing_email_turn", "status", "priority", "due_at", "id"),
        sa.Index("ix_outgoing_email_account_attempted_at", "account", "attempted_at"),
        sa.Index("ix_outgoing_email_recipient", "recipient_address", "kind", "queued_at"),
        sa.Index("uq_outgoing_email_opt_out_token", "opt_out_token", unique=True),
        sa.Index("uq_outgoing_email_day_key", "day_key", unique=True),
    )

    id: int = Field(default=None, primary_key=True)
    kind: str = Field(max_length=40)
    once_key: str = Field(unique=True, max_length=120)
    consultation_id: int = Field(foreign_key="consultation.id")
    response_id: int | None = Field(default=None, foreign_key="response.id", index=True)
    email_id: int | None = Field(default=None, foreign_key="inbound_email.id", index=True)
    addition_id: int | None = Field(default=None, foreign_key="addition.id")  # that it acknowledges
    recipient_address: str = Field(max_length=320)
    recipient_name: str = Field(default="", max_length=200)
    message_id: str = Field(unique=True, max_length=200)
    in_reply_to: str | None = None
    references: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    priority: int = 0
    status: OutgoingStatus = Field(default=OutgoingStatus.queued, sa_type=name_type(OutgoingStatus))
    reason: str | None = Field(default=None, max_length=40)
    answer: str | None = None  # the mail server's last word on it, without addresses
    queued_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    attempts: int = 0
    account: str | None = Field(default=None, max_length=200)  # the sending account it was last claimed for
    attempted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    written_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # its Date, once a server may have had it
    claimed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    user_id: int | None = Field(default=None, foreign_key="user_account.id")  # the officer who wrote it:
    given_subject: str | None = None
    given_text: str | None = None
    mailing_id: int | None = Field(default=None, foreign_key="mailing.id", index=True)  # the mailing it is one of:
    consultee_id: int | None = Field(default=None, foreign_key="consultee.id", index=True)
    opt_out_token: str | None = Field(default=None, max_length=64)  # of the link in it
    secret: str | None = Field(default=None, max_length=64)  # of its link, or its code; forgotten once it went
    # Address and local day, of a reminder that is to go or went: two of one day cannot both be queued.
    day_key: str | None = Field(default=None, max_length=340)


# It came back, but may still arrive: wherever emails are counted it went, and nobody has to do anything about it.
IS_DELAYED = sa.and_(
    col(OutgoingEmail.status) == OutgoingStatus.bounced,
    col(OutgoingEmail.reason).is_not_distinct_from(Reason.bounced_for_now.value),
)


class SendingAccount(SQLModel, table=True):
    """The account mail is sent through. Writers lock its row while they count what was sent in the last minute."""

    __tablename__ = "sending_account"

    name: str = Field(primary_key=True, max_length=200)
    last_claim_at: datetime = Field(sa_type=UtcDateTime)
    paused_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    refusal: str | None = None  # why the mail server does not take us, until an email goes
