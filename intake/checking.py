"""Check an installation: database, files, mailboxes, mail server, sign-in service. One line each, saying what to do.

Never changes anything.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from intake.accounts.external import look_at_provider
from intake.errors import IntakeError
from intake.inbound.testing_mailboxes import listed, look_at
from intake.jobs import Installation
from intake.mail.signin import tokens_of
from intake.settings import Server


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what was seen."""

    name: str
    ok: bool
    sentence: str


def check_installation(this: Installation) -> Iterator[Check]:
    """Each check as it is done. The configuration itself was checked when it was read."""
    yield Check("configuration", ok=True, sentence="is complete")
    yield _check("database", partial(_database, this))
    yield _check("files", partial(_files, this))
    for app in _apps(this):
        yield _check(f"tokens of {app.title()}", partial(_token, this, app))
    for name in this.settings.mailboxes:
        yield _check(f"mailbox {name}", partial(_mailbox, this, name))
    yield _check("mail server", partial(_mail_server, this))
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


def _accounts(this: Installation) -> dict[str, Server]:
    """By whom they are signed in to."""
    return {one.sign_in: one for one in (this.settings.smtp, *this.settings.mailboxes.values())}


def _apps(this: Installation) -> list[str]:
    return sorted(_accounts(this).keys() - {"password"})


def _token(this: Installation, app: str) -> str:
    """By itself, so that what is wrong with the app is told apart from what is wrong with a mailbox."""
    account = _accounts(this)[app]
    if tokens := tokens_of(account):
        tokens.token(getattr(account, "username", "") or "")
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


def _sign_in_service(this: Installation) -> str:
    look_at_provider(this.settings.sign_in)
    return "is reached and is the one that is set"
