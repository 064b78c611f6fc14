"""What the texts of mailings are filled with, as the record stands when one is written: a closing time, a count or a
document is never older than the email that names it.

The fields' names and meanings stand in `texts.py`. Never says who is written to.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.deadlines import closing_wording, day_wording, moment_wording, timing
from intake.outbound.documents import documents_for
from intake.outbound.names import person_name
from intake.outbound.recipients import counts, has_answered
from intake.outbound.texts import OFFICERS_MAILINGS, greeting, language_of
from intake.store.consultations import Consultation, DeadlineChange, OnlineForm, PublishedAddress
from intake.store.emails import IS_DELAYED, EmailStatus, InboundEmail, OutgoingEmail, OutgoingStatus
from intake.store.mailings import Mailing
from intake.store.people import WELSH, Consultee, named_groups
from intake.store.responses import Response, ResponseStatus
from intake.store.users import User

INERT_TOKEN = "test"  # noqa: S105  # stands where a real token would, and no email has it
_Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Writing:
    """One email that is being written."""

    session: Session
    outgoing: OutgoingEmail
    consultation: Consultation
    language: str
    now: datetime
    base_url: str

    def moment(self, at: datetime) -> str:
        """In the wording of closing times."""
        return closing_wording(at, self.consultation.zone, self.language)

    def days(self, at: datetime) -> str:
        return day_wording(at, self.consultation.zone, now=self.now, language=self.language)


def fields(
    session: Session, outgoing: OutgoingEmail, now: datetime, *, base_url: str, language: str | None = None
) -> Mapping[str, object]:
    """What the text of this mailing may name, and what the shell around it needs.

    `outgoing` may be one that is only looked at. `language`: None for the one it is written in.
    """
    consultation = session.get_one(Consultation, outgoing.consultation_id)
    writing = _Writing(session, outgoing, consultation, language or language_of(session, outgoing), now, base_url)
    if outgoing.kind in OFFICERS_MAILINGS:
        return {**_of_consultation(writing), **_of_officer(writing), **_OF_KIND[outgoing.kind](writing)}
    return {**_of_consultation(writing), **_of_recipient(writing), **_OF_KIND[outgoing.kind](writing)}


def _of_consultation(writing: _Writing) -> _Values:
    consultation = writing.consultation
    return {
        "consultation_title": consultation.title,
        "closing": writing.moment(consultation.closes_at),
        "has_closed": timing(writing.now, consultation.closes_at) == "late",
        "days_to_closing": writing.days(consultation.closes_at),
    }


def _of_recipient(writing: _Writing) -> _Values:
    session, outgoing, consultation = writing.session, writing.outgoing, writing.consultation
    organisation, group = _whose(session, outgoing)
    link = writing.base_url + f"/stop/{outgoing.opt_out_token or INERT_TOKEN}"
    return {
        "greeting": greeting(outgoing.recipient_name, writing.language),
        "recipient_name": person_name(outgoing.recipient_name),
        "organisation": organisation,
        "group": group,
        "opening": writing.moment(consultation.opens_at),
        "has_opened": writing.now >= consultation.opens_at,
        "about": consultation.about,
        "form_url": _form_url(writing),
        "answer_to": _answer_to(session, consultation, writing.language),
        "documents": _documents(writing),
        "contact_name": consultation.contact_name,
        "contact_address": consultation.contact_address,
        "contact_phone": consultation.contact_phone,
        "next_steps": consultation.next_steps,
        "privacy_notice": consultation.privacy_notice,
        "opt_out_url": link,
    }


def _whose(session: Session, outgoing: OutgoingEmail) -> tuple[str | None, str | None]:
    """Organisation and stakeholder group."""
    if outgoing.consultee_id is not None:
        consultee = session.get_one(Consultee, outgoing.consultee_id)
        return consultee.organisation, consultee.stakeholder_group
    if outgoing.response_id is not None:
        response = session.get_one(Response, outgoing.response_id)
        return response.organisation, response.stakeholder_group
    return None, None


def _form_url(writing: _Writing) -> str:
    consultation = writing.consultation
    is_there = consultation.online_form is not OnlineForm.off and consultation.archived_at is None
    return f"{writing.base_url}/respond/{consultation.slug}" if is_there else ""


def _answer_to(session: Session, consultation: Consultation, language: str) -> str:
    own = select(PublishedAddress.address).where(PublishedAddress.consultation_id == consultation.id)
    addresses = session.exec(own.order_by(col(PublishedAddress.id))).all()
    return (" neu " if language == WELSH else " or ").join(addresses)


def _documents(writing: _Writing) -> str:
    documents = documents_for(writing.session, writing.consultation, base_url=writing.base_url)
    return "\n".join(f"- {name}: {address}" for name, address in documents)


def _nothing_more(_writing: _Writing) -> _Values:
    return {}


def _of_deadline(writing: _Writing) -> _Values:
    before = _closing_before(writing)
    closes_at = writing.consultation.closes_at
    return {"closing_before": writing.moment(before), "is_later": closes_at > before}


def _closing_before(writing: _Writing) -> datetime:
    """What people were told; where the time never moved, there is nothing to tell, and it is only looked at."""
    session, outgoing = writing.session, writing.outgoing
    mailing = session.get_one(Mailing, outgoing.mailing_id) if outgoing.mailing_id is not None else None
    if mailing and mailing.deadline_change_id is not None:
        return session.get_one(DeadlineChange, mailing.deadline_change_id).before
    changes = select(DeadlineChange).where(DeadlineChange.consultation_id == outgoing.consultation_id)
    last = session.exec(changes.order_by(col(DeadlineChange.id).desc()).limit(1)).first()
    return last.before if last else writing.consultation.closes_at


def _of_outcome(writing: _Writing) -> _Values:
    return {
        "outcome_url": writing.consultation.outcome_url,
        "outcome_note": writing.consultation.outcome_note,
        "references": ", ".join(_references(writing.session, writing.outgoing)),
    }


def _references(session: Session, outgoing: OutgoingEmail) -> list[str]:
    """Of what this person, or the consultee they speak for, answered."""
    is_theirs = [col(Response.respondent_address) == outgoing.recipient_address.lower()]
    if outgoing.consultee_id is not None:
        is_theirs.append(col(Response.consultee_id) == outgoing.consultee_id)
    if outgoing.response_id is not None:
        is_theirs.append(col(Response.id) == outgoing.response_id)
    own = select(Response.reference).where(sa.or_(*is_theirs), *counts(outgoing.consultation_id))
    return list(session.exec(own.order_by(col(Response.id))))


def _of_officer(writing: _Writing) -> _Values:
    session, consultation, outgoing = writing.session, writing.consultation, writing.outgoing
    user = session.get_one(User, outgoing.user_id)
    log = f"{writing.base_url}/responses?consultation={consultation.slug}"
    return {
        "greeting": f"Dear {user.name},",
        "officer_name": user.name,
        **_log_counts(session, consultation),
        **_mail_counts(session, consultation, user),
        "responses_link": log,
        "unread_link": f"{log}&status=unread",
        "held_link": f"{writing.base_url}/held",
        "outgoing_link": f"{writing.base_url}/outgoing?state=failed",
        "consultation_link": f"{writing.base_url}/consultations/{consultation.slug}",
    }


def _log_counts(session: Session, consultation: Consultation) -> dict[str, int]:
    standing = (col(Response.consultation_id) == consultation.id, col(Response.withdrawn_at).is_(None))
    return {
        "responses": _count(session, Response, *counts(consultation.id)),
        "unread": _count(session, Response, *standing, col(Response.status) == ResponseStatus.unread),
        "needs_reply": _count(session, Response, *standing, col(Response.needs_reply).is_(True)),
    }


def _mail_counts(session: Session, consultation: Consultation, user: User) -> dict[str, int]:
    """Administrators also see what belongs to no consultation yet."""
    own = col(InboundEmail.consultation_id)
    is_theirs = sa.or_(own == consultation.id, own.is_(None)) if user.is_administrator else own == consultation.id
    undelivered = (OutgoingStatus.failed, OutgoingStatus.bounced)
    return {
        "held": _count(session, InboundEmail, is_theirs, col(InboundEmail.status) == EmailStatus.held),
        "failed": _count(session, InboundEmail, is_theirs, col(InboundEmail.status) == EmailStatus.failed),
        "undelivered": _count(
            session,
            OutgoingEmail,
            col(OutgoingEmail.consultation_id) == consultation.id,
            col(OutgoingEmail.status).in_(undelivered),
            ~IS_DELAYED,
        ),
    }


def _count(
    session: Session,
    table: type[Response] | type[InboundEmail] | type[OutgoingEmail],
    *conditions: sa.ColumnElement[bool],
) -> int:
    return session.exec(select(sa.func.count()).select_from(table).where(*conditions)).one()


def _of_digest(writing: _Writing) -> _Values:
    session, consultation = writing.session, writing.consultation
    since = _last_digest(session, writing.outgoing) or writing.now - timedelta(days=1)
    consultees = session.exec(
        select(Consultee).where(Consultee.consultation_id == consultation.id, col(Consultee.removed_at).is_(None))
    ).all()
    answered = has_answered(session, consultation.id).keys()
    return {
        "new": _count(session, Response, *counts(consultation.id), col(Response.recorded_at) > since),
        "new_since": moment_wording(since, consultation.zone),
        "answered": sum(consultee.id in answered for consultee in consultees),
        "invited": len(consultees),
        "rates": "\n".join(_rates(session, consultation, consultees, answered)),
    }


def _last_digest(session: Session, outgoing: OutgoingEmail) -> datetime | None:
    """When the same rule's mailing before this one was due."""
    if outgoing.mailing_id is None:
        return None
    mailing = session.get_one(Mailing, outgoing.mailing_id)
    earlier = select(Mailing.due_at).where(Mailing.rule_id == mailing.rule_id, Mailing.due_at < mailing.due_at)
    went = earlier.where(col(Mailing.missed_at).is_(None), col(Mailing.cancelled_at).is_(None))
    return session.exec(went.order_by(col(Mailing.due_at).desc()).limit(1)).first()


def _rates(
    session: Session, consultation: Consultation, consultees: Sequence[Consultee], answered: Collection[int]
) -> Iterator[str]:
    """A line for each group, in the groups' order; groups that only consultees name come last."""
    used = sorted({consultee.stakeholder_group for consultee in consultees})
    for name in dict.fromkeys([*named_groups(session, consultation.id), *used]):
        own = [consultee for consultee in consultees if consultee.stakeholder_group == name]
        if own:
            number = sum(consultee.id in answered for consultee in own)
            yield f"- {name}: {number:,} of {len(own):,} ({_percent(number, len(own))}%)"


def _percent(number: int, total: int) -> int:
    """Whole; 0 and 100 only where nobody or everybody has answered, as on the pages."""
    if number in (0, total):
        return 100 if number else 0
    return min(max(round(100 * number / total), 1), 99)


_OF_KIND: Mapping[str, Callable[[_Writing], _Values]] = {
    "invitation": _nothing_more,
    "reminder": _nothing_more,
    "deadline-extended": _of_deadline,
    "outcome": _of_outcome,
    "officer-reminder": _nothing_more,
    "digest": _of_digest,
}
