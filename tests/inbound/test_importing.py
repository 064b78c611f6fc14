"""Another platform's export becomes responses, each row once; what does not fit is told, and nothing else changes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import col, select

from intake.errors import NotPossible
from intake.inbound.import_mapping import WrongMapping, read_mapping
from intake.inbound.importing import A_BATCH, ImportPlan, plan_import, reader_of, sheets_of, take_in
from intake.outbound.acknowledging import AcknowledgementRules
from intake.store.consultations import Consultation, Question, QuestionKind, StakeholderGroup, own_addresses
from intake.store.emails import OutgoingEmail
from intake.store.history import history_of
from intake.store.online import ImportedRow
from intake.store.responses import Answer, Channel, Response
from tests.databases import both_databases
from tests.inbound import exports
from tests.office import DURING, MAIL_DOMAIN, Office, open_office
from tests.people import BEN, CAROL

pytestmark = both_databases
AFTER = datetime(2020, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        with opened.database.transaction() as session:
            own = session.exec(select(Consultation).where(Consultation.reference_prefix == "IEO")).one().id
            asked = (
                Question(key="priorities", text="What of the priorities?", consultation_id=own, position=11),
                Question(
                    key="proposal-1",
                    text="Do you agree with proposal 1?",
                    kind=QuestionKind.choice,
                    options=["Agree", "Disagree"],
                    consultation_id=own,
                    position=12,
                ),
                Question(
                    key="transport",
                    text="How do you travel?",
                    kind=QuestionKind.choices,
                    options=["Buses", "Rail"],
                    consultation_id=own,
                    position=13,
                ),
            )
            kept = session.exec(select(Question).where(Question.consultation_id == own)).all()
            for one in (*kept,):
                session.delete(one)
            session.flush()
            session.add_all([*asked, StakeholderGroup(consultation_id=own, position=1, name="school")])
        yield opened


def look(office: Office, content: bytes, mapping: str) -> ImportPlan:
    with office.database.reading() as session:
        consultation = session.exec(select(Consultation).where(Consultation.reference_prefix == "IEO")).one()
        return plan_import(session, reader_of(session, consultation, sheets_of(content), read_mapping(mapping), AFTER))


def imported(office: Office, content: bytes, mapping: str, rules: AcknowledgementRules | None = None) -> ImportPlan:
    plan = look(office, content, mapping)
    list(take_in(office.database, plan, now=AFTER, actor="user 1", rules=rules))
    return plan


def answers(office: Office) -> list[tuple[str, list[str], str]]:
    with office.database.reading() as session:
        rows = session.exec(select(Answer).order_by(col(Answer.response_id), col(Answer.position))).all()
    return [(row.question, row.chosen, row.text) for row in rows]


def test_rows_become_responses_with_all_that_their_columns_say(office: Office) -> None:
    imported(office, exports.PLAIN, exports.PLAIN_MAPPING)
    first, second = office.rows(Response)
    assert (first.reference, first.channel, first.respondent_address) == ("IEO-0001", Channel.imported, BEN)
    assert first.received_at == datetime(2020, 2, 12, 9, 30, tzinfo=UTC)
    assert (first.respondent_name, first.organisation) == ("Ben Hughes", "Heathfield Primary School")
    assert (first.is_for_organisation, first.may_publish, first.is_confidential) == (True, True, False)
    assert first.stakeholder_group == "school"
    assert (second.is_for_organisation, second.may_publish, second.is_confidential) == (False, False, True)
    assert answers(office) == [
        ("What of the priorities?", [], "They are right."),
        ("What of the priorities?", [], "Too few."),
        ("Anything else", [], "Buses."),
    ]
    with office.database.reading() as session:
        [entry] = history_of(session, second)
    assert (entry.actor, entry.detail) == ("user 1", {"channel": "import", "row": 3})


def test_nobody_is_told_unless_it_is_asked_for(office: Office) -> None:
    imported(office, exports.PLAIN, exports.PLAIN_MAPPING)
    assert office.rows(OutgoingEmail) == []
    with office.database.reading() as session:
        rules = AcknowledgementRules(5, MAIL_DOMAIN, own_addresses(session))
    imported(office, exports.PLAIN.replace(b"r-", b"s-"), exports.PLAIN_MAPPING, rules)
    assert [row.recipient_address for row in office.rows(OutgoingEmail)] == [BEN, CAROL]


def test_the_same_export_again_adds_nothing_and_a_longer_one_its_new_rows(office: Office) -> None:
    imported(office, exports.PLAIN, exports.PLAIN_MAPPING)
    again = imported(office, exports.PLAIN, exports.PLAIN_MAPPING)
    assert (len(again.new), again.unchanged, len(again.changed)) == (0, 2, 0)
    longer = exports.PLAIN.replace(b"Too few.", b"Far too few.") + b"r-3,14/02/2020,,,,,,,One more.,\n"
    plan = imported(office, longer, exports.PLAIN_MAPPING)
    assert (len(plan.new), plan.unchanged) == (1, 1)
    assert [(one.number, one.reference) for one in plan.changed] == [(3, "IEO-0002")]
    assert [row.reference for row in office.rows(Response)] == ["IEO-0001", "IEO-0002", "IEO-0003"]
    assert "Far too few." not in office.rows(Response)[1].text
    assert office.rows(Response)[2].received_at == datetime(2020, 2, 14, 12, tzinfo=UTC)


def test_without_identifiers_equal_rows_count_as_often_as_they_stand_there(office: Office) -> None:
    mapping = '[[answers]]\ncolumns = "Words"\n'
    imported(office, b"Words\nYes.\nNo.\nYes.\n", mapping)
    assert len(office.rows(Response)) == 3
    plan = imported(office, b"Words,New column\nYes.\nYes.\nNo.\nYes.\n", mapping)
    assert (len(plan.new), plan.unchanged) == (1, 3)
    assert len(office.rows(Response)) == 4


def test_rows_stay_known_when_the_mapping_names_the_identifier_only_later(office: Office) -> None:
    without = exports.PLAIN_MAPPING.replace('identifier = "Response ID"', "")
    imported(office, exports.PLAIN, without)
    assert look(office, exports.PLAIN, exports.PLAIN_MAPPING).unchanged == 2
    assert look(office, exports.PLAIN, without).unchanged == 2


def test_identifiers_over_questions_and_blank_rows_are_read(office: Office) -> None:
    plan = imported(office, exports.TWO_ROWS_OF_HEADINGS, exports.TWO_ROWS_MAPPING)
    assert [one.row.number for one in plan.new] == [4, 6]
    assert answers(office) == [("The plan", [], "It is sound,\nin the main"), ("The plan", [], "No view.")]
    assert [row.is_for_organisation for row in office.rows(Response)] == [True, False]
    assert [row.received_at for row in office.rows(Response)] == [None, None]


def test_several_columns_answer_one_question_by_its_options_and_in_words(office: Office) -> None:
    imported(office, exports.SEVERAL_COLUMNS, exports.SEVERAL_MAPPING)
    assert answers(office) == [
        ("Do you agree with proposal 1?", ["Agree"], "It serves us."),
        ("Proposal 2", [], "P2 Q1 - Agree?: Disagree\nP2 Q8 - Why?: It does not."),
        ("How do you travel?", ["Buses"], ""),
        ("Do you agree with proposal 1?", ["Disagree"], ""),
        ("How do you travel?", ["Buses", "Rail"], ""),
    ]


@pytest.mark.parametrize(
    ("cell", "chosen", "text"),
    [
        ("Rail; Buses", ["Buses", "Rail"], ""),
        ("rail,buses", ["Buses", "Rail"], ""),
        ("Rail and a bicycle", [], "Rail and a bicycle"),
    ],
)
def test_options_in_one_cell_are_told_apart_and_other_words_are_kept(
    office: Office, cell: str, chosen: list[str], text: str
) -> None:
    mapping = '[[answers]]\nquestion = "transport"\ncolumns = "Travel"\n'
    imported(office, f'Travel\n"{cell}"\n'.encode(), mapping)
    assert answers(office) == [("How do you travel?", chosen, text)]


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("12 Feb 2020 4:05 PM", datetime(2020, 2, 12, 16, 5, tzinfo=UTC)),
        ("Wednesday, 12 February 2020 16:05", datetime(2020, 2, 12, 16, 5, tzinfo=UTC)),
        ("2020-02-12T16:05:00+01:00", datetime(2020, 2, 12, 15, 5, tzinfo=UTC)),
        ("12.02.2020", datetime(2020, 2, 12, 12, tzinfo=UTC)),
    ],
)
def test_dates_are_read_as_platforms_write_them(office: Office, written: str, at: datetime) -> None:
    mapping = 'received = "At"\n[[answers]]\ncolumns = "Words"\n'
    imported(office, f'At,Words\n"{written}",Yes.\n'.encode(), mapping)
    assert [row.received_at for row in office.rows(Response)] == [at]


def test_american_dates_are_read_where_the_mapping_says_so(office: Office) -> None:
    mapping = 'received = "At"\nmonth_first = true\n[[answers]]\ncolumns = "Words"\n'
    imported(office, b"At,Words\n02/12/2020 16:05,Yes.\n", mapping)
    assert office.rows(Response)[0].received_at == datetime(2020, 2, 12, 16, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (b"12/02/2020 09:30", b"12/02/2030 09:30", "Its date is yet to come"),
        (b"12/02/2020 09:30", b"12/02/2019 09:30", "Its date is before the consultation opened"),
        (b"12/02/2020 09:30", b"some day", "Its date cannot be read"),
        (BEN.encode(), b"Ben at school", "The email address cannot be used"),
        (b"School,Yes", b"Brewery,Yes", "Its group is none of this consultation"),
        (b"School,Yes", b"School,Perhaps", "It does not say whether it may be published"),
        (b"On behalf of an organisation", b"Who knows", "\u201cAnswering as\u201d does not say yes or no"),
        (b"They are right.", b"", "There is no answer in this row"),
        (b"They are right.", b"A" * 100_001, "A cell has more than 100,000 characters"),
        (b"Ben Hughes", b"B" * 201, "The name has more than 200 characters"),
        (b"r-1,", b",", "It has no identifier"),
        (b"r-2,", b"r-1,", "Row 2 has the same identifier"),
    ],
)
def test_row_that_is_wrong_is_told_and_the_other_is_taken_in(
    office: Office, before: bytes, after: bytes, sentence: str
) -> None:
    plan = imported(office, exports.PLAIN.replace(before, after, 1), exports.PLAIN_MAPPING)
    [wrong] = plan.wrong
    assert sentence in wrong.sentence
    assert len(office.rows(Response)) == 1


def test_wrong_and_changed_rows_come_back_with_what_is_the_matter_and_are_taken_in_once_corrected(
    office: Office,
) -> None:
    imported(office, exports.PLAIN, exports.PLAIN_MAPPING)
    wrong = exports.PLAIN.replace(b"Too few.", b"Far too few.") + b"r-3,some day,,,,,,,One more.,\n"
    told = look(office, wrong, exports.PLAIN_MAPPING).to_correct_as_csv()
    lines = told.decode("utf-8-sig").splitlines()
    assert lines[0].endswith("Anything else,What is wrong")
    assert "It changed since it was imported as IEO-0002, which was left as it is" in lines[1]
    assert lines[2].startswith("r-3,some day,")
    assert "Its date cannot be read" in lines[2]
    plan = imported(office, told.replace(b"some day", b"14/02/2020"), exports.PLAIN_MAPPING)
    assert (len(plan.new), len(plan.changed)) == (1, 1)
    whole = wrong.replace(b"some day", b"14/02/2020")
    assert look(office, whole, exports.PLAIN_MAPPING).unchanged == 2


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ('[[answers]]\ncolumns = "Wrods"', "There is no column “Wrods” in the file; did you mean"),
        ('[[answers]]\nquestion = "prices"\ncolumns = "Words"', "There is no question “prices” in this consultation"),
        ('[[answers]]\ncolumns = "Words"\n[[groups]]\nsays = "a"\nis = "b"', "There is no stakeholder group “b”"),
        ('sheet = "Data"\n[[answers]]\ncolumns = "Words"', "There is no sheet “Data” in the file"),
        ('name = "Twice"\n[[answers]]\ncolumns = "Words"', "Columns B and C all have the heading “Twice”"),
    ],
)
def test_mapping_that_does_not_fit_the_file_changes_nothing(office: Office, mapping: str, sentence: str) -> None:
    with pytest.raises(WrongMapping, match=sentence):
        imported(office, b"Words,Twice,Twice\nYes.,a,b\n", mapping)
    assert office.rows(Response) == []


def test_archived_consultation_takes_nothing_in(office: Office) -> None:
    with office.database.transaction() as session:
        session.exec(select(Consultation).where(Consultation.reference_prefix == "IEO")).one().archived_at = DURING
    with pytest.raises(NotPossible, match="is archived"):
        look(office, exports.PLAIN, exports.PLAIN_MAPPING)


def test_import_that_broke_off_goes_on_where_it_stopped(office: Office) -> None:
    lines = "".join(f"r-{number},Answer {number}\n" for number in range(A_BATCH + 5))
    content, mapping = f"ID,Words\n{lines}".encode(), 'identifier = "ID"\n[[answers]]\ncolumns = "Words"\n'
    first = take_in(office.database, look(office, content, mapping), now=AFTER, actor="user 1")
    assert next(first) == A_BATCH
    del first
    assert len(office.rows(Response)) == A_BATCH
    plan = imported(office, content, mapping)
    assert (len(plan.new), plan.unchanged) == (5, A_BATCH)
    assert len(office.rows(Response)) == len(office.rows(ImportedRow)) == A_BATCH + 5


def test_two_imports_of_one_file_at_once_make_each_response_once(office: Office) -> None:
    plans = [look(office, exports.PLAIN, exports.PLAIN_MAPPING) for _ in range(2)]
    for plan in plans:
        list(take_in(office.database, plan, now=AFTER, actor="user 1"))
    assert len(office.rows(Response)) == 2


def test_group_names_of_the_consultation_are_found_whatever_their_case(office: Office) -> None:
    plan = look(office, exports.PLAIN.replace(b"School,Yes", b"SCHOOL,Yes"), exports.PLAIN_MAPPING)
    assert plan.wrong == []
