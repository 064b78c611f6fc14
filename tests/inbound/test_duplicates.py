"""Copies of one letter: whichever comes first, it counts once, and was received when its first copy was."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from intake import jobs
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import CLOSES_AT, Office, open_office
from tests.people import ASHA, BEN, DAN, REVIEW

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


def test_a_letter_is_in_time_when_its_first_copy_was_whichever_is_recorded_first(office: Office) -> None:
    in_time, late = CLOSES_AT - timedelta(minutes=5), CLOSES_AT + timedelta(minutes=15)
    office.now = late
    raw = raw_email(sender=DAN, to=f"{REVIEW}, {ASHA}")
    office.receive(b"Received: from mx by asha\r\n" + raw, mailbox="asha", received_at=late)
    office.collect("asha")
    jobs.record(office.this)
    office.receive(raw, received_at=in_time)
    office.cycle()
    assert office.responses()[0].received_at == in_time
    assert len(office.history("received-earlier")) == 1


def test_a_copy_that_waited_in_junk_waits_no_longer_once_the_letter_is_recorded(office: Office) -> None:
    raw = raw_email(sender=DAN, to=REVIEW)
    office.receive(b"X-Spam-Flag: YES\r\n" + raw, folder="Junk")
    office.cycle()
    assert office.outcomes() == [("held", "found-in-junk")]
    office.receive(raw)
    office.cycle()
    assert office.outcomes() == [("ignored", "duplicate"), ("recorded", None)]
    assert office.emails()[0].duplicate_of_id == office.emails()[1].id


def test_two_letters_handed_on_without_a_word_are_two_responses(office: Office) -> None:
    for words in ("We agree.", "We disagree."):
        forwarded = (
            "---------- Forwarded message ---------\nFrom: Ben Hughes <ben.hughes@heathfield.example>\n"
            f"Date: Wed, 12 Feb 2020 at 09:00\nSubject: Views\nTo: <dan.morris@somewhere.example>\n\n{words}\n"
        )
        raw = raw_email(sender=DAN, to=REVIEW, subject="Fwd: Views", text=forwarded, date="x")
        office.receive(raw.replace(b"Message-ID:", b"X-Was-ID:"))
    office.cycle()
    assert office.outcomes() == [("recorded", None), ("recorded", None)]


def test_what_no_column_could_hold_is_recorded_or_held_alike_on_every_database(office: Office) -> None:
    office.receive(raw_email(sender=f'"{"N" * 5000}" <{BEN}>', to=REVIEW, subject="S" * 20_000))
    office.receive(raw_email(to=REVIEW, message_id=f"<{'m' * 5000}@x.example>", text="Long id\n"))
    office.receive(raw_email(sender=f"{'a' * 400}@x.example", to=REVIEW, text="Long address\n"))
    office.receive(raw_email(sender=DAN, to=REVIEW, attachments=[("f" * 3000 + ".pdf", "application/pdf", b"%PDF")]))
    office.receive(
        raw_email(sender=DAN, to=REVIEW, text="Long type\n", message_id="<5@x.example>").replace(
            b"Content-Type: text/plain", b"Content-Type: application/" + b"x" * 900
        )
    )
    odd = raw_email(sender=DAN, to=REVIEW, text="Nul and half a character\n", message_id="<6@x.example>")
    office.receive(odd.replace(b"Nul", b"\x00").replace(b"half", b"\xed\xa0\x80"))
    office.cycle()
    assert {status for status, _ in office.outcomes()} <= {"recorded", "held"}, office.outcomes()
    assert office.outcomes()[2] == ("held", "no-sender")
