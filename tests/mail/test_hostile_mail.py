"""Whatever arrives gets its one explanation within the limits of the child process that reads it."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from intake.mail.explaining import MEMORY_MB, SECONDS
from intake.mail.nesting import MAX_DEPTH as MAX_HTML_DEPTH
from intake.mail.nesting import without_deep_nesting
from intake.mail.parts import MAX_PARTS
from intake.mail.quotations import LINES_READ
from intake.mail.quoting import own_words
from intake.mail.text import html_to_text
from intake.mail.understanding import understand
from intake.sandbox import Sandbox
from tests.building import raw_email
from tests.fuzz.generated import ANY_BYTES, MUTANTS
from tests.fuzz.hostile import BUILDERS, explain_hostile
from tests.fuzz.targets import TARGETS

SIZE = 100_000
LARGE = (
    *("one-header-of-everything", "folded-header", "many-headers", "to-many-addresses", "many-received"),
    *("encoded-words", "encoded-words-run-together", "parameters", "semicolons-in-content-type", "references"),
    *(
        "multiparts-in-multiparts",
        "emails-in-emails",
        "html-nested-blocks",
        "html-nested-quotes",
        "html-unclosed-comment",
    ),
)
quickly = settings(
    max_examples=40, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)

Reader = Sandbox[tuple[str, int], str]


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Sandbox(explain_hostile, children=1, seconds=SECONDS, memory_mb=MEMORY_MB) as sandbox:
        yield sandbox


@pytest.mark.parametrize("name", BUILDERS)
def test_hostile_email_is_explained_within_the_limits(name: str, reader: Reader) -> None:
    assert _explained(reader, name, SIZE)


@pytest.mark.parametrize("name", LARGE)
def test_two_megabytes_of_it_are_explained_too(name: str, reader: Reader) -> None:
    assert _explained(reader, name, 2_000_000)["message_id"] == "<1@school.example>"


@pytest.mark.parametrize("target", TARGETS)
def test_mutants_of_our_own_emails_break_nothing(target: str) -> None:
    quickly(given(MUTANTS)(TARGETS[target]))()


@pytest.mark.parametrize("target", TARGETS)
def test_no_bytes_break_anything(target: str) -> None:
    quickly(given(ANY_BYTES)(TARGETS[target]))()


def test_every_one_of_100_000_recipients_is_read() -> None:
    recipients = ", ".join(f"c{number}@school.example" for number in range(100_000))
    understood = understand(raw_email(headers={"Cc": "x"}).replace(b"Cc: x", b"Cc: " + recipients.encode()))
    assert len(understood.cc) == 100_000


def test_recipients_beyond_what_is_read_are_told_of() -> None:
    assert "header-cut-short" in understand(BUILDERS["to-bare-commas"](4_100_000)).defects


def test_topmost_of_10_000_received_headers_tells_when_it_came() -> None:
    received = [b"Received: by mx%d.example; Thu, 27 Feb 2020 10:00:00 +0000\r\n" % number for number in range(10_000)]
    understood = understand(b"".join(received) + raw_email())
    assert understood.received_by == "mx0.example"
    assert understood.received_at is not None


def test_thousands_of_parts_are_kept_as_the_whole_email() -> None:
    raw = BUILDERS["parts-with-one-name"](400_000)
    understood = understand(raw)
    assert "too-many-parts" in understood.defects
    assert (understood.attachments[-1].filename, understood.attachments[-1].content) == ("whole-email.eml", raw)
    assert len({file.filename for file in understood.attachments}) == MAX_PARTS + 1


def test_what_is_nested_too_deeply_is_kept_unopened() -> None:
    understood = understand(BUILDERS["multiparts-in-multiparts"](5_000 * 80))
    assert "nested-too-deeply" in understood.defects
    assert any(b"We agree." in file.content for file in understood.attachments)


def test_archives_that_grow_a_thousandfold_stay_closed() -> None:
    (file,) = understand(BUILDERS["zip-bomb"](100_000)).attachments
    assert file.filename == "plan.zip"
    assert file.size < 1_000_000


def test_names_that_climb_folders_lead_nowhere() -> None:
    understood = understand(BUILDERS["parts-with-paths-for-names"](1_000))
    assert understood.attachments[0].filename == "passwd"
    assert not [file.filename for file in understood.attachments if "/" in file.filename or ".." in file.filename]


def test_words_below_a_hundred_thousand_blocks_are_read() -> None:
    assert html_to_text("<div>" * 100_000 + "We agree." + "</div>" * 100_000 + "<p>All of us.</p>").split() == [
        *("We", "agree.", "All", "of", "us.")
    ]


def test_pages_as_deep_as_any_real_one_stay_as_they_are() -> None:
    page = "<div>" * (MAX_HTML_DEPTH - 1) + "<p>We agree.<br>" + "</div>" * (MAX_HTML_DEPTH - 1)
    assert without_deep_nesting(page) == page


def test_only_tags_below_the_depth_read_are_left_out_and_what_they_parted_stays_parted() -> None:
    page = "<b>" * (MAX_HTML_DEPTH + 2) + "x</b>y" + "</b>" * (MAX_HTML_DEPTH + 1)
    assert without_deep_nesting(page) == "<b>" * MAX_HTML_DEPTH + "  x y " + "</b>" * MAX_HTML_DEPTH


def test_own_words_of_a_text_of_two_thousand_pages_are_all_of_it() -> None:
    text = "We agree.\n" * LINES_READ + "> and so on"
    assert own_words(text) == text


def _explained(reader: Reader, name: str, size: int) -> dict[str, object]:
    ((_, line),) = reader.run_each([(name, size)])
    assert isinstance(line, str), line
    explained = json.loads(line)
    assert isinstance(explained, dict)
    return explained
