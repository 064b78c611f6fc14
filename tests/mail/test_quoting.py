"""What a writer wrote stays, what programs and habits put around it goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.mail.quoting import REPLY_MARKER, own_words

OUTLOOK = "From: Asha <asha@council.example>\nSent: 05 March 2020 10:15\nTo: Ben\nSubject: RE: Review\n\nDear Ben"

TWO_PARTS = (
    "Part one.\n\n--\n\nPart two, in which there is a good deal more to say about the road than before,\n"
    "for instance that it is too narrow for two buses and a cyclist to pass each other."
)
NOTICE_IN_TWO_LANGUAGES = (
    "Mae'r e-bost hwn yn gyfrinachol ac wedi'i fwriadu ar gyfer y sawl a enwir.\n\n"
    "This e-mail is confidential and intended only for the named recipient."
)
NOTICE_WITH_MORE_BELOW = (
    "This email is intended solely for the addressee and may be confidential.\n"
    "If you received it in error please delete it.\n\nAny views in this email are the sender's.\nwww.school.example"
)
LEAD_INS = {
    "English": "On Thu, 5 Mar 2020 at 10:15, Asha <asha@council.example> wrote:",
    "English, wrapped": "On Thu, 5 Mar 2020 at 10:15, Asha via the council's list <\nasha@council.example>\nwrote:",
    "Welsh": "Ar Iau, 5 Mawrth 2020 am 10:15, Asha <asha@council.example> ysgrifennodd:",
    "German": "Am Do., 5. März 2020 um 10:15 Uhr schrieb Asha <asha@council.example>:",
    "French": "Le jeu. 5 mars 2020 à 10:15, Asha <asha@council.example> a écrit\xa0:",
    "Spanish": "El jue, 5 mar 2020 a las 10:15, Asha (<asha@council.example>) escribió:",
    "Italian": "Il giorno gio 5 mar 2020 alle ore 10:15 Asha <asha@council.example> ha scritto:",
    "Portuguese": "Em qui., 5 de mar. de 2020 às 10:15, Asha <asha@council.example>\nescreveu:",
    "Dutch": "Op do 5 mrt. 2020 om 10:15 schreef Asha <asha@council.example>:",
    "Swedish": "Den tors 5 mars 2020 kl 10:15 skrev Asha <asha@council.example>:",
    "Finnish": "to 5. maalisk. 2020 klo 10.15 Asha (asha@council.example) kirjoitti:",
    "Polish": "czw., 5 mar 2020 o 10:15 Asha <asha@council.example> napisał(a):",
    "Czech": "čt 5. 3. 2020 v 10:15 odesílatel Asha <asha@council.example> napsal:",
    "Hungarian": "Asha <asha@council.example> ezt írta (időpont: 2020. márc. 5., Cs, 10:15):",
    "Romanian": "În joi, 5 mar. 2020 la 10:15, Asha <asha@council.example> a scris:",
    "Russian": "чт, 5 мар. 2020 г. в 10:15, Asha <asha@council.example>:",
    "Ukrainian": "чт, 5 бер. 2020 р. о 10:15 Asha <asha@council.example> пише:",
    "Greek": "Στις Πέμ, 5 Μαρ 2020 στις 10:15 π.μ., ο χρήστης Asha <asha@council.example> έγραψε:",
    "Turkish": "Asha <asha@council.example>, 5 Mar 2020 Per, 10:15 tarihinde şunu yazdı:",
    "Chinese": "Asha <asha@council.example> 于2020年3月5日周四 10:15写道：",
    "Japanese": "2020年3月5日(木) 10:15 Asha <asha@council.example>:",
    "GroupWise": ">>> Asha Rao <asha@council.example> 05/03/2020 10:15 >>>",
    "Notes": "-----Asha <asha@council.example> wrote: -----",
    "Estonian": "Kontakt Asha (<asha@council.example>) kirjutas kuupäeval N, 5. märts 2020 kell 10:15:",
    "Croatian": "čet, 5. ožu 2020. u 10:15 Asha <asha@council.example> napisao je:",
    "Slovene": "V V čet., 5. mar. 2020 ob 10:15 je oseba Asha <asha@council.example> napisala:",
    "Lithuanian": "Asha <asha@council.example> rašė 2020-03-05 (kt), 10:15:",
    "Catalan": "Missatge de Asha <asha@council.example> del dia dj., 5 de març 2020 a les 10:15:",
    "Irish": "Ar Déar 5 Márta 2020 ag 10:15 scríobh Asha <asha@council.example>:",
    "Basque": "Hau idatzi du Asha (<asha@council.example>) erabiltzaileak (2020 mar. 5, og. (10:15)):",
    "Hebrew": "\u202bב-5 במרץ 2020, בשעה 10:15, \u200f\u200fAsha \u200f<asha@council.example> כתב/ה:\u202c",
    "Arabic": "في الخميس، 5 مارس 2020 في 10:15 م تمت كتابة ما يلي بواسطة Asha <asha@council.example>:",
    "Korean": "2020년 3월 5일 (목) 오전 10:15, Asha <asha@council.example>님이 작성:",
    "Vietnamese": "Vào Th 5, 5 thg 3, 2020 vào lúc 10:15 Asha <asha@council.example> đã viết:",
    "Usenet": "In message <a1@council.example>, Asha <asha@council.example> writes",
    "Horde": "Quoting Asha <asha@council.example>:",
    "a link": "On Thu, 5 Mar 2020 at 10:15, Asha <[asha@council.example](mailto:asha@council.example)> wrote:",
    "a name above": "Asha Rao\n<asha@council.example>, 5 Mar 2020 Per, 10:15 tarihinde şunu yazdı:",
    "without a verb": "2020-03-05 10:15 GMT+00:00 Asha <asha@council.example>:",
    "without a colon": "On Thu, 5 Mar 2020 10:15:43 -0200 Asha Rao <asha@council.example> wrote",
    "torn by a blank line": "On Thu, 5 Mar 2020 at 10:15, Asha Rao <\n\nasha@council.example> wrote:",
    "in paragraphs": "On Thu, 5 Mar 2020 at 10:15, Asha Rao <asha@council.example>\n\nwrote:",
}


@pytest.mark.parametrize("lead_in", LEAD_INS.values(), ids=LEAD_INS.keys())
@pytest.mark.parametrize("quoted", ["> Dear Ben\n>\n> What do you think?\n", "Dear Ben\n\nWhat do you think?\n"])
def test_words_above_a_lead_in_are_kept_alone(lead_in: str, quoted: str) -> None:
    for shown in (lead_in, lead_in.replace(" ", "\xa0"), f"  {lead_in}"):
        assert own_words(f"I agree.\n\nBen\n\n{shown}\n\n{quoted}") == "I agree.\n\nBen"


@pytest.mark.parametrize(
    "lead_in",
    [
        "On 05/03/2020 10:15, Asha Rao wrote:",
        "Dana 5. 3. 2020. u 10:15, Asha Rao je napisao/la:",
        "Ar 05/03/2020 10:15, ysgrifennodd Asha Rao:",
        "Asha Rao je 5. 3. 2020 ob 10:15 napisal:",
        "Asha Rao via the council wrote:",
    ],
)
def test_lead_in_without_an_address_counts_above_a_quotation(lead_in: str) -> None:
    assert own_words(f"I agree.\n\n{lead_in}\n\n> Dear Ben\n> What do you think?\n") == "I agree."


@pytest.mark.parametrize(
    "opening",
    [
        OUTLOOK,
        "________________________________\n" + OUTLOOK,
        "-----Original Message-----\n" + OUTLOOK,
        "-----Neges Wreiddiol-----\n" + OUTLOOK,
        "*From:* Asha\n\n*Sent:* 05 March 2020 10:15\n\n*To:* Ben\n\n*Subject:* Review\n\nDear Ben",
        "Oddi wrth: Asha\nAnfonwyd: 05 March 2020 10:15\nAt: Ben\nPwnc: Adolygiad\n\nAnnwyl Ben",
        "De : Asha <asha@council.example>\nEnvoyé : jeudi 5 mars 2020 10:15\nÀ : Ben\nObjet : Avis\n\nBonjour",
        "---------- Forwarded message ---------\nFrom: Asha <asha@council.example>\n\nDear Ben",
        "Begin forwarded message:\n\n> From: Asha <asha@council.example>\n> Subject: Review\n>\n> Dear Ben",
        "> Dear Ben\n> What do you think?",
        "Asha Rao <asha@council.example>\n05/03/20 10:15\n\nTo\nBen\ncc\n\nSubject\nReview\n\n     Dear Ben",
        "From: Asha Rao\n\n<asha@council.example>\nSent: 05 March 2020 10:15\nTo: Ben\nSubject: Review\n\nDear Ben",
        f"{REPLY_MARKER.replace('---', '—')}\n\nDear Ben",
        f"{REPLY_MARKER}\n\nDear Ben\n\nThank you.",
        f"> {REPLY_MARKER}\n>\n> Dear Ben",
    ],
)
def test_words_above_a_quotation_of_any_program_are_kept_alone(opening: str) -> None:
    assert own_words(f"I agree.\r\n\r\nBen\r\n\r\n{opening}\n") == "I agree.\n\nBen"


@pytest.mark.parametrize(
    "letter",
    [
        "Dear Asha\n\nFrom: my house to the school\nTo: the bus stop is 2 miles\nSubject: to rain\n\nThink again.",
        "From: home, at 8:15\nTo: school, at 8:40\nSent: by taxi\n\nThat is our day.",
        "To: The Head of Education\nFrom: Mrs Jones\nDate: 3 March 2020\nSubject: Closure\n\nI object.",
        "On Monday the head wrote:\nThe school is full.\n\nI disagree.",
        "My point.\n\nOn 3 March 2020 the council wrote:\n\nThe school will close.\n\nI disagree.",
        "> 30 mph is too fast\nI agree.\n\n> 20 mph is right\nNo, 25.\n\nRegards\nBen",
        "I object.\n\nSent from my house to the school by bus every day.",
        "I object.\n\nSent by the parents of Year 6",
        "I object.\n\nThis email is confidential; please do not disclose my name.",
        "I object.\n\nPlease treat my email as confidential and not intended for unauthorised people.",
        "I object.\n\nPlease consider the environment when you decide.",
        "Question 1\n----------\nYes\n\nQuestion 2\n----------\nNo",
        TWO_PARTS,
        "IMPORTANT\n\nI object.",
        "CAUTION: the road is narrow and people drive from outside the village.\n\nI object.",
        "The email I sent from outside the school was lost.\n\nHere it is again.",
        "The people I met:\n12/03/2020 Carol <carol@school.example>\n13/03/2020 Dan <dan@home.example>\n\nAll object.",
        "Original message from the council was unclear.\n\nI object.",
        "MEMO\n\nTo: All\nFrom: The Chair\nDate: 3 March 2020\nTime: 10:15\nSubject: School\n\nWe object.",
        "Minutes\nDate: 3 March 2020, 10:15\nFrom: the Council of Llan\nTo: the Director\nSubject: x\n\nWe object.",
        "Each day:\n\nFrom: my house to the school\nTo: the bus stop\nSent: by taxi at 8:15\n\nToo far.",
        "We disagree.\n\nOn 3 March 2020 at 10:15 the council wrote:\n\nThe school will close.\n\nThat is not so.",
        "The days:\n12/03/2020 8:15 Carol <carol@school.example>\n13/03/2020 8:15 Dan <dan@home.example>\n\nNeither.",
        "One.\n--\nThe road is narrow, and people drive on it much faster than they are allowed to.\n--\nThree.",
        "I object.\n\n--\nBen\nPS The bus takes an hour.",
        "Thank you\n\nfrom my family and me",
        "I object.\n\nWritten with my neighbours",
        "I object.\n\nThe school is a registered charity, number 1234567, and its trustees have asked me to write.",
        "You wrote:\n\n> The school has 12 pupils.\n\nIt has 14.",
        "You asked what I was told:\n\n" + OUTLOOK + "\n\nThat was a year ago.",
        "On 4 March 2020 at 9:00, I phoned asha@council.example and was told it was late:\n\nthat is no answer.",
        "On 4 March 2020 at 9:00 I asked asha@council.example and she wrote:\n\nIt is late.\n\nIt is not.",
        "1. No.\n--------\n2. The road.\n--------\nBen\nben@school.example",
        "Yes\n***\nwww.school.example/bus says an hour\n***\nBen\nTel: 01248 000000",
        "Section 1\n---------\nSee www.school.example/map or ring 01248 000000.",
        "I support it.\n--\nThe cost is high, though.\n--\nBen",
        "[CONFIDENTIAL]\n\nI object.",
        "I agree. On Thu, 5 Mar 2020 at 10:15, Asha <asha@council.example> wrote:",
        "> A mail which is quoted from end to end, by nobody named.",
        "| a | b |\n| 1 | 2 |",
    ],
)
def test_a_persons_own_sentences_stay(letter: str) -> None:
    assert own_words(letter) == letter


@pytest.mark.parametrize(
    "below",
    [
        "-- \nBen Jones\nHead, Ysgol y Bryn",
        "--\nBen Jones\n01248 000000",
        "Sent from my iPhone",
        "Sent from Outlook Mobile<https://aka.ms/x>",
        "Sent from my cell, please excuse any typos.",
        "Anfonwyd o fy iPhone",
        "Sent via BT Email App",
        "Ysgol y Bryn. Registered charity number 1234567. Registered office: 1 High Street, Bryn.",
        "Bryn Council disclaimer: this message may be read by others.",
        "Follow us on Facebook",
        "Sent from Yahoo Mail. Get the app",
        "Please excuse brevity - sent from my phone",
        "Von meinem/meiner Galaxy gesendet",
        "Enviat des del meu iPhone",
        "\u2063Get BlueMail for Android \u200b",
        "Envoyé de mon iPhone",
        "Get Outlook for iOS<https://aka.ms/x>",
        "________________\nparents mailing list\nparents@school.example",
        "This email has been scanned for viruses by Mimecast.",
        NOTICE_WITH_MORE_BELOW,
        NOTICE_IN_TWO_LANGUAGES,
        "Disclaimer\n\nThe information in this communication is confidential and intended for the recipient.",
    ],
)
def test_signatures_and_notices_are_left_out(below: str) -> None:
    assert own_words(f"I agree.\n\nBen\n\n{below}\n") == "I agree.\n\nBen"
    assert own_words(f"I agree.\n\nBen\n\n{below}\n\n{LEAD_INS['English']}\n\n> Dear Ben\n") == "I agree.\n\nBen"


@pytest.mark.parametrize(
    "banner",
    [
        "[EXTERNAL]",
        "*** EXTERNAL EMAIL ***",
        "CAUTION: This email originated from outside of the organisation. Do not click links or open attachments.",
        "WARNING\nThis message is from an external sender.\nDo not open attachments unless you recognise the sender.",
        "You don't often get email from ben@school.example. Learn why this is important",
        "[Council Official Use Only - Internal Distribution Only]",
        "Sent from my iPhone",
        "OFFICIAL",
        "RHYBUDD: Daeth yr e-bost hwn o'r tu allan i'r Cyngor",
    ],
)
def test_gateway_banners_are_left_out(banner: str) -> None:
    assert own_words(f"{banner}\n\nDear Asha\n\nI agree.") == "Dear Asha\n\nI agree."


def test_answers_between_quoted_lines_keep_the_lines_they_answer() -> None:
    text = f"{LEAD_INS['English']}\n\n> Is it safe?\nNo.\n> Is it needed?\nYes.\n> Thank you\n> Asha\n"

    assert own_words(text) == "> Is it safe?\nNo.\n> Is it needed?\nYes."


def test_answer_below_the_quotation_is_found() -> None:
    assert own_words(f"{LEAD_INS['English']}\n> Is it safe?\n> Asha\n\nNo, it is not.\n") == "No, it is not."


def test_answer_below_a_quotation_with_its_headers_is_found() -> None:
    quoted = "\n".join(f"> {line}" for line in f"-----Original Message-----\n{OUTLOOK}".split("\n"))

    assert own_words(f"{quoted}\n\nNo, it is not.\n") == "No, it is not."


def test_answers_written_into_an_unmarked_quotation_keep_it() -> None:
    text = f"My answers are below in red.\n\n{OUTLOOK}\n\n1. Is it safe? No."

    assert own_words(text) == text


@pytest.mark.parametrize("opening", [LEAD_INS["English"], "---------- Forwarded message ---------"])
def test_mail_that_is_only_a_quotation_has_no_own_words(opening: str) -> None:
    assert own_words(f"{opening}\n\n> Dear Ben\n> What do you think?\n") == ""


def test_another_marker_can_be_given() -> None:
    assert own_words("I agree.\n=== reply above ===\nThank you.", marker="=== reply above ===") == "I agree."


PIECES = st.sampled_from(
    [
        "I agree.",
        "",
        "> q",
        LEAD_INS["English"],
        OUTLOOK,
        "-- ",
        "--",
        "Sent from my iPhone",
        "____",
        "[EXTERNAL]",
        "From: x",
    ]
)


@given(st.lists(PIECES, max_size=12).map("\n".join))
def test_every_line_returned_is_a_line_of_the_text_in_order(text: str) -> None:
    lines = iter(text.split("\n"))

    assert own_words(text) == "" or all(line in lines for line in own_words(text).split("\n"))


@pytest.mark.parametrize(
    "unit", ["On 1 Jan 2020 10:15 <", "From: x\n", "<", "a <b@c\n", "\n", "> ", "--\n", "_", "a@", "> --- x\n", "Sent "]
)
def test_a_hostile_megabyte_is_read_to_its_end(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))

    assert len(own_words(text)) <= len(text)
