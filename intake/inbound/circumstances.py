"""Gather what routing needs to know of an email from the store. Never decides."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from intake.inbound.routing import Circumstances, Earlier, Facts, Meant
from intake.mail.authentication import dmarc_result
from intake.mail.understanding import Understood
from intake.store.consultations import Consultation, PublishedAddress
from intake.store.emails import OutgoingEmail
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.responses import Response


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


def circumstances(
    session: Session,
    email: Understood,
    known: Knowledge,
    *,
    received_at: datetime | None,
    is_junk: bool = False,
    has_files: bool = False,
) -> Circumstances:
    """What is known about this one email."""
    return Circumstances(
        published=known.published,
        consultations=known.facts,
        received_at=received_at,
        is_junk=is_junk,
        has_files=has_files,
        answers=_answered(session, email),
        names=_named(session, email, known),
        invited_to=_invited_to(session, email),
        dmarc=dmarc_result(email.authentication, authserv_id=known.authserv_id),
    )


def _facts(consultation: Consultation) -> Facts:
    words = consultation.subject_words or [consultation.title]
    return Facts(consultation.opens_at, tuple(" ".join(word.lower().split()) for word in words))


def _answered(session: Session, email: Understood) -> Earlier | None:
    """The nearest email of ours in its thread."""
    if not email.answers:
        return None
    found = session.exec(select(OutgoingEmail).where(col(OutgoingEmail.message_id).in_(email.answers))).all()
    if not found:
        return None
    nearest = min(found, key=lambda outgoing: email.answers.index(outgoing.message_id))
    if nearest.response_id is None:
        return Earlier(nearest.consultation_id)
    return _earlier(session.get_one(Response, nearest.response_id))


def _named(session: Session, email: Understood, known: Knowledge) -> Earlier | None:
    """The first existing response whose reference the email names."""
    if known.reference is None:
        return None
    named = [found.upper() for found in known.reference.findall(f"{email.subject or ''}\n{email.text}")]
    if not named:
        return None
    responses = session.exec(select(Response).where(col(Response.reference).in_(named[:20]))).all()
    return _earlier(min(responses, key=lambda response: named.index(response.reference))) if responses else None


def _earlier(response: Response) -> Earlier:
    return Earlier(
        response.consultation_id, response.id, response.respondent_address, response.withdrawn_at is not None
    )


def _invited_to(session: Session, email: Understood) -> frozenset[int]:
    if email.sender is None:
        return frozenset()
    return frozenset(
        session.exec(
            select(Consultee.consultation_id)
            .join(ConsulteeAddress, col(ConsulteeAddress.consultee_id) == Consultee.id)
            .where(ConsulteeAddress.address == email.sender.address.lower())
        )
    )
