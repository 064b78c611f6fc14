"""What an administrator should think of before people are told: each a sentence and what to do.

A warning never blocks anything.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from intake.administration.addresses import addresses
from intake.administration.consultations import State, state_of
from intake.administration.days_off import names_by_day
from intake.deadlines import late_from
from intake.settings_sections import is_account_of
from intake.store.consultations import AddressKind, Consultation, OnlineForm, PublishedAddress, Question
from intake.working_days import closing_day_warning


@dataclass(frozen=True, slots=True)
class Warn:
    """`what` is so, and `remedy` is what can be done about it: at the page `path`, if any, by the link `link`."""

    what: str
    remedy: str
    is_about_addresses: bool = False
    path: str = ""
    link: str = ""


def warnings(
    session: Session, consultation: Consultation, accounts: Collection[str], *, now: datetime
) -> Sequence[Warn]:
    """Of a consultation that has not closed yet. `accounts` are the user names its mailboxes are signed in with."""
    state = state_of(consultation, now)
    if state in (State.closed, State.archived):
        return []
    published = addresses(session, consultation)
    return [
        *closing_warnings(session, consultation.closes_at, consultation.zone),
        *_kinds(published),
        *_unpolled(published, accounts),
        *_online(session, consultation),
    ]


def mailbox_warnings(session: Session, consultation: Consultation, accounts: Collection[str]) -> list[Warn]:
    """Of where people are told to write. `accounts` as above."""
    return _unpolled(addresses(session, consultation), accounts)


def closing_warnings(session: Session, closes_at: datetime, timezone: ZoneInfo) -> list[Warn]:
    """Of a closing time that a consultation has, or might get."""
    day = closes_at.astimezone(timezone).date()
    sentence = closing_day_warning(day, names_by_day(session))
    if sentence is None:
        return []
    return [Warn(sentence, "People who need help on the last day may find nobody; consider another day.")]


def instant_warnings(opens_at: datetime, closes_at: datetime, *, now: datetime) -> list[Warn]:
    """Of the two times when a consultation is set up."""
    if late_from(closes_at) <= now:
        return [Warn("It closes in the past.", "Everything that comes from now on is late. Is the year right?")]
    if opens_at < now:
        return [Warn("It opened in the past.", "Mail that came since then and lies in a mailbox is taken in.")]
    return []


def _online(session: Session, consultation: Consultation) -> list[Warn]:
    """Of a form that strangers would not know what to make of."""
    if consultation.online_form is OnlineForm.off:
        return []
    own = f"/consultations/{consultation.slug}"
    found = list[Warn]()
    if not consultation.about:
        remedy = "Say in a few paragraphs what is proposed, and who is asked."
        what = "Its public page does not say what it is about."
        found.append(Warn(what, remedy, path=f"{own}/online-form", link="Say it"))
    if session.exec(select(Question.id).where(Question.consultation_id == consultation.id)).first() is None:
        remedy = "People are given one field for whatever they wish to say."
        found.append(Warn("Its online form asks no question.", remedy, path=f"{own}/questions", link="Add questions"))
    return found


def _kinds(published: Sequence[PublishedAddress]) -> list[Warn]:
    if any(row.kind is AddressKind.dedicated for row in published):
        return []
    return [
        Warn(
            "It has no address of its own, only officers’ personal ones.",
            "Much of what is sent to a personal address waits for a person, as it may be about something else. "
            "Publish an address that is only for this consultation.",
            is_about_addresses=True,
        )
    ]


def _unpolled(published: Sequence[PublishedAddress], accounts: Collection[str]) -> list[Warn]:
    unpolled = [row.address for row in published if not _is_polled(row.address, accounts)]
    if not unpolled:
        return []
    it, its = ("it", "its mailbox") if len(unpolled) == 1 else ("each", "their mailboxes")
    return [
        Warn(
            f"No mailbox in the configuration signs in as {' or '.join(unpolled)}.",
            f"Mail to {it} is only seen if the mail server delivers it to a mailbox that is polled. "
            f"Send a test email to {it}, or add {its} to the configuration file.",
            is_about_addresses=True,
        )
    ]


def _is_polled(address: str, accounts: Collection[str]) -> bool:
    return any(is_account_of(account, address) for account in accounts)
