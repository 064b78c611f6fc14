"""What an administrator sets: one frozen `Settings`, from one TOML file and INTAKE_* variables.

A variable beats the file: INTAKE_SMTP__HOST is `host` in `[smtp]`, INTAKE_MAILBOXES__OFFICE__PASSWORD is `password` in
`[mailboxes.office]`. An empty variable counts as not set. Relative paths, in the file and in variables, start at the
folder of the file, never at the current folder: a command means the same wherever it is started.

Nothing else in intake reads the environment. What officers and administrators change from the pages (consultations,
consultees, schedules) is in the database, not here.
"""

import ipaddress
import os
import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from intake.errors import WrongConfiguration
from intake.toml_files import did_you_mean, first_mistake, mistake_in_words, read_toml

CONFIG_VARIABLE = "INTAKE_CONFIG"  # names the file; read by the command line
_PREFIX = "INTAKE_"
_SECRET_KEYS = ("password", "password_file")
_folder: ContextVar[Path] = ContextVar("folder of the configuration file", default=Path())
# Of a PostgreSQL URL, behind the scheme: user and password, host, port, database, options. A part of a host's name has
# at most 63 characters (RFC 1035, section 2.3.4).
_LABEL = r"[^\[\]@:/?.]{1,63}"
_SERVER_PLACE = re.compile(rf"([^@]*@)?(\[[^\]@]*\]|{_LABEL}(\.{_LABEL})*)?(:\d+)?(/[^?]*)?(\?.*)?")
_Loaded = TypeVar("_Loaded", bound=BaseSettings)


def load_settings(path: Path) -> "Settings":
    """The settings in this file and in INTAKE_* variables; WrongConfiguration says in one sentence what to correct."""
    given = _read(path)
    _refuse_unknown_variables(given)
    return _loaded(Settings, given, path)


def load_message_id_domain(path: Path) -> str:
    """`mail.message_id_domain` alone, whatever else is missing or wrong: what `explain` needs. Raises as above."""
    return _loaded(_OwnDomain, _read(path), path).mail.message_id_domain


def _read(path: Path) -> dict[str, Any]:
    return read_toml(path, remedy="name the configuration with --config")


def _loaded(wanted: type[_Loaded], given: dict[str, Any], path: Path) -> _Loaded:
    folder = _folder.set(path.resolve().parent)
    try:
        return wanted(**_without_secrets_set_in_variables(given))
    except ValidationError as wrong:
        sentence = _sentence(path, first_mistake(wrong))
    except SettingsError:
        sentence = (
            f'{path}: a variable that sets a list must be JSON, such as {_PREFIX}MAILBOXES__OFFICE__FOLDERS=["INBOX"].'
        )
    finally:
        _folder.reset(folder)
    # Raised outside the except clause: the first error carries what was given, secrets included.
    raise WrongConfiguration(sentence)


def _within_folder(path: Path) -> Path:
    return _folder.get() / path.expanduser()


def _existing(path: Path) -> Path:
    if not path.exists():
        raise ValueError("names a file that does not exist")
    return path


def _database_url(url: str) -> str:
    """Only what intake is tested on. What is refused here would be an error of a library's, which may quote it."""
    scheme, _, place = url.partition("://")
    if scheme in ("postgres", "postgresql"):
        raise ValueError("names no driver; write postgresql+psycopg:// at its start")
    if scheme == "postgresql+psycopg" and _SERVER_PLACE.fullmatch(place):
        return url
    if scheme != "sqlite" or not place.startswith("/") or place == "/":
        raise ValueError('must look like "sqlite:///intake.sqlite3" or "postgresql+psycopg://user@host/database"')
    if place == "/:memory:":
        return url
    return f"sqlite:///{os.path.normpath(_within_folder(Path(place[1:])))}"


def _domain(domain: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", domain.lower()):
        raise ValueError('must be a bare domain, such as "consultations.example"')
    return domain.lower()


def _mailbox_name(name: str) -> str:
    # Only such names can be written in a variable: a hyphen cannot, and two underscores divide.
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise ValueError("must have a name of lower-case letters, digits and single underscores")
    return name


def _server_action(action: str) -> str:
    if not re.fullmatch(r"leave|flag|move:\S.*", action):
        raise ValueError('must be "leave", "flag" or "move:" and the name of a folder')
    return action


_Path = Annotated[Path, AfterValidator(_within_folder)]
_ExistingPath = Annotated[_Path, AfterValidator(_existing)]
_Domain = Annotated[str, AfterValidator(_domain)]
_Security = Literal["tls", "starttls", "none"]
_Port = Annotated[int, Field(ge=1, le=65535)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class DatabaseSettings(_Section):
    # Can hold a password, so it is not shown.
    url: Annotated[str, AfterValidator(_database_url)] = Field(repr=False)


class FileSettings(_Section):
    path: _Path


class MailSettings(_Section):
    """`authserv_id` is the name our own server signs Authentication-Results with; without it none is believed."""

    message_id_domain: _Domain
    authserv_id: str | None = None
    largest_email_mb: PositiveInt = 60


class _Server(_Section):
    host: str = Field(min_length=1)
    security: _Security
    ca_file: _ExistingPath | None = None
    password_file: _Path | None = None
    timeout_seconds: PositiveFloat = 30

    @model_validator(mode="before")
    @classmethod
    def _password_from_file(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not isinstance(given.get("password_file"), str):
            return given
        if "password" in given:
            raise ValueError("has both a password and a password_file; remove one")
        return {**given, "password": _read_secret(_within_folder(Path(given["password_file"])))}

    @model_validator(mode="after")
    def _plain_text_stays_on_this_machine(self) -> Self:
        if self.security == "none" and not _is_loopback(self.host):
            raise ValueError('would send mail and passwords in plain text; set security to "tls" or "starttls"')
        return self


class MailboxSettings(_Server):
    """One IMAP account. No `folders` means every one that can be selected, except Sent, Drafts and Trash."""

    port: _Port = 993
    security: _Security = "tls"
    username: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    take: Literal["all", "matching"] = "all"
    server_action: Annotated[str, AfterValidator(_server_action)] = "leave"
    folders: list[str] = []
    skip_folders: list[str] = []


class SmtpSettings(_Server):
    """The account everything is sent through. `per_minute` holds for all processes together."""

    port: _Port = 587
    security: _Security = "starttls"
    username: str | None = Field(default=None, min_length=1)
    password: SecretStr | None = Field(default=None, min_length=1)
    per_minute: PositiveInt = 30

    @model_validator(mode="after")
    def _user_name_and_password_go_together(self) -> Self:
        if self.username and not self.password:
            raise ValueError("has a username but no password; set password_file, or remove the username")
        if self.password and not self.username:
            raise ValueError("has a password but no username; add the username")
        return self


class AcknowledgementSettings(_Section):
    per_sender_a_day: PositiveInt = 5


class WorkerSettings(_Section):
    """`lease_seconds` is how long a claimed row or mailbox stays claimed when its process dies."""

    collect_seconds: PositiveInt = 60
    record_seconds: PositiveInt = 5
    send_seconds: PositiveInt = 5
    reconcile_hours: PositiveInt = 24
    lease_seconds: PositiveInt = 300
    parsers: PositiveInt = 2
    parse_seconds: PositiveInt = 60


class TemplateSettings(_Section):
    path: _ExistingPath | None = None


class _FromFileAndVariables(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


class Settings(_FromFileAndVariables):
    """Everything that is set. Outside tests it is made by `load_settings` only."""

    database: DatabaseSettings
    files: FileSettings
    mail: MailSettings
    mailboxes: dict[Annotated[str, AfterValidator(_mailbox_name)], MailboxSettings] = {}
    smtp: SmtpSettings
    acknowledgements: AcknowledgementSettings = AcknowledgementSettings()
    worker: WorkerSettings = WorkerSettings()
    templates: TemplateSettings = TemplateSettings()

    @model_validator(mode="after")
    def _leases_outlast_what_they_cover(self) -> Self:
        covered = [self.smtp.timeout_seconds, self.worker.parse_seconds]
        covered += [mailbox.timeout_seconds for mailbox in self.mailboxes.values()]
        if self.worker.lease_seconds <= max(covered):
            raise ValueError("worker.lease_seconds must be longer than timeout_seconds and parse_seconds")
        return self


class _OwnDomainSection(BaseModel):
    message_id_domain: _Domain


class _OwnDomain(_FromFileAndVariables):
    model_config = SettingsConfigDict(extra="ignore")

    mail: _OwnDomainSection


def _read_secret(path: Path) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ValueError(f"has a password_file that cannot be read ({reason}): {path}") from None
    if not secret:
        raise ValueError(f"has a password_file that is empty: {path}")
    return secret


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _refuse_unknown_variables(given: dict[str, Any]) -> None:
    """A misspelt one would be ignored without a word."""
    mailboxes = given.get("mailboxes")
    known = list(_variables(mailboxes if isinstance(mailboxes, dict) else {}))
    for name in os.environ:
        if name.upper().startswith(_PREFIX) and name.upper() != CONFIG_VARIABLE and not _is_variable(name):
            raise WrongConfiguration(f"{name}: there is no such setting{did_you_mean(name.upper(), known)}")


def _is_variable(name: str) -> bool:
    """Whether a setting or a whole section, as JSON, can be set by a variable of this name."""
    match name.lower().removeprefix(_PREFIX.lower()).split("__"):
        case [section] | ["mailboxes" as section, _]:
            return section in Settings.model_fields
        case [*location, key] if len(location) == (2 if location[0] == "mailboxes" else 1):
            return location[0] in Settings.model_fields and key in _section_of([*location, key]).model_fields
    return False


def _variables(mailboxes: Iterable[str]) -> Iterator[str]:
    """The variable of each setting; a mailbox nobody has thought of yet is called NAME."""
    for section in Settings.model_fields:
        names = [[name] for name in (*mailboxes, "name")] if section == "mailboxes" else [[]]
        for name in names:
            place = [section, *name]
            yield from (_variable([*place, key]) for key in _section_of([*place, ""]).model_fields)


def _without_secrets_set_in_variables(given: dict[str, Any]) -> dict[str, Any]:
    """A password in a variable beats a password_file in the file, and the other way round: the file's give way."""
    mailboxes = given.get("mailboxes")
    kept = dict(given)
    if "smtp" in given:
        kept["smtp"] = _giving_way("smtp", given["smtp"])
    if isinstance(mailboxes, dict):
        kept["mailboxes"] = {name: _giving_way(f"mailboxes__{name}", one) for name, one in mailboxes.items()}
    return kept


def _giving_way(section: str, given: Any) -> Any:
    variables = {name.lower() for name, value in os.environ.items() if value}
    if not isinstance(given, dict) or variables.isdisjoint(
        f"{_PREFIX}{section}__{key}".lower() for key in _SECRET_KEYS
    ):
        return given
    return {key: value for key, value in given.items() if key not in _SECRET_KEYS}


def _sentence(path: Path, error: ErrorDetails) -> str:
    location = [str(part) for part in error["loc"] if part != "[key]"]
    place, name = _source(path, location), ".".join(location)
    match error["type"]:
        case "missing" if location[-1] == "password":
            variable = _variable(location)
            return f"{place}: {name} is missing; set password_file in [{'.'.join(location[:-1])}], or {variable}."
        case "missing" if len(location) == 1:
            return f"{place}: {name} is missing; add a [{name}] section."
        case "too_short" | "string_too_short":
            return f"{place}: {name} is empty; give it a value."
    known = _section_of(location).model_fields
    return f"{place}: {mistake_in_words(error, name, known=known, key='setting', table='section')}"


def _source(path: Path, location: list[str]) -> str:
    """Where the wrong value came from: the name of the variable if one is set, else the file."""
    return next((name for name in os.environ if name.upper() == _variable(location)), str(path))


def _variable(location: list[str]) -> str:
    return _PREFIX + "__".join(location).upper()


def _section_of(location: list[str]) -> type[BaseModel]:
    if len(location) < 2:
        return Settings
    annotation = MailboxSettings if location[0] == "mailboxes" else Settings.model_fields[location[0]].annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else Settings
