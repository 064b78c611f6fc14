"""A new consultation, and one made from another."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from intake.administration.copying import brought_along, copy_consultation
from intake.administration.setting_up import proposed_prefix, proposed_slug, set_up, typed_consultation
from intake.errors import Mistakes
from intake.store.consultation_file import ConsultationFile
from intake.store.consultations import (
    Consultation,
    PublishedAddress,
    Question,
    ReplyTemplate,
    StakeholderGroup,
    consultation_by_slug,
)
from tests.administration.administrators import adam, consultation, editing, given, typed
from tests.databases import both_databases
from tests.office import Office
from tests.people import ASHA, REVIEW

LONDON = ZoneInfo("Europe/London")
OPENS, CLOSES = typed("1 9 2020 9am"), typed("30 9 2020 11:59pm")


def _file(**changed: Any) -> ConsultationFile:
    return typed_consultation(given(**changed), OPENS, CLOSES, timezone=LONDON)


def _set_up(office: Office, file: ConsultationFile) -> Consultation:
    with office.database.transaction() as session:
        return set_up(session, file, user=adam(session, office), now=office.now)


@both_databases
def test_consultation_is_set_up_from_what_was_typed(office: Office) -> None:
    row = _set_up(office, _file())
    assert (row.slug, row.reference_prefix) == ("school-transport", "ST")
    assert (row.opens_at, row.closes_at) == (
        datetime(2020, 9, 1, 8, tzinfo=UTC),
        datetime(2020, 9, 30, 22, 59, tzinfo=UTC),
    )
    assert row.subject_words == ["school transport"]
    assert [entry.actor for entry in office.history("added")] == [f"user {_adams_id(office)}"]


@pytest.mark.parametrize(
    ("title", "slug", "prefix"),
    [
        ("Improving education outcomes", "improving-education-outcomes", "IEO"),
        ("Admissions", "admissions", "ADMISSIO"),
        ("The future of our libraries in the north", "the-future-of-our-libraries-in-the-north", "FLN"),
        ("A", "a", "A"),
    ],
)
def test_name_and_prefix_are_proposed_from_the_title(title: str, slug: str, prefix: str) -> None:
    assert (proposed_slug(title), proposed_prefix(title)) == (slug, prefix)


def test_all_that_is_wrong_is_told_at_once() -> None:
    contact = {"name": "", "address": "nobody", "phone": None}
    wrong = given(title="", contact=contact, addresses=[], late_policy="", timezone="Europe/Nowhere")
    with pytest.raises(Mistakes) as refused:
        typed_consultation(wrong, typed("1 9 2020 midnight"), CLOSES, timezone=LONDON)
    assert set(refused.value.by_field) == {
        "title", "contact_name", "contact_address", "address", "late_policy", "timezone", "opens-clock",
    }  # fmt: skip


def test_closing_before_opening_is_told_at_the_closing_time() -> None:
    with pytest.raises(Mistakes) as refused:
        typed_consultation(given(), CLOSES, OPENS, timezone=LONDON)
    assert refused.value.by_field == {"closes-day": "The closing time must be later than the opening time."}


@pytest.mark.parametrize(
    ("changed", "mistakes"),
    [
        ({"slug": "school-admissions"}, ["slug"]),
        ({"reference_prefix": "IEO"}, ["reference_prefix"]),
        ({"addresses": [{"address": REVIEW, "kind": "personal"}]}, ["address"]),
        ({"addresses": [{"address": ASHA, "kind": "dedicated"}]}, ["kind"]),
    ],
)
def test_what_belongs_to_another_consultation_is_told_at_its_field(
    office: Office, changed: dict[str, Any], mistakes: list[str]
) -> None:
    with pytest.raises(Mistakes) as refused:
        _set_up(office, _file(**changed))
    assert list(refused.value.by_field) == mistakes
    assert len(office.rows(Consultation)) == 2


@both_databases
def test_copy_takes_along_all_but_responses_people_and_dedicated_addresses(office: Office) -> None:
    with office.database.transaction() as session:
        source = consultation_by_slug(session, "improving-education-outcomes")
        source.acknowledges_forwards = True
        session.add(Question(consultation_id=source.id, position=1, key="aims", text="Do you agree with the aims?"))
        session.add(StakeholderGroup(consultation_id=source.id, position=1, name="school"))
        session.add(ReplyTemplate(consultation_id=source.id, name="Thanks", text="Thank you."))
        session.flush()
        own = [{"address": "review.2021@county.example", "kind": "dedicated"}]
        file = typed_consultation(
            {**brought_along(session, source, own), "title": "Education 2021"}, OPENS, CLOSES, timezone=LONDON
        )
        copy = copy_consultation(session, source, file, user=adam(session, office), now=office.now)
        found = _belongings(session, copy)
    assert found == {
        PublishedAddress: [ASHA, "review.2021@county.example"],
        Question: ["Do you agree with the aims?"],
        StakeholderGroup: ["school"],
        ReplyTemplate: ["Thank you."],
    }
    assert copy.acknowledges_forwards
    assert (copy.next_steps, copy.subject_words) == (consultation(office).next_steps, ["education 2021"])
    assert [entry.detail for entry in office.history("copied-from")] == [{"consultation": source.id}]


def test_copy_without_an_address_of_its_own_needs_a_personal_one(office: Office) -> None:
    with editing(office, "school-admissions") as (session, source, _), pytest.raises(Mistakes) as refused:
        typed_consultation(
            {**brought_along(session, source, []), "title": "Admissions 2021"}, OPENS, CLOSES, timezone=LONDON
        )
    assert refused.value.by_field == {"address": "Enter an email address that people are told to write to."}


def _belongings(session: Session, copy: Consultation) -> dict[type, list[str]]:
    def own(table: Any, name: str) -> list[str]:
        return sorted(session.exec(select(getattr(table, name)).where(table.consultation_id == copy.id)))

    return {
        PublishedAddress: own(PublishedAddress, "address"),
        Question: own(Question, "text"),
        StakeholderGroup: own(StakeholderGroup, "name"),
        ReplyTemplate: own(ReplyTemplate, "text"),
    }


def _adams_id(office: Office) -> int:
    with office.database.transaction() as session:
        return adam(session, office).id
