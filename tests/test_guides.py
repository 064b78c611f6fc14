"""The guides in docs/: every configuration in them is one intake takes, every command one it has."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from intake.cli import app
from intake.mail.signin import GOOGLE_SCOPE
from intake.settings import load_settings
from tests.documented import DOCS

GUIDES = ("microsoft-365.md", "google-workspace.md", "imap.md", "officers.md", "administrators.md")
WITH_SETTINGS = GUIDES[:3]
REST = """
[database]
url = "sqlite:///intake.sqlite3"
[files]
path = "files"
[mail]
message_id_domain = "consultations.riverford.example"
"""


def _text(guide: str) -> str:
    return (DOCS / guide).read_text(encoding="utf-8")


def _settings(guide: str) -> str:
    [block] = re.findall(r"```toml\n(.*?)```", _text(guide), re.DOTALL)
    return "\n".join(line.strip() for line in block.splitlines())


@pytest.mark.parametrize("guide", WITH_SETTINGS)
def test_the_configuration_of_a_guide_is_one_that_intake_takes(guide: str, tmp_path: Path) -> None:
    for name in ("education.password", "microsoft.secret", "google-service-account.json"):
        (tmp_path / name).write_text("something secret")
    file = tmp_path / "intake.toml"
    file.write_text(REST + _settings(guide))
    settings = load_settings(file)
    assert settings.smtp.sign_in == settings.mailboxes["education"].sign_in
    assert settings.mailboxes["education"].sign_in == tomllib.loads(_settings(guide))["smtp"].get("sign_in", "password")


@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_of_a_guide_is_one_that_intake_has(guide: str) -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = re.findall(r"(?:^|`)intake ([a-z]+)", _text(guide), re.MULTILINE)
    assert set(named) <= commands
    assert named or guide == "officers.md"


def test_the_scope_that_is_to_be_granted_is_the_one_that_is_asked_for() -> None:
    assert f"`{GOOGLE_SCOPE}`" in _text("google-workspace.md")


@pytest.mark.parametrize("guide", GUIDES)
def test_links_between_the_guides_lead_somewhere(guide: str) -> None:
    for target in re.findall(r"\]\(([\w.-]+\.md)\)", _text(guide)):
        assert (DOCS / target).is_file()
