"""Emails that Outlook saved as a file (.msg): read as the email they are, wherever they turn up."""

from datetime import UTC, datetime

import pytest
from compressed_rtf import compress  # type: ignore[import-untyped]

from intake.mail.message import Address
from intake.mail.outlook import read_outlook
from intake.mail.understanding import understand
from tests.building import raw_email
from tests.outlook_files import Enclosed, Properties, Storage, Value, container, msg_file

SUBJECT, HEADERS, BODY, RICH_TEXT, HTML = 0x0037, 0x007D, 0x1000, 0x1009, 0x1013
SENDER_NAME, SENDER_ADDRESS, SENDER_SMTP, SUBMITTED_AT, CODE_PAGE = 0x0C1A, 0x0C1F, 0x5D01, 0x0039, 0x3FFD
KIND, NAME, ADDRESS, SMTP = 0x0C15, 0x3001, 0x3003, 0x39FE
CONTENT, FILE_NAME, FILE_TYPE = 0x3701, 0x3707, 0x370E
AT = datetime(2020, 2, 27, 10, 15, tzinfo=UTC)
LETTER: dict[int, Value] = {
    SUBJECT: "Our response",
    BODY: "We agree, tŷ and all.\r\n",
    SENDER_NAME: "Ben Hughes",
    SENDER_SMTP: "ben@school.example",
    SUBMITTED_AT: AT,
}


def test_saved_email_is_read_like_any_other() -> None:
    recipients: list[Properties] = [
        {KIND: 1, NAME: "Consultation", SMTP: "consultation@council.example"},
        {KIND: 2, NAME: "Carol", ADDRESS: "carol@school.example"},
        {KIND: 3, NAME: "Dan", ADDRESS: "dan@home.example"},
    ]
    files: list[Properties] = [{CONTENT: b"%PDF" * 2_000, FILE_NAME: "Cynllun – tŷ.pdf", FILE_TYPE: "application/pdf"}]
    understood = understand(msg_file(LETTER, recipients=recipients, files=files))
    assert understood.subject == "Our response"
    assert understood.sender == Address("Ben Hughes", "ben@school.example")
    assert understood.to == (Address("Consultation", "consultation@council.example"),)
    assert understood.cc == (Address("Carol", "carol@school.example"),)
    assert understood.sent_at == AT
    assert understood.text == "We agree, tŷ and all."
    (file,) = understood.attachments
    assert (file.filename, file.content_type, file.content) == ("Cynllun – tŷ.pdf", "application/pdf", b"%PDF" * 2_000)
    assert understood.defects == ()


def test_headers_it_travelled_with_are_kept_but_for_those_of_its_body() -> None:
    headers = (
        "Microsoft Mail Internet Headers Version 2.0\r\nFrom: Ben <ben@school.example>\r\n"
        "Message-ID: <1@school.example>\r\nContent-Type: multipart/mixed;\r\n\tboundary=b\r\n"
        "Auto-Submitted: auto-replied\r\n"
    )
    understood = understand(msg_file(LETTER | {HEADERS: headers}))
    assert understood.sender == Address("Ben", "ben@school.example")
    assert understood.message_id == "<1@school.example>"
    assert understood.automatic is not None
    assert understood.text == "We agree, tŷ and all."


def test_texts_of_8_bits_are_read_in_their_code_page() -> None:
    saved = msg_file({SUBJECT: "Ответ", BODY: "Мы согласны.", CODE_PAGE: 1251}, charset="windows-1251")
    understood = understand(saved)
    assert (understood.subject, understood.text) == ("Ответ", "Мы согласны.")


def test_address_inside_an_exchange_organisation_is_none() -> None:
    inside: Properties = {SENDER_NAME: "Ben Hughes", SENDER_ADDRESS: "/O=COUNCIL/OU=FIRST/CN=BEN"}
    assert understand(msg_file({**inside, SUBJECT: "Yes"})).sender is None


@pytest.mark.parametrize(
    ("bodies", "text"),
    [
        ({HTML: b"<p>We agree.</p>"}, "We agree."),
        ({HTML: "<p>tŷ</p>".encode(), 0x3FDE: 65001}, "tŷ"),
        ({RICH_TEXT: compress(rb"{\rtf1\ansi We \b agree\b0 .\par Yours}")}, "We agree.\nYours"),
        ({RICH_TEXT: compress(rb"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}We agree.{\*\htmltag72 </p>}}")}, "We agree."),
        ({RICH_TEXT: b"broken"}, ""),
        ({}, ""),
    ],
)
def test_body_is_read_in_whatever_form_there_is(bodies: Properties, text: str) -> None:
    assert understand(msg_file({SUBJECT: "Yes", **bodies})).text == text


def test_email_enclosed_in_a_saved_one_is_one_attachment_with_its_own_files_inside() -> None:
    inner = Enclosed({SUBJECT: "The plan", BODY: "See the file."}, [{CONTENT: b"%PDF", FILE_NAME: "plan.pdf"}])
    (file,) = understand(msg_file(LETTER, files=[inner])).attachments
    assert (file.filename, file.content_type) == ("The plan.eml", "message/rfc822")
    understood = understand(file.content)
    assert (understood.subject, understood.text) == ("The plan", "See the file.")
    assert [(each.filename, each.content) for each in understood.attachments] == [("plan.pdf", b"%PDF")]


def test_saved_email_that_is_attached_stays_one_file_and_is_the_forwarded_one() -> None:
    saved = msg_file(LETTER)
    understood = understand(
        raw_email(text="For you.\n", attachments=[("letter.msg", "application/octet-stream", saved)])
    )
    assert [(file.filename, file.content) for file in understood.attachments] == [("letter.msg", saved)]
    forwarded = understood.forwarded
    assert forwarded is not None
    assert forwarded.sender is not None
    assert (forwarded.sender.address, forwarded.sent_at) == ("ben@school.example", AT)
    assert (forwarded.text, forwarded.note) == ("We agree, tŷ and all.", "For you.")


def test_two_attached_emails_are_not_one_forward() -> None:
    saved = ("letter.msg", "application/vnd.ms-outlook", msg_file(LETTER))
    plain = ("other.eml", "application/octet-stream", raw_email())
    assert understand(raw_email(attachments=[saved, plain])).forwarded is None


def test_other_document_in_the_same_container_is_no_email_and_stays_a_file() -> None:
    document = container(Storage({"WordDocument": b"Dear Asha" * 500}))
    assert read_outlook(document) is None
    understood = understand(document)
    assert [(file.filename, file.content) for file in understood.attachments] == [("part-1.msg", document)]
    assert understood.defects == ("unreadable-msg", "no-text")


def test_cut_file_is_answered() -> None:
    saved = msg_file(LETTER, files=[{CONTENT: b"x" * 9_000}])
    assert all(understand(saved[:length]) for length in range(0, len(saved), 331))


def test_stretch_named_many_times_is_not_read_many_times() -> None:
    storage = Storage({"__properties_version1.0": bytes(32), "__substg1.0_37010102": bytes(50_000)})
    saved = container(Storage({"__properties_version1.0": bytes(32)}, {"__attach_version1.0_#00000000": storage}))
    entry = "__substg1.0_37010102".encode("utf-16-le")
    start = saved.index(entry)
    assert read_outlook(saved) is not None
    assert read_outlook(saved[: start + 120] + (900_000).to_bytes(8, "little") + saved[start + 128 :]) is None
