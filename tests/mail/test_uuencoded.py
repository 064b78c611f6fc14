"""Files written into the text by old programs: taken out and decoded; letters that only speak of them stay whole."""

import binascii

import pytest

from intake.mail.understanding import understand
from intake.mail.uuencoded import take_out_blocks
from tests.building import raw_email, raw_lines

CONTENT = bytes(range(256))


def test_files_in_the_text_become_attachments() -> None:
    text = f"We agree.\n\n{_block('plan.doc')}\nYours, Ben\n\n{_block('map.gif', CONTENT[:7])}"
    understood = understand(raw_email(text=text))
    assert understood.text == "We agree.\n\nYours, Ben"
    files = [(file.filename, file.content) for file in understood.attachments]
    assert files == [("plan.doc", CONTENT), ("map.gif", CONTENT[:7])]


def test_block_in_base64_is_one_too() -> None:
    text = "See\nbegin-base64 644 plan.txt\nV2UgYWdyZWUu\n====\nYours"
    assert take_out_blocks(text) == ("See\n\nYours", [("plan.txt", b"We agree.")])


def test_blanks_lost_at_the_end_of_lines_are_made_up_for() -> None:
    block = _block("zeros.bin", bytes(90)).replace("`", " ")
    trimmed = "\n".join(line.rstrip() for line in block.split("\n"))
    assert take_out_blocks(trimmed) == ("", [("zeros.bin", bytes(90))])


@pytest.mark.parametrize(
    "text",
    [
        "begin 644 plan.doc\nand so it ended.\nend\n",
        "We begin 644 times.\nend",
        "begin 644 plan.doc\n#86%A\nnever ended",
        "> begin 644 plan.doc\n> #86%A\n> `\n> end",
    ],
)
def test_letter_that_only_looks_like_one_stays_whole(text: str) -> None:
    assert take_out_blocks(text) == (text, [])


def test_part_that_is_encoded_so_is_decoded() -> None:
    raw = raw_lines(
        *("Content-Type: application/msword; name=plan.doc", "Content-Transfer-Encoding: x-uuencode", ""),
        *_block("plan.doc").split("\n"),
    )
    (file,) = understand(raw).attachments
    assert (file.filename, file.content) == ("plan.doc", CONTENT)


def _block(name: str, content: bytes = CONTENT) -> str:
    lines = (binascii.b2a_uu(content[at : at + 45], backtick=True).decode() for at in range(0, len(content), 45))
    return f"begin 644 {name}\n{''.join(lines)}`\nend\n"
