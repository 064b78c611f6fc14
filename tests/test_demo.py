"""The demo as a newcomer runs it: a process of its own, started by the real command, written to over SMTP."""

import json
import re
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import pytest

from intake.demo.samples import sample_consultations, sample_letters
from intake.demo.servers import MailServers
from intake.mail.mailbox import connect
from intake.settings import MailboxSettings
from tests.building import raw_email
from tests.command_line import ROOT, Ran, clean_environment, run, start

SECONDS = 120
REVIEW, ASHA, BEN = "education.review@county.example", "asha.rahman@county.example", "ben@st-annes.example"
RECEIVED_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class RunningDemo:
    """The demo after its tables, waiting for mail; `shown` is what it printed until then."""

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        self._process = start("demo", folder=ROOT, fresh=fresh, variables=_variables(folder))

    def __enter__(self) -> Self:
        self.shown = self.read_until("Ctrl-C ends the demo")
        command = re.search(r"swaks --server 127\.0\.0\.1:(\d+)", self.shown)
        assert command
        self.port = int(command[1])
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close()

    def read_until(self, words: str) -> str:
        lines = []
        for line in self._process.stdout:
            lines.append(line)
            if words in line:
                return "".join(lines)
        raise AssertionError(f"the demo ended and had not shown “{words}”")

    def receive(self, sender: str, recipient: str, subject: str) -> None:
        raw = raw_email(sender=sender, to=recipient, subject=subject)
        with smtplib.SMTP("127.0.0.1", self.port, timeout=SECONDS) as smtp:
            smtp.sendmail(sender, [recipient], raw)

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Its exit code and everything it wrote to standard error."""
        self._process.send(number)
        ran = self._process.ended()
        return ran.code, ran.err


def test_one_cycle_counts_every_sample_email_once(tmp_path: Path) -> None:
    ran = run_demo(tmp_path, "demo", "--once", "--json")
    assert (ran.code, ran.err) == (0, "")
    [line] = ran.out.splitlines()
    counts = json.loads(line)
    assert list(counts) == ["collected", "responses", "acknowledgements", "held", "ignored", "failed"]
    assert counts["collected"] == len(sample_letters(now=RECEIVED_AT))
    assert f"{counts['collected']} sample emails" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert counts["collected"] == counts["responses"] + counts["held"] + counts["ignored"] + counts["failed"]
    assert counts["responses"] >= 15
    assert counts["acknowledgements"] >= 10
    assert counts["held"] >= 1
    assert counts["ignored"] >= 2
    assert counts["failed"] == 0
    assert list(tmp_path.iterdir()) == []


def test_email_written_to_the_demo_is_acknowledged_until_ctrl_c_ends_it(tmp_path: Path) -> None:
    with RunningDemo(tmp_path, fresh=True) as demo:
        demo.receive(BEN, REVIEW, "Our view [/red]")
        assert re.search(r"Our view \[/red\]” → recorded: IEO-\d{4}\n", demo.read_until("recorded"))
        letter = demo.read_until(f"in the mailbox of {BEN}")
        assert "We have received your response" in letter
        assert "It reached us in time" in letter
        assert demo.end(signal.SIGINT) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_demo_shows_the_odd_cases_and_ends_when_terminated(tmp_path: Path) -> None:
    with RunningDemo(tmp_path) as demo:
        for words in (
            "It came to an officer's own address and may be a question",
            "The mail server took it for junk",
            "The same letter was already taken in by another route",
            "ADM-0001, late",
            f"{len(sample_letters(now=RECEIVED_AT))} collected",
        ):
            assert words in demo.shown
        demo.receive("dan@homemail.example", ASHA, "A quick question")
        assert "A quick question” → held: It came to an officer's own" in demo.read_until("held:")
        assert demo.end(signal.SIGTERM) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_demo_refuses_a_configuration_without_its_mailboxes(tmp_path: Path) -> None:
    config = tmp_path / "intake.toml"
    text = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
    config.write_text(text.replace("[mailboxes.owen]", "[mailboxes.office]"), encoding="utf-8")
    ran = run_demo(tmp_path, "--config", str(config), "demo", "--once")
    assert ran.code == 2
    assert ran.err == "intake: The demo needs mailboxes called owen; run it without --config to use its own.\n"


def test_demo_without_its_extra_packages_says_how_to_install_them(tmp_path: Path) -> None:
    code = "import sys; sys.modules['pymap'] = None; from intake.cli import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "demo"],
        env=clean_environment() | _variables(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert ran.returncode == 2
    [line] = ran.stderr.splitlines()
    assert "pip install 'consultation-intake[demo]'" in line


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 23, 0, 0, tzinfo=UTC),  # a Monday
        datetime(2026, 11, 29, 23, 59, tzinfo=UTC),  # a Sunday
        datetime(2027, 3, 29, 8, 0, tzinfo=UTC),  # the day after the clocks go forward
        datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
    ],
)
def test_samples_came_while_the_first_consultation_was_open_and_after_the_second_closed(now: datetime) -> None:
    first, second = sample_consultations(now=now)
    received = [letter.received_at for letter in sample_letters(now=now)]
    assert first.opens_at < second.closes_at < min(received)
    assert max(received) < now < first.closes_at
    closing = first.closes_at.astimezone(ZoneInfo("Europe/London"))
    assert f"{closing:%A %H:%M}" == "Friday 23:59"
    assert now - second.closes_at < timedelta(weeks=3)


def test_samples_say_themselves_that_they_were_sent_when_they_came() -> None:
    for letter in sample_letters(now=RECEIVED_AT):
        assert f"Date: {letter.received_at:%a, %d %b %Y}".encode() in letter.raw


@pytest.fixture
def servers() -> Iterator[MailServers]:
    with MailServers([REVIEW], clock=lambda: RECEIVED_AT) as running:
        yield running


def test_mail_to_the_council_lies_in_its_inbox_and_other_mail_is_kept_for_its_recipient(servers: MailServers) -> None:
    raw = raw_email(sender=BEN, to=REVIEW)
    with smtplib.SMTP("127.0.0.1", servers.smtp_port, timeout=SECONDS) as smtp:
        smtp.sendmail(BEN, [REVIEW.title(), BEN], raw)
    mailbox = connect(_account(servers), name="review")
    mailbox.open_folder("INBOX")
    [inside] = mailbox.fetch(mailbox.uids())
    mailbox.close()
    [outside] = servers.delivered
    assert inside.received_at == RECEIVED_AT
    assert inside.raw.startswith(f"Return-Path: <{BEN}>\r\nDelivered-To: {REVIEW.title()}\r\n".encode())
    assert outside.recipient == BEN
    # As carried: with the line ends of the wire.
    carried = b"\r\n".join(raw.splitlines())
    assert [b"\r\n".join(one.raw.splitlines()[2:]) for one in (inside, outside)] == [carried, carried]


def test_servers_end_although_somebody_is_still_connected() -> None:
    with MailServers([REVIEW], clock=lambda: RECEIVED_AT) as running:
        mailbox = connect(_account(running), name="review")
        smtp = smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=SECONDS)
    mailbox.close()
    smtp.close()


def _account(servers: MailServers) -> MailboxSettings:
    return MailboxSettings.model_validate(
        {
            "host": servers.host,
            "port": servers.imap_port,
            "security": "none",
            "username": REVIEW,
            "password": servers.password,
        }
    )


def run_demo(folder: Path, *arguments: str) -> Ran:
    return run(*arguments, folder=ROOT, variables=_variables(folder))


def _variables(folder: Path) -> dict[str, str]:
    """Temporary files go to `folder`, and lines are not broken."""
    return {"TMPDIR": str(folder), "COLUMNS": "250"}
