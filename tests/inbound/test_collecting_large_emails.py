"""Large emails are streamed; those above the limit wait with their headers until somebody asks for them."""

from pathlib import Path

from intake import jobs
from intake.inbound.fetching import request_oversize
from intake.store.reasons import Reason
from tests.inbound.at_dovecot import LARGEST_EMAIL_MB, big, fetches, office_at, put, said_meanwhile
from tests.inbound.eventful import ledger, letter, stored
from tests.office import Office
from tests.people import ASHA
from tests.servers.dovecot import Dovecot

OVERSIZE = LARGEST_EMAIL_MB * 1_000_000


def ask(office: Office) -> int:
    with office.database.transaction() as session:
        return request_oversize(session, now=office.now, actor=ASHA)


def header_of(raw: bytes) -> bytes:
    return raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def test_a_large_email_comes_in_parts_and_is_stored_byte_for_byte(dovecot: Dovecot, tmp_path: Path) -> None:
    with office_at(dovecot, "streamed", tmp_path) as office:
        raws = [letter(1), big(2, 5_000_000), letter(3)]
        put(dovecot, "streamed", *raws)
        with said_meanwhile(dovecot, "streamed") as said:
            assert office.collect().emails == 3
        assert sorted(stored(office)) == sorted(raws)
        parts = [line for line in said if "BODY.PEEK[]<" in line]
        assert len(parts) == 6  # five of a megabyte, and one that says it was all
        assert {line.split()[2] for line in parts} == {"2"}
        assert fetches(said, "BODY.PEEK[] ") == ["1", "3"]


def test_an_oversize_email_is_held_with_its_header_only(dovecot: Dovecot, tmp_path: Path) -> None:
    with office_at(dovecot, "oversize", tmp_path) as office:
        raw = big(1, OVERSIZE)
        put(dovecot, "oversize", raw, letter(2))
        with said_meanwhile(dovecot, "oversize") as said:
            found = office.collect()
        assert (found.emails, found.oversize) == (2, 1)
        assert fetches(said, "BODY.PEEK[]") == ["2"]
        oversize = next(email for email in office.emails() if email.is_headers_only)
        assert (oversize.size, oversize.status, oversize.reason) == (len(raw), "held", Reason.oversize)
        assert office.files.read(oversize.raw_sha256) == header_of(raw)
        assert [entry.detail for entry in office.history("held")] == [{"reason": "oversize"}]


def test_an_oversize_email_somebody_asked_for_is_fetched_whole_and_recorded(dovecot: Dovecot, tmp_path: Path) -> None:
    with office_at(dovecot, "asked", tmp_path) as office:
        raw = big(1, OVERSIZE)
        put(dovecot, "asked", raw)
        office.collect()
        jobs.record(office.this)
        assert office.outcomes() == [("held", "oversize")]
        assert ask(office) == 1
        with said_meanwhile(dovecot, "asked") as said:
            office.collect()
        assert len(fetches(said, "BODY.PEEK[]<")) > LARGEST_EMAIL_MB
        assert (office.outcomes(), stored(office)) == ([("received", None)], [raw])
        assert [entry.actor for entry in office.history("fetch-requested")] == [ASHA]
        jobs.record(office.this)
        assert office.outcomes() == [("recorded", None)]
        assert len(ledger(office)) == 1


def test_an_oversize_email_that_was_moved_is_fetched_from_where_it_lies_now(dovecot: Dovecot, tmp_path: Path) -> None:
    with office_at(dovecot, "elsewhere", tmp_path, server_action="move:Done") as office:
        raw = big(1, OVERSIZE)
        put(dovecot, "elsewhere", letter(2), folder="Done")
        put(dovecot, "elsewhere", raw)
        office.collect()
        assert office.collect().again == 1
        ask(office)
        office.collect()
        assert sorted(stored(office)) == sorted([raw, letter(2)])


def test_an_oversize_email_fetched_whole_is_known_again_by_its_header(dovecot: Dovecot, tmp_path: Path) -> None:
    with office_at(dovecot, "twice-large", tmp_path) as office:
        raw = big(1, OVERSIZE)
        for folder in ("INBOX", "Schools"):
            put(dovecot, "twice-large", raw, folder=folder)
            office.collect()
            ask(office)
            office.collect()
        assert office.outcomes() == [("received", None)]


def test_an_oversize_email_that_is_gone_when_asked_for_stays_held(dovecot: Dovecot, tmp_path: Path) -> None:
    with office_at(dovecot, "gone-large", tmp_path) as office:
        put(dovecot, "gone-large", big(1, OVERSIZE))
        office.collect()
        ask(office)
        with dovecot.signed_in("gone-large") as other_program:
            other_program.select("INBOX")
            other_program.store("1", "+FLAGS", r"(\Deleted)")
            other_program.expunge()
        office.collect()
        assert office.outcomes() == [("held", "oversize")]
