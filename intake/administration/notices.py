"""The mailings an administrator starts by hand: who would get one and who would not, and the start itself.

What is started is what was looked at: where the list changed meanwhile, nothing is queued. Never says why somebody gets
none (`outbound/recipients.py` does), and never sends.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlmodel import Session, col, select

from intake.administration.consultations import State, state_of
from intake.administration.warnings import Warn, mailbox_warnings
from intake.deadlines import closing_wording
from intake.errors import Changed, NotFound, NotPossible
from intake.outbound.documents import documents_of
from intake.outbound.mailings import start_mailing
from intake.outbound.recipients import to_invite, to_tell_outcome, told_old_time
from intake.outbound.verdicts import Recipient, Verdict
from intake.settings import Settings
from intake.store.consultations import Consultation, DeadlineChange
from intake.store.mailings import Mailing
from intake.store.response_changes import lock_consultations
from intake.store.users import User


class OthersByNow(Changed):
    """The list of those who get it has changed since you opened the page; look at it again before you send."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A mailing that could be started now, and the verdict on everybody it is for."""

    consultation: Consultation
    kind: str
    verdicts: Sequence[Verdict]
    change: DeadlineChange | None = None  # that it tells of

    @property
    def going(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.goes]

    @property
    def others(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if not verdict.goes]

    @property
    def seen(self) -> str:
        """Stands for exactly these recipients, in a form."""
        return hashlib.sha256("\n".join(one.recipient.address for one in self.going).encode()).hexdigest()

    def find(self, key: str) -> Recipient | None:
        """Whom `key_of` stands for; else the first who gets it, or would."""
        found = [verdict.recipient for verdict in (*self.going, *self.others) if verdict.recipient.address]
        return next((one for one in found if key_of(one) == key), found[0] if found else None)


Look = Callable[[Session, Consultation, datetime], Notice]
"""Raises NotPossible where it cannot be sent at all."""


def key_of(recipient: Recipient) -> str:
    """Names a recipient in an address of a page, where no email address should stand."""
    return hashlib.sha256(recipient.address.encode()).hexdigest()[:16]


def invitation(session: Session, consultation: Consultation, now: datetime, *, groups: Collection[str] = ()) -> Notice:
    """To those of these groups, or of all, that were not invited yet."""
    if state_of(consultation, now) is State.closed:
        raise NotPossible("This consultation has closed; nobody is invited to it any more.")
    _refuse_archived(consultation)
    return Notice(consultation, "invitation", to_invite(session, consultation, groups=groups, now=now))


def closing_notice(
    session: Session, consultation: Consultation, now: datetime, *, change_id: int | None = None
) -> Notice:
    """Of this change of the closing time, or of the latest. Raises NotFound for one of another consultation."""
    changes = select(DeadlineChange).where(DeadlineChange.consultation_id == consultation.id)
    if change_id is not None:
        changes = changes.where(DeadlineChange.id == change_id)
    change = session.exec(changes.order_by(col(DeadlineChange.id).desc())).first()
    if change is None and change_id is not None:
        raise NotFound
    _refuse_archived(consultation)
    if change is None:
        raise NotPossible("The closing time of this consultation has never moved, so there is nothing to tell.")
    if state_of(consultation, now) is State.closed:
        raise NotPossible("The consultation has closed; no notice is sent after that.")
    verdicts = told_old_time(session, consultation, change, now=now)
    return Notice(consultation, "deadline-extended", verdicts, change)


def outcome(session: Session, consultation: Consultation, now: datetime) -> Notice:
    """To everybody who answered."""
    _refuse_archived(consultation)
    if state_of(consultation, now) in (State.coming, State.open):
        raise NotPossible("The consultation has not closed yet; people are told the outcome after that.")
    if not consultation.outcome_url:
        raise NotPossible("Enter the address of the final document first.")
    return Notice(consultation, "outcome", to_tell_outcome(session, consultation, now=now))


def start(
    session: Session,
    consultation: Consultation,
    look: Look,
    *,
    seen: str,
    message_id_domain: str,
    user: User,
    now: datetime,
) -> tuple[Mailing, int]:
    """Queue it to those it goes to, and say how many. `seen` is the `Notice.seen` of what was looked at.

    Raises NotPossible where there is nobody, OthersByNow where it would go to others.
    """
    lock_consultations(session, [consultation.id])
    session.refresh(consultation)
    notice = look(session, consultation, now)
    if not notice.going:
        raise NotPossible("There is nobody left to send it to.")
    if notice.seen != seen:
        raise OthersByNow
    mailing = Mailing(
        consultation_id=consultation.id,
        kind=notice.kind,
        due_at=now,
        deadline_change_id=notice.change.id if notice.change else None,
        user_id=user.id,
        created_at=now,
    )
    recipients = [verdict.recipient for verdict in notice.going]
    number = start_mailing(session, mailing, recipients, message_id_domain=message_id_domain, now=now, actor=user.actor)
    return mailing, number


def warnings(
    session: Session, consultation: Consultation, kind: str, settings: Settings, *, now: datetime
) -> list[Warn]:
    """What to think of before it is sent."""
    found = list[Warn]()
    if kind == "invitation" and state_of(consultation, now) is State.coming:
        opening = closing_wording(consultation.opens_at, consultation.zone)
        what = f"The consultation is not open yet: it opens at {opening}."
        found.append(Warn(what, "The invitation says so. Whatever is sent before then is not taken in."))
    if kind == "invitation" and not documents_of(session, consultation):
        found.append(Warn("The consultation has no documents.", "The invitation names none; add what is to be read."))
    return [*found, *mailbox_warnings(session, consultation, settings.accounts), *_link_warnings(settings.web.base_url)]


def _link_warnings(base_url: str) -> list[Warn]:
    if not _is_public(base_url):
        what = f"The links in it begin with {base_url}."
        remedy = "People elsewhere cannot open them, nor use the link to stop these emails; correct web.base_url first."
        return [Warn(what, remedy)]
    if not base_url.startswith("https://"):
        what = "The links in it do not begin with https://."
        return [Warn(what, "Mail programs offer to stop emails by one click only where they do; see web.base_url.")]
    return []


def _is_public(base_url: str) -> bool:
    """Whether others may be able to open it: not this machine, nor a name or number of a network of one's own."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal"))


def _refuse_archived(consultation: Consultation) -> None:
    if consultation.archived_at:
        raise NotPossible("This consultation is archived; take it out of the archive first.")
