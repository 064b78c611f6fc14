"""winmail.dat, the envelope Outlook puts around rich text and files: opened, bounded, and kept where it is broken."""

import struct

import pytest
from compressed_rtf import compress  # type: ignore[import-untyped]

from intake.mail.understanding import Understood, understand
from intake.mail.winmail import SIGNATURE, read_winmail
from tests.building import raw_email
from tests.outlook_files import Properties, winmail

SUBJECT, BODY, RICH_TEXT, HTML, CONTENT, FILE_NAME = 0x0037, 0x1000, 0x1009, 0x1013, 0x3701, 0x3707
PLAN: Properties = {CONTENT: b"%PDF\0\0", FILE_NAME: "Cynllun tŷ.pdf"}


def test_files_inside_take_the_place_of_the_envelope() -> None:
    understood = _sent(winmail({BODY: "We agree."}, files=[PLAN, PLAN]), text="We agree.\n")
    assert [file.filename for file in understood.attachments] == ["Cynllun tŷ.pdf", "Cynllun tŷ (2).pdf"]
    assert understood.attachments[0].content == b"%PDF\0\0"
    assert (understood.text, understood.defects) == ("We agree.", ())


@pytest.mark.parametrize(
    "body",
    [
        {BODY: "We agree with all of it."},
        {HTML: b"<p>We agree with <b>all</b> of it.</p>"},
        {RICH_TEXT: compress(rb"{\rtf1\ansi We agree with {\b all} of it.}")},
        {
            BODY: " ",
            RICH_TEXT: compress(rb"{\rtf1\fromhtml1{\*\htmltag <p>}We agree with all of it.\htmlrtf x\htmlrtf0}"),
        },
    ],
)
def test_body_inside_is_read_where_the_email_has_none(body: Properties) -> None:
    assert _sent(winmail(body), text="\n").text == "We agree with all of it."


def test_body_inside_is_not_read_beside_the_same_in_the_email() -> None:
    assert _sent(winmail({BODY: "We agree."}), text="We agree with it.\n").text == "We agree with it."


def test_body_inside_comes_before_what_a_list_wrote_below() -> None:
    letter = "We agree with all of it, and would like to be told of the next steps before the summer."
    assert _sent(winmail({BODY: letter}), text="List footer\n").text == f"{letter}\n\nList footer"


def test_email_inside_is_one_attachment() -> None:
    embedded = winmail({SUBJECT: "The plan", BODY: "See the file."}, files=[PLAN])
    (file,) = _sent(winmail({BODY: "For you."}, files=[embedded])).attachments
    assert (file.filename, file.content_type) == ("The plan.eml", "message/rfc822")
    inner = understand(file.content)
    assert (inner.text, [each.filename for each in inner.attachments]) == ("See the file.", ["Cynllun tŷ.pdf"])


def test_emails_inside_one_another_are_opened_to_a_bound() -> None:
    nested = winmail({BODY: "Deep."})
    for _ in range(12):
        nested = winmail({BODY: "Outer."}, files=[nested])
    assert len(_sent(nested).attachments) == 1


def test_attributes_that_say_it_without_properties_are_read() -> None:
    attributes = [(1, 0x9007, struct.pack("<II", 1251, 0)), (1, 0x800C, "Согласны.\0".encode("cp1251"))]
    attributes += [(2, 0x9002, bytes(14)), (2, 0x8010, b"AUTHORS\0"), (2, 0x800F, b"Ben")]
    written = (struct.pack("<BII", level, name, len(data)) + data + b"??" for level, name, data in attributes)
    understood = _sent(SIGNATURE + b"\1\0" + b"".join(written), text="\n")
    assert understood.text == "Согласны."
    assert [(file.filename, file.content) for file in understood.attachments] == [("AUTHORS", b"Ben")]


def test_envelope_is_known_by_its_name_where_a_gateway_changed_its_type() -> None:
    raw = raw_email(attachments=[("WINMAIL.DAT", "application/octet-stream", winmail({}, files=[PLAN]))])
    assert [file.filename for file in understand(raw).attachments] == ["Cynllun tŷ.pdf"]


@pytest.mark.parametrize("content", [b"", b"not one", SIGNATURE, SIGNATURE + b"\1\0" + b"\xff" * 40])
def test_unreadable_envelope_stays_a_file(content: bytes) -> None:
    understood = _sent(content)
    assert [(file.filename, file.content) for file in understood.attachments] == [("winmail.dat", content)]
    assert understood.defects == ("unreadable-tnef",)


def test_envelope_around_nothing_stays_a_file() -> None:
    understood = _sent(winmail({SUBJECT: "Our response"}))
    assert [file.filename for file in understood.attachments] == ["winmail.dat"]
    assert understood.defects == ()


@pytest.mark.parametrize("kind", [0x1002, 0x1003, 0x1102, 0x101F, 0x1040, 0x7777])
def test_counts_beyond_the_file_end_the_reading(kind: int) -> None:
    lists = struct.pack("<IHHI", 0xFFFFFFFF, kind, 0x1000, 0xFFFFFFFF)
    attribute = struct.pack("<BII", 1, 0x9003, len(lists)) + lists + b"??"
    assert read_winmail(SIGNATURE + b"\1\0" + attribute + attribute) is None


def test_cut_envelope_gives_what_came_before() -> None:
    whole = winmail({BODY: "We agree."}, files=[PLAN, PLAN])
    assert [len(item.files) for length in range(6, len(whole), 9) if (item := read_winmail(whole[:length]))][-1] == 2


def _sent(content: bytes, text: str = "See the plan.\n") -> Understood:
    return understand(raw_email(text=text, attachments=[("winmail.dat", "application/ms-tnef", content)]))
