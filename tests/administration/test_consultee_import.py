"""A list of consultees: its columns, what it would do, what it did, and what is wrong with the other rows."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from intake.administration.consultee_columns import Column, recognise, recognise_headings, recognise_sheet
from intake.administration.consultee_import import Imported, ListChanged, import_consultees
from intake.administration.consultee_plan import Listing, Plan, plan_import
from intake.documents.spreadsheets import WHAT_IS_WRONG, Sheet, read_spreadsheet
from intake.errors import Mistakes
from intake.store.consultations import StakeholderGroup, consultation_by_slug
from intake.store.history import HistoryEntry
from intake.store.people import Consultee, ConsulteeAddress
from tests.administration.administrators import SLUG
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import Office
from tests.people import BEN, CAROL, DAN, REVIEW

HEADINGS = "Organisation,Group,URN,Contact,Email,Domain,Language"


def listing(*rows: str, headings: str = HEADINGS, group: str = "") -> Listing:
    sheets = read_spreadsheet("\n".join([headings, *rows]).encode())
    return Listing(sheets[0], recognise(sheets), group)


def look(office: Office, given: Listing) -> Plan:
    with office.database.reading() as session:
        return plan_import(session, consultation_by_slug(session, SLUG), given)


def take_in(office: Office, given: Listing, seen: str | None = None) -> Imported:
    with office.database.transaction() as session:
        consultation = consultation_by_slug(session, SLUG)
        return import_consultees(session, consultation, given, seen=seen, now=office.now, actor="command line")


def wrong(office: Office, *rows: str) -> list[tuple[int, str]]:
    return [(row.number, row.sentence) for row in look(office, listing(*rows)).wrong]


def contacts(office: Office) -> list[tuple[int, str, str]]:
    return [(row.consultee_id, row.address, row.name) for row in office.rows(ConsulteeAddress)]


# Columns


@pytest.mark.parametrize(
    ("headings", "columns"),
    [
        ("Organisation|Stakeholder group|Key|E-mail address|Contact name", "organisation group key address contact"),
        ("Name of school|Type|URN|Headteacher|Email", "organisation group key contact address"),
        ("School|DfE number|URN|E-mail|Second email", "organisation - key address address"),
        ("NAME|EMAIL_1|EMAIL_2", "organisation address address"),
        ("Organisation|Name|Email domain|Preferred Language", "organisation contact domain language"),
        ("Telephone|Address|Notes", "- - -"),
    ],
)
def test_columns_are_known_by_their_usual_headings(headings: str, columns: str) -> None:
    found = recognise_headings(headings.split("|"))
    assert [column.value if column else "-" for column in found] == columns.split()


def test_headings_are_found_below_a_title_and_on_the_first_sheet_that_has_some() -> None:
    notes = Sheet("Notes", (("Read me first",),))
    schools = Sheet("Schools", (("School list 2020",), (), ("Name of school", "Email"), ("A", "a@b.example")))
    layout = recognise([notes, schools])
    assert (layout.sheet, layout.header, layout.columns) == ("Schools", 3, (Column.organisation, Column.address))
    assert recognise([notes]).is_known is False
    rows = (("Whom", "What"), ("Ysgol Bryn", "school"), ("School", "a@b.example"))
    assert recognise([Sheet("", rows)]).is_known is False


def test_an_administrator_says_where_the_headings_are() -> None:
    sheet = Sheet("", (("Name", "Email"), ("School", "E-mail"), ("A", "a@b.example")))
    assert recognise_sheet(sheet, 2).header == 2
    assert recognise_sheet(sheet, 0).columns == (None, None)


# What a list comes to


@both_databases
def test_list_adds_what_is_new_and_the_same_list_again_changes_nothing(office: Office) -> None:
    given = listing(
        'Ysgol Bryn,school,137204,Ben Hughes,"head@bryn.example; office@bryn.example",bryn.example,Welsh',
        "Diocese of X,Diocese,,,,,",
    )
    assert look(office, given).groups == ["Diocese"]
    first = take_in(office, given)
    assert (len(first.plan.added), first.plan.without_address) == (2, 1)
    bryn, diocese = office.rows(Consultee)[2:]
    assert (bryn.organisation, bryn.key, bryn.domain, bryn.language) == ("Ysgol Bryn", "137204", "bryn.example", "cy")
    assert (diocese.stakeholder_group, diocese.key, diocese.language) == ("Diocese", None, "en")
    assert contacts(office)[2:] == [(3, "head@bryn.example", "Ben Hughes"), (3, "office@bryn.example", "")]
    assert [row.name for row in office.rows(StakeholderGroup)] == ["Diocese"]
    before = len(office.rows(HistoryEntry))
    again = take_in(office, given)
    assert (again.plan.does_anything, len(again.plan.unchanged)) == (False, 2)
    assert len(office.rows(HistoryEntry)) == before


def test_invisible_marks_in_an_address_are_left_out_and_hide_none_of_ours(office: Office) -> None:
    take_in(office, listing("Ysgol Bryn,school,,,\u200bhead@bryn.example\u200b,,"))
    assert contacts(office)[2:] == [(3, "head@bryn.example", "")]
    [(number, sentence)] = wrong(office, f"Ysgol Mynydd,school,,,\ufeff{REVIEW},,")
    assert (number, "one that people write to" in sentence) == (2, True)


@both_databases
def test_row_is_found_by_its_key_else_by_its_name_and_corrected_field_by_field(office: Office) -> None:
    take_in(office, listing("heathfield primary school,School,1,,,,", "Ysgol Bryn,school,2,,,,"))
    plan = look(office, listing(f"Heathfield School,trust,1,Ben Hughes,{BEN},heathfield.example,cy"))
    [one] = plan.changed
    assert [(change.name, change.before, change.after) for change in one.changes] == [
        ("organisation", "heathfield primary school", "Heathfield School"),
        ("stakeholder_group", "school", "trust"),
        ("domain", "", "heathfield.example"),
        ("language", "en", "cy"),
        ("contacts", BEN, f"Ben Hughes <{BEN}>"),
    ]
    assert [row.organisation for row in plan.not_listed] == ["Larkmead Trust", "Ysgol Bryn"]
    take_in(office, listing(f"Heathfield School,trust,1,Ben Hughes,{BEN},heathfield.example,cy"))
    heathfield = office.rows(Consultee)[0]
    assert (heathfield.organisation, heathfield.key, heathfield.version) == ("Heathfield School", "1", 2)
    assert contacts(office)[0] == (1, BEN, "Ben Hughes")
    assert office.history("changed")[-1].detail["fields"][:2] == ["organisation", "stakeholder_group"]


def test_empty_cells_and_addresses_that_are_not_listed_take_nothing_away(office: Office) -> None:
    take_in(office, listing(f"Larkmead Trust,,7,Carol Lewis,{CAROL},larkmead.example,cy"))
    plan = take_in(office, listing("Larkmead Trust,,,,new@larkmead.example,,")).plan
    assert [change.after for change in plan.changed[0].changes] == ["new@larkmead.example"]
    row = office.rows(Consultee)[1]
    assert (row.key, row.domain, row.language) == ("7", "larkmead.example", "cy")
    assert contacts(office)[1:] == [(2, CAROL, "Carol Lewis"), (2, "new@larkmead.example", "")]


def test_rows_without_a_group_take_the_one_that_is_chosen_for_them(office: Office) -> None:
    rows = ("Ysgol Bryn,a@b.example", "Larkmead Trust,")
    assert [row.sentence[:28] for row in look(office, listing(*rows, headings="School,Email")).wrong] == [
        "It has no stakeholder group;"
    ]
    done = take_in(office, listing(*rows, headings="School,Email", group="School"))
    assert [one.values["stakeholder_group"] for one in done.plan.added] == ["school"]
    assert [row.stakeholder_group for row in office.rows(Consultee)] == ["school", "trust", "school"]


def test_group_that_no_group_can_be_called_is_refused(office: Office) -> None:
    with pytest.raises(Mistakes, match="may have at most 80 characters"):
        look(office, listing("A,", headings="School,Email", group="s" * 81))


def test_one_that_is_no_longer_invited_stays_so(office: Office) -> None:
    with office.database.transaction() as session:
        session.get_one(Consultee, 2).removed_at = office.now
    plan = take_in(office, listing("Larkmead Trust,school,9,,,,")).plan
    assert ([row.id for row in plan.uninvited], plan.does_anything) == ([2], False)
    assert office.rows(Consultee)[1].key is None


@both_databases
def test_earlier_responses_from_listed_addresses_are_the_consultees(office: Office) -> None:
    office.receive(raw_email(sender=DAN, to=REVIEW))
    office.receive(raw_email(sender=BEN, to=REVIEW, message_id="<ben@x.example>"))
    office.cycle()
    rows = (f"Morris and Sons,school,,Dan Morris,{DAN},,", "Heathfield Primary School,trust,,,,,")
    assert take_in(office, listing(*rows)).matched == 1
    dan, ben = sorted(office.responses(), key=lambda row: row.respondent_address != DAN)
    assert (dan.organisation, dan.consultee_id) == ("Morris and Sons", 3)
    assert ben.stakeholder_group == "trust"


def test_list_is_not_taken_in_when_something_else_would_come_of_it_than_was_shown(office: Office) -> None:
    given = listing("Larkmead Trust,,7,,,,")
    seen = look(office, given).digest
    with office.database.transaction() as session:
        session.get_one(Consultee, 2).key = "8"
    with pytest.raises(ListChanged):
        take_in(office, given, seen)
    assert office.rows(Consultee)[1].key == "8"
    assert office.history("consultees-imported") == []


@both_databases
def test_two_who_take_in_the_same_list_at_once_add_it_once(office: Office) -> None:
    given = listing(*(f"School {number},school,{number},,head@s{number}.example,," for number in range(50)))
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(lambda _: take_in(office, given), range(2)))
    assert sorted(len(one.plan.added) for one in done) == [0, 50]
    assert len(office.rows(Consultee)) == 52


def test_contact_goes_with_the_first_address_beside_it(office: Office) -> None:
    headings = "School,Type,Headteacher,Head's email,Chair of governors,Chair's email,Office email"
    row = 'A,school,Ben Hughes,"ben@a.example, b@a.example",Carol Lewis,carol@a.example,office@a.example'
    [one] = look(office, listing(row, headings=headings)).added
    assert [(person.name, person.address) for person in one.people] == [
        ("Ben Hughes", "ben@a.example"),
        ("", "b@a.example"),
        ("Carol Lewis", "carol@a.example"),
        ("", "office@a.example"),
    ]


def test_addresses_are_read_with_names_line_breaks_and_mailto(office: Office) -> None:
    row = 'A,school,,,"Hughes, Ben <BEN@a.example>\nmailto:carol@a.example; ben@a.example",,'
    [one] = look(office, listing(row)).added
    assert [(person.name, person.address) for person in one.people] == [
        ("Hughes, Ben", "ben@a.example"),
        ("", "carol@a.example"),
    ]


# What is wrong


@pytest.mark.parametrize(
    ("rows", "number", "words"),
    [
        ([",school,1,,,,"], 2, "Enter the name of the organisation."),
        (["", "A,school,,,nobody,,"], 3, "The email address cannot be used; write it like name@example.com."),
        (['A,school,,,"a@b.example, x",,'], 2, "Email address number 2 cannot be used"),
        ([f"A,school,,,{REVIEW},,"], 2, "The email address is one that people write to about the consultation"),
        (["A,school,1,,,,", "B,school,1,,,,"], 3, "Row 2 has the same key; leave one of them out."),
        (["A,school,1,,,,", "a,school,2,,,,"], 3, "Row 2 names the same organisation; leave one out"),
        (["A,,,,,,"], 2, "It has no stakeholder group; fill it in"),
        (["A,school,,,,gmail.com,"], 2, "Anybody can have an address at this mail provider"),
        (["A,school,,,,school,"], 2, "The domain is not the domain of email addresses"),
        (["A,school,,,,,French"], 2, "“French” is not a language we write in: use English or Welsh."),
        ([f"{'A' * 201},school,,,,,"], 2, "may have at most 200 characters; shorten it."),
        ([f"A,{'s' * 81},,,,,"], 2, "may have at most 80 characters; shorten it."),
    ],
)
def test_row_with_a_mistake_is_told_by_its_number_with_what_to_do(
    office: Office, rows: list[str], number: int, words: str
) -> None:
    [(at, sentence)] = wrong(office, *rows)
    assert (at, words in sentence) == (number, True), sentence


def test_key_and_name_that_speak_against_each_other_are_told(office: Office) -> None:
    take_in(office, listing("Larkmead Trust,,7,,,,"))
    assert "On the list this organisation has another key" in wrong(office, "Larkmead Trust,,8,,,,")[0][1]
    assert "Another consultee on the list has this name" in wrong(office, "Heathfield Primary School,,7,,,,")[0][1]
    assert wrong(office, "Larkmead,,7,,,,", "Larkmead Trust,,,,,,") == [
        (3, "Row 2 is of the same consultee; leave one of them out.")
    ]


def test_rows_to_correct_are_written_as_they_stood_and_the_corrected_file_is_taken_in(office: Office) -> None:
    given = listing("=A,school,,,nobody", "B,school,2,,b@b.example,,", ",,3,,,,")
    written = given.wrong_rows_as_csv(take_in(office, given).plan.wrong)
    headings, first, second = csv.reader(io.StringIO(written.decode("utf-8-sig")))
    assert headings == [*HEADINGS.split(","), WHAT_IS_WRONG]
    assert first[:5] == ["'=A", "school", "", "", "nobody"]
    assert second[2] == "3"
    corrected = read_spreadsheet(written.replace(b"nobody", b"a@a.example"))
    done = take_in(office, Listing(corrected[0], recognise(corrected)))
    assert [one.values["organisation"] for one in done.plan.added] == ["=A"]
    assert [row.number for row in done.plan.wrong] == [3]


def test_long_list_is_taken_in_whole(office: Office) -> None:
    rows = [f"School {number},school,{number},Head,head@s{number}.example,," for number in range(3000)]
    assert len(take_in(office, listing(*rows)).plan.added) == 3000
    assert len(take_in(office, listing(*rows)).plan.unchanged) == 3000
