"""Gather what routing needs to know of an email from the store. Never decides."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import Session, col, select

from intake.inbound.handing_on import HandedOn, Officer, Way, enclosed_in, handed_on
from intake.inbound.reading import ReadEmail
from intake.inbound.routing import Circumstances, Earlier, Facts, Meant, recipients
from intake.mail.authentication import DmarcResult, dmarc_result
from intake.mail.understanding import Understood
from intake.store.consultations import Consultation, PublishedAddress
from intake.store.emails import OutgoingEmail
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.response_changes import some_at_a_time
from intake.store.responses import FormerReference, Response
from intake.store.users import ConsultationAccess, User


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What holds for every email of a batch: the consultations and their published addresses."""

    consultations: Mapping[int, Consultation]
    facts: Mapping[int, Facts]
    published: Mapping[str, tuple[Meant, ...]]
    reference: re.Pattern[str] | None
    authserv_id: str | None
    officers: Mapping[str, Officer] = field(default_factory=dict)

    @property
    def own_addresses(self) -> frozenset[str]:
        return frozenset(self.published)


def load_knowledge(session: Session, *, authserv_id: str | None) -> Knowledge:
    consultations = {c.id: c for c in session.exec(select(Consultation)) if c.id is not None}
    published: dict[str, tuple[Meant, ...]] = defaultdict(tuple)
    addresses = session.exec(select(PublishedAddress).order_by(col(PublishedAddress.id))).all()
    for row in addresses:
        published[row.address] += (Meant(row.consultation_id, row.kind),)
    prefixes = "|".join(re.escape(c.reference_prefix) for c in consultations.values())
    return Knowledge(
        consultations=consultations,
        facts={key: _facts(c) for key, c in consultations.items()},
        published=dict(published),
        reference=re.compile(rf"\b(?:{prefixes})-\d{{4,}}\b", re.IGNORECASE) if prefixes else None,
        authserv_id=authserv_id,
        officers=_officers(session, addresses, frozenset(consultations)),
    )


def handed_on_by(read: ReadEmail, known: Knowledge) -> HandedOn | None:
    """Whether the email is an officer's forward of somebody else's letter, or a letter taken out of one."""
    if read.forward:
        forward = read.forward.understood
        sender = forward.sender.address.lower() if forward.sender else ""
        forwarder = known.officers.get(sender) or Officer(sender)
        return enclosed_in(read.forward, read.understood, forwarder, tuple(recipients(forward)))
    email = read.understood
    by = known.officers.get(email.sender.address.lower()) if email.sender else None
    meant = {meant.consultation_id for one in recipients(email) for meant in known.published.get(one, ())}
    return handed_on(read, by, meant, authserv_id=known.authserv_id)


@dataclass(frozen=True, slots=True)
class Related:
    """What the store holds that some emails point at."""

    ours: Mapping[str, Earlier]  # emails of ours, by Message-ID
    responses: Mapping[str, Earlier]  # by reference
    consultees: Mapping[str, tuple[Consultee, ...]]  # by address


def load_related(session: Session, emails: Sequence[Understood], known: Knowledge) -> Related:
    """For any number of emails in as many queries as for one."""
    senders = {email.sender.address.lower() for email in emails if email.sender}
    return Related(_ours(session, emails), _responses(session, emails, known), consultees_by_address(session, senders))


def consultees_by_address(session: Session, addresses: Collection[str]) -> dict[str, tuple[Consultee, ...]]:
    """Of these addresses, in lower case, those that are consultees' contacts, whatever the consultation."""
    found = defaultdict[str, tuple[Consultee, ...]](tuple)
    for some in some_at_a_time(sorted(addresses)):
        for address, consultee in session.exec(
            select(ConsulteeAddress.address, Consultee)
            .join(Consultee, col(Consultee.id) == ConsulteeAddress.consultee_id)
            .where(col(ConsulteeAddress.address).in_(some))
        ):
            found[address] += (consultee,)
    return dict(found)


def consultee_of(
    known: Mapping[str, tuple[Consultee, ...]], address: str | None, consultation_id: int
) -> Consultee | None:
    """The consultee whose address this is; one that several share says nothing certain, so that they are proposed.

    Those no longer invited count only where nobody else has it.
    """
    found = [one for one in known.get(address or "", ()) if one.consultation_id == consultation_id]
    found = [one for one in found if one.removed_at is None] or found
    return found[0] if len(found) == 1 else None


def circumstances(
    email: Understood,
    known: Knowledge,
    related: Related,
    *,
    received_at: datetime | None,
    is_junk: bool = False,
    has_files: bool = False,
    handed_on: HandedOn | None = None,
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
        answers=_first(related.ours, _thread(email)),
        names=_first(related.responses, _references(email, known)) if related.responses else None,
        invited_to=frozenset(consultee.consultation_id for consultee in related.consultees.get(sender, ())),
        dmarc=dmarc_found(email, known.authserv_id, handed_on),
        handed_on=handed_on,
    )


def dmarc_found(email: Understood, authserv_id: str | None, handed_on: HandedOn | None) -> DmarcResult:
    """No server looked at a letter that was attached to a forward, whatever its headers say."""
    if handed_on and handed_on.way is Way.enclosed:
        return "none"
    return dmarc_result(email.authentication, authserv_id=authserv_id, authors=email.authors)


def _facts(consultation: Consultation) -> Facts:
    words = consultation.subject_words or [consultation.title]
    return Facts(consultation.opens_at, tuple(" ".join(word.lower().split()) for word in words))


def _officers(
    session: Session, addresses: Sequence[PublishedAddress], everything: frozenset[int]
) -> dict[str, Officer]:
    """By address: the published ones and the accounts'. Whose account is disabled works on nothing any more."""
    given = defaultdict[int, set[int]](set)
    for access in session.exec(select(ConsultationAccess)):
        given[access.user_id].add(access.consultation_id)
    found = dict[str, Officer]()
    for row in addresses:
        so_far = found.get(row.address) or Officer(row.address, published_id=row.id)
        found[row.address] = replace(so_far, consultation_ids=so_far.consultation_ids | {row.consultation_id})
    for user in session.exec(select(User)):
        so_far = found.get(user.address) or Officer(user.address)
        theirs = so_far.consultation_ids | (everything if user.is_administrator else given[user.id])
        ids = frozenset(theirs if user.disabled_at is None else ())
        found[user.address] = replace(so_far, consultation_ids=ids, user_id=user.id)
    return found


def _ours(session: Session, emails: Sequence[Understood]) -> dict[str, Earlier]:
    message_ids = {answered for email in emails for answered in _thread(email)}
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


def _thread(email: Understood) -> tuple[str, ...]:
    """The Message-IDs it answers; of a report that mail came back, first the one of that mail."""
    returned = email.bounce.original_message_id if email.bounce else None
    return (returned, *email.answers) if returned else email.answers


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


def _first(earlier: Mapping[str, Earlier], keys: Sequence[str]) -> Earlier | None:
    return next((earlier[key] for key in keys if key in earlier), None)
