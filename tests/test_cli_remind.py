"""`intake remind`: says beforehand exactly what it would do, then does it once."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from intake.store.history import HistoryEntry
from intake.store.mailings import Mailing
from tests.command_line import CommandLine
from tests.office import Office, open_office
from tests.outbound.ruled import DUE_AT, add_consultee, add_rule, answer, outcomes, remind, reminders
from tests.people import BEN, CAROL


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        answer(opened, BEN)
        add_consultee(opened, "Ashford School")
        add_rule(opened)
        yield opened


@pytest.fixture
def intake(office: Office, tmp_path: Path) -> CommandLine:
    config = tmp_path / "intake.toml"
    config.write_text(
        f"""
        database = {{url = "{office.database.url}"}}
        files = {{path = "files"}}
        mail = {{message_id_domain = "intake.county.example"}}
        smtp = {{host = "127.0.0.1", security = "none"}}
        """
    )
    return CommandLine(tmp_path, config)


def test_a_dry_run_says_who_gets_what_and_who_does_not_and_why_and_writes_nothing(
    office: Office, intake: CommandLine
) -> None:
    before = len(office.rows(HistoryEntry))
    found = json.loads(intake("remind", "--dry-run", "--at", "2020-02-14 09:00", "--json").out)
    [due] = found["due"]
    assert (found["at"], found["missed"]) == ("2020-02-14T09:00:00+00:00", [])
    assert (due["rule"], due["consultation"], due["kind"]) == (
        "First reminder",
        "improving-education-outcomes",
        "reminder",
    )
    assert (due["due_on"], due["due_at"]) == ("2020-02-14", "2020-02-14T09:00:00+00:00")
    assert [tuple(one.values()) for one in due["recipients"]] == [
        ("", "", "Ashford School", "no-address", "No contact with an email address is known."),
        (
            BEN,
            "",
            "Heathfield Primary School",
            "answered",
            "Answered on Wednesday 12 February 2020 by email (IEO-0001).",
        ),
        (CAROL, "", "Larkmead Trust", "goes", "Gets it."),
    ]
    assert (office.rows(Mailing), len(office.rows(HistoryEntry))) == ([], before)


def test_a_dry_run_is_told_in_words_too(intake: CommandLine) -> None:
    told = intake("remind", "--dry-run", "--at", "2020-02-14T09:00:00Z").out.splitlines()
    assert told == [
        "First reminder, of improving-education-outcomes: due 9:00am on Friday 14 February 2020, to 1 of 3",
        "  - Ashford School <no address>: No contact with an email address is known.",
        f"  - Heathfield Primary School <{BEN}>: Answered on Wednesday 12 February 2020 by email (IEO-0001).",
        f"  + Larkmead Trust <{CAROL}>: Gets it.",
        "1 mailing is due.",
    ]
    assert intake("remind", "--dry-run", "--at", "2020-02-14 08:59").out == "Nothing is due.\n"
    assert "Missed: that day is over." in intake("remind", "--dry-run", "--at", "2020-02-15 00:00").out


def test_what_is_due_at_an_instant_is_queued_once_and_judged_again_by_the_real_clock(
    office: Office, intake: CommandLine
) -> None:
    queued = json.loads(intake("remind", "--at", "2020-02-14 09:00", "--json").out)
    assert queued == {"mailings": 1, "queued": 1, "missed": 0, "expired": 1}
    assert outcomes(office) == {CAROL: ("missed", "has-closed")}
    assert not any(json.loads(intake("remind", "--at", "2020-02-14 09:00", "--json").out).values())


def test_what_the_worker_queued_is_not_due_again(office: Office, intake: CommandLine) -> None:
    remind(office, DUE_AT)
    found = json.loads(intake("remind", "--dry-run", "--at", "2020-02-14 09:30", "--json").out)
    assert (found["due"], found["missed"]) == ([], [])
    assert len(reminders(office)) == 1
    assert office.now - DUE_AT == timedelta(0)


@pytest.mark.parametrize(
    "written", ["2020-02-14", "tomorrow", "2020-02-30 09:00", "14/02/2020 09:00", "9999-12-31 23:59"]
)
def test_an_instant_that_is_none_is_refused_in_one_line(intake: CommandLine, written: str) -> None:
    ran = intake("remind", "--dry-run", "--at", written)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--at is not a date and time" in ran.err
