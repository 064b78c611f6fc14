"""What an administrator sets: one frozen `Settings`, from one TOML file and INTAKE_* variables.

A variable beats the file: INTAKE_SMTP__HOST is `host` in `[smtp]`, INTAKE_MAILBOXES__OFFICE__PASSWORD is `password` in
`[mailboxes.office]`. An empty variable counts as not set. Relative paths, in the file and in variables, start at the
folder of the file, never at the current folder: a command means the same wherever it is started.

Nothing else in intake reads the environment. What officers and administrators change from the pages (consultations,
users) is in the database, not here.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from intake.errors import WrongConfiguration
from intake.settings_sections import (
    AcknowledgementSettings,
    AlarmSettings,
    DatabaseSettings,
    Domain,
    FileSettings,
    GoogleSettings,
    MailboxSettings,
    MailSettings,
    MicrosoftSettings,
    Server,
    SignInSettings,
    SmtpSettings,
    TemplateSettings,
    WebSettings,
    WorkerSettings,
    config_folder,
    mailbox_name,
)
from intake.toml_files import did_you_mean, first_mistake, mistake_in_words, read_toml

__all__ = [
    "MailboxSettings",
    "Server",
    "Settings",
    "SignInSettings",
    "SmtpSettings",
    "WebSettings",
    "load_message_id_domain",
    "load_settings",
]

CONFIG_VARIABLE = "INTAKE_CONFIG"  # names the file; read by the command line
_PREFIX = "INTAKE_"
_SECRETS = ("password", "client_secret")
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
    folder = config_folder.set(path.resolve().parent)
    try:
        return wanted(**_without_secrets_set_in_variables(given))
    except ValidationError as wrong:
        sentence = _sentence(path, first_mistake(wrong))
    except SettingsError:
        sentence = (
            f'{path}: a variable that sets a list must be JSON, such as {_PREFIX}MAILBOXES__OFFICE__FOLDERS=["INBOX"].'
        )
    finally:
        config_folder.reset(folder)
    # Raised outside the except clause: the first error carries what was given, secrets included.
    raise WrongConfiguration(sentence)


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
    mailboxes: dict[Annotated[str, AfterValidator(mailbox_name)], MailboxSettings] = {}
    smtp: SmtpSettings
    microsoft: MicrosoftSettings | None = None
    google: GoogleSettings | None = None
    acknowledgements: AcknowledgementSettings = AcknowledgementSettings()
    alarms: AlarmSettings = AlarmSettings()
    other_smtp: SmtpSettings | None = None
    worker: WorkerSettings = WorkerSettings()
    templates: TemplateSettings = TemplateSettings()
    web: WebSettings = WebSettings()
    sign_in: SignInSettings = SignInSettings()

    @property
    def accounts(self) -> frozenset[str]:
        """The user names the mailboxes are signed in with."""
        return frozenset(mailbox.username for mailbox in self.mailboxes.values())

    @model_validator(mode="before")
    @classmethod
    def _apps_for_each_account(cls, given: Any) -> Any:
        """Each account that signs in by one of them has the app's section with it."""
        if not isinstance(given, dict):
            return given
        boxes = given.get("mailboxes")
        shared = {name: _with_app(given, given[name]) for name in ("smtp", "other_smtp") if name in given}
        if isinstance(boxes, dict):
            shared["mailboxes"] = {name: _with_app(given, one) for name, one in boxes.items()}
        return {**given, **shared}

    @model_validator(mode="after")
    def _leases_outlast_what_they_cover(self) -> Self:
        covered = [self.smtp.timeout_seconds, self.worker.parse_seconds]
        covered += [mailbox.timeout_seconds for mailbox in self.mailboxes.values()]
        if self.worker.lease_seconds <= max(covered):
            raise ValueError("worker.lease_seconds must be longer than timeout_seconds and parse_seconds")
        return self


def _with_app(given: dict[str, Any], account: Any) -> Any:
    app = account.get("sign_in") if isinstance(account, dict) else None
    return {app: given[app], **account} if app in ("microsoft", "google") and given.get(app) else account


class _OwnDomainSection(BaseModel):
    message_id_domain: Domain


class _OwnDomain(_FromFileAndVariables):
    model_config = SettingsConfigDict(extra="ignore")

    mail: _OwnDomainSection


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
            return location[0] in Settings.model_fields and key in settings_in(_section_of([*location, key]))
    return False


def _variables(mailboxes: Iterable[str]) -> Iterator[str]:
    """The variable of each setting; a mailbox nobody has thought of yet is called NAME."""
    for section in Settings.model_fields:
        names = [[name] for name in (*mailboxes, "name")] if section == "mailboxes" else [[]]
        for name in names:
            place = [section, *name]
            yield from (_variable([*place, key]) for key in settings_in(_section_of([*place, ""])))


def _without_secrets_set_in_variables(given: dict[str, Any]) -> dict[str, Any]:
    """A password in a variable beats a password_file in the file, and the other way round: the file's give way."""
    mailboxes = given.get("mailboxes")
    kept = {name: _giving_way(name, section) for name, section in given.items()}
    if isinstance(mailboxes, dict):
        kept["mailboxes"] = {name: _giving_way(f"mailboxes__{name}", one) for name, one in mailboxes.items()}
    return kept


def _giving_way(section: str, given: Any) -> Any:
    variables = {name.lower() for name, value in os.environ.items() if value}
    for secret in _SECRETS:
        keys = (secret, f"{secret}_file")
        is_set = not variables.isdisjoint(f"{_PREFIX}{section}__{key}".lower() for key in keys)
        if is_set and isinstance(given, dict):
            given = {key: value for key, value in given.items() if key not in keys}
    return given


def _sentence(path: Path, error: ErrorDetails) -> str:
    location = [str(part) for part in error["loc"] if part != "[key]"]
    app = next((part for part in location[1:] if part in ("microsoft", "google")), None)
    if app:  # wrong in its own section, from where each account has it
        location = location[location.index(app) :]
    place, name = _source(path, location), ".".join(location)
    match error["type"]:
        case "missing" if len(location) == 1:
            return f"{place}: {name} is missing; add a [{name}] section."
        case "too_short" | "string_too_short":
            return f"{place}: {name} is empty; give it a value."
    known = settings_in(_section_of(location))
    return f"{place}: {mistake_in_words(error, name, known=known, key='setting', table='section')}"


def settings_in(section: type[BaseModel]) -> list[str]:
    """The names of what can be set in it."""
    return [name for name, field in section.model_fields.items() if not field.exclude]


def _source(path: Path, location: list[str]) -> str:
    """Where the wrong value came from: the name of the variable if one is set, else the file."""
    return next((name for name in os.environ if name.upper() == _variable(location)), str(path))


def _variable(location: list[str]) -> str:
    return _PREFIX + "__".join(location).upper()


def _section_of(location: list[str]) -> type[BaseModel]:
    if len(location) < 2:
        return Settings
    if location[0] not in Settings.model_fields:
        return Settings
    annotation = MailboxSettings if location[0] == "mailboxes" else Settings.model_fields[location[0]].annotation
    found = next((one for one in get_args(annotation) if isinstance(one, type)), annotation)
    return found if isinstance(found, type) and issubclass(found, BaseModel) else Settings
