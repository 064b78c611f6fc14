"""Legal notices below a letter go, whatever office wrote them; a person's words about confidence stay."""

import pytest

from intake.mail.quoting import own_words

STARS = "*" * 60
IN_WELSH = (
    "Mae’r neges e-bost hon yn gyfrinachol. Yr unig berson sydd â’r hawl i’w darllen yw’r person y bwriadwyd ei gyrru\n"
    "ato. Petaech wedi derbyn y neges mewn camgymeriad, rhowch wybod i ni. Ymwadiad: https://council.example/cy"
)
IN_ENGLISH = (
    "This message may be privileged and is for the named addressee only. If it has reached you by mistake, you should\n"
    "not copy, distribute or show it to anyone but should contact the Council at once."
)
IN_PARAGRAPHS = (
    "This e-mail contains information intended for the addressee only.\n\nIt may be confidential.\n\n"
    "If you are not the addressee you may not use it.\n\nThe Council reserves the right to monitor all email.\n\n"
    "It is your responsibility to check attachments for malicious software."
)


@pytest.mark.parametrize(
    "notice",
    [
        IN_WELSH,
        f"{IN_WELSH}\n\n{IN_ENGLISH}",
        f"{STARS}\n{IN_WELSH}\n{STARS}\n{IN_ENGLISH}\n{STARS}",
        IN_PARAGRAPHS,
        f"{STARS}\n\n{IN_PARAGRAPHS}\n\nThank you for your co-operation.\n\n© Bryn Council\n\n{STARS}",
        "Bryn Town Council - Cyngor Tref Bryn\nThis email is only intended for the recipient. If not you, delete it.",
        "Croesewir gohebiaeth yn Gymraeg. Ni fydd hynny yn arwain at oedi.\nCorrespondence is welcome in Welsh.",
        "Rydym yn croesawu galwadau yn y Gymraeg. We welcome calls in Welsh.",
        "You are welcome to write to the Council in Welsh or English.",
        "Sganiwyd y neges hon am bob feirws.\nOn leaving the Council this email was scanned for all known viruses.",
        "The original of this email was scanned for viruses by the office.",
        "The views expressed in this email are those of the sender and not necessarily those of the school.",
        "I gael gwybod mwy: https://council.example/preifatrwydd\nTo learn more: https://council.example/privacy",
        "For what we keep please see our privacy notice: https://council.example/privacy",
        "Meddyliwch am yr amgylchedd cyn argraffu'r e-bost hwn.",
        "OFFICIAL",
        "[cid:image001.png@01D5F2E0.12345670]",
    ],
)
def test_notices_of_offices_are_left_out(notice: str) -> None:
    quoted = "From: Asha <asha@council.example>\nSent: 5 March 2020 10:15\nTo: Ben\nSubject: Review\n\nDear Ben"

    assert own_words(f"I agree.\n\nBen\n\n{notice}\n") == "I agree.\n\nBen"
    assert own_words(f"I agree.\n\nBen\n\n{notice}\n\n{quoted}\n\n{notice}\n") == "I agree.\n\nBen"


def test_notice_stuck_to_the_signature_leaves_the_signature() -> None:
    assert own_words(f"I agree.\n\nRegards\nBen\nTel: 01248 000000\n{IN_ENGLISH}") == (
        "I agree.\n\nRegards\nBen\nTel: 01248 000000"
    )


@pytest.mark.parametrize(
    "words",
    [
        "This email is confidential.",
        "Mae'r ymateb hwn yn gyfrinachol.",
        "Please treat this as confidential. It is intended for the officer only, so please do not disclose my name.",
        "All email addresses of the parents are in the list. They are confidential and intended only for the officer.",
        "The email to parents read:\nThis email is confidential and intended only for the addressee. Delete it now.",
        "-----\nThe developer's email says the report is confidential and intended solely for the council.\n-----",
        "We welcome the proposal for teaching in Welsh.",
        "Croesewir y cynnig gan y rhieni. Mae'r neges yn glir.",
        "Please consider the environment before you build the road.",
        "Official response of the school council",
        "The views of the village are not those of the developer.",
    ],
)
def test_what_a_person_says_of_confidence_stays(words: str) -> None:
    assert own_words(f"I object.\n\n{words}") == f"I object.\n\n{words}"
