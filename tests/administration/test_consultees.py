"""Consultees kept by hand: what may be typed, what it means for responses that are there already, who changed it."""

import pytest
from sqlmodel import select

from intake.accounts.access import Access
from intake.administration.changing import ChangedMeanwhile, Edit
from intake.administration.consultees import (
    add_consultee,
    add_contact,
    change_consultee,
    change_contact,
    consultee,
    contacts_of,
    remove_consultee,
    remove_contact,
    restore_consultee,
)
from intake.errors import Mistakes, NotFound, NotPossible
from intake.responses.recounting import tell
from intake.store.consultations import consultation_by_slug
from intake.store.emails import LedgerEntry
from intake.store.history import history_of
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.responses import Response
from tests.administration.administrators import SLUG, adam, editing
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import Office
from tests.people import ASHA, BEN, CAROL, DAN, REVIEW

SCHOOL = {"organisation": "Ysgol Bryn", "stakeholder_group": "school", "language": "en"}


def _add(office: Office, contacts: str = "", **given: str) -> tuple[Consultee, int]:
    with editing(office) as (session, row, edit):
        return add_consultee(session, row, {**SCHOOL, **given}, contacts, user=edit.user, now=office.now)


def _change(office: Office, consultee_id: int = 1, **given: str) -> list[str]:
    with editing(office) as (session, consultation, edit):
        row = session.get_one(Consultee, consultee_id)
        kept = {"organisation": row.organisation, "stakeholder_group": row.stakeholder_group, "language": row.language}
        return change_consultee(session, consultation, row, {**kept, **given}, Edit(edit.user, row.version, edit.now))


def _add_contact(office: Office, address: str, consultee_id: int = 1, **given: object) -> int:
    """How many responses are the consultee's now."""
    with editing(office) as (session, consultation, edit):
        row = session.get_one(Consultee, consultee_id)
        named = {"address": address, "name": "", "is_mailed": True, **given}
        return add_contact(session, consultation, row, named, Edit(edit.user, row.version, edit.now))[1]


def _received_from_dan(office: Office) -> Response:
    office.receive(raw_email(sender=DAN, to=REVIEW))
    office.cycle()
    [response] = office.responses()
    assert response.consultee_id is None
    return response


@both_databases
def test_new_consultee_has_its_contacts_and_its_history(office: Office) -> None:
    contacts = "Ben Hughes <ben@bryn.example>\n\n office@BRYN.example \noffice@bryn.example"
    row, matched = _add(office, contacts, consultee_key="137204", domain="https://www.bryn.example/contact")
    assert (row.organisation, row.key, row.domain, matched) == ("Ysgol Bryn", "137204", "bryn.example", 0)
    with office.database.reading() as session:
        people = [(one.address, one.name) for one in contacts_of(session, row)]
        told = tell(session, history_of(session, row, most=10))
    assert people == [("ben@bryn.example", "Ben Hughes"), ("office@bryn.example", "")]
    assert [one.sentence for one in told] == ["Adam Clarke added it to those invited."]


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"organisation": ""}, "organisation", "Enter the name of the organisation."),
        ({"organisation": "larkmead trust"}, "organisation", "is on the list already"),
        ({"stakeholder_group": ""}, "stakeholder_group", "Enter the stakeholder group."),
        ({"stakeholder_group": "bank"}, "stakeholder_group", "Choose one of the consultation’s stakeholder groups."),
        ({"language": "fr"}, "language", "Choose the language: English or Welsh."),
        ({"domain": "not a domain"}, "domain", "is not the domain of email addresses"),
        ({"domain": "gmail.com"}, "domain", "Anybody can have an address at this mail provider"),
        ({"contacts": "a@b.example\nnobody"}, "contacts", "In line 2: The email address is not an email address."),
        ({"contacts": REVIEW}, "contacts", "people write to about the consultation"),
    ],
)
def test_mistake_is_told_beside_its_field_and_nothing_is_added(
    office: Office, given: dict[str, str], field: str, words: str
) -> None:
    with pytest.raises(Mistakes) as raised:
        _add(office, given.get("contacts", ""), **{key: text for key, text in given.items() if key != "contacts"})
    assert words in raised.value.by_field[field]
    assert len(office.rows(Consultee)) == 2


def test_key_belongs_to_one_consultee(office: Office) -> None:
    _add(office, consultee_key="137204")
    with pytest.raises(Mistakes, match="Another consultee has this key"):
        _change(office, consultee_key="137204")


@both_databases
def test_corrected_name_and_group_are_on_its_responses_too(office: Office) -> None:
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.cycle()
    assert _change(office, organisation="Heathfield School", stakeholder_group="trust", language="cy") == [
        "organisation",
        "stakeholder_group",
        "language",
    ]
    [response] = office.responses()
    assert (response.organisation, response.stakeholder_group) == ("Heathfield School", "trust")
    [entry] = office.history("corrected")
    assert entry.detail["fields"] == ["organisation", "stakeholder_group"]
    assert _change(office) == []


def test_organisation_that_an_officer_wrote_on_a_response_stays(office: Office) -> None:
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.cycle()
    with office.database.transaction() as session:
        session.exec(select(Response)).one().organisation = "The governors of Heathfield"
    _change(office, organisation="Heathfield School")
    assert office.responses()[0].organisation == "The governors of Heathfield"
    assert office.history("corrected") == []


@both_databases
def test_second_of_two_who_change_a_consultee_is_told(office: Office) -> None:
    _change(office, domain="heathfield.example")
    with editing(office) as (session, consultation, edit):
        row, seen = session.get_one(Consultee, 1), Edit(edit.user, 0, edit.now)
        with pytest.raises(ChangedMeanwhile) as lost:
            change_consultee(session, consultation, row, SCHOOL, seen)
    assert lost.value.last is not None
    assert lost.value.last.detail["fields"] == ["domain"]


def test_one_that_is_no_longer_invited_keeps_everything_and_can_be_invited_again(office: Office) -> None:
    with editing(office) as (session, _, edit):
        row = session.get_one(Consultee, 1)
        remove_consultee(session, row, Edit(edit.user, 0, edit.now))
        assert row.removed_at == office.now
        with pytest.raises(NotPossible):
            remove_consultee(session, row, Edit(edit.user, 1, edit.now))
        restore_consultee(session, row, Edit(edit.user, 1, edit.now))
        assert row.version == 2
        with pytest.raises(NotPossible):
            restore_consultee(session, row, Edit(edit.user, 2, edit.now))
    assert office.rows(Consultee)[0].removed_at is None
    assert len(office.rows(ConsulteeAddress)) == 2


@both_databases
def test_earlier_response_is_the_consultees_once_its_address_is_a_contact(office: Office) -> None:
    response = _received_from_dan(office)
    assert _add_contact(office, DAN.upper()) == 1
    [matched] = office.responses()
    assert (matched.consultee_id, matched.organisation) == (1, "Heathfield Primary School")
    assert matched.version == response.version + 1
    [entry] = office.history("address-matched")
    assert (entry.subject_id, entry.detail["consultee"]) == (response.id, 1)


def test_earlier_response_from_an_address_that_two_share_stays_nobodys(office: Office) -> None:
    _add_contact(office, DAN, 1)
    _add_contact(office, DAN, 2)
    _received_from_dan(office)
    _, matched = _add(office, DAN)
    assert (matched, office.responses()[0].consultee_id) == (0, None)


def test_new_consultees_contacts_bring_their_earlier_responses(office: Office) -> None:
    _received_from_dan(office)
    row, matched = _add(office, f"Dan Morris <{DAN}>")
    assert (matched, office.responses()[0].consultee_id) == (1, row.id)


def test_corrected_address_brings_its_earlier_responses(office: Office) -> None:
    _received_from_dan(office)
    with editing(office) as (session, consultation, edit):
        row, person = session.get_one(Consultee, 2), session.get_one(ConsulteeAddress, 2)
        given = {"address": DAN, "name": "Dan Morris", "is_mailed": False}
        changed, matched = change_contact(session, consultation, row, person, given, Edit(edit.user, 0, edit.now))
    assert (set(changed), matched) == ({"address", "name", "is_mailed"}, 1)
    assert office.responses()[0].consultee_id == 2


def test_removed_contact_leaves_its_responses_where_they_are(office: Office) -> None:
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.cycle()
    with editing(office) as (session, _, edit):
        row, person = session.get_one(Consultee, 1), session.get_one(ConsulteeAddress, 1)
        remove_contact(session, row, person, Edit(edit.user, 0, edit.now))
    assert [one.address for one in office.rows(ConsulteeAddress)] == [CAROL]
    assert office.responses()[0].consultee_id == 1


@pytest.mark.parametrize(
    ("address", "words"),
    [(BEN, "has this address already"), ("nobody", "is not an email address"), (ASHA, "people write to about")],
)
def test_address_that_cannot_be_a_contacts_is_refused(office: Office, address: str, words: str) -> None:
    with pytest.raises(Mistakes, match=words):
        _add_contact(office, address)


def test_invisible_marks_that_were_copied_with_an_address_are_left_out(office: Office) -> None:
    """With one in it no answer would be known as theirs."""
    _received_from_dan(office)
    assert _add_contact(office, f"\u200b{DAN}\ufeff") == 1


def test_mail_left_in_place_is_looked_at_again_when_a_contact_is_added(office: Office) -> None:
    with office.database.transaction() as session:
        folder_id = session.exec(select(LedgerEntry.folder_id)).first() or 1
        session.add(
            LedgerEntry(folder_id=folder_id, uid_validity=1, uid=99, received_at=office.now, seen_at=office.now)
        )
    _add_contact(office, DAN)
    assert office.rows(LedgerEntry) == []


def test_consultee_of_another_consultation_does_not_exist_for_an_officer(office: Office) -> None:
    with office.database.transaction() as session:
        review = consultation_by_slug(session, SLUG)
        user = adam(session, office)
        row, its = consultee(session, Access(user, frozenset([review.id])), 1)
        assert (row.id, its.id) == (1, review.id)
        for access, wanted in ((Access(user, frozenset([99])), 1), (Access(user, None), 99)):
            with pytest.raises(NotFound):
                consultee(session, access, wanted)
