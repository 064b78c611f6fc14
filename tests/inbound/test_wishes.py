"""What respondents ask for beside their answer, and what only sounds like it."""

import pytest

from intake.inbound.wishes import LONGEST_SENTENCE, AskedFor, wishes
from intake.store.responses import Wish


def asked(words: str, subject: str | None = None) -> list[str]:
    return [one.wish.value for one in wishes(words, subject)]


@pytest.mark.parametrize(
    "words",
    [
        "Please withdraw my response.",
        "Please could you withdraw our submission to the consultation",
        "I wish to withdraw my objection.",
        "Dear team,\n\nI am writing to formally withdraw my earlier\nresponse. Thank you.",
        "I would like to withdraw the comments I submitted last week.",
        "We hereby withdraw our representation.",
        "I'd like to retract my previous e-mail.",
        "Having thought about it, I withdraw my response.",
        "Can I withdraw my response?",
        "How do I withdraw my response?",
        "Please disregard my previous email.",
        "Please ignore our earlier response, it was sent by mistake.",
        "Could you delete my response please",
        "I would like my response to be withdrawn.",
        "Please consider my response withdrawn.",
        "My previous comments should be disregarded.",
        "Please withdraw IEO-0042.",
        "Please withdraw this response.",
        "Tynnwch fy ymateb yn ôl os gwelwch yn dda.",
        "Hoffwn dynnu fy sylwadau yn ôl.",
        "Anwybyddwch fy e-bost blaenorol.",
        "Rwyf am dynnu'n ôl fy ymateb.",
        "Please withdraw this, we changed our mind.",
        "Please withdraw it.",
        "I wish to withdraw.",
    ],
)
def test_a_request_to_withdraw_is_found(words: str) -> None:
    assert asked(words) == [Wish.withdrawal]


@pytest.mark.parametrize(
    "words",
    [
        "Here is an updated version of our response, which supersedes the first.",
        "Please replace my earlier response with this one.",
        "I wish to replace my earlier submission with this one.",
        "I would like to replace our response with the attached.",
        "This response replaces my earlier one and my previous email.",
        "This replaces the response I sent on Monday.",
        "The attached version supersedes our previous submission.",
        "Please use this version instead of my earlier email.",
        "Please disregard my previous email and use this one.",
        "Please ignore my last email. This replaces the version we sent yesterday.",
        "Mae'r ymateb hwn yn disodli fy ymateb blaenorol.",
        "Defnyddiwch y fersiwn hwn yn lle fy ymateb cyntaf.",
    ],
)
def test_a_request_to_replace_is_found_and_is_no_withdrawal(words: str) -> None:
    assert asked(words) == [Wish.replacement]


@pytest.mark.parametrize(
    "words",
    [
        "Mae'r ymateb hwn yn gyfrinachol.",
        "In confidence: the head is leaving.",
        "Please treat this as confidential.",
        "Please treat my response as strictly confidential.",
        "Please keep my name confidential / do not publish.",
        "Could you please keep my name and address private?",
        "I would like my response to be treated in confidence.",
        "I wish to remain anonymous.",
        "Please do not publish my name.",
        "Please don't share our details with anybody.",
        "I do not want my name to be published.",
        "My name should not be published.",
        "This submission is confidential.",
        "We ask that our response be kept confidential.",
        "Cadwch fy enw yn gyfrinachol.",
        "Peidiwch â chyhoeddi fy enw.",
        "Hoffwn aros yn ddienw.",
    ],
)
def test_a_request_for_confidence_is_found(words: str) -> None:
    assert asked(words) == [Wish.confidentiality]


@pytest.mark.parametrize(
    "words",
    [
        "The proposals are unfair. Please withdraw them.",
        "This plan closes our school. Please withdraw it.",
        "The council should withdraw the proposal.",
        "Please withdraw the proposals and think again.",
        "We urge you to withdraw this plan.",
        "We withdraw our support for the scheme.",
        "Please withdraw the school bus cuts.",
        "The council should replace the bus.",
        "Please replace the old playground.",
        "This policy replaces the previous version.",
        "Please replace section 3 with the text below.",
        "I do not wish to withdraw my response.",
        "Please do not ignore my response.",
        "You always ignore my comments.",
        "I worry that you will disregard our views.",
        "If the plan changes, I will withdraw my objection.",
        "The governors have withdrawn their response.",
        "Please remove the trees.",
        "If you live elsewhere, please disregard this email.",
        "If the data are older, do not release it to the public.",
        "The council ignores parents, so I don't use it.",
        "This email is confidential and intended solely for the use of the individual to whom it is addressed.",
        "This e-mail and any attachments are confidential. If you received it in error please delete it.",
        "Please treat this email as confidential if you are not the intended recipient.",
        "Pupils' records must be kept confidential.",
        "Please keep pupils' names confidential in the report.",
        "You may publish my name.",
        "I am happy for my response to be published.",
        "There is no need to keep my response confidential.",
        "I would like my response to be confidential: no",
        "Staff should be able to report bullying in confidence.",
        "I am confident in my response.",
        "Please do not make it harder for parents.",
        "My name is Ben and I do not share your view.",
        "Mae'r e-bost hwn yn gyfrinachol ac wedi'i fwriadu ar gyfer y derbynnydd yn unig.",
        "Dylai'r cyngor dynnu'r cynnig yn ôl.",
        "Dylid disodli'r bws.",
        "Please let me know that you received my response.",
        "",
    ],
)
def test_talk_of_policy_and_footers_ask_for_nothing(words: str) -> None:
    assert asked(words) == []


@pytest.mark.parametrize(
    ("subject", "wish"),
    [
        ("Withdrawal of my response", ["withdrawal"]),
        ("Request to withdraw our submission", ["withdrawal"]),
        ("Replacement for my earlier response", ["replacement"]),
        ("Confidential: school places", ["confidentiality"]),
        ("Re: Withdrawal of my response", []),
        ("Withdrawal of the bus service", []),
        ("Confidence in our schools", []),
        (None, []),
    ],
)
def test_a_subject_may_ask_too_but_not_one_that_was_only_answered(subject: str | None, wish: list[str]) -> None:
    assert asked("Thank you.", subject) == wish


def test_each_wish_is_told_in_its_own_sentence() -> None:
    words = "We agree with all of it. Please withdraw my earlier\nresponse. Please do not publish my name! Thanks."
    assert wishes(words, None) == (
        AskedFor(Wish.withdrawal, "Please withdraw my earlier response."),
        AskedFor(Wish.confidentiality, "Please do not publish my name!"),
    )


def test_an_endless_sentence_is_told_in_part_and_soon() -> None:
    [found] = wishes("Please withdraw my response " + "and my and our and the earlier " * 20_000, None)
    assert len(found.sentence) == LONGEST_SENTENCE
