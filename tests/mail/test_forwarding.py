"""Whose letter was forwarded, when it was written, and what the forwarder added."""

from datetime import UTC, datetime

import pytest

from intake.mail.forwarding import Forwarded, ForwardedSender, read_forward
from intake.mail.message import Address
from intake.mail.written_dates import read_written_date

WINTER = datetime(2020, 3, 5, 10, 15, tzinfo=UTC)
GMAIL = "---------- Forwarded message ---------"
CAROL = ForwardedSender("Carol Evans", "carol@school.example")


def _read(subject: str | None, text: str) -> Forwarded:
    forwarded = read_forward(subject, text)
    assert forwarded is not None
    return forwarded


@pytest.mark.parametrize(
    ("subject", "opening"),
    [
        (
            "Fwd: Review",
            GMAIL + "\n{From}\nDate: Thu, 5 Mar 2020 at 10:15\n{Subject}\n{To}\n\n",
        ),
        (
            "Review",
            GMAIL + "\n{From}\nDate: Thu, 5 Mar 2020 at 10:15\n{Subject}\n{To}\n\n",
        ),
        (
            None,
            "-------- Forwarded Message --------\n{Subject}\nDate: \tThu, 5 Mar 2020 10:15:00 +0000\n{From}\n{To}\n\n",
        ),
        ("FW: Review", "________________________________\n{From}\nSent: 05 March 2020 10:15\n{To}\n{Subject}\n\n"),
        ("FW: RE: Review", "-----Original Message-----\n{From}\nSent: 05 March 2020 10:15\n{To}\n{Subject}\n\n"),
        (
            "Fw: x",
            "----- Forwarded message ----- {From}{To}Sent: Thursday, March 5, 2020, 10:15:00 AM GMT{Subject}\n\n",
        ),
        (
            "Fwd: x",
            "Begin forwarded message: {From} {Subject} Date: 5 March 2020 at 10:15:00 GMT\n{To}\n\n",
        ),
        (
            "Fw: x",
            "----- Forwarded by Ben on 06/03/2020 09:00 -----\n\n{From}\n{To}\nDate:\t05/03/2020 10:15\n{Subject}\n\n",
        ),
    ],
)
def test_original_is_read_from_the_headers_above_it(subject: str | None, opening: str) -> None:
    headers = {
        "From": "From: Carol Evans <carol@school.example>",
        "To": "To: Ben <ben@school.example>",
        "Subject": "Subject: Our answer",
    }
    forwarded = _read(subject, f"See below.\n\n{opening.format(**headers)}Dear Ben\n\nWe object.\n")

    assert (forwarded.sender, forwarded.sent_at) == (CAROL, WINTER)
    assert forwarded.to == (Address("Ben", "ben@school.example"),)
    assert (forwarded.subject, forwarded.note) == ("Our answer", "See below.")
    assert forwarded.text == "Dear Ben\n\nWe object."


@pytest.mark.parametrize(
    ("subject", "headers"),
    [
        ("YML: x", "Oddi wrth: {}\nAnfonwyd: 05 Mawrth 2020 10:15\nAt: Ben\nPwnc: x"),
        ("WG: x", "Von: {}\nGesendet: Donnerstag, 5. März 2020 10:15\nAn: Ben\nBetreff: x"),
        ("TR : x", "De : {}\nEnvoyé : jeudi 5 mars 2020 10:15\nÀ : Ben\nObjet : x"),
        ("RV: x", "De: {}\nEnviado el: jueves, 5 de marzo de 2020 10:15\nPara: Ben\nAsunto: x"),
        ("I: x", "Da: {}\nInviato: giovedì 5 marzo 2020 10:15\nA: Ben\nOggetto: x"),
        ("ENC: x", "De: {}\nEnviada em: quinta-feira, 5 de março de 2020 10:15\nPara: Ben\nAssunto: x"),
        ("FW: x", "Van: {}\nVerzonden: donderdag 5 maart 2020 10:15\nAan: Ben\nOnderwerp: x"),
        ("VB: x", "Från: {}\nSkickat: den 5 mars 2020 10:15\nTill: Ben\nÄmne: x"),
        ("VS: x", "Fra: {}\nSendt: 5. marts 2020 10:15\nTil: Ben\nEmne: x"),
        ("VL: x", "Lähettäjä: {}\nLähetetty: torstai 5. maaliskuuta 2020 10.15\nVastaanottaja: Ben\nAihe: x"),
        ("PD: x", "Od: {}\nWysłano: czwartek, 5 marca 2020 10:15\nDo: Ben\nTemat: x"),
        ("FW: x", "Od: {}\nOdesláno: čtvrtek 5. března 2020 10:15\nKomu: Ben\nPředmět: x"),
        ("FW: x", "Od: {}\nOdoslané: štvrtok 5. marca 2020 10:15\nKomu: Ben\nPredmet: x"),
        ("FW: x", "Feladó: {}\nElküldve: 2020. március 5., csütörtök 10:15\nCímzett: Ben\nTárgy: x"),
        ("FW: x", "De la: {}\nTrimis: joi, 5 martie 2020 10:15\nCătre: Ben\nSubiect: x"),
        ("FW: x", "От: {}\nОтправлено: 5 марта 2020 г. 10:15\nКому: Ben\nТема: x"),
        ("FW: x", "Від: {}\nНадіслано: 5 березня 2020 р. 10:15\nКому: Ben\nТема: x"),
        ("İLT: x", "Kimden: {}\nGönderildi: 5 Mart 2020 Perşembe 10:15\nKime: Ben\nKonu: x"),
        ("FW: x", "Από: {}\nΣτάλθηκε: Πέμπτη, 5 Μαρτίου 2020 10:15 πμ\nΠρος: Ben\nΘέμα: x"),
        ("FW: x", "发件人: {}\n发送时间: 2020年3月5日 10:15\n收件人: Ben\n主题: x"),
        ("FW: x", "差出人: {}\n送信日時: 2020年3月5日 10:15\n宛先: Ben\n件名: x"),
        ("FW: x", "寄件者: {}\n寄件日期: 2020年3月5日 上午 10:15\n收件者: Ben\n主旨: x"),
        ("FW: x", "보낸 사람: {}\n보낸 날짜: 2020년 3월 5일 목요일 오전 10:15\n받는 사람: Ben\n제목: x"),
        ("ED: x", "Saatja: {}\nSaadetud: neljapäev, 5. märts 2020 10:15\nAdressaat: Ben\nTeema: x"),
        ("FW: x", "Od: {}\nPoslano: četrtek, 5. marec 2020 10:15\nZa: Ben\nZadeva: x"),
        ("FW: x", "Nuo: {}\nIšsiųsta: 2020 m. kovo 5 d. 10:15\nKam: Ben\nTema: x"),
        ("FW: x", "No: {}\nNosūtīts: 2020. gada 5. marts 10:15\nKam: Ben\nTēma: x"),
        ("FW: x", "От: {}\nИзпратено: 5 март 2020 г. 10:15\nДо: Ben\nОтносно: x"),
        ("RV: x", "De: {}\nEnviat el: dijous, 5 de març de 2020 10:15\nPer a: Ben\nTema: x"),
        ("FW: x", "Nork: {}\nBidaltze-data: 2020(e)ko martxoaren 5(a) 10:15\nNori: Ben\nGaia: x"),
        ("FW: x", "Ó: {}\nSeolta: 5 Márta 2020 10:15\nChuig: Ben\nÁbhar: x"),
        ("FS: x", "Frá: {}\nSent: 5. mars 2020 10:15\nTil: Ben\nEfni: x"),
        ("TRS: x", "Dari: {}\nTerkirim: 5 Maret 2020 10:15\nKepada: Ben\nSubjek: x"),
        ("FW: x", "Từ: {}\nĐã gửi: 10:15, 5 thg 3, 2020\nĐến: Ben\nChủ đề: x"),
        ("FW: x", "מאת: {}\nנשלח: 5 מרץ 2020 10:15\nאל: Ben\nנושא: x"),
        ("FW: x", "من: {}\nتاريخ الإرسال: 5 مارس 2020 10:15\nإلى: Ben\nالموضوع: x"),
        ("FW: x", "Từ: {}\nĐã gửi: Thứ Năm, 5 Tháng Ba 2020 10:15 SA\nĐến: Ben\nChủ đề: x"),
        ("FW: x", "จาก: {}\nส่ง: 5 มีนาคม 2563 10:15\nถึง: Ben\nเรื่อง: x"),
        ("Fwd: x", "A-berzh: {}\nDeiziad: Thu, 5 Mar 2020 10:15:00 +0000\nDa: Ben\nDanvell: x"),
        ("Fwd: x", "Mingħand: {}\nMibgħut: 05/03/2020 10:15\nLil: Ben\nSuġġett: x"),
    ],
)
def test_headers_are_read_in_many_languages(subject: str, headers: str) -> None:
    forwarded = _read(subject, f"{headers.format('Carol Evans <carol@school.example>')}\n\nDear Ben\n")

    assert (forwarded.sender, forwarded.sent_at, forwarded.subject) == (CAROL, WINTER, "x")
    assert (forwarded.text, forwarded.note) == ("Dear Ben", "")
    assert forwarded.to in ((Address("Ben", ""),), ())


def test_quote_marks_a_program_put_on_the_original_are_taken_off() -> None:
    headers = "> From: Carol Evans <carol@school.example>\n> Subject: x\n> "
    text = f"Begin forwarded message:\n\n{headers}\n> Dear Ben\n> > why?\n"
    forwarded = _read("Fwd: x", text)

    assert (forwarded.sender, forwarded.text) == (CAROL, "Dear Ben\n> why?")


def test_forward_without_headers_takes_the_lead_in() -> None:
    lead_in = "05.03.2020, 10:15, Carol Evans <carol@school.example>:"
    forwarded = _read("Fwd: Review", f"-------- Пересылаемое сообщение --------\n{lead_in}\n\nDear Ben\n")

    assert (forwarded.sender, forwarded.sent_at, forwarded.subject) == (CAROL, WINTER, "Review")


def test_table_of_lotus_notes_names_the_sender() -> None:
    table = "Carol Evans <carol@school.example>\n05/03/2020 10:15\n\n\tTo\nBen/School@School\ncc\n\nSubject\nReview"
    forwarded = _read("Fw: Review", f"See below.\n\n{table}\n\n\nDear Ben\n")

    assert (forwarded.sender, forwarded.sent_at, forwarded.subject) == (CAROL, WINTER, "Review")
    assert (forwarded.to, forwarded.note) == ((Address("Ben/School@School", ""),), "See below.")
    assert forwarded.text == "Dear Ben"


def test_label_with_nobody_behind_it_leaves_the_letter_whole() -> None:
    forwarded = _read("Fwd: x", f"{GMAIL}\nDe : Carol Evans\nDate: 5 mars 2020 10:15\nSubject: x\nTo:\nDear Ben\nNo.\n")

    assert (forwarded.sender, forwarded.text) == (ForwardedSender("Carol Evans", None), "Dear Ben\nNo.")


def test_sender_alone_is_enough_below_a_divider() -> None:
    forwarded = _read(
        "Fwd: x", "--- Begin forwarded message ---\nFrom: Carol Evans <carol@school.example>\n\nDear Ben\n"
    )

    assert (forwarded.sender, forwarded.text) == (CAROL, "Dear Ben")


def test_long_headers_may_be_folded() -> None:
    text = (
        f"{GMAIL}\nFrom: Carol Evans <carol@school.example>\nSubject: A subject that\n"
        " goes on\nTo: Ben <ben@school.example>,\n Evans, Dan <dan@home.example>\nCc: <\nasha@x.example>\n\nDear all\n"
    )
    forwarded = _read("Fwd: x", text)

    assert forwarded.subject == "A subject that goes on"
    assert forwarded.to == (Address("Ben", "ben@school.example"), Address("Evans, Dan", "dan@home.example"))
    assert (forwarded.cc, forwarded.text) == ((Address("", "asha@x.example"),), "Dear all")


@pytest.mark.parametrize(
    "divider",
    [
        "---------- Wiadomość przesłana dalej ---------",
        "-------- Välitetty viesti / Fwd.Msg --------",
        "-------- Preposlaná správa --- Forwarded Message --------",
        "İleti başlangıcı:",
        "This is a forwarded message",
        "> Message du 05/03/20 10:15",
        "----- Forwarded by Asha Rao/Council on 06/03/2020 09:00 -----",
    ],
)
def test_dividers_of_many_programs_are_no_part_of_the_note(divider: str) -> None:
    headers = "From: Carol Evans <carol@school.example>\nSubject: x\nTo: Ben <ben@school.example>"
    forwarded = _read("Fwd: x", f"See below.\n\n{divider}\n\n{headers}\n\nDear Ben\n")

    assert (forwarded.sender, forwarded.note, forwarded.text) == (CAROL, "See below.", "Dear Ben")
    assert forwarded.sent_at == (WINTER if "10:15" in divider else None)


@pytest.mark.parametrize(
    ("written", "sender"),
    [
        ("Evans, Carol (Mrs) <carol@school.example>", ForwardedSender("Evans, Carol (Mrs)", "carol@school.example")),
        ("Carol Evans &lt;carol@school.example&gt;", CAROL),
        ("Carol Evans <[carol@school.example](mailto:carol@school.example)>", CAROL),
        ("Carol Evans <carol@school.example<mailto:carol@school.example>>", CAROL),
        ("Carol Evans\n <carol@school.example>", CAROL),
        ("« Carol Evans » [mailto:carol@school.example]", CAROL),
        ("\u202bCarol Evans <carol@school.example>\u202c", CAROL),
        ("<carol@school.example>", ForwardedSender("", "carol@school.example")),
        ("Carol Evans", ForwardedSender("Carol Evans", None)),
        (
            "office@school.example <office@school.example> On Behalf Of Carol Evans",
            ForwardedSender("Carol Evans", None),
        ),
    ],
)
def test_sender_is_who_the_program_names_however_it_writes_it(written: str, sender: ForwardedSender) -> None:
    headers = f"From: {written}\nSent: 05 March 2020 10:15\nTo: Ben\nSubject: x"
    quoted = "\n".join(f"> {line}" for line in headers.split("\n"))

    for shown in (headers, quoted, headers.replace("\nS", "\n\nS"), headers.replace(": ", ":\xa0")):
        assert _read("FW: x", f"{shown}\n\nDear Ben\n").sender == sender


@pytest.mark.parametrize(
    ("lead_in", "name"),
    [
        ("Op 05/03/2020 10:15 heeft Carol Evans <carol@school.example> geschreven:", "Carol Evans"),
        ("05/03/2020 10:15 időpontban Carol Evans (carol@school.example) ezt írta:", "Carol Evans"),
        ("Le 05/03/2020 10:15, « Carol Evans » <carol@school.example> a écrit :", "Carol Evans"),
        ("Am 5. März 2020 11:15:00 MEZ schrieb Carol Evans <carol@school.example>:", "Carol Evans"),
        ("On 5 Mar 2020, at 10:15, April Evans <carol@school.example> wrote:", "April Evans"),
        ("Carol Evans <carol@school.example> skrev følgende den 05/03/2020, 10:15:", "Carol Evans"),
    ],
)
def test_lead_in_of_a_forward_names_its_sender_and_the_instant(lead_in: str, name: str) -> None:
    for text in (f"{lead_in}\n\n    Dear Ben\n", f"> {lead_in}\n>\n> Dear Ben\n"):
        forwarded = _read("FW: x", text)

        assert forwarded.sender == ForwardedSender(name, "carol@school.example")
        assert (forwarded.sent_at, forwarded.text.strip()) == (WINTER, "Dear Ben")


@pytest.mark.parametrize(
    "subject",
    [
        "Fwd: Review",
        "[EXTERNAL] FW: Review",
        "EXTERNAL: Fwd: Review",
        "[Fwd: Review]",
        "Review (fwd)",
        "Podaj dalej: Review",
    ],
)
def test_subject_the_original_had_is_what_the_forwards_prefix_leaves(subject: str) -> None:
    forwarded = _read(subject, "On Thu, 5 Mar 2020 at 10:15, Carol Evans <carol@school.example> wrote:\n\n> Dear Ben\n")

    assert (forwarded.subject, forwarded.sender, forwarded.text) == ("Review", CAROL, "Dear Ben")


def test_what_stands_below_a_quoted_original_belongs_to_the_note() -> None:
    quoted = "> From: Carol Evans <carol@school.example>\n> Subject: x\n>\n> Dear Ben"
    forwarded = _read("Fwd: x", f"Above.\n\nBegin forwarded message:\n\n{quoted}\n\nBelow.\n")

    assert (forwarded.text, forwarded.note) == ("Dear Ben", "Above.\n\nBelow.")


def test_what_the_program_left_out_is_not_invented() -> None:
    forwarded = _read("FW: x", "From: Carol Evans\nSent: 05 March 2020 10:15\nTo: Ben; Dan\nSubject: x\n\nDear Ben\n")
    bare = _read("Fwd: x", f"{GMAIL}\n\nDear Ben\n")

    assert forwarded.sender == ForwardedSender("Carol Evans", None)
    assert (bare.sender, bare.sent_at, bare.to, bare.text) == (None, None, (), "Dear Ben")


BLOCK = "From: Carol Evans <carol@school.example>\nSent: 05 March 2020 10:15\nTo: Ben\nSubject: x\n\nDear Ben\n"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("RE: x", f"Yes.\n\n{BLOCK}"),
        ("Re: Fwd: x", f"Yes.\n\n{GMAIL}\n{BLOCK}"),
        ("x", f"Yes.\n\n{BLOCK}"),
        ("AW: x", f"Yes.\n\n{BLOCK}"),
        ("ATB: x", f"Yes.\n\n{BLOCK}"),
        ("VS: x", "Lähettäjä: Carol <carol@school.example>\nLähetetty: 5.3.2020 10.15\nAihe: x\n\nHei\n"),
        (
            "x",
            "Yes.\n\nOn 5 Mar 2020 at 10:15, Carol <carol@school.example> wrote:\n> ---- Forwarded message ----\n> hi",
        ),
        ("Fwd: x", "Nothing was enclosed."),
        ("Fwd: x", "Name: Carol\nEmail: carol@school.example\nSubmitted: 05/03/2020 10:15\nView: against\n"),
        ("Fwd: x", "From: my house to the school\nTo: the bus stop\nSent: by taxi at 8:15\n\nEvery day."),
        ("Fwd: x", "On 5 March 2020 at 10:15 the council wrote:\n\nWe close.\n\nI object."),
        ("x", f"Yes.\n\n> -----Original Message-----\n> {BLOCK}"),
        ("A forward look", "I agree."),
        (None, ""),
    ],
)
def test_replies_and_letters_are_not_forwards(subject: str | None, text: str) -> None:
    assert read_forward(subject, text) is None


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("Thu, 5 Mar 2020 10:15:00 +0100", datetime(2020, 3, 5, 9, 15, tzinfo=UTC)),
        ("2020-03-05T10:15:00Z", WINTER),
        ("05/03/2020 10:15", WINTER),
        ("March 5, 2020 at 10:15:30 PM CET", datetime(2020, 3, 5, 21, 15, 30, tzinfo=UTC)),
        ("2020년 3월 5일 (목) 오후 3:15", datetime(2020, 3, 5, 15, 15, tzinfo=UTC)),
        ("četvrtak, 5. listopada 2020. 10:15", datetime(2020, 10, 5, 9, 15, tzinfo=UTC)),
        ("5 listopada 2020 10:15", datetime(2020, 11, 5, 10, 15, tzinfo=UTC)),
        ("5. listopada 2020. u 10:15", datetime(2020, 10, 5, 9, 15, tzinfo=UTC)),
        ("On 5 March 2020 at 10:15, April Jones wrote:", WINTER),
        ("10:15:00 GMT, 5 tháng 3, 2020", WINTER),
        ("12 July 2020 12:05 AM", datetime(2020, 7, 11, 23, 5, tzinfo=UTC)),
        ("3/25/2020 10:15 AM", datetime(2020, 3, 25, 10, 15, tzinfo=UTC)),
        ("3/5/2020 10:15 AM", None),
        ("3/5/2020 5:15 AM EST", WINTER),
        ("5 Tháng Mười Hai 2020 3:15 CH", datetime(2020, 12, 5, 15, 15, tzinfo=UTC)),
        ("พฤ. 5 มี.ค. 2020 เวลา 10:15", WINTER),
        ("5 March 2020", None),
        ("Thursday at 10:15", None),
        ("31/02/2020 10:15", None),
        ("", None),
    ],
)
def test_written_dates_are_instants_or_unknown(written: str, instant: datetime | None) -> None:
    assert read_written_date(written) == instant


@pytest.mark.parametrize("unit", ["From: x\n", "---- Forwarded message ---- To: ", "\n", "a@", "To: a@b.example,\n"])
def test_a_hostile_megabyte_is_read_to_its_end(unit: str) -> None:
    read_forward("Fwd: x", unit * (1_000_000 // len(unit)))
