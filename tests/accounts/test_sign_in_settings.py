"""The section [sign_in]: what is refused before anybody could come in by it."""

from pathlib import Path

import pytest

from intake.settings import Settings
from tests.test_settings import SMALLEST, _load, _refusal

SECTION = '\n[sign_in]\nissuer = "https://sign-in.council.example/"\nclient_id = "intake"\n'
GROUPS = 'officers_group = "officers"\n'


def test_without_the_section_passwords_are_kept_here(tmp_path: Path) -> None:
    settings = _load(tmp_path, SMALLEST).sign_in
    assert (settings.local_accounts, settings.issuer, settings.groups_claim) == (True, None, "groups")


def test_the_clients_secret_comes_from_a_file_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "sign-in.secret").write_text("a long secret\n", encoding="utf-8")
    settings = _load(tmp_path, SMALLEST + SECTION + GROUPS + 'client_secret_file = "sign-in.secret"').sign_in
    assert settings.client_secret
    assert settings.client_secret.get_secret_value() == "a long secret"
    assert settings.issuer == "https://sign-in.council.example/"
    assert "a long secret" not in repr(settings)


def test_the_clients_secret_in_a_variable_beats_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_SIGN_IN__CLIENT_SECRET", "from the variable")
    settings: Settings = _load(tmp_path, SMALLEST + SECTION + GROUPS + 'client_secret_file = "gone"')
    assert settings.sign_in.client_secret
    assert settings.sign_in.client_secret.get_secret_value() == "from the variable"


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("local_accounts = false", "lets nobody in"),
        ('issuer = "http://sign-in.council.example"', "others can listen"),
        ('issuer = "sign-in.council.example"', "must look like"),
        ('issuer = "https://login.microsoftonline.com/common/v2.0"', "people of every organisation"),
        ('issuer = "https://sign-in.council.example"', "no client_id or no client_secret_file"),
        ('issuer = "https://s.example"\nclient_id = "i"\nclient_secret = "s"', "nobody gets in"),
        ('scope = "profile email"', "scope"),
        ('client_secret = "s"\nclient_secret_file = "f"', "has both a client_secret and a client_secret_file"),
        ('client_secret_file = "f"', "has a client_secret_file that cannot be read"),
        ('grups_claim = "roles"', "groups_claim"),
    ],
)
def test_a_wrong_section_is_refused_in_one_sentence(tmp_path: Path, section: str, words: str) -> None:
    assert words in _refusal(tmp_path, f"{SMALLEST}\n[sign_in]\n{section}\n")
