"""What a copy of a consultation takes over for its mailings: the texts of its emails, its reminder rules, its quiet
hours, and, where an administrator asks for it, those who are invited.

Rules come along turned off: nobody is reminded before somebody has looked at their dates. Nobody's wish for no more
mail is taken over, as it was about the other consultation; nor are its documents, which are what that one asked about.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from intake.administration.rules import rules_of
from intake.outbound.texts import KINDS, newest_version
from intake.store.consultations import Consultation
from intake.store.history import Note, note_each
from intake.store.mailings import EmailTemplate, EmailTemplateVersion, ReminderRule
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.users import User


def copy_mailings(session: Session, source: Consultation, new: Consultation, *, user: User, now: datetime) -> None:
    """Quiet hours, texts and rules."""
    new.quiet_from, new.quiet_until = source.quiet_from, source.quiet_until
    templates = _copy_texts(session, source, new, user=user, now=now)
    rules = [_copied(rule, new, templates, now=now) for rule in rules_of(session, source)]
    session.add_all(rules)
    session.flush()
    note_each(session, [Note(rule, "copied-from") for rule in rules], now=now, actor=user.actor)


def copy_consultees(session: Session, source: Consultation, new: Consultation, *, user: User, now: datetime) -> int:
    """Those who are invited still, with their contacts; how many."""
    rows = invited(session, source)
    kept = ("organisation", "stakeholder_group", "key", "domain", "language")
    copies = [Consultee(consultation_id=new.id, **{name: getattr(row, name) for name in kept}) for row in rows]
    session.add_all(copies)
    session.flush()
    note_each(session, [Note(copy, "copied-from") for copy in copies], now=now, actor=user.actor)
    by_source = {row.id: copy for row, copy in zip(rows, copies, strict=True)}
    theirs = select(ConsulteeAddress).join(Consultee).where(Consultee.consultation_id == source.id)
    for contact in session.exec(theirs.order_by(col(ConsulteeAddress.id))).all():
        if copy := by_source.get(contact.consultee_id):
            person = contact.model_dump(include={"address", "name", "is_mailed"})
            session.add(ConsulteeAddress(consultee_id=copy.id, **person))
    session.flush()
    return len(copies)


def invited(session: Session, consultation: Consultation) -> Sequence[Consultee]:
    own = select(Consultee).where(Consultee.consultation_id == consultation.id, col(Consultee.removed_at).is_(None))
    return session.exec(own.order_by(col(Consultee.id))).all()


def texts_of_its_own(session: Session, consultation: Consultation) -> Sequence[EmailTemplate]:
    """Those that were not removed."""
    own = select(EmailTemplate).where(EmailTemplate.consultation_id == consultation.id)
    return session.exec(own.where(col(EmailTemplate.removed_at).is_(None)).order_by(col(EmailTemplate.id))).all()


def _copy_texts(
    session: Session, source: Consultation, new: Consultation, *, user: User, now: datetime
) -> dict[int, int]:
    """As they stand, without their earlier versions. The copy's id by the first one's."""
    copies = dict[int, int]()
    for row in texts_of_its_own(session, source):
        copy = EmailTemplate(consultation_id=new.id, **row.model_dump(include={"kind", "name", "is_default"}))
        session.add(copy)
        session.flush()
        copies[row.id] = copy.id
        for language in KINDS[row.kind].languages:
            if newest := newest_version(session, row.id, language):
                said = newest.model_dump(include={"language", "subject", "text"})
                session.add(EmailTemplateVersion(template_id=copy.id, number=1, at=now, user_id=user.id, **said))
        note_each(session, [Note(copy, "copied-from")], now=now, actor=user.actor)
    return copies


def _copied(rule: ReminderRule, new: Consultation, templates: Mapping[int, int], *, now: datetime) -> ReminderRule:
    own = {"id", "consultation_id", "template_id", "is_on", "set_at", "removed_at", "version"}
    text = templates.get(rule.template_id) if rule.template_id else None
    said = {name: getattr(rule, name) for name in ReminderRule.model_fields if name not in own}
    return ReminderRule(consultation_id=new.id, template_id=text, is_on=False, set_at=now, **said)
