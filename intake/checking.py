"""Check an installation: database, files, mailboxes, mail server, sign-in service. One line each, saying what to do.

Never changes anything, and sends nothing unless it is told to whom.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from sqlmodel import col, select

from intake.accounts.external import look_at_provider
from intake.errors import IntakeError
from intake.inbound.testing_mailboxes import listed, look_at
from intake.jobs import Installation
from intake.mail.compose import new_message_id
from intake.mail.signin import tokens_of
from intake.outbound.plain_emails import plain_email
from intake.settings import MailboxSettings, SmtpSettings
from intake.store.consultations import Consultation, sending_address


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what was seen."""

    name: str
    ok: bool
    sentence: str


def check_installation(this: Installation, *, send_to: str | None = None) -> Iterator[Check]:
    """Each check as it is done. The configuration itself was checked when it was read.

    `send_to` gets an email from each consultation's address: only then is it certain that they may be sent from.
    """
    yield Check("configuration", ok=True, sentence="is complete")
    yield (database := _check("database", partial(_database, this)))
    yield _check("files", partial(_files, this))
    for app in _apps(this):
        yield _check(f"tokens of {app.title()}", partial(_token, this, app))
    for name in this.settings.mailboxes:
        yield _check(f"mailbox {name}", partial(_mailbox, this, name))
    yield (mail_server := _check("mail server", partial(_mail_server, this)))
    if database.ok and mail_server.ok:
        for address in _sending_addresses(this):
            yield _check(f"sending as {address}", partial(_sending, this, address, send_to))
    if this.settings.sign_in.issuer:
        yield _check("sign-in service", partial(_sign_in_service, this))


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, ok=True, sentence=look())
    except IntakeError as error:
        return Check(name, ok=False, sentence=str(error))


def _database(this: Installation) -> str:
    this.database.require_newest_schema()
    return "is up to date"


def _files(this: Installation) -> str:
    this.files.require_folders()
    return "can be stored"


def _accounts(this: Installation) -> dict[str, MailboxSettings | SmtpSettings]:
    """By whom they are signed in to."""
    accounts: list[MailboxSettings | SmtpSettings] = [this.settings.smtp, *this.settings.mailboxes.values()]
    return {one.sign_in: one for one in accounts}


def _apps(this: Installation) -> list[str]:
    return sorted(_accounts(this).keys() - {"password"})


def _token(this: Installation, app: str) -> str:
    """By itself, so that what is wrong with the app is told apart from what is wrong with a mailbox."""
    account = _accounts(this)[app]
    if tokens := tokens_of(account):
        tokens.token(account.username or "")
    return "are given"


def _mailbox(this: Installation, name: str) -> str:
    settings = this.settings.mailboxes[name]
    with closing(this.connect(settings, name=name)) as server:
        tested = look_at(server, settings)
    return f"signed in; watches {listed(tested.watched)}; does not watch {listed(tested.unwatched)}"


def _mail_server(this: Installation) -> str:
    sender = this.make_sender(this.settings.smtp)
    try:
        sender.open()
    finally:
        sender.close()
    return "is reached and takes the sign-in" if this.settings.smtp.username else "is reached"


def _sending_addresses(this: Installation) -> list[str]:
    """Of the consultations that are worked on."""
    with this.database.reading() as session:
        consultations = session.exec(select(Consultation).where(col(Consultation.archived_at).is_(None)))
        return sorted({sending_address(session, one) for one in consultations})


def _sending(this: Installation, address: str, send_to: str | None) -> str:
    with closing(this.make_sender(this.settings.smtp)) as sender:
        if send_to is None:
            sender.offer(sender=address, recipient=address)
            return "is not refused; to be certain, let it send you an email: intake check --send-to YOUR-ADDRESS"
        raw = plain_email(
            message_id=new_message_id("check", this.settings.mail.message_id_domain),
            sender=address,
            recipient=send_to,
            subject="intake: a test of sending",
            text=f"intake can send as {address}.",
            now=this.clock(),
        )
        sender.send(sender=address, recipient=send_to, raw=raw)
    return f"works; see that the email came to {send_to}"


def _sign_in_service(this: Installation) -> str:
    look_at_provider(this.settings.sign_in)
    return "is reached and is the one that is set"
