"""Builds every email the tests send: whole, ordinary ones unless a test says otherwise."""

from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP

File = tuple[str | None, str, bytes]
"""Name, content type, content."""


def raw_email(
    *,
    sender: str = "Ben Hughes <ben@school.example>",
    to: str = "Consultation <consultation@council.example>",
    subject: str = "Our response",
    text: str | None = "We support the proposals.\n",
    html: str | None = None,
    attachments: Sequence[File] = (),
    headers: Mapping[str, str] | None = None,
    message_id: str = "<response-1@school.example>",
    date: str = "Thu, 27 Feb 2020 10:15:00 +0000",
) -> bytes:
    """The bytes of an email with lines ended as on the wire. `headers` are added; None-named files have no name."""
    built = EmailMessage(policy=SMTP)
    built["From"], built["To"], built["Subject"] = sender, to, subject
    built["Date"], built["Message-ID"] = date, message_id
    for name, value in (headers or {}).items():
        built[name] = value
    if text is not None:
        built.set_content(text)
    if html is not None:
        if text is None:
            built.set_content(html, subtype="html")
        else:
            built.add_alternative(html, subtype="html")
    for filename, content_type, content in attachments:
        maintype, _, subtype = content_type.partition("/")
        built.add_attachment(content, maintype=maintype, subtype=subtype, filename=filename)
    return bytes(built)


def raw_lines(*lines: str | bytes) -> bytes:
    """An email written out line by line, for forms no builder would make."""
    return b"\r\n".join(line if isinstance(line, bytes) else line.encode() for line in lines) + b"\r\n"


def raw_bounce(*, of: str, address: str) -> bytes:
    """A report that our email with the Message-ID `of` could not be delivered to this address (RFC 3464)."""
    return raw_lines(
        "From: MAILER-DAEMON@mx.county.example",
        "To: education.review@county.example",
        "Subject: Undelivered Mail Returned to Sender",
        "Return-Path: <>",
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        *("", "--b", "", "It could not be delivered."),
        *("--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.county.example", ""),
        *(f"Final-Recipient: rfc822; {address}", "Action: failed", "Status: 5.1.1", ""),
        *("--b", "Content-Type: text/rfc822-headers", "", f"Message-ID: {of}", "", "--b--"),
    )
