"""Who was invited, who has answered and by which way, and who has not: in numbers by group, and one by one.

What counts as an answer is said in one place, `outbound/recipients.py`. All of a consultation's consultees are read in
few queries, however many there are, so that every number is exact.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.outbound.dead_addresses import dead
from intake.outbound.opting_out import opted_out
from intake.outbound.recipients import Recipient, Verdict, has_answered
from intake.store.consultations import Consultation
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.people import Consultee, ConsulteeAddress, named_groups
from intake.store.reasons import Reason
from intake.store.responses import Channel, Response

WENT = (OutgoingStatus.sent, OutgoingStatus.bounced)


class Trouble(StrEnum):
    """Why no mailing reaches a consultee, or not all of its contacts."""

    no_address = "no-address"
    opted_out = "opted-out"
    address_dead = "address-dead"


@dataclass(frozen=True, slots=True)
class Contact:
    row: ConsulteeAddress
    has_opted_out: bool
    is_dead: bool

    @property
    def is_reached(self) -> bool:
        return self.row.is_mailed and not self.has_opted_out and not self.is_dead


@dataclass(frozen=True, slots=True)
class Sent:
    """What went to a consultee: how many emails of each kind, and when the last of it went."""

    kinds: Mapping[str, int]
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A consultee and how it stands: `answered` is its first response that counts."""

    consultee: Consultee
    contacts: Sequence[Contact]
    answered: Response | None
    sent: Sent | None

    @property
    def troubles(self) -> frozenset[Trouble]:
        """Of those it is written to at."""
        mailed = [contact for contact in self.contacts if contact.row.is_mailed]
        return frozenset(
            trouble
            for trouble, is_so in (
                (Trouble.no_address, not mailed),
                (Trouble.opted_out, any(contact.has_opted_out for contact in mailed)),
                (Trouble.address_dead, any(contact.is_dead for contact in mailed)),
            )
            if is_so
        )

    @property
    def is_reached(self) -> bool:
        return any(contact.is_reached for contact in self.contacts)


@dataclass(slots=True)
class Rate:
    """How many of a group were invited, and how many of them answered, by channel. `group` None: of all."""

    group: str | None
    invited: int = 0
    channels: Counter[Channel] = field(default_factory=Counter)

    @property
    def answered(self) -> int:
        return self.channels.total()

    @property
    def not_answered(self) -> int:
        return self.invited - self.answered

    @property
    def percent(self) -> int:
        """Whole; 0 and 100 only where nobody or everybody has answered."""
        if self.answered in (0, self.invited):
            return 100 if self.answered else 0
        return min(max(round(100 * self.answered / self.invited), 1), 99)


def standings(session: Session, consultation: Consultation) -> list[Standing]:
    """Every consultee in alphabetical order, those no longer invited too."""
    own = Consultee.consultation_id == consultation.id
    consultees = session.exec(select(Consultee).where(own)).all()
    joined = select(ConsulteeAddress).join(Consultee, col(Consultee.id) == ConsulteeAddress.consultee_id).where(own)
    contacts = _contacts(session, consultation, session.exec(joined.order_by(col(ConsulteeAddress.id))).all())
    return _standings(session, consultation, consultees, contacts)


def standing_of(session: Session, consultation: Consultation, consultee: Consultee) -> Standing:
    rows = select(ConsulteeAddress).where(ConsulteeAddress.consultee_id == consultee.id)
    contacts = _contacts(session, consultation, session.exec(rows.order_by(col(ConsulteeAddress.id))).all())
    return _standings(session, consultation, [consultee], contacts)[0]


def rates(session: Session, consultation: Consultation) -> list[Rate]:
    """Of each group in its order, of those who are invited still; the last is that of all."""
    invited = select(Consultee.id, Consultee.stakeholder_group).where(
        Consultee.consultation_id == consultation.id, col(Consultee.removed_at).is_(None)
    )
    answered = has_answered(session, consultation.id)
    found = {name: Rate(name) for name in named_groups(session, consultation.id)}
    total = Rate(None)
    for consultee_id, group in session.exec(invited):
        for rate in (found.setdefault(group, Rate(group)), total):
            rate.invited += 1
            if consultee_id in answered:
                rate.channels[answered[consultee_id].channel] += 1
    return [*(rate for rate in found.values() if rate.invited), total]


def together(name: str, some: Iterable[Rate]) -> Rate:
    """The rate of several groups as of one."""
    found = Rate(name)
    for rate in some:
        found.invited += rate.invited
        found.channels += rate.channels
    return found


def answered_sentence(response: Response, consultation: Consultation) -> str:
    """As the verdicts on mailings say it: "Answered on Wednesday 12 February 2020 by email (IEO-0003)."."""
    return Verdict(Recipient(""), Reason.answered, response, consultation.zone).sentence


def _contacts(
    session: Session, consultation: Consultation, rows: Sequence[ConsulteeAddress]
) -> dict[int, list[Contact]]:
    """By consultee."""
    gone, out = dead(session, {row.address for row in rows}), opted_out(session, consultation.id)
    found = defaultdict[int, list[Contact]](list)
    for row in rows:
        found[row.consultee_id].append(Contact(row, row.address in out, row.address in gone))
    return found


def _standings(
    session: Session,
    consultation: Consultation,
    consultees: Sequence[Consultee],
    contacts: Mapping[int, Sequence[Contact]],
) -> list[Standing]:
    only = consultees[0].id if len(consultees) == 1 else None
    answered, sent = has_answered(session, consultation.id, only), _sent(session, consultation, only)
    found = [Standing(one, contacts.get(one.id, ()), answered.get(one.id), sent.get(one.id)) for one in consultees]
    return sorted(found, key=lambda one: (one.consultee.organisation.casefold(), one.consultee.id))


def _sent(session: Session, consultation: Consultation, only: int | None) -> dict[int, Sent]:
    consultee_id, kind = col(OutgoingEmail.consultee_id), col(OutgoingEmail.kind)
    counted = sa.select(consultee_id, kind, sa.func.count(), sa.func.max(OutgoingEmail.sent_at)).where(
        col(OutgoingEmail.status).in_(WENT), col(OutgoingEmail.sent_at).is_not(None)
    )
    if only:
        counted = counted.where(consultee_id == only)
    else:
        counted = counted.where(col(OutgoingEmail.consultation_id) == consultation.id, consultee_id.is_not(None))
    found: dict[int, list[tuple[str, int, datetime]]] = defaultdict(list)
    for key, name, number, last_at in session.execute(counted.group_by(consultee_id, kind)):
        found[key].append((name, number, last_at))
    return {
        key: Sent({name: number for name, number, _ in each}, max(last_at for _, _, last_at in each))
        for key, each in found.items()
    }
