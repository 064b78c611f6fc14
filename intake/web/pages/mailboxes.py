"""The mailboxes for administrators: their settings as the configuration file has them, never a secret; tests on demand.

Speaks to no server: the worker carries the test out and writes what it saw.
"""

from fastapi import APIRouter
from starlette.responses import Response

from intake.errors import NotFound
from intake.inbound.testing_mailboxes import request_test
from intake.inbound.watching import Watched, published_addresses, watched_mailboxes, without_mailbox
from intake.settings import MailboxSettings
from intake.web.asking import Administrator, Asking
from intake.web.forms import Sent
from intake.web.showing import page, redirect

WAIT_SECONDS = 60  # a worker that runs has answered by then, or says within a server's time limit

router = APIRouter()


@router.get("/mailboxes")
def mailboxes(asking: Administrator) -> Response:
    configured = asking.this.settings.mailboxes
    with asking.this.database.reading() as session:
        found = watched_mailboxes(session, asking.access, asking.this.settings, now=asking.now)
        unread = without_mailbox(published_addresses(session), configured)
    return page(
        asking,
        "mailboxes.html",
        mailboxes=found,
        facts={one.name: _facts(one.settings) for one in found if one.settings},
        slow={one.name for one in found if _is_slow(asking, one)},
        unread=unread,
    )


@router.post("/mailboxes/{name}/test")
def test(asking: Administrator, name: str, _: Sent) -> Response:
    if name not in asking.this.settings.mailboxes:
        raise NotFound
    with asking.this.database.transaction() as session:
        request_test(session, name, now=asking.now, actor=asking.user.actor)
    return redirect(asking, f"/mailboxes#{name}")


def _is_slow(asking: Asking, one: Watched) -> bool:
    asked_at = one.row.test_requested_at if one.row else None
    return asked_at is not None and (asking.now - asked_at).total_seconds() > WAIT_SECONDS


def _facts(settings: MailboxSettings) -> list[tuple[str, str]]:
    """What the configuration file says, in words. The password is not among it, nor anything that is made from it."""
    security = {"tls": "TLS", "starttls": "STARTTLS", "none": "no encryption, on this machine only"}[settings.security]
    return [
        ("User name", settings.username),
        ("Server", f"{settings.host}, port {settings.port}, {security}"),
        ("Folders", _folders(settings)),
        ("What is taken in", _TAKE[settings.take]),
        ("On the server afterwards", _after(settings.server_action)),
    ]


_TAKE = {
    "all": "Everything",
    "matching": "Only mail that belongs to a consultation; the rest is left where it lies, and never copied",
}


def _folders(settings: MailboxSettings) -> str:
    if settings.folders:
        return ", ".join(settings.folders)
    but = ["Sent", "Drafts", "Trash", *settings.skip_folders]
    return f"All but {', '.join(but[:-1])} and {but[-1]}"


def _after(action: str) -> str:
    if action.startswith("move:"):
        return f"Moved to the folder “{action.removeprefix('move:')}”"
    return {"leave": "Left as it is", "flag": "Flagged"}[action]
