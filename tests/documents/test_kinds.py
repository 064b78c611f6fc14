"""Which files a form takes, by name and by how they begin."""

import pytest

from intake.documents.kinds import LONGEST_FILE, content_type, refusal


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("Plan.PDF", b"%PDF-1.7 ..."),
        ("plan.pdf", b"\n\n%PDF-1.4 ..."),
        ("letter.docx", b"PK\x03\x04..."),
        ("letter.doc", b"\xd0\xcf\x11\xe0..."),
        ("letter.odt", b"PK\x03\x04..."),
        ("notes.txt", b"Gwell yfory"),
        ("scan.jpeg", b"\xff\xd8\xff\xe0"),
    ],
)
def test_documents_and_pictures_are_taken(filename: str, content: bytes) -> None:
    assert refusal(filename, content) is None
    assert "/" in content_type(filename)


@pytest.mark.parametrize(
    ("filename", "content", "told"),
    [
        ("run.exe", b"MZ...", "save it as a PDF"),
        ("plan.pdf.exe", b"%PDF", "save it as a PDF"),
        ("notes.txt", b"#!/bin/sh", "save it as a PDF"),
        ("plan.pdf", b"MZ...", "save it as a PDF"),
        ("page.html", b"<p>", "save it as a PDF"),
        ("picture.svg", b"<svg>", "save it as a PDF"),
        ("plan", b"%PDF", "save it as a PDF"),
        ("plan.pdf", b"PK\x03\x04", "not what its name says"),
        ("plan.pdf", b"", "nothing in this file"),
        ("plan.txt", b"x" * (LONGEST_FILE + 1), "larger than 25 MB"),
    ],
)
def test_everything_else_is_refused_with_the_way_out(filename: str, content: bytes, told: str) -> None:
    assert told in (refusal(filename, content) or "")
