"""The command line as people use it: real processes, a real Dovecot, one sentence for every mistake."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from intake.outbound.rendering import product_folder
from tests.building import raw_email
from tests.people import BEN, REVIEW
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink

REVIEW_FILE = product_folder("config") / "consultations" / "improving-education-outcomes.toml"


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`intake` with a configuration file of the test's own."""

    folder: Path
    config: Path

    def __call__(self, *arguments: str | Path) -> Ran:
        return run("--config", self.config, *arguments, folder=self.folder)


def run(*arguments: str | Path, folder: Path) -> Ran:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("INTAKE_")}
    command = [sys.executable, "-W", "error", "-c", "from intake.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def user(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"cli-{tmp_path.name}"


@pytest.fixture
def intake(tmp_path: Path, dovecot: Dovecot, smtp_sink: SmtpSink, certificates: Certificates, user: str) -> CommandLine:
    config = tmp_path / "intake.toml"
    config.write_text(
        f"""
        [database]
        url = "sqlite:///intake.sqlite3"
        [files]
        path = "files"
        [mail]
        message_id_domain = "intake.county.example"
        [mailboxes.review]
        host = "127.0.0.1"
        port = {dovecot.tls_port}
        username = "{user}"
        password = "{PASSWORD}"
        ca_file = "{dovecot.certificates.ca_file}"
        [smtp]
        host = "127.0.0.1"
        port = {smtp_sink.port}
        security = "none"
        """
    )
    return CommandLine(tmp_path, config)


@pytest.fixture
def ready(intake: CommandLine) -> CommandLine:
    """Set up, with the education review added."""
    assert intake("setup").code == 0
    assert intake("consultation", "add", REVIEW_FILE).code == 0
    return intake


def test_an_emailed_response_is_answered_by_three_commands(
    ready: CommandLine, dovecot: Dovecot, smtp_sink: SmtpSink, user: str
) -> None:
    assert ready("collect").code == 0
    dovecot.append(user, "INBOX", raw_email(sender=BEN, to=REVIEW))
    collected = json.loads(ready("collect", "--json").out)
    assert collected["mailboxes"]["review"]["emails"] == 1
    assert json.loads(ready("record", "--json").out)["recorded"] == 1
    assert json.loads(ready("send", "--json").out)["sent"] == 1
    assert [sent.recipients for sent in smtp_sink.emails] == [(BEN,)]


def test_setup_twice_changes_nothing_and_says_so(intake: CommandLine) -> None:
    assert "ready." in intake("setup").out
    assert "nothing changed" in intake("setup").out


def test_the_same_consultation_file_twice_changes_nothing_and_says_so(ready: CommandLine) -> None:
    again = ready("consultation", "add", REVIEW_FILE)
    assert (again.code, "nothing changed" in again.out) == (0, True)


def test_an_exported_consultation_can_be_added_again_unchanged(ready: CommandLine, tmp_path: Path) -> None:
    exported = tmp_path / "exported.toml"
    exported.write_text(ready("consultation", "export", "improving-education-outcomes").out)
    assert "nothing changed" in ready("consultation", "add", exported).out


def test_consultations_are_listed(ready: CommandLine) -> None:
    assert "IEO" in ready("consultation", "list").out
    [listed] = json.loads(ready("consultation", "list", "--json").out)["consultations"]
    assert (listed["slug"], listed["responses"]) == ("improving-education-outcomes", 0)


def test_check_names_what_is_watched_and_what_is_not(ready: CommandLine) -> None:
    checked = ready("check")
    assert checked.code == 0, checked
    assert "watches INBOX, Junk" in checked.out
    assert "does not watch Drafts, Sent, Trash" in checked.out


def test_check_fails_where_something_is_wrong_and_says_what(
    ready: CommandLine, dovecot: Dovecot, smtp_sink: SmtpSink
) -> None:
    wrong = ready.config.read_text().replace(f'password = "{PASSWORD}"', 'password = "guess"')
    ready.config.write_text(wrong.replace(f"port = {smtp_sink.port}", "port = 1"))
    checked = ready("check", "--json")
    assert checked.code == 1
    by_name = {one["name"]: one for one in json.loads(checked.out)["checks"]}
    assert by_name["database"]["ok"] is True
    assert "password" in by_name["mailbox review"]["sentence"]
    assert by_name["mail server"]["ok"] is False
    assert "guess" not in checked.out + checked.err


def test_a_mailbox_that_cannot_be_reached_fails_collect_with_one_sentence(ready: CommandLine, dovecot: Dovecot) -> None:
    ready.config.write_text(ready.config.read_text().replace(f"port = {dovecot.tls_port}", "port = 1"))
    failed = ready("collect")
    assert failed.code == 1
    assert failed.err.splitlines()[-1].startswith("intake: Mailbox review: ")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[files]", "[fils]", ["fils", "files"]),
        ('path = "files"', 'path = "files"\npaht = 1', ["paht"]),
        ('security = "none"', 'security = "none"\nusername = "office"', ["password"]),
        (
            'host = "127.0.0.1"\n        port = ',
            'host = "mail.county.example"\n        port = ',
            ["smtp", "plain text"],
        ),
        ('[database]\n        url = "sqlite:///intake.sqlite3"', "", ["database"]),
        ("[mail]", "[mail", ["TOML"]),
    ],
)
def test_a_wrong_configuration_is_one_sentence_and_exit_2_before_anything_is_touched(
    intake: CommandLine, old: str, new: str, words: list[str]
) -> None:
    given = intake.config.read_text()
    before, _, after = given.rpartition(old)
    intake.config.write_text(before + new + after)
    wrong = intake("setup")
    assert wrong.code == 2
    assert len(wrong.err.splitlines()) == 1
    assert str(intake.config) in wrong.err
    assert all(word in wrong.err for word in words), wrong.err
    assert not (intake.folder / "intake.sqlite3").exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("closes_at = 2020-02-28T23:59:00", 'closes_at = "midnight on 28 February 2020"', ["closes_at", "11:59pm"]),
        ("closes_at = 2020-02-28T23:59:00", "closes_at = 2020-02-28", ["closes_at", "time"]),
        ("closes_at = 2020-02-28T23:59:00", "closes_at = 2019-02-28T23:59:00", ["closes_at", "opens_at"]),
        ("title =", "titel =", ["titel", "title"]),
    ],
)
def test_a_wrong_consultation_file_is_one_sentence_and_changes_nothing(
    intake: CommandLine, old: str, new: str, words: list[str]
) -> None:
    assert intake("setup").code == 0
    file = intake.folder / "wrong.toml"
    file.write_text(REVIEW_FILE.read_text().replace(old, new))
    wrong = intake("consultation", "add", file)
    assert (wrong.code, len(wrong.err.splitlines())) == (2, 1), wrong
    assert str(file) in wrong.err
    assert all(word in wrong.err for word in words), wrong.err
    assert json.loads(intake("consultation", "list", "--json").out) == {"consultations": []}


def test_a_dedicated_address_of_another_consultation_is_refused(ready: CommandLine) -> None:
    file = ready.folder / "other.toml"
    other = REVIEW_FILE.read_text().replace("improving-education-outcomes", "another-review", 1)
    file.write_text(other.replace('"IEO"', '"ANO"', 1))
    wrong = ready("consultation", "add", file)
    assert (wrong.code, len(wrong.err.splitlines())) == (2, 1), wrong
    assert "addresses number 1" in wrong.err
    assert "improving-education-outcomes" in wrong.err


def test_a_database_not_set_up_is_refused_with_the_command_that_helps(intake: CommandLine) -> None:
    refused = intake("record")
    assert (refused.code, refused.err) == (
        2,
        "intake: The database has not been set up for this version; run: intake setup\n",
    )


def test_dropped_mail_is_recorded_but_answered_only_when_released(ready: CommandLine, smtp_sink: SmtpSink) -> None:
    file = ready.folder / "letter.eml"
    file.write_bytes(raw_email(sender=BEN, to=REVIEW))
    assert json.loads(ready("drop", file, "--json").out) == {"emails": 1, "again": 0}
    assert json.loads(ready("drop", file, "--json").out) == {"emails": 0, "again": 1}
    assert json.loads(ready("record", "--json").out)["recorded"] == 1
    assert json.loads(ready("send", "--json").out)["sent"] == 0
    released = ready("send", "--release", "backlog", "--yes", "--json")
    assert json.loads(released.out)["sent"] == 1
    assert BEN in released.err


def test_drop_of_a_missing_file_takes_in_nothing(ready: CommandLine) -> None:
    file = ready.folder / "letter.eml"
    file.write_bytes(raw_email(sender=BEN, to=REVIEW))
    refused = ready("drop", file, ready.folder / "missing.eml")
    assert (refused.code, "missing.eml" in refused.err) == (1, True)
    assert json.loads(ready("record", "--json").out)["recorded"] == 0


def test_explain_needs_no_configuration_and_gives_a_line_a_file_in_order(tmp_path: Path) -> None:
    for name in ("b.eml", "a.eml"):
        (tmp_path / name).write_bytes(raw_email(subject=name))
    (tmp_path / "garbage.eml").write_bytes(bytes(range(256)) * 10)
    explained = run("explain", "b.eml", "garbage.eml", "a.eml", "--json", folder=tmp_path)
    assert explained.code == 0
    assert explained.out.isascii()
    lines = [json.loads(line) for line in explained.out.splitlines()]
    assert [line["file"] for line in lines] == ["b.eml", "garbage.eml", "a.eml"]
    assert set(lines[0]) == {
        "file",
        "message_id",
        "sent_at",
        "subject",
        "from",
        "to",
        "cc",
        "text",
        "own_words",
        "attachments",
        "automatic",
        "bounce",
        "forwarded",
        "defects",
    }


def test_explain_knows_our_own_mail_where_there_is_a_configuration(intake: CommandLine) -> None:
    file = intake.folder / "ours.eml"
    file.write_bytes(raw_email(message_id="<intake.acknowledgement.0123456789abcdef@intake.county.example>"))
    line = json.loads(intake("explain", file, "--json").out)
    assert line["automatic"]["kind"] == "own"


def test_explain_of_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    missing = run("explain", "missing.eml", folder=tmp_path)
    assert (missing.code, missing.out, len(missing.err.splitlines())) == (1, "", 1)


def test_process_output_names_nobody(ready: CommandLine, dovecot: Dovecot, user: str) -> None:
    ready("collect")
    raw = raw_email(sender=BEN, to=REVIEW, subject="Our private views", text="Words of ours.\n")
    dovecot.append(user, "INBOX", raw)
    printed = "".join(ran.out + ran.err for ran in (ready("collect"), ready("record"), ready("send")))
    assert "recorded" in printed
    for private in ("ben.hughes", "private views", "Words of ours", "heathfield"):
        assert private not in printed
