"""Decide what an email becomes: recorded, held for a person, or ignored, each with its reason.

Owns the rules of who gets in by itself. Pure: it sees values, never a database, a server or the clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from intake.inbound.handing_on import HandedOn, Way
from intake.inbound.wishes import wishes
from intake.mail.automatic import CERTAIN_REASONS, Automatic
from intake.mail.understanding import Understood
from intake.mail.usable_addresses import LONGEST_ADDRESS, is_usable_address
from intake.outbound.round_trips import is_round_trip
from intake.store.consultations import AddressKind
from intake.store.reasons import Reason
from intake.store.responses import Wish


@dataclass(frozen=True, slots=True)
class Target:
    """A consultation the email is recorded in: as an addition to response `joins`, else as a response of its own."""

    consultation_id: int
    joins: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    reason: Reason
    consultation_id: int | None = None


@dataclass(frozen=True, slots=True)
class Ignore:
    reason: Reason


@dataclass(frozen=True, slots=True)
class TakeOut:
    """The letters attached to an officer's forward become emails of their own; the forward itself needs nothing."""

    consultation_id: int | None = None


Decision = Record | Hold | Ignore | TakeOut


@dataclass(frozen=True, slots=True)
class Meant:
    """One consultation a published address stands for."""

    consultation_id: int
    kind: AddressKind


@dataclass(frozen=True, slots=True)
class Facts:
    """What routing needs to know of a consultation."""

    opens_at: datetime
    subject_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier response the email answers or names; without `response_id`, another email of ours it answers."""

    consultation_id: int
    response_id: int | None = None
    respondent_address: str | None = None
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything beside the email itself that the decision rests on. Addresses are in lower case."""

    published: Mapping[str, tuple[Meant, ...]]
    consultations: Mapping[int, Facts]
    received_at: datetime | None
    is_junk: bool = False
    has_files: bool = False
    answers: Earlier | None = None
    names: Earlier | None = None
    invited_to: frozenset[int] = frozenset()  # consultations the sender's address is a consultee's of
    dmarc: Literal["pass", "fail", "none"] = "none"
    handed_on: HandedOn | None = None


def route(email: Understood, given: Circumstances) -> Decision:
    """The one decision about an email. In doubt it is held; nothing is ignored on a guess.

    `email` is what it says itself; of what an officer handed on inline, what the letter in it says (`as_handed_on`).
    """
    meant = meant_for(email, given)
    likely = _likely(email, meant, given)
    if email.automatic:
        # Nobody but its recipient's servers knows the Message-ID of a letter of ours.
        is_certain = email.automatic.reason in CERTAIN_REASONS or bool(email.bounce and given.answers)
        return _automatic(email.automatic, likely, is_certain=is_certain)
    if given.handed_on and (decided := _handed_on(email, given, given.handed_on, likely)):
        return decided
    if email.sender is None or "@" not in email.sender.address or len(email.sender.address) > LONGEST_ADDRESS:
        return Hold(Reason.no_sender, likely)
    if email.sender.address.lower() in given.published:
        return Hold(Reason.from_ourselves, likely)
    if email.is_encrypted:
        return Hold(Reason.encrypted, likely)
    if not email.text.strip() and not given.has_files:
        return Hold(Reason.empty, likely)
    if given.answers and given.answers.response_id:
        return _join(email, given, meant, given.answers, is_proven=True)
    if given.is_junk and not given.answers and not (given.dmarc == "pass" and given.invited_to):
        return Hold(Reason.found_in_junk, likely)
    if given.names:
        # Of a letter that was handed on, the proof is its forwarder's.
        is_proven = given.dmarc == "pass" and given.handed_on is None
        return _join(email, given, meant, given.names, is_proven=is_proven)
    return _new_response(email, given, meant, likely)


def meant_for(email: Understood, given: Circumstances) -> tuple[Meant, ...]:
    """The published addresses among the recipients, each consultation once, the dedicated address before a personal."""
    found: dict[int, Meant] = {}
    for address in _recipients(email, given.handed_on):
        for meant in given.published.get(address, ()):
            if meant.consultation_id not in found or meant.kind is AddressKind.dedicated:
                found[meant.consultation_id] = meant
    return tuple(found.values())


def has_response_signal(email: Understood, given: Circumstances, consultation_id: int) -> bool:
    """Whether mail to an officer's own address is surely about the consultation: a reference, a thread of ours, or a
    consultee's address together with the consultation's subject words."""
    if any(earlier and earlier.consultation_id == consultation_id for earlier in (given.names, given.answers)):
        return True
    return consultation_id in given.invited_to and _is_named(email, given, consultation_id)


def may_copy(header: Understood, given: Circumstances) -> bool:
    """Whether a message in an officer's own mailbox may be fetched, judged by its header alone."""
    meant = meant_for(header, given)
    is_ours = header.automatic is not None and header.automatic.kind == "own"
    if given.names or given.answers or (is_ours and is_round_trip(header.message_id)):
        return True
    return any(m.kind is AddressKind.dedicated or has_response_signal(header, given, m.consultation_id) for m in meant)


def recipients(email: Understood) -> Iterator[str]:
    yield from (address.address.lower() for address in (*email.to, *email.cc))
    yield from email.delivered_to


def _recipients(email: Understood, handed_on: HandedOn | None) -> Iterator[str]:
    """Whom a letter that was attached to a forward was sent to itself says nothing here."""
    is_enclosed = handed_on is not None and handed_on.way is Way.enclosed
    return iter(handed_on.recipients) if handed_on and is_enclosed else recipients(email)


def _likely(email: Understood, meant: tuple[Meant, ...], given: Circumstances) -> int | None:
    """Of several that publish one officer's address: the one that the subject names, else one the sender was invited
    to, else the first."""
    earlier = given.answers or given.names
    if earlier:
        return earlier.consultation_id
    ids = [one.consultation_id for one in meant]
    named = [one for one in ids if _is_named(email, given, one)]
    invited = [one for one in named or ids if one in given.invited_to]
    return next(iter(invited or named or ids), None)


def _is_named(email: Understood, given: Circumstances, consultation_id: int) -> bool:
    """Whether the subject holds one of the consultation's subject words."""
    subject = " ".join((email.subject or "").lower().split())
    return any(word in subject for word in given.consultations[consultation_id].subject_words)


def _automatic(automatic: Automatic, likely: int | None, *, is_certain: bool) -> Decision:
    match automatic.kind:
        case "own":
            return Ignore(Reason.own_mail)
        case "list":
            return Hold(Reason.list_mail, likely)
        case _ if not is_certain:
            return Hold(Reason.possible_auto_reply, likely)
        case "bounce":
            return Ignore(Reason.bounce)
        case _:
            return Ignore(Reason.auto_reply)


def _handed_on(email: Understood, given: Circumstances, handed_on: HandedOn, likely: int | None) -> Decision | None:
    """None where the letter may be judged like one that its writer sent here."""
    match handed_on.way:
        case Way.unproven:
            return Hold(Reason.unproven_officer, likely)
        case Way.unsure:
            return Hold(Reason.forwarded_by_officer, likely)
        case Way.attached:
            return _take_out(email, given, likely)
        case Way.inline | Way.enclosed:
            writer = email.sender.address.lower() if email.sender else ""
            is_sure = is_usable_address(writer) and writer != handed_on.by.address and writer not in given.published
            return None if is_sure and handed_on.is_only else Hold(Reason.forwarded_by_officer, likely)


def _take_out(email: Understood, given: Circumstances, likely: int | None) -> Decision:
    meant = meant_for(email, given)
    if not meant:
        return Hold(Reason.forwarded_by_officer)
    return TakeOut(likely) if _open_at_receipt(meant, given) else Ignore(Reason.before_opening)


def _join(
    email: Understood, given: Circumstances, meant: tuple[Meant, ...], earlier: Earlier, *, is_proven: bool
) -> Decision:
    """Join only what surely comes from the same respondent: an address or a reference alone is easily forged."""
    assert email.sender
    is_same_address = email.sender.address.lower() == earlier.respondent_address
    if earlier.is_withdrawn:
        return Hold(Reason.answers_withdrawn, earlier.consultation_id)
    if not (is_same_address and is_proven):
        reason = Reason.another_senders_thread if given.answers else Reason.names_a_reference
        return Hold(reason, earlier.consultation_id)
    others = [
        Target(m.consultation_id)
        for m in _open_at_receipt(meant, given)
        if m.kind is AddressKind.dedicated and m.consultation_id != earlier.consultation_id
    ]
    return Record((Target(earlier.consultation_id, joins=earlier.response_id), *others))


def _new_response(email: Understood, given: Circumstances, meant: tuple[Meant, ...], likely: int | None) -> Decision:
    if given.answers and given.answers.consultation_id not in {m.consultation_id for m in meant}:
        # A reply to an invitation or a reminder says by its thread what it is about.
        meant = (*meant, Meant(given.answers.consultation_id, AddressKind.personal))
    if not meant:
        return Hold(Reason.forwarded_by_officer if given.handed_on else Reason.unknown_address)
    opened = _open_at_receipt(meant, given)
    if not opened:
        return Ignore(Reason.before_opening)
    sure = [
        m for m in opened if m.kind is AddressKind.dedicated or has_response_signal(email, given, m.consultation_id)
    ]
    if not sure:
        return Hold(Reason.forwarded_by_officer if given.handed_on else Reason.possible_question, likely)
    asked = {one.wish for one in wishes(email.own_words, email.subject)}
    if Wish.withdrawal in asked:
        return Hold(Reason.asks_to_withdraw, sure[0].consultation_id)
    if Wish.replacement in asked:
        return Hold(Reason.asks_to_replace, sure[0].consultation_id)
    return Record(tuple(Target(m.consultation_id) for m in sure))


def _open_at_receipt(meant: tuple[Meant, ...], given: Circumstances) -> list[Meant]:
    """Those whose consultation had opened when the email was received; an unknown receipt is never "too early"."""
    if given.received_at is None:
        return list(meant)
    return [m for m in meant if given.consultations[m.consultation_id].opens_at <= given.received_at]
