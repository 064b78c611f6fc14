"""Emails changed where it hurts: whole lines, parts and headers moved, doubled, torn and mixed, single bytes spoilt."""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

SEEDS = [path.read_bytes() for path in sorted((Path(__file__).parent.parent / "emails").glob("*.eml"))]
_TOKENS = (
    *(b"\r\n\r\n", b"\n", b"\r", b"\x00", b"\xff", b"\xc3", b"--", b"--B", b"=", b"=?utf-8?B?", b"?=", b"=?x?q?=3d?="),
    *(b'"', b"\\", b"(", b"<", b"<>", b">", b"@", b";", b",", b":", b"%00", b"*0*=", b"''", b"../", b"\xe2\x80\xae"),
    *(
        b"Content-Type: multipart/mixed; boundary=B\n",
        b"Content-Type: message/rfc822\n\n",
        b"Content-Type: text/html\n",
    ),
    *(b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n"),
    *(b"Content-Transfer-Encoding: x-uuencode\n", b"Content-Disposition: attachment; filename*=utf-16''%ff\n"),
    *(
        b"; charset=utf-16",
        b"; charset=punycode",
        b"; charset=hex",
        b"; charset=\xff",
        b"; report-type=delivery-status",
    ),
    *(
        b"From: a\n",
        b"On Thu, 27 Feb 2020 at 10:15, Ben <ben@school.example> wrote:\n> ",
        b"-----Original Message-----\n",
    ),
    *(b"begin 644 a\n", b"\nend\n", b"-----BEGIN PGP SIGNED MESSAGE-----\n", b"-----BEGIN PGP MESSAGE-----\n"),
    *(b"\x78\x9f\x3e\x22", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"0\x80\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x02\xa0\x80"),
    *(
        b"Return-Path: <>\n",
        b"Auto-Submitted: auto-replied\n",
        b"Date: Thu, 99 Feb 99999 99:99 +9999\n",
        b"99999999999",
    ),
)
_LONGEST = 60_000


def mutant(random: Random, seeds: Sequence[bytes] = SEEDS) -> bytes:
    """One of the seeds after one to six changes."""
    raw = random.choice(seeds)
    for _ in range(random.randint(1, 6)):
        raw = random.choice(_CHANGES)(raw, random, seeds)[:_LONGEST]
    return raw


def _spoil(raw: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    at = random.randint(0, len(raw))
    return raw[:at] + random.randbytes(random.randint(1, 4)) + raw[at + random.randint(0, 4) :]


def _insert(raw: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    at = random.randint(0, len(raw))
    return raw[:at] + random.choice(_TOKENS) * random.choice((1, 1, 1, 2, 200)) + raw[at:]


def _tear(raw: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    return raw[: random.randint(0, len(raw))]


def _drop(raw: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    lines = raw.splitlines(keepends=True)
    at = random.randint(0, len(lines))
    return b"".join(lines[:at] + lines[at + random.randint(1, 5) :])


def _double(raw: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    lines = raw.splitlines(keepends=True)
    at = random.randint(0, len(lines))
    return b"".join(lines[:at] + lines[at : at + random.randint(1, 8)] * random.choice((2, 3, 100)) + lines[at:])


def _shuffle(raw: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    lines = raw.splitlines(keepends=True)
    random.shuffle(lines)
    return b"".join(lines)


def _join(raw: bytes, random: Random, seeds: Sequence[bytes]) -> bytes:
    other = random.choice(seeds)
    return raw[: random.randint(0, len(raw))] + other[random.randint(0, len(other)) :]


def _enclose(raw: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    kind = random.choice(
        (b"message/rfc822", b"multipart/mixed", b"application/ms-tnef", b"application/pkcs7-mime", b"message/partial")
    )
    coded = b"Content-Transfer-Encoding: base64\n\n" + b64encode(raw) if random.random() < 0.5 else b"\n" + raw
    return b"Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: " + kind + b"\n" + coded + b"\n--B--\n"


def _rename_values(raw: bytes, random: Random, _seeds: Sequence[bytes]) -> bytes:
    """Another header's value for each of some headers."""
    headers, blank, body = raw.partition(b"\n\n")
    values = re.findall(rb"(?m)^[\w-]+: (.*)$", headers) or [b""]
    return re.sub(rb"(?m)(?<=: ).*$", lambda _: random.choice(values), headers, count=3) + blank + body


_CHANGES: tuple[Callable[[bytes, Random, Sequence[bytes]], bytes], ...] = (
    *(_spoil, _spoil, _insert, _insert, _insert, _tear, _drop, _double, _shuffle, _join, _enclose, _rename_values),
)
