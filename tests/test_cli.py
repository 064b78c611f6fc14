"""The command line as people use it: real processes, a real Dovecot, one sentence for every mistake."""

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from intake.outbound.rendering import product_folder
from tests.building import raw_email
from tests.command_line import CommandLine, copy_made, run
from tests.people import ADAM, BEN, CAROL, REVIEW
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink

REVIEW_FILE = product_folder("config") / "consultations" / "improving-education-outcomes.toml"


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


@pytest.fixture(scope="module")
def made_ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands make of a folder when it is set up and the education review is added."""
    folder = tmp_path_factory.mktemp("ready")
    config = folder / "intake.toml"
    config.write_text(
        """
        database = {url = "sqlite:///intake.sqlite3"}
        files = {path = "files"}
        mail = {message_id_domain = "intake.county.example"}
        smtp = {host = "127.0.0.1", security = "none"}
        """
    )
    assert run("--config", config, "setup", folder=folder).code == 0
    assert run("--config", config, "consultation", "add", REVIEW_FILE, folder=folder).code == 0
    return folder


@pytest.fixture
def ready(intake: CommandLine, made_ready: Path) -> CommandLine:
    """Set up, with the education review added: a copy, as to do it anew takes longer than most tests."""
    copy_made(made_ready, intake.folder)
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


def test_check_asks_whether_mail_may_be_sent_as_the_consultation_and_sends_none(
    ready: CommandLine, smtp_sink: SmtpSink
) -> None:
    [line] = [line for line in ready("check").out.splitlines() if "sending as" in line]
    assert line.startswith("ok    sending as ")
    assert smtp_sink.emails == []
    smtp_sink.sender_answer = "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
    refused = ready("check")
    assert refused.code == 1
    [line] = [line for line in refused.out.splitlines() if "sending as" in line]
    assert line.startswith("FAIL  sending as ")
    assert "give the account of [smtp] the right to send as this address" in line


def test_check_sends_an_email_to_whoever_is_named(ready: CommandLine, smtp_sink: SmtpSink) -> None:
    checked = ready("check", "--send-to", ADAM)
    assert checked.code == 0, checked
    assert f"works; see that the email came to {ADAM}" in checked.out
    [sent] = smtp_sink.emails
    assert sent.recipients == (ADAM,)
    assert f"sending as {sent.sender}" in checked.out
    smtp_sink.content_answer = "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
    assert "give the account of [smtp] the right" in ready("check", "--send-to", ADAM).out


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


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql+psycopg://intake@127.0.0.1:1/intake", 1),
        ("postgresql+psycopg://intake@nowhere.invalid/intake", 1),
        ("postgresql+psycopg://intake@nowhere..invalid/intake", 2),
        ("postgresql://intake@127.0.0.1/intake", 2),
        ("mysql://intake@127.0.0.1/intake", 2),
        ("sqlite:///files", 1),
        ("sqlite:///letter.eml", 1),
        ("sqlite:///intake.toml/intake.sqlite3", 1),
    ],
)
def test_a_database_that_is_of_no_use_is_one_sentence(intake: CommandLine, url: str, code: int) -> None:
    (intake.folder / "files").mkdir()
    (intake.folder / "letter.eml").write_bytes(raw_email())
    intake.config.write_text(intake.config.read_text().replace("sqlite:///intake.sqlite3", url))
    away = intake("setup")
    assert (away.code, len(away.err.splitlines())) == (code, 1), away
    assert "database.url" in away.err
    checked = intake("check")
    assert (checked.code, "database" in checked.out + checked.err) == (code, True)


def test_a_file_in_place_of_the_folder_of_files_is_one_sentence(ready: CommandLine) -> None:
    (ready.folder / "letter.eml").write_bytes(raw_email())
    ready.config.write_text(ready.config.read_text().replace('path = "files"', 'path = "letter.eml"'))
    for command, code in (("setup", 2), ("check", 1), ("drop letter.eml", 2)):
        ran = ready(*command.split())
        assert (ran.code, ran.err.count("\n")) == (code, code - 1), ran
        assert "letter.eml (files.path) cannot be used" in ran.out + ran.err


def test_only_setup_makes_anything(intake: CommandLine) -> None:
    intake.config.write_text(intake.config.read_text().replace("sqlite:///", "sqlite:///data/"))
    assert intake("check").code == 1
    assert intake("record").code == 2
    assert [path.name for path in intake.folder.iterdir()] == ["intake.toml"]
    assert intake("setup").code == 0
    assert sorted(path.name for path in intake.folder.iterdir()) == ["data", "files", "intake.toml"]
    assert intake("check").code == 0


def test_what_nobody_foresaw_is_one_line_that_quotes_nothing(ready: CommandLine) -> None:
    file = ready.folder / "asha.rahman.eml"
    file.write_bytes(raw_email())
    (ready.folder / "files" / sha256(raw_email()).hexdigest()[:2]).write_bytes(b"in the way of a folder")
    broken = ready("drop", file)
    said = (
        r"intake: This broke off unexpectedly: NotADirectoryError \(Not a directory\) at intake/store/files\.py:\d+\.\n"
    )
    assert (broken.code, bool(re.fullmatch(said, broken.err))) == (1, True), broken


def test_dropped_mail_is_recorded_but_answered_only_when_released(ready: CommandLine, smtp_sink: SmtpSink) -> None:
    take_in(ready, BEN)
    assert json.loads(ready("send", "--json").out)["sent"] == 0
    released = ready("send", "--release", "backlog", "--yes", "--json")
    assert json.loads(released.out)["sent"] == 1
    assert BEN in released.err


def test_only_what_was_listed_is_released_and_nobody_waits_for_the_answer(ready: CommandLine) -> None:
    take_in(ready, BEN)
    with ready.start("send", "--release", "backlog", "--json") as asking:
        listed = asking.stderr.readline()
        take_in(ready, CAROL)
        released = asking.ended("y\n")
    assert (released.code, json.loads(released.out)["sent"]) == (0, 1), released
    assert BEN in listed
    assert CAROL in ready("send", "--release", "backlog", "--yes").err


def take_in(intake: CommandLine, sender: str) -> None:
    file = intake.folder / f"{sender}.eml"
    file.write_bytes(raw_email(sender=sender, to=REVIEW, message_id=f"<{sender}>"))
    assert json.loads(intake("drop", file, "--json").out) == {"emails": 1, "again": 0}
    assert json.loads(intake("drop", file, "--json").out) == {"emails": 0, "again": 1}
    assert json.loads(intake("record", "--json").out)["recorded"] == 1


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
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "intake.toml").write_text("[mail")
    explained = run("explain", "./b.eml", "garbage.eml", "..//" + tmp_path.name + "/a.eml", "--json", folder=tmp_path)
    assert explained.code == 0
    assert explained.out.isascii()
    lines = [json.loads(line) for line in explained.out.splitlines()]
    assert [line["file"] for line in lines] == ["./b.eml", "garbage.eml", f"..//{tmp_path.name}/a.eml"]
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
    # Nothing else of it is needed.
    intake.config.write_text(intake.config.read_text().replace("password =", "password_file ="))
    line = json.loads(intake("explain", file, "--json").out)
    assert line["automatic"]["kind"] == "own"
    intake.config.write_text("[mail")
    wrong = intake("explain", file)
    assert (wrong.code, wrong.out, len(wrong.err.splitlines())) == (2, "", 1)


def test_explain_of_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    missing = run("explain", "missing.eml", folder=tmp_path)
    assert (missing.code, missing.out, len(missing.err.splitlines())) == (1, "", 1)


def test_reconcile_names_what_is_lost_and_mends_it_with_one_flag(
    ready: CommandLine, dovecot: Dovecot, user: str
) -> None:
    dovecot.append(user, "INBOX", raw_email(sender=BEN, to=REVIEW))
    ready("collect")
    ready("record")
    [lost] = [file for file in (ready.folder / "files").glob("*/*") if "incoming" not in file.parts]
    lost.unlink()
    told = ready("reconcile")
    assert (told.code, told.out.splitlines()[-1]) == (1, "file-missing  email 1: Its stored file is gone.")
    mended = ready("reconcile", "--mend", "--json")
    assert (mended.code, json.loads(mended.out)["differences"]) == (
        0,
        [{"kind": "file-missing", "where": "email 1", "mended": True}],
    )
    again = ready("reconcile", "--json")
    assert (again.code, json.loads(again.out)["differences"], json.loads(again.out)["counts"]["on_servers"]) == (
        0,
        [],
        1,
    )


def test_process_output_names_nobody(ready: CommandLine, dovecot: Dovecot, user: str) -> None:
    ready("collect")
    raw = raw_email(sender=BEN, to=REVIEW, subject="Our private views", text="Words of ours.\n")
    dovecot.append(user, "INBOX", raw)
    printed = "".join(ran.out + ran.err for ran in (ready("collect"), ready("record"), ready("send")))
    assert "recorded" in printed
    for private in ("ben.hughes", "private views", "Words of ours", "heathfield"):
        assert private not in printed
