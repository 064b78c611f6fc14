"""Gather what routing needs to know of an email from the store. Never decides."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from intake.inbound.routing import Circumstances, Earlier, Facts, Meant
from intake.mail.authentication import dmarc_result
from intake.mail.understanding import Understood
from intake.store.consultations import Consultation, PublishedAddress
from intake.store.emails import OutgoingEmail
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.responses import FormerReference, Response


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What holds for every email of a batch: the consultations and their published addresses."""

    consultations: Mapping[int, Consultation]
    facts: Mapping[int, Facts]
    published: Mapping[str, tuple[Meant, ...]]
    reference: re.Pattern[str] | None
    authserv_id: str | None

    @property
    def own_addresses(self) -> frozenset[str]:
        return frozenset(self.published)


def load_knowledge(session: Session, *, authserv_id: str | None) -> Knowledge:
    consultations = {c.id: c for c in session.exec(select(Consultation)) if c.id is not None}
    published: dict[str, tuple[Meant, ...]] = defaultdict(tuple)
    for row in session.exec(select(PublishedAddress)):
        published[row.address] += (Meant(row.consultation_id, row.kind),)
    prefixes = "|".join(re.escape(c.reference_prefix) for c in consultations.values())
    return Knowledge(
        consultations=consultations,
        facts={key: _facts(c) for key, c in consultations.items()},
        published=dict(published),
        reference=re.compile(rf"\b(?:{prefixes})-\d{{4,}}\b", re.IGNORECASE) if prefixes else None,
        authserv_id=authserv_id,
    )


@dataclass(frozen=True, slots=True)
class Related:
    """What the store holds that some emails point at."""

    ours: Mapping[str, Earlier]  # emails of ours, by Message-ID
    responses: Mapping[str, Earlier]  # by reference
    consultees: Mapping[str, tuple[Consultee, ...]]  # by address


def load_related(session: Session, emails: Sequence[Understood], known: Knowledge) -> Related:
    """For any number of emails in as many queries as for one."""
    return Related(_ours(session, emails), _responses(session, emails, known), _consultees(session, emails))


def circumstances(
    email: Understood,
    known: Knowledge,
    related: Related,
    *,
    received_at: datetime | None,
    is_junk: bool = False,
    has_files: bool = False,
) -> Circumstances:
    """What is known about this one email."""
    sender = email.sender.address.lower() if email.sender else ""
    return Circumstances(
        published=known.published,
        consultations=known.facts,
        received_at=received_at,
        is_junk=is_junk,
        has_files=has_files,
        # The nearest email of ours in its thread, and the first existing response whose reference it names.
        answers=_first(related.ours, email.answers),
        names=_first(related.responses, _references(email, known)) if related.responses else None,
        invited_to=frozenset(consultee.consultation_id for consultee in related.consultees.get(sender, ())),
        dmarc=dmarc_result(email.authentication, authserv_id=known.authserv_id),
    )


def _facts(consultation: Consultation) -> Facts:
    words = consultation.subject_words or [consultation.title]
    return Facts(consultation.opens_at, tuple(" ".join(word.lower().split()) for word in words))


def _ours(session: Session, emails: Sequence[Understood]) -> dict[str, Earlier]:
    message_ids = {answered for email in emails for answered in email.answers}
    if not message_ids:
        return {}
    found = session.exec(
        select(OutgoingEmail.message_id, OutgoingEmail.consultation_id, Response)
        .outerjoin(Response, col(Response.id) == OutgoingEmail.response_id)
        .where(col(OutgoingEmail.message_id).in_(message_ids))
    )
    return {
        message_id: _earlier(response) if response else Earlier(consultation_id)
        for message_id, consultation_id, response in found
    }


def _responses(session: Session, emails: Sequence[Understood], known: Knowledge) -> dict[str, Earlier]:
    references = {named for email in emails for named in _references(email, known)}
    if not references:
        return {}
    found = session.exec(select(Response).where(col(Response.reference).in_(references)))
    # Of one that was moved, the reference its respondent was told.
    moved = session.exec(
        select(FormerReference.reference, Response)
        .join(Response, col(Response.id) == FormerReference.response_id)
        .where(col(FormerReference.reference).in_(references))
    )
    by_reference = {response.reference: response for response in found} | dict(moved.all())
    return {reference: _earlier(response) for reference, response in by_reference.items()}


def _references(email: Understood, known: Knowledge) -> list[str]:
    if known.reference is None:
        return []
    return [named.upper() for named in known.reference.findall(f"{email.subject or ''}\n{email.text}")][:20]


def _earlier(response: Response) -> Earlier:
    return Earlier(
        response.consultation_id, response.id, response.respondent_address, response.withdrawn_at is not None
    )


def _consultees(session: Session, emails: Sequence[Understood]) -> dict[str, tuple[Consultee, ...]]:
    senders = {email.sender.address.lower() for email in emails if email.sender}
    found = defaultdict[str, tuple[Consultee, ...]](tuple)
    for address, consultee in session.exec(
        select(ConsulteeAddress.address, Consultee)
        .join(Consultee, col(Consultee.id) == ConsulteeAddress.consultee_id)
        .where(col(ConsulteeAddress.address).in_(senders))
    ):
        found[address] += (consultee,)
    return dict(found)


def _first(earlier: Mapping[str, Earlier], keys: Sequence[str]) -> Earlier | None:
    return next((earlier[key] for key in keys if key in earlier), None)
