"""`intake user` and `intake serve` as people use them: real processes, and a browser at what they serve."""

import json
import signal
import time
from pathlib import Path

import httpx2
import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.command_line import CommandLine, copy_made
from tests.people import ADAM, ASHA
from tests.servers import answers, free_port
from tests.test_cli import made_ready

__all__ = ["made_ready"]  # a fixture

SLUG = "improving-education-outcomes"
PASSWORD = "otter ladder marmalade"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def intake(tmp_path: Path, port: int, made_ready: Path) -> CommandLine:
    config = tmp_path / "intake.toml"
    config.write_text(
        f"""
        [database]
        url = "sqlite:///intake.sqlite3"
        [files]
        path = "files"
        [mail]
        message_id_domain = "intake.county.example"
        [smtp]
        host = "127.0.0.1"
        security = "none"
        [web]
        base_url = "http://127.0.0.1:{port}"
        port = {port}
        """
    )
    copy_made(made_ready, tmp_path)
    return CommandLine(tmp_path, config)


def test_the_first_administrator_is_added_and_comes_in_by_the_printed_link(intake: CommandLine, port: int) -> None:
    added = intake("user", "add", ADAM, "--role", "administrator")
    assert (added.code, "Give Adam Clarke this link" in added.err) == (0, True)
    link = added.out.strip()
    assert link.startswith(f"http://127.0.0.1:{port}/link/")
    with intake.start("serve", fresh=True) as serving:
        deadline = time.monotonic() + 30
        while not answers(port):
            assert not serving.has_ended(), serving.ended()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with httpx2.Client(follow_redirects=True) as browser:
            token = LexborHTMLParser(browser.get(link).text).css_first("input[name=form_token]")
            assert token is not None
            fields = {"form_token": token.attributes["value"], "password": PASSWORD, "again": PASSWORD}
            browser.post(link, data=fields, headers={"origin": f"http://127.0.0.1:{port}"})
            assert "Users" in browser.get(f"http://127.0.0.1:{port}/users").text
        serving.send(signal.SIGTERM)
        ended = serving.ended()
    assert ended.code == 0, ended
    assert ADAM not in ended.out + ended.err


def test_users_are_listed_with_what_they_are_given(intake: CommandLine) -> None:
    assert intake("user", "add", ASHA, "--role", "officer", "--name", "Asha R", "--consultation", SLUG).code == 0
    assert intake("user", "list").out == f"{ASHA}  Asha R  officer  consultations: {SLUG}\n"
    [listed] = json.loads(intake("user", "list", "--json").out)["users"]
    assert (listed["name"], listed["consultations"], listed["disabled"]) == ("Asha R", [SLUG], False)


def test_a_new_link_can_be_had_for_a_user_who_lost_theirs(intake: CommandLine) -> None:
    first = intake("user", "add", ASHA, "--role", "officer").out
    second = intake("user", "link", ASHA.upper())
    assert second.code == 0
    assert second.out.startswith("http://127.0.0.1:")
    assert second.out != first


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["add", "asha", "--role", "officer"], 1, "Enter an email address"),
        (["add", ASHA, "--role", "officer", "--consultation", "unknown"], 1, "no consultation “unknown”"),
        (["add", ASHA, "--role", "owner"], 2, "owner"),
        (["add", ASHA], 2, "--role"),
        (["link", ASHA], 1, "There is no user with this address"),
    ],
)
def test_a_mistake_is_one_sentence_and_adds_nobody(
    intake: CommandLine, arguments: list[str], code: int, words: str
) -> None:
    wrong = intake("user", *arguments)
    assert (wrong.code, words in wrong.err) == (code, True), wrong
    assert json.loads(intake("user", "list", "--json").out) == {"users": []}


def test_no_link_is_printed_where_nobody_has_a_password_here(intake: CommandLine) -> None:
    (intake.folder / "sign-in.secret").write_text("secret\n")
    issuer = 'issuer = "https://sign-in.county.example"\nclient_id = "i"\nclient_secret_file = "sign-in.secret"\n'
    section = f'\n[sign_in]\n{issuer}officers_group = "officers"\nlocal_accounts = false\n'
    intake.config.write_text(intake.config.read_text() + section)
    added = intake("user", "add", ASHA, "--role", "officer")
    assert (added.code, added.out) == (0, "Added. They sign in with their council account.\n")
