"""What an administrator writes becomes settings, and every mistake becomes one sentence that says what to correct."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from intake.errors import WrongConfiguration
from intake.settings import MailboxSettings, Settings, load_message_id_domain, load_settings, settings_in

EXAMPLE = Path(__file__).parent.parent / "config" / "intake.example.toml"
SECRETS = ("password", "client_secret")  # rather in a file of their own

SMALLEST = """
[database]
url = "sqlite:///intake.sqlite3"
[files]
path = "files"
[mail]
message_id_domain = "council.example"
[smtp]
host = "smtp.council.example"
"""
MAILBOX = """
[mailboxes.office]
host = "imap.council.example"
username = "office@council.example"
"""


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("INTAKE_CONFIG", "INTAKE_DATABASE__URL"):
        monkeypatch.delenv(name, raising=False)


def _load(folder: Path, text: str) -> Settings:
    path = folder / "intake.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def _password(settings: Settings, name: str) -> str:
    password = settings.mailboxes[name].password
    return password.get_secret_value() if password else ""


def _refusal(folder: Path, text: str) -> str:
    with pytest.raises(WrongConfiguration) as refused:
        _load(folder, text)
    assert refused.value.__cause__ is None
    assert not isinstance(refused.value.__context__, ValidationError), "it carries the secrets it was given"
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence.replace(str(folder / "intake.toml"), "FILE").replace(str(folder), "FOLDER")


def test_smallest_file_gets_the_stated_defaults(tmp_path: Path) -> None:
    settings = _load(tmp_path, SMALLEST)
    assert settings.mailboxes == {}
    assert settings.smtp.port == 587
    assert settings.smtp.security == "starttls"
    assert settings.mail.largest_email_mb == 60
    assert settings.acknowledgements.per_sender_a_day == 5
    assert settings.worker.lease_seconds == 300
    assert settings.templates.path is None


def test_example_file_loads_once_its_secrets_exist(tmp_path: Path) -> None:
    for name in ("education.password", "officer.password"):
        (tmp_path / name).write_text("a long secret\n", encoding="utf-8")
    settings = _load(tmp_path, EXAMPLE.read_text(encoding="utf-8"))
    assert _password(settings, "education") == "a long secret"
    assert settings.mailboxes["officer"].folders == ["Consultation"]
    assert settings.mailboxes["officer"].port == 993


def _keys(name: str, annotation: Any) -> list[str]:
    found = [MailboxSettings] if name == "mailboxes" else [annotation, *get_args(annotation)]
    return [key for one in found if hasattr(one, "model_fields") for key in settings_in(one)]


def test_example_file_names_every_setting() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    for name, section in Settings.model_fields.items():
        assert f"[{name}" in text
        for key in _keys(name, section.annotation):
            assert f"\n{key} = " in text or f"\n# {key} = " in text or key in SECRETS, f"{name}.{key}"


def test_paths_start_at_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc").mkdir()
    monkeypatch.chdir(tmp_path)
    text = SMALLEST.replace("sqlite:///intake", "sqlite:///../var/intake")
    (tmp_path / "etc" / "intake.toml").write_text(text, encoding="utf-8")
    settings = load_settings(Path("etc/intake.toml"))
    assert settings.files.path == tmp_path / "etc" / "files"
    assert settings.database.url == f"sqlite:///{tmp_path}/var/intake.sqlite3"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////srv/intake.sqlite3",
        "sqlite:///:memory:",
        "postgresql+psycopg://db/intake",
        "postgresql+psycopg://intake:p/w:?@[::1]:5432/intake?sslmode=require",
        "postgresql+psycopg:///intake?host=/run/postgresql",
    ],
)
def test_absolute_database_is_left_as_written(tmp_path: Path, url: str) -> None:
    assert _load(tmp_path, SMALLEST.replace("sqlite:///intake.sqlite3", url)).database.url == url


@pytest.mark.parametrize("url", ["postgres://db/intake", "postgresql://asha:hunter2@db/intake"])
def test_postgresql_without_its_driver_is_told_how_to_be_written(tmp_path: Path, url: str) -> None:
    refusal = _refusal(tmp_path, SMALLEST.replace("sqlite:///intake.sqlite3", url))
    assert refusal == "FILE: database.url names no driver; write postgresql+psycopg:// at its start."


@pytest.mark.parametrize(
    "url",
    [
        "mysql://db/intake",
        "nonsense://",
        "intake.sqlite3",
        "",
        "sqlite://",
        "sqlite:///",
        "sqlite:intake.sqlite3",
        "sqlite+aiosqlite:///intake.sqlite3",
        "postgresql+psycopg2://db/intake",
        "postgresql+psycopg:/db/intake",
        "postgresql+psycopg://intake:hunter2:db/intake",
        "postgresql+psycopg://intake@db:hunter2/intake",
        "postgresql+psycopg://intake:hunter@2@db/intake",
        "postgresql+psycopg://intake@db..example/intake",
        f"postgresql+psycopg://intake@{'d' * 64}/intake",
    ],
)
def test_other_databases_are_refused_without_being_quoted(tmp_path: Path, url: str) -> None:
    assert _refusal(tmp_path, SMALLEST.replace("sqlite:///intake.sqlite3", url)) == (
        'FILE: database.url must look like "sqlite:///intake.sqlite3" or "postgresql+psycopg://user@host/database".'
    )


def test_variable_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_SMTP__HOST", "relay.council.example")
    monkeypatch.setenv("INTAKE_SMTP__PORT", "2525")
    monkeypatch.setenv("INTAKE_WORKER__PARSERS", "")
    settings = _load(tmp_path, SMALLEST)
    assert (settings.smtp.host, settings.smtp.port) == ("relay.council.example", 2525)
    assert settings.worker.parsers == 2


@pytest.mark.parametrize("secret", ["plain", "0123456", "12345678", "true", "null", '{"a": 1}', "[1", "ünïcode"])
def test_password_in_a_variable_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("INTAKE_MAILBOXES__OFFICE__PASSWORD", secret)
    settings = _load(tmp_path, SMALLEST + MAILBOX)
    assert _password(settings, "office") == secret


def test_password_in_a_variable_beats_a_password_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_MAILBOXES__OFFICE__PASSWORD", "from outside")
    settings = _load(tmp_path, SMALLEST + MAILBOX + 'password_file = "gone"')
    assert _password(settings, "office") == "from outside"


def test_password_file_in_a_variable_beats_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("from the file\n", encoding="utf-8")
    monkeypatch.setenv("INTAKE_SMTP__PASSWORD_FILE", "secret")
    settings = _load(tmp_path, SMALLEST + 'username = "office"\npassword = "written down"')
    assert settings.smtp.password is not None
    assert settings.smtp.password.get_secret_value() == "from the file"


def test_secrets_are_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_DATABASE__URL", "postgresql+psycopg://intake:hunter2@db.example/intake")
    settings = _load(tmp_path, SMALLEST + MAILBOX + 'password = "hunter2"')
    assert "hunter2" not in f"{settings!r} {settings}"
    sentence = _refusal(tmp_path, SMALLEST + MAILBOX + 'password = ["hunter2"]')
    assert sentence == "FILE: mailboxes.office.password should be a valid string."


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = _load(tmp_path, SMALLEST)
    with pytest.raises(ValueError, match="frozen"):
        settings.smtp.port = 25


@pytest.mark.parametrize(
    ("added", "sentence"),
    [
        ('usrname = "x"', 'there is no setting smtp.usrname; did you mean "username"?'),
        ("colour = 1", 'there is no setting smtp.colour; remove it.'),
        ("[worke]\nparsers = 1", 'there is no setting worke; did you mean "worker"?'),
        ('port = "many"', "smtp.port should be a valid integer."),
        ("port = 70000", "smtp.port should be less than or equal to 65535."),
        ('security = "ssl"', "smtp.security should be 'tls', 'starttls' or 'none'."),
        ("[worker]\nparsers = 0", "worker.parsers should be greater than 0."),
        ("[worker]\nlease_seconds = 60", "worker.lease_seconds must be longer than timeout_seconds and parse_seconds."),
        ('username = "x"', "smtp has a username but no password; set password_file, or remove the username."),
        ('password = "x"', "smtp has a password but no username; add the username."),
        ('ca_file = "gone.pem"', "smtp.ca_file names a file that does not exist."),
        ('[templates]\npath = "gone"', "templates.path names a file that does not exist."),
        ("mailboxes = 3", 'there is no setting smtp.mailboxes; remove it.'),
        ("[worker.parsers]\nx = 1", "worker.parsers should be a valid integer."),
    ],
)  # fmt: skip
def test_wrong_setting_is_named_with_its_remedy(tmp_path: Path, added: str, sentence: str) -> None:
    assert _refusal(tmp_path, SMALLEST + added) == f"FILE: {sentence}"


def test_missing_password_is_asked_for(tmp_path: Path) -> None:
    assert _refusal(tmp_path, SMALLEST + MAILBOX) == (
        "FILE: mailboxes.office has no password; set password_file in it, or sign_in."
    )


def test_empty_password_is_refused(tmp_path: Path) -> None:
    refusal = _refusal(tmp_path, SMALLEST + MAILBOX + 'password = ""')
    assert refusal == "FILE: mailboxes.office.password is empty; give it a value."


@pytest.mark.parametrize(
    ("added", "sentence"),
    [
        ('password = "x"\npassword_file = "y"', "has both a password and a password_file; remove one."),
        ('password_file = "y"', "has a password_file that cannot be read (No such file or directory): FOLDER/y."),
        ('password_file = "."', "has a password_file that cannot be read (Is a directory): FOLDER."),
        ('password_file = "empty"', "has a password_file that is empty: FOLDER/empty."),
        ('password_file = "binary"', "has a password_file that cannot be read (not UTF-8 text): FOLDER/binary."),
    ],
)
def test_unusable_password_file_is_named(tmp_path: Path, added: str, sentence: str) -> None:
    (tmp_path / "empty").write_text(" \n", encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xff")
    assert _refusal(tmp_path, SMALLEST + MAILBOX + added) == f"FILE: mailboxes.office {sentence}"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.3.2.1", "::1", "[::1]"])
def test_plain_text_is_allowed_on_this_machine(tmp_path: Path, host: str) -> None:
    text = SMALLEST.replace("smtp.council.example", host) + 'security = "none"'
    assert _load(tmp_path, text).smtp.security == "none"


@pytest.mark.parametrize("host", ["smtp.council.example", "10.0.0.1", "localhost.council.example", "1270.0.0.1"])
def test_plain_text_to_another_machine_is_refused(tmp_path: Path, host: str) -> None:
    text = SMALLEST.replace("smtp.council.example", host) + 'security = "none"'
    assert "smtp would send mail and passwords in plain text; set security to" in _refusal(tmp_path, text)


def test_plain_text_from_a_mailbox_elsewhere_is_refused(tmp_path: Path) -> None:
    refusal = _refusal(tmp_path, SMALLEST + MAILBOX + 'password = "x"\nsecurity = "none"')
    assert refusal.startswith("FILE: mailboxes.office would send mail and passwords in plain text")


@pytest.mark.parametrize("action", ["leave", "flag", "move:Done", "move:Archive/2020"])
def test_server_actions_are_leave_flag_and_move(tmp_path: Path, action: str) -> None:
    settings = _load(tmp_path, SMALLEST + MAILBOX + f'password = "x"\nserver_action = "{action}"')
    assert settings.mailboxes["office"].server_action == action


@pytest.mark.parametrize("action", ["delete", "move", "move:", "move: ", "leave it"])
def test_other_server_actions_are_refused(tmp_path: Path, action: str) -> None:
    refusal = _refusal(tmp_path, SMALLEST + MAILBOX + f'password = "x"\nserver_action = "{action}"')
    assert 'mailboxes.office.server_action must be "leave", "flag" or "move:"' in refusal


@pytest.mark.parametrize("name", ["Office", "the-office", "the__office", "_office", "2office"])
def test_mailbox_names_that_no_variable_can_spell_are_refused(tmp_path: Path, name: str) -> None:
    refusal = _refusal(tmp_path, SMALLEST + MAILBOX.replace("office]", f"{name}]") + 'password = "x"')
    assert "must have a name of lower-case letters, digits and single underscores." in refusal


@pytest.mark.parametrize("domain", ["", "@council.example", "council example", "<council>", "council."])
def test_message_id_domain_is_a_bare_domain(tmp_path: Path, domain: str) -> None:
    refusal = _refusal(tmp_path, SMALLEST.replace("council.example", domain, 1))
    assert refusal == 'FILE: mail.message_id_domain must be a bare domain, such as "consultations.example".'


def test_missing_section_is_named(tmp_path: Path) -> None:
    refusal = _refusal(tmp_path, SMALLEST.partition("[smtp]")[0])
    assert refusal == "FILE: smtp is missing; add a [smtp] section."


@pytest.mark.parametrize("text", ["[mailboxes]\nhost = 'x'\n", "mailboxes = 3\n", "worker = 'fast'\n"])
def test_value_in_place_of_a_section_is_refused(tmp_path: Path, text: str) -> None:
    assert _refusal(tmp_path, text + SMALLEST).endswith("should be a section with settings of its own.")


def test_wrong_variable_is_named_in_place_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_SMTP__PORT", "many")
    assert _refusal(tmp_path, SMALLEST) == "INTAKE_SMTP__PORT: smtp.port should be a valid integer."


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("INTAKE_DATABASE_URL", "INTAKE_DATABASE__URL"),
        ("INTAKE_SMTP__HSOT", "INTAKE_SMTP__HOST"),
        ("intake_smtp_host", "INTAKE_SMTP__HOST"),
        ("INTAKE_MAILBOX__OFFICE__PASSWORD", "INTAKE_MAILBOXES__OFFICE__PASSWORD"),
        ("INTAKE_MAILBOXES_OFFICE_PASSWORD", "INTAKE_MAILBOXES__OFFICE__PASSWORD"),
        ("INTAKE_MAILBOXES__OFFICE__PASWORD", "INTAKE_MAILBOXES__OFFICE__PASSWORD"),
        ("INTAKE_MAILBOXES__OFFICE__PASSWORD__X", "INTAKE_MAILBOXES__OFFICE__PASSWORD"),
    ],
)
def test_misspelt_variable_is_refused_and_not_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(name, "secret")
    refusal = _refusal(tmp_path, SMALLEST + MAILBOX)
    assert refusal == f'{name}: there is no such setting; did you mean "{meant}"?'


def test_variable_for_a_mailbox_not_in_the_file_is_shown_how_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTAKE_MAILBOXES_PASSWORD", "secret")
    assert _refusal(tmp_path, SMALLEST).endswith('did you mean "INTAKE_MAILBOXES__NAME__PASSWORD"?')


def test_whole_section_can_be_set_by_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_CONFIG", "elsewhere.toml")
    monkeypatch.setenv("INTAKE_WORKER", '{"parsers": 4}')
    monkeypatch.setenv("INTAKE_MAILBOXES__OFFICE", '{"password": "x"}')
    settings = _load(tmp_path, SMALLEST + MAILBOX)
    assert (settings.worker.parsers, _password(settings, "office")) == (4, "x")


def test_domain_of_our_message_ids_is_read_whatever_else_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "intake.toml"
    path.write_text(MAILBOX + '[mail]\nmessage_id_domain = "Council.example"\nlargest = 1\n', encoding="utf-8")
    assert load_message_id_domain(path) == "council.example"
    monkeypatch.setenv("INTAKE_MAIL__MESSAGE_ID_DOMAIN", "other.example")
    assert load_message_id_domain(path) == "other.example"


@pytest.mark.parametrize("text", ["", "[mail]\n", "[mail]\nmessage_id_domain = 3\n", "mail = 3\n", "mail"])
def test_domain_of_our_message_ids_that_is_not_there_is_told_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "intake.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WrongConfiguration, match=r"intake\.toml:? .*(mail|TOML)"):
        load_message_id_domain(path)


def test_list_in_a_variable_must_be_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_MAILBOXES__OFFICE__FOLDERS", "INBOX,Junk")
    assert "must be JSON" in _refusal(tmp_path, SMALLEST + MAILBOX)
    monkeypatch.setenv("INTAKE_MAILBOXES__OFFICE__FOLDERS", '["INBOX", "Junk"]')
    settings = _load(tmp_path, SMALLEST + MAILBOX + 'password = "x"')
    assert settings.mailboxes["office"].folders == ["INBOX", "Junk"]


def test_unreadable_toml_is_located(tmp_path: Path) -> None:
    assert "FILE is not valid TOML: Invalid value (at line 3, column 5)." in _refusal(tmp_path, "[a]\nb = 1\nc = \n")


def test_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "intake.toml").write_bytes(b"\xff\xfe[\x00")
    with pytest.raises(WrongConfiguration, match="is not UTF-8 text"):
        load_settings(tmp_path / "intake.toml")


def test_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongConfiguration, match=r"absent\.toml cannot be read \(No such file or directory\)"):
        load_settings(tmp_path / "absent.toml")
