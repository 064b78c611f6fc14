"""Reading an email from its bytes: headers, dates, addresses, nested emails, files and their names."""

import hashlib
from datetime import UTC, datetime

import pytest

from intake.mail.attachments import AttachedFile, safe_filename, with_distinct_names
from intake.mail.message import Address, parse_email
from intake.mail.parts import MAX_DEPTH, MAX_PARTS
from tests.building import raw_email, raw_lines

NESTED = raw_lines(
    "From: carol@school.example", "Subject:  odd   spacing", "X-Folded: one", "\ttwo", "", "Inner \u00a35."
)


def test_who_wrote_to_whom_is_read() -> None:
    parsed = parse_email(
        raw_email(
            sender='"Hughes, Ben" <ben@school.example>',
            to="asha@council.example, Dan Roe <dan@home.example>",
            headers={"Cc": "Carol <carol@school.example>"},
        )
    )
    assert parsed.sender == Address("Hughes, Ben", "ben@school.example")
    assert parsed.to == (Address("", "asha@council.example"), Address("Dan Roe", "dan@home.example"))
    assert parsed.cc == (Address("Carol", "carol@school.example"),)


@pytest.mark.parametrize(
    ("written", "sender"),
    [
        ('"Ben <ben@school.example>', Address("Ben", "ben@school.example")),
        ("Ben [mailto:ben@school.example]", Address("", "ben@school.example")),
        ("ben@school.example (Ben, Head)", Address("Ben, Head", "ben@school.example")),
        ("<<ben@school.example>>", Address("", "ben@school.example")),
        ("Ben Hughes ben@school.example", Address("Ben Hughes", "ben@school.example")),
        ("Ben Hughes", None),
    ],
)
def test_sender_is_found_in_broken_writing(written: str, sender: Address | None) -> None:
    assert parse_email(raw_lines(f"From: {written}", "", "We agree.")).sender == sender


def test_members_of_a_group_are_recipients_and_an_empty_group_has_none() -> None:
    parsed = parse_email(raw_lines("To: Governors: dan@home.example, Carol <c@x.example>;", "Cc: hidden:;", "", "Yes."))
    assert parsed.to == (Address("", "dan@home.example"), Address("Carol", "c@x.example"))
    assert parsed.cc == ()


def test_parent_comes_first_among_the_answered_emails() -> None:
    parsed = parse_email(
        raw_lines("In-Reply-To: <c@x.example>", "References: <a@x.example>", " <b@x.example> <c@x.example>", "", "Yes.")
    )
    assert parsed.answers == ("<c@x.example>", "<b@x.example>", "<a@x.example>")


def test_delivery_addresses_are_told_in_header_order_and_lower_case() -> None:
    parsed = parse_email(
        raw_lines(
            "Delivered-To: Asha@Council.example",
            "X-Original-To: <consultation@council.example>",
            "Envelope-To: asha@council.example",
            "",
            "Yes.",
        )
    )
    assert parsed.delivered_to == ("asha@council.example", "consultation@council.example")


@pytest.mark.parametrize(
    ("header", "expected"),
    [("Return-Path: <>", ""), ("Return-Path: <ben@school.example>", "ben@school.example"), ("X-Other: x", None)],
)
def test_null_return_path_differs_from_an_unknown_one(header: str, expected: str | None) -> None:
    assert parse_email(raw_lines(header, "", "Yes.")).return_path == expected


def test_time_of_receipt_is_that_of_the_topmost_server() -> None:
    parsed = parse_email(
        raw_lines(
            "Received: from mx.example by imap.council.example with LMTP id 1;",
            "\tFri, 28 Feb 2020 23:58:59 +0100",
            "Received: from school.example by mx.example; Fri, 28 Feb 2020 10:00:00 +0000",
            "Date: Fri, 28 Feb 2020 09:00:00 -0500",
            "",
            "Yes.",
        )
    )
    assert parsed.received_at == datetime(2020, 2, 28, 22, 58, 59, tzinfo=UTC)
    assert parsed.sent_at == datetime(2020, 2, 28, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"\x00\xff" * 50, b"Subject", b": nothing"])
def test_bytes_that_are_no_email_are_read_as_far_as_they_go(raw: bytes) -> None:
    parsed = parse_email(raw)
    assert parsed.sender is None
    assert parsed.message_id is None
    assert parsed.attachments == ()


def test_nested_email_is_kept_byte_for_byte() -> None:
    parsed = parse_email(
        raw_lines("Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: message/rfc822", "")
        + NESTED
        + raw_lines("--b--")
    )
    (attached,) = parsed.attachments
    assert attached.content + b"\r\n" == NESTED
    assert attached.filename == "odd spacing.eml"
    assert parsed.texts == ()


def test_nested_email_sent_as_base64_is_decoded() -> None:
    raw = raw_email(attachments=[("letter.eml", "application/octet-stream", NESTED)])
    parsed = parse_email(raw.replace(b"application/octet-stream", b"message/rfc822"))
    assert parsed.attachments == (AttachedFile("letter.eml", "message/rfc822", NESTED),)


def test_attachment_has_the_size_and_hash_of_its_decoded_bytes() -> None:
    content = bytes(range(256)) * 40
    (attached,) = parse_email(raw_email(attachments=[("plan.pdf", "application/pdf", content)])).attachments
    assert attached.size == len(content)
    assert attached.sha256 == hashlib.sha256(content).hexdigest()


def test_large_attachment_is_kept_whole() -> None:
    content = b"\x00\x01\x02\x03" * 1_500_000
    (attached,) = parse_email(raw_email(attachments=[("scan.tif", "image/tiff", content)])).attachments
    assert attached.content == content


def test_names_of_unnamed_files_are_the_same_at_every_reading() -> None:
    raw = raw_email(attachments=[(None, "application/pdf", b"%PDF"), (None, "image/png", b"PNG"), (None, "a/b", b"?")])
    names = [attached.filename for attached in parse_email(raw).attachments]
    assert names == ["part-2.pdf", "part-3.png", "part-4.bin"]
    assert names == [attached.filename for attached in parse_email(raw).attachments]


def test_multipart_nested_beyond_the_bound_is_kept_as_one_file() -> None:
    lines = [
        line
        for n in range(MAX_DEPTH + 200)
        for line in (f"Content-Type: multipart/mixed; boundary=b{n}", "", f"--b{n}")
    ]
    parsed = parse_email(raw_lines(*lines, "Content-Type: text/plain", "", "Deep down."))
    (attached,) = parsed.attachments
    assert attached.content.endswith(b"Deep down.")
    assert "nested-too-deeply" in parsed.defects


def test_email_of_too_many_parts_is_kept_whole() -> None:
    raw = raw_lines("Content-Type: multipart/mixed; boundary=b", "", *["--b", "", "Yes."] * (MAX_PARTS + 1), "--b--")
    parsed = parse_email(raw)
    assert len(parsed.texts) == MAX_PARTS
    assert parsed.attachments == (AttachedFile("whole-email.eml", "message/rfc822", raw),)
    assert "too-many-parts" in parsed.defects


@pytest.mark.parametrize(
    "parameters",
    [
        "name*=%00''%ff%41; name*99999999999999999999=x",
        "boundary*=idna''%41; boundary*0=x; boundary*=y",
        "name*0*=x-none''%41; name*2*=%42",
        '"; ";;==; name="',
    ],
)
def test_mixed_up_parameters_lose_no_content(parameters: str) -> None:
    parsed = parse_email(raw_lines(f"Content-Type: application/pdf; {parameters}", "", "%PDF"))
    assert [attached.content for attached in parsed.attachments] == [b"%PDF\r\n"]


def test_parts_after_the_closing_boundary_are_found() -> None:
    parsed = parse_email(
        raw_lines(
            *("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "First.", "--b--"),
            *("--b", "Content-Type: application/pdf", "", "%PDF", "--b--"),
        )
    )
    assert [text.text for text in parsed.texts] == ["First."]
    assert [attached.filename for attached in parsed.attachments] == ["part-2.pdf"]


@pytest.mark.parametrize(
    ("written", "safe"),
    [
        ("Ein hymateb – tŷ.docx", "Ein hymateb – tŷ.docx"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\ben\plan.pdf", "plan.pdf"),
        ("plan.pdf/", "plan.pdf"),
        ("C:plan.pdf", "C_plan.pdf"),
        ('a<b>"c|d?e*.pdf', "a_b__c_d_e_.pdf"),
        ("plan\x00\r\n .pdf", "plan .pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        ("plan.pdf. . ", "plan.pdf"),
        ("AUX", "_AUX"),
        ("lpt1.txt", "_lpt1.txt"),
        ("console.txt", "console.txt"),
        ("..", ""),
        ("=?iso-8859-1?Q?=93plan=94.pdf?=", "“plan”.pdf"),
        ("a" * 300 + ".docx", "a" * 145 + ".docx"),
        ("a" * 100 + "." + "b" * 200, "a" * 100 + "." + "b" * 49),
    ],
)
def test_file_name_is_made_inert_and_stays_readable(written: str, safe: str) -> None:
    assert safe_filename(written) == safe


def test_files_of_one_name_are_told_apart() -> None:
    files = [
        AttachedFile(name, "application/pdf", b"") for name in ("plan.pdf", "Plan.pdf", "plan (2).pdf", "plan.pdf")
    ]
    assert [file.filename for file in with_distinct_names(files)] == [
        "plan.pdf",
        "Plan (2).pdf",
        "plan (2) (2).pdf",
        "plan (3).pdf",
    ]


def test_a_thread_named_in_encoded_words_is_still_found() -> None:
    parent = "<intake.acknowledgement.0123456789abcdef0123456789abcdef@intake.county.example>"
    raw = raw_email(headers={"In-Reply-To": parent})
    assert b"=?utf-8?" in raw  # what Python's email package makes of a long id
    assert parse_email(raw).answers == (parent,)


def test_names_and_subjects_are_shown_in_the_direction_of_their_letters() -> None:
    parsed = parse_email(raw_lines("From: \u202elive\u202c <ben@school.example>", "Subject: \u2067gnorw", "", "Yes."))
    assert parsed.sender is not None
    assert (parsed.sender.name, parsed.subject) == ("live", "gnorw")
