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
    ],
)
def test_headers_are_read_in_many_languages(subject: str, headers: str) -> None:
    forwarded = _read(subject, f"{headers.format('Carol Evans <carol@school.example>')}\n\nDear Ben\n")

    assert (forwarded.sender, forwarded.sent_at, forwarded.subject) == (CAROL, WINTER, "x")
    assert (forwarded.to, forwarded.text, forwarded.note) == ((Address("Ben", ""),), "Dear Ben", "")


def test_quote_marks_a_program_put_on_the_original_are_taken_off() -> None:
    headers = "> From: Carol Evans <carol@school.example>\n> Subject: x\n> "
    text = f"Begin forwarded message:\n\n{headers}\n> Dear Ben\n> > why?\n"
    forwarded = _read("Fwd: x", text)

    assert (forwarded.sender, forwarded.text) == (CAROL, "Dear Ben\n> why?")


def test_forward_without_headers_takes_the_lead_in() -> None:
    lead_in = "05.03.2020, 10:15, Carol Evans <carol@school.example>:"
    forwarded = _read("Fwd: Review", f"-------- Пересылаемое сообщение --------\n{lead_in}\n\nDear Ben\n")

    assert (forwarded.sender, forwarded.sent_at, forwarded.subject) == (CAROL, WINTER, "Review")


def test_long_headers_may_be_folded() -> None:
    text = (
        f"{GMAIL}\nFrom: Carol Evans <carol@school.example>\nSubject: A subject that\n"
        " goes on\nTo: Ben <ben@school.example>,\n Evans, Dan <dan@home.example>\nCc: <asha@x.example>\n\nDear all\n"
    )
    forwarded = _read("Fwd: x", text)

    assert forwarded.subject == "A subject that goes on"
    assert forwarded.to == (Address("Ben", "ben@school.example"), Address("Evans, Dan", "dan@home.example"))
    assert (forwarded.cc, forwarded.text) == ((Address("", "asha@x.example"),), "Dear all")


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
        ("12 July 2020 12:05 AM", datetime(2020, 7, 11, 23, 5, tzinfo=UTC)),
        ("3/25/2020 10:15 AM", datetime(2020, 3, 25, 10, 15, tzinfo=UTC)),
        ("3/5/2020 10:15 AM", None),
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
