"""What docs/understanding.md says of reasons, bounds and our own test emails is so."""

import re
from pathlib import Path

from intake.mail.explaining import MEMORY_MB, SECONDS
from intake.mail.quotations import LINES_READ
from intake.store.reasons import Reason
from tests.documented import DOCS, table

DOCUMENT = "understanding.md"
EMAILS = Path(__file__).parent / "emails"
ROUTING = Path(__file__).parent.parent / "intake" / "inbound" / "routing.py"


def test_every_reason_to_hold_is_told_in_the_words_officers_read() -> None:
    told = {
        row["Reason"].strip("`"): row["What officers read"] for row in table(DOCUMENT, "Reason", "What officers read")
    }
    assert told == {reason: Reason.of(reason).sentence for reason in told}
    held = set(re.findall(r"Hold\(Reason\.(\w+)", ROUTING.read_text(encoding="utf-8")))
    assert {Reason[name].value for name in held} <= set(told)


def test_as_many_emails_are_explained_as_there_are() -> None:
    emails = len(list(EMAILS.glob("*.eml")))
    bars = {row["What"]: row["Our own"] for row in table(DOCUMENT, "What", "Bar", "Published", "Gathered", "Our own")}
    assert bars["emails that get an explanation"] == f"{emails} of {emails}"
    assert emails >= 80


def test_bounds_are_the_ones_that_hold() -> None:
    text = " ".join((DOCS / DOCUMENT).read_text(encoding="utf-8").split())
    assert f"more than {LINES_READ:,} lines" in text
    assert f"a child process with {SECONDS} seconds and {MEMORY_MB // 1024} GB" in text


def test_emails_named_in_the_document_exist() -> None:
    text = (DOCS / DOCUMENT).read_text(encoding="utf-8")
    kept = text[text.index("kept in `tests/emails`") : text.index("## What fails")]
    named = re.findall(r"`([a-z-]{12,})`", kept)
    assert named
    assert not [name for name in named if not (EMAILS / f"{name}.eml").exists()]
