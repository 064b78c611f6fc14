"""What a consultation is called, says and how it judges."""

import pytest
from sqlmodel import select

from intake.administration.changing import ChangedMeanwhile
from intake.administration.sections import change_section
from intake.errors import Mistakes, NotPossible
from intake.store.consultations import Consultation, LatePolicy
from intake.store.emails import LedgerEntry
from tests.administration.administrators import SLUG, consultation, editing
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import Office
from tests.people import ASHA, BEN, REVIEW

TEXTS = {"next_steps": "We decide in May.", "privacy_notice": "We use it to decide."}


def _change(office: Office, section: str, **given: object) -> list[str]:
    with editing(office) as (session, row, edit):
        return change_section(session, row, section, given, edit)


@both_databases
def test_what_was_changed_is_in_the_record_and_only_its_name_in_the_history(office: Office) -> None:
    assert _change(office, "texts", **TEXTS) == ["next_steps", "privacy_notice"]
    row = consultation(office)
    assert (row.next_steps, row.version) == ("We decide in May.", 1)
    [entry] = office.history("changed")
    assert entry.detail == {"fields": ["next_steps", "privacy_notice"]}


def test_nothing_is_changed_when_nothing_is_different(office: Office) -> None:
    _change(office, "texts", **TEXTS)
    assert _change(office, "texts", **TEXTS) == []
    assert consultation(office).version == 1


@both_databases
def test_second_of_two_is_told_and_nothing_of_theirs_is_saved(office: Office) -> None:
    with editing(office) as (_, _row, first_seen):
        pass
    _change(office, "texts", **TEXTS)
    other = {"next_steps": "Other", "privacy_notice": "Other"}
    with editing(office) as (session, row, _), pytest.raises(ChangedMeanwhile) as lost:
        change_section(session, row, "texts", other, first_seen)
    assert lost.value.last is not None
    assert lost.value.last.detail["fields"] == ["next_steps", "privacy_notice"]
    assert consultation(office).next_steps == "We decide in May."


def test_references_given_out_do_not_disturb_a_form_that_is_open(office: Office) -> None:
    with editing(office) as (_, _row, edit):
        pass
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.cycle()
    with editing(office) as (session, row, _):
        assert change_section(session, row, "texts", dict(TEXTS), edit)
    assert consultation(office).last_number == 1


@pytest.mark.parametrize(
    ("section", "given", "mistakes"),
    [
        ("texts", {"next_steps": "", "privacy_notice": "x"}, {"next_steps": "Enter the next steps."}),
        (
            "contact",
            {"contact_name": "", "contact_address": "nobody", "contact_phone": "0" * 41},
            {
                "contact_name": "Enter the contact’s name.",
                "contact_address": "The contact’s email address is not an email address.",
                "contact_phone": "The contact’s telephone number may have at most 40 characters; shorten it.",
            },
        ),
        (
            "judging",
            {"late_policy": "", "subject_words": []},
            {"late_policy": "Choose what happens to late responses."},
        ),
        (
            "naming",
            {"title": "Schools", "slug": "Schools!", "reference_prefix": "S1"},
            {
                "slug": "The web name must be lower-case letters, digits and single hyphens.",
                "reference_prefix": "The reference prefix must be 2 to 8 capital letters.",
            },
        ),
        (
            "naming",
            {"title": "Schools", "slug": "school-admissions", "reference_prefix": "ADM"},
            {
                "slug": "The web name already belongs to the consultation “School admissions”; choose another.",
                "reference_prefix": "The reference prefix already belongs to the consultation “School admissions”; "
                "choose another.",
            },
        ),
        (
            "naming",
            {"title": "T", "slug": "new", "reference_prefix": "NEW"},
            {"slug": "The web name is one of intake"},
        ),
    ],
)
def test_each_mistake_is_told_at_its_field(
    office: Office, section: str, given: dict[str, object], mistakes: dict[str, str]
) -> None:
    with pytest.raises(Mistakes) as refused:
        _change(office, section, **given)
    told = refused.value.by_field
    assert list(told) == list(mistakes)
    assert all(told[field].startswith(sentence) for field, sentence in mistakes.items())


def test_name_and_prefix_stay_once_something_was_recorded(office: Office) -> None:
    _change(office, "naming", title="Improving", slug="improving", reference_prefix="IMP")
    assert office.rows(Consultation)[0].slug == "improving"
    _change_back = {"title": "Improving education outcomes", "slug": SLUG, "reference_prefix": "IEO"}
    with editing(office, "improving") as (session, row, edit):
        change_section(session, row, "naming", dict(_change_back), edit)
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.cycle()
    with pytest.raises(NotPossible, match="people hold references and links that name them"):
        _change(office, "naming", title="Improving", slug=SLUG, reference_prefix="IMP")
    assert _change(office, "naming", title="Improving", slug=SLUG, reference_prefix="IEO") == ["title"]


@both_databases
def test_mail_left_in_an_officers_mailbox_is_looked_at_again_when_the_subject_words_change(office: Office) -> None:
    with office.database.transaction() as session:
        folder = session.exec(select(LedgerEntry.folder_id)).first()
    assert folder is None
    office.receive(raw_email(sender=BEN, to=ASHA, subject="The review"), mailbox="asha")
    office.collect("asha")
    with office.database.transaction() as session:
        session.exec(select(LedgerEntry)).one().email_id = None  # as if it had been left in place
    _change(office, "judging", late_policy="strict", subject_words=["The  Review"])
    assert office.rows(LedgerEntry) == []
    row = consultation(office)
    assert (row.late_policy, row.subject_words) == (LatePolicy.strict, ["the review"])
