"""Letters to fill a mailbox with: 8 kB of text and HTML each, no two alike, the same ones in every run."""

import base64
import quopri
import random
from collections.abc import Iterator
from textwrap import fill

from tests.people import REVIEW

PARAGRAPHS = 12
WORDS_A_PARAGRAPH = 40
_VOCABULARY = """
school pupils governors trust county review draft improving outcomes education support funding places village parents
children teachers admissions transport special needs early years primary secondary sixth form staff community closure
building federation partnership leadership progress attainment disadvantaged rural Welsh we our the a of to and in that
is it for on with would should could propose welcome oppose agree because however therefore already never always often
consider evidence concern question response proposals section café
"""
VOCABULARY = tuple(_VOCABULARY.split())
_NAMES = ("Amina", "Bryn", "Ceri", "Dewi", "Elin", "Farah", "Gwen", "Huw", "Imran", "Katie", "Lowri", "Mair", "Nia")

_LETTER = """\
Return-Path: <{address}>
Delivered-To: {to}
Received: from mail.{domain} (mail.{domain} [192.0.2.17])
\tby mx.county.example with ESMTPS id {number:08x}
\tfor <{to}>; Wed, 12 Feb 2020 10:30:00 +0000
Authentication-Results: mx.county.example; dmarc=pass header.from={domain}
From: {name} <{address}>
To: Education review <{to}>
Subject: {subject}
Date: Wed, 12 Feb 2020 10:29:58 +0000
Message-ID: <{number}.{token:032x}@{domain}>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_{token:032x}"

--=_{token:032x}
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

{text}
--=_{token:032x}
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

{html}
--=_{token:032x}--
"""


def letters(count: int) -> Iterator[bytes]:
    """Lines end in a bare line feed, as they lie in a Maildir."""
    chance = random.Random(2020)
    for number in range(1, count + 1):
        yield _letter(number, chance)


def large_letter() -> bytes:
    """One letter with a file that makes it 36 MB on the wire."""
    letter, file = _letter(1, random.Random(1)), random.Random(36).randbytes(26_300_000)
    opening = b'Content-Type: multipart/mixed; boundary="=_outer"\n\n--=_outer\n'
    attached = (
        b'\n--=_outer\nContent-Type: application/pdf; name="survey.pdf"\nContent-Transfer-Encoding: base64\n'
        b'Content-Disposition: attachment; filename="survey.pdf"\n\n%s--=_outer--\n'
    )
    headers, own_type, rest = letter.partition(b"Content-Type: multipart/alternative;")
    return headers + opening + own_type + rest + attached % base64.encodebytes(file)


def _letter(number: int, chance: random.Random) -> bytes:
    name, domain = chance.choice(_NAMES), f"school-{number % 1500}.example"
    paragraphs = [" ".join(chance.choices(VOCABULARY, k=WORDS_A_PARAGRAPH)) + "." for _ in range(PARAGRAPHS)]
    html = "".join(f'<p style="margin:0">{paragraph}</p>\n' for paragraph in paragraphs)
    return _LETTER.format(
        number=number,
        token=chance.getrandbits(128),
        name=name,
        address=f"{name.lower()}.{number}@{domain}",
        domain=domain,
        to=REVIEW,
        subject=" ".join(chance.choices(VOCABULARY[:30], k=5)),
        text=_printable("\n\n".join(fill(paragraph) for paragraph in paragraphs)),
        html=_printable(f"<html><body>\n{html}</body></html>"),
    ).encode()


def _printable(text: str) -> str:
    return quopri.encodestring(text.encode()).decode()
