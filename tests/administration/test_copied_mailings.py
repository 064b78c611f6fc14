"""What a copy of a consultation takes over for its mailings, and whom it invites."""

from datetime import time
from typing import Any

from intake.administration.copying import brought_along, copy_consultation
from intake.administration.moments import TypedMoment
from intake.administration.setting_up import typed_consultation
from intake.outbound.texts import newest_version
from intake.schedules import Anchor
from intake.store.consultations import Consultation
from intake.store.mailings import Audience, EmailTemplate, EmailTemplateVersion, ReminderRule
from intake.store.people import Consultee, ConsulteeAddress
from tests.administration.administrators import editing
from tests.databases import both_databases
from tests.office import Office
from tests.people import BEN


def _prepare(office: Office) -> None:
    with editing(office) as (session, source, edit):
        source.quiet_from, source.quiet_until = time(19), time(7)
        text = EmailTemplate(consultation_id=source.id, kind="reminder", name="Short")
        session.add(text)
        session.flush()
        for number in (1, 2):
            said: dict[str, Any] = {"subject": f"Subject {number}", "text": "{{ greeting }}"}
            version = EmailTemplateVersion(
                template_id=text.id, language="en", number=number, at=edit.now, user_id=edit.user.id, **said
            )
            session.add(version)
        rule: dict[str, Any] = {
            "audience": Audience.unanswered,
            "anchor": Anchor.closing,
            "amount": -3,
            "clock": time(9),
        }
        session.add(
            ReminderRule(consultation_id=source.id, name="3 days", template_id=text.id, set_at=edit.now, **rule)
        )
        removed = ReminderRule(consultation_id=source.id, name="Old", set_at=edit.now, removed_at=edit.now, **rule)
        session.add(removed)
        session.get_one(ConsulteeAddress, 1).name = "Ben Hughes"
        session.get_one(Consultee, 1).key = "137204"
        session.get_one(Consultee, 2).removed_at = edit.now


def _copy(office: Office, *, with_consultees: bool) -> Consultation:
    with editing(office) as (session, source, edit):
        own = {"title": "Improving education outcomes 2021", "slug": "ieo-2021", "reference_prefix": "IEOB"}
        opens, closes = TypedMoment("4", "1", "2021", "9am"), TypedMoment("4", "3", "2021", "5pm")
        file = typed_consultation(brought_along(session, source, []) | own, opens, closes, timezone=source.zone)
        along = {"with_consultees": with_consultees}
        return copy_consultation(session, source, file, **along, user=edit.user, now=edit.now)


@both_databases
def test_copy_has_the_rules_turned_off_and_the_texts_as_they_stand(office: Office) -> None:
    _prepare(office)
    new = _copy(office, with_consultees=False)
    assert (new.quiet_from, new.quiet_until) == (time(19), time(7))
    [text] = [row for row in office.rows(EmailTemplate) if row.consultation_id == new.id]
    with office.database.reading() as session:
        newest = newest_version(session, text.id, "en")
    assert newest is not None
    assert (newest.number, newest.subject) == (1, "Subject 2")
    [rule] = [row for row in office.rows(ReminderRule) if row.consultation_id == new.id]
    assert (rule.name, rule.amount, rule.clock, rule.is_on, rule.template_id) == ("3 days", -3, time(9), False, text.id)
    assert [row for row in office.rows(Consultee) if row.consultation_id == new.id] == []


def test_copy_invites_the_same_consultees_where_that_was_wanted(office: Office) -> None:
    _prepare(office)
    new = _copy(office, with_consultees=True)
    [row] = [row for row in office.rows(Consultee) if row.consultation_id == new.id]
    assert (row.organisation, row.key, row.stakeholder_group) == ("Heathfield Primary School", "137204", "school")
    [contact] = [one for one in office.rows(ConsulteeAddress) if one.consultee_id == row.id]
    assert (contact.address, contact.name) == (BEN, "Ben Hughes")
