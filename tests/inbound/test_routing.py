"""Who gets in by itself: each rule as an email and what becomes of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.inbound.handing_on import HandedOn, Officer, Way
from intake.inbound.routing import (
    Circumstances,
    Decision,
    Earlier,
    Facts,
    Hold,
    Ignore,
    Meant,
    Record,
    TakeOut,
    Target,
    may_copy,
    route,
)
from intake.mail.automatic import OwnMail
from intake.mail.understanding import Understood, understand
from intake.store.consultations import AddressKind
from intake.store.reasons import Reason
from tests.building import raw_email
from tests.people import ADMISSIONS, ASHA, BEN, CAROL, DAN, REVIEW

EDUCATION, SCHOOLS = 1, 2
OPENS_AT = datetime(2020, 1, 9, 9, tzinfo=UTC)
DURING = datetime(2020, 2, 12, 10, 30, tzinfo=UTC)
GIVEN = Circumstances(
    published={
        REVIEW: (Meant(EDUCATION, AddressKind.dedicated),),
        ASHA: (Meant(EDUCATION, AddressKind.personal),),
        ADMISSIONS: (Meant(SCHOOLS, AddressKind.dedicated),),
    },
    consultations={
        EDUCATION: Facts(OPENS_AT, ("improving education outcomes", "education review")),
        SCHOOLS: Facts(OPENS_AT, ("school admissions",)),
    },
    received_at=DURING,
)
BENS = Earlier(EDUCATION, response_id=7, respondent_address=BEN)
IN_EDUCATION = Record((Target(EDUCATION),))


def email(sender: str = DAN, to: str = REVIEW, **built: Any) -> Understood:
    return understand(raw_email(sender=sender, to=to, **built), own=OwnMail("intake.county.example"))


@pytest.mark.parametrize(
    ("sender", "to", "subject", "given", "decision"),
    [
        pytest.param(DAN, REVIEW, "Views", {}, IN_EDUCATION, id="dedicated"),
        pytest.param(DAN, REVIEW.title(), "Views", {}, IN_EDUCATION, id="dedicated-in-other-case"),
        pytest.param(DAN, f"{REVIEW}, {ASHA}", "Views", {}, IN_EDUCATION, id="dedicated-and-personal"),
        pytest.param(
            DAN,
            f"{REVIEW}, {ADMISSIONS}",
            "Views",
            {},
            Record((Target(EDUCATION), Target(SCHOOLS))),
            id="two-consultations",
        ),
        pytest.param(DAN, ASHA, "Hello", {}, Hold(Reason.possible_question, EDUCATION), id="personal-without-signal"),
        pytest.param(
            BEN,
            ASHA,
            "Re: Improving  Education Outcomes",
            {"invited_to": frozenset({EDUCATION})},
            IN_EDUCATION,
            id="personal-from-a-consultee-about-it",
        ),
        pytest.param(
            BEN,
            ASHA,
            "Lunch",
            {"invited_to": frozenset({EDUCATION})},
            Hold(Reason.possible_question, EDUCATION),
            id="personal-from-a-consultee-about-lunch",
        ),
        pytest.param(
            DAN,
            ASHA,
            "Education review",
            {},
            Hold(Reason.possible_question, EDUCATION),
            id="personal-subject-words-alone",
        ),
        pytest.param(DAN, "someone@county.example", "Views", {}, Hold(Reason.unknown_address), id="unknown-address"),
        pytest.param(DAN, REVIEW, "Views", {"is_junk": True}, Hold(Reason.found_in_junk, EDUCATION), id="junk"),
        pytest.param(
            BEN,
            REVIEW,
            "Views",
            {"is_junk": True, "invited_to": frozenset({EDUCATION})},
            Hold(Reason.found_in_junk, EDUCATION),
            id="junk-from-a-consultee-unproven",
        ),
        pytest.param(
            BEN,
            REVIEW,
            "Views",
            {"is_junk": True, "invited_to": frozenset({EDUCATION}), "dmarc": "pass"},
            IN_EDUCATION,
            id="junk-from-a-proven-consultee",
        ),
        pytest.param(
            DAN,
            REVIEW,
            "Views",
            {"received_at": datetime(2020, 1, 9, 8, 59, tzinfo=UTC)},
            Ignore(Reason.before_opening),
            id="before-opening",
        ),
        pytest.param(DAN, REVIEW, "Views", {"received_at": None}, IN_EDUCATION, id="receipt-unknown"),
        pytest.param(
            DAN,
            REVIEW,
            "Views",
            {"received_at": datetime(2020, 6, 1, tzinfo=UTC)},
            IN_EDUCATION,
            id="long-after-closing",
        ),
        pytest.param(
            BEN,
            REVIEW,
            "Re: IEO-0007",
            {"answers": BENS},
            Record((Target(EDUCATION, joins=7),)),
            id="answers-our-email-to-the-same-person",
        ),
        pytest.param(
            BEN,
            REVIEW,
            "Re: IEO-0007",
            {"answers": BENS, "is_junk": True},
            Record((Target(EDUCATION, joins=7),)),
            id="answer-to-us-found-in-junk",
        ),
        pytest.param(
            DAN,
            REVIEW,
            "Re: IEO-0007",
            {"answers": BENS},
            Hold(Reason.another_senders_thread, EDUCATION),
            id="answers-our-email-to-someone-else",
        ),
        pytest.param(
            BEN,
            REVIEW,
            "IEO-0007",
            {"names": BENS},
            Hold(Reason.names_a_reference, EDUCATION),
            id="reference-and-address-alone",
        ),
        pytest.param(
            BEN,
            REVIEW,
            "IEO-0007",
            {"names": BENS, "dmarc": "pass"},
            Record((Target(EDUCATION, joins=7),)),
            id="reference-address-and-proof",
        ),
        pytest.param(
            DAN,
            REVIEW,
            "IEO-0007",
            {"names": BENS, "dmarc": "pass"},
            Hold(Reason.names_a_reference, EDUCATION),
            id="reference-of-someone-else",
        ),
        pytest.param(
            BEN,
            REVIEW,
            "Re: IEO-0007",
            {"answers": replace(BENS, is_withdrawn=True)},
            Hold(Reason.answers_withdrawn, EDUCATION),
            id="belongs-to-a-withdrawn-response",
        ),
        pytest.param(
            BEN,
            f"{REVIEW}, {ADMISSIONS}",
            "Re: IEO-0007",
            {"answers": BENS},
            Record((Target(EDUCATION, joins=7), Target(SCHOOLS))),
            id="addition-here-and-new-there",
        ),
        pytest.param(
            ASHA, f"{BEN}, {REVIEW}", "Your question", {}, Hold(Reason.from_ourselves, EDUCATION), id="our-own-answer"
        ),
        pytest.param(
            CAROL,
            f"{ASHA}, {ADMISSIONS}",
            "Re: Have your say",
            {
                "published": {ASHA: tuple(Meant(each, AddressKind.personal) for each in (EDUCATION, SCHOOLS))},
                "answers": Earlier(EDUCATION),
            },
            IN_EDUCATION,
            id="signal-of-one-consultation-is-none-of-another",
        ),
        pytest.param(
            CAROL,
            ASHA,
            "Re: Have your say",
            {"answers": Earlier(EDUCATION)},
            IN_EDUCATION,
            id="reply-to-an-invitation",
        ),
    ],
)
def test_decision(sender: str, to: str, subject: str, given: dict[str, Any], decision: Decision) -> None:
    assert route(email(sender, to, subject=subject), replace(GIVEN, **given)) == decision


@pytest.mark.parametrize(
    ("headers", "decision"),
    [
        ({"Auto-Submitted": "auto-replied"}, Ignore(Reason.auto_reply)),
        ({"Auto-Submitted": "no"}, IN_EDUCATION),
        ({"X-Auto-Response-Suppress": "All"}, IN_EDUCATION),
        ({"List-Id": "<governors.lists.example>", "List-Post": "<mailto:governors@lists.example>"}, None),
    ],
)
def test_automatic_mail_is_ignored_only_when_that_is_certain(
    headers: dict[str, str], decision: Decision | None
) -> None:
    expected = decision or Hold(Reason.list_mail, EDUCATION)
    assert route(email(headers=headers), GIVEN) == expected


def test_our_own_acknowledgement_coming_back_is_ignored() -> None:
    ours = email(sender=REVIEW, message_id="<intake.acknowledgement.0123456789abcdef@intake.county.example>")
    assert route(ours, GIVEN) == Ignore(Reason.own_mail)


@pytest.mark.parametrize(
    ("way", "sender", "decision"),
    [
        (Way.inline, DAN, IN_EDUCATION),
        (Way.inline, "Dan Morris", Hold(Reason.forwarded_by_officer, EDUCATION)),
        (Way.inline, ASHA, Hold(Reason.forwarded_by_officer, EDUCATION)),
        (Way.unsure, DAN, Hold(Reason.forwarded_by_officer, EDUCATION)),
        (Way.unproven, DAN, Hold(Reason.unproven_officer, EDUCATION)),
        (Way.attached, ASHA, TakeOut(EDUCATION)),
        (Way.enclosed, DAN, Hold(Reason.forwarded_by_officer)),
    ],
)
def test_what_becomes_of_a_letter_depends_on_the_way_it_was_handed_on(
    way: Way, sender: str, decision: Decision
) -> None:
    given = replace(GIVEN, handed_on=HandedOn(Officer(ASHA), way))
    assert route(email(sender), given) == decision


def test_a_letter_taken_out_of_a_forward_is_meant_for_whom_the_forward_was() -> None:
    taken_out = HandedOn(Officer(ASHA), Way.enclosed, recipients=(ADMISSIONS,))
    given = replace(GIVEN, handed_on=taken_out)
    assert route(email(), given) == Record((Target(SCHOOLS),))
    one_of_two = replace(given, handed_on=replace(taken_out, is_only=False))
    assert route(email(), one_of_two) == Hold(Reason.forwarded_by_officer, SCHOOLS)


@pytest.mark.parametrize(
    ("text", "given", "decision"),
    [
        ("Please withdraw my response.\n", {}, Hold(Reason.asks_to_withdraw, EDUCATION)),
        ("Please replace my earlier response with this.\n", {}, Hold(Reason.asks_to_replace, EDUCATION)),
        ("Please treat this as confidential.\n", {}, IN_EDUCATION),
        ("Please withdraw my response.\n", {"answers": BENS}, Record((Target(EDUCATION, joins=7),))),
        ("The council should withdraw the plan.\n", {}, IN_EDUCATION),
    ],
)
def test_a_new_response_that_asks_for_an_earlier_one_to_go_waits_for_a_person(
    text: str, given: dict[str, Any], decision: Decision
) -> None:
    assert route(email(BEN, text=text), replace(GIVEN, **given)) == decision


def test_an_encrypted_email_waits_for_a_person() -> None:
    assert route(replace(email(), is_encrypted=True), GIVEN) == Hold(Reason.encrypted, EDUCATION)


def test_a_forward_by_anyone_else_is_its_senders_own_response() -> None:
    forward = email(
        sender=CAROL,
        subject="Fwd: A parent writes",
        text=(
            "The trust agrees with this.\n\n---------- Forwarded message ---------\n"
            "From: Dan Morris <dan.morris@somewhere.example>\nDate: Wed, 12 Feb 2020 at 09:00\n"
            "Subject: A parent writes\nTo: <carol.lewis@larkmead.example>\n\nWe agree.\n"
        ),
    )
    assert route(forward, GIVEN) == IN_EDUCATION


def test_an_email_without_words_or_files_is_held() -> None:
    assert route(email(text=" \n"), GIVEN) == Hold(Reason.empty, EDUCATION)
    assert route(email(text=" \n"), replace(GIVEN, has_files=True)) == IN_EDUCATION


def test_an_email_without_a_sender_is_held() -> None:
    nobody = understand(b"To: education.review@county.example\r\nSubject: Views\r\n\r\nWe agree.\r\n")
    assert route(nobody, GIVEN) == Hold(Reason.no_sender, EDUCATION)


def test_a_blind_copy_is_recognised_by_where_it_was_delivered() -> None:
    blind = email(to="undisclosed@somewhere.example", headers={"Delivered-To": REVIEW})
    assert route(blind, GIVEN) == IN_EDUCATION


@pytest.mark.parametrize(
    ("header", "given", "copied"),
    [
        (email(DAN, ASHA, subject="Lunch on Friday"), {}, False),
        (email(DAN, f"{ASHA}, {REVIEW}", subject="Views"), {}, True),
        (email(BEN, ASHA, subject="Education review"), {"invited_to": frozenset({EDUCATION})}, True),
        (email(BEN, ASHA, subject="Lunch on Friday"), {"invited_to": frozenset({EDUCATION})}, False),
        (email(DAN, ASHA, subject="Re: IEO-0007"), {"names": BENS}, True),
        (email(DAN, "friend@somewhere.example", subject="Education review"), {}, False),
    ],
)
def test_private_mail_may_not_be_copied(header: Understood, given: dict[str, Any], copied: bool) -> None:
    assert may_copy(header, replace(GIVEN, **given)) is copied


@pytest.mark.parametrize(
    ("subject", "invited_to", "likely"),
    [
        ("Hello", [], EDUCATION),
        ("A question on school admissions", [], SCHOOLS),
        ("Hello", [SCHOOLS], SCHOOLS),
        ("The education review and school admissions", [SCHOOLS], SCHOOLS),
        ("The education review", [SCHOOLS], EDUCATION),
    ],
)
def test_mail_to_an_officer_of_two_consultations_seems_meant_for_the_one_it_names_or_invited(
    subject: str, invited_to: list[int], likely: int
) -> None:
    personal = tuple(Meant(one, AddressKind.personal) for one in (EDUCATION, SCHOOLS))
    given = replace(GIVEN, published={ASHA: personal}, invited_to=frozenset(invited_to), is_junk=True)
    assert route(email(to=ASHA, subject=subject), given) == Hold(Reason.found_in_junk, likely)
