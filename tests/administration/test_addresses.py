"""Published addresses: added, changed, removed."""

import pytest

from intake.administration.addresses import add_address, addresses, change_address, remove_address
from intake.errors import Mistakes, NotPossible
from intake.store.consultations import AddressKind
from intake.store.emails import LedgerEntry
from tests.administration.administrators import consultation, editing
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import Office
from tests.people import ADMISSIONS, ASHA, DAN, OLGA, REVIEW


def _add(office: Office, address: str, kind: str = "dedicated", officer_name: str = "", slug: str = "") -> None:
    with editing(office, *([slug] if slug else [])) as (session, row, edit):
        given = {"address": address, "kind": kind, "officer_name": officer_name}
        add_address(session, row, given, edit)


def _published(office: Office) -> dict[str, str]:
    with office.database.reading() as session:
        return {row.address: row.kind.value for row in addresses(session, consultation(office))}


@both_databases
def test_address_is_added_in_lower_case_and_noted_without_it(office: Office) -> None:
    _add(office, "Schools@County.example")
    assert _published(office)["schools@county.example"] == "dedicated"
    [entry] = office.history("address-added")
    assert entry.detail["kind"] == "dedicated"
    assert "county" not in str(entry.detail)


@both_databases
def test_mail_to_an_address_counts_from_when_it_is_added(office: Office) -> None:
    office.receive(raw_email(sender=DAN, to="new@county.example", message_id="<1@d.example>", text="First."))
    office.cycle()
    _add(office, "new@county.example")
    office.receive(raw_email(sender=DAN, to="new@county.example", message_id="<2@d.example>", text="Second."))
    office.cycle()
    assert office.outcomes() == [("held", "unknown-address"), ("recorded", None)]


def test_mail_left_in_place_is_looked_at_again(office: Office) -> None:
    office.receive(raw_email(sender=DAN, to="new@county.example"), mailbox="asha")
    office.collect("asha")
    with office.database.transaction() as session:
        session.merge(office.rows(LedgerEntry)[0]).email_id = None
    _add(office, "new@county.example")
    assert office.rows(LedgerEntry) == []


@pytest.mark.parametrize(
    ("address", "kind", "mistakes"),
    [
        ("nobody", "dedicated", {"address": "The email address is not an email address."}),
        ("", "dedicated", {"address": "Enter the email address."}),
        ("new@county.example", "", {"kind": "Choose whose address it is."}),
        (REVIEW.upper(), "personal", {"address": "This address is already in the list."}),
        (
            ADMISSIONS,
            "personal",
            {"address": "This address belongs to the consultation “School admissions” alone; choose another."},
        ),
    ],
)
def test_address_that_cannot_be_published_is_refused_at_its_field(
    office: Office, address: str, kind: str, mistakes: dict[str, str]
) -> None:
    with pytest.raises(Mistakes) as refused:
        _add(office, address, kind)
    assert refused.value.by_field == mistakes


def test_personal_address_may_serve_several_consultations_but_never_becomes_dedicated_then(office: Office) -> None:
    _add(office, ASHA, "personal", slug="school-admissions")
    with editing(office) as (session, row, edit), pytest.raises(Mistakes, match="can only be a personal one"):
        change_address(session, row, addresses(session, row)[1], {"kind": "dedicated"}, edit)


@both_databases
def test_kind_and_officer_of_an_address_change(office: Office) -> None:
    with editing(office) as (session, row, edit):
        personal = addresses(session, row)[1]
        given = {"kind": "personal", "officer_name": "Asha Rahman"}
        assert change_address(session, row, personal, given, edit) == ["officer_name"]
    with editing(office) as (session, row, edit):
        personal = addresses(session, row)[1]
        assert change_address(session, row, personal, {"kind": "dedicated"}, edit) == ["kind", "officer_name"]
    assert _published(office)[ASHA] == AddressKind.dedicated
    assert [entry.detail["fields"] for entry in office.history("address-changed")] == [
        ["officer_name"],
        ["kind", "officer_name"],
    ]


@both_databases
def test_mail_to_a_removed_address_is_held_as_unknown(office: Office) -> None:
    _add(office, OLGA)
    with editing(office) as (session, row, edit):
        remove_address(session, row, addresses(session, row)[0], edit)
    office.receive(raw_email(sender=DAN, to=REVIEW))
    office.cycle()
    assert office.outcomes() == [("held", "unknown-address")]


def test_last_address_stays(office: Office) -> None:
    with editing(office, "school-admissions") as (session, row, edit), pytest.raises(NotPossible, match="add another"):
        remove_address(session, row, addresses(session, row)[0], edit)
