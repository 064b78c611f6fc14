"""Which consultees a response may be from, by its address, its domain and the names in it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from intake.responses.proposing import Invited, Proposal, invited, propose
from intake.store.people import Consultee
from intake.store.responses import Channel, Response
from tests.responses.school_names import CONSULTEES, NOBODY, SEVERAL, SIGNED, WRITTEN

NOW = datetime(2020, 2, 12, 10, tzinfo=UTC)


def consultee(number: int, organisation: str, **values: Any) -> Consultee:
    return Consultee(id=number, consultation_id=1, organisation=organisation, stakeholder_group="school", **values)


def proposed(among: Invited, **values: Any) -> list[Proposal]:
    given = {"text": "We agree.", "own_words": "We agree.", **values}
    row = Response(consultation_id=1, reference="IEO-0001", channel=Channel.email, recorded_at=NOW, **given)
    return propose(row, among)


def organisations(among: Invited, **values: Any) -> list[str]:
    return [one.consultee.organisation for one in proposed(among, **values)]


COUNTY = invited([consultee(n, name) for n, name in enumerate(CONSULTEES, start=1)], [], answered={})
HEATHFIELD = consultee(1, "Heathfield Primary School")
LARKMEAD = consultee(2, "Larkmead Trust", domain="larkmead.example")
TWO = invited([HEATHFIELD, LARKMEAD], [(1, "head@heathfield.example")], answered={})


@pytest.mark.parametrize(("written", "meant"), WRITTEN.items())
def test_the_organisation_that_is_meant_comes_first_however_it_is_written(written: str, meant: str) -> None:
    assert organisations(COUNTY, organisation=written)[:1] == [meant]


def test_a_namesake_is_hardly_ever_proposed_beside_the_one_that_is_meant() -> None:
    beside = {written: organisations(COUNTY, organisation=written)[1:] for written in WRITTEN}
    assert {written: names for written, names in beside.items() if names} == {}


@pytest.mark.parametrize(("written", "meant"), SEVERAL.items())
def test_of_namesakes_that_cannot_be_told_apart_all_are_proposed(written: str, meant: set[str]) -> None:
    assert set(organisations(COUNTY, organisation=written)) == meant


@pytest.mark.parametrize("written", NOBODY)
def test_nobody_is_proposed_for_who_was_not_invited(written: str) -> None:
    assert organisations(COUNTY, organisation=written) == []


@pytest.mark.parametrize(("letter", "meant"), SIGNED.items())
def test_whoever_signed_the_letter_is_proposed(letter: str, meant: str) -> None:
    assert organisations(COUNTY, own_words=letter, text=letter)[:1] == [meant]


def test_a_signature_below_the_own_words_counts_and_what_is_quoted_does_not() -> None:
    words = "We agree.\nJane Cole"
    signed = f"{words}\n\nHeathfield Primary School\n"
    assert organisations(TWO, own_words=words, text=signed) == ["Heathfield Primary School"]
    quoted = f"{words}\n\nOn 3 February 2020 the review team wrote:\n> Dear Heathfield Primary School\n"
    assert organisations(TWO, own_words=words, text=quoted) == []


def test_the_name_of_a_person_is_no_school_of_that_name() -> None:
    assert organisations(TWO, respondent_name="Anne Heathfield") == []
    assert organisations(TWO, respondent_name="Heathfield Primary School Office") == ["Heathfield Primary School"]


def test_the_reason_is_told_in_a_sentence() -> None:
    [one] = proposed(TWO, respondent_address="bursar@heathfield.example", organisation="Heathfield Primary")
    assert one.reason == (
        "The organisation is given as “Heathfield Primary” and its address is at heathfield.example, as theirs is."
    )
    [one] = proposed(TWO, respondent_address="head@heathfield.example")
    assert one.reason == "It comes from an address of theirs."


def test_a_domain_proposes_the_consultee_it_belongs_to_or_a_contact_writes_from() -> None:
    assert organisations(TWO, respondent_address="bursar@heathfield.example") == ["Heathfield Primary School"]
    assert organisations(TWO, respondent_address="Clerk@LARKMEAD.example") == ["Larkmead Trust"]
    assert organisations(TWO, respondent_address="head@meadow.larkmead.example") == ["Larkmead Trust"]
    assert organisations(TWO, respondent_address="someone@notlarkmead.example") == []


def test_a_sub_domain_says_less_than_the_domain() -> None:
    [whole] = proposed(TWO, respondent_address="clerk@larkmead.example")
    [below] = proposed(TWO, respondent_address="clerk@meadow.larkmead.example")
    assert whole.strength > below.strength
    assert below.reason == "Its address is below larkmead.example, as theirs is."


@pytest.mark.parametrize("domain", ["gmail.com", "Outlook.com", "yahoo.co.uk", "btinternet.com", "smith.demon.co.uk"])
def test_a_public_mail_provider_says_nothing(domain: str) -> None:
    among = invited([consultee(1, "Oxley School", domain=domain)], [(1, f"oxley@{domain.lower()}")], answered={})
    assert organisations(among, respondent_address=f"somebody@{domain}") == []


def test_a_suffix_under_which_everybody_has_a_domain_says_nothing() -> None:
    among = invited([consultee(1, "Oxley School", domain="sch.uk")], [], answered={})
    assert organisations(among, respondent_address="head@larkmead.sch.uk") == []


def test_all_schools_of_a_trust_are_proposed_those_that_have_not_answered_first() -> None:
    names = ["Ashfield School", "Brook School", "Cliff School"]
    rows = [consultee(n, name, domain="trust.example") for n, name in enumerate(names, start=1)]
    among = invited(rows, [], answered={1: 7})
    found = proposed(among, respondent_address="office@trust.example")
    assert [(one.consultee.organisation, one.has_answered) for one in found] == [
        ("Brook School", False),
        ("Cliff School", False),
        ("Ashfield School", True),
    ]
    assert found[0].reason == "Its address is at trust.example, as theirs is, and that of 2 others."
    signed = proposed(among, respondent_address="office@trust.example", organisation="Cliff School")
    assert signed[0].consultee.organisation == "Cliff School"


def test_an_address_that_several_share_proposes_each_of_them() -> None:
    among = invited([HEATHFIELD, LARKMEAD], [(n, "office@hub.example") for n in (1, 2)], answered={})
    found = proposed(among, respondent_address="office@hub.example")
    assert [one.consultee.organisation for one in found] == ["Heathfield Primary School", "Larkmead Trust"]
    assert {one.reason for one in found} == {"It comes from an address of theirs and of others."}


def test_who_is_no_longer_invited_is_not_proposed() -> None:
    gone = consultee(1, "Oxley School", domain="oxley.example", removed_at=NOW)
    among = invited([gone], [(1, "head@oxley.example")], answered={})
    assert organisations(among, respondent_address="head@oxley.example", organisation="Oxley School") == []
