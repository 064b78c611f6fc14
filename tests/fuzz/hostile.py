"""Emails built to exhaust whoever reads them: each by what is hostile about it, and as large as asked for.

Built here rather than kept in tests/emails, which holds what fits a page.
"""

import io
import json
import zipfile
from base64 import b64encode
from collections.abc import Callable

from intake.mail.understanding import as_explained, understand

_HEADERS = (
    b"From: Ben Hughes <ben@school.example>\r\nTo: consultation@council.example\r\n"
    b"Subject: %s\r\nDate: Thu, 27 Feb 2020 10:15:00 +0000\r\nMessage-ID: <1@school.example>\r\nMIME-Version: 1.0\r\n"
)


def _letter(body: bytes, *, headers: bytes = b"", subject: bytes = b"Our response") -> bytes:
    return _HEADERS % subject + headers + b"\r\n" + body


def _filled(unit: bytes, size: int) -> bytes:
    return unit * (size // len(unit) + 1)


def _text_of(unit: bytes, *, subject: bytes = b"Our response", above: bytes = b"") -> Callable[[int], bytes]:
    return lambda size: _letter(above + _filled(unit, size), subject=subject)


def _html_of(unit: bytes, *, before: bytes = b"", after: bytes = b"") -> Callable[[int], bytes]:
    kind = b"Content-Type: text/html; charset=utf-8\r\n"
    return lambda size: _letter(before + _filled(unit, size) + after, headers=kind)


def _header_of(name: bytes, unit: bytes) -> Callable[[int], bytes]:
    return lambda size: _letter(b"We agree.", headers=name + b": " + _filled(unit, size) + b"\r\n")


def _headers_of(line: bytes) -> Callable[[int], bytes]:
    return lambda size: _letter(b"We agree.", headers=_filled(line + b"\r\n", size))


def _parts_of(part: bytes) -> Callable[[int], bytes]:
    kind = b'Content-Type: multipart/mixed; boundary="B"\r\n'
    return lambda size: _letter(_filled(b"--B\r\n" + part + b"\r\n", size) + b"--B--\r\n", headers=kind)


def _nested(size: int) -> bytes:
    """Multiparts in multiparts, a boundary of its own each."""
    depth = size // 80
    opened = b"".join(b'Content-Type: multipart/mixed; boundary="B%d"\r\n\r\n--B%d\r\n' % (n, n) for n in range(depth))
    return _HEADERS % b"Our response" + opened + b"Content-Type: text/plain\r\n\r\nWe agree.\r\n"


def _nested_emails(size: int) -> bytes:
    return _HEADERS % b"Our response" + _filled(b"Content-Type: message/rfc822\r\n\r\n", size) + b"\r\nWe agree.\r\n"


def _shared_boundary(size: int) -> bytes:
    """The same boundary at every depth: each line ends all of them."""
    kind = b'Content-Type: multipart/mixed; boundary="B"\r\n\r\n--B\r\n'
    return _HEADERS % b"Our response" + _filled(kind, size) + b"\r\nWe agree.\r\n--B--\r\n"


def _lost_boundaries(size: int) -> bytes:
    """Parts behind boundaries nobody declared, each declaring another that never comes."""
    unit = b'--L%d\r\nContent-Type: multipart/mixed; boundary="M%d"\r\n\r\n'
    return _letter(b"".join(unit % (n, n) for n in range(size // 60)), headers=b"Content-Type: multipart/mixed\r\n")


def _attached(name: str, content_type: bytes, content: bytes) -> bytes:
    kind = b'Content-Type: multipart/mixed; boundary="B"\r\n'
    opened = b'--B\r\n\r\nWe agree.\r\n--B\r\nContent-Type: %s; name="%s"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    body = opened % (content_type, name.encode()) + b64encode(content) + b"\r\n--B--\r\n"
    return _letter(body, headers=kind)


def _zip_bomb(size: int) -> bytes:
    """A thousand times as large once opened."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("plan.txt", bytes(min(size * 1000, 500_000_000)))
    return _attached("plan.zip", b"application/zip", packed.getvalue())


def _encoded_html_bomb(size: int) -> bytes:
    kind = b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n"
    return _letter(b64encode(_filled(b"<b>", size)), headers=kind)


def _uuencoded(size: int) -> bytes:
    """Blocks that begin and never end."""
    return _letter(_filled(b"begin 644 plan.pdf\r\nM" + b"A" * 60 + b"\r\n", size))


def _tnef(size: int) -> bytes:
    """The magic number, and lengths that promise four gigabytes each."""
    promises = _filled(b"\x02\x10\x80\x01\x00\xff\xff\xff\xff", size)
    return _attached("winmail.dat", b"application/ms-tnef", b"\x78\x9f\x3e\x22\x01\x00" + promises)


def _many_tnefs(size: int) -> bytes:
    part = b"Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return _parts_of(part + b64encode(b"\x78\x9f\x3e\x22\x01\x00" + bytes(range(256))))(size)


def _outlook_file(size: int) -> bytes:
    return bytes.fromhex("d0cf11e0a1b11ae1") + _filled(bytes(range(256)), size)


def _signed(size: int) -> bytes:
    """ASN.1 of indefinite lengths, one in another."""
    return _attached("smime.p7m", b"application/pkcs7-mime; smime-type=signed-data", _filled(b"\x30\x80", size))


def _pgp_blocks(size: int) -> bytes:
    return _letter(_filled(b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n- -- x\r\n", size))


BUILDERS: dict[str, Callable[[int], bytes]] = {
    "one-header-of-everything": _header_of(b"X-Long", b"x"),
    "folded-header": _header_of(b"Subject", b"word\r\n "),
    "many-headers": _headers_of(b"X-Header: value"),
    "headers-without-values": _headers_of(b"X:"),
    "headers-named-like-attributes": _headers_of(b"headers_json: x\r\nparse: y\r\n__class__: z\r\nfrom_: w"),
    "to-many-addresses": _header_of(b"Cc", b"Carol <carol@school.example>, "),
    "to-bare-commas": _header_of(b"Cc", b","),
    "to-open-comments": _header_of(b"Cc", b"("),
    "to-quotes": _header_of(b"Cc", b'"\\'),
    "to-angle-brackets": _header_of(b"Cc", b"<"),
    "to-at-signs": _header_of(b"Cc", b"a@"),
    "to-groups": _header_of(b"Cc", b"g:a;"),
    "from-one-long-word": _header_of(b"Resent-From", b"a"),
    "delivered-to-one-long-word": _header_of(b"Delivered-To", b"a"),
    "delivered-to-at-signs": _header_of(b"Delivered-To", b"a@"),
    "many-received": _headers_of(b"Received: from a.example (b) by c.example; Thu, 27 Feb 2020 10:00:00 +0"),
    "received-of-words": _header_of(b"Received", b"from a by b with c id d for e "),
    "received-of-spaces": _header_of(b"Received", b" "),
    "references": _header_of(b"References", b"<a@b.example> "),
    "references-never-closed": _header_of(b"References", b"<a"),
    "encoded-words": _header_of(b"Subject", b"=?utf-8?Q?w?= "),
    "encoded-words-run-together": _header_of(b"Subject", b"=?utf-8?B?w6k=?="),
    "encoded-words-of-many-charsets": _header_of(b"Subject", b"=?iso-8859-1?Q?=E9?= =?koi8-r?Q?=C1?= "),
    "encoded-words-never-closed": _header_of(b"Subject", b"=?utf-8?Q?"),
    "encoded-word-of-a-strange-codec": _header_of(b"Subject", b"=?punycode?Q?a-b?= "),
    "parameters": _header_of(b"Content-Type", b"text/plain; a=b;"),
    "parameters-in-pieces": lambda size: _letter(
        b"We agree.",
        headers=b"Content-Type: text/plain" + b"".join(b"; name*%d=x" % n for n in range(size // 12)) + b"\r\n",
    ),
    "parameter-quotes": _header_of(b"Content-Disposition", b'attachment; filename="\\"'),
    "semicolons-in-content-type": _header_of(b"Content-Type", b";"),
    "comments-in-authentication": _header_of(b"Authentication-Results", b"mx.example (("),
    "dates": _header_of(b"Date", b"Thu, 27 Feb 2020 "),
    "digits-for-a-date": _header_of(b"Date", b"9"),
    "many-parts": _parts_of(b"\r\nWe agree."),
    "empty-parts": _parts_of(b""),
    "parts-of-html": _parts_of(b"Content-Type: text/html\r\n\r\n<p>We agree"),
    "parts-with-one-name": _parts_of(b"Content-Type: image/png; name=a.png\r\n\r\nx"),
    "parts-with-paths-for-names": _parts_of(b'Content-Type: image/png; name="../../../../etc/passwd"\r\n\r\nx'),
    "multiparts-in-multiparts": _nested,
    "emails-in-emails": _nested_emails,
    "one-boundary-at-all-depths": _shared_boundary,
    "lost-boundaries": _lost_boundaries,
    "boundary-lines-only": _parts_of(b"--B"),
    "zip-bomb": _zip_bomb,
    "html-bomb-in-base64": _encoded_html_bomb,
    "uuencoded-without-ends": _uuencoded,
    "uuencoded-empty-blocks": _text_of(b"begin 644 a\r\n`\r\nend\r\n"),
    "tnef-with-false-lengths": _tnef,
    "many-tnefs": _many_tnefs,
    "outlook-file-of-noise": _outlook_file,
    "signed-without-end": _signed,
    "signed-with-pgp-again-and-again": _pgp_blocks,
    "quoted-printable-equals": lambda size: _letter(
        _filled(b"=", size), headers=b"Content-Transfer-Encoding: quoted-printable\r\n"
    ),
    "quoted-printable-spaces": lambda size: _letter(
        _filled(b" ", size) + b"x", headers=b"Content-Transfer-Encoding: quoted-printable\r\n"
    ),
    "bytes-of-no-charset": _text_of(b"\x81\x8d\x8f\x90\x9d\xff"),
    "text-in-utf-7": lambda size: _letter(
        _filled(b"+AGEA", size), headers=b"Content-Type: text/plain; charset=utf-7\r\n"
    ),
    "nothing-but-zeros": bytes,
    "quote-marks": _text_of(b">"),
    "lines-of-quote-marks": _text_of(b">\n"),
    "quote-marks-of-html": _text_of(b"&gt;"),
    "empty-lines": _text_of(b"\n"),
    "spaces": _text_of(b" "),
    "non-breaking-spaces": _text_of(b"\xc2\xa0"),
    "flowed-lines": lambda size: _letter(
        _filled(b"word \n", size), headers=b"Content-Type: text/plain; format=flowed; delsp=yes\r\n"
    ),
    "from-lines": _text_of(b"From: a\n"),
    "from-lines-forwarded": _text_of(b"From: a\n", subject=b"Fwd: x"),
    "header-blocks": _text_of(b"From: a@b.example\nTo: c\nSubject: x\n\n"),
    "header-blocks-forwarded": _text_of(b"From: a\nSent: x\nTo: c,\nd,\ne,\n", subject=b"Fwd: x"),
    "labels-in-no-language": _text_of(b"Aa: b\n", subject=b"Fwd: x"),
    "headers-run-together": _text_of(b"From: a To: b Subject: c "),
    "headers-run-together-forwarded": _text_of(b"From: a To: b Subject: c ", subject=b"Fwd: x"),
    "dividers": _text_of(b"-----Original Message-----\n"),
    "dividers-quoted": _text_of(b"> -----Original Message-----\n"),
    "dividers-forwarded": _text_of(b"---------- Forwarded message ---------\n", subject=b"Fwd: x"),
    "dashes": _text_of(b"-"),
    "lines-of-dashes": _text_of(b"--\n"),
    "signature-marks": _text_of(b"-- \n"),
    "underscores": _text_of(b"_"),
    "lead-ins": _text_of(b"On Thu, 27 Feb 2020 at 10:15, Ben <ben@school.example> wrote:\n"),
    "lead-ins-quoted": _text_of(b"On Thu, 27 Feb 2020, Ben wrote:\n> x\n"),
    "lead-ins-that-never-end": _text_of(b"On Thu, 27 Feb 2020 at 10:15, Ben\n"),
    "one-line-of-wrote": _text_of(b"On 27 wrote: "),
    "one-line-of-addresses": _text_of(b"a@b.example "),
    "one-line-of-at-signs": _text_of(b"a@"),
    "one-line-of-colons": _text_of(b"a:"),
    "one-line-of-angle-brackets": _text_of(b"<"),
    "one-line-of-dates": _text_of(b"27/02/2020 10:15 "),
    "one-line-of-digits": _text_of(b"1"),
    "lines-of-angle-brackets": _text_of(b"x\n<\n"),
    "sent-from-my": _text_of(b"Sent from my iPhone\n"),
    "disclaimers": _text_of(b"This email is confidential and intended solely for the addressee.\n"),
    "banners": _text_of(b"CAUTION: This email came from outside the organisation.\n"),
    "reply-markers": _text_of(b"> --- Please write your reply above this line ---\n"),
    "failure-notices": lambda size: _letter(
        _filled(b"<carol@school.example>: 550 5.1.1 no such user\n", size),
        subject=b"Undelivered Mail Returned to Sender",
        headers=b"Return-Path: <>\r\n",
    ),
    "failed-recipients": lambda size: _letter(
        b"x", headers=b"Return-Path: <>\r\nX-Failed-Recipients: " + _filled(b"a@b.example, ", size) + b"\r\n"
    ),
    "delivery-status-blocks": lambda size: _letter(
        b"--B\r\nContent-Type: message/delivery-status\r\n\r\n"
        + b"".join(
            b"Final-Recipient: rfc822; c%d@school.example\r\nAction: failed\r\n\r\n" % n for n in range(size // 80)
        )
        + b"--B--\r\n",
        headers=b'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n',
    ),
    "html-on-one-line": _html_of(b"<p>We agree</p>"),
    "html-nested-blocks": _html_of(b"<div>", after=b"We agree."),
    "html-nested-tables": _html_of(b"<table><tr><td>", after=b"We agree."),
    "html-nested-quotes": _html_of(b"<blockquote>", after=b"We agree."),
    "html-nested-lists": _html_of(b"<ul><li>", after=b"We agree."),
    "html-nested-fonts": _html_of(b"<font><b><i>", after=b"We agree."),
    "html-nested-in-a-drawing": _html_of(b"<td>", before=b"<svg>", after=b"We agree."),
    "html-misnested": _html_of(b"<a><table><b><p>"),
    "html-unclosed-comment": _html_of(b"<!-- ", before=b"<p>We agree.</p>"),
    "html-unclosed-tag": _html_of(b"<a href='x", before=b"<p>We agree.</p>"),
    "html-attributes": _html_of(b" a=b", before=b"<p", after=b">We agree.</p>"),
    "html-angle-brackets": _html_of(b"<"),
    "html-entities": _html_of(b"&amp;lt;&#x3c;"),
    "html-line-breaks": _html_of(b"<br>"),
    "html-spans": _html_of(b"<span>x</span>"),
    "html-styles": _html_of(b"<p style='margin: :display :;'>x"),
    "html-style-hiding-by-height": _html_of(b"max-height:0;", before=b"<p style='", after=b"'>x"),
    "html-one-long-style": _html_of(b"margin ", before=b"<p style='", after=b"'>x"),
    "html-table-cells": _html_of(b"<td>x", before=b"<table><tr>"),
    "html-links": _html_of(b"<a href='http://a.example/'>x</a>"),
    "html-preformatted": _html_of(b"x\n", before=b"<pre>"),
    "html-non-breaking-spaces": _html_of(b"&nbsp;"),
    "html-hidden": _html_of(b"<div hidden><p style='display:none'>"),
}


def explain_hostile(job: tuple[str, int]) -> str:
    """The explanation of one of these emails as JSON; runs in a child process."""
    name, size = job
    return json.dumps(as_explained(name, understand(BUILDERS[name](size))))
